"""Controls and blanks: what a value is judged by, what a rejection holds, who may release it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from lims import (
    alerts,
    audit,
    clock,
    conclusion,
    control_measures,
    controls,
    doctor,
    events,
    examination,
    holds,
    materials,
    projections,
    review,
)
from lims.bench_instruments import add_instrument
from lims.control_record import ControlDraft, Observation, Quantity
from lims.controls import add_control, begin_lot, record_value
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from lims.model import FindingState
from lims.westgard import Verdict
from spectra.spectrum import Technique
from tests.lims_builders import a_file, a_match, a_sample, an_entry
from tests.unit.libraries.reference_builders import a_curve, a_library
from tests.unit.lims.standard_files import written
from tests.unit.spectra.gcms_runs import SCAN_S, run_of, spectrum

DAY = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def ftir(lab):
    return add_instrument(lab, "ana", "ftir-1", Technique.FTIR)


def a_draft(**changes):
    facts = {
        "name": "steady",
        "instrument": "ftir-1",
        "quantity": Quantity.OTHER,
        "expected": 100.0,
        "lowest": 80.0,
        "highest": 120.0,
    }
    return ControlDraft(**(facts | changes))


@pytest.fixture
def steady(lab, ftir):
    return add_control(lab, "qm", a_draft())


def seen(lab, *values, name="steady", by="ana"):
    """Record values one after another and return the last."""
    return [record_value(lab, by, name, Observation(value=v)) for v in values][-1]


def settled(lab, name="steady"):
    """Twenty values of mean 100 and standard deviation 2.05."""
    seen(lab, *[98.0, 102.0] * 10, name=name)


def a_run(lab, bench, sample=None, *, instrument="ftir-1"):
    number = sample or a_sample(lab).number
    path = a_file(
        bench, f"r{len(list(bench.iterdir()))}.jdx", title=str(len(list(bench.iterdir())))
    )
    match = a_match(an_entry("match", "cocaine"))
    return examination.ingest(lab, "ana", path, number, instrument=instrument, match=match)


# What defines a control


def test_a_control_is_on_record_with_its_limits(lab, steady):
    assert controls.controls(lab) == (steady,)
    assert (steady.serial, steady.expected, steady.limits.lowest, steady.by) == (
        1,
        100.0,
        80.0,
        "qm",
    )
    assert controls.control(lab, "STEADY") == steady


@pytest.mark.parametrize("person", ["ana", "rex", "olga", "cus", "lia", "root"])
def test_only_lead_and_quality_define_controls(lab, ftir, person):
    with pytest.raises(PermissionDenied):
        add_control(lab, person, a_draft())


@pytest.mark.parametrize(
    "changes",
    [
        {"lowest": None, "highest": None},
        {"lowest": 130.0},
        {"expected": 121.0},
        {"expected": float("nan")},
        {"highest": float("inf")},
        {"lowest": -1e300},
        {"quantity": Quantity.HQI},
        {"quantity": Quantity.BLANK, "highest": None},
        {"quantity": Quantity.SWAB, "highest": None},
        {"name": "a b"},
        {"name": ""},
        {"substance": "unobtainium"},
        {"unit": "m\u202eg"},
    ],
)
def test_a_control_that_cannot_be_is_refused(lab, ftir, changes):
    with pytest.raises(RecordError):
        add_control(lab, "qm", a_draft(**changes))
    assert controls.controls(lab) == ()


def test_name_is_taken_whatever_its_case(lab, steady):
    with pytest.raises(StateError):
        add_control(lab, "qm", a_draft(name="STEADY"))


def test_instrument_must_be_one_of_the_lab(lab):
    with pytest.raises(NotFoundError):
        add_control(lab, "qm", a_draft())


# What a value is judged by


def test_before_twenty_values_the_answer_says_provisional(lab, steady):
    third = seen(lab, 90.0, 119.0, 85.0)
    assert third.verdict is Verdict.ACCEPTED
    assert third.basis == "fixed limits, provisional, n=2"
    assert seen(lab, 79.9).broken == ("limits",)


def test_from_twenty_values_on_the_rules_decide(lab, steady):
    settled(lab)
    first = seen(lab, 100.0)
    assert (first.n, first.mean) == (20, 100.0)
    assert first.sd == pytest.approx(2.0519567)
    warned = seen(lab, 104.5)
    assert (warned.verdict, warned.broken) == (Verdict.WARNING, ("1-2s",))
    twice = seen(lab, 104.5)
    assert twice.verdict is Verdict.REJECTED
    assert "2-2s" in twice.broken
    assert twice.z == pytest.approx(4.5 / 2.0519567, abs=1e-5)


def test_rejected_values_do_not_enter_the_mean(lab, steady):
    seen(lab, *[98.0, 102.0] * 9, 500.0, 500.0, 500.0)
    assert controls.baseline(lab, "steady").n == 18
    seen(lab, 98.0, 102.0)
    assert controls.baseline(lab, "steady").mean == 100.0


def test_a_drift_is_not_learnt_as_normal(lab, steady):
    settled(lab)
    seen(lab, *[101.5] * 9)
    assert seen(lab, 101.5).broken == ("10x",)
    assert controls.baseline(lab, "steady").mean == 100.0


def test_a_new_lot_begins_anew(lab, steady):
    settled(lab)
    made = begin_lot(lab, "qm", a_draft(expected=50.0, lowest=40.0, highest=60.0), reason="used up")
    assert made.serial == 2
    value = seen(lab, 50.0)
    assert (value.serial, value.verdict, value.n) == (2, Verdict.ACCEPTED, 0)
    assert len(controls.values(lab, "steady")) == 1
    assert len(controls.values(lab, "steady", serial=1)) == 20
    assert controls.baseline(lab, "steady", serial=1).mean == 100.0
    assert controls.control(lab, "steady", serial=1).lowest == 80.0
    for absent in (0, 3):
        with pytest.raises(NotFoundError, match="no lot number"):
            controls.values(lab, "steady", serial=absent)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e200])
def test_a_value_is_a_finite_number(lab, steady, value):
    with pytest.raises(RecordError):
        seen(lab, value)


def test_the_same_key_is_one_value(lab, steady):
    first = record_value(lab, "ana", "steady", Observation(value=99.0), key="k")
    assert record_value(lab, "ana", "steady", Observation(value=99.0), key="k") == first
    assert controls.values(lab, "steady") == (first,)


@pytest.mark.parametrize("person", ["lee", "rex", "olga", "cus", "lia", "root"])
def test_only_analysts_and_quality_record(lab, steady, person):
    with pytest.raises(PermissionDenied):
        seen(lab, 100.0, by=person)


def test_a_swab_is_a_blank_with_its_place(lab, ftir):
    add_control(lab, "qm", a_draft(name="swab", quantity=Quantity.SWAB, expected=None, lowest=None))
    clean = Observation(value=3.0, place="bench 2")
    for _ in range(30):
        done = record_value(lab, "ana", "swab", clean)
    assert (done.verdict, done.place, done.z) == (Verdict.ACCEPTED, "bench 2", None)
    dirty = record_value(lab, "ana", "swab", Observation(value=121.0, place="bench 2"))
    assert dirty.verdict is Verdict.REJECTED
    assert holds.holds(lab)[0].control == "swab"


# Lots of material


def test_an_expired_lot_refuses_the_control(lab, ftir):
    with clock.running_from(lambda: DAY):
        materials.add_lot(lab, "ana", "caffeine", "A1", expires=date(2026, 11, 25))
        made = add_control(lab, "qm", a_draft(material="caffeine", lot="a1"))
        assert made.lot == "A1"
        seen(lab, 100.0)
    # The last day is over in the lab's own time zone.
    with clock.running_from(lambda: DAY + timedelta(days=2)):
        with pytest.raises(StateError, match="expired on 2026-11-25"):
            seen(lab, 100.0)
        materials.add_lot(lab, "ana", "caffeine", "B2", expires=date(2027, 1, 1))
        begin_lot(lab, "qm", a_draft(material="caffeine", lot="B2"), reason="A1 expired")
        assert seen(lab, 100.0).serial == 2


def test_a_lot_taken_out_of_use_refuses_the_control(lab, ftir):
    materials.add_lot(lab, "ana", "caffeine", "A1")
    add_control(lab, "qm", a_draft(material="caffeine", lot="A1"))
    materials.end_lot(lab, "ana", "caffeine", "A1", reason="wet")
    with pytest.raises(StateError, match="out of use: wet"):
        seen(lab, 100.0)
    with pytest.raises(StateError):
        materials.end_lot(lab, "ana", "caffeine", "A1", reason="again")
    assert materials.lots(lab) == ()
    assert [lot.end_reason for lot in materials.lots(lab, everything=True)] == ["wet"]


def test_a_lot_is_added_once_and_in_date(lab):
    with clock.running_from(lambda: DAY):
        materials.add_lot(lab, "ana", "caffeine", "A1", expires=date(2026, 11, 24))
        with pytest.raises(StateError):
            materials.add_lot(lab, "ana", "Caffeine", "a1")
        with pytest.raises(StateError):
            materials.add_lot(lab, "ana", "caffeine", "A0", expires=date(2026, 11, 23))
        with pytest.raises(RecordError):
            materials.add_lot(lab, "ana", " ", "A2")
        with pytest.raises(PermissionDenied):
            materials.add_lot(lab, "olga", "caffeine", "A3")


# Holds


def test_a_rejected_control_blocks_review_of_what_was_measured_since_the_last_good(
    lab, bench, steady
):
    before = a_run(lab, bench)
    seen(lab, 100.0)
    since = a_run(lab, bench)
    seen(lab, 200.0)
    after = a_run(lab, bench)
    assert review.review(lab, "rex", before.id, accept=True).state is FindingState.REVIEWED
    for held in (since, after):
        with pytest.raises(StateError, match="control steady of ftir-1") as caught:
            review.review(lab, "rex", held.id, accept=True)
        assert "fol control release" in caught.value.hint
    # Sending back takes nothing from anybody.
    sent = review.review(lab, "rex", after.id, accept=False, remark="run it again")
    assert sent.state is FindingState.SENT_BACK
    seen(lab, 101.0)
    assert review.review(lab, "rex", since.id, accept=True).state is FindingState.REVIEWED
    (ended,) = holds.holds(lab, everything=True)
    assert (ended.ended_how, ended.ended_by) == (holds.REPEAT, "ana")


def test_another_instrument_is_not_held(lab, bench, steady):
    add_instrument(lab, "ana", "ftir-2", Technique.FTIR)
    seen(lab, 200.0)
    other = a_run(lab, bench, instrument="ftir-2")
    assert review.review(lab, "rex", other.id, accept=True).state is FindingState.REVIEWED


def test_a_reviewed_finding_cannot_be_concluded_while_it_is_held(lab, bench, steady):
    found = a_run(lab, bench)
    review.review(lab, "rex", found.id, accept=True)
    seen(lab, 200.0)
    with pytest.raises(StateError, match="cannot be concluded"):
        conclusion.conclude(lab, "ana", found.sample)
    (held,) = holds.holds(lab)
    holds.release(lab, "qm", held.number, reason="the film was upside down")
    assert conclusion.conclude(lab, "ana", found.sample).findings == (found.id,)


def test_readers_of_an_answer_that_rests_on_it_are_told(lab, bench, steady):
    seen(lab, 100.0)
    found = a_run(lab, bench)
    review.review(lab, "rex", found.id, accept=True)
    conclusion.conclude(lab, "ana", found.sample)
    seen(lab, 200.0)
    (told,) = [each for each in alerts.open_alerts(lab) if each.kind == "quality"]
    assert told.sample == found.sample
    assert "cocaine" not in told.headline
    assert "1 concluded answers rest on" in holds.holds(lab)[0].detail
    seen(lab, 300.0)
    assert len([e for e in alerts.open_alerts(lab) if e.kind == "quality"]) == 1


def test_only_a_quality_manager_who_did_not_record_it_releases(lab, steady):
    seen(lab, 200.0)
    (held,) = holds.holds(lab)
    for person in ("ana", "rex", "lee", "root"):
        with pytest.raises(PermissionDenied):
            holds.release(lab, person, held.number, reason="x")
    with pytest.raises(RecordError):
        holds.release(lab, "qm", held.number, reason=" ")
    done = holds.release(lab, "qm", held.number, reason="lamp replaced")
    assert (done.ended_by, done.end_reason) == ("qm", "lamp replaced")
    with pytest.raises(StateError, match="ended already"):
        holds.release(lab, "qm", held.number, reason="again")
    with pytest.raises(NotFoundError):
        holds.release(lab, "qm", 999, reason="x")


def test_nobody_releases_what_they_recorded(lab, steady):
    seen(lab, 200.0, by="qm")
    (held,) = holds.holds(lab)
    with pytest.raises(PermissionDenied, match="may not release it"):
        holds.release(lab, "qm", held.number, reason="x")


def test_more_rejections_keep_the_first_hold(lab, bench, steady):
    seen(lab, 100.0)
    seen(lab, 200.0, 300.0)
    (held,) = holds.holds(lab)
    assert held.detail.startswith("200")
    assert held.since == controls.values(lab, "steady")[0].number


def test_each_control_is_repeated_by_itself(lab, bench, steady):
    add_control(lab, "qm", a_draft(name="other"))
    seen(lab, 200.0)
    seen(lab, 200.0, name="other")
    seen(lab, 100.0)
    assert [each.control for each in holds.holds(lab)] == ["other"]


def test_the_rules_do_not_look_back_past_a_release(lab, steady):
    settled(lab)
    seen(lab, *[101.5] * 10)
    (held,) = holds.holds(lab)
    # A repeat on the same side is still the same drift.
    assert seen(lab, 101.5).broken == ("10x",)
    holds.release(lab, "qm", held.number, reason="new lamp")
    assert seen(lab, 101.5).verdict is Verdict.ACCEPTED


def test_runs_after_the_end_of_a_hold_are_free(lab, bench, steady):
    seen(lab, 200.0)
    (held,) = holds.holds(lab)
    holds.release(lab, "qm", held.number, reason="new lamp")
    found = a_run(lab, bench)
    assert review.review(lab, "rex", found.id, accept=True).state is FindingState.REVIEWED


# Values from files


@pytest.fixture
def bench_library(lab):
    curves = [a_curve(seed) for seed in range(8)]
    a_library(lab.libraries_folder, [*curves, a_curve(99, name="caffeine")], name="bench")


def test_the_score_of_a_substance_is_taken_from_its_run(lab, bench, ftir, bench_library):
    draft = a_draft(
        quantity=Quantity.HQI, substance="Caffeine", expected=0.98, lowest=0.9, highest=None
    )
    assert add_control(lab, "qm", draft).substance == "caffeine"
    path = written(bench, "steady.jdx", a_curve(99, noise=0.002))
    done = control_measures.record_file(lab, "ana", "steady", path)
    assert done.verdict is Verdict.ACCEPTED
    assert 0.95 < done.value <= 1.0
    assert (lab.raw_folder / done.raw_sha256[:2] / done.raw_sha256[2:4] / done.raw_sha256).is_file()
    with pytest.raises(StateError, match="recorded for steady already"):
        control_measures.record_file(lab, "ana", "steady", path)
    seen(lab, 0.97)
    report = audit.verify(lab)
    assert report.ok, report.problems
    assert report.files == 1


def test_a_typed_quantity_is_not_taken_from_a_file(lab, bench, steady):
    with pytest.raises(RecordError, match="whose value is typed"):
        control_measures.record_file(lab, "ana", "steady", a_file(bench))


def test_a_control_that_is_not_found_is_no_value(lab, bench, ftir, bench_library):
    draft = a_draft(
        quantity=Quantity.HQI, substance="cocaine", expected=0.98, lowest=0.9, highest=None
    )
    add_control(lab, "qm", draft)
    with pytest.raises(NotFoundError, match="not among what the libraries find"):
        control_measures.record_file(lab, "ana", "steady", written(bench, "c.jdx", a_curve(99)))
    assert controls.values(lab, "steady") == ()


def test_a_blank_run_is_as_dirty_as_its_largest_peak(lab, bench):
    add_instrument(lab, "ana", "gc-1", Technique.GCMS)
    blank = a_draft(
        name="blank", instrument="gc-1", quantity=Quantity.BLANK, lowest=None, expected=None,
        highest=1e5,
    )  # fmt: skip
    add_control(lab, "qm", blank)
    peak = spectrum({58: 999.0, 91: 300.0, 119: 120.0, 134: 80.0})
    dirty = written(bench, "b.cdf", run_of([(peak, 200.0, 4e6)]), "andi")
    done = control_measures.record_file(lab, "ana", "blank", dirty)
    # Counts are summed over scans half a second apart; an area is over seconds.
    assert done.value == pytest.approx(4e6 * SCAN_S, rel=0.1)
    assert done.verdict is Verdict.REJECTED


# The record


def test_replay_gives_the_same_rows(lab, bench, steady):
    materials.add_lot(lab, "ana", "caffeine", "A1", expires=date(2099, 1, 1))
    settled(lab)
    a_run(lab, bench)
    seen(lab, 104.5, 104.5, 95.1, 100)
    begin_lot(lab, "qm", a_draft(expected=None, material="caffeine", lot="A1"), reason="new")
    seen(lab, 200.0)
    holds.release(lab, "qm", holds.holds(lab)[0].number, reason="new lamp")
    assert audit.verify(lab).ok
    rebuilt = projections.rebuilt(
        (event, events.leaf_of(lab.lab_id, event.seq, event.event_id, event.at, event.actor,
                               event.kind, _body(lab, event.seq), event.key))
        for event in events.read(lab.db, 0, 10_000)
    )  # fmt: skip
    assert projections.digests(rebuilt) == projections.digests(lab.db)


def _body(lab, seq):
    return lab.db.execute("SELECT body FROM event WHERE seq=?", [seq]).fetchone()[0].encode()


def test_a_run_that_names_no_instrument_may_have_been_measured_on_the_held_one(lab, bench, steady):
    seen(lab, 200.0)
    unnamed = a_run(lab, bench, instrument="")
    with pytest.raises(StateError, match="control steady of ftir-1"):
        review.review(lab, "rex", unnamed.id, accept=True)
    seen(lab, 100.0)
    assert review.review(lab, "rex", unnamed.id, accept=True).state is FindingState.REVIEWED


def test_the_self_check_tells_what_is_held_and_what_is_overdue(lab, steady):
    def told():
        return next(each for each in doctor.examine(lab) if each.name == "instruments")

    assert told().state is doctor.State.WARN
    assert "never verified (axis)" in told().found
    seen(lab, 200.0)
    assert "control steady" in told().found
