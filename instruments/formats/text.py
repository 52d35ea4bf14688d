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
from instruments.formats.text_columns import Columns, Guess, choose, guess
from instruments.formats.text_table import MIN_ROWS, NumberTable, TextLayout, find_layout, tables
from instruments.limits import SPECTRUM_BYTES
from instruments.units import x_axis, y_axis
from spectra import axis
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
    for at in columns.ys:
        x, y = table.values[:, columns.x], table.values[:, at]
        kept = ~(np.isnan(x) | np.isnan(y))
        dropped = int(x.size - kept.sum())
        if not kept.any():
            notes.append(f"column {at + 1} holds no values")
            continue
        if dropped:
            notes.append(f"{dropped} of {x.size} rows have a blank x or y and were left out")
        meaning, note = _meaning(table, source, own, columns.x, at, x[kept], y[kept], mapping)
        notes.extend([note] if note else [])
        technique = meaning.technique
        title = _title(table, source, own, at, len(columns.ys))
        for piece_x, piece_y in _pieces(x[kept], y[kept]):
            measured.append(_measurement(title, piece_x, piece_y, meaning, source))
    if not measured:
        raise CorruptFileError("no row holds both an x and a y", hint="Export the data again.")
    if len(columns.ys) > 1:
        notes.append(f"{len(columns.ys)} columns of ordinates, each read as one spectrum")
    return measured, technique, notes


def _title(table: NumberTable, source: _Source, own: dict[str, str], at: int, n_curves: int) -> str:
    if n_curves > 1 and table.names:
        return one_line(table.names[at])
    stated = text_header.title(own) or text_header.title(source.pairs)
    return one_line(stated or PurePath(source.name).stem)


def _meaning(
    table: NumberTable,
    source: _Source,
    own: dict[str, str],
    x_at: int,
    y_at: int,
    x: FloatArray,
    y: FloatArray,
    mapping: TextMapping | None,
) -> tuple[Guess, str]:
    """Return what the columns measure: mapping, then the file's words, then a guess with a note."""
    if mapping is not None:
        return Guess(
            x_kind=mapping.x_kind,
            x_unit=mapping.x_unit,
            y_kind=mapping.y_kind,
            y_unit=mapping.y_unit,
            technique=mapping.technique,
            reason="",
        ), ""
    pairs = source.pairs | own
    x_words = table.names[x_at] if table.names else ""
    y_words = table.names[y_at] if table.names else ""
    stated = text_header.x_unit(pairs)
    technique = _stated_technique(source, table, pairs, x_words)
    x_kind, x_unit = x_axis(stated or x_words, technique)
    if x_kind is XKind.UNKNOWN:
        x_kind, x_unit = x_axis(x_words, technique)
    if source.dialect == "ocean-txt" and x_kind is XKind.UNKNOWN:
        x_kind, x_unit = XKind.WAVELENGTH, axis.UNIT_NM
    if source.dialect == "agilent-csv" and x_kind is XKind.UNKNOWN:
        x_kind, x_unit = XKind.TIME, axis.UNIT_MIN
    proposal = guess(x, y)
    note = ""
    if x_kind is XKind.UNKNOWN:
        x_kind, x_unit = proposal.x_kind, proposal.x_unit
        technique = proposal.technique if technique is Technique.OTHER else technique
        if technique is Technique.RAMAN and x_kind is XKind.WAVENUMBER:
            x_kind = XKind.RAMAN_SHIFT
        note = f"the file does not name its x unit; {proposal.reason}: please confirm"
    y_kind, y_unit = y_axis(text_header.y_unit(pairs) or y_words, y, technique)
    technique = _technique(technique, x_kind, y_kind, proposal)
    if technique is Technique.RAMAN:
        if x_kind is XKind.WAVENUMBER:
            x_kind = XKind.RAMAN_SHIFT
        if y_kind is YKind.UNKNOWN:
            y_kind, y_unit = YKind.RAMAN_INTENSITY, axis.UNIT_COUNTS
    elif y_kind is YKind.UNKNOWN and technique is Technique.FTIR and proposal.y_kind is not y_kind:
        y_kind, y_unit = proposal.y_kind, proposal.y_unit
        note = note or f"the file does not name its ordinate; {proposal.reason}: please confirm"
    meaning = Guess(
        x_kind=x_kind,
        x_unit=one_line(x_unit, limit=40),
        y_kind=y_kind,
        y_unit=one_line(y_unit, limit=40),
        technique=technique,
        reason="",
    )
    return meaning, note


def _stated_technique(
    source: _Source, table: NumberTable, pairs: dict[str, str], x_words: str
) -> Technique:
    words = " ".join((x_words, *pairs, *pairs.values(), *table.names)).lower()
    if source.dialect in ("bwtek-txt", "wasatch-csv", "lightnovo-txt", "renishaw-txt"):
        return Technique.RAMAN
    if "raman" in words or "rel. 1/cm" in words or text_header.laser_nm(pairs) is not None:
        return Technique.RAMAN
    if "infrared" in words or "ftir" in words or "ft-ir" in words:
        return Technique.FTIR
    return Technique.OTHER


def _technique(stated: Technique, x_kind: XKind, y_kind: YKind, proposal: Guess) -> Technique:
    if x_kind is XKind.TIME:
        return Technique.GC
    if x_kind is XKind.MZ:
        return Technique.MS
    if x_kind is XKind.RAMAN_SHIFT:
        return Technique.RAMAN
    if x_kind is XKind.WAVENUMBER:
        if y_kind in (YKind.ABSORBANCE, YKind.TRANSMITTANCE, YKind.REFLECTANCE):
            return Technique.FTIR
        if y_kind is YKind.RAMAN_INTENSITY:
            return Technique.RAMAN
        return stated if stated is not Technique.OTHER else proposal.technique
    if x_kind in (XKind.PIXEL, XKind.WAVELENGTH):
        return stated
    return stated


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
