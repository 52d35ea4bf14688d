import shutil
from datetime import timedelta

import pytest

from lims import (
    audit,
    backup,
    clock,
    confirmations,
    credentials,
    custody,
    people,
    presence,
    restore,
    sessions,
    sign_in_settings,
)
from lims.errors import NotFoundError, PermissionDenied, RecordError, SessionNeeded
from lims.lab import open_lab
from tests.lims_builders import a_sample, a_shipment, stored
from tests.signing_builders import (
    PINS,
    a_guarded_lab,
    by_pin,
    password_of,
    sit_down,
)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("once") / "lab"
    a_guarded_lab(folder, "lee", "rex", "ana", "olga", "cus").close()
    return folder


@pytest.fixture
def lab(made_once, tmp_path):
    shutil.copytree(made_once, tmp_path / "lab")
    opened = open_lab(tmp_path / "lab")
    yield opened
    opened.close()


def test_nobody_acts_without_signing_in(lab):
    with pytest.raises(SessionNeeded, match="nobody is signed in"):
        a_shipment(lab)


def test_who_signed_in_acts_and_nobody_else_does(lab):
    sit_down(lab, "olga")
    assert a_shipment(lab).received_by == "olga"
    with pytest.raises(PermissionDenied, match="Olga is signed in here, not Ana"):
        a_sample(lab, held_by="ana", shipment=a_shipment(lab).number)


def test_second_login_of_the_computer_is_no_second_person(lab):
    # Two terminals, two operating-system accounts, one person: the record knows the person.
    elsewhere = open_lab(lab.folder)
    sit_down(lab, "lee")
    sit_down(elsewhere, "lee")
    with pytest.raises(PermissionDenied, match="own roles"):
        people.change_person(elsewhere, "lee", "lee", roles=["lead", "reviewer"], reason="mine")
    elsewhere.close()


@pytest.mark.parametrize("token", ["", "x", "a.b", "0" * 16 + "." + "A" * 43])
def test_made_up_token_admits_nobody(lab, token):
    lab.presence.take(token)
    with pytest.raises(SessionNeeded):
        a_shipment(lab)


def test_token_of_another_secret_under_a_known_id_admits_nobody(lab):
    token = sit_down(lab, "olga")
    lab.presence.take(token[:-1] + ("A" if token[-1] != "A" else "B"))
    with pytest.raises(SessionNeeded):
        a_shipment(lab)
    with pytest.raises(NotFoundError):
        sessions.session(lab, lab.presence.token)


def test_locked_session_acts_no_more_until_its_pin(lab):
    token = sit_down(lab, "olga")
    sessions.lock(lab, token, because="idle")
    with pytest.raises(SessionNeeded, match="locked"):
        a_shipment(lab)
    with pytest.raises(PermissionDenied):
        sessions.unlock(lab, token, PINS["lee"])
    assert sessions.session(lab, token).state == "locked"
    sessions.unlock(lab, token, PINS["olga"])
    assert a_shipment(lab)


def test_run_begun_before_the_lock_is_recorded_and_nothing_later_is(lab):
    token = sit_down(lab, "olga")
    beside = open_lab(lab.folder)
    beside.presence.take(token)
    now = clock.now() + timedelta(minutes=1)
    with clock.running_from(lambda: now):
        sessions.lock(lab, token, because="idle")
        assert a_shipment(beside)
        with pytest.raises(SessionNeeded):
            a_shipment(lab)
    much_later = now + timedelta(hours=3)
    with clock.running_from(lambda: much_later), pytest.raises(SessionNeeded):
        a_shipment(beside)
    begun_after = open_lab(lab.folder)
    with clock.running_from(lambda: now + timedelta(minutes=1)):
        begun_after.presence.take(token)
        with pytest.raises(SessionNeeded):
            a_shipment(begun_after)
    beside.close()
    begun_after.close()


