"""The general text importer: any two or more columns of numbers that an instrument writes.

What the file does not say is guessed by range and reported; nothing is sorted, and every
dropped row is counted. Handheld narcotics instruments are reached by this reader.
"""

from __future__ import annotations

from instruments.decoding import decode, looks_like_text
from instruments.errors import CorruptFileError, RefusedFormatError, UnknownFormatError
from instruments.export import Reading
from instruments.formats import text_header, text_own
from instruments.formats.text_columns import choose
from instruments.formats.text_curves import Column, Source, measure, rows_with_both, title_of
from instruments.formats.text_lines import TextLines
from instruments.formats.text_mapped import read_mapped
from instruments.formats.text_meaning import Words, find_meaning
from instruments.formats.text_table import (
    MIN_ROWS,
    NumberTable,
    cut_note,
    find_layout,
    refuse_grouped,
    refuse_split_decimals,
    refuse_unmarked,
    stray_numbers,
    tables,
)
from instruments.limits import SPECTRUM_BYTES
from instruments.mapping import TextMapping
from spectra.spectrum import Measurement, Technique


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
    if mapping is None:
        refuse_unmarked(data)
    text, encoding = decode(data)
    text = text.replace("\x00", "")
    own = text.lstrip('"# ').startswith(text_own.MARK)
    if mapping is not None and not own:
        return read_mapped(data, name, mapping)
    min_rows = 1 if own else MIN_ROWS
    shaped = TextLines.of_text(text)
    layout = find_layout(shaped, min_rows)
    found, footer = tables(shaped, layout, min_rows) if layout else ([], ())
    if layout is None or not found:
        raise UnknownFormatError(
            "text without a table of at least ten rows of numbers",
            hint="Export the data points, not the report.",
        )
    if own:
        return _own(found)
    refuse_split_decimals(shaped, found, layout)
    stray = stray_numbers([*(line for table in found[1:] for line in table.header), *footer])
    refuse_grouped(stray)
    pairs = text_header.header_pairs(found[0].header)
    source = Source(
        name=name,
        encoding=encoding,
        layout=layout,
        dialect=text_header.dialect("\n".join(found[0].header)[:20_000]),
        pairs=pairs,
        laser_nm=text_header.laser_nm(pairs),
    )
    curves, technique, warnings = _all_curves(found, source)
    if stray:
        warnings.append(f"{len(stray)} lines of numbers fit no table and were left out")
    warnings.extend(cut_note(shaped, layout))
    return Reading(
        spectra=tuple(curves),
        technique=technique,
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


def _all_curves(
    found: list[NumberTable], source: Source
) -> tuple[list[Measurement], Technique, list[str]]:
    """Return the curves of every table that can be taken; the last refusal when none can."""
    curves: list[Measurement] = []
    warnings: list[str] = []
    techniques: list[Technique] = []
    refusal: RefusedFormatError | None = None
    for at, table in enumerate(found):
        try:
            measured, technique, notes = _guessed_curves(table, source)
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
    return curves, techniques[0], warnings


def _guessed_curves(
    table: NumberTable, source: Source
) -> tuple[list[Measurement], Technique, list[str]]:
    columns = choose(table)
    own = text_header.header_pairs(table.header)
    taken: list[Column] = []
    notes: list[str] = []
    technique = Technique.OTHER
    for at in columns.ys:
        x, y, _ = rows_with_both(table, columns.x, at)
        if not x.size:
            notes.append(f"column {at + 1} holds no values")
            continue
        named = "" if columns.are_curves or not table.names else table.names[at]
        words = Words(
            x=table.names[columns.x] if table.names else "",
            y=named,
            columns=table.names,
            pairs=source.pairs | own,
            dialect=source.dialect,
        )
        meaning, note = find_meaning(words, x, y)
        notes.extend(said for said in (note, meaning.reason) if said)
        technique = meaning.technique
        title = title_of(table, source, at, len(columns.ys))
        taken.append(Column(at=at, title=title, meaning=meaning, guessed=note))
    if not taken:
        raise CorruptFileError("no row holds both an x and a y", hint="Export the data again.")
    measured, said = measure(table, columns, taken, source)
    return measured, technique, [*notes, *said]


__all__ = ["TextMapping", "TextReader", "read_text"]
