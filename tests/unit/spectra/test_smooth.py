from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import savgol_filter

from spectra.derivative import first_derivative, second_derivative
from spectra.errors import SpectrumError
from spectra.smooth import measured_runs, savitzky_golay


@pytest.mark.parametrize(("half", "order"), [(1, 0), (3, 2), (5, 3), (8, 4), (12, 6)])
def test_smoothing_is_that_of_savitzky_and_golay_ends_included(half, order):
    y = np.random.default_rng(0).normal(size=120)
    expected = savgol_filter(y, 2 * half + 1, order, mode="interp")
    np.testing.assert_allclose(savitzky_golay(y, half, order), expected, atol=1e-11)


def test_each_measured_run_is_smoothed_on_its_own():
    y = np.random.default_rng(1).normal(size=60)
    y[20:23] = np.nan
    y[40] = np.nan
    y[43:] = np.nan
    made = savitzky_golay(y, 3)
    np.testing.assert_allclose(made[:20], savgol_filter(y[:20], 7, 2), atol=1e-12)
    np.testing.assert_allclose(made[23:40], savgol_filter(y[23:40], 7, 2), atol=1e-12)
    # A run shorter than the window cannot be smoothed and is not passed off as smooth.
    assert np.isnan(made[[20, 21, 22, *range(40, 60)]]).all()


def test_a_polynomial_of_the_order_comes_through():
    x = np.linspace(-1, 1, 50)
    y = 3 + 2 * x - 5 * x**2
    np.testing.assert_allclose(savitzky_golay(y, 6), y, atol=1e-12)


@pytest.mark.parametrize(
    ("y", "half", "order"),
    [
        (np.ones((2, 20)), 3, 2),
        (np.ones(20), 0, 2),
        (np.ones(20), 3, 7),
        (np.ones(20), 1, 3),
        (np.ones(5000), 501, 2),
        (np.ones(5), 3, 2),
        ([], 3, 2),
        (np.r_[np.inf, np.ones(20)], 3, 2),
    ],
)
def test_what_cannot_be_smoothed_is_refused(y, half, order):
    with pytest.raises(SpectrumError):
        savitzky_golay(y, half, order)


def test_runs_are_what_lies_between_missing_points():
    y = np.array([np.nan, 1, 2, np.nan, np.nan, 3, np.nan, 4])
    assert measured_runs(y) == [slice(1, 3), slice(5, 6), slice(7, 8)]
    assert measured_runs(np.array([])) == []


@pytest.mark.parametrize("half", [1, 4, 8])
def test_second_derivative_is_that_of_savitzky_and_golay(half):
    curves = np.random.default_rng(1).normal(size=(3, 90))
    bend, exists = second_derivative(curves, half, step=2.0)
    expected = savgol_filter(curves, 2 * half + 1, 2, deriv=2, delta=2.0, axis=1)
    inner = slice(half, 90 - half)
    assert bend[:, inner] == pytest.approx(expected[:, inner], abs=1e-11)
    np.testing.assert_array_equal(exists, first_derivative(curves, half)[1])