def test_session_ends_after_a_shift(lab):
    sit_down(lab, "olga")
    later = clock.now() + timedelta(hours=12, minutes=1)
    with clock.running_from(lambda: later):
        with pytest.raises(SessionNeeded, match="ended at"):
            a_shipment(lab)
        with pytest.raises(PermissionDenied, match="only after signing in"):
            credentials.prove(lab, "olga", PINS["olga"])


def test_switch_locks_who_leaves_and_needs_the_own_pin(lab):
    olga, lee = sit_down(lab, "olga"), sit_down(lab, "lee")
    assert sessions.session(lab, olga).state == "locked", "lee sat down in olga's place"
    with pytest.raises(PermissionDenied):
        sessions.switch(lab, olga, PINS["lee"])
    sessions.switch(lab, olga, PINS["olga"])
    assert [sessions.session(lab, each).state for each in (olga, lee)] == ["open", "locked"]
    assert a_shipment(lab).received_by == "olga"


def test_signed_out_is_over_for_good(lab):
    token = sit_down(lab, "olga")
    sessions.sign_out(lab, token)
    for again in (sessions.unlock, lambda lab, token, pin: sessions.switch(lab, token, pin)):
        with pytest.raises(SessionNeeded, match="over"):
            again(lab, token, PINS["olga"])
    with pytest.raises(SessionNeeded):
        a_shipment(lab)


def test_every_step_is_an_event_and_replays(lab):
    token = sit_down(lab, "olga")
    sessions.lock(lab, token, because="idle")
    sessions.unlock(lab, token, PINS["olga"])
    other = sit_down(lab, "lee")
    sessions.switch(lab, token, PINS["olga"])
    sessions.sign_out(lab, other)
    kinds = [row[0] for row in lab.db.execute("SELECT kind FROM event WHERE kind LIKE 'session.%'")]
    assert kinds == [
        "session.opened", "session.locked", "session.unlocked", "session.locked",
        "session.opened", "session.switched", "session.closed",
    ]  # fmt: skip
    assert audit.verify(lab).ok


def test_next_sign_in_tells_what_happened_since(lab):
    token = sit_down(lab, "ana")
    sessions.sign_out(lab, token)
    with pytest.raises(PermissionDenied):
        credentials.prove(lab, "ana", "ana has no such word")
    opened = sessions.sign_in(lab, "ana", password_of("ana"), place="test")
    assert opened.before is not None
    assert (opened.signed, opened.refused) == (0, 1)


def test_script_does_what_needs_no_person_and_signs_nothing(lab, tmp_path):
    sit_down(lab, "olga")
    number = a_shipment(lab).number
    sessions.sign_in(lab, "lee", password_of("lee"), place="test", unattended=True)
    audit.checkpoint(lab, "lee")
    backup.back_up(lab, "lee", tmp_path / "copies")
    with pytest.raises(PermissionDenied, match="without a person at it"):
        a_sample(lab, held_by="lee", shipment=number)
    with pytest.raises(PermissionDenied, match="without a person at it"):
        sign_in_settings.change(lab, "lee", "idle_minutes", 5, reason="r")


def test_script_session_neither_locks_nor_unlocks(lab):
    token = sessions.sign_in(lab, "lee", password_of("lee"), place="test", unattended=True).token
    sessions.lock(lab, token, because="idle")
    assert sessions.session(lab, token).state == "open"
    with pytest.raises(PermissionDenied):
        sessions.switch(lab, token, password_of("lee"))


def test_retired_person_is_signed_out(lab):
    token = sit_down(lab, "ana")
    sit_down(lab, "lee")
    people.change_person(lab, "lee", "ana", active=False, reason="moved on")
    assert sessions.session(lab, token).state == "closed"
    with pytest.raises(PermissionDenied, match="the person or the secret is wrong"):
        credentials.prove(lab, "ana", password_of("ana"))


