"""One table of numbers -> measurements, once it is known which columns are what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from instruments.checks import curve_faults, peak_faults
from instruments.cleaning import one_line
from instruments.errors import CorruptFileError
from instruments.export import GUESSED
from instruments.formats import text_header
from instruments.formats.text_axis import axis_story
from instruments.formats.text_columns import Columns, Guess
from instruments.formats.text_rows import TextLayout
from instruments.formats.text_table import WORDS, NumberTable
from spectra.axis import FloatArray, XKind
from spectra.spectrum import Chromatogram, MassSpectrum, Measurement, Spectrum, settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What holds for a whole text: its name, encoding, layout, writer and header pairs."""

    name: str
    encoding: str
    layout: TextLayout
    dialect: str
    pairs: dict[str, str]
    laser_nm: float | None = None

    def metadata(self) -> dict[str, str]:
        """Return the header pairs and how the text was read."""
        facts = {
            "encoding": self.encoding,
            "delimiter": WORDS[self.layout.delimiter],
            "decimal sign": self.layout.decimal,
        }
        if self.layout.thousands:
            facts["thousands sign"] = self.layout.thousands
        if self.laser_nm is not None:
            facts["laser_nm"] = f"{self.laser_nm:g}"
        return self.pairs | facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One ordinate to take: its position, title, meaning, and what of it was guessed."""

    at: int
    title: str
    meaning: Guess
    guessed: str = ""


def rows_with_both(table: NumberTable, x: int, y: int) -> tuple[FloatArray, FloatArray, int]:
    """Return x and y of the rows that have both, and how many have not."""
    values = table.values
    of_x, of_y = values[:, x].copy(), values[:, y].copy()
    kept = ~(np.isnan(of_x) | np.isnan(of_y))
    if kept.all():
        return settled(of_x), settled(of_y), 0
    return settled(of_x[kept]), settled(of_y[kept]), int(kept.size - kept.sum())


def measure(
    table: NumberTable, columns: Columns, taken: list[Column], source: Source
) -> tuple[list[Measurement], list[str]]:
    """Return the curves of one table and what was left out of them.

    Raises
    ------
    CorruptFileError
        No row holds both an x and a y.
    """
    measured: list[Measurement] = []
    notes: list[str] = []
    blank = 0
    for column in taken:
        x, y, dropped = rows_with_both(table, columns.x, column.at)
        blank += dropped
        if not x.size:
            notes.append(f"column {column.at + 1} holds no values")
            continue
        if dropped and len(taken) == 1:
            rows = table.values.shape[0]
            notes.append(f"{dropped} of {rows} rows have a blank x or y and were left out")
        for piece_x, piece_y in _pieces(x, y):
            measured.append(_measurement(column, piece_x, piece_y, source))
    if not measured:
        raise CorruptFileError("no row holds both an x and a y", hint="Export the data again.")
    if len(taken) > 1:
        notes.append(f"{len(taken)} columns of ordinates, each read as one spectrum")
        if blank:
            notes.append(f"{blank} blank cells were left out")
    return measured, notes


def title_of(table: NumberTable, source: Source, at: int, n_curves: int) -> str:
    """Return the column's name where each is a curve, else the header's title, else the file's."""
    if n_curves > 1 and table.names:
        return one_line(table.names[at])
    own = text_header.header_pairs(table.header)
    stated = text_header.title(own) or text_header.title(source.pairs)
    return one_line(stated or PurePath(source.name).stem)


def _pieces(x: FloatArray, y: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    """Split a map whose rows repeat one axis; anything else stays whole and is judged by checks."""
    if x.size < 2:
        return [(x, y)]
    starts = np.flatnonzero(x == x[0])
    if starts.size < 2:
        return [(x, y)]
    length = int(starts[1])
    if x.size % length or length < 2:
        return [(x, y)]
    rows = x.reshape(-1, length)
    if not (rows == rows[0]).all():
        return [(x, y)]
    return list(zip(rows, y.reshape(-1, length), strict=True))


def _faults(x: FloatArray, y: FloatArray, kind: XKind) -> tuple[str, ...]:
    found = curve_faults(x, y, kind)
    story = axis_story(x) if found else ""
    return (story, *found) if story else found


def _measurement(column: Column, x: FloatArray, y: FloatArray, source: Source) -> Measurement:
    meaning = column.meaning
    metadata = source.metadata() | ({GUESSED: column.guessed} if column.guessed else {})
    if meaning.x_kind is XKind.TIME:
        return Chromatogram(
            title=column.title,
            x=x,
            y=y,
            x_unit=meaning.x_unit,
            y_unit=meaning.y_unit,
            metadata=metadata,
            faults=_faults(x, y, meaning.x_kind),
        )
    if meaning.x_kind is XKind.MZ:
        return MassSpectrum(
            title=column.title,
            mz=x,
            intensity=y,
            metadata=metadata,
            faults=peak_faults(x, y),
        )
    return Spectrum(
        title=column.title,
        x=x,
        y=y,
        x_kind=meaning.x_kind,
        x_unit=meaning.x_unit,
        y_kind=meaning.y_kind,
        y_unit=meaning.y_unit,
        metadata=metadata,
        faults=_faults(x, y, meaning.x_kind),
    )


__all__ = ["Column", "Source", "measure", "rows_with_both", "title_of"]
