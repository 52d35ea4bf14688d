"""The axis codes of GRAMS SPC files, old and new, and what a curve of those codes is.

Source: Galactic Universal Data Format Specification (SPC.H), Thermo Galactic 1997.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from instruments.checks import curve_faults, faults_of_curves, faults_of_peak_lists, peak_faults
from instruments.formats.spc_subfiles import Curves
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What a file says of all its curves."""

    x_type: int
    y_type: int
    technique: Technique

    def x_axis(self) -> tuple[XKind, str]:
        """Return kind and unit of x as the file names them."""
        return X_TYPES.get(self.x_type, (XKind.UNKNOWN, axis.UNIT_UNKNOWN))


def measurements(
    found: Curves,
    codes: Codes,
    *,
    titles: Sequence[str],
    moments: Sequence[float] | None,
    metadata: dict[str, str],
    damage: tuple[str, ...],
) -> list[Measurement]:
    """Return every subfile as what the codes say it is.

    Parameters
    ----------
    found : Curves
    codes : Codes
    titles : sequence of str
        One for each subfile.
    moments : sequence of float or None
        Seconds of each subfile where they follow each other in time.
    metadata : dict of str to str
        Of the file; the first subfile carries it.
    damage : tuple of str
        What stands before each subfile's own faults.
    """
    x_kind, _ = codes.x_axis()
    each, n_curves = found.each(), len(titles)
    if n_curves == 1 and moments is None:
        x, y = each[0]
        return [measurement(x, y, codes, titles[0], metadata, damage)]
    own: Sequence[dict[str, str]] = [metadata, *[{}] * (n_curves - 1)]
    faults = _all_faults(found, x_kind)
    if x_kind is not XKind.MZ:
        return [
            _curve(x, y, codes, title, facts, wrong, damage)
            for (x, y), title, facts, wrong in zip(each, titles, own, faults, strict=True)
        ]
    times: Sequence[float | None] = moments if moments is not None else [None] * n_curves
    return [
        MassSpectrum(
            title=title,
            mz=mz,
            intensity=intensity,
            retention_time_s=moment,
            metadata=facts,
            faults=damage + wrong if damage else wrong,
        )
        for (mz, intensity), title, moment, facts, wrong in zip(
            each, titles, times, own, faults, strict=True
        )
    ]


def _all_faults(found: Curves, x_kind: XKind) -> list[tuple[str, ...]]:
    if x_kind is not XKind.MZ:
        if found.is_shared:
            return faults_of_curves(found.x, found.y.reshape(-1, found.x.size), x_kind)
        return [curve_faults(x, y, x_kind) for x, y in found.each()]
    if found.is_shared:
        return [peak_faults(x, y) for x, y in found.each()]
    return faults_of_peak_lists(found.x, found.y, found.bounds)


def measurement(
    x: FloatArray,
    y: FloatArray,
    codes: Codes,
    title: str,
    metadata: dict[str, str],
    damage: tuple[str, ...] = (),
) -> Measurement:
    """Return one subfile as what its codes say it is."""
    x_kind, _ = codes.x_axis()
    if x_kind is not XKind.MZ:
        return _curve(x, y, codes, title, metadata, curve_faults(x, y, x_kind), damage)
    wrong = damage + peak_faults(x, y)
    return MassSpectrum(title=title, mz=x, intensity=y, metadata=metadata, faults=wrong)


def _curve(
    x: FloatArray,
    y: FloatArray,
    codes: Codes,
    title: str,
    metadata: dict[str, str],
    wrong: tuple[str, ...],
    damage: tuple[str, ...],
) -> Spectrum | Chromatogram:
    """Return one curve that is no mass spectrum; ``wrong`` is what its checks found."""
    x_kind, x_unit = codes.x_axis()
    of = codes.technique
    if x_kind is XKind.WAVENUMBER and of is Technique.RAMAN:
        x_kind = XKind.RAMAN_SHIFT
    if x_kind is XKind.TIME:
        return Chromatogram(
            title=title, x=x, y=y, x_unit=x_unit, metadata=metadata, faults=damage + wrong
        )
    y_kind, y_unit = y_axis(_Y_WORDS.get(codes.y_type, ""), y, of)
    if codes.y_type == 11:
        y_kind, y_unit = YKind.UNKNOWN, axis.UNIT_PERCENT
    high = _highest(y, finite=not wrong) if y_kind is YKind.ABSORBANCE else 0.0
    if high > _HIGHEST_ABSORBANCE:
        wrong += (
            f"marked as absorbance but reaches {high:.4g}: other data under the exporter's default",
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
        faults=damage + wrong,
    )


def _highest(y: FloatArray, *, finite: bool) -> float:
    """Return the largest size of a finite ordinate, or 0."""
    if finite:
        return max(float(np.maximum.reduce(y)), -float(np.minimum.reduce(y)))
    finite_y = y[np.isfinite(y)]
    return float(np.abs(finite_y).max()) if finite_y.size else 0.0
