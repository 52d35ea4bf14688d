"""A text read by its instrument's confirmed mapping: it fits, or it is refused. No guessing."""

from __future__ import annotations

from instruments.cleaning import one_line
from instruments.decoding import NUMBER, decode, number, unmarked_utf16
from instruments.decoding import lines as split_lines
from instruments.errors import RefusedFormatError
from instruments.export import Reading
from instruments.formats import text_header, text_rows
from instruments.formats.text_columns import Columns, Guess
from instruments.formats.text_curves import Column, Source, measure, title_of
from instruments.formats.text_lines import TextLines
from instruments.formats.text_rows import TextLayout
from instruments.formats.text_table import (
    WORDS,
    NumberTable,
    cut_note,
    find_layout,
    stray_numbers,
    tables,
)
from instruments.mapping import LASER_DRIFT_NM, LASER_NM, TextMapping
from spectra.spectrum import Measurement

_CHANGED = (
    "Was the export changed, or is it another instrument's file? "
    "Look at it with: fol instrument map NAME FILE"
)


def read_mapped(data: bytes, name: str, mapping: TextMapping) -> Reading:
    """Read a text export by a mapping.

    Parameters
    ----------
    data : bytes
    name : str
    mapping : TextMapping

    Raises
    ------
    RefusedFormatError
        The file does not fit its mapping; says what was found and what was expected.
    CorruptFileError
        No row holds both an x and a y.
    """
    text, encoding = decoded(data, mapping)
    lines = split_lines(text)[mapping.skip_rows :]
    layout = layout_of(mapping)
    shaped = TextLines.of(lines)
    found, footer = tables(shaped, layout, keep_blank=True)
    if not found:
        raise _misfit(mapping, _seen(lines), _wanted(mapping))
    beside = [line for table in found[1:] for line in table.header]
    stray = stray_numbers([*beside, *footer])
    if stray:
        raise _misfit(mapping, f"a row {one_line(stray[0], limit=60)!r}", _wanted(mapping))
    pairs = text_header.header_pairs(found[0].header)
    source = Source(
        name=name,
        encoding=encoding,
        layout=layout,
        dialect=text_header.dialect("\n".join(found[0].header)[:20_000]),
        pairs=pairs | _facts(mapping, pairs),
        laser_nm=_laser(mapping, pairs),
    )
    measured: list[Measurement] = []
    notes: list[str] = []
    for table in found:
        _require_columns(mapping, table)
        curves, said = measure(
            table, columns_of(mapping), [_column(table, source, mapping)], source
        )
        measured.extend(curves)
        notes.extend(said)
    if len(found) > 1:
        notes.append(f"the file holds {len(found)} tables of numbers")
    notes.extend(cut_note(shaped, layout))
    return Reading(
        spectra=tuple(measured),
        technique=mapping.technique,
        format=source.dialect or "csv",
        metadata=source.metadata(),
        warnings=tuple(dict.fromkeys(notes)),
    )


def layout_of(mapping: TextMapping) -> TextLayout:
    """Return how the numbers of a mapping are written."""
    return TextLayout(
        delimiter=mapping.delimiter,
        decimal=mapping.decimal,
        thousands=mapping.thousands,
        n_columns=mapping.n_columns,
    )


def columns_of(mapping: TextMapping) -> Columns:
    """Return the positions of a mapping."""
    return Columns(x=mapping.x_column, ys=(mapping.y_column,))


def decoded(data: bytes, mapping: TextMapping) -> tuple[str, str]:
    """Return the text and the encoding it was read with, the mapping's where it states one.

    Raises
    ------
    RefusedFormatError
        The bytes are not text in the stated encoding.
    """
    if not mapping.encoding:
        wide = unmarked_utf16(data)
        if wide:
            raise _misfit(mapping, f"{wide} without a byte-order mark", "another encoding")
        text, encoding = decode(data)
        return text.replace("\x00", ""), encoding
    try:
        text = data.decode(mapping.encoding)
    except UnicodeError as error:
        raise _misfit(mapping, "bytes in another encoding", mapping.encoding) from error
    return text.replace("\x00", "").lstrip("\ufeff"), mapping.encoding


