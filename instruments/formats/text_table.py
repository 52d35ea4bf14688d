"""Any text -> tables of numbers: delimiter, decimal sign, header and numeric runs. No units here.

Where two readings are possible the importer asks: the error's hint is the `fol instrument map` line
that settles it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instruments.decoding import unmarked_utf16
from instruments.errors import RefusedFormatError
from instruments.formats.text_lines import TextLines
from instruments.formats.text_rows import (
    TextLayout,
    is_number,
    is_row,
    row_cells,
    row_test,
    split_cells,
)
from instruments.formats.text_values import row_values
from instruments.mapping import DELIMITERS
from spectra.axis import FloatArray, IntArray

MIN_ROWS = 10
_THOUSANDS = re.compile(
    r"(?<![\d.,])\d{1,3}(?:(?:\.\d{3}){1,4}+,\d+|(?:,\d{3}){1,4}+\.\d+"
    "|(?:['\u2019\u00a0\u202f\u2009]\\d{3}){1,4}+(?:[.,]\\d+)?+"
    r"|(?: \d{3}){1,4}+(?:[.,]\d+)?+(?=\s*+(?:[;\t]|$)))(?!\d)"
)
_NUMBERS_ONLY = re.compile("\\s*+[-+\u2212]?+\\d[-+\u22120-9.,;'\u2019 \u00a0\u202f\u2009\teE\"]++")
_DECIMAL_COMMA = re.compile(r"\d,\d")
_DECIMAL_DOT = re.compile(r"\d\.\d|\.\d")
_DECIMALS = re.compile(r"(?:[.,]0*)?(?:[eE][-+]?0+)?(?=\s*$)")
_UNGROUPED = re.compile(r"[-+]?\d{1,3}")
_UNITS = re.compile(
    r"[\[(].*[\])]|(?:rel\. ?)?(?:1/cm|cm-1|cm\^-1|cm⁻¹|nm|[uµμ]m|min|m?s|sec|m/z)"
    r"|(?:CCD )?c(?:oun)?ts(?:/s)?|%.{0,20}|a\.?u\.?|mAU|abs\.?",
    re.IGNORECASE,
)
_AXIS_WORD = re.compile(r"wave|shift|raman|\bx\b|time|mass|m/z|freq|pixel|zahl", re.IGNORECASE)
_GROUPED_FORM = re.compile(r"[-+]?\d{1,3}\.\d{3}")
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}")
# A run of rows with the blank lines in it, or the other lines between two runs.
_RUN = re.compile(rb"r[rb]*|[^r]+")
WORDS = {"\t": "tab", ";": ";", ",": ",", " ": "blank"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberTable:
    """One run of numeric rows.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows, n_columns)
        NaN where a cell is blank.
    names : tuple of str
        One per column from the header rows just above, or empty when there are none.
    header : tuple of str
        The lines between the table before (or the top of the file) and this one.
    """

    values: FloatArray
    names: tuple[str, ...]
    header: tuple[str, ...]


def ask(options: str) -> str:
    """Return the hint that settles a question, as the command a person types."""
    return f"Say which it is, once for the instrument: fol instrument map NAME FILE {options}"


def refuse_unmarked(data: bytes) -> None:
    """Ask where text seems to be in two bytes a character but does not say so.

    Raises
    ------
    RefusedFormatError
    """
    wide = unmarked_utf16(data)
    if wide:
        raise RefusedFormatError(
            f"the text seems to be {wide}, but has no byte-order mark",
            hint=ask(f"--encoding {wide}") + ". Or save it as UTF-8.",
        )


def find_layout(text: TextLines, min_rows: int = MIN_ROWS) -> TextLayout | None:
    """Return how a text writes its numbers, or None when it holds no table.

    Raises
    ------
    RefusedFormatError
        Two readings are possible (thousands separators, decimal commas between commas).
    """
    found = {delimiter: _rows(text, delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda key: int(text.counts[found[key]].sum()))
    forms = found[delimiter]
    if int(text.counts[forms].sum()) < min_rows:
        _refuse_thousands(text)
        return None
    rows = [text.samples[form] for form in forms.tolist()]
    cells = rows if delimiter != "," else _inside_quotes(rows)
    comma = any(_DECIMAL_COMMA.search(row) for row in cells)
    dot = any(_DECIMAL_DOT.search(row) for row in rows)
    if comma and dot:
        _refuse_mixed(rows)
    if delimiter == " ":  # a tab is a blank too: 1 000,5<tab>2 is two numbers, not three
        refuse_grouped([row for row in rows if "\t" in row])
    layout = TextLayout(delimiter=delimiter, decimal="," if comma else ".")
    if _may_hide_thousands(rows, layout):
        _refuse_hidden_thousands(text.of_forms(forms), layout)
    return layout


def _rows(text: TextLines, delimiter: str) -> IntArray:
    """Return the forms that are rows under a delimiter."""
    # Under a comma an unquoted decimal comma cannot be told from two cells.
    strict = TextLayout(delimiter=delimiter, decimal=".")
    loose = TextLayout(delimiter=delimiter, decimal="any")
    loosely, strictly = row_test(loose), row_test(strict)

    def is_one(line: str) -> bool:
        if delimiter not in line and delimiter != " ":
            return False  # a row has two cells; blanks may be tabs
        return loosely(line) if delimiter != "," or '"' in line else strictly(line)

    return text.forms_that(is_one)


def _inside_quotes(rows: list[str]) -> list[str]:
    return [part for row in rows if '"' in row for part in row.split('"')[1::2]]


def _refuse_mixed(rows: list[str]) -> None:
    shown = next(row for row in rows if _DECIMAL_DOT.search(row))
    raise RefusedFormatError(
        f"decimal commas and decimal points in one table ({shown.strip()[:40]!r}): "
        "1.234,5 or 1,234.5?",
        hint=ask("--decimal , --thousands .")
        + " (for 1.234,5) or --decimal . --thousands , (for 1,234.5).",
    )


def _refuse_thousands(text: TextLines) -> None:
    found = text.forms_that(lambda line: bool(_THOUSANDS.search(line)))
    if int(text.counts[found].sum()) >= MIN_ROWS:
        _ask_thousands(text.samples[int(found[0])])


def _ask_thousands(line: str) -> None:
    signs = " or --thousands , or --thousands \"'\" or --thousands ' ', as the file has it."
    raise RefusedFormatError(
        f"the numbers have thousands separators ({line.strip()[:40]!r}): which sign is which?",
        hint=ask("--decimal , --thousands .") + signs,
    )


def _may_hide_thousands(rows: list[str], layout: TextLayout) -> bool:
    """Whether rows of these forms, whatever their digits, show no cell that settles the sign."""
    cells = {cell for row in rows for cell in row_cells(row, layout) if cell}
    return all(_GROUPED_FORM.fullmatch(cell) or _UNGROUPED.fullmatch(cell) for cell in cells)


def _refuse_hidden_thousands(rows: list[str], layout: TextLayout) -> None:
    """Ask where a column goes ``998 999 1.000 1.001``: a sign that only ever parts three digits."""
    grouped: set[int] = set()
    plain: set[int] = set()
    for row in rows:
        for at, cell in enumerate(row_cells(row, layout)):
            if _GROUPED.fullmatch(cell):
                grouped.add(at)
            elif _UNGROUPED.fullmatch(cell):
                plain.add(at)
            elif cell:
                return
    if not grouped & plain:
        return
    sign = layout.decimal
    other = "," if sign == "." else "."
    shown = next(row for row in rows if sign in row).strip()
    raise RefusedFormatError(
        f"{sign!r} always stands before three digits ({shown[:40]!r}) and never elsewhere: "
        "thousands or decimals?",
        hint=ask(f"--thousands {sign} --decimal {other}")
        + f" (thousands) or --decimal {sign} (decimals).",
    )


def stray_numbers(lines: Iterable[str]) -> list[str]:
    """Return lines outside the tables that hold nothing but numbers, in some other layout."""
    return [line for line in lines if _NUMBERS_ONLY.fullmatch(line)]


def cut_note(text: TextLines, layout: TextLayout) -> tuple[str, ...]:
    """Return what to say where a text may end within a number: fewer decimals than any other row.

    Many programs write no line end behind the last row, so that alone says nothing.
    """
    last = text.shape_of.size - 1
    own = int(text.shape_of[last]) if last > 0 else -1
    if own < 0 or not text.shapes[own] or int(np.count_nonzero(text.shape_of == own)) > 1:
        return ()
    (line,) = text.between(last, last + 1)
    tail = _decimals(text.shapes[own])
    others = (shape for at, shape in enumerate(text.shapes) if at != own)
    if not is_row(line, layout) or any(_decimals(shape) == tail for shape in others):
        return ()
    return (
        f"the last row ({line.strip()[:40]!r}) has no line end and other decimals than all rows "
        "before it: the file may be cut within a number",
    )


def _decimals(shape: str) -> str:
    """Return how the last number of a line ends, from its decimal sign on."""
    found = _DECIMALS.search(shape)
    return found.group() if found else ""


def refuse_grouped(stray: list[str]) -> None:
    """Ask where rows beside the table show thousands signs: ``999,5;1`` then ``1 000,5;1``.

    Raises
    ------
    RefusedFormatError
    """
    found = [line for line in stray if _THOUSANDS.search(line)]
    if found:
        _ask_thousands(found[0])


def tables(
    text: TextLines, layout: TextLayout, min_rows: int = MIN_ROWS, *, keep_blank: bool = False
) -> tuple[list[NumberTable], tuple[str, ...]]:
    """Return every numeric run of at least ``min_rows`` rows, and the lines after the last one.

    With ``keep_blank`` a column without a number keeps its place, so that a mapping's positions do
    not depend on what one file leaves out.
    """
    found: list[NumberTable] = []
    header: list[str] = []
    is_numeric = row_test(layout)
    kinds = [b"r" if is_numeric(line) else b"o" if line.strip() else b"b" for line in text.samples]
    kind_of = np.frombuffer(b"".join(kinds), dtype=np.uint8)[text.form_of]
    for part in _RUN.finditer(kind_of.tobytes()):
        start, stop = part.span()
        rows = start + np.flatnonzero(kind_of[start:stop] == ord("r"))
        if not rows.size:
            header.extend(text.between(start, stop))
        elif rows.size < min_rows:
            header.extend(text.at(rows))
        else:
            found.append(_table(text, header, rows, layout, keep_blank=keep_blank))
            header = []
    return found, tuple(header)


def _table(
    text: TextLines, header: list[str], at: IntArray, layout: TextLayout, *, keep_blank: bool
) -> NumberTable:
    """Return a run of rows as a table."""
    if layout.delimiter == " ":
        _refuse_ragged(text, at, layout)
    values = row_values(text, at, layout)
    names = _names(header, values.shape[1], layout.delimiter)
    # A doubled delimiter leaves a column of blanks between two of numbers: it is no column.
    blank = np.isnan(values)
    used: npt.NDArray[np.bool_] = np.ones(values.shape[1], dtype=np.bool_)
    if blank.any():
        used = np.atleast_1d(~blank.all(axis=0))
    if keep_blank:
        of_used = _names(header, int(used.sum()), layout.delimiter)
        values, names = _to_last_column(values, names, used, of_used)
    elif not used.all():
        values = np.ascontiguousarray(values[:, used])
        if names:
            names = tuple(name for name, kept in zip(names, used, strict=True) if kept)
        else:
            names = _names(header, values.shape[1], layout.delimiter)
    return NumberTable(values=values, names=names, header=tuple(header))


def _refuse_ragged(text: TextLines, at: IntArray, layout: TextLayout) -> None:
    """Refuse rows of unequal length between blanks: which of the columns is missing is not told."""
    forms = np.flatnonzero(np.bincount(text.form_of[at])).tolist()
    _refuse_counts({len(row_cells(text.samples[form], layout)) for form in forms})


def _refuse_counts(counts: set[int]) -> None:
    if len(counts) > 1:
        raise RefusedFormatError(
            f"rows of {min(counts)} to {max(counts)} numbers between blanks: a blank cell, or "
            "blanks between thousands?",
            hint="Export with tabs or semicolons between columns.",
        )


def _to_last_column(
    values: FloatArray,
    names: tuple[str, ...],
    used: npt.NDArray[np.bool_],
    names_of_used: tuple[str, ...],
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the columns up to the last that is named or holds a number, each with its name."""
    if not names and names_of_used:
        placed = iter(names_of_used)
        names = tuple(next(placed) if has_numbers else "" for has_numbers in used)
    named = np.array([bool(name) for name in names] or [False] * used.size)
    width = int(np.flatnonzero(used | named)[-1]) + 1
    return np.ascontiguousarray(values[:, :width]), names[:width]


