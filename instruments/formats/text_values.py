"""The numbers of a run of rows: those written alike together, anything unusual cell by cell.

Every way gives the double that Python's ``float`` gives for the cell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from instruments.formats.peak_numbers import (
    MOST_DIGITS,
    ZERO,
    Letters,
    scaled,
    spans,
    whole_numbers,
)
from instruments.formats.text_lines import TextLines
from instruments.formats.text_rows import TextLayout, row_cells
from spectra.axis import FloatArray, IntArray

_PLAIN_ROW = re.compile(r"[0-9.,+\-eE \t;]+")
_CELLS = {mark: re.compile(r"[0-9.,+\-eE]+") for mark in (";", "\t", " ")}
_CELLS[","] = re.compile(r"[0-9.+\-eE]+")
_CELL = re.compile(r"([-+]?)(\d*)([.,]?)(\d*)(?:[eE]([-+]?)(\d+))?")
# Longer numbers are read one by one.
_LONGEST = 40
# Fewer numbers of one kind, or rows of one shape, than this are quicker one by one.
_FEW_NUMBERS, _FEW_ROWS = 24, 4


class _Kind(NamedTuple):
    """How numbers end, so that those of one kind are one matrix once their ends stand together."""

    point: int
    behind: int
    exponent_sign: str
    exponent: int

    @property
    def tail(self) -> int:
        """How many letters the exponent takes."""
        return 1 + len(self.exponent_sign) + self.exponent if self.exponent else 0


class _Cells(NamedTuple):
    """The cells of one column in all rows of one shape.

    Where the rows begin and where their numbers go, how far behind that each cell ends and goes,
    its length without a sign, and whether it is negative.
    """

    starts: IntArray
    targets: IntArray
    end: int
    nth: int
    length: int
    negative: bool


@lru_cache(maxsize=4096)
def _kind(cell: str) -> tuple[_Kind, int, bool]:
    """Return the kind of a number, its length without a sign, and whether it is negative."""
    match = _CELL.fullmatch(cell)
    if match is None:
        raise ValueError("no number")
    sign, _, point, behind, exponent_sign, exponent = match.groups(default="")
    kind = _Kind(len(point), len(behind), exponent_sign, len(exponent))
    return kind, len(cell) - len(sign), sign == "-"


def row_values(text: TextLines, at: IntArray, layout: TextLayout) -> FloatArray:
    """Return the numbers of some rows, shape (n_rows, n_columns); NaN where a cell is blank.

    Parameters
    ----------
    text : TextLines
    at : ndarray of int, shape (n_rows,)
        Which lines; each is a row of the layout.
    layout : TextLayout
    """
    form_of = text.form_of[at]
    forms = np.flatnonzero(np.bincount(form_of)).tolist()
    cells = [row_cells(text.samples[form], layout) for form in forms]
    width = max(len(row) for row in cells)
    filled = np.zeros((len(text.samples), width), dtype=np.bool_)
    plain = np.zeros(len(text.samples), dtype=np.bool_)
    for form, row in zip(forms, cells, strict=True):
        filled[form, : len(row)] = [bool(cell) for cell in row]
        plain[form] = _is_plain(text.samples[form], row, layout)
    if plain[forms].all() and filled[forms].all():
        values = _plain_values(text, at, layout).reshape(at.size, width)
    else:
        values = np.full((at.size, width), np.nan)
        is_plain = plain[form_of]
        odd = [text.lines[line] for line in at[~is_plain].tolist()]
        if odd:
            values[~is_plain] = careful(odd, layout, width)
        if len(odd) < at.size:
            places = (filled & plain[:, None])[form_of]
            values[places] = _plain_values(text, at[is_plain], layout)
    if not np.isfinite(values).all():
        values[np.isinf(values)] = np.nan
    return values


def careful(rows: list[str], layout: TextLayout, width: int = 0) -> FloatArray:
    """Return the numbers of some rows, each cell by itself, shape (n_rows, n_columns)."""
    cells = [row_cells(row, layout) for row in rows]
    width = max(width, *(len(row) for row in cells))
    filled = [[cell or "nan" for cell in row] + ["nan"] * (width - len(row)) for row in cells]
    try:
        return np.array(filled, dtype=np.float64)
    except ValueError:  # Fortran exponents, 1.5D+02
        plain = [[c.replace("D", "E").replace("d", "e") for c in row] for row in filled]
        return np.array(plain, dtype=np.float64)


def _is_plain(row: str, cells: list[str], layout: TextLayout) -> bool:
    """Whether a row is numbers and separators alone, in ASCII, one number in each cell."""
    if layout.is_split or layout.thousands or not _PLAIN_ROW.fullmatch(row):
        return False
    return len(_CELLS[layout.delimiter].findall(row)) == sum(1 for cell in cells if cell)


def _plain_values(text: TextLines, at: IntArray, layout: TextLayout) -> FloatArray:
    """Return the numbers of plain rows, one behind the other."""
    shape_of = text.shape_of[at]
    if np.count_nonzero(np.bincount(shape_of)) * _FEW_ROWS > at.size:
        return _in_order("\n".join([text.lines[line] for line in at.tolist()]), layout)
    return _by_kind(text, at, shape_of, layout)


def _in_order(rows: str, layout: TextLayout) -> FloatArray:
    """Return the numbers of plain rows by one pass over all of them."""
    comma = b" " if layout.delimiter == "," else b"."
    blank = rows.encode("ascii").translate(bytes.maketrans(b";\t\n,", b"   " + comma))
    return np.fromstring(blank, sep=" ")


def _by_kind(text: TextLines, at: IntArray, shape_of: IntArray, layout: TextLayout) -> FloatArray:
    """Return the numbers of plain rows, all that are written alike in one go."""
    of_shape = np.bincount(shape_of)
    order = np.argsort(shape_of.astype(np.min_scalar_type(of_shape.size)), kind="stable")
    counts = np.zeros(of_shape.size, dtype=np.int64)
    found: dict[int, list[re.Match[str]]] = {}
    for shape in np.flatnonzero(of_shape).tolist():
        found[shape] = list(_CELLS[layout.delimiter].finditer(text.shapes[shape]))
        counts[shape] = len(found[shape])
    of_row = counts[shape_of]
    starts = (text.starts[at] + _LONGEST)[order]
    targets = (np.cumsum(of_row) - of_row)[order]
    groups: dict[_Kind, list[_Cells]] = defaultdict(list)
    stop = 0
    for shape, matches in found.items():
        start, stop = stop, stop + int(of_shape[shape])
        rows, into = starts[start:stop], targets[start:stop]
        for nth, match in enumerate(matches):
            kind, length, negative = _kind(match.group())
            groups[kind].append(_Cells(rows, into, match.end(), nth, length, negative))
    values = np.empty(int(of_row.sum()))
    raw = b"0" * _LONGEST + text.raw
    for kind, pieces in groups.items():
        sizes = [piece.starts.size for piece in pieces]
        into = np.concatenate([piece.targets for piece in pieces])
        into += np.repeat([piece.nth for piece in pieces], sizes)
        values[into] = _converted(raw, kind, pieces, sizes)
    return values


def _converted(raw: bytes, kind: _Kind, pieces: list[_Cells], sizes: list[int]) -> FloatArray:
    """Return the numbers of one kind, in the order of the pieces."""
    ends = np.concatenate([piece.starts for piece in pieces])
    ends += np.repeat([piece.end for piece in pieces], sizes)
    width = max(piece.length for piece in pieces)
    found = None
    if ends.size >= _FEW_NUMBERS and width <= _LONGEST:
        found = _from_letters(np.frombuffer(raw, dtype=np.uint8), ends, kind, pieces, width)
    if found is None:
        lengths = np.repeat([piece.length for piece in pieces], sizes)
        cells = zip((ends - lengths).tolist(), ends.tolist(), strict=True)
        found = np.array([float(raw[start:end].replace(b",", b".")) for start, end in cells])
    start = 0
    for piece, size in zip(pieces, sizes, strict=True):
        if piece.negative:
            found[start : start + size] *= -1.0
        start += size
    return found


def _from_letters(
    letters: Letters, ends: IntArray, kind: _Kind, pieces: list[_Cells], width: int
) -> FloatArray | None:
    """Return numbers of one kind without their signs from the matrix of their letters."""
    block = spans(letters, ends - width, width)
    start = 0
    for piece in pieces:
        stop = start + piece.starts.size
        if piece.length < width:
            block[start:stop, : width - piece.length] = ZERO
        start = stop
    mantissa = width - kind.tail
    point = mantissa - kind.behind - kind.point
    columns = np.array([*range(point), *range(point + kind.point, mantissa)])
    extra = columns[:-MOST_DIGITS]
    if extra.size and (block[:, extra] != ZERO).any():
        return None
    whole = whole_numbers(block, columns[-MOST_DIGITS:])
    if not kind.exponent:
        return scaled(whole, kind.behind)
    exponent = whole_numbers(block, np.arange(width - kind.exponent, width)).astype(np.int64)
    powers = kind.behind + (exponent if kind.exponent_sign == "-" else -exponent)
    same = int(powers[0]) if (powers == powers[0]).all() else powers
    return scaled(whole, same)
