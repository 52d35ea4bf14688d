"""Any text -> tables of numbers: delimiter, decimal sign, header and numeric runs. No units here.

Every regular expression is possessive, so a hostile line costs its length and no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instruments.errors import RefusedFormatError
from spectra.axis import FloatArray

MIN_ROWS = 10
DELIMITERS = ("\t", ";", ",", " ")
_DOT = r"[-+]?+(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eEdD][-+]?+\d{1,4}+)?+"
_ANY = r"[-+]?+(?:\d++(?:\.\d*+|,\d++)?+|\.\d++)(?:[eEdD][-+]?+\d{1,4}+)?+"


def _row(delimiter: str) -> re.Pattern[str]:
    if delimiter == " ":
        return re.compile(rf"\s*+{_ANY}(?:\s++{_ANY})++\s*+$")
    number = _DOT if delimiter == "," else _ANY
    gap = r"[ ]*+" if delimiter == "\t" else r"\s*+"
    return re.compile(rf"{gap}(?:{number}{gap})?+(?:{delimiter}{gap}(?:{number}{gap})?+)++$")


_ROWS = {delimiter: _row(delimiter) for delimiter in DELIMITERS}
_HAS_DIGIT = re.compile(r"\d")
_MISSING = re.compile(r"(?i)(?<![\w.])(?:n\.a\.?|n/a|nan?|null|#n/a|[-+]?inf|--+)(?![\w.])")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:\.\d{3})+,\d+|(?:,\d{3})+\.\d+)(?!\d)")
_DECIMAL_COMMA = re.compile(r"\d,\d")
_DECIMAL_DOT = re.compile(r"\d\.\d|\.\d")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayout:
    """How numbers are written in a text: the delimiter and whether decimals use a comma."""

    delimiter: str
    decimal: str


def find_layout(lines: list[str], min_rows: int = MIN_ROWS) -> TextLayout | None:
    """Return how a text writes its numbers, or None when it holds no table.

    Raises
    ------
    RefusedFormatError
        Two readings are possible (thousands separators, decimal commas between commas).
    """
    counts = {
        delimiter: sum(1 for line in lines if _is_row(line, pattern))
        for delimiter, pattern in _ROWS.items()
    }
    delimiter = max(DELIMITERS, key=lambda key: counts[key])
    if counts[delimiter] < min_rows:
        _refuse_thousands(lines)
        return None
    rows = [line for line in lines if _is_row(line, _ROWS[delimiter])]
    comma = delimiter != "," and any(_DECIMAL_COMMA.search(row) for row in rows)
    if comma and any(_DECIMAL_DOT.search(row) for row in rows):
        raise RefusedFormatError(
            "decimal commas and decimal points in one table: 1.234,5 or 1,234.5?",
            hint="Export without thousands separators.",
        )
    return TextLayout(delimiter=delimiter, decimal="," if comma else ".")


def _is_row(line: str, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.match(_cleared(line)) and _HAS_DIGIT.search(line))


def _cleared(line: str) -> str:
    return _MISSING.sub("", line) if "n" in line or "N" in line or "--" in line else line


def _refuse_thousands(lines: list[str]) -> None:
    if sum(1 for line in lines if _THOUSANDS.search(line)) >= MIN_ROWS:
        raise RefusedFormatError(
            "the numbers have thousands separators: 1.234,5 or 1,234.5?",
            hint="Export without thousands separators.",
        )


def tables(
    lines: list[str], layout: TextLayout, min_rows: int = MIN_ROWS
) -> tuple[list[NumberTable], tuple[str, ...]]:
    """Return every numeric run of at least ``min_rows`` rows, and the lines after the last one."""
    pattern = _ROWS[layout.delimiter]
    found: list[NumberTable] = []
    header: list[str] = []
    run: list[str] = []
    for line in lines:
        if _is_row(line, pattern):
            run.append(line)
        elif run and not line.strip():
            continue
        else:
            header = _close(found, header, run, layout, min_rows)
            run = []
            header.append(line)
    header = _close(found, header, run, layout, min_rows)
    return found, tuple(header)


def _close(
    found: list[NumberTable],
    header: list[str],
    run: list[str],
    layout: TextLayout,
    min_rows: int,
) -> list[str]:
    """Turn a run into a table if it is long enough; return the header lines still open."""
    if len(run) < min_rows or not run:
        return [*header, *run]
    values = _values(run, layout)
    names = _names(header, values.shape[1], layout.delimiter)
    # A doubled delimiter leaves a column of blanks between two of numbers: it is no column.
    used: npt.NDArray[np.bool_] = np.atleast_1d(~np.isnan(values).all(axis=0))
    if not used.all():
        values = np.ascontiguousarray(values[:, used])
        if names:
            names = tuple(name for name, kept in zip(names, used, strict=True) if kept)
        else:
            names = _names(header, values.shape[1], layout.delimiter)
    if layout.delimiter == "," and not names:
        _refuse_split_decimals(run, values.shape[1])
    found.append(NumberTable(values=values, names=names, header=tuple(header)))
    return []


def _refuse_split_decimals(run: list[str], n_columns: int) -> None:
    if n_columns > 2 and not any("." in row for row in run):
        raise RefusedFormatError(
            f"rows such as {run[0].strip()[:30]!r} can be read as {n_columns} numbers or as "
            "fewer with decimal commas",
            hint="Export with decimal points, or with semicolons between columns.",
        )


def split_cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line, blanks around them removed."""
    if delimiter == " ":
        return line.split()
    return [cell.strip() for cell in line.split(delimiter)]


def _values(run: list[str], layout: TextLayout) -> FloatArray:
    rows: list[list[str]] = []
    width = 0
    for line in run:
        cells = split_cells(_cleared(line), layout.delimiter)
        rows.append(cells)
        width = max(width, len(cells))
    if layout.decimal == ",":
        rows = [[cell.replace(",", ".") for cell in row] for row in rows]
    filled = [[cell or "nan" for cell in row] + ["nan"] * (width - len(row)) for row in rows]
    try:
        values = np.array(filled, dtype=np.float64)
    except ValueError:  # Fortran exponents, 1.5D+02
        plain = [[c.replace("D", "E").replace("d", "e") for c in row] for row in filled]
        values = np.array(plain, dtype=np.float64)
    values[np.isinf(values)] = np.nan
    return values


def _names(header: list[str], n_columns: int, delimiter: str) -> tuple[str, ...]:
    """Return column names from the last one or two lines above a table, units row included."""
    above = [line for line in header if line.strip()][-2:]
    rows: list[list[str]] = []
    for line in reversed(above):
        cells = split_cells(line, delimiter)
        if 1 < len(cells) == n_columns - 1 and all(cells):
            cells.append("")  # rows end in a delimiter, the names do not
        if len(cells) != n_columns:
            cells = [cell for cell in cells if cell]
        if len(cells) != n_columns or not all(_is_name(cell) for cell in cells):
            break
        rows.insert(0, cells)
    if not rows or not n_columns:
        return ()
    return tuple(" ".join(parts) for parts in zip(*rows, strict=True))


def _is_name(cell: str) -> bool:
    return not re.fullmatch(_ANY, cell) and not cell.endswith(("=", ":"))
