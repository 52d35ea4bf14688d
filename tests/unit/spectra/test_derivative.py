from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import savgol_filter

from spectra.derivative import first_derivative, half_window, whole_windows
from spectra.errors import GridMismatchError


@pytest.mark.parametrize("half", [1, 4, 8])
def test_derivative_is_that_of_savitzky_and_golay(half):
    curves = np.random.default_rng(1).normal(size=(3, 90))
    slope, exists = first_derivative(curves, half, step=2.0)
    expected = savgol_filter(curves, 2 * half + 1, 2, deriv=1, delta=2.0, axis=1)
    inner = slice(half, 90 - half)
    assert slope[:, inner] == pytest.approx(expected[:, inner], abs=1e-12)
    assert exists[:, inner].all()
    assert not exists[:, :half].any()
    assert (slope[~exists] == 0).all()


def test_a_missing_point_takes_its_whole_window():
    curve = np.arange(50.0)
    curve[20] = np.nan
    _, exists = first_derivative(curve, 3)
    assert set(np.flatnonzero(~exists)) == {0, 1, 2, 47, 48, 49, *range(17, 24)}


def test_whole_windows_equal_a_plain_loop():
    measured = np.random.default_rng(2).random(200) > 0.05
    plain = [2 <= i < 198 and bool(measured[max(i - 2, 0) : i + 3].all()) for i in range(200)]
    np.testing.assert_array_equal(whole_windows(measured, 2), plain)


def test_window_is_stated_in_wavenumbers():
    assert half_window(2.0) == 8
    assert half_window(1.0) == 16 or half_window(1.0) == 17
    assert half_window(100.0) == 1


def test_a_curve_shorter_than_the_window_is_an_error():
    with pytest.raises(GridMismatchError):
        first_derivative(np.zeros(16), 8)