def refuse_split_decimals(text: TextLines, found: list[NumberTable], layout: TextLayout) -> None:
    """Ask where rows such as ``500,1,0,25`` may be fewer numbers with decimal commas.

    Raises
    ------
    RefusedFormatError
    """
    if layout.delimiter != "," or layout.decimal != ".":
        return
    for table in found:
        n_columns = table.values.shape[1]
        if table.names or n_columns < 3:
            continue
        whole = np.nan_to_num(table.values, nan=0.0)
        if not (whole == np.rint(whole)).all():
            continue
        row = next(line for line in text.samples if is_row(line, layout)).strip()
        if "." in row:
            continue
        apart = "--delimiter , --decimal . --x-column 1 --y-column 2"
        half = f"--delimiter , --decimal , --columns {n_columns // 2} (decimal commas) or "
        raise RefusedFormatError(
            f"rows such as {row[:30]!r} can be read as {n_columns} numbers or as fewer with "
            "decimal commas",
            hint=ask((half if n_columns % 2 == 0 else "") + apart)
            + ". Or export with semicolons between columns.",
        )


def _names(header: list[str], n_columns: int, delimiter: str) -> tuple[str, ...]:
    """Return column names from the last line above a table, and the one above a row of units."""
    above = [line for line in header if line.strip()][-2:]
    rows = [_name_cells(line, n_columns, delimiter) for line in reversed(above)]
    if not rows or not rows[0]:
        return ()
    if len(rows) == 2 and rows[1] and _are_units(rows[0]) and _names_an_axis(rows[1]):
        return tuple(" ".join(parts) for parts in zip(rows[1], rows[0], strict=True))
    return tuple(rows[0])


def _name_cells(line: str, n_columns: int, delimiter: str) -> list[str]:
    """Return the names in a line, one for each column, or nothing."""
    cells = split_cells(line, delimiter)
    if 1 < len(cells) == n_columns - 1 and all(cells):
        cells.append("")  # rows end in a delimiter, the names do not
    if len(cells) != n_columns:
        cells = [cell for cell in cells if cell]
    named = len(cells) == n_columns > 0 and all(_is_name(cell) for cell in cells)
    return cells if named else []


def _are_units(cells: list[str]) -> bool:
    return all(_UNITS.fullmatch(cell) for cell in cells if cell)


def _names_an_axis(cells: list[str]) -> bool:
    """Whether a line names columns; ``Title;powder`` above the names is a pair, not a name."""
    return len(cells) > 2 or bool(_AXIS_WORD.search(cells[0]))


def _is_name(cell: str) -> bool:
    return not is_number(cell) and not cell.endswith(("=", ":"))
