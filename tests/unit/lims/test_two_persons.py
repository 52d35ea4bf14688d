import shutil
from datetime import timedelta

import pytest

from lims import (
    audit,
    clock,
    credentials,
    people,
    sessions,
    sign_in_settings,
    two_persons,
    workflow,
)
from lims.errors import (
    ConfigError,
    NotFoundError,
    PermissionDenied,
    RecordError,
    SignatureNeeded,
    StateError,
)
from lims.lab import open_lab
from lims.model import Role
from lims.workflow import Verb
from tests.lims_builders import STAFF, a_lab, a_shipment
from tests.signing_builders import (
    a_guarded_lab,
    a_lab_with_passwords,
    by_password,
    by_pin,
    password_of,
    sit_down,
)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("once") / "lab"
    a_guarded_lab(folder).close()
    return folder


@pytest.fixture
def lab(made_once, tmp_path):
    shutil.copytree(made_once, tmp_path / "lab")
    opened = open_lab(tmp_path / "lab")
    yield opened
    opened.close()


def propose(lab, by, person, *roles):
    sit_down(lab, by)
    with by_pin(lab, by):
        return two_persons.propose_roles(lab, by, person, roles, reason="needed").seq


def approve(lab, by, seq):
    sit_down(lab, by)
    with by_pin(lab, by):
        return two_persons.approve(lab, by, seq)


def test_role_is_given_by_two_people_and_not_before(lab):
    seq = propose(lab, "lee", "ana", Role.ANALYST, Role.REVIEWER)
    assert people.person(lab, "ana").roles == {Role.ANALYST}
    approve(lab, "qm", seq)
    assert people.person(lab, "ana").roles == {Role.ANALYST, Role.REVIEWER}
    kinds = [r[0] for r in lab.db.execute("SELECT kind FROM event ORDER BY seq DESC LIMIT 2")]
    assert kinds == ["person.changed", "role.approved"]
    assert audit.verify(lab).ok


RECEIVERS = ("ana", "lee", "root")
PROPOSERS = ("lee", "root")


def roles_for(receiver):
    return {Role.LIAISON} if receiver == "root" else {*STAFF[receiver], Role.LIAISON}


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_only_a_lead_or_it_administrator_proposes_and_never_for_themselves(lab, receiver):
    for proposer in STAFF:
        if proposer in PROPOSERS and proposer != receiver:
            seq = propose(lab, proposer, receiver, *roles_for(receiver))
            two_persons.decline(lab, proposer, seq, reason="only a test")
        else:
            with pytest.raises(PermissionDenied):
                propose(lab, proposer, receiver, *roles_for(receiver))


@pytest.mark.parametrize("receiver", RECEIVERS)
@pytest.mark.parametrize("proposer", PROPOSERS)
def test_who_approves_is_decided_for_every_three_people(lab, proposer, receiver):
    """Every proposer x approver x receiver, against the rule written out a second time."""
    if proposer == receiver:
        return
    may = {"rex", "lee", "qm", "root"} - {receiver, proposer}
    seq = propose(lab, proposer, receiver, *roles_for(receiver))
    for approver in sorted(set(STAFF) - may):
        with pytest.raises(PermissionDenied):
            approve(lab, approver, seq)
        assert people.person(lab, receiver).roles == set(STAFF[receiver])
    for approver in sorted(may):
        approve(lab, approver, seq)
        assert people.person(lab, receiver).roles == roles_for(receiver)
        back = propose(lab, "lee" if receiver != "lee" else "root", receiver, *STAFF[receiver])
        approve(lab, "rex", back)
        seq = propose(lab, proposer, receiver, *roles_for(receiver))


def test_it_administrator_cannot_give_himself_a_role_by_any_door(lab):
    sit_down(lab, "root")
    for roles in ([Role.ANALYST], [Role.IT_ADMIN, Role.LEAD], [Role.LEAD]):
        with pytest.raises((PermissionDenied, ConfigError)):
            two_persons.propose_roles(lab, "root", "root", roles, reason="mine")
        with pytest.raises(PermissionDenied, match="own roles"):
            people.change_person(lab, "root", "root", roles=[Role.ANALYST], reason="mine")
    seq = propose(lab, "lee", "root", Role.ANALYST)
    with pytest.raises(PermissionDenied, match="receives this"):
        approve(lab, "root", seq)
    assert people.person(lab, "root").roles == {Role.IT_ADMIN}


