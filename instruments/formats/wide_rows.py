"""Text with one spectrum per row: the axis in the first line, names before the numbers.

Machine-learning collections come so: ``name, class, 400, 402, 404 …``. Text with one spectrum per
column is `instruments.formats.text`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np

from instruments.checks import curve_faults
from instruments.cleaning import clean_map, one_line
from instruments.decoding import decode, number
from instruments.errors import CorruptFileError
from instruments.export import GUESSED, Reading
from instruments.formats.text_meaning import Words, find_meaning
from instruments.limits import MAX_POINTS, MAX_SPECTRA, SPECTRUM_BYTES
from spectra.axis import FloatArray, XKind
from spectra.spectrum import Spectrum, Technique

_DELIMITERS = (",", ";", "\t")
_FEWEST_POINTS = 20
_MOST_NAMES = 40
_REPORTED = 20
_LONGEST_CELL = 131_072
# A bare word means this in a table of spectra; in other formats it means other things.
_MEANT = {"class": "CompoundClass", "label": "Name", "compound": "Name", "substance": "Name"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Head:
    """The first line: what the cells before the axis are called, and the axis."""

    delimiter: str
    labels: tuple[str, ...]
    x: FloatArray


class WideRowsReader:
    """One spectrum per row, the x axis in the first line."""

    name = "wide-rows"
    suffixes = (".csv", ".tsv", ".txt")
    size_limit = SPECTRUM_BYTES * 20

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.6 where the first line goes from words to a long run of ordered numbers."""
        text = head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
        line, end, _ = text.partition("\n")
        if not end:
            line = line.rpartition(",")[0] or line.rpartition(";")[0] or line.rpartition("\t")[0]
        return 0.6 if _head(line) is not None else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return one spectrum for each row whose numbers fit the axis."""
        text, encoding = decode(data)
        first, _, rest = text.partition("\n")
        head = _head(first)
        if head is None:
            raise CorruptFileError("the first line holds no axis of ordered numbers")
        if head.x.size > MAX_POINTS:
            raise CorruptFileError(f"more than {MAX_POINTS} points in one row")
        spectra: list[Spectrum] = []
        problems: list[str] = []
        techniques: set[Technique] = set()
        for at, row in enumerate(_rows(rest, head.delimiter), start=2):
            if len(spectra) >= MAX_SPECTRA:
                raise CorruptFileError(f"more than {MAX_SPECTRA} rows")
            y = _ordinates(row, head)
            if y is None:
                problems.append(f"row {at} does not hold {head.x.size} numbers: left out")
                continue
            spectrum, technique, note = _spectrum(row, y, head, at)
            spectra.append(spectrum)
            techniques.add(technique)
            if note and note not in problems:
                problems.insert(0, note)
        if not spectra:
            raise CorruptFileError("no row holds a spectrum over the axis of the first line")
        warnings = problems[:_REPORTED]
        if len(problems) > _REPORTED:
            warnings.append(f"and {len(problems) - _REPORTED} more rows with problems")
        return Reading(
            spectra=tuple(spectra),
            technique=techniques.pop() if len(techniques) == 1 else Technique.OTHER,
            metadata={"rows": str(len(spectra)), "encoding": encoding},
            warnings=tuple(warnings),
        )


def _head(line: str) -> _Head | None:
    for delimiter in _DELIMITERS:
        cells = [cell.strip().strip('"').strip() for cell in line.rstrip("\r\n").split(delimiter)]
        start = next((at for at, cell in enumerate(cells) if number(cell) is not None), len(cells))
        if not 0 < start <= _MOST_NAMES or len(cells) - start < _FEWEST_POINTS:
            continue
        values = [number(cell) for cell in cells[start:]]
        known = [value for value in values if value is not None]
        if len(known) != len(values):
            continue
        x = np.array(known, dtype=np.float64)
        steps = np.diff(x)
        if np.isfinite(x).all() and ((steps > 0).all() or (steps < 0).all()):
            labels = tuple(one_line(cell, limit=60) for cell in cells[:start])
            return _Head(delimiter=delimiter, labels=labels, x=x)
    return None


def _rows(text: str, delimiter: str) -> list[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    try:
        return [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)]
    except csv.Error as broken:
        raise CorruptFileError(f"the rows cannot be told apart ({broken})") from broken


def _ordinates(row: list[str], head: _Head) -> FloatArray | None:
    """Return the numbers of a row, blank cells as NaN; None where they do not fit the axis."""
    cells = row[len(head.labels) :]
    if len(cells) != head.x.size:
        return None
    try:
        return np.array([cell if cell.strip() else "nan" for cell in cells], dtype=np.float64)
    except ValueError:
        found = [number(cell) for cell in cells]
        known = [value for value in found if value is not None]
        return np.array(known) if len(known) == len(found) else None


def _spectrum(
    row: list[str], y: FloatArray, head: _Head, at: int
) -> tuple[Spectrum, Technique, str]:
    named = {
        _MEANT.get(label.lower(), label) or f"column {n}": cell
        for n, (label, cell) in enumerate(zip(head.labels, row, strict=False), start=1)
    }
    measured = np.isfinite(y)
    x, y = head.x[measured], y[measured]
    words = Words(x=" ".join(head.labels), y="", columns=head.labels, pairs=named, dialect="")
    meaning, note = find_meaning(words, x, y)
    title = next((cell for cell in row[: len(head.labels)] if cell.strip()), f"row {at}")
    spectrum = Spectrum(
        title=one_line(title),
        x=x,
        y=y,
        x_kind=meaning.x_kind,
        x_unit=meaning.x_unit,
        y_kind=meaning.y_kind,
        y_unit=meaning.y_unit,
        metadata=clean_map(named) | ({GUESSED: note} if note else {}),
        faults=curve_faults(x, y, XKind(meaning.x_kind)) if x.size else ("it holds no values",),
    )
    return spectrum, meaning.technique, note
