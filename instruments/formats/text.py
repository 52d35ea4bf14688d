"""The general text importer: any two or more columns of numbers that an instrument writes.

What the file does not say is guessed by range and reported; nothing is sorted, and every
dropped row is counted. Handheld narcotics instruments are reached by this reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from instruments.checks import curve_faults, peak_faults
from instruments.cleaning import one_line
from instruments.decoding import decode, looks_like_text
from instruments.decoding import lines as split_lines
from instruments.errors import CorruptFileError, RefusedFormatError, UnknownFormatError
from instruments.export import Reading
from instruments.formats import text_header, text_own
from instruments.formats.text_columns import Columns, Guess, choose
from instruments.formats.text_meaning import Words, find_meaning
from instruments.formats.text_table import MIN_ROWS, NumberTable, TextLayout, find_layout, tables
from instruments.limits import SPECTRUM_BYTES
from spectra.axis import FloatArray, XKind, YKind
from spectra.spectrum import Chromatogram, MassSpectrum, Measurement, Spectrum, Technique


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMapping:
    """How one instrument's text is read, confirmed once by a person and kept with the instrument.

    Parameters
    ----------
    x_column, y_column : int
        From 0.
    x_kind, x_unit, y_kind, y_unit, technique
        As in `spectra.spectrum.Spectrum`.
    delimiter, decimal : str
        Must be what the file has, else it is refused rather than guessed.
    n_columns : int
        Likewise.
    laser_nm : float or None
    """

    x_column: int
    y_column: int
    x_kind: XKind
    x_unit: str
    y_kind: YKind
    y_unit: str
    technique: Technique
    delimiter: str
    decimal: str
    n_columns: int
    laser_nm: float | None = None


class TextReader:
    """Text with columns of numbers; the dialect is named where the writer is recognised."""

    name = "text"
    suffixes = (".txt", ".csv", ".tsv", ".asc", ".dpt", ".ttt", ".xy", ".prn", ".dat")
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.1 for anything that can be text: every other reader goes first."""
        return 0.1 if looks_like_text(head) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return each table's curves, guessing units where the file is silent."""
        return read_text(data, name)


def read_text(data: bytes, name: str, mapping: TextMapping | None = None) -> Reading:
    """Read a text export, with a confirmed mapping where there is one.

    Parameters
    ----------
    data : bytes
    name : str
    mapping : TextMapping or None

    Raises
    ------
    UnknownFormatError
        No table of at least ten numeric rows.
    RefusedFormatError
        Two readings are possible, or the file does not fit its mapping.
    """
    text, encoding = decode(data)
    lines = split_lines(text.replace("\x00", ""))
    own = lines[0].lstrip('"# ').startswith(text_own.MARK)
    min_rows = 1 if own else MIN_ROWS
    layout = find_layout(lines, min_rows)
    found, _ = tables(lines, layout, min_rows) if layout else ([], ())
    if layout is None or not found:
        raise UnknownFormatError(
            "text without a table of at least ten rows of numbers",
            hint="Export the data points, not the report.",
        )
    if own:
        return _own(found)
    source = _Source(
        name=name,
        encoding=encoding,
        layout=layout,
        dialect=text_header.dialect("\n".join(found[0].header)[:20_000]),
        pairs=text_header.header_pairs(found[0].header),
    )
    curves: list[Measurement] = []
    warnings: list[str] = []
    techniques: list[Technique] = []
    refusal: RefusedFormatError | None = None
    for at, table in enumerate(found):
        if mapping is not None:
            _require_fit(mapping, table, layout)
        try:
            measured, technique, notes = _curves(table, source, mapping)
        except RefusedFormatError as error:
            refusal = error
            notes = [f"table {at + 1} was left out: {error.message}"]
        else:
            curves.extend(measured)
            techniques.append(technique)
        warnings.extend(note for note in notes if note not in warnings)
    if not curves and refusal is not None:
        raise refusal
    if len(found) > 1:
        warnings.append(f"the file holds {len(found)} tables of numbers")
    return Reading(
        spectra=tuple(curves),
        technique=techniques[0],
        format=source.dialect or ("bruker-dpt" if name.lower().endswith(".dpt") else "csv"),
        metadata=source.metadata(),
        warnings=tuple(warnings),
    )


