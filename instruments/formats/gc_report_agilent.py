"""Agilent ChemStation ``Report.TXT``: peak tables of one or more signals, without their traces.

The dashed rule below the column names says where each column stands; nothing is split at blanks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from instruments.cleaning import one_line
from instruments.decoding import decode
from instruments.decoding import lines as split_lines
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.formats import gc_peaks
from instruments.formats.gc_peaks import Column, Signs
from instruments.limits import AGAIN, SPECTRUM_BYTES
from spectra.spectrum import Chromatogram, Technique

_RULE = re.compile(r"-{2,}(?:\|-+)+\|?\s*")
_SIGNAL = re.compile(r"\s*Sig(?:nal)?\s*\d+\s*:\s*(.*)", re.IGNORECASE)
_TOTALS = re.compile(r"\s*(?:Totals?|Summen?|Totaux|Totales)\b[^:]*:\s*(.*)", re.IGNORECASE)
_PAIR = re.compile(r"\s*([^:=]{2,40}?)\s*:\s+(\S.*?)(?:\s{2,}.*)?$")
_ROW = re.compile(r"\s*+\d[\d.,]*+\s")
_HEADINGS = ("Area Percent Report", "Standard Report", "Percent Report", "Norm")
# Reports round areas to five or six digits.
_TOTAL_TOLERANCE = 2e-3
# Photometric channels belong to liquid chromatography.
_LIQUID = re.compile(r"\b(?:DAD|VWD|MWD|FLD|RID)\d?\b")


class AgilentReportReader:
    """Report text of ChemStation and OpenLab: the peaks, not the chromatogram."""

    name = "agilent-report"
    suffixes = (".txt",)
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return the confidence that this is a ChemStation report."""
        text = decode(head[: len(head) - len(head) % 2])[0].lstrip("\ufeff\r\n \f")
        if not text.startswith("Data File"):
            return 0.0
        return 0.9 if any(word in text for word in (*_HEADINGS, "Acq. Operator")) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return one chromatogram of apexes per signal, each with its peak table."""
        lines = split_lines(decode(data)[0].replace("\x00", "").replace("\f", "\n"))
        tables = _tables(lines)
        if not tables:
            raise RefusedFormatError(
                "a ChemStation report without a peak table",
                hint="Integrate the run and print again, or read the run's own .D folder.",
            )
        signs = gc_peaks.find_signs(cell for table in tables for row in table.rows for cell in row)
        pairs = _pairs(lines)
        spectra = tuple(_spectrum(table, signs, pairs) for table in tables if table.rows)
        if not spectra:
            raise CorruptFileError("the report's peak tables hold no peak", hint=AGAIN)
        liquid = any(_LIQUID.search(table.signal) for table in tables)
        return Reading(
            spectra=spectra,
            technique=Technique.OTHER if liquid else Technique.GC,
            metadata=pairs | {"time unit in file": "minute"},
            warnings=(f"{gc_peaks.NO_TRACE}; read the run's .D folder for the trace",),
        )


@dataclass(slots=True)
class _Table:
    signal: str
    columns: list[Column]
    edges: list[tuple[int, int]]
    rows: list[list[str]] = field(default_factory=list)
    totals: str = ""


def _tables(lines: Sequence[str]) -> list[_Table]:
    found: list[_Table] = []
    signal = ""
    table: _Table | None = None
    for at, line in enumerate(lines):
        named = _SIGNAL.match(line)
        if named:
            signal, table = one_line(named.group(1), limit=200), None
            continue
        if _RULE.fullmatch(line):
            table = _opened(lines, at, signal)
            if table is not None:
                found.append(table)
            continue
        if table is None:
            continue
        total = _TOTALS.match(line)
        if total:
            table.totals, table = line, None
        elif _ROW.match(line):
            table.rows.append([line[start:stop] for start, stop in table.edges])
    return found


def _opened(lines: Sequence[str], rule_at: int, signal: str) -> _Table | None:
    rule = lines[rule_at].rstrip()
    edges: list[tuple[int, int]] = []
    start = 0
    for part in rule.rstrip("|").split("|"):
        edges.append((start, start + len(part)))
        start += len(part) + 1
    edges[-1] = (edges[-1][0], 10_000)  # a name may be longer than its rule
    above = lines[max(rule_at - 2, 0) : rule_at]
    names = [" ".join(line[start:stop].strip() for line in above) for start, stop in edges]
    columns = gc_peaks.columns(names)
    if not gc_peaks.is_peak_table(columns):
        return None
    return _Table(signal=signal, columns=columns, edges=edges)


def _spectrum(table: _Table, signs: Signs, pairs: dict[str, str]) -> Chromatogram:
    peaks = [row for row in (gc_peaks.peak(table.columns, r, signs) for r in table.rows) if row]
    lost = len(table.rows) - len(peaks)
    faults = [f"{lost} rows of the peak table hold no retention time"] if lost else []
    faults.extend(gc_peaks.count_faults(peaks, None))
    faults.extend(_total_faults(table, peaks, signs))
    title = pairs.get("Sample Name", "")
    return gc_peaks.apexes(
        one_line(f"{title} {table.signal}".strip(), limit=200),
        peaks,
        {"signal": table.signal, "time unit in file": "minute"},
        tuple(faults),
    )


def _total_faults(table: _Table, peaks: list[dict[str, object]], signs: Signs) -> list[str]:
    """Return what the table's own total says against its rows: a cut report shows here."""
    if not table.totals:
        return ["the peak table has no total below it: the report may be cut"]
    at = next((i for i, column in enumerate(table.columns) if column.what == "area"), None)
    numbers = [signs.value(cell) for cell in table.totals.partition(":")[2].split()]
    if at is None or not numbers or numbers[0] is None:
        return []
    stated = numbers[0]
    found = sum(float(str(peak.get("area", 0.0))) for peak in peaks)
    if abs(found - stated) <= _TOTAL_TOLERANCE * max(abs(stated), 1e-9):
        return []
    return [f"the areas add up to {found:g}, the report's total is {stated:g}"]


def _pairs(lines: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line in lines[:60]:
        if line.startswith("Data File"):
            pairs.setdefault("Data File", one_line(line.removeprefix("Data File").lstrip(" :")))
            continue
        if _SIGNAL.match(line) or "Report" in line:
            continue
        match = _PAIR.match(line[:300])
        if match:
            pairs.setdefault(match.group(1).strip(), one_line(match.group(2)))
    return pairs
