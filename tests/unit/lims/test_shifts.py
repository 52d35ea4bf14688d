from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from lims import parties, shifts
from lims.errors import RecordError

NIGHTS = shifts.parsed(["mon-fri 22:00-02:30"])
PHOENIX = ZoneInfo("America/Phoenix")


def opening(moment, windows=NIGHTS, zone=PHOENIX):
    return shifts.opening(windows, zone, datetime.fromisoformat(moment).replace(tzinfo=zone))


def test_a_window_runs_over_midnight_into_the_next_day():
    found = opening("2026-11-28T01:00")  # Saturday morning: Friday's window
    assert found.closes_at.astimezone(PHOENIX).isoformat() == "2026-11-28T02:30:00-07:00"
    assert found.is_open(datetime(2026, 11, 28, 8, 0, tzinfo=UTC))


def test_between_windows_the_next_one_counts():
    found = opening("2026-11-28T03:00")
    assert found.opens_at.astimezone(PHOENIX).isoformat() == "2026-11-30T22:00:00-07:00"


def test_without_windows_there_is_none():
    assert opening("2026-11-28T03:00", windows=()) is None


def test_a_clock_set_forward_shortens_the_night():
    windows = shifts.parsed(["sat 23:00-03:30"])
    found = opening("2026-03-07T23:30", windows, ZoneInfo("America/New_York"))
    assert (found.closes_at - found.opens_at).total_seconds() == 3.5 * 3600


@pytest.mark.parametrize(
    "typed",
    ["noon", "mon 25:00-26:00", "xyz 10:00-11:00", "mon 10-11", "mon 9:61-10:00", ""],
)
def test_what_is_no_window_is_refused(typed):
    with pytest.raises(RecordError):
        shifts.parsed([typed])


def test_windows_that_overlap_are_refused_round_the_week_too():
    with pytest.raises(RecordError, match="overlap"):
        shifts.parsed(["mon 22:00-02:30", "tue 02:00-04:00"])
    with pytest.raises(RecordError, match="overlap"):
        shifts.parsed(["sun 22:00-02:30", "mon 02:00-04:00"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Imports, L.L.C.", "ACME IMPORTS"),
        ("Müller GmbH", "muller"),
        ("Sol y Mar, S.A.", "SOL  Y  MAR SA"),
    ],
)
def test_two_spellings_of_a_name_meet(one, other):
    assert parties.key("consignee", one) == parties.key("consignor", other) != ""


def test_names_meet_no_addresses_and_too_little_meets_nothing():
    assert parties.key("consignee", "12 Main Street") != parties.key(
        "consignee_address", "12 Main St."
    )
    assert parties.key("consignee_address", "12 Main St.") == parties.key(
        "consignee_address", "12 main street"
    )
    assert parties.key("consignee", "Co.") == ""
    assert parties.key("consignee", "Acme East") != parties.key("consignee", "Acme West")
