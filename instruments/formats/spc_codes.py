"""The axis codes of GRAMS SPC files, old and new, and what a curve of those codes is.

Source: Galactic Universal Data Format Specification (SPC.H), Thermo Galactic 1997.
"""

from __future__ import annotations

import numpy as np

from instruments.checks import curve_faults, peak_faults
from instruments.units import y_axis
from spectra import axis
from spectra.axis import FloatArray, XKind, YKind
from spectra.spectrum import (
    Chromatogram,
    MassSpectrum,
    Measurement,
    Spectrum,
    Technique,
)

X_TYPES: dict[int, tuple[XKind, str]] = {
    1: (XKind.WAVENUMBER, axis.UNIT_CM1),
    2: (XKind.WAVELENGTH, axis.UNIT_UM),
    3: (XKind.WAVELENGTH, axis.UNIT_NM),
    4: (XKind.TIME, axis.UNIT_S),
    5: (XKind.TIME, axis.UNIT_MIN),
    9: (XKind.MZ, axis.UNIT_MZ),
    13: (XKind.RAMAN_SHIFT, axis.UNIT_CM1),
    16: (XKind.PIXEL, axis.UNIT_ONE),
}
_Y_WORDS: dict[int, str] = {
    1: "interferogram",
    2: "absorbance",
    3: "kubelka-munk",
    4: "counts",
    10: "log(1/R)",
    11: "percent",
    128: "transmission",
    129: "reflectance",
    130: "single beam",
}
_EXPERIMENTS = {4: Technique.FTIR, 9: Technique.MS, 11: Technique.RAMAN}
# No infrared bench measures beyond about six absorbance units; ten leaves room for baselines.
_HIGHEST_ABSORBANCE = 10.0


def technique(x_type: int, experiment: int) -> Technique:
    """Return the technique of a file's codes; the experiment code is often left at 0."""
    if x_type == 13:
        return Technique.RAMAN
    if x_type == 9:
        return Technique.MS
    if x_type in (4, 5):
        return Technique.GC
    if experiment in _EXPERIMENTS:
        return _EXPERIMENTS[experiment]
    return Technique.FTIR if x_type == 1 else Technique.OTHER


def measurement(
    x: FloatArray,
    y: FloatArray,
    x_type: int,
    y_type: int,
    title: str,
    metadata: dict[str, str],
    of: Technique,
    moment: float | None = None,
) -> Measurement:
    """Return one subfile as what its codes say it is."""
    x_kind, x_unit = X_TYPES.get(x_type, (XKind.UNKNOWN, axis.UNIT_UNKNOWN))
    if x_kind is XKind.MZ:
        return MassSpectrum(
            title=title,
            mz=x,
            intensity=y,
            retention_time_s=moment,
            metadata=metadata,
            faults=peak_faults(x, y),
        )
    faults = list(curve_faults(x, y, x_kind))
    if x_kind is XKind.WAVENUMBER and of is Technique.RAMAN:
        x_kind = XKind.RAMAN_SHIFT
    if x_kind is XKind.TIME:
        return Chromatogram(
            title=title, x=x, y=y, x_unit=x_unit, metadata=metadata, faults=tuple(faults)
        )
    y_kind, y_unit = y_axis(_Y_WORDS.get(y_type, ""), y, of)
    if y_type == 11:
        y_kind, y_unit = YKind.UNKNOWN, axis.UNIT_PERCENT
    high = _highest(y, finite=not faults) if y_kind is YKind.ABSORBANCE else 0.0
    if high > _HIGHEST_ABSORBANCE:
        faults.append(
            f"marked as absorbance but reaches {high:.4g}: other data under the exporter's default"
        )
    return Spectrum(
        title=title,
        x=x,
        y=y,
        x_kind=x_kind,
        x_unit=x_unit,
        y_kind=y_kind,
        y_unit=y_unit,
        metadata=metadata,
        faults=tuple(faults),
    )


def _highest(y: FloatArray, *, finite: bool) -> float:
    """Return the largest size of a finite ordinate, or 0."""
    if finite:
        return max(float(np.maximum.reduce(y)), -float(np.minimum.reduce(y)))
    finite_y = y[np.isfinite(y)]
    return float(np.abs(finite_y).max()) if finite_y.size else 0.0
