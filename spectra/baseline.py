"""Smooth backgrounds under bands: arPLS and SNIP, compiled where numba is, else by SciPy and NumPy.

They draw and quantify; they do not help a search (see the pipelines). Knows points, not axes: the
caller gives lengths in points, or `smoothness` turns cm⁻¹ into them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.errors import SpectrumError

# Four points are the fewest that a second difference smooths rather than interpolates.
_FEWEST_POINTS = 5
# Above this the matrix is singular in double precision: the baseline is a straight line anyway.
_LARGEST_SMOOTHNESS = 1e13
_MOST_ITERATIONS = 1000
_LARGEST_EXPONENT = 500
# About a second of clipping; a spectrum of 2,000 points needs a ten-thousandth of it.
_MOST_CLIPS = 2_000_000_000
_SINGULAR = "too few measured points to hold a baseline this smooth"
_WIDER = "Measure without gaps, or ask for a shorter baseline period."

Arpls = Callable[[FloatArray, FloatArray, float, float, int], tuple[FloatArray, int, bool]]
Snip = Callable[[FloatArray, int, bool], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """A background and how it was reached.

    Parameters
    ----------
    y : ndarray of float, shape (n_points,)
        In the unit of the curve; NaN where the curve is NaN.
    iterations : int
        Solves used.
    settled : bool
        False when the weights were still changing at the last one.
    """

    y: FloatArray
    iterations: int
    settled: bool


def smoothness(period_cm1: float, step_cm1: float) -> float:
    """Return the λ at which a wave of this period on the curve is followed by half.

    A penalised spline passes 1/(1 + λω⁴) of a wave of ω radians per point (Eilers, Anal. Chem. 75
    (2003) 3631), so λ = (period/2π·step)⁴: the same background in cm⁻¹ on any grid.

    Raises
    ------
    SpectrumError
        A length is not positive, or the period is too long or too short for the step.
    """
    positive = 0 < step_cm1 < math.inf and 0 < period_cm1 < math.inf
    lam = (period_cm1 / (2 * math.pi * step_cm1)) ** 4 if positive else 0.0
    if not 1e-3 <= lam <= _LARGEST_SMOOTHNESS:
        raise SpectrumError(
            f"a baseline period of {period_cm1:g} cm⁻¹ at a step of {step_cm1:g} cm⁻¹",
            hint="Choose 5 to 10 times the width of the broadest band, and many steps.",
        )
    return lam


def arpls(
    y: npt.ArrayLike,
    smoothness: float,
    *,
    tolerance: float = 1e-3,
    max_iterations: int = 51,
) -> Baseline:
    """Return the asymmetrically reweighted penalised least-squares baseline of a curve.

    Parameters
    ----------
    y : array-like of float, shape (n_points,)
        Equally spaced; NaN marks points that were not measured: they carry no weight.
    smoothness : float
        λ; see `smoothness` for its meaning in cm⁻¹. 1e5 to 1e8 at 1000 to 2000 points.
    tolerance : float
        Relative change of the weights at which to stop.
    max_iterations : int
        Most solves.

    Returns
    -------
    Baseline

    Raises
    ------
    SpectrumError
        Not one row, infinite values, fewer than 5 measured points, or a parameter out of range.

    References
    ----------
    Baek, Park, Ahn and Choo, Analyst 140 (2015) 250, doi:10.1039/C4AN01061B.
    """
    if not 0 < smoothness <= _LARGEST_SMOOTHNESS:
        raise SpectrumError(f"a smoothness of {smoothness:g}; more than 0 and at most 1e13")
    if not 0 < tolerance < 1 or not 1 <= max_iterations <= _MOST_ITERATIONS:
        raise SpectrumError(f"tolerance {tolerance:g}, {max_iterations} iterations")
    curve, span, good, scale = _measured_span(y)
    solve = _compiled_arpls() or _scipy_arpls
    made, iterations, settled = solve(
        np.where(good, curve[span], 0.0), good.astype(np.float64), smoothness, tolerance,
        max_iterations,
    )  # fmt: skip
    if not np.isfinite(made).all():
        raise SpectrumError(_SINGULAR, hint=_WIDER)
    return Baseline(y=_back(curve, span, good, made, scale), iterations=iterations, settled=settled)


def snip(
    y: npt.ArrayLike, half_window: int, *, counts: bool = True, decreasing: bool = True
) -> FloatArray:
    """Return the SNIP background of a curve, shape (n_points,), NaN where the curve is.

    Parameters
    ----------
    y : array-like of float, shape (n_points,)
        Equally spaced. A gap of NaN is bridged by a straight line while clipping.
    half_window : int
        Largest half window in points, about the width of the broadest band; cut to half of the
        measured span.
    counts : bool
        True clips v = ln(ln(√(y − min + 1) + 1) + 1), which suits counting noise and tall bands;
        False clips the ordinate itself, which suits absorbance.
    decreasing : bool
        From the largest window down (smoother, Morháč 1997) or from 1 up (Ryan 1988).

    Raises
    ------
    SpectrumError
        Not one row, infinite values, fewer than 5 measured points, or no window.

    References
    ----------
    Ryan et al., Nucl. Instrum. Methods B 34 (1988) 396; Morháč et al., Nucl. Instrum. Methods A
    401 (1997) 113. Beyond either end the curve is continued by point reflection, which leaves a
    straight slope as it is.
    """
    if half_window < 1:
        raise SpectrumError(f"a half window of {half_window} points; at least 1 is needed")
    curve, span, good, scale = _measured_span(y)
    inside = curve[span]
    points = np.arange(inside.size)
    values = np.interp(points, points[good], inside[good])
    half = min(half_window, (values.size - 1) // 2)
    if half * values.size > _MOST_CLIPS:
        raise SpectrumError(
            f"a half window of {half} points on {values.size} points takes too long",
            hint="Resample to a coarser grid, or take a shorter window.",
        )
    # The logarithms see counts, so the scale is put back for them.
    lowest = float(values.min())
    if counts:
        if scale > _LARGEST_EXPONENT:
            raise SpectrumError("no detector counts that high", hint="Use `counts` false.")
        values = _squash(np.ldexp(values - lowest, scale))
    ahead = 2.0 * values[0] - values[half:0:-1]
    behind = 2.0 * values[-1] - values[-2 : -half - 2 : -1]
    padded = np.concatenate((ahead, values, behind))
    clip = _compiled_snip() or _numpy_snip
    made = clip(padded, half, decreasing)[half : half + values.size]
    if counts:
        made = np.ldexp(_unsquash(made), -scale) + lowest
    return _back(curve, span, good, made, scale)


def _measured_span(
    y: npt.ArrayLike,
) -> tuple[FloatArray, slice, npt.NDArray[np.bool_], int]:
    """Return the curve scaled below 1, its measured span, what is measured in it, the exponent.

    Scaling by a power of two is exact, so the result is that of the unscaled curve, and neither
    huge nor tiny ordinates overflow.
    """
    curve = np.array(y, dtype=np.float64)
    if curve.ndim != 1:
        raise SpectrumError(f"a baseline needs one row of numbers, found shape {curve.shape}")
    if np.isinf(curve).any():
        raise SpectrumError("a baseline cannot be drawn through an infinite reading")
    found = np.flatnonzero(~np.isnan(curve))
    if found.size < _FEWEST_POINTS:
        raise SpectrumError(
            f"{found.size} measured points; a baseline needs at least {_FEWEST_POINTS}",
            hint="Measure a wider range.",
        )
    span = slice(int(found[0]), int(found[-1]) + 1)
    scale = int(np.frexp(np.nanmax(np.abs(curve)))[1])
    scaled = np.ldexp(curve, -scale)
    return scaled, span, ~np.isnan(curve[span]), scale


def _back(
    curve: FloatArray,
    span: slice,
    good: npt.NDArray[np.bool_],
    made: FloatArray,
    scale: int,
) -> FloatArray:
    whole = np.full(curve.size, np.nan)
    whole[span] = np.where(good, np.ldexp(made, scale), np.nan)
    return whole


def _squash(y: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.log(np.sqrt(y + 1.0) + 1.0) + 1.0), dtype=np.float64)


def _unsquash(v: FloatArray) -> FloatArray:
    return np.asarray((np.exp(np.exp(v) - 1.0) - 1.0) ** 2 - 1.0, dtype=np.float64)


def _scipy_arpls(
    y: FloatArray, measured: FloatArray, lam: float, tolerance: float, most: int
) -> tuple[FloatArray, int, bool]:
    """Return what the compiled loop returns, from banded solves by LAPACK."""
    from scipy.linalg import LinAlgError, solveh_banded
    from scipy.special import expit

    penalty = _penalty(y.size, lam)
    weights = measured.copy()
    baseline = np.zeros_like(y)
    for iteration in range(1, most + 1):
        matrix = penalty.copy()
        matrix[0] += weights
        try:
            baseline = solveh_banded(
                matrix, weights * y, overwrite_ab=True, check_finite=False, lower=True
            )
        except LinAlgError as singular:
            raise SpectrumError(_SINGULAR, hint=_WIDER) from singular
        above = y - baseline
        below = above[(above < 0) & (measured > 0)]
        if below.size < 2:
            return baseline, iteration, False
        mean = float(below.mean())
        deviation = max(float(below.std(ddof=1)), float(np.finfo(np.float64).tiny))
        asked = measured * expit(-2.0 * (above - (2.0 * deviation - mean)) / deviation)
        change = float(np.linalg.norm(asked - weights))
        settled = change < tolerance * float(np.linalg.norm(weights))
        weights = asked
        if settled:
            return baseline, iteration, True
    return baseline, most, False


def _penalty(n_points: int, lam: float) -> FloatArray:
    """Return the lower bands of λ·D₂ᵀD₂, shape (3, n_points)."""
    bands = np.zeros((3, n_points))
    for row, coefficients in enumerate(((1.0, 4.0, 1.0), (-2.0, -2.0), (1.0,))):
        for at, value in enumerate(coefficients):
            bands[row, at : at + n_points - 2] += lam * value
    return bands


def _numpy_snip(padded: FloatArray, half_window: int, decreasing: bool) -> FloatArray:
    old = padded.copy()
    windows = range(1, half_window + 1)
    for half in reversed(windows) if decreasing else windows:
        between = 0.5 * (old[: -2 * half] + old[2 * half :])
        old[half:-half] = np.minimum(old[half:-half], between)
    return old


@functools.cache
def _compiled_arpls() -> Arpls | None:
    try:
        from spectra.baseline_kernel import arpls
    except (ImportError, RuntimeError):  # numba is missing, or has nowhere to keep its code
        return None
    return arpls


@functools.cache
def _compiled_snip() -> Snip | None:
    try:
        from spectra.baseline_kernel import snip
    except (ImportError, RuntimeError):
        return None
    return snip
