"""A measured curve made ready for a search: converted, clipped, put onto the canonical grid.

Every step is recorded with its parameters; the measured spectrum is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from spectra import quality
from spectra.axis import FloatArray, XKind, YKind
from spectra.convert import to_absorbance
from spectra.derivative import BoolArray
from spectra.errors import NotComparableError
from spectra.grid import Grid, canonical
from spectra.quality import Quality
from spectra.resample import onto_grid
from spectra.spectrum import Spectrum, Technique

# Stamped into every finding and library; changes when the same file would give other numbers.
PIPELINE = "vibrational/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRegion:
    """A part of the axis left out of every comparison, and why."""

    name: str
    start_cm1: float
    stop_cm1: float
    reason: str


CARBON_DIOXIDE = NamedRegion(
    name="carbon dioxide",
    start_cm1=2250.0,
    stop_cm1=2420.0,
    reason="the air in the beam changes between background and sample",
)
DIAMOND = NamedRegion(
    name="diamond",
    start_cm1=1800.0,
    stop_cm1=2250.0,
    reason="the ATR crystal itself absorbs here",
)
# Raman has no air bands. Diamond is left to the caller: whether there is one stands in the record
# of the accessory.
DEFAULT_EXCLUSIONS: Mapping[Technique, tuple[NamedRegion, ...]] = {
    Technique.FTIR: (CARBON_DIOXIDE,),
    Technique.RAMAN: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was done, with its parameters as text."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        inside = ", ".join(f"{key} {value}" for key, value in self.parameters.items())
        return f"{self.name} ({inside})" if inside else self.name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A curve on the canonical grid.

    Parameters
    ----------
    y : ndarray of float, shape (grid.n_points,)
        Absorbance, or Raman intensity in the file's scale; NaN where not measured or left out.
    covered : ndarray of bool, shape (grid.n_points,)
        True where ``y`` is a number.
    steps : tuple of Step
        In order.
    quality : Quality
    grid : Grid
    pipeline : str
        Name and version of the whole.
    """

    y: FloatArray
    covered: BoolArray
    steps: tuple[Step, ...]
    quality: Quality
    grid: Grid
    pipeline: str = PIPELINE


def vibrational(
    spectrum: Spectrum,
    technique: Technique,
    *,
    grid: Grid | None = None,
    exclusions: tuple[NamedRegion, ...] | None = None,
) -> Prepared:
    """Return a spectrum on the canonical grid of its technique, with the quality verdict.

    Parameters
    ----------
    spectrum : Spectrum
        As read. Its faults become reasons of the quality gate.
    technique : Technique
        ``RAMAN`` or ``FTIR``.
    grid : Grid or None
        None takes the canonical one.
    exclusions : tuple of NamedRegion or None
        Left out of comparison; None takes the default of the technique.

    Raises
    ------
    NotComparableError
        The ordinate or axis cannot be compared (see `spectra.convert`), or is not of the technique.
    AxisError
        The axis is not finite or changes direction.
    """
    grid = canonical(technique) if grid is None else grid
    regions = DEFAULT_EXCLUSIONS.get(technique, ()) if exclusions is None else exclusions
    converted, words = to_absorbance(spectrum)
    _require_axis(converted, technique)
    steps = [Step(name="convert", parameters={"step": words})] if words else []
    x, y = converted.x, converted.y
    if x[0] > x[-1]:
        x, y = x[::-1], y[::-1]
        steps.append(Step(name="reverse to ascending"))
    x, y, clipped = _clip(x, y, grid)
    if clipped:
        steps.append(clipped)
    on_grid = onto_grid(x, y, grid) if x.size else None
    values = np.full(grid.n_points, np.nan) if on_grid is None else on_grid.y.copy()
    measured = np.isfinite(values)
    if on_grid is not None:
        steps.append(_resample_step(on_grid.method, on_grid.native_step_cm1, grid))
    left_out = np.zeros(grid.n_points, dtype=np.bool_)
    for region in regions:
        left_out |= (grid.x >= region.start_cm1) & (grid.x <= region.stop_cm1)
        steps.append(_exclusion_step(region))
    values[left_out] = np.nan
    verdict = quality.check(
        y,
        covered=float(np.count_nonzero(measured & ~left_out)) / max(int((~left_out).sum()), 1),
        step_cm1=0.0 if on_grid is None else on_grid.native_step_cm1,
        absorbance=converted.y_kind is YKind.ABSORBANCE,
        faults=spectrum.faults,
    )
    values.setflags(write=False)
    return Prepared(
        y=values,
        covered=np.isfinite(values),
        steps=tuple(steps),
        quality=verdict,
        grid=grid,
    )


def _require_axis(converted: Spectrum, technique: Technique) -> None:
    expected = XKind.RAMAN_SHIFT if technique is Technique.RAMAN else XKind.WAVENUMBER
    if converted.x_kind is not expected:
        raise NotComparableError(
            f"a spectrum over {converted.x_kind.value} is not a {technique.value} spectrum",
            hint="Say which technique made the file, or export it with its axis labelled.",
        )


def _clip(x: FloatArray, y: FloatArray, grid: Grid) -> tuple[FloatArray, FloatArray, Step | None]:
    """Return the points within the grid and one step beside it, and what was dropped.

    In Raman this removes the laser line, the tallest "peak" of many files; infinities go with it.
    """
    keep = (x >= grid.start_cm1 - grid.step_cm1) & (x <= grid.stop_cm1 + grid.step_cm1)
    dropped = int(x.size - np.count_nonzero(keep))
    kept = np.where(np.isfinite(y[keep]), y[keep], np.nan)
    if not dropped:
        return x, kept, None
    step = Step(
        name="clip to the compared range",
        parameters={
            "from": f"{grid.start_cm1:g} cm⁻¹",
            "to": f"{grid.stop_cm1:g} cm⁻¹",
            "points dropped": str(dropped),
        },
    )
    return x[keep], kept, step


def _resample_step(method: str, native_step_cm1: float, grid: Grid) -> Step:
    return Step(
        name="resample",
        parameters={
            "method": method,
            "native step": f"{native_step_cm1:.4g} cm⁻¹",
            "grid": f"{grid.start_cm1:g} to {grid.stop_cm1:g} by {grid.step_cm1:g} cm⁻¹",
        },
    )


def _exclusion_step(region: NamedRegion) -> Step:
    return Step(
        name=f"leave out {region.name}",
        parameters={
            "from": f"{region.start_cm1:g} cm⁻¹",
            "to": f"{region.stop_cm1:g} cm⁻¹",
            "because": region.reason,
        },
    )
