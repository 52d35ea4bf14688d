"""The numbers of a run of rows: those written alike together, anything unusual cell by cell.

Every way gives the double that Python's ``float`` gives for the cell.
"""

from __future__ import annotations

import re

import numpy as np

from instruments.formats.text_digits import numbers, places
from instruments.formats.text_lines import TextLines
from instruments.formats.text_rows import TextLayout, row_cells
from spectra.axis import FloatArray, IntArray

_PLAIN_ROW = re.compile(r"[0-9.,+\-eE \t;]+")
_CELLS = {mark: re.compile(r"[0-9.,+\-eE]+") for mark in (";", "\t", " ")}
_CELLS[","] = re.compile(r"[0-9.+\-eE]+")
# Fewer rows of one shape than this are quicker one by one.
_FEW_ROWS = 4


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
        odd = text.at(at[~is_plain])
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
    found = None
    if np.count_nonzero(np.bincount(shape_of)) * _FEW_ROWS <= at.size:
        found = _by_shape(text, at, shape_of, layout)
    return found if found is not None else _in_order("\n".join(text.at(at)), layout)


def _by_shape(
    text: TextLines, at: IntArray, shape_of: IntArray, layout: TextLayout
) -> FloatArray | None:
    """Return the numbers of plain rows whose shapes all have so many cells, none of them long."""
    shapes = np.flatnonzero(np.bincount(shape_of)).tolist()
    found = places([list(_CELLS[layout.delimiter].finditer(text.shapes[at])) for at in shapes])
    if found is None:
        return None
    row_of = np.zeros(shapes[-1] + 1, dtype=np.int64)
    row_of[shapes] = np.arange(len(shapes))
    values = numbers(text.raw, text.starts[at], row_of[shape_of], found)
    return None if values is None else values.ravel()


def _in_order(rows: str, layout: TextLayout) -> FloatArray:
    """Return the numbers of plain rows by one pass over all of them."""
    comma = b" " if layout.delimiter == "," else b"."
    blank = rows.encode("ascii").translate(bytes.maketrans(b";\t\n,", b"   " + comma))
    return np.fromstring(blank, sep=" ")
