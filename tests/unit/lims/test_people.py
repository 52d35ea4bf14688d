import pytest

from lims import people
from lims.errors import ConfigError, PermissionDenied, RecordError, StateError
from lims.model import Role
from tests.lims_builders import STAFF, a_sample


def test_everybody_is_listed_by_id(lab):
    assert [p.id for p in people.people(lab)] == sorted(STAFF)


def test_an_id_is_given_once(lab):
    with pytest.raises(StateError, match="already"):
        people.add_person(lab, "lee", "ana", "Another Ana", [Role.REVIEWER])


@pytest.mark.parametrize("person_id", ["", "place:shelf", "a b", "a\x00", "x" * 61])
def test_an_id_is_never_a_place_or_a_trick(lab, person_id):
    with pytest.raises(RecordError):
        people.add_person(lab, "lee", person_id, "X", [Role.ANALYST])


def test_roles_are_checked(lab):
    with pytest.raises(ConfigError):
        people.add_person(lab, "lee", "x", "X", [])
    with pytest.raises(ConfigError, match="IT administration"):
        people.add_person(lab, "lee", "x", "X", [Role.IT_ADMIN, Role.REVIEWER])


def test_nobody_changes_their_own_roles(lab):
    with pytest.raises(PermissionDenied, match="own roles"):
        people.change_person(lab, "root", "root", roles=[Role.ANALYST], reason="I can")


def test_who_is_retired_may_not_act_and_holds_nothing(lab):
    a_sample(lab, held_by="ana")
    with pytest.raises(StateError, match="still holds 1"):
        people.change_person(lab, "lee", "ana", active=False, reason="moved on")
    people.change_person(lab, "lee", "abe", active=False, reason="moved on")
    with pytest.raises(PermissionDenied, match="no longer active"):
        a_sample(lab, held_by="abe")


def test_the_same_act_twice_is_one(lab):
    first = people.add_person(lab, "lee", "x", "X", [Role.ANALYST], key="k1")
    assert people.add_person(lab, "lee", "x", "X", [Role.ANALYST], key="k1") == first


def test_a_key_serves_one_act_of_one_person(lab):
    people.add_person(lab, "lee", "x", "X", [Role.ANALYST], key="k1")
    with pytest.raises(RecordError, match="used before"):
        people.add_person(lab, "root", "y", "Y", [Role.ANALYST], key="k1")
    with pytest.raises(RecordError, match="used before"):
        people.change_person(lab, "lee", "x", active=False, reason="r", key="k1")
