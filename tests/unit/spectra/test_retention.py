from __future__ import annotations

import numpy as np
import pytest

from spectra.errors import AxisError, GridMismatchError, SpectrumError
from spectra.retention import index_difference_allows, kovats_index, programmed_index

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
