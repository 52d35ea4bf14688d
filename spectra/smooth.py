"""Savitzky-Golay smoothing of equally spaced curves, ends included, gaps kept.

For the eye and for peak tables: a search takes its own derivative and gains nothing from it.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.errors import SpectrumError

WIDEST = 1001
_HIGHEST_ORDER = 6


def savitzky_golay(y: npt.ArrayLike, half: int, order: int = 2) -> FloatArray:
    """Return a curve smoothed by a moving least-squares polynomial, shape (n_points,).

    Parameters
    ----------
    y : array-like of float, shape (n_points,)
        Equally spaced. NaN marks what was not measured and stays NaN; every measured run is
        smoothed on its own, its ends by the polynomial of the first or last whole window.
    half : int
        The window is ``2·half + 1`` points, at most 1001. Keep it below the width of the
        narrowest band.
    order : int
        Of the polynomial, below the window, at most 6. 2 and 3 are the same filter.

    Raises
    ------
    SpectrumError
        Not one row, infinite values, a window or order out of range, or no measured run as long
        as the window.

    References
    ----------
    Savitzky and Golay, Anal. Chem. 36 (1964) 1627, doi:10.1021/ac60214a047.
    """
    curve = np.array(y, dtype=np.float64)
    if curve.ndim != 1:
        raise SpectrumError(f"smoothing needs one row of numbers, found shape {curve.shape}")
    window = 2 * half + 1
    if not (half >= 1 and window <= WIDEST and 0 <= order <= min(_HIGHEST_ORDER, 2 * half)):
        raise SpectrumError(
            f"a window of {window} points with order {order}",
            hint=f"3 to {WIDEST} points, and an order below that and at most {_HIGHEST_ORDER}.",
        )
    if np.isinf(curve).any():
        raise SpectrumError("an infinite reading cannot be smoothed")
    smoothed = np.full(curve.size, np.nan)
    matrix = _projection(half, order)
    done = 0
    for run in measured_runs(curve):
        if run.stop - run.start < window:
            continue
        smoothed[run] = _smooth_run(curve[run], matrix)
        done += 1
    if not done:
        raise SpectrumError(
            f"no measured run is as long as the window of {window} points",
            hint="Smooth less, or measure a wider range.",
        )
    return smoothed


def measured_runs(curve: FloatArray) -> list[slice]:
    """Return the runs of neighbouring points that are numbers, in order."""
    known = np.concatenate(([False], ~np.isnan(curve), [False]))
    edges = np.flatnonzero(known[1:] != known[:-1])
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _smooth_run(run: FloatArray, matrix: FloatArray) -> FloatArray:
    half = matrix.shape[0] // 2
    # Scaled by a power of two, which is exact, so that no sum of the window overflows.
    scale = int(np.frexp(np.abs(run).max())[1])
    values = np.ldexp(run, -scale)
    made = np.empty_like(values)
    made[half : values.size - half] = np.convolve(values, matrix[half][::-1], mode="valid")
    made[:half] = matrix[:half] @ values[: 2 * half + 1]
    made[values.size - half :] = matrix[half + 1 :] @ values[-2 * half - 1 :]
    with np.errstate(over="ignore"):
        back = np.ldexp(made, scale)
    if not np.isfinite(back).all():
        raise SpectrumError("the ordinate is too large to be smoothed")
    return np.asarray(back, dtype=np.float64)


@functools.lru_cache(maxsize=64)
def _projection(half: int, order: int) -> FloatArray:
    """Return what maps a window onto the values of its polynomial, shape (window, window)."""
    points = np.arange(-half, half + 1) / half
    basis = np.linalg.qr(np.vander(points, order + 1))[0]
    matrix = np.asarray(basis @ basis.T, dtype=np.float64)
    matrix.setflags(write=False)
    return matrix
