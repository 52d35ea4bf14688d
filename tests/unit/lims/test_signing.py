import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lims import (
    audit,
    clock,
    confirmations,
    credentials,
    custody,
    events,
    handover,
    meanings,
    people,
    presence,
    projections,
    review,
    sessions,
    signatures,
    signing,
)
from lims.errors import NotFoundError, PermissionDenied, SignatureNeeded
from lims.lab import open_lab
from lims.model import Role
from tests.lims_builders import a_finding, a_sample, an_entry
from tests.signing_builders import (
    PINS,
    a_lab_with_passwords,
    by_password,
    by_pin,
    password_of,
    require_sign_in,
    sit_down,
)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """Two findings wait, one sample is offered to rex's colleague, and everybody signs in."""
    folder = tmp_path_factory.mktemp("once")
    lab = a_lab_with_passwords(folder / "lab")
    people.change_person(lab, "lee", "ana", roles=[Role.ANALYST, Role.REVIEWER], reason="trained")
    (folder / "files").mkdir()
    a_finding(lab, folder / "files", a_sample(lab).number, an_entry("match", "cocaine"))
    a_finding(
        lab,
        folder / "files",
        a_sample(lab).number,
        an_entry("analogue_candidate", class_name="fentanyl"),
    )
    require_sign_in(lab)
    lab.close()
    return folder / "lab"


@pytest.fixture
def lab(made_once, tmp_path):
    shutil.copytree(made_once, tmp_path / "lab")
    opened = open_lab(tmp_path / "lab")
    yield opened
    opened.close()


def plain(kind):
    return kind.partition(",")[0]


def a_body(meaning):
    """The least an event says for its meaning to be asked."""
    return {"accept": not meaning.endswith("sent back"), "taker": "lee", "reason": "r"}


def count(lab):
    return lab.db.execute("SELECT count(*) FROM event").fetchone()[0]


@pytest.mark.parametrize("name", meanings.MEANINGS)
def test_act_of_the_table_is_not_written_without_a_signature(lab, name):
    sit_down(lab, "lee")
    before = count(lab)
    with pytest.raises(SignatureNeeded) as asked, lab.writing("lee") as act:
        act.append(plain(name), a_body(name))
    assert (asked.value.person, asked.value.meaning) == ("lee", meanings.MEANINGS[name])
    assert ("reason", "r") in asked.value.about
    assert count(lab) == before


@pytest.mark.parametrize("name", meanings.MEANINGS)
def test_its_signature_carries_meaning_method_session_and_the_record(lab, name):
    token = sit_down(lab, "lee")
    kind, body = plain(name), a_body(name)
    with by_pin(lab, "lee"), lab.writing("lee") as act:
        signed = signing.with_signatures(act, kind, body, is_first=True)
    (signature,) = signed[signing.FIELD]
    assert signature == {
        "person": "lee",
        "meaning": meanings.MEANINGS[name],
        "method": "pin",
        "session": token.partition(".")[0],
        "record": signing.record_digest(
            lab_id=lab.lab_id, actor="lee", at=clock.stamp(act.at), kind=kind, body=body
        ),
    }


def test_act_outside_the_table_asks_for_none(lab):
    sit_down(lab, "lee")
    unsigned = set(projections.HANDLERS) - {plain(name) for name in meanings.MEANINGS}
    with lab.writing("lee") as act:
        for kind in sorted(unsigned):
            body = a_body("")
            assert signing.with_signatures(act, kind, body, is_first=True) == body, kind


def test_every_meaning_belongs_to_a_kind_of_event_and_says_a_sentence():
    for table in (meanings.MEANINGS, meanings.CONFIRMING):
        assert {plain(name) for name in table} <= set(projections.HANDLERS)
        assert all(text.startswith("I ") and text.endswith(".") for text in table.values())
    assert len(set(meanings.MEANINGS.values())) == len(meanings.MEANINGS)
    assert set(meanings.MEANINGS) >= meanings.FOLLOWS


