"""The x axis of an instrument corrected from a run of a standard: bands found, a low-order fit.

Says how many bands it rests on and what is left; refuses, with the reason, when they are not there.
Which instrument and which day, the record knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spectra.axis import FloatArray, XKind
from spectra.axis_standards import AxisStandard
from spectra.convert import to_absorbance
from spectra.derivative import half_window, second_derivative
from spectra.errors import NotComparableError, SpectrumError
from spectra.grid import Grid
from spectra.spectrum import Spectrum

# Uncalibrated field instruments were seen up to 8 cm⁻¹ off (acetonitrile's nitrile band).
MAX_OFFSET_CM1 = 15.0
HIGHEST_DEGREE = 2
# A correction steeper than this would be another grating, not a drift.
_STEEPEST = 0.05
_GRID_STEP_CM1 = 0.5
_WINDOW_CM1 = 10.0
# How far one band may lie from where the common offset puts it: the axis may also be stretched.
_REACH_CM1 = 7.0
_MIN_CURVATURE = 6.0
_NEEDED_SHARE = 0.6
_FEWEST_BANDS = 3
# Silicon's other bands stay below a tenth of 520.7; anatase, which has one at 514, does not.
_ALONE = 0.3
_LASER_UNTIL_CM1 = 100.0
# A higher degree must lower the leave-one-out residual to this share of the lower one's.
_WORTH_IT = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class BandFit:
    """One reference band in a run of the standard.

    Parameters
    ----------
    reference_cm1, found_cm1 : float
        Where it should be and where the axis as measured has it.
    residual_cm1 : float
        Corrected position minus reference.
    """

    reference_cm1: float
    found_cm1: float
    residual_cm1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisCalibration:
    """A correction of an axis: corrected = x + Σ cₖ·((x − centre)/1000)ᵏ.

    Parameters
    ----------
    standard : str
    x_kind : XKind
    coefficients_cm1 : tuple of float
        From the constant term up; the degree is one less than their number.
    centre_cm1 : float
    start_cm1, stop_cm1 : float
        Measured positions of the outermost bands; beyond them the correction stays the same.
    bands : tuple of BandFit
        What it rests on.
    missing_cm1 : tuple of float
        Reference bands within the measured range that were not found or did not fit.
    """

    standard: str
    x_kind: XKind
    coefficients_cm1: tuple[float, ...]
    centre_cm1: float
    start_cm1: float
    stop_cm1: float
    bands: tuple[BandFit, ...] = ()
    missing_cm1: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        numbers = [*self.coefficients_cm1, self.centre_cm1, self.start_cm1, self.stop_cm1]
        sound = (
            1 <= len(self.coefficients_cm1) <= HIGHEST_DEGREE + 1
            and bool(np.isfinite(numbers).all())
            and self.start_cm1 <= self.stop_cm1
        )
        if not sound:
            raise SpectrumError("an axis correction that is not one: its numbers do not fit")
        ends = np.array([self.start_cm1, self.stop_cm1])
        slopes = np.polyval(
            np.polyder(np.array(self.coefficients_cm1[::-1])), (ends - self.centre_cm1) / 1000.0
        )
        largest = float(np.abs(self.correction(ends)).max())
        if float(np.abs(slopes).max()) / 1000.0 > _STEEPEST or largest > 4 * MAX_OFFSET_CM1:
            raise SpectrumError(
                f"an axis correction of up to {largest:.3g} cm⁻¹ is no drift of an instrument",
                hint="Have the instrument aligned, or check which standard was measured.",
            )

    @property
    def rms_cm1(self) -> float:
        """Root mean square of the residuals; 0 for a single band."""
        residuals = [band.residual_cm1 for band in self.bands]
        return float(np.sqrt(np.mean(np.square(residuals)))) if residuals else 0.0

    @property
    def largest_residual_cm1(self) -> float:
        """Largest residual in size."""
        return max((abs(band.residual_cm1) for band in self.bands), default=0.0)

    def correction(self, x: FloatArray) -> FloatArray:
        """Return what is added at measured positions, in cm⁻¹, shape of ``x``."""
        inside = np.clip(x, self.start_cm1, self.stop_cm1)
        scaled = (inside - self.centre_cm1) / 1000.0
        return np.asarray(np.polyval(np.array(self.coefficients_cm1[::-1]), scaled), np.float64)

    def corrected(self, x: FloatArray) -> FloatArray:
        """Return a corrected axis, same order, strictly monotonic if ``x`` is."""
        return np.asarray(x + self.correction(np.asarray(x, dtype=np.float64)), dtype=np.float64)

    def __str__(self) -> str:
        ends = self.correction(np.array([self.start_cm1, self.stop_cm1]))
        return (
            f"{self.standard}, {len(self.bands)} bands, {ends[0]:+.2f} cm⁻¹ at "
            f"{self.start_cm1:.0f} to {ends[1]:+.2f} at {self.stop_cm1:.0f}, "
            f"residual {self.rms_cm1:.2f} cm⁻¹"
        )


def calibrate(
    run: Spectrum, standard: AxisStandard, *, degree: int | None = None
) -> AxisCalibration:
    """Return the axis correction that a run of a standard asks for.

    Parameters
    ----------
    run : Spectrum
        As read: any of the ordinates and axes that `spectra.convert` understands, any direction.
    standard : AxisStandard
    degree : int or None
        0 moves the axis, 1 also stretches it, 2 also bends it. None takes the lowest that explains
        the bands: a higher one must lower the leave-one-out residual by 15 %.

    Raises
    ------
    NotComparableError
        The run is of the other technique, or cannot be converted.
    SpectrumError
        Too few of the reference bands are there, they do not fit, or the correction is absurd.
    """
    if degree is not None and not 0 <= degree <= HIGHEST_DEGREE:
        raise SpectrumError(f"a correction of degree {degree}; 0 to {HIGHEST_DEGREE}")
    converted, _ = to_absorbance(run)
    if converted.x_kind is not standard.x_kind:
        raise NotComparableError(
            f"{standard.name} is a standard for {standard.x_kind.value}, "
            f"the run is over {converted.x_kind.value}",
            hint="Choose the standard of this technique.",
        )
    x, y = _ascending(converted)
    asked = np.array([b for b in standard.bands_cm1 if x[0] + 10 <= b <= x[-1] - 10])
    needed = min(len(standard.bands_cm1), max(_FEWEST_BANDS, round(_NEEDED_SHARE * asked.size)))
    if asked.size < needed:
        raise SpectrumError(
            f"{asked.size} of {len(standard.bands_cm1)} bands of {standard.name} lie between "
            f"{x[0]:.0f} and {x[-1]:.0f} cm⁻¹; {needed} are needed",
            hint="Measure a wider range, or another standard.",
        )
    reference, found = _bands(x, y, asked)
    missing = sorted(set(asked.tolist()) - set(reference.tolist()))
    if reference.size < needed:
        raise SpectrumError(
            f"{reference.size} of {asked.size} bands of {standard.name} were found, {needed} are "
            f"needed; missing: {_listed(missing)} cm⁻¹",
            hint=f"Is this a run of {standard.name}? Measure it longer, or check the laser line.",
        )
    made = _fitted(reference, found, standard, degree, needed)
    left_out = set(asked.tolist()) - {band.reference_cm1 for band in made.bands}
    return replace(made, missing_cm1=tuple(sorted(left_out)))


def _fitted(
    reference: FloatArray,
    found: FloatArray,
    standard: AxisStandard,
    degree: int | None,
    needed: int,
) -> AxisCalibration:
    """Return the fit; bands that do not fit are left out, worst first, while enough remain."""
    kept = np.ones(reference.size, dtype=np.bool_)
    while True:
        r, f = reference[kept], found[kept]
        chosen = _degree(r, f) if degree is None else min(degree, max(r.size - 2, 0))
        centre = float(f.mean())
        coefficients = _polynomial(f, r - f, centre, chosen)
        left = f + np.polyval(coefficients[::-1], (f - centre) / 1000.0) - r
        rms = float(np.sqrt(np.mean(left**2)))
        if rms <= standard.tolerance_cm1 and np.abs(left).max() <= 2 * standard.tolerance_cm1:
            break
        if r.size <= needed:
            raise SpectrumError(
                f"bands were found but do not fit {standard.name}: residual {rms:.1f} cm⁻¹, "
                f"{standard.tolerance_cm1:g} is tolerated",
                hint=f"Is this a run of {standard.name}?",
            )
        kept[np.flatnonzero(kept)[int(np.abs(left).argmax())]] = False
    fits = tuple(
        BandFit(reference_cm1=float(a), found_cm1=float(b), residual_cm1=float(c))
        for a, b, c in zip(r, f, left, strict=True)
    )
    return AxisCalibration(
        standard=standard.name,
        x_kind=standard.x_kind,
        coefficients_cm1=tuple(float(c) for c in coefficients),
        centre_cm1=centre,
        start_cm1=float(f.min()),
        stop_cm1=float(f.max()),
        bands=fits,
    )


def _ascending(spectrum: Spectrum) -> tuple[FloatArray, FloatArray]:
    """Return the measured points in ascending order, the tallest of size 1."""
    good = np.isfinite(spectrum.y)
    x, y = spectrum.x[good], spectrum.y[good]
    if x.size < 50:
        raise SpectrumError(
            f"{x.size} usable points; a run of a standard has hundreds", hint="Measure again."
        )
    largest = float(np.abs(y).max())
    y = y / largest if largest > 0 else y
    return (x[::-1], y[::-1]) if x[0] > x[-1] else (x, y)


def _bands(x: FloatArray, y: FloatArray, asked: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return which reference bands are there and where, shapes (n_found,)."""
    places, sharpness = _sharpness(x, y)
    offset = _common_offset(places, sharpness, asked)
    reference, found = [], []
    for number, band in enumerate(asked):
        gaps = np.abs(np.delete(asked, number) - band)
        reach = min(_REACH_CM1, 0.5 * float(gaps.min(initial=2 * _REACH_CM1)))
        near = np.abs(places - band - offset) <= reach
        if not near.any():
            continue
        at = int(np.flatnonzero(near)[int(sharpness[near].argmax())])
        top = sharpness[at] >= sharpness[max(at - 1, 0) : at + 2].max()
        alone = asked.size > 1 or _dominates(places, sharpness, at)
        if top and alone and sharpness[at] >= _MIN_CURVATURE:
            reference.append(float(band))
            found.append(_maximum(x, y, float(places[at])))
    return np.array(reference), np.array(found)


