"""CSV that this software wrote itself: its header says what the columns are; no guessing."""

from __future__ import annotations

import numpy as np

from instruments.checks import curve_faults, peak_faults, time_faults
from instruments.decoding import number
from instruments.errors import CorruptFileError
from instruments.formats.text_table import NumberTable
from instruments.limits import AGAIN
from spectra.axis import XKind, YKind
from spectra.spectrum import (
    Chromatogram,
    MassRun,
    MassSpectrum,
    Measurement,
    Spectrum,
    SpectrumKind,
    Technique,
)

MARK = "fol table"
_FACTS = ("title", "x_kind", "x_unit", "y_kind", "y_unit", "ionization", MARK)


def measurement(table: NumberTable, facts: dict[str, str]) -> tuple[Measurement, Technique]:
    """Return one table as the measurement its header declares.

    Raises
    ------
    CorruptFileError
        The header and the columns contradict each other.
    """
    kind = facts.get(MARK, "")
    rest = {key: value for key, value in facts.items() if key not in _FACTS}
    columns = table.values.T
    try:
        if kind == SpectrumKind.GCMS_RUN:
            return _run(table, facts, rest), Technique.GCMS
        x, y = columns[0], columns[1]
        if kind == SpectrumKind.MASS:
            return _mass(table, facts, rest), Technique.MS
        if kind == SpectrumKind.CHROMATOGRAM:
            curve = Chromatogram(
                title=facts.get("title", ""),
                x=x,
                y=y,
                x_unit=facts.get("x_unit", "s"),
                y_kind=YKind(facts.get("y_kind", "unknown")),
                y_unit=facts.get("y_unit", "unknown"),
                metadata=rest,
                faults=curve_faults(x, y, XKind.TIME),
            )
            return curve, Technique.GC
        x_kind, y_kind = XKind(facts["x_kind"]), YKind(facts["y_kind"])
    except (KeyError, ValueError, IndexError) as error:
        raise CorruptFileError(
            f"the table does not fit its header ({error})", hint=AGAIN
        ) from error
    spectrum = Spectrum(
        title=facts.get("title", ""),
        x=x,
        y=y,
        x_kind=x_kind,
        x_unit=facts.get("x_unit", "unknown"),
        y_kind=y_kind,
        y_unit=facts.get("y_unit", "unknown"),
        metadata=rest,
        faults=curve_faults(x, y, x_kind),
    )
    return spectrum, _technique(x_kind, y_kind)


def _technique(x_kind: XKind, y_kind: YKind) -> Technique:
    if x_kind is XKind.RAMAN_SHIFT or y_kind is YKind.RAMAN_INTENSITY:
        return Technique.RAMAN
    return Technique.FTIR if x_kind is XKind.WAVENUMBER else Technique.OTHER


def _mass(table: NumberTable, facts: dict[str, str], rest: dict[str, str]) -> MassSpectrum:
    mz, intensity = table.values[:, 0], table.values[:, 1]
    return MassSpectrum(
        title=facts.get("title", ""),
        mz=mz,
        intensity=intensity,
        precursor_mz=number(rest.pop("precursor_mz", "")),
        molecular_mass=number(rest.pop("molecular_mass", "")),
        retention_time_s=number(rest.pop("retention_time_s", "")),
        retention_index=number(rest.pop("retention_index", "")),
        ionization=facts.get("ionization", ""),
        metadata=rest,
        faults=peak_faults(mz, intensity),
    )


def _run(table: NumberTable, facts: dict[str, str], rest: dict[str, str]) -> MassRun:
    scan, time, mz, intensity = table.values[:, :4].T
    if np.isnan(scan).any() or (np.diff(scan) < 0).any():
        raise ValueError("scan numbers run backwards")
    starts = np.flatnonzero(np.concatenate(([True], np.diff(scan) > 0)))
    times = time[starts]
    return MassRun(
        title=facts.get("title", ""),
        scan_time_s=times,
        offsets=np.concatenate((starts, [scan.size])),
        mz=mz,
        intensity=intensity,
        ionization=facts.get("ionization", ""),
        metadata=rest,
        faults=(*peak_faults(mz, intensity), *time_faults(times)),
    )
