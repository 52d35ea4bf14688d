"""The clock of a lab is set back, set forward, or crosses a change of daylight saving time.

The record is ordered by its numbers, whatever the clock says; nobody is shown a negative age, and
each sample is submitted and tested in exactly one day's report.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import audit, clock, conclusion, custody, doctor, intake, outbox, queries
from lims.doctor import State
from lims.lab import open_lab
from lims.model import ShipmentDraft
from lims.turnaround import turnaround
from lims.waiting import waiting
from lims.work_order import paced
from reports import daily, records
from tests.lims_builders import a_finding, a_lab, a_sample, a_shipment, an_entry, stored

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STEPS = (
    timedelta(0),
    timedelta(days=1),
    timedelta(seconds=-90),
    timedelta(hours=-26),
    timedelta(0),
    timedelta(days=-20_000),
    timedelta(milliseconds=-1),
    timedelta(days=20_010),
)
"""Each is added to what the clock said before: back and forth by milliseconds, and to 1972."""


class SteppedClock:
    """A clock that somebody sets; it never goes on by itself."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def stepped():
    hands = SteppedClock()
    with clock.running_from(hands):
        yield hands


@pytest.fixture
def lab(tmp_path, stepped):
    made = a_lab(tmp_path / "lab", timezone="America/New_York")
    yield made
    made.close()


@pytest.fixture
def bench(tmp_path):
    folder = tmp_path / "bench"
    folder.mkdir()
    return folder


def test_numbers_order_the_record_whatever_the_clock_says(lab, stepped):
    before = len(audit.events(lab, 0, 1000))
    numbers = set()
    for step in STEPS:
        stepped.at += step
        numbers |= {a_shipment(lab).number, a_shipment(lab).number}
    assert len(numbers) == 2 * len(STEPS)
    found = audit.events(lab, 0, 1000)
    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    assert len({event.event_id for event in found}) == len(found)
    assert len(found) == before + len(numbers)
    assert found[-3].at < found[-7].at < found[-1].at  # as the clock said it, not mended
    report = audit.verify(lab)
    assert report.problems == ()


def test_step_back_of_more_than_two_minutes_is_noted_and_a_smaller_one_is_not(lab, stepped):
    stepped.at -= timedelta(seconds=119)
    a_shipment(lab)
    assert audit.verify(lab).notices == ()
    stepped.at -= timedelta(seconds=2)
    a_shipment(lab)
    assert ["went back" in text for text in audit.verify(lab).notices] == [True]


def test_doctor_says_when_the_clock_is_behind_the_record(lab, stepped):
    said = {each.name: each for each in doctor.examine(lab)}
    assert said["clock"].state is State.OK
    stepped.at -= timedelta(minutes=3)
    said = {each.name: each for each in doctor.examine(lab)}
    assert said["clock"].state is State.FAIL
    assert "Set the clock" in said["clock"].todo


def test_act_repeated_with_its_key_after_a_step_is_the_same_act(lab, stepped):
    draft = ShipmentDraft(declared_goods="sand")
    first = intake.add_shipment(lab, "olga", draft, key="one")
    for step in (timedelta(days=400), timedelta(days=-800)):
        stepped.at += step
        assert intake.add_shipment(lab, "olga", draft, key="one") == first


def test_custody_keeps_its_order_when_the_clock_goes_back(lab, stepped):
    sample = a_sample(lab)
    stepped.at -= timedelta(days=2)
    stored(lab, sample)
    custody.transfer(
        lab, sample.number, giver="place:shelf 1", taker="abe", actor="abe", seal=sample.seal
    )
    history = queries.sample_record(lab, sample.number).custody
    assert [each.taker for each in history][-2:] == ["place:shelf 1", "abe"]


