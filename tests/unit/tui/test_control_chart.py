"""The chart of Levey and Jennings in plain characters."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.control_record import Control, ControlValue, Quantity
from lims.westgard import Baseline, Verdict
from tui.control_chart import HEIGHT, MARKS, chart

NOW = datetime(2026, 11, 24, tzinfo=UTC)
STEADY = Baseline(n=20, mean=100.0, sd=2.0)
EARLY = Baseline(n=3)


def a_control(**limits):
    facts = {"expected": 100.0, "lowest": 90.0, "highest": 110.0} | limits
    return Control(
        name="c", instrument="i", quantity=Quantity.OTHER, unit="", substance="", serial=1,
        material="", lot="", at=NOW, by="qm", **facts,
    )  # fmt: skip


def a_value(value, verdict=Verdict.ACCEPTED):
    return ControlValue(
        number=1, control="c", serial=1, value=value, verdict=verdict, broken=(), z=None, n=0,
        mean=None, sd=None, file_name="", raw_sha256="", place="", note="", edition="1", at=NOW,
        by="ana",
    )  # fmt: skip


def row_of(lines, column):
    """The row that holds the mark of a value."""
    (row,) = [
        at for at, line in enumerate(lines) if line.partition("|")[2][column : column + 1] in
        set(MARKS.values())
    ]  # fmt: skip
    return row


def test_lines_are_those_of_the_rules():
    lines = chart(a_control(), [a_value(100.0)], STEADY)
    named = [line.partition("|")[0].split()[0] for line in lines if line.partition("|")[0].strip()]
    assert named == ["+3s", "+2s", "+1s", "mean", "-1s", "-2s", "-3s"]


def test_before_there_is_a_mean_the_lines_are_the_limits():
    lines = chart(a_control(), [a_value(100.0)], EARLY)
    named = [line.partition("|")[0].split()[0] for line in lines if line.partition("|")[0].strip()]
    assert named == ["highest", "expected", "lowest"]


@given(st.lists(st.floats(80.0, 120.0), min_size=2, max_size=40))
def test_a_higher_value_never_stands_lower(values):
    lines = chart(a_control(), [a_value(v) for v in values], STEADY)
    rows = [row_of(lines, column) for column in range(len(values))]
    for a, first in zip(values, rows, strict=True):
        for b, second in zip(values, rows, strict=True):
            assert not (a > b and first > second)


@given(
    st.lists(st.floats(-1e15, 1e15), max_size=5),
    st.sampled_from([STEADY, EARLY]),
    st.integers(1, 200),
    st.integers(5, 30),
    st.sampled_from([{}, {"expected": None, "lowest": None}, {"highest": None, "expected": None}]),
)
def test_any_values_are_drawn_within_the_chart(values, at, width, height, limits):
    lines = chart(a_control(**limits), [a_value(v) for v in values], at, width=width, height=height)
    assert len(lines) == height
    drawn = sum(line.partition("|")[2].count("o") for line in lines)
    assert drawn == len(values)


def test_the_newest_values_are_shown_and_marked():
    old = [a_value(100.0)] * 500
    lines = chart(a_control(), [*old, a_value(140.0, Verdict.REJECTED)], STEADY, width=60)
    assert all(len(line) <= 60 for line in lines)
    assert lines[0].endswith("X")
    assert sum(line.count("X") for line in lines) == 1


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_mark_of_its_own(verdict):
    assert len(set(MARKS.values())) == len(Verdict)
    lines = chart(a_control(), [a_value(100.0, verdict)], STEADY)
    assert lines[HEIGHT // 2].endswith(MARKS[verdict])