def test_it_administrator_has_no_verb_that_touches_evidence():
    verbs = set(workflow.verbs_of(frozenset((Role.IT_ADMIN,))))
    assert verbs == workflow.OFFICE_VERBS
    assert Verb.SET_SIGN_IN not in verbs


def test_one_person_takes_roles_away_but_gives_none(lab):
    seq = propose(lab, "lee", "ana", Role.ANALYST, Role.REVIEWER)
    approve(lab, "qm", seq)
    sit_down(lab, "lee")
    people.change_person(lab, "lee", "ana", roles=[Role.REVIEWER], reason="no bench work")
    with pytest.raises(StateError, match="by two people"):
        people.change_person(lab, "lee", "ana", roles=list(Role)[:2], reason="again")
    people.change_person(lab, "lee", "ana", active=False, reason="left")
    with pytest.raises(StateError, match="by two people"):
        people.change_person(lab, "lee", "ana", active=True, reason="back")
    with pytest.raises(StateError, match="by two people"):
        people.add_person(lab, "lee", "new", "New", [Role.ANALYST])


def test_new_person_starts_with_a_code_that_serves_once(lab):
    sit_down(lab, "lee")
    with by_pin(lab, "lee"):
        seq = two_persons.propose_person(
            lab, "lee", "new", "Newman", [Role.ANALYST], reason="hired"
        ).seq
    given = approve(lab, "qm", seq)
    assert given.code
    with pytest.raises(PermissionDenied, match="not the code"):
        credentials.set_password(lab, "new", password_of("new"), code="AAAA-AAAA-AAAA-AAAA")
    credentials.set_password(lab, "new", password_of("new"), code=given.code.lower())
    assert sit_down(lab, "new")
    with pytest.raises(RecordError):
        credentials.set_password(lab, "new", "quite another word", code=given.code)
    assert given.code.replace("-", "") not in str(lab.db.execute("SELECT * FROM event").fetchall())
    assert audit.verify(lab).ok


def test_code_is_good_for_a_day(lab):
    sit_down(lab, "lee")
    with by_pin(lab, "lee"):
        seq = two_persons.propose_reset(lab, "lee", "ana", reason="forgotten").seq
    code = approve(lab, "rex", seq).code
    later = clock.now() + timedelta(hours=24, minutes=1)
    with clock.running_from(lambda: later), pytest.raises(PermissionDenied, match="not the code"):
        credentials.set_password(lab, "ana", password_of("ana"), code=code)


def test_reset_voids_secrets_and_sessions_and_lifts_the_block(lab):
    token = sit_down(lab, "ana")
    for _ in range(credentials.TRIES):
        with pytest.raises(PermissionDenied):
            credentials.prove(lab, "ana", "123987")
    sit_down(lab, "lee")
    with by_pin(lab, "lee"):
        seq = two_persons.propose_reset(lab, "lee", "ana", reason="forgotten").seq
    code = approve(lab, "rex", seq).code
    assert sessions.session(lab, token).state == "closed"
    assert not lab.db.execute("SELECT 1 FROM credential_secret WHERE person='ana'").fetchone()
    with pytest.raises(PermissionDenied):
        sessions.sign_in(lab, "ana", password_of("ana"), place="test")
    credentials.set_password(lab, "ana", "ana begins once more", code=code)
    credentials.set_pin(lab, "ana", "271904", password="ana begins once more")
    assert audit.verify(lab).ok


def test_nobody_resets_their_own_secrets(lab):
    sit_down(lab, "lee")
    with pytest.raises(PermissionDenied, match="their own"):
        two_persons.propose_reset(lab, "lee", "lee", reason="forgotten")


def test_what_was_proposed_is_looked_at_again_when_it_is_approved(lab):
    seq = propose(lab, "lee", "ana", Role.ANALYST, Role.REVIEWER)
    other = propose(lab, "lee", "rex", Role.REVIEWER, Role.LIAISON)
    sit_down(lab, "root")
    people.change_person(lab, "root", "rex", active=False, reason="left")
    approve(lab, "qm", other)
    assert people.person(lab, "rex").active
    approve(lab, "qm", seq)
    with pytest.raises(StateError, match="approved already"):
        approve(lab, "rex", seq)
    late = propose(lab, "lee", "ana", Role.ANALYST, Role.REVIEWER, Role.LIAISON)
    sit_down(lab, "root")
    people.change_person(lab, "root", "ana", roles=[Role.ANALYST], reason="meanwhile")
    with pytest.raises(StateError, match="not what stood there"):
        approve(lab, "qm", late)


