"""From a sample file and what a person says of it to a mapping they can confirm. Records nothing.

Everything that had to be guessed is told; where two readings are possible it asks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from instruments.cleaning import one_line
from instruments.decoding import decode
from instruments.decoding import lines as split_lines
from instruments.errors import MappingError, RefusedFormatError, UnknownFormatError
from instruments.formats import text_header, text_rows
from instruments.formats.text_columns import choose
from instruments.formats.text_lines import TextLines
from instruments.formats.text_rows import TextLayout
from instruments.formats.text_table import (
    MIN_ROWS,
    WORDS,
    NumberTable,
    ask,
    find_layout,
    refuse_grouped,
    refuse_split_decimals,
    refuse_unmarked,
    stray_numbers,
    tables,
)
from instruments.limits import require_file_size
from instruments.mapping import DECIMALS, DELIMITERS, ENCODINGS, TextMapping
from instruments.mapping_columns import ColumnShown, header_word, listed, shown
from instruments.mapping_meaning import Choices, find_mapped_meaning, header_keys
from spectra.spectrum import Technique

SAMPLE_BYTES = 10_000_000
"""A sample file shows how an instrument writes; a map of gigabytes is not one."""

_SHOWN_ROWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A mapping not yet confirmed, and what a person needs to see before confirming it.

    ``guessed`` says what neither the file nor the person stated.
    """

    mapping: TextMapping
    columns: tuple[ColumnShown, ...]
    first_rows: tuple[str, ...]
    last_rows: tuple[str, ...]
    n_rows: int
    n_tables: int
    encoding: str
    dialect: str
    guessed: tuple[str, ...]


def propose(
    data: bytes,
    name: str,
    choices: Choices,
    *,
    instrument: str = "",
    technique: Technique | None = None,
    laser_nm: float | None = None,
) -> Proposal:
    """Return the mapping that a sample file and a person's choices give.

    Parameters
    ----------
    data : bytes
    name : str
        The file's name.
    choices : Choices
    instrument : str
    technique, laser_nm
        What is known of the instrument itself.

    Raises
    ------
    UnknownFormatError
        No table of at least ten numeric rows.
    RefusedFormatError
        Two readings are possible, or a choice does not fit the file (the hint says what to give),
        or the file is no text that needs a mapping.
    MappingError
        The choices contradict each other.
    """
    require_file_size(len(data), SAMPLE_BYTES, "a sample of an instrument's text")
    _require_text(data, name)
    text, encoding = _decoded(data, choices.encoding)
    lines = split_lines(text)[max(choices.skip_rows, 0) :]
    layout = _layout(lines, choices)
    found = _tables(lines, layout, choices)
    table = found[0]
    x_at, y_at = _positions(table, choices)
    pairs = text_header.header_pairs(table.header)
    meaning = find_mapped_meaning(table, (x_at, y_at), pairs, choices, technique)
    keys, laser = header_keys(pairs, meaning, choices.laser_nm, laser_nm)
    mapping = TextMapping(
        x_column=x_at,
        y_column=y_at,
        x_kind=meaning.x_kind,
        x_unit=meaning.x_unit,
        y_kind=meaning.y_kind,
        y_unit=meaning.y_unit,
        technique=meaning.technique,
        delimiter=layout.delimiter,
        decimal=layout.decimal,
        thousands=layout.thousands,
        n_columns=table.values.shape[1],
        laser_nm=laser,
        encoding=choices.encoding,
        skip_rows=choices.skip_rows,
        x_header=header_word(table, x_at),
        y_header=header_word(table, y_at),
        keys=keys,
        name=instrument,
    )
    rows = [line for line in lines if text_rows.is_row(line, layout)]
    return Proposal(
        mapping=mapping,
        columns=tuple(shown(table, at) for at in range(table.values.shape[1])),
        first_rows=tuple(one_line(row, limit=160) for row in rows[:_SHOWN_ROWS]),
        last_rows=tuple(one_line(row, limit=160) for row in rows[-_SHOWN_ROWS:]),
        n_rows=table.values.shape[0],
        n_tables=len(found),
        encoding=encoding,
        dialect=text_header.dialect("\n".join(table.header)[:20_000]),
        guessed=meaning.guessed,
    )


_POINTS = "Export the data points, not the report."


def _tables(lines: list[str], layout: TextLayout, choices: Choices) -> list[NumberTable]:
    """Return the tables, once no question is left open about their numbers."""
    text = TextLines.of(lines)
    found, footer = tables(text, layout, keep_blank=True)
    if not found:
        raise UnknownFormatError("no ten rows of numbers stand together", hint=_POINTS)
    if not choices.decimal:
        refuse_split_decimals(text, found, layout)
    if choices.thousands is None:
        beside = [line for table in found[1:] for line in table.header]
        refuse_grouped(stray_numbers([*beside, *footer]))
    n_columns = found[0].values.shape[1]
    if choices.columns not in (0, n_columns):
        raise RefusedFormatError(
            f"{choices.columns} columns were said, {n_columns} found: {listed(found[0])}",
            hint=ask("--delimiter … --columns N"),
        )
    return found


