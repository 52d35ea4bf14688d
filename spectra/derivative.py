"""Derivatives of curves on a grid, blind to any offset and little moved by a baseline."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.errors import GridMismatchError

BoolArray = npt.NDArray[np.bool_]

# 17 points at 2 cm⁻¹: about 1 to 1.5 times the median band width of condensed phases. On 477
# infrared queries of other specimens it ranks first more often than any other tried width, second
# derivative, correlation or baseline removal.
WINDOW_CM1 = 34.0


def half_window(step_cm1: float, window_cm1: float = WINDOW_CM1) -> int:
    """Return the points on either side of the centre for a window in cm⁻¹; at least 1."""
    return max(1, round((window_cm1 / step_cm1 - 1) / 2))


def first_derivative(
    curves: npt.NDArray[np.floating], half: int, step: float = 1.0
) -> tuple[FloatArray, BoolArray]:
    """Return the Savitzky-Golay first derivative (order 2) and where it exists.

    Parameters
    ----------
    curves : ndarray of float, shape (..., n_points)
        On equal steps; NaN where not measured.
    half : int
        The window is ``2·half + 1`` points.
    step : float
        Grid step; the derivative is per unit of it.

    Returns
    -------
    derivative : ndarray of float64, shape (..., n_points)
        0.0 where it does not exist.
    exists : ndarray of bool, same shape
        True where the whole window was measured.

    Raises
    ------
    GridMismatchError
        The curves are shorter than the window.

    Notes
    -----
    For a symmetric window the least-squares parabola has the slope Σ k·y_k / Σ k² (Savitzky and
    Golay, Anal. Chem. 36 (1964) 1627), so it is a sum of ``half`` differences.
    """
    n_points = curves.shape[-1]
    if n_points < 2 * half + 1:
        raise GridMismatchError(f"{n_points} points are fewer than the window of {2 * half + 1}")
    measured = np.isfinite(curves)
    filled = np.where(measured, curves, 0.0).astype(np.float64, copy=False)
    inner = slice(half, n_points - half)
    slope = np.zeros(curves.shape, dtype=np.float64)
    for k in range(1, half + 1):
        ahead = filled[..., half + k : n_points - half + k]
        behind = filled[..., half - k : n_points - half - k]
        slope[..., inner] += k * (ahead - behind)
    slope /= step * half * (half + 1) * (2 * half + 1) / 3.0
    exists = whole_windows(measured, half)
    slope[~exists] = 0.0
    return slope, exists


def second_derivative(
    curves: npt.NDArray[np.floating], half: int, step: float = 1.0
) -> tuple[FloatArray, BoolArray]:
    """Return the Savitzky-Golay second derivative (order 2) and where it exists.

    Parameters and errors as in `first_derivative`; the derivative is per unit of ``step`` squared.
    Blind to any straight line, and noisier than the first.

    Notes
    -----
    For a symmetric window the least-squares parabola has the curvature
    2·Σ (k² − m)·y_k / Σ (k² − m)², with m the mean of k².
    """
    n_points = curves.shape[-1]
    if n_points < 2 * half + 1:
        raise GridMismatchError(f"{n_points} points are fewer than the window of {2 * half + 1}")
    measured = np.isfinite(curves)
    filled = np.where(measured, curves, 0.0).astype(np.float64, copy=False)
    squares = np.arange(-half, half + 1, dtype=np.float64) ** 2
    weights = squares - squares.mean()
    inner = slice(half, n_points - half)
    bend = np.zeros(curves.shape, dtype=np.float64)
    bend[..., inner] = weights[half] * filled[..., inner]
    for k in range(1, half + 1):
        ahead = filled[..., half + k : n_points - half + k]
        behind = filled[..., half - k : n_points - half - k]
        bend[..., inner] += weights[half + k] * (ahead + behind)
    bend *= 2.0 / (step**2 * float(weights @ weights))
    exists = whole_windows(measured, half)
    bend[~exists] = 0.0
    return bend, exists


def whole_windows(measured: BoolArray, half: int) -> BoolArray:
    """Return where all points within ``half`` are True, shape (..., n_points); ends are False."""
    n_points = measured.shape[-1]
    before = np.zeros((*measured.shape[:-1], n_points + 1), dtype=np.int64)
    np.cumsum(measured, axis=-1, out=before[..., 1:])
    width = 2 * half + 1
    exists = np.zeros(measured.shape, dtype=np.bool_)
    if n_points >= width:
        exists[..., half : n_points - half] = before[..., width:] - before[..., :-width] == width
    return exists