def test_proposal_of_somebody_who_lost_the_right_takes_no_effect(lab):
    seq = propose(lab, "root", "ana", Role.ANALYST, Role.REVIEWER)
    sit_down(lab, "lee")
    people.change_person(lab, "lee", "root", active=False, reason="left")
    with pytest.raises(StateError, match="may no longer"):
        approve(lab, "qm", seq)


def test_one_proposal_about_a_person_waits_at_a_time_and_is_declined_with_a_reason(lab):
    seq = propose(lab, "lee", "ana", Role.ANALYST, Role.REVIEWER)
    with pytest.raises(StateError, match="waits already"):
        propose(lab, "lee", "ana", Role.ANALYST, Role.LEAD)
    sit_down(lab, "abe")
    with pytest.raises(PermissionDenied):
        two_persons.decline(lab, "abe", seq, reason="envy")
    sit_down(lab, "rex")
    assert two_persons.decline(lab, "rex", seq, reason="not yet").state == "declined"
    again = propose(lab, "lee", "ana", Role.ANALYST, Role.LEAD)
    sit_down(lab, "lee")
    assert two_persons.decline(lab, "lee", again, reason="typo").state == "withdrawn"
    assert two_persons.proposals(lab) == ()
    assert len(two_persons.proposals(lab, everything=True)) == 3
    with pytest.raises(NotFoundError):
        two_persons.decline(lab, "lee", 99_999, reason="x")


def test_duty_to_sign_in_takes_two_people_with_passwords_who_sign(tmp_path):
    lab = a_lab_with_passwords(tmp_path / "lab", "lee")
    with by_password(lab, "lee"), pytest.raises(StateError, match="two people with passwords"):
        two_persons.propose_sign_in(lab, "lee", required=True, reason="bench")
    credentials.set_password(lab, "rex", password_of("rex"))
    with pytest.raises(SignatureNeeded):
        two_persons.propose_sign_in(lab, "lee", required=True, reason="bench")
    with by_password(lab, "lee"):
        seq = two_persons.propose_sign_in(lab, "lee", required=True, reason="bench").seq
    with by_password(lab, "lee"), pytest.raises(PermissionDenied, match="may not approve"):
        two_persons.approve(lab, "lee", seq)
    with pytest.raises(SignatureNeeded):
        two_persons.approve(lab, "rex", seq)
    assert a_shipment(lab), "nothing is asked before it is approved"
    with by_password(lab, "rex"):
        two_persons.approve(lab, "rex", seq)
    assert sign_in_settings.is_required(lab)
    with pytest.raises(PermissionDenied):
        a_shipment(lab)
    assert audit.verify(lab).ok
    lab.close()


def test_somebody_who_can_give_roles_always_remains(lab):
    sit_down(lab, "lee")
    for person in ("qm", "root"):
        people.change_person(lab, "lee", person, active=False, reason="left")
    sit_down(lab, "lee")
    with pytest.raises(StateError, match="nobody could give a role"):
        people.change_person(lab, "lee", "rex", active=False, reason="left")
    with pytest.raises(StateError, match="nobody could give a role"):
        propose(lab, "lee", "rex", Role.LIAISON)


def test_first_people_of_a_lab_are_marked_as_set_up_by_one(tmp_path):
    lab = a_lab(tmp_path / "lab")
    marks = {
        row["id"]: bool(row["mark"])
        for row in lab.db.query(
            "SELECT json_extract(body,'$.id') AS id, json_extract(body,'$.bootstrap') AS mark "
            "FROM event WHERE kind='person.added'"
        )
    }
    second = next(person for person in STAFF if person != "lee")
    assert [person for person, mark in marks.items() if mark] == [second]
    lab.close()


def test_lab_where_nobody_signs_in_gives_roles_as_before(tmp_path):
    lab = a_lab(tmp_path / "lab")
    people.add_person(lab, "lee", "new", "New", [Role.ANALYST])
    people.change_person(lab, "lee", "new", roles=[Role.ANALYST, Role.REVIEWER], reason="trained")
    assert people.person(lab, "new").roles == {Role.ANALYST, Role.REVIEWER}
    lab.close()
