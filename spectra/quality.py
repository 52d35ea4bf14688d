"""Whether a measurement is good enough to be searched at all, with every reason it is not.

A measurement that fails gives *insufficient data*, never *no match*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray
from spectra.derivative import BoolArray
from spectra.despike import by_shape
from spectra.similarity import POLYNOMIAL_DEGREE, polynomial_basis

# White noise alone spans about 6 standard deviations between its 0.1 and 99.9 percentiles, up to
# 8 where zero filling has smoothed it: below 12 a spectrum cannot be told from noise.
MIN_SIGNAL_TO_NOISE = 12.0
# A quarter of the grid: less holds too few bands to tell substances apart.
MIN_COVERAGE = 0.25
# Detectors give up between absorbance 3 and 5; software writes 6.0 where nothing came through.
SATURATED_ABSORBANCE = 5.0
# Missing tops of one or two strong bands still leave a spectrum; more does not.
MAX_SATURATED_SHARE = 0.02
# Where next to no light comes through, a band's top is the detector's noise: it turns up and down
# from point to point, by far more than noise does elsewhere. Sharp gas lines turn once a line.
_OPAQUE_ABSORBANCE = 1.5
_OPAQUE_REACH = 4
_OPAQUE_TURNS = 5
_OPAQUE_STEP = 0.05
# As many readings at the very top, equal but for the dark frame's noise and with a steep edge
# beside them, are a clipped detector: a band as flat would be 180 points wide and have no edge.
_PLATEAU_POINTS = 5
_PLATEAU_SPREAD = 5e-4
_PLATEAU_EDGE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The verdict of the quality gate.

    Parameters
    ----------
    ok : bool
        True when there is no reason against a search.
    reasons : tuple of str
        Everything that speaks against it, in words.
    signal_to_noise : float or None
        Band height over noise; None where it cannot be told.
    saturated : bool
        Some points hit the end of the scale, even if too few to fail.
    coverage : float
        Measured share of the range that is compared, 0 to 1.
    """

    ok: bool
    reasons: tuple[str, ...] = ()
    signal_to_noise: float | None = None
    saturated: bool = False
    coverage: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationAge:
    """How old an instrument's axis check was when it measured, and how old it may be.

    Parameters
    ----------
    days : float
        From the check to the measurement.
    limit_days : float
        The laboratory's own limit.
    """

    days: float
    limit_days: float

    def reason(self) -> str:
        """Return what speaks against the measurement, or an empty text."""
        if not self.limit_days > 0:
            return f"an axis check that is never valid ({self.limit_days:g} days)"
        if not self.days >= 0:
            return (
                f"the axis check is dated {abs(self.days):.1f} days after the measurement: "
                "check the clocks"
            )
        if self.days > self.limit_days:
            return (
                f"the axis was last checked {self.days:.0f} days before, "
                f"{self.limit_days:.0f} are allowed; run the standard"
            )
        return ""


def check(
    y: FloatArray,
    *,
    covered: float,
    step_cm1: float = 1.0,
    absorbance: bool = False,
    faults: tuple[str, ...] = (),
    age: CalibrationAge | None = None,
) -> Quality:
    """Return whether a curve can be searched.

    Parameters
    ----------
    y : ndarray of float, shape (n,)
        As measured, in axis order, within the range that is compared, before resampling (which
        would average the noise away). NaN marks saturated transmission.
    covered : float
        Measured share of the grid, 0 to 1, named exclusions not counted.
    step_cm1 : float
        Typical step of ``y``.
    absorbance : bool
        True for absorbance, where the height itself tells saturation; False for counts, where a
        plateau does.
    faults : tuple of str
        What the reader already found wrong; each is a reason.
    age : CalibrationAge or None
        Of the instrument's axis, where it is known.

    Returns
    -------
    Quality
    """
    reasons = list(faults)
    if age is not None and age.reason():
        reasons.append(age.reason())
    if covered < MIN_COVERAGE:
        reasons.append(
            f"only {covered:.0%} of the compared range was measured, {MIN_COVERAGE:.0%} is needed"
        )
    finite = y[np.isfinite(y)]
    if finite.size < _PLATEAU_POINTS:
        reasons.append(f"{finite.size} usable points in the compared range")
        return Quality(ok=False, reasons=tuple(reasons), coverage=covered)
    saturated, too_much = saturation(y, absorbance=absorbance)
    if too_much:
        reasons.append(too_much)
    # A cosmic ray on nothing but noise would pass for a band.
    ratio = signal_to_noise(y if absorbance else by_shape(y).y, step_cm1)
    if ratio is None:
        reasons.append("flat: no band in the compared range")
    elif ratio < MIN_SIGNAL_TO_NOISE:
        reasons.append(f"signal to noise {ratio:.1f}, at least {MIN_SIGNAL_TO_NOISE:.0f} is needed")
    return Quality(
        ok=not reasons,
        reasons=tuple(reasons),
        signal_to_noise=ratio,
        saturated=saturated,
        coverage=covered,
    )


