from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import (
    clock,
    conclusion,
    disposition,
    irregular,
    records,
    shifts,
    stopped,
    survival,
    turnaround,
)
from lims.errors import RecordError, StateError
from tests.lims_builders import a_finding, a_lab, a_sample, an_entry

START = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)

# Remission of leukaemia on 6-MP and on placebo, in weeks; "+" is censored. Freireich et al., Blood
# 21 (1963) 699; medians 23 and 8 as printed in Kleinbaum and Klein, Survival Analysis, chapter 2.
TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def read(text):
    parts = text.split()
    return [float(each.strip("+")) for each in parts], [not each.endswith("+") for each in parts]


@pytest.mark.parametrize(("text", "weeks"), [(TREATED, 23), (PLACEBO, 8)])
def test_median_is_the_published_one(text, weeks):
    assert survival.median(*read(text)) == weeks


def test_curve_has_the_published_shares():
    shares = dict(survival.curve(*read(TREATED)))
    assert [round(shares[week], 4) for week in (6, 7, 10, 23)] == [0.8571, 0.8067, 0.7529, 0.4482]


def slow_share(durations, finished, time):
    share = 1.0
    for moment in sorted({d for d, done in zip(durations, finished, strict=True) if done}):
        if moment > time:
            break
        risk = sum(d >= moment for d in durations)
        ended = sum(d == moment and done for d, done in zip(durations, finished, strict=True))
        share *= (risk - ended) / risk
    return share


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=25))
def test_curve_agrees_with_counting_by_hand(work):
    durations, finished = [float(d) for d, _ in work], [done for _, done in work]
    for time, share in survival.curve(durations, finished):
        assert share == pytest.approx(slow_share(durations, finished, time), abs=1e-9)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.sampled_from([0.5, 0.9, 0.95]))
def test_quantile_is_not_exceeded_by_its_share(values, share):
    found = survival.quantile(values, share)
    assert sum(v <= found for v in values) >= share * len(values)
    assert sum(v < found for v in values) < share * len(values)


def test_nothing_finished_has_no_median():
    assert survival.median([3.0, 4.0], [False, False]) is None
    assert survival.quantile([], 0.5) is None


@pytest.fixture
def at(monkeypatch):
    def _at(minutes):
        moment = START + timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda: moment)

    _at(0)
    return _at


@pytest.fixture
def lab(tmp_path, at):
    made = a_lab(tmp_path / "lab")
    yield made
    made.close()


def stage_of(lab, name):
    return next(s for s in turnaround.turnaround(lab).stages if s.name == name)


def test_open_work_lengthens_the_median(lab, tmp_path, at):
    quick = a_sample(lab).number
    a_sample(lab), a_sample(lab)
    at(10)
    a_finding(lab, tmp_path, quick, an_entry("no_match"))
    at(15)
    from lims import review

    review.review(lab, "rex", f"{quick}.F1", accept=True)
    at(20)
    conclusion.conclude(lab, "ana", quick)
    at(600)
    found = stage_of(lab, "intake_to_presumptive")
    assert (found.finished, found.open, found.median) == (1, 2, 20.0)
    assert found.median_with_open is None
    assert found.oldest_open == 600.0
    assert found.within_target == 1.0
    assert stage_of(lab, "wait_review").median == 5.0
    assert stage_of(lab, "wait_release").open == 1


def test_past_moment_knows_nothing_of_what_came_later(lab, tmp_path, at):
    quick, slow = a_sample(lab).number, a_sample(lab).number
    at(10)
    a_finding(lab, tmp_path, quick, an_entry("no_match"), reviewed=True)
    at(20)
    conclusion.conclude(lab, "ana", quick)
    at(30)
    seen = turnaround.turnaround(lab).stages
    at(300)
    a_sample(lab)
    irregular.report_lost(lab, "ana", slow, circumstances="not on the shelf")
    a_finding(lab, tmp_path, quick, an_entry("match", "xylazine"), reviewed=True)
    conclusion.conclude(lab, "ana", quick)
    disposition.seize(lab, "olga", records.sample(lab.db, quick).shipment, "xylazine")
    at(600)
    then = START + timedelta(minutes=30)
    assert turnaround.turnaround(lab, at=then).stages == seen
    assert turnaround.turnaround(lab).stages != seen


def test_stopped_time_is_not_the_labs(lab, tmp_path, at):
    sample = a_sample(lab).number
    at(10)
    stopped.stop(lab, "ana", sample, stopped.Because.OFFICER)
    with pytest.raises(StateError, match="still already"):
        stopped.stop(lab, "ana", sample, stopped.Because.COURT)
    at(40)
    stopped.resume(lab, "ana", sample)
    with pytest.raises(StateError, match="runs"):
        stopped.resume(lab, "ana", sample)
    a_finding(lab, tmp_path, sample, an_entry("no_match"), reviewed=True)
    at(50)
    conclusion.conclude(lab, "ana", sample)
    found = stage_of(lab, "intake_to_presumptive")
    assert (found.median, found.net_median) == (50.0, 20.0)
    assert turnaround.turnaround(lab).stopped == {"officer": 30.0}


def test_a_full_lab_is_warned(lab, tmp_path, at):
    shifts.set_calendar(lab, "lee", shifts.parsed(["mon 22:00-23:10"]), reason="x")
    assert turnaround.turnaround(lab).load.utilisation is None
    samples = [a_sample(lab).number for _ in range(5)]
    for number in samples:
        a_finding(lab, tmp_path, number, an_entry("no_match"), reviewed=True)
    at(60)
    for number in samples:
        conclusion.conclude(lab, "ana", number)
    load = turnaround.turnaround(lab).load
    # Two analysts have 70 minutes a week between them for each: 20 a day; 5/7 of 60 arrive.
    assert load.utilisation == pytest.approx(5 / 7 * 60 / 20, abs=0.001)
    assert "above 85%" in load.warning
    assert load.expected_open == pytest.approx(5 / 7 * 60 / 1440, abs=0.005)


def test_days_have_bounds(lab):
    with pytest.raises(RecordError, match="between 1"):
        turnaround.turnaround(lab, 0)