def _dominates(places: FloatArray, sharpness: FloatArray, at: int) -> bool:
    """Return whether a band is by far the sharpest: one band is no pattern, so it must be alone."""
    elsewhere = (np.abs(places - places[at]) > 20.0) & (places > _LASER_UNTIL_CM1)
    return bool(sharpness[elsewhere].max(initial=0.0) <= _ALONE * sharpness[at])


def _sharpness(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a fine axis and how sharply the curve bends down there, in units of its noise."""
    step = max(_GRID_STEP_CM1, float(x[-1] - x[0]) / 20_000)
    n_steps = int((x[-1] - x[0]) / step)
    grid = Grid(start_cm1=float(x[0]), stop_cm1=float(x[0]) + n_steps * step, step_cm1=step)
    fine = np.interp(grid.x, x, y)
    # At least two native steps either way, else linear pieces bend at every native point.
    wide = max(_WINDOW_CM1, 4.0 * float(np.median(np.diff(x))))
    bend, exists = second_derivative(fine, half_window(step, wide), step)
    known = bend[exists]
    noise = float(np.median(np.abs(known - np.median(known)))) / 0.6745 if known.size else 0.0
    return grid.x, np.where(exists, -bend, 0.0) / max(noise, 1e-12)


def _common_offset(places: FloatArray, sharpness: FloatArray, asked: FloatArray) -> float:
    """Return the offset at which most bands are, the smaller of two equal ones."""
    step = float(places[1] - places[0])
    shifts = np.arange(-MAX_OFFSET_CM1, MAX_OFFSET_CM1 + step, step)
    strength = np.log1p(np.maximum(sharpness, 0.0))
    # Bands of a stretched axis do not share one offset exactly: each may be 3 cm⁻¹ away.
    reach = max(1, round(3.0 / step))
    padded = np.pad(strength, reach)
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    scores = [
        float((np.interp(asked + s, places, near) + np.interp(asked + s, places, strength)).sum())
        for s in shifts
    ]
    best = max(scores)
    equal = shifts[np.array(scores) >= best - 1e-9 * abs(best)]
    return float(equal[np.abs(equal).argmin()])


def _maximum(x: FloatArray, y: FloatArray, about: float) -> float:
    """Return the position of a band maximum between the points, on a straight background."""
    near = np.flatnonzero(np.abs(x - about) <= _WINDOW_CM1)
    if near.size < 5:
        middle = int(np.abs(x - about).argmin())
        near = np.arange(max(middle - 2, 0), min(middle + 3, x.size))
    left, right = near[: near.size // 2 + 1], near[near.size // 2 :]
    a, b = int(left[y[left].argmin()]), int(right[y[right].argmin()])
    if a == b:
        return about
    part = slice(a, b + 1)
    slope = (y[b] - y[a]) / (x[b] - x[a])
    above = y[part] - y[a] - slope * (x[part] - x[a])
    # The top nearest to where the curve bends most, not that of a neighbour.
    close = np.abs(x[part] - about) <= max(3.0, 1.5 * float(np.median(np.diff(x))))
    top = int(np.where(close, above, -np.inf).argmax())
    first = last = top
    while first > 0 and above[first - 1] >= 0.6 * above[top]:
        first -= 1
    while last < above.size - 1 and above[last + 1] >= 0.6 * above[top]:
        last += 1
    first, last = min(first, max(top - 1, 0)), max(last, min(top + 1, above.size - 1))
    positions = x[part][first : last + 1] - x[part][top]
    if positions.size < 3:
        return float(x[part][top])
    bend, tilt, _ = np.polyfit(positions, above[first : last + 1], 2)
    if not bend < 0:
        return float(x[part][top])
    moved = float(np.clip(-tilt / (2 * bend), positions[0], positions[-1]))
    return float(x[part][top]) + moved


def _degree(reference: FloatArray, found: FloatArray) -> int:
    """Return the lowest degree that predicts bands left out of the fit."""
    span = float(np.ptp(found))
    highest = 0
    if reference.size >= 4 and span >= 500:
        highest = 1
    if reference.size >= 7 and span >= 1200:
        highest = 2
    chosen, best = 0, _left_out(reference, found, 0)
    for degree in range(1, highest + 1):
        missed = _left_out(reference, found, degree)
        if missed < _WORTH_IT * best:
            chosen, best = degree, missed
    return chosen


def _left_out(reference: FloatArray, found: FloatArray, degree: int) -> float:
    if reference.size < degree + 2:
        return np.inf if degree else 0.0
    missed = []
    for number in range(reference.size):
        f, r = np.delete(found, number), np.delete(reference, number)
        centre = float(f.mean())
        fit = _polynomial(f, r - f, centre, degree)
        predicted = found[number] + np.polyval(fit[::-1], (found[number] - centre) / 1000.0)
        missed.append(predicted - reference[number])
    return float(np.sqrt(np.mean(np.square(missed))))


def _polynomial(x: FloatArray, y: FloatArray, centre: float, degree: int) -> FloatArray:
    return np.asarray(np.polyfit((x - centre) / 1000.0, y, degree)[::-1], dtype=np.float64)


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