def test_events_are_appended_in_one_place_only():
    # The gate stands in Act.append; another way into the log would go around it.
    users = {
        path.relative_to(ROOT).as_posix()
        for name in ("lims", "reports", "tui")
        for path in (ROOT / name).rglob("*.py")
        if "events.append(" in path.read_text(encoding="utf-8")
    }
    assert users <= {"lims/act.py", "lims/lab.py"}
    doors = {
        path.relative_to(ROOT).as_posix()
        for name in ("lims", "reports", "tui")
        for path in (ROOT / name).rglob("*.py")
        if "at_the_door" in path.read_text(encoding="utf-8")
    }
    assert doors == {"lims/door.py", "lims/credentials.py", "lims/sessions.py", "lims/restore.py"}


def findings(lab):
    return [row[0] for row in lab.db.execute("SELECT id FROM finding ORDER BY seq").fetchall()]


def test_finding_is_accepted_under_the_words_of_the_table(lab):
    first, _ = findings(lab)
    sit_down(lab, "rex")
    with pytest.raises(SignatureNeeded, match="accept it"):
        review.review(lab, "rex", first, accept=True)
    with pytest.raises(SignatureNeeded, match="send it back"):
        review.review(lab, "rex", first, accept=False, remark="blank is missing")
    with by_pin(lab, "rex"):
        review.review(lab, "rex", first, accept=True)
    (made,) = signatures.listed(lab, person="rex", limit=1)
    assert (made.kind, made.method, made.is_bound) == ("finding.reviewed", "pin", True)
    assert audit.verify(lab).ok


def test_what_follows_by_rule_is_covered_by_the_acts_own_signature(lab):
    _, candidate = findings(lab)
    sit_down(lab, "rex")
    with by_pin(lab, "rex"):
        review.review(lab, "rex", candidate, accept=True)
    kinds = [s.kind for s in signatures.listed(lab, person="rex")]
    assert kinds.count("finding.reviewed") == 1
    assert "candidate.confirmed" not in kinds
    assert lab.db.execute("SELECT 1 FROM event WHERE kind='candidate.confirmed'").fetchone()


def test_one_signature_serves_one_act(lab):
    first, second = findings(lab)
    sit_down(lab, "rex")
    with by_pin(lab, "rex"):
        review.review(lab, "rex", first, accept=True)
        with pytest.raises(SignatureNeeded):
            review.review(lab, "rex", second, accept=True)


def test_refused_act_spends_no_signature(lab):
    first, _ = findings(lab)
    sit_down(lab, "rex")
    with by_pin(lab, "rex"):
        with pytest.raises(NotFoundError):
            review.review(lab, "rex", "NOG-26-S999999-X.F1", accept=True)
        review.review(lab, "rex", first, accept=True)


def test_nobody_reviews_their_own_work_from_a_second_terminal(lab):
    first, _ = findings(lab)
    elsewhere = open_lab(lab.folder)
    sit_down(lab, "ana")
    sit_down(elsewhere, "ana")
    with by_password(elsewhere, "ana"), pytest.raises(PermissionDenied, match="may not review"):
        review.review(elsewhere, "ana", first, accept=True)
    elsewhere.close()


def test_colleagues_signature_does_not_serve_the_acting_person(lab):
    first, _ = findings(lab)
    sit_down(lab, "qm")
    sit_down(lab, "rex")
    with by_pin(lab, "qm"), pytest.raises(SignatureNeeded, match="Rex has not signed"):
        review.review(lab, "rex", first, accept=True)


def test_pin_given_in_another_session_does_not_sign_here(lab):
    first, _ = findings(lab)
    elsewhere = open_lab(lab.folder)
    sit_down(elsewhere, "rex")
    proof = credentials.prove(elsewhere, "rex", PINS["rex"])
    sit_down(lab, "rex")
    with lab.presence.given(proof), pytest.raises(SignatureNeeded):
        review.review(lab, "rex", first, accept=True)
    elsewhere.close()


def test_signature_grows_old(lab):
    first, _ = findings(lab)
    sit_down(lab, "rex")
    proof = credentials.prove(lab, "rex", PINS["rex"])
    later = clock.now() + presence.FRESH + timedelta(seconds=2)
    with (
        clock.running_from(lambda: later),
        lab.presence.given(proof),
        pytest.raises(SignatureNeeded),
    ):
        review.review(lab, "rex", first, accept=True)


