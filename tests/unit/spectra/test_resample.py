from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from spectra.errors import AxisError, GridMismatchError
from spectra.grid import Grid
from spectra.resample import onto_grid

GRID = Grid(start_cm1=0.0, stop_cm1=100.0, step_cm1=2.0)


def band(x):
    return np.exp(-((x - 51.3) ** 2) / 80.0)


def test_points_on_the_grid_stay_as_they_are():
    made = onto_grid(GRID.x, band(GRID.x), GRID)
    assert made.method == "linear"
    assert made.y == pytest.approx(band(GRID.x), abs=1e-12)


def test_descending_and_ascending_give_the_same():
    x = np.linspace(-3.0, 104.0, 70)
    up, down = onto_grid(x, band(x), GRID), onto_grid(x[::-1], band(x)[::-1], GRID)
    np.testing.assert_array_equal(up.y, down.y)


def test_fine_data_is_averaged_over_each_step():
    x = np.arange(-2.0, 102.0, 0.05)
    made = onto_grid(x, band(x), GRID)
    assert made.method == "mean over each step"
    expected = [quad(band, g - 1, g + 1)[0] / 2 for g in GRID.x]
    assert made.y == pytest.approx(expected, abs=1e-4)


def test_averaging_keeps_the_area():
    rng = np.random.default_rng(5)
    x = np.sort(rng.uniform(-1.0, 101.0, 900))
    x[0], x[-1] = -1.0, 101.0
    y = rng.normal(size=900)
    made = onto_grid(x, y, GRID)
    assert made.y.sum() * GRID.step_cm1 == pytest.approx(np.trapezoid(y, x))


def test_nothing_is_extrapolated():
    x = np.arange(20.0, 60.0, 1.9)
    made = onto_grid(x, band(x), GRID)
    inside = (GRID.x >= x[0]) & (GRID.x <= x[-1])
    np.testing.assert_array_equal(np.isfinite(made.y), inside)


@pytest.mark.parametrize("step", [0.1, 1.0, 3.0])
def test_a_gap_is_not_bridged(step):
    x = np.arange(0.0, 100.0 + step, step)
    x = x[(x <= 40.0) | (x >= 60.0)]
    made = onto_grid(x, np.ones(x.size), GRID)
    gap = (GRID.x > 41.0) & (GRID.x < 59.0)
    assert np.isnan(made.y[gap]).all()
    assert np.isfinite(made.y[GRID.x <= 38.0]).all()


@pytest.mark.parametrize("step", [0.25, 2.0, 3.5])
def test_a_masked_point_is_not_bridged(step):
    x = np.arange(-1.0, 102.0, step)
    y = np.ones(x.size)
    at = int(np.argmin(np.abs(x - 50.0)))
    y[at] = np.nan
    made = onto_grid(x, y, GRID)
    near = int(np.argmin(np.abs(GRID.x - x[at])))
    assert np.isnan(made.y[near])
    assert np.isfinite(made.y[np.abs(GRID.x - x[at]) > 4.5]).all()


def test_data_much_coarser_than_the_grid_is_not_interpolated():
    x = np.arange(0.0, 101.0, 8.0)
    made = onto_grid(x, band(x), GRID)
    assert np.isfinite(made.y).sum() == np.isin(GRID.x, x).sum()


def test_field_raman_at_five_wavenumbers_is_interpolated_without_holes():
    x = np.arange(0.0, 103.0, 5.2)
    assert np.isfinite(onto_grid(x, band(x), GRID).y).sum() >= GRID.n_points - 2


def test_lengths_must_agree():
    with pytest.raises(GridMismatchError):
        onto_grid(np.arange(3.0), np.arange(4.0), GRID)


def test_an_axis_that_turns_back_is_an_error():
    with pytest.raises(AxisError):
        onto_grid(np.array([0.0, 2.0, 1.0]), np.zeros(3), GRID)


def test_one_point_covers_nothing():
    assert np.isnan(onto_grid(np.array([50.0]), np.array([1.0]), GRID).y).all()
