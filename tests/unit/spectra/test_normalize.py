from __future__ import annotations

import numpy as np
import pytest

from spectra import normalize
from spectra.errors import FlatSpectrumError, GridMismatchError, SpectrumError

Y = np.array([1.0, np.nan, 4.0, 2.0, -1.0])
X = np.array([10.0, 12.0, 14.0, 16.0, 18.0])


def test_snv_has_mean_zero_and_deviation_one():
    made = normalize.standard_normal_variate(Y)
    assert np.nanmean(made) == pytest.approx(0, abs=1e-15)
    assert np.nanstd(made, ddof=1) == pytest.approx(1)
    assert np.isnan(made[1])


def test_squares_of_a_unit_vector_sum_to_one():
    assert np.nansum(normalize.unit_vector(Y) ** 2) == pytest.approx(1)


def test_the_maximum_becomes_one():
    np.testing.assert_allclose(normalize.maximum(Y), Y / 4)


def test_the_area_becomes_one_on_either_axis_direction():
    made = normalize.area(Y, X)
    # The gap counts as nothing: trapezoids 14 to 16 and 16 to 18.
    assert made[2] == pytest.approx(4 / (2 * (4 + 2) / 2 + 2 * (2 - 1) / 2))
    np.testing.assert_allclose(normalize.area(Y[::-1], X[::-1])[::-1], made)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_neither_huge_nor_tiny_ordinates_overflow(scale):
    for name, method in normalize.METHODS.items():
        made = method(scale * np.abs(Y), X)
        expected = method(np.abs(Y), X)
        np.testing.assert_allclose(made, expected, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    ("method", "y"),
    [
        ("snv", [2.0, 2.0, 2.0]),
        ("unit_vector", [0.0, 0.0, 0.0]),
        ("maximum", [-1.0, -2.0, 0.0]),
        ("area", [1.0, -3.0, 1.0]),
    ],
)
def test_a_curve_without_that_scale_is_refused(method, y):
    with pytest.raises(FlatSpectrumError):
        normalize.METHODS[method](np.array(y), np.arange(3.0))


@pytest.mark.parametrize("method", sorted(normalize.METHODS))
@pytest.mark.parametrize("y", [[], [np.nan] * 3, [1.0, np.inf, 2.0], [[1.0, 2.0]] * 3])
def test_bad_input_is_refused(method, y):
    with pytest.raises(SpectrumError):
        normalize.METHODS[method](np.array(y), np.arange(3.0))


def test_axes_of_another_length_are_refused():
    with pytest.raises(GridMismatchError):
        normalize.area(Y, X[:3])