def _column(table: NumberTable, source: Source, mapping: TextMapping) -> Column:
    own = text_header.header_pairs(table.header)
    stated = own.get(mapping.keys.title) or source.pairs.get(mapping.keys.title)
    at = mapping.y_column
    return Column(
        at=at,
        title=one_line(stated) if stated else title_of(table, source, at, 1),
        meaning=Guess(
            x_kind=mapping.x_kind,
            x_unit=mapping.x_unit,
            y_kind=mapping.y_kind,
            y_unit=mapping.y_unit,
            technique=mapping.technique,
            reason="",
        ),
    )


def _require_columns(mapping: TextMapping, table: NumberTable) -> None:
    n_columns = table.values.shape[1]
    if n_columns != mapping.n_columns:
        raise _misfit(mapping, f"{n_columns} columns", f"{mapping.n_columns}")
    for what, at, wanted in (
        ("x", mapping.x_column, mapping.x_header),
        ("y", mapping.y_column, mapping.y_header),
    ):
        seen = one_line(table.names[at], limit=120) if table.names else ""
        if wanted and seen.casefold() != wanted.casefold():
            found = f"{seen!r}" if seen else "no name"
            raise _misfit(mapping, f"{found} above column {at + 1} ({what})", f"{wanted!r}")


def _facts(mapping: TextMapping, pairs: dict[str, str]) -> dict[str, str]:
    """Return what the named header lines say, under our own words, and whose mapping it was."""
    keys = mapping.keys
    named = {"serial": keys.serial, "operator": keys.operator, "date": keys.date}
    facts = {word: pairs[key] for word, key in named.items() if key and key in pairs}
    return facts | {"mapping": mapping.label}


def _laser(mapping: TextMapping, pairs: dict[str, str]) -> float | None:
    if mapping.keys.laser:
        value = pairs.get(mapping.keys.laser, "")
        match = NUMBER.search(value.replace(",", "."))
        found = number(match.group()) if match else None
        if found is None or not LASER_NM[0] <= found <= LASER_NM[1]:
            shown = f"{value[:40]!r}" if value else "no such line"
            raise _misfit(
                mapping, f"{shown} under {mapping.keys.laser!r}", "the laser line in nm there"
            )
        return found
    stated = text_header.laser_nm(pairs)
    if mapping.laser_nm is not None and stated is not None:
        if abs(stated - mapping.laser_nm) > LASER_DRIFT_NM:
            raise _misfit(mapping, f"a laser at {stated:g} nm", f"{mapping.laser_nm:g} nm")
        return stated
    return mapping.laser_nm if mapping.laser_nm is not None else stated


def _wanted(mapping: TextMapping) -> str:
    sign = f", thousands {mapping.thousands!r}" if mapping.thousands else ""
    return (
        f"{mapping.n_columns} columns, delimiter {WORDS[mapping.delimiter]}, "
        f"decimal sign {mapping.decimal!r}{sign}"
    )


def _seen(lines: list[str]) -> str:
    try:
        layout = find_layout(TextLines.of(lines))
    except RefusedFormatError as error:
        return error.message
    if layout is None:
        return "no table of at least ten rows of numbers"
    row = next(line for line in lines if text_rows.is_row(line, layout))
    n_columns = len([cell for cell in text_rows.row_cells(row, layout) if cell])
    return (
        f"{n_columns} columns, delimiter {WORDS[layout.delimiter]}, decimal sign {layout.decimal!r}"
    )


def _misfit(mapping: TextMapping, found: str, wanted: str) -> RefusedFormatError:
    return RefusedFormatError(
        f"the file does not fit its mapping ({mapping.label}): found {found}; expected {wanted}",
        hint=_CHANGED.replace("NAME", mapping.name or "NAME"),
    )
