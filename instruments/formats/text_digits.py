"""The numbers of rows written alike, eight digits at a time: where digits stand is known by shape.

Gives the double that Python's ``float`` gives for each cell, or hands all rows back. Knows nothing
of delimiters or units.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from instruments.formats.peak_numbers import MOST_DIGITS, scaled
from spectra.axis import FloatArray, IntArray

_Words = npt.NDArray[np.uint64]

_CELL = re.compile(r"([-+]?)(\d*)([.,]?)(\d*)(?:[eE]([-+]?)(\d+))?")
_EIGHT = 8
# Of the digits before the point and behind it, and of an exponent.
_MOST, _MOST_EXPONENT = 2 * _EIGHT, 4
_EXACT = 10**15  # a whole number below this and its power of ten are exact in a double
_ROWS_AT_ONCE = 8192  # so that what lies between stays in the cache
# The low half of each of the last n of eight letters: what a digit is worth; 0 for the others.
_MASKS = np.array([(0x0F0F0F0F0F0F0F0F << (64 - 8 * n)) % (1 << 64) for n in range(9)], np.uint64)
_TENS = np.array([10**n for n in range(MOST_DIGITS + 1)], dtype=np.uint64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the parts of each cell end and how long they are, shape (n_shapes, n_cells) each.

    ``sign`` is 1.0 or -1.0, ``power_sign`` that of the exponent. Ends count from the row's begin.
    """

    before_end: IntArray
    before: IntArray
    behind_end: IntArray
    behind: IntArray
    exponent_end: IntArray
    exponent: IntArray
    power_sign: IntArray
    sign: FloatArray


def places(shapes: Sequence[Sequence[re.Match[str]]]) -> Places | None:
    """Return where the digits stand in the cells of each shape.

    None where rows differ in their number of cells, or a number is longer than is taken here.
    """
    if len({len(cells) for cells in shapes}) != 1:
        return None
    parts = [[_parts(cell.group()) for cell in cells] for cells in shapes]
    if any(each is None for row in parts for each in row):
        return None
    offsets = np.array([[cell.end() for cell in cells] for cells in shapes], dtype=np.int64)
    table = np.array(parts, dtype=np.int64)
    before, point, behind, tail, exponent, power_sign, sign = np.moveaxis(table, 2, 0)
    behind_end = offsets - tail
    return Places(
        before_end=behind_end - behind - point,
        before=before,
        behind_end=behind_end,
        behind=behind,
        exponent_end=offsets,
        exponent=exponent,
        power_sign=power_sign,
        sign=sign.astype(np.float64),
    )


@lru_cache(maxsize=4096)
def _parts(cell: str) -> tuple[int, ...] | None:
    """Return the digits before, the point, those behind, the exponent's letters, digits, signs."""
    match = _CELL.fullmatch(cell)
    if match is None:
        return None
    sign, before, point, behind, power_sign, exponent = match.groups(default="")
    too_long = len(before) > _MOST or len(behind) > _MOST
    if too_long or len(before) + len(behind) > MOST_DIGITS or len(exponent) > _MOST_EXPONENT:
        return None
    return (
        len(before),
        len(point),
        len(behind),
        1 + len(power_sign) + len(exponent) if exponent else 0,
        len(exponent),
        -1 if power_sign == "-" else 1,
        -1 if sign == "-" else 1,
    )


def numbers(raw: bytes, starts: IntArray, shape_of: IntArray, of: Places) -> FloatArray | None:
    """Return the numbers of some rows, shape (n_rows, n_cells).

    Parameters
    ----------
    raw : bytes
        Ends no earlier than the last row.
    starts : ndarray of int, shape (n_rows,)
        Where each row begins in ``raw``.
    shape_of : ndarray of int, shape (n_rows,)
        Which row of ``of`` tells where its digits stand.
    of : Places

    Returns
    -------
    ndarray of float or None
        None where a power of ten is too large to be held exactly.
    """
    ahead = 2 * _EIGHT
    padded = bytes(ahead) + raw
    view: _Words = np.ndarray((len(padded) - _EIGHT + 1,), "<u8", padded, strides=(1,))
    found = np.empty((starts.size, of.before.shape[1]))
    for at in range(0, starts.size, _ROWS_AT_ONCE):
        stop = at + _ROWS_AT_ONCE
        some = _some(view, starts[at:stop, np.newaxis] + ahead, shape_of[at:stop], of)
        if some is None:
            return None
        found[at:stop] = some
    return found


def _some(view: _Words, starts: IntArray, rows: IntArray, of: Places) -> FloatArray | None:
    whole = _digits(view, starts, rows, of.before_end, of.before)
    if of.behind.any():
        whole *= _TENS[of.behind].take(rows, axis=0)
        whole += _digits(view, starts, rows, of.behind_end, of.behind)
    powers = of.behind.take(rows, axis=0)
    if of.exponent.any():
        exponents = _digits(view, starts, rows, of.exponent_end, of.exponent).astype(np.int64)
        powers = powers - of.power_sign.take(rows, axis=0) * exponents
    long = whole >= _EXACT
    if not long.any():
        values = scaled(whole.astype(np.float64), powers)
    else:
        values = np.empty(whole.shape)
        plain = scaled(whole[~long].astype(np.float64), powers[~long]) if not long.all() else None
        rest = scaled(whole[long].astype(np.int64), powers[long])
        if rest is None or (plain is None and not long.all()):
            return None
        values[long] = rest
        if plain is not None:
            values[~long] = plain
    return None if values is None else np.asarray(values * of.sign.take(rows, axis=0))


def _digits(
    view: _Words, starts: IntArray, rows: IntArray, ends: IntArray, lengths: IntArray
) -> _Words:
    """Return the whole numbers of so many digits, at most sixteen, that end at some places."""
    at = starts + ends.take(rows, axis=0)
    whole = _eight(view[at - _EIGHT], _MASKS[np.minimum(lengths, _EIGHT)].take(rows, axis=0))
    if int(lengths.max()) <= _EIGHT:
        return whole
    upper = _eight(
        view[at - 2 * _EIGHT], _MASKS[np.maximum(lengths - _EIGHT, 0)].take(rows, axis=0)
    )
    upper *= np.uint64(10**_EIGHT)
    upper += whole
    return upper


def _eight(words: _Words, masks: _Words) -> _Words:
    """Return what eight letters are worth as digits, the first in the lowest byte.

    Neighbours are joined three times, one digit, two and four, each by one product.
    """
    words &= masks
    words *= np.uint64(10 * 256 + 1)
    words >>= np.uint64(8)
    words &= np.uint64(0x00FF00FF00FF00FF)
    words *= np.uint64(100 * 65536 + 1)
    words >>= np.uint64(16)
    words &= np.uint64(0x0000FFFF0000FFFF)
    words *= np.uint64(10_000 * (1 << 32) + 1)
    words >>= np.uint64(32)
    return words
