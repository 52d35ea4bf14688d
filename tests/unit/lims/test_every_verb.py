"""Every verb is asked of every role by a service that writes, and refused before anything else.

One call for each verb, its subjects made up: whoever may do it is told that there is no such
thing, or does it; whoever may not is told so, and nothing is written. A new verb needs a row here.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time
from fractions import Fraction

import pytest

from instruments.mapping import TextMapping
from lims import (
    again,
    alerts,
    audit,
    backup,
    bench_instruments,
    candidate_requests,
    cases,
    certificates,
    conclusion,
    confirmations,
    consumption,
    containers,
    controls,
    corrections,
    cover,
    custody,
    custody_settings,
    disposal,
    disposition,
    division,
    holds,
    intake,
    irregular,
    law_review,
    legal_hold,
    library_care,
    library_release,
    materials,
    office_notices,
    other_labs,
    outbox,
    people,
    proposing,
    quarantine,
    references,
    review,
    sampling,
    seals,
    sessions,
    shifts,
    sign_in_settings,
    stopped,
    trust,
    two_persons,
    unknown_care,
    verification,
    weighing,
)
from lims.case_model import Outcome
from lims.check_policy import Aspect
from lims.control_record import ControlDraft, Observation, Quantity
from lims.errors import LabError, PermissionDenied
from lims.model import Role, SampleDraft, ShipmentDraft
from lims.sampling_plan import Aim
from lims.stopped import Because
from lims.workflow import ALLOWED, UNATTENDED, Verb
from spectra.axis import XKind, YKind
from spectra.spectrum import Technique
from tests.lims_builders import STAFF, a_lab
from tests.signing_builders import a_lab_with_passwords, password_of, require_sign_in

SAMPLE, SHIPMENT, BOX = "NOG-26-S000001-K", "NOG-26-P000001-R", "NOG-26-B000001-X"
FINDING, ALERT, CASE = f"{SAMPLE}.F1", "NOG-26-A000001-3", "NOG-26-C000001-V"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

LATER = {
    Verb.WITHDRAW_REFERENCE: "who proposed it may take it back: test_references.py",
    Verb.CONFIRM_CONSUMPTION: "asked of the colleague who confirms: test_division.py",
    Verb.REVIEW_CERTIFICATE: "which review it is depends on the report: test_certificates.py",
    Verb.CHECK_CERTIFICATE: "which review it is depends on the report: test_certificates.py",
    Verb.ISSUE_CERTIFICATE: "the report is read first: test_certificates.py",
    Verb.GIVE_CERTIFICATE: "the report is read first: test_certificates.py",
    Verb.ACCEPT_OPEN_MATTER: "the report is read first: test_certificates.py",
    Verb.WITHDRAW_CERTIFICATE: "the report is read first: test_certificates.py",
}


CALLS = {
    Verb.REGISTER_SHIPMENT: lambda lab, who, _: intake.add_shipment(
        lab, who, ShipmentDraft(declared_goods="sand")
    ),
    Verb.REGISTER_SAMPLE: lambda lab, who, _: intake.add_sample(
        lab, who, SHIPMENT, SampleDraft(description="bag")
    ),
    Verb.ADD_NOTE: lambda lab, who, _: intake.add_note(lab, who, SHIPMENT, "x"),
    Verb.TRANSFER: lambda lab, who, _: custody.transfer(
        lab, SAMPLE, giver=who, taker="place:safe", actor=who
    ),
    Verb.OPEN_SAMPLE: lambda lab, who, _: custody.open_sample(lab, who, SAMPLE),
    Verb.RESEAL_SAMPLE: lambda lab, who, _: custody.reseal(lab, who, SAMPLE, seal="B1"),
    Verb.WEIGH_SAMPLE: lambda lab, who, _: custody.weigh(lab, who, SAMPLE, gross_ug=5),
    Verb.RESOLVE_DISCREPANCY: lambda lab, who, _: custody.resolve_discrepancy(
        lab, who, SAMPLE, reason="r"
    ),
    Verb.ISSUE_SEALS: lambda lab, who, _: seals.issue(lab, who, prefix="F", first="1", last="9"),
    Verb.HANDLE_CONTAINER: lambda lab, who, _: containers.put(lab, who, BOX, SAMPLE),
    Verb.RECORD_BALANCE: lambda lab, who, _: weighing.record_balance(
        lab, who, "XP", serial="1", repeatability_ug=30, calibration_ug=50, certificate="K"
    ),
    Verb.DIVIDE_SAMPLE: lambda lab, who, _: division.divide(
        lab,
        who,
        SAMPLE,
        [division.Part(description="a", net_ug=1), division.Part(description="b", net_ug=1)],
        balance="XP",
        gross_ug=9,
        packaging_ug=1,
        residue_ug=1,
    ),
    Verb.AUTHORISE_CONSUMPTION: lambda lab, who, _: consumption.authorise(
        lab, who, SAMPLE, document="D", reason="r"
    ),
    Verb.CONSUME_SAMPLE: lambda lab, who, _: consumption.consume(
        lab,
        who,
        SAMPLE,
        authority=1,
        purpose="p",
        reviewer=confirmations.here("rex")[0],
        mass_ug=5,
    ),
    Verb.HOLD_EVIDENCE: lambda lab, who, _: legal_hold.set_hold(
        lab, who, SAMPLE, document="D", reason="r"
    ),
    Verb.ORDER_DISPOSAL: lambda lab, who, _: disposal.order(
        lab, who, SAMPLE, document="D", reason="r"
    ),
    Verb.DESTROY_SAMPLE: lambda lab, who, _: disposal.destroy(
        lab, who, SAMPLE, place="kiln", method="fire", witnesses=confirmations.here("qm", "rex")
    ),
    Verb.REPORT_LOSS: lambda lab, who, _: irregular.report_lost(
        lab, who, SAMPLE, circumstances="gone"
    ),
    Verb.ENTER_LATE: lambda lab, who, _: irregular.enter_late(
        lab, who, SAMPLE, giver=who, taker="place:safe", occurred_at=NOON, reason="r"
    ),
    Verb.CORRECT_RECORD: lambda lab, who, _: corrections.correct(
        lab, who, SAMPLE, "description", "jar", reason="r"
    ),
    Verb.SET_CUSTODY: lambda lab, who, _: custody_settings.change(
        lab, who, "handover_minutes", 60, reason="r"
    ),
    Verb.PREPARE_PORTION: lambda lab, who, _: intake.add_portion(lab, who, SAMPLE, "neat"),
    Verb.PLAN_SAMPLING: lambda lab, who, _: sampling.plan(
        lab,
        who,
        SAMPLE,
        Aim(population=10, proportion=Fraction(1, 2), alpha=Fraction(1, 20)),
        counted="bags",
        look="alike",
    ),
    Verb.PROPOSE_STRUCTURES: lambda lab, who, _: proposing.record(lab, who, FINDING, []),
    Verb.SET_PRIORITY: lambda lab, who, _: intake.set_priority(lab, who, SAMPLE, 5, reason="r"),
    Verb.RECORD_RUN: lambda lab, who, _: quarantine.keep(lab, who, "a.jdx", b"x", "unreadable"),
    Verb.DISMISS_FILE: lambda lab, who, _: quarantine.dismiss(
        lab, who, quarantine.listed(lab, everything=True)[0].number, "no run"
    ),
    Verb.REVIEW_FINDING: lambda lab, who, _: review.review(lab, who, FINDING, accept=True),
    Verb.JUDGE_CANDIDATE: lambda lab, who, _: review.judge_candidate(
        lab, who, FINDING, confirm=True, remark="r"
    ),
    Verb.SEND_CANDIDATE: lambda lab, who, _: candidate_requests.send(lab, who, FINDING, "region"),
    Verb.ANSWER_CANDIDATE: lambda lab, who, _: candidate_requests.answer(
        lab, who, FINDING, remark="none"
    ),
    Verb.SORT_UNKNOWNS: lambda lab, who, _: unknown_care.merge(lab, who, "U1", "U2", "alike"),
    Verb.NAME_UNKNOWN: lambda lab, who, _: unknown_care.name(lab, who, "U1", "cocaine", "r"),
    Verb.CONCLUDE: lambda lab, who, _: conclusion.conclude(lab, who, SAMPLE),
    Verb.ACKNOWLEDGE_ALERT: lambda lab, who, _: alerts.acknowledge(lab, who, ALERT),
    Verb.RELEASE_SHIPMENT: lambda lab, who, _: disposition.release(lab, who, SHIPMENT, "r"),
    Verb.SEIZE_SHIPMENT: lambda lab, who, _: disposition.seize(lab, who, SHIPMENT, "r"),
    Verb.MANAGE_LIBRARY: lambda lab, who, _: library_care.remove_library(lab, who, "x", "1", "r"),
    Verb.PROPOSE_REFERENCE: lambda lab, who, _: references.propose(
        lab, who, FINDING, references.Proposal(substance="cocaine", source="own")
    ),
    Verb.APPROVE_REFERENCE: lambda lab, who, _: references.approve(lab, who, "R1"),
    Verb.RELEASE_LIBRARY: lambda lab, who, folder: library_release.release(
        lab, who, "x", folder / "x.zip"
    ),
    Verb.TRUST_LAB: lambda lab, who, _: trust.withdraw_trust(lab, who, "0" * 40, "r"),
    Verb.SEARCH_AGAIN: lambda lab, who, _: again.search(lab, who),
    Verb.MANAGE_LAW: lambda lab, who, _: law_review.record(lab, who),
    Verb.ADD_INSTRUMENT: lambda lab, who, _: bench_instruments.add_instrument(
        lab, who, f"raman-{who}", Technique.RAMAN
    ),
    Verb.CONFIRM_MAPPING: lambda lab, who, _: bench_instruments.import_mapping(
        lab, who, "ir-1", _a_mapping()
    ),
    Verb.VERIFY_INSTRUMENT: lambda lab, who, folder: verification.verify(
        lab, who, "none", folder / "none.jdx", "polystyrene"
    ),
    Verb.SET_INTERVAL: lambda lab, who, _: verification.set_interval(
        lab, who, "none", Aspect.AXIS, 3, reason="r"
    ),
    Verb.MANAGE_MATERIAL: lambda lab, who, _: materials.add_lot(lab, who, "ps", f"lot of {who}"),
    Verb.DEFINE_CONTROL: lambda lab, who, _: controls.add_control(
        lab,
        who,
        ControlDraft(name="c", instrument="none", quantity=next(iter(Quantity)), lowest=1.0),
    ),
    Verb.RECORD_CONTROL: lambda lab, who, _: controls.record_value(
        lab, who, "none", Observation(value=1.0)
    ),
    Verb.RELEASE_HOLD: lambda lab, who, _: holds.release(lab, who, 1, reason="r"),
    Verb.QUEUE_REPORT: lambda lab, who, _: outbox.queue(
        lab, who, f"r-{who}", "daily", b"{}", b"s" * 64
    ),
    Verb.DELIVER_REPORT: lambda lab, who, _: outbox.mark_sent(lab, who, 99, "receipt"),
    Verb.CHECKPOINT_LOG: lambda lab, who, _: audit.checkpoint(lab, who),
    Verb.MANAGE_PEOPLE: lambda lab, who, _: people.change_person(
        lab, who, "nobody", active=False, reason="r"
    ),
    Verb.APPROVE_PEOPLE: lambda lab, who, _: two_persons.approve(lab, who, 99_999),
    Verb.SET_SIGN_IN: lambda lab, who, _: sign_in_settings.change(
        lab, who, "idle_minutes", 5, reason="r"
    ),
    Verb.BACK_UP: lambda lab, who, folder: backup.back_up(lab, who, folder / "copies"),
    Verb.MANAGE_CASE: lambda lab, who, _: cases.close_case(lab, who, CASE, reason="r"),
    Verb.WRITE_OUTCOME: lambda lab, who, _: cases.write_outcome(
        lab, who, CASE, Outcome.ARREST, "one arrest"
    ),
    Verb.SET_SHIFTS: lambda lab, who, _: shifts.set_calendar(
        lab, who, [shifts.Window(weekday=0, opens=time(22), closes=time(2))], reason="r"
    ),
    Verb.PLAN_COVER: lambda lab, who, _: cover.cancel(lab, who, 99, reason="r"),
    Verb.SEND_TO_LAB: lambda lab, who, _: other_labs.arrived(lab, who, SAMPLE, received_by="them"),
    Verb.SEND_NOTICE: lambda lab, who, _: office_notices.lift(lab, who, 99, reason="r"),
    Verb.STOP_CLOCK: lambda lab, who, _: stopped.stop(lab, who, SAMPLE, Because.COURT),
    Verb.DRAFT_CERTIFICATE: lambda lab, who, _: certificates.draft(lab, who, SAMPLE),
}


def _a_mapping():
    return TextMapping(
        x_column=0,
        y_column=1,
        x_kind=XKind.WAVENUMBER,
        x_unit="cm-1",
        y_kind=YKind.ABSORBANCE,
        y_unit="A",
        technique=Technique.FTIR,
        delimiter=",",
        decimal=".",
        n_columns=2,
    )


def furnish(lab):
    """What must be there before a service asks who comes: an instrument, a file that waits."""
    bench_instruments.add_instrument(lab, "ana", "ir-1", Technique.FTIR)
    quarantine.keep(lab, "ana", "a.jdx", b"x", "unreadable")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    lab = a_lab(tmp_path_factory.mktemp("lab") / "lab")
    furnish(lab)
    yield lab
    lab.close()


def refusal(lab, verb, who, folder, says="may not"):
    """Return the refusal of an act, or nothing where the record let the person in."""
    before = events_of(lab)
    try:
        CALLS[verb](lab, who, folder)
    except PermissionDenied as error:
        if f"{says} {verb}" in error.message:
            assert events_of(lab) == before, "a refused act writes nothing"
            return error.message
    except LabError:
        pass  # let in, and told that there is no such thing
    return ""


def events_of(lab):
    return lab.db.execute("SELECT count(*) FROM event").fetchone()[0]


def test_every_verb_has_a_service_that_asks_for_it():
    assert set(CALLS).isdisjoint(LATER)
    assert set(CALLS) | set(LATER) == set(Verb), "a new verb needs a row here"


@pytest.mark.parametrize("verb", sorted(CALLS), ids=lambda verb: verb.name)
def test_service_lets_in_who_holds_a_role_of_the_table_and_nobody_else(made, tmp_path, verb):
    let_in = {who for who in STAFF if not refusal(made, verb, who, tmp_path / who)}
    assert let_in == {who for who, roles in STAFF.items() if ALLOWED[verb] & set(roles)}


@pytest.mark.parametrize("verb", sorted(CALLS), ids=lambda verb: verb.name)
def test_stranger_and_nobody_are_let_in_nowhere(made, tmp_path, verb):
    for who in ("stranger", ""):
        before = events_of(made)
        with suppress(LabError):
            CALLS[verb](made, who, tmp_path)
        assert events_of(made) == before


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    lab = a_lab_with_passwords(folder / "lab", "lee", "rex", "ana", "qm")
    furnish(lab)
    require_sign_in(lab)
    yield lab
    lab.close()


@pytest.mark.parametrize("verb", sorted(CALLS), ids=lambda verb: verb.name)
def test_where_people_sign_in_a_name_alone_lets_nobody_in(guarded, tmp_path, verb):
    guarded.presence.take("")
    holder = next(who for who, roles in STAFF.items() if ALLOWED[verb] & set(roles))
    before = events_of(guarded)
    with suppress(LabError):
        CALLS[verb](guarded, holder, tmp_path)
    assert events_of(guarded) == before


@pytest.fixture(scope="module")
def scripts(guarded):
    """Tokens of sessions without a person at them, by person."""
    found = {}
    for who in ("lee", "rex", "ana", "qm"):
        opened = sessions.sign_in(guarded, who, password_of(who), place="t", unattended=True)
        found[who] = opened.token
    return found


@pytest.mark.parametrize("verb", sorted(CALLS), ids=lambda verb: verb.name)
def test_session_without_a_person_does_what_the_table_says_and_no_more(
    guarded, scripts, tmp_path, verb
):
    able = [who for who in scripts if ALLOWED[verb] & set(STAFF[who])]
    for who in able:
        guarded.presence.take(scripts[who])
        before = events_of(guarded)
        said = refusal(guarded, verb, who, tmp_path / who, "without a person at it may not")
        if verb in UNATTENDED:
            assert not said
        else:
            assert events_of(guarded) == before


def test_what_scripts_may_do_is_written_out_here_too():
    assert {verb.name for verb in UNATTENDED} == {
        "RECORD_RUN", "SEARCH_AGAIN", "DELIVER_REPORT", "CHECKPOINT_LOG", "BACK_UP",
    }  # fmt: skip


def test_every_role_may_do_something():
    assert {role for allowed in ALLOWED.values() for role in allowed} == set(Role)