def test_restored_lab_has_no_open_sessions(lab, tmp_path):
    token = sit_down(lab, "lee")
    made = backup.back_up(lab, "lee", tmp_path / "copies")
    restore.restore(made.folder, tmp_path / "again", "lee")
    again = open_lab(tmp_path / "again")
    again.presence.take(token)
    with pytest.raises(SessionNeeded):
        a_shipment(again)
    assert sit_down(again, "lee")
    assert audit.verify(again).ok
    again.close()


def test_idle_minutes_are_a_leads_to_set(lab):
    sit_down(lab, "lee")
    assert sessions.idle_limit(lab) == timedelta(minutes=2)
    sign_in_settings.change(lab, "lee", "idle_minutes", 30, reason="office")
    assert sessions.idle_limit(lab) == timedelta(minutes=30)
    for wrong in (0, 31, -1):
        with pytest.raises(RecordError, match="between 1 and 30"):
            sign_in_settings.change(lab, "lee", "idle_minutes", wrong, reason="r")
    sit_down(lab, "rex")
    with pytest.raises(PermissionDenied, match="may not change how people sign in"):
        sign_in_settings.change(lab, "rex", "idle_minutes", 5, reason="r")


def test_duty_to_sign_in_is_no_setting_of_one_person(lab):
    sit_down(lab, "lee")
    with pytest.raises(RecordError, match="not one person's"):
        sign_in_settings.change(lab, "lee", "required", 0, reason="r")


def test_confirmation_at_the_same_screen_takes_the_other_persons_own_secret(lab):
    sit_down(lab, "cus")
    sit_down(lab, "olga")
    sample = a_sample(lab, held_by="olga").number

    def hand(**more):
        return custody.transfer(
            lab, sample, giver="olga", taker="cus", actor="olga",
            confirmed=confirmations.here("cus"), **more,
        )  # fmt: skip

    with pytest.raises(PermissionDenied, match="Cus has not signed"):
        hand()
    with by_pin(lab, "olga"), pytest.raises(PermissionDenied, match="Cus has not signed"):
        hand()
    with by_pin(lab, "cus"):
        assert hand().holder == "cus"
    (step,) = [s for s in _steps(lab, sample) if s["taker"] == "cus"]
    assert "with their PIN" in step["confirmed"]


def test_proof_serves_one_act_and_not_for_long(lab):
    sit_down(lab, "lee")
    proof = credentials.prove(lab, "lee", PINS["lee"])
    assert lab.presence.proof_of("lee", clock.now()) is None
    with lab.presence.given(proof):
        assert lab.presence.proof_of("lee", proof.at + presence.FRESH) == proof
        late = proof.at + presence.FRESH + timedelta(seconds=1)
        assert lab.presence.proof_of("lee", late) is None
        lab.presence.spend([proof])
        assert lab.presence.proof_of("lee", clock.now()) is None


def test_lab_that_asks_nobody_is_as_before(lab):
    require_off(lab)
    a = a_sample(lab, held_by="ana")
    assert stored(lab, a).holder == "place:shelf 1"
    assert not lab.db.execute("SELECT 1 FROM signature WHERE kind LIKE 'sample.%'").fetchone()


def require_off(lab):
    sit_down(lab, "lee")
    lab.presence.take("")
    beside = {"lee": open_lab(lab.folder), "rex": open_lab(lab.folder)}
    for person, opened in beside.items():
        sit_down(opened, person)
    from lims import two_persons

    with by_pin(beside["lee"], "lee"):
        seq = two_persons.propose_sign_in(
            beside["lee"], "lee", required=False, reason="power is out"
        ).seq
    with by_pin(beside["rex"], "rex"):
        two_persons.approve(beside["rex"], "rex", seq)
    for opened in beside.values():
        opened.close()


def _steps(lab, sample):
    return list(lab.db.query("SELECT * FROM custody WHERE sample=? ORDER BY seq", [sample]))