def _own(found: list[NumberTable]) -> Reading:
    read = [text_own.measurement(table, text_header.header_pairs(table.header)) for table in found]
    return Reading(
        spectra=tuple(measured for measured, _ in read),
        technique=read[0][1],
        format="fol-csv",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    name: str
    encoding: str
    layout: TextLayout
    dialect: str
    pairs: dict[str, str]

    def metadata(self) -> dict[str, str]:
        facts = {
            "encoding": self.encoding,
            "delimiter": {"\t": "tab", " ": "blank"}.get(
                self.layout.delimiter, self.layout.delimiter
            ),
            "decimal sign": self.layout.decimal,
        }
        laser = text_header.laser_nm(self.pairs)
        if laser is not None:
            facts["laser_nm"] = f"{laser:g}"
        return self.pairs | facts


def _require_fit(mapping: TextMapping, table: NumberTable, layout: TextLayout) -> None:
    seen = (layout.delimiter, layout.decimal, table.values.shape[1])
    wanted = (mapping.delimiter, mapping.decimal, mapping.n_columns)
    if seen != wanted:
        raise RefusedFormatError(
            f"the file does not fit its mapping: delimiter, decimal sign, columns are {seen}, "
            f"the mapping says {wanted}",
            hint="Was the instrument's export changed? Confirm a new mapping.",
        )


def _curves(
    table: NumberTable, source: _Source, mapping: TextMapping | None
) -> tuple[list[Measurement], Technique, list[str]]:
    columns = (
        choose(table) if mapping is None else Columns(x=mapping.x_column, ys=(mapping.y_column,))
    )
    own = text_header.header_pairs(table.header)
    measured: list[Measurement] = []
    notes: list[str] = []
    technique = Technique.OTHER
    blank = 0
    for at in columns.ys:
        x, y = table.values[:, columns.x], table.values[:, at]
        kept = ~(np.isnan(x) | np.isnan(y))
        dropped = int(x.size - kept.sum())
        blank += dropped
        if not kept.any():
            notes.append(f"column {at + 1} holds no values")
            continue
        if dropped and len(columns.ys) == 1:
            notes.append(f"{dropped} of {x.size} rows have a blank x or y and were left out")
        if mapping is not None:
            meaning, note = _mapped(mapping), ""
        else:
            named = "" if columns.are_curves or not table.names else table.names[at]
            words = Words(
                x=table.names[columns.x] if table.names else "",
                y=named,
                columns=table.names,
                pairs=source.pairs | own,
                dialect=source.dialect,
            )
            meaning, note = find_meaning(words, x[kept], y[kept])
        notes.extend([note] if note else [])
        technique = meaning.technique
        title = _title(table, source, own, at, len(columns.ys))
        for piece_x, piece_y in _pieces(x[kept], y[kept]):
            measured.append(_measurement(title, piece_x, piece_y, meaning, source))
    if not measured:
        raise CorruptFileError("no row holds both an x and a y", hint="Export the data again.")
    if len(columns.ys) > 1:
        notes.append(f"{len(columns.ys)} columns of ordinates, each read as one spectrum")
        if blank:
            notes.append(f"{blank} blank cells were left out")
    return measured, technique, notes


def _title(table: NumberTable, source: _Source, own: dict[str, str], at: int, n_curves: int) -> str:
    if n_curves > 1 and table.names:
        return one_line(table.names[at])
    stated = text_header.title(own) or text_header.title(source.pairs)
    return one_line(stated or PurePath(source.name).stem)


def _mapped(mapping: TextMapping) -> Guess:
    return Guess(
        x_kind=mapping.x_kind,
        x_unit=mapping.x_unit,
        y_kind=mapping.y_kind,
        y_unit=mapping.y_unit,
        technique=mapping.technique,
        reason="",
    )


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


def _measurement(
    title: str, x: FloatArray, y: FloatArray, meaning: Guess, source: _Source
) -> Measurement:
    faults = curve_faults(x, y, meaning.x_kind)
    if meaning.x_kind is XKind.TIME:
        return Chromatogram(
            title=title,
            x=x,
            y=y,
            x_unit=meaning.x_unit,
            y_unit=meaning.y_unit,
            metadata=source.metadata(),
            faults=faults,
        )
    if meaning.x_kind is XKind.MZ:
        return MassSpectrum(
            title=title,
            mz=x,
            intensity=y,
            metadata=source.metadata(),
            faults=peak_faults(x, y),
        )
    return Spectrum(
        title=title,
        x=x,
        y=y,
        x_kind=meaning.x_kind,
        x_unit=meaning.x_unit,
        y_kind=meaning.y_kind,
        y_unit=meaning.y_unit,
        metadata=source.metadata(),
        faults=faults,
    )