def signal_to_noise(y: FloatArray, step_cm1: float = 1.0) -> float | None:
    """Return band height over noise, or None for a curve without variance.

    Height is the spread (0.1 to 99.9 percentile) left after a polynomial of degree 10, so that a
    fluorescence background does not count as signal. Noise is the median absolute second
    difference at a lag of about 4 cm⁻¹, scaled to a standard deviation; the lag keeps zero-filled
    data from looking smoother than it is.

    Parameters
    ----------
    y : ndarray of float, shape (n,)
        NaN where not measured.
    step_cm1 : float
        Typical step.
    """
    good = np.isfinite(y)
    values = y[good]
    if values.size < 2 * POLYNOMIAL_DEGREE:
        return None
    basis = polynomial_basis(np.flatnonzero(good).astype(np.float64), POLYNOMIAL_DEGREE)
    left = values - basis @ (basis.T @ values)
    low, high = np.percentile(left, [0.1, 99.9])
    height = float(high - low)
    if height <= 1e-9 * float(np.abs(values).max()):
        return None
    lag = min(max(1, round(4.0 / step_cm1)) if step_cm1 > 0 else 1, (y.size - 1) // 4)
    second = y[: -2 * lag] - 2 * y[lag:-lag] + y[2 * lag :]
    second = second[np.isfinite(second)]
    if not second.size:
        return None
    noise = float(np.median(np.abs(second))) / 0.6745 / np.sqrt(6.0)
    return float(min(height / noise, 1e6)) if noise > 0 else 1e6


def saturation(y: FloatArray, *, absorbance: bool) -> tuple[bool, str]:
    """Return whether any point is saturated, and the reason when it is too much.

    Parameters as in `check`; a curve without a number is not judged.
    """
    if not np.isfinite(y).any():
        return False, ""
    lost = ~np.isfinite(y)
    if absorbance:
        lost = lost | (np.nan_to_num(y, nan=0.0) >= SATURATED_ABSORBANCE) | _noisy_tops(y)
    clipped = _plateau_points(y)
    lost_points = int(np.count_nonzero(lost)) + (clipped if absorbance else 0)
    share = lost_points / y.size
    if share > MAX_SATURATED_SHARE:
        return True, (
            f"saturated: {share:.0%} of the points let no light through, "
            f"{MAX_SATURATED_SHARE:.0%} is tolerated; use less sample"
        )
    if clipped and not absorbance:
        return True, (
            f"clipped: {clipped} equal readings at the top of a band; shorten the exposure"
        )
    return lost_points > 0, ""


def _noisy_tops(y: FloatArray) -> BoolArray:
    """Return where a high absorbance is nothing but the detector's noise, shape (n,)."""
    if y.size < 2 * _OPAQUE_REACH + 2:
        return np.zeros(y.size, dtype=np.bool_)
    window = np.ones(2 * _OPAQUE_REACH + 1)
    steps = np.diff(y)
    turns = np.zeros(y.size)
    turns[1:-1] = steps[1:] * steps[:-1] < 0
    sizes = np.append(np.abs(np.nan_to_num(steps, posinf=0.0, neginf=0.0)), 0.0)
    high = (y > _OPAQUE_ABSORBANCE).astype(np.float64)
    centres = (
        (np.convolve(turns, window, "same") >= _OPAQUE_TURNS)
        & (np.convolve(high, window, "same") > window.size - 0.5)
        & (np.convolve(sizes, window, "same") > _OPAQUE_STEP * window.size)
    )
    return np.asarray(np.convolve(centres.astype(np.float64), window, "same") > 0.5, dtype=np.bool_)


def _plateau_points(y: FloatArray) -> int:
    """Return the length of the longest clipped run at the maximum, or 0.

    A broad band in coarse whole numbers has equal readings too, but falls off gently beside them.
    """
    finite = y[np.isfinite(y)]
    top, bottom = float(finite.max()), float(finite.min())
    if top <= bottom:
        return 0
    flat = y >= top - _PLATEAU_SPREAD * (top - bottom)
    at_top = np.concatenate(([False], flat, [False]))
    starts = np.flatnonzero(at_top[1:] & ~at_top[:-1])
    stops = np.flatnonzero(~at_top[1:] & at_top[:-1])
    longest = 0
    for start, stop in zip(starts, stops, strict=True):
        if stop - start < _PLATEAU_POINTS:
            continue
        beside: FloatArray = y[[max(int(start) - 1, 0), min(int(stop), y.size - 1)]]
        drop = top - float(np.nanmin(beside)) if np.isfinite(beside).any() else 0.0
        if drop > _PLATEAU_EDGE * (top - bottom):
            longest = max(longest, int(stop - start))
    return longest
