"""Extrapolated net weights against the standard library's arithmetic and Student's own table."""

import math
import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.errors import RecordError
from lims.net_weight import extrapolated

# Student's t, two-sided 95 %, by degrees of freedom (any printed table).
T95 = {1: 12.706, 4: 2.776, 9: 2.262, 19: 2.093, 29: 2.045}


@pytest.mark.parametrize("number", [2, 5, 10, 20, 30])
def test_interval_is_students(number):
    weights = [1_000_000 + 7_000 * (i % 5) for i in range(number)]
    found = extrapolated(weights, 100, alpha=Fraction(1, 20), proven_units=90)
    mean, s = statistics.fmean(weights), statistics.stdev(weights)
    half = T95[number - 1] * s / math.sqrt(number) * math.sqrt((100 - number) / 100)
    assert found.total_ug == pytest.approx(100 * mean, abs=1)
    assert found.half_width_ug == pytest.approx(100 * half, rel=3e-4)
    assert found.at_least_ug == pytest.approx(90 * (mean - half), rel=1e-5)


def test_every_unit_weighed_leaves_no_uncertainty_of_sampling():
    found = extrapolated([10, 20, 30], 3, alpha=Fraction(1, 20), proven_units=3)
    assert (found.total_ug, found.half_width_ug, found.at_least_ug) == (60, 0, 60)


def test_uneven_units_ask_for_more():
    even = extrapolated([100, 101, 99, 100], 50, alpha=Fraction(1, 20), proven_units=40)
    uneven = extrapolated([100, 150, 60, 100], 50, alpha=Fraction(1, 20), proven_units=40)
    assert even.enough
    assert not uneven.enough


@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=30), st.integers(0, 100))
def test_nothing_is_ever_negative(weights, more):
    population = len(weights) + more
    found = extrapolated(weights, population, alpha=Fraction(1, 100), proven_units=population)
    assert 0 <= found.at_least_ug <= found.total_ug + population
    assert found.half_width_ug >= 0


@pytest.mark.parametrize(
    ("weights", "population"), [([5], 9), ([], 9), ([1, 2, 3], 2), ([0, 5], 9)]
)
def test_too_few_or_impossible_weights_are_refused(weights, population):
    with pytest.raises(RecordError):
        extrapolated(weights or [1], population, alpha=Fraction(1, 20), proven_units=1)
