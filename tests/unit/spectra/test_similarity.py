from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import savgol_filter

from spectra.errors import FlatSpectrumError, GridMismatchError
from spectra.similarity import (
    correlation,
    derivative_correlation,
    hit_quality_index,
    projected_correlation,
)

SCORES = [correlation, hit_quality_index, derivative_correlation, projected_correlation]
RNG = np.random.default_rng(3)
A, B = RNG.normal(size=(2, 300)).cumsum(axis=1)


@pytest.mark.parametrize("score", SCORES)
def test_a_curve_is_like_itself_whatever_its_scale_and_offset(score):
    assert score(A, 3 * A + 7) == pytest.approx(1.0)


@pytest.mark.parametrize("score", SCORES)
def test_scores_are_symmetric_and_bounded(score):
    assert score(A, B) == pytest.approx(score(B, A))
    assert -1 <= score(A, B) <= 1


@pytest.mark.parametrize("score", SCORES)
def test_a_flat_curve_has_no_score(score):
    with pytest.raises(FlatSpectrumError):
        score(A, np.full(300, 0.3))


@pytest.mark.parametrize("score", SCORES)
def test_only_shared_points_count(score):
    a, b = A.copy(), B.copy()
    a[:100] = np.nan
    b[250:] = np.nan
    assert score(a, b) == pytest.approx(score(A[100:250], B[100:250]))


@pytest.mark.parametrize("score", SCORES)
def test_two_grids_are_an_error(score):
    with pytest.raises(GridMismatchError):
        score(A, B[:-1])
    with pytest.raises(GridMismatchError):
        score(np.where(np.arange(300) < 150, A, np.nan), np.where(np.arange(300) < 150, np.nan, B))


def test_correlation_is_pearsons():
    assert correlation(A, B) == pytest.approx(np.corrcoef(A, B)[0, 1])


def test_hit_quality_index_of_opposites_is_zero():
    assert hit_quality_index(A, -A) == 0.0


def test_derivative_correlation_equals_scipy_and_corrcoef():
    slope = savgol_filter(np.stack((A, B)), 17, 2, deriv=1, axis=1)[:, 8:-8]
    assert derivative_correlation(A, B) == pytest.approx(np.corrcoef(slope)[0, 1])


def test_projected_correlation_is_blind_to_polynomials():
    x = np.linspace(-1, 1, 300)
    baseline = 40 * x**9 - 25 * x**4 + 300 * x
    assert projected_correlation(A + baseline, B) == pytest.approx(projected_correlation(A, B))


def test_projected_correlation_equals_residuals_of_a_fit():
    x = np.linspace(-1, 1, 300)
    left = [c - np.polynomial.Chebyshev.fit(x, c, 10)(x) for c in (A, B)]
    expected = left[0] @ left[1] / np.linalg.norm(left[0]) / np.linalg.norm(left[1])
    assert projected_correlation(A, B) == pytest.approx(expected)
