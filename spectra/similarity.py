"""Scores between two curves on one grid: 1.0 is the same shape. Slow, plain and exact.

The index of `spectra.curve_index` gives the same numbers for whole libraries.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.derivative import first_derivative
from spectra.errors import FlatSpectrumError, GridMismatchError

POLYNOMIAL_DEGREE = 10


def correlation(query: FloatArray, reference: FloatArray) -> float:
    """Return the Pearson correlation of two curves over the points both have.

    Parameters
    ----------
    query, reference : ndarray of float, shape (n_points,)
        One grid, same order; NaN where not measured.

    Returns
    -------
    float
        −1.0 to 1.0. Offset and positive scale of either do not matter.

    Raises
    ------
    GridMismatchError
        The lengths differ or fewer than three points are shared.
    FlatSpectrumError
        One of them does not vary over the shared points.
    """
    a, b = _shared(query, reference)
    return _cosine(a - a.mean(), b - b.mean(), max(np.abs(a).max(), np.abs(b).max()))


def hit_quality_index(query: FloatArray, reference: FloatArray) -> float:
    """Return the squared correlation, 0.0 to 1.0; 0.0 where the two are anticorrelated.

    Some vendors report the complement, with 0 as the best value. Parameters and errors as in
    `correlation`.

    Examples
    --------
    >>> x = np.array([0.0, 1.0, 0.0, 0.5])
    >>> round(hit_quality_index(x, 3 * x + 1), 12)
    1.0
    """
    return max(correlation(query, reference), 0.0) ** 2


def derivative_correlation(query: FloatArray, reference: FloatArray, half: int = 8) -> float:
    """Return the correlation of the Savitzky-Golay first derivatives (order 2).

    Parameters
    ----------
    query, reference : ndarray of float, shape (n_points,)
        One grid of equal steps; NaN where not measured.
    half : int
        The window is ``2·half + 1`` points.

    Returns
    -------
    float
        −1.0 to 1.0; blind to offset and nearly so to a broad baseline.

    Raises
    ------
    GridMismatchError, FlatSpectrumError
        As in `correlation`.
    """
    slope_q, exists_q = first_derivative(query, half)
    slope_r, exists_r = first_derivative(reference, half)
    return correlation(np.where(exists_q, slope_q, np.nan), np.where(exists_r, slope_r, np.nan))


def projected_correlation(
    query: FloatArray, reference: FloatArray, degree: int = POLYNOMIAL_DEGREE
) -> float:
    """Return the cosine of two curves after all polynomials up to ``degree`` are removed.

    Exactly blind to any polynomial baseline up to that degree. Parameters, range and errors as in
    `correlation`.
    """
    a, b = _shared(query, reference)
    shared = np.isfinite(query) & np.isfinite(reference)
    basis = polynomial_basis(np.flatnonzero(shared).astype(np.float64), degree)
    scale = max(np.abs(a).max(), np.abs(b).max())
    return _cosine(a - basis @ (basis.T @ a), b - basis @ (basis.T @ b), scale)


def polynomial_basis(x: FloatArray, degree: int) -> FloatArray:
    """Return an orthonormal basis of the polynomials up to ``degree``, shape (n, degree + 1)."""
    span = max(float(x[-1] - x[0]), 1.0) if x.size else 1.0
    scaled = 2 * (x - x[0]) / span - 1 if x.size else x
    degree = min(degree, max(x.size - 1, 0))
    basis = np.polynomial.chebyshev.chebvander(scaled, degree)
    # Gram-Schmidt, twice over: a QR of LAPACK waits for its threads longer than this takes.
    for k in range(basis.shape[1]):
        for _ in range(2):
            basis[:, k] -= basis[:, :k] @ (basis[:, :k].T @ basis[:, k])
        basis[:, k] /= np.linalg.norm(basis[:, k])
    return np.asarray(basis, dtype=np.float64)


def _shared(query: FloatArray, reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    if query.shape != reference.shape or query.ndim != 1:
        raise GridMismatchError(f"shapes {query.shape} and {reference.shape} are not one grid")
    shared: npt.NDArray[np.bool_] = np.isfinite(query) & np.isfinite(reference)
    if np.count_nonzero(shared) < 3:
        raise GridMismatchError(
            f"only {np.count_nonzero(shared)} points were measured in both spectra"
        )
    return query[shared], reference[shared]


def _cosine(a: FloatArray, b: FloatArray, scale: float) -> float:
    norms = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if min(norms) <= 1e-12 * scale * np.sqrt(a.size):
        raise FlatSpectrumError("a spectrum without variance has no correlation")
    return float(np.clip((a / norms[0]) @ (b / norms[1]), -1.0, 1.0))
