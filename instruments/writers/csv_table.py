"""CSV that a person opens in a spreadsheet and our reader reads back to every digit.

Lines above the numbers begin with ``#`` and say what they are. Text cells never begin with a sign a
spreadsheet would run as a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np

from instruments.cleaning import one_line
from instruments.formats.text_own import MARK
from spectra.spectrum import Chromatogram, MassRun, MassSpectrum, Measurement, Spectrum

_FORMULA = ("=", "+", "-", "@")


def cell(text: str) -> str:
    """Return text as a cell that no spreadsheet runs: one line, no leading formula sign."""
    cleaned = one_line(text)
    return "'" + cleaned if cleaned.startswith(_FORMULA) else cleaned


def encode(measurements: Sequence[Measurement]) -> bytes:
    """Return one table per measurement, separated by blank lines, as UTF-8."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    for at, measurement in enumerate(measurements):
        if at:
            out.write("\n")
        for key, value in _facts(measurement):
            rows.writerow([f"# {one_line(key)}: {one_line(value)}"])
        _numbers(out, measurement)
    return out.getvalue().encode("utf-8")


def _facts(measurement: Measurement) -> Iterable[tuple[str, str]]:
    yield MARK, measurement.kind.value
    if measurement.title:
        yield "title", measurement.title
    if isinstance(measurement, (Spectrum, Chromatogram)):
        yield "x_kind", measurement.x_kind.value
        yield "x_unit", measurement.x_unit
        yield "y_kind", measurement.y_kind.value
        yield "y_unit", measurement.y_unit
    if isinstance(measurement, (MassSpectrum, MassRun)) and measurement.ionization:
        yield "ionization", measurement.ionization
    if isinstance(measurement, MassSpectrum):
        for name in ("precursor_mz", "molecular_mass", "retention_time_s", "retention_index"):
            value = getattr(measurement, name)
            if value is not None:
                yield name, repr(float(value))
    for fault in measurement.faults:
        yield "fault", fault
    known = {"title", "x_kind", "x_unit", "y_kind", "y_unit", MARK}
    yield from ((k, v) for k, v in measurement.metadata.items() if k not in known)


def _numbers(out: io.StringIO, measurement: Measurement) -> None:
    if isinstance(measurement, MassRun):
        out.write("scan,retention_time_s,mz,intensity\n")
        counts = np.diff(measurement.offsets)
        scans = np.repeat(np.arange(1, measurement.n_scans + 1), counts)
        times = np.repeat(measurement.scan_time_s, counts)
        table = zip(
            scans.tolist(),
            times.tolist(),
            measurement.mz.tolist(),
            measurement.intensity.tolist(),
            strict=True,
        )
        out.writelines(f"{n},{t!r},{m!r},{i!r}\n" for n, t, m, i in table)
        return
    if isinstance(measurement, MassSpectrum):
        out.write("mz (m/z),intensity\n")
        x, y = measurement.mz, measurement.intensity
    else:
        names = (
            f"{measurement.x_kind.value} ({measurement.x_unit})",
            f"{measurement.y_kind.value} ({measurement.y_unit})",
        )
        csv.writer(out, lineterminator="\n").writerow([cell(name) for name in names])
        x, y = measurement.x, measurement.y
    out.writelines(f"{_text(a)},{_text(b)}\n" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _text(value: float) -> str:
    return "" if value != value else repr(value)
