from __future__ import annotations

import numpy as np
import pytest

from spectra.errors import AxisError, GridMismatchError, SpectrumError
from spectra.retention import (
    Ladder,
    Phase,
    RetentionIndex,
    StatedIndex,
    index_difference_allows,
    kovats_index,
    programmed_index,
    tolerance,
    veto,
)

LADDER_S = np.array([300.0, 420.0, 540.0])
CARBONS = np.array([10.0, 11.0, 13.0])


def test_alkanes_have_a_hundred_times_their_carbons():
    for time, n in zip(LADDER_S, CARBONS, strict=True):
        assert programmed_index(time, LADDER_S, CARBONS) == 100 * n
        assert kovats_index(time, LADDER_S, CARBONS, 60.0) == pytest.approx(100 * n)


def test_programmed_index_by_hand():
    assert programmed_index(360.0, LADDER_S, CARBONS) == 1050.0
    # A rung is missing between 11 and 13: half-way is 12.
    assert programmed_index(480.0, LADDER_S, CARBONS) == 1200.0


def test_isothermal_index_by_hand():
    # Adjusted times 100 and 400; 200 is half-way on a logarithmic scale.
    ladder = np.array([160.0, 460.0])
    assert kovats_index(260.0, ladder, np.array([10.0, 11.0]), 60.0) == pytest.approx(1050.0)


@pytest.mark.parametrize("time", [299.9, 540.1, np.nan])
def test_nothing_is_extrapolated(time):
    with pytest.raises(SpectrumError):
        programmed_index(time, LADDER_S, CARBONS)


def test_ladders_that_cannot_be_are_refused():
    with pytest.raises(AxisError):
        programmed_index(350.0, LADDER_S[::-1], CARBONS)
    with pytest.raises(AxisError):
        programmed_index(350.0, LADDER_S, np.array([10.0, 10.0, 11.0]))
    with pytest.raises(SpectrumError, match="two alkanes"):
        programmed_index(300.0, LADDER_S[:1], CARBONS[:1])
    with pytest.raises(GridMismatchError):
        programmed_index(300.0, LADDER_S, CARBONS[:2])
    with pytest.raises(SpectrumError, match="dead time"):
        kovats_index(350.0, LADDER_S, CARBONS, 300.0)


def test_a_tolerance_is_a_veto():
    assert index_difference_allows(-9.9, 10)
    assert not index_difference_allows(10.1, 10)
    with pytest.raises(SpectrumError):
        index_difference_allows(1.0, 0.0)


def ladder(**changes):
    fields = {"carbons": np.arange(10, 21), "time_s": 300.0 + 60.0 * np.arange(11)}
    return Ladder(**{**fields, **changes})


def test_a_ladder_gives_the_index_of_its_method():
    assert ladder().index(330.0).value == pytest.approx(1050.0)
    expected = kovats_index(330.0, ladder().time_s, ladder().carbons, 60.0)
    assert ladder(dead_time_s=60.0).index(330.0).value == pytest.approx(expected)
    assert ladder(phase=Phase.POLAR).index(330.0).phase is Phase.POLAR


def test_the_uncertainty_is_that_of_three_times():
    # Half-way between two alkanes: u² = u_own² + 2 (u/2)², at 100/60 units a second.
    found = ladder(time_error_s=0.6).index(330.0, 0.8)
    expected = 100 / 60 * np.sqrt(0.6**2 + 0.8**2 + 2 * 0.3**2)
    assert found.uncertainty == pytest.approx(expected)
    rng = np.random.default_rng(1)
    drawn = [
        programmed_index(
            330.0 + rng.normal(0, 1.0), np.array([300.0, 360.0]) + rng.normal(0, 0.6, 2), [10, 11]
        )
        for _ in range(4000)
    ]
    assert np.std(drawn) == pytest.approx(found.uncertainty, rel=0.05)


def test_a_ladder_with_gaps_is_worth_less():
    carbons = np.array([10.0, 12.0, 19.0, 22.0])
    bent = Ladder(carbons=carbons, time_s=500 * np.sqrt(carbons))
    inside = 500 * np.sqrt(15.5)
    assert bent.index(inside).uncertainty > 5 * ladder().index(330.0).uncertainty
    assert abs(bent.index(inside).value - 1550) < 3 * bent.index(inside).uncertainty


def test_a_ladder_that_cannot_be_is_refused_when_it_is_made():
    for changes in (
        {"carbons": np.array([])},
        {"time_s": 300.0 + np.zeros(11)},
        {"carbons": np.arange(11)[::-1]},
        {"dead_time_s": 400.0},
        {"time_error_s": -1.0},
        {"time_s": np.full(11, np.nan)},
    ):
        with pytest.raises(SpectrumError):
            ladder(**changes)
    with pytest.raises(SpectrumError, match="two alkanes"):
        Ladder(carbons=np.array([]), time_s=np.array([]))


@pytest.mark.parametrize("time", [299.9, 900.1])
def test_a_ladder_does_not_reach_beyond_its_ends(time):
    assert not ladder().covers(time)
    with pytest.raises(SpectrumError, match="outside the ladder"):
        ladder().index(time)


MEASURED = RetentionIndex(value=2000.0, uncertainty=4.0, phase=Phase.SEMI_STANDARD_NON_POLAR)


def stated(value, phase=Phase.SEMI_STANDARD_NON_POLAR, deviation=None):
    return StatedIndex(value=value, phase=phase, deviation=deviation)


def test_an_index_rules_out_only_beyond_three_deviations():
    limit = 3 * np.hypot(4.0, 10.0)
    assert tolerance(MEASURED, stated(2000.0)) == pytest.approx(limit)
    assert veto(MEASURED, [stated(2000.0 - limit + 0.1)]) == ""
    assert "+33" in veto(MEASURED, [stated(2000.0 - limit - 0.5)])


def test_the_nearest_of_several_stated_values_decides():
    assert veto(MEASURED, [stated(1500.0), stated(2010.0)]) == ""
    assert veto(MEASURED, [stated(1500.0), stated(1900.0)])


def test_a_wide_scatter_of_the_source_widens_the_tolerance():
    assert veto(MEASURED, [stated(1940.0)])
    assert veto(MEASURED, [stated(1940.0, deviation=25.0)]) == ""


def test_nothing_is_ruled_out_by_another_phase_or_by_nothing():
    assert veto(MEASURED, []) == ""
    assert veto(MEASURED, [stated(1000.0, Phase.POLAR), stated(1000.0, Phase.UNKNOWN)]) == ""
    unknown = RetentionIndex(value=2000.0, uncertainty=4.0, phase=Phase.UNKNOWN)
    assert veto(unknown, [stated(1000.0, Phase.UNKNOWN)]) == ""
