from __future__ import annotations

import numpy as np
import pytest

from spectra.errors import GridMismatchError, NotComparableError
from spectra.grid import FTIR_GRID, RAMAN_GRID, Grid, canonical
from spectra.spectrum import Technique


def test_canonical_grids_hold_both_ends():
    assert FTIR_GRID.n_points == 1801
    assert (FTIR_GRID.x[0], FTIR_GRID.x[-1]) == (400.0, 4000.0)
    assert canonical(Technique.RAMAN) is RAMAN_GRID


def test_other_techniques_have_no_grid():
    with pytest.raises(NotComparableError):
        canonical(Technique.GCMS)


def test_grid_is_recovered_from_its_axis():
    grid = Grid.from_axis(RAMAN_GRID.x, max_shift_cm1=10.0)
    assert grid == RAMAN_GRID


@pytest.mark.parametrize(
    "axis",
    [
        np.array([1.0]),
        np.array([3.0, 2.0, 1.0]),
        np.array([1.0, 2.0, 4.0]),
        np.array([1.0, np.nan, 3.0]),
    ],
)
def test_uneven_or_descending_axes_are_no_grid(axis):
    with pytest.raises(GridMismatchError):
        Grid.from_axis(axis)


@pytest.mark.parametrize("step", [0.0, -2.0, 7.0, 1e-9])
def test_a_grid_is_a_whole_number_of_steps(step):
    with pytest.raises(GridMismatchError):
        Grid(start_cm1=400.0, stop_cm1=500.0, step_cm1=step)
