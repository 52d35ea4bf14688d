"""A measured curve made ready for a search: converted, clipped, put onto the canonical grid.

A thin front of the pipelines ``vibrational-ftir`` and ``vibrational-raman``. Every step is recorded
with its parameters; the measured spectrum is never changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectra.axis import FloatArray
from spectra.derivative import BoolArray
from spectra.grid import Grid, canonical
from spectra.quality import CalibrationAge, Quality
from spectra.regions import CARBON_DIOXIDE, DEFAULT_EXCLUSIONS, DIAMOND, NamedRegion
from spectra.spectrum import Spectrum, Technique
from spectra.standard_pipelines import for_search
from spectra.step import Step

if TYPE_CHECKING:
    from spectra.calibrate_axis import AxisCalibration

# Stamped into every finding and library; changes when the same file would give other numbers.
PIPELINE = "vibrational/2"


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
    calibration: AxisCalibration | None = None,
    age: CalibrationAge | None = None,
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
    calibration : AxisCalibration or None
        Of the instrument; applied and recorded as a step.
    age : CalibrationAge or None
        How old the instrument's axis check is; an overdue one makes the curve insufficient.

    Raises
    ------
    NotComparableError
        The ordinate or axis cannot be compared (see `spectra.convert`), or is not of the technique.
    AxisError
        The axis is not finite or changes direction.
    """
    grid = canonical(technique) if grid is None else grid
    regions = DEFAULT_EXCLUSIONS.get(technique, ()) if exclusions is None else exclusions
    pipeline = for_search(technique, grid, tuple(regions))
    stamp = PIPELINE
    if calibration is not None:
        pipeline, stamp = pipeline.calibrated(calibration), f"{PIPELINE}+axis"
    made = pipeline.apply(spectrum, age=age)
    return Prepared(
        y=made.y,
        covered=made.covered,
        steps=made.steps,
        quality=made.quality,
        grid=grid,
        pipeline=stamp,
    )


__all__ = [
    "CARBON_DIOXIDE",
    "DEFAULT_EXCLUSIONS",
    "DIAMOND",
    "PIPELINE",
    "NamedRegion",
    "Prepared",
    "Step",
    "vibrational",
]
