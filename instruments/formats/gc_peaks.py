"""Peak tables of chromatography reports: words of several languages -> one list of peaks in JSON.

A peak table is data beside a trace; without one its apexes stand as points, marked as no trace.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from instruments.cleaning import one_line
from instruments.errors import RefusedFormatError
from spectra.axis import UNIT_UNKNOWN, FloatArray
from spectra.spectrum import UNIT_S, Chromatogram

PEAKS = "peaks"
"""Key in a chromatogram's metadata: a JSON list of peaks, times in seconds."""

NO_TRACE = "the report holds no trace: its points are the apexes of its peak table"
MOST_PEAKS = 10_000

# What a column holds, by the words above it; the first that fits. Times come with their unit.
_COLUMNS: tuple[tuple[str, str], ...] = (
    (r"area ?%|% ?area|rel\.? ?area|fläche ?%|conc\.? ?%|norm conc|area ratio|height ratio", ""),
    (r"^(?:peak|no|nr|#|pic)[ .]*(?:#|no\.?)?$|^peak#|^peak ?#", "number"),
    (r"ret.*time|^r\.? ?time|^rt\b|retzeit|ret\.? ?zeit|temps|tr\b", "retention_time"),
    (r"i\.time|proc\.from|start|anfang|début", "start"),
    (r"f\.time|proc\.to|\bend\b|ende\b|fin\b", "end"),
    (r"width|breite|largeur", "width"),
    (r"amt/area|a/h", ""),
    (r"amount|amt\b|conc\.?|menge|quantit", "amount"),
    (r"area|fläche|aire|superficie", "area"),
    (r"plate", ""),
    (r"height|höhe|hauteur|altura", "height"),
    (r"type|typ\b|mark", "type"),
    (r"name|verbindung|compound|substan", "name"),
    (r"^mass$|m/z", "mz"),
)
_PATTERNS = tuple((re.compile(words, re.IGNORECASE), what) for words, what in _COLUMNS)
_PERCENT = re.compile(r"area ?%|% ?area|rel\.? ?area|fläche ?%", re.IGNORECASE)
_UNIT = re.compile(r"[\[(]([^\])]{1,20})[\])]")
_TIMES = ("retention_time", "start", "end", "width")
_NUMBERS = (*_TIMES, "area", "height", "amount", "area_percent", "number")
_PER_SECOND = {"min": 60.0, "minute": 60.0, "minutes": 60.0, "s": 1.0, "sec": 1.0, "msec": 1e-3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Which signs a report's numbers use."""

    decimal: str
    thousands: str = ""

    def value(self, cell: str) -> float | None:
        """Return the number in a cell, or None where it holds none."""
        text = cell.strip()
        if self.thousands:
            text = text.replace(self.thousands, "")
        if self.decimal != ".":
            text = text.replace(self.decimal, ".")
        if not _NUMBER.fullmatch(text):
            return None
        found = float(text)
        return found if abs(found) < 1e30 else None


_NUMBER = re.compile(r"[-+]?+(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?+\d{1,3}+)?+")
_NUMERIC = re.compile(r"[-+]?+\d[\d.,]*+(?:[eE][-+]?+\d{1,3}+)?+")


def find_signs(cells: Iterable[str]) -> Signs:
    """Return the signs that fit every numeric cell; the later of two in one cell is the decimal.

    Raises
    ------
    RefusedFormatError
        Two cells contradict each other.
    """
    seen: set[str] = set()
    both: set[str] = set()
    for cell in cells:
        text = cell.strip()
        if ("," not in text and "." not in text) or not _NUMERIC.fullmatch(text):
            continue
        if "," in text and "." in text:
            both.add("," if text.rfind(",") > text.rfind(".") else ".")
        else:
            seen.add("," if "," in text else ".")
    if len(both) > 1 or (not both and len(seen) > 1):
        raise RefusedFormatError(
            "the numbers of the report use comma and point in two ways",
            hint="Export it again with one regional setting, without thousands signs.",
        )
    if both:
        decimal = both.pop()
        return Signs(decimal=decimal, thousands="." if decimal == "," else ",")
    return Signs(decimal=seen.pop() if seen else ".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What one column of a peak table holds, and its unit."""

    what: str
    unit: str = ""


def columns(names: Sequence[str], time_unit: str = "min") -> list[Column]:
    """Return what each column of a peak table holds; an empty ``what`` where it is not taken.

    Parameters
    ----------
    names : sequence of str
        Header words, with the unit in brackets where there is one.
    time_unit : str
        Of time columns that do not say.
    """
    found: list[Column] = []
    taken: set[str] = set()
    for name in names:
        unit_match = _UNIT.search(name)
        unit = unit_match.group(1).strip() if unit_match else ""
        words = " ".join(_UNIT.sub(" ", name).split())
        what = next((kind for pattern, kind in _PATTERNS if pattern.search(words)), "")
        if not what and _PERCENT.search(words):
            what, unit = "area_percent", "%"
        if what in taken:
            what = ""
        if what in _TIMES:
            unit = unit or time_unit
        taken.add(what)
        found.append(Column(what=what, unit=unit))
    return found


def is_peak_table(found: Sequence[Column]) -> bool:
    """Whether the columns are those of a peak table: a time, and an area or a height."""
    kinds = {column.what for column in found}
    return "retention_time" in kinds and bool(kinds & {"area", "height"})


def peak(found: Sequence[Column], cells: Sequence[str], signs: Signs) -> dict[str, object]:
    """Return one row of a peak table, times in seconds; empty where it has no retention time."""
    row: dict[str, object] = {}
    for column, cell in zip(found, cells, strict=False):
        if not column.what or not cell.strip():
            continue
        if column.what not in _NUMBERS:
            row[column.what] = one_line(cell, limit=200)
            continue
        value = signs.value(cell)
        if value is None:
            continue
        if column.what in _TIMES:
            row[f"{column.what}_s"] = round(value * _per_second(column.unit), 6)
        elif column.what == "number":
            row["number"] = int(value)
        else:
            row[column.what] = value
            if column.unit and column.what != "area_percent":
                row[f"{column.what}_unit"] = column.unit
    return row if "retention_time_s" in row else {}


def _per_second(unit: str) -> float:
    return _PER_SECOND.get(unit.strip().lower().rstrip("."), 60.0)


def as_text(peaks: Sequence[dict[str, object]]) -> str:
    """Return the peaks as the JSON text that stands in a chromatogram's metadata."""
    return json.dumps(list(peaks[:MOST_PEAKS]), ensure_ascii=False, separators=(",", ":"))


def peaks_of(metadata: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the peaks a measurement carries; empty for none.

    A text may hold any words under the same key, so what is no list of peaks is none.
    """
    try:
        found = json.loads(metadata.get(PEAKS, "[]"))
    except (ValueError, RecursionError):
        return []
    rows = found if isinstance(found, list) else []
    return [row for row in rows if isinstance(row, dict) and "retention_time_s" in row]


def count_faults(peaks: Sequence[dict[str, object]], announced: int | None) -> tuple[str, ...]:
    """Return what is wrong with the number of peaks, in words."""
    faults = []
    if announced is not None and announced != len(peaks):
        faults.append(f"the report announces {announced} peaks, {len(peaks)} were found")
    if len(peaks) > MOST_PEAKS:
        faults.append(f"{len(peaks)} peaks; the first {MOST_PEAKS} are kept")
    return tuple(faults)


def apexes(
    title: str,
    peaks: Sequence[dict[str, object]],
    metadata: dict[str, str],
    faults: tuple[str, ...],
) -> Chromatogram:
    """Return a peak table without a trace: its apexes as points, with the fault that says so."""
    what = "height" if any("height" in each for each in peaks) else "area"
    unit = next((str(each[f"{what}_unit"]) for each in peaks if f"{what}_unit" in each), "")
    x: FloatArray = np.array([each["retention_time_s"] for each in peaks], dtype=np.float64)
    y: FloatArray = np.array([each.get(what, np.nan) for each in peaks], dtype=np.float64)
    return Chromatogram(
        title=title,
        x=x,
        y=y,
        x_unit=UNIT_S,
        y_unit=one_line(unit, limit=40) or UNIT_UNKNOWN,
        metadata=metadata | {PEAKS: as_text(peaks), "points are": f"peak apexes ({what})"},
        faults=(NO_TRACE, *faults),
    )