def test_no_age_is_negative_while_the_clock_is_behind(lab, bench, stepped):
    idle, answered = a_sample(lab).number, a_sample(lab).number
    a_shipment(lab)
    outbox.queue(lab, "lee", "R1", "daily", b"body", b"s")
    stepped.at -= timedelta(hours=5)
    a_finding(lab, bench, answered, an_entry("match", "xylazine"), reviewed=True)
    conclusion.conclude(lab, "ana", answered)
    board = {row.sample: row for row in queries.board(lab)}
    assert set(board) == {idle, answered}
    assert all(row.age_minutes >= 0 for row in board.values())
    assert board[answered].answered_minutes == 0
    assert all(row.age_minutes >= 0 for row in paced(lab, queries.work_page(lab, 0, 100)))
    assert len(waiting(lab)) == 1
    stages = turnaround(lab).stages
    shown = [value for each in stages for value in (each.median, each.p95, each.median_with_open)]
    assert any(value is not None for value in shown)
    assert all(value is None or value >= 0 for value in shown)
    said = {each.name: each.found for each in doctor.examine(lab)}
    assert "-" not in said["outbox"]


def test_sample_concluded_before_it_came_by_the_clock_is_tested_on_one_day(lab, bench, stepped):
    sample = a_sample(lab).number
    stepped.at -= timedelta(days=1)  # somebody mends a clock that ran a day ahead
    a_finding(lab, bench, sample, an_entry("match", "xylazine"), reviewed=True)
    conclusion.conclude(lab, "ana", sample)
    stepped.at += timedelta(days=2)
    days = [daily.collect(lab, date(2026, 11, day)) for day in (22, 23, 24, 25)]
    assert [each.totals.submitted for each in days] == [0, 0, 1, 0]
    assert [each.totals.tested for each in days] == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("America/New_York", date(2026, 11, 1)),
        ("America/New_York", date(2026, 3, 8)),
        ("Pacific/Auckland", date(2026, 9, 27)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Africa/Cairo", date(2026, 4, 24)),  # midnight itself does not exist
        ("America/Havana", date(2026, 11, 1)),  # midnight comes twice
        ("Pacific/Apia", date(2011, 12, 30)),  # the whole day was left out
    ],
)
def test_days_of_a_zone_follow_each_other_without_gap_or_overlap(zone, changes):
    days = [records.period(changes + timedelta(days=shift), zone) for shift in range(-3, 4)]
    for (start, end), (following, _) in pairwise(days):
        assert start <= end == following


@given(
    zone=st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kabul"]),
    seconds=st.integers(0, 366 * 86_400),
)
def test_every_moment_belongs_to_its_local_day_alone(zone, seconds):
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    local = at.astimezone(records.zone(zone)).date()
    holding = []
    for shift in range(-2, 3):
        start, end = records.period(local + timedelta(days=shift), zone)
        if start <= at < end:
            holding.append(local + timedelta(days=shift))
    assert holding == [local]


@pytest.mark.parametrize("zone_of_the_computer", ["UTC", "Asia/Kolkata", "America/Anchorage"])
def test_each_sample_is_in_one_day_across_the_end_of_summer_time(
    tmp_path, stepped, monkeypatch, zone_of_the_computer
):
    monkeypatch.setenv("TZ", zone_of_the_computer)  # the record has a zone of its own
    stepped.at = datetime(2026, 10, 31, 22, 10, tzinfo=UTC)
    lab = a_lab(tmp_path / "lab", timezone="America/New_York")
    by_hand: Counter[str] = Counter()
    for _ in range(36):
        stepped.at += timedelta(hours=1)
        # The rule of 2026: four hours behind until 06:00 UTC on 1 November, five from then on.
        behind = 4 if stepped.at < datetime(2026, 11, 1, 6, tzinfo=UTC) else 5
        by_hand[f"{stepped.at - timedelta(hours=behind):%Y-%m-%d}"] += 1
        a_sample(lab)
    stepped.at += timedelta(days=3)
    lab.close()
    lab = open_lab(tmp_path / "lab")
    days = [date(2026, 10, 31) + timedelta(days=shift) for shift in range(-1, 4)]
    told = {str(day): daily.collect(lab, day).totals.submitted for day in days}
    lab.close()
    assert {day: count for day, count in told.items() if count} == dict(by_hand)
    assert sum(told.values()) == 36