def _require_text(data: bytes, name: str) -> None:
    from instruments import registry

    reader = registry.identify(data, name)
    if reader.name != "text":
        raise RefusedFormatError(
            f"this is {reader.name}: the file says itself how it is read",
            hint="Only text needs a mapping; read or ingest this file as it is.",
        )


def _decoded(data: bytes, encoding: str) -> tuple[str, str]:
    if encoding not in ENCODINGS:
        raise MappingError(
            f"encoding {encoding[:40]!r} is not known",
            hint="One of " + ", ".join(ENCODINGS[1:]) + ".",
        )
    if not encoding:
        refuse_unmarked(data)
    try:
        text, used = (data.decode(encoding), encoding) if encoding else decode(data)
    except UnicodeError as error:
        raise RefusedFormatError(
            f"the file is not text in {encoding}", hint="Leave --encoding out: it is detected."
        ) from error
    return text.replace("\x00", "").lstrip("\ufeff"), used


def _layout(lines: list[str], choices: Choices) -> TextLayout:
    if not choices.delimiter and not choices.decimal and choices.thousands is None:
        found = find_layout(TextLines.of(lines))
        if found is None:
            raise UnknownFormatError(
                "text without a table of at least ten rows of numbers", hint=_POINTS
            )
        return found
    best: TextLayout | None = None
    most = (MIN_ROWS - 1, 0)
    for layout in _candidates(lines, choices):
        rows = [line for line in lines if text_rows.is_row(line, layout)]
        width = len(text_rows.row_cells(rows[0], layout)) if rows else 0
        if (len(rows), width) > most:
            best, most = layout, (len(rows), width)
    if best is None:
        if choices.thousands is None:
            refuse_grouped(lines)
        said = [
            f"{what} {value!r}"
            for what, value in (
                ("delimiter", WORDS.get(choices.delimiter, choices.delimiter)),
                ("decimal sign", choices.decimal),
                ("thousands sign", choices.thousands),
            )
            if value
        ]
        raise RefusedFormatError(
            f"no ten rows of numbers are written with {', '.join(said) or 'these signs'}",
            hint="Look at the file: fol instrument map NAME FILE without options shows it.",
        )
    return best


def _candidates(lines: list[str], choices: Choices) -> list[TextLayout]:
    delimiters = [choices.delimiter] if choices.delimiter else list(DELIMITERS)
    decimals = [choices.decimal] if choices.decimal else list(DECIMALS)
    thousands = choices.thousands or ""
    found: list[TextLayout] = []
    for delimiter in delimiters:
        for decimal in decimals:
            if decimal == thousands or (delimiter == thousands == " "):
                continue
            width = 0
            if delimiter == decimal:
                if thousands or not choices.decimal:
                    continue
                width = choices.columns or _half_width(lines)
                if width < 2:
                    continue
            found.append(
                TextLayout(
                    delimiter=delimiter, decimal=decimal, thousands=thousands, n_columns=width
                )
            )
    return found


def _half_width(lines: list[str]) -> int:
    """Return how many numbers with decimal commas the rows between commas seem to hold."""
    whole = TextLayout(delimiter=",", decimal=".")
    row = next((line for line in lines if text_rows.is_row(line, whole)), "")
    return len(row.rstrip().rstrip(",").split(",")) // 2


def _positions(table: NumberTable, choices: Choices) -> tuple[int, int]:
    x = _position(table, choices.x_column, "x") if choices.x_column else None
    y = _position(table, choices.y_column, "y") if choices.y_column else None
    if x is not None and y is not None:
        return x, y
    used = [int(at) for at in np.flatnonzero(~np.isnan(table.values).all(axis=0))]
    if len(used) == 2:
        x = x if x is not None else next(at for at in used if at != y)
        return x, next(at for at in used if at != x) if y is None else y
    try:
        columns = choose(table)
    except RefusedFormatError as error:
        raise RefusedFormatError(
            f"{error.message}: {listed(table)}", hint=ask("--x-column N --y-column N")
        ) from error
    x = columns.x if x is None else x
    ys = [at for at in columns.ys if at != x] if y is None else [y]
    if len(ys) != 1:
        raise RefusedFormatError(
            f"{len(ys)} columns can be the ordinate: {listed(table)}",
            hint=ask(f"--x-column {x + 1} --y-column N"),
        )
    return x, ys[0]


def _position(table: NumberTable, wanted: str, what: str) -> int:
    n_columns = table.values.shape[1]
    if wanted.strip().isdecimal():
        number = int(wanted.strip()[:9])
        if 1 <= number <= n_columns:
            return number - 1
        raise RefusedFormatError(
            f"there is no column {number} for {what}: {listed(table)}",
            hint=f"Columns count from 1 to {n_columns}.",
        )
    word = one_line(wanted).casefold()
    names = [name.casefold() for name in table.names]
    exact = [at for at, name in enumerate(names) if name == word]
    near = exact or [at for at, name in enumerate(names) if word and word in name]
    if len(near) != 1:
        raise RefusedFormatError(
            f"{len(near) or 'no'} columns are named {wanted[:40]!r}: {listed(table)}",
            hint=f"Give the number of the column: --{what}-column N",
        )
    return near[0]


__all__ = ["SAMPLE_BYTES", "Choices", "ColumnShown", "Proposal", "propose"]