def test_session_of_a_script_signs_nothing(lab):
    first, _ = findings(lab)
    sessions.sign_in(lab, "rex", password_of("rex"), place="test", unattended=True)
    proof = credentials.prove(lab, "rex", password_of("rex"))
    with (
        lab.presence.given(proof),
        pytest.raises(PermissionDenied, match="without a person at it"),
        lab.writing("rex") as act,
    ):
        act.append("finding.reviewed", {"finding": first, "accept": True})


def test_event_cannot_bring_signatures_of_its_own(lab):
    sit_down(lab, "lee")
    forged = [
        {"person": "rex", "meaning": "m", "method": "pin", "session": "s", "record": "0" * 64}
    ]
    with pytest.raises(PermissionDenied, match="own signatures"), lab.writing("lee") as act:
        act.append("note.added", {"subject": "x", "text": "x", "signed": forged})


@pytest.mark.parametrize("change", ["actor", "at", "kind", "body"])
def test_signature_is_bound_to_everything_the_event_says(lab, change):
    first, _ = findings(lab)
    sit_down(lab, "rex")
    with by_pin(lab, "rex"):
        review.review(lab, "rex", first, accept=True)
    (made,) = signatures.listed(lab, person="rex", limit=1)
    (event,) = events.read(lab.db, made.seq - 1, 1)
    assert signing.unbound(event, lab.lab_id) == ()
    other = {
        "actor": "qm",
        "at": "2020-01-01T00:00:00.000Z",
        "kind": "test.reviewed",
        "body": {**event.body, "accept": False},
    }[change]
    assert signing.unbound(replace(event, **{change: other}), lab.lab_id) == ("rex",)
    assert signing.unbound(event, "another lab") == ("rex",)


def test_taking_over_is_signed_and_giving_away_is_not(lab):
    sit_down(lab, "abe")
    sit_down(lab, "ana")
    number = findings(lab)[0].partition(".")[0]
    custody.transfer(lab, number, giver="ana", taker="place:safe", actor="ana")
    with pytest.raises(SignatureNeeded, match="took this sample over"):
        custody.transfer(lab, number, giver="place:safe", taker="ana", actor="ana")
    with by_pin(lab, "ana"):
        custody.transfer(lab, number, giver="place:safe", taker="ana", actor="ana")
    handover.propose(lab, "ana", number, taker="abe")
    sit_down(lab, "abe")
    with pytest.raises(SignatureNeeded, match="took this sample over"):
        handover.accept(lab, "abe", number)
    with by_pin(lab, "abe"):
        assert handover.accept(lab, "abe", number).holder == "abe"


def test_both_who_confirm_at_one_screen_stand_in_the_event(lab):
    number = findings(lab)[0].partition(".")[0]
    for person in ("ana", "abe", "cus"):
        sit_down(lab, person)

    def hand():
        return custody.transfer(
            lab, number, giver="ana", taker="abe", actor="cus",
            confirmed=confirmations.here("ana", "abe"),
        )  # fmt: skip

    for present in ((), ("ana",), ("abe",), ("cus",), ("ana", "cus")):
        with by_pin(lab, *present), pytest.raises(SignatureNeeded):
            hand()
    with by_pin(lab, "ana", "abe"):
        hand()
    made = signatures.listed(lab, limit=2)
    assert {(s.person, s.is_bound) for s in made} == {("ana", True), ("abe", True)}
    assert {s.meaning for s in made} == {meanings.CONFIRMING["sample.transferred"]}


def test_session_that_only_knows_a_name_confirms_nothing(lab):
    number = findings(lab)[0].partition(".")[0]
    sit_down(lab, "ana")
    with pytest.raises(SignatureNeeded, match="Abe has not signed"):
        custody.transfer(
            lab, number, giver="ana", taker="abe", actor="ana",
            confirmed=confirmations.here("abe"),
        )  # fmt: skip


def test_error_of_a_missing_signature_tells_a_script_what_to_do(lab):
    sit_down(lab, "rex")
    with pytest.raises(SignatureNeeded) as asked:
        review.review(lab, "rex", findings(lab)[0], accept=True)
    assert "--pin-file" in asked.value.hint
    assert isinstance(asked.value, PermissionDenied)
