"""The numbers of many peak lists at once: plain digits in bulk, anything else the careful way.

Every fast path gives exactly what `careful` gives for the same text, or hands the text over to it.
Knows nothing of entries or fields.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import numpy as np

from instruments.decoding import number
from spectra.axis import FloatArray, IntArray

_PLAIN = b"0123456789. ;:,\t\n"
_SIGNED = _PLAIN + b"+-eE"
_BLANKS = bytes.maketrans(b";:,\t\n", b"     ")
_LONG_EXPONENT = re.compile(rb"[eE][-+]?\d{5}")
_PAREN = re.compile(r"\(\s*([\d.eE+-]+)[\s,;:]+([\d.eE+-]+)[^)\n]*\)")
_COMMENT = re.compile(r'"[^"\n]*"')
_TO_BLANK = str.maketrans("();:,\t\n", "       ")
# Up to 15 digits are a whole number below 2**53, and 10**15 is exact: one division rounds once.
_EXACT_DIGITS = 15
_LONGEST = 31
_EXACT_POWER = 22  # 10**22 is the last power of ten that a double holds exactly
# Up to 18 digits are exact in 64 bits; where long doubles hold 64 bits, see `_long_quotient`.
MOST_DIGITS = 18 if np.finfo(np.longdouble).nmant == 63 else _EXACT_DIGITS
_TENS = np.array([float(10**power) for power in range(_EXACT_POWER + 1)])
# 10**27 is the last power of ten that 64 bits hold exactly; each product up to it is exact.
_LONG_TENS = np.cumprod(np.array([1] + [10] * 27, dtype=np.longdouble))
_LARGEST = 1e300
ZERO = ord("0")
_ROWS_AT_ONCE = 1024  # so that what lies between stays in the cache
_BATCH_CHARACTERS = 4_000_000

Letters = np.ndarray[tuple[int], np.dtype[np.uint8]]
LetterBlock = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


def convert(texts: Sequence[str]) -> list[FloatArray | None]:
    """Return the numbers of each text in order; None for one that holds what is no number.

    Parameters
    ----------
    texts : sequence of str
        Peak lists as written: ``41 999;``, ``41:999``, ``(41,999)``, ``41<tab>999<tab>"note"``.
    """
    found: list[FloatArray | None] = []
    start = size = 0
    for at, text in enumerate(texts):
        size += len(text)
        if size >= _BATCH_CHARACTERS:
            found.extend(_batch(texts[start : at + 1]))
            start, size = at + 1, 0
    found.extend(_batch(texts[start:]))
    return found


def careful(text: str) -> FloatArray | None:
    """Return the numbers of one peak list, each checked by itself; None if one is no number."""
    if "(" in text:
        tokens = [cell for pair in _PAREN.findall(text) for cell in pair]
    else:
        tokens = split_cells(text)
    values = [number(cell) for cell in tokens]
    if any(value is None for value in values):
        return None
    return np.array(values, dtype=np.float64)


def split_cells(text: str) -> list[str]:
    """Return the cells of a peak list without quoted notes and separators."""
    plain = _COMMENT.sub(" ", text) if '"' in text else text
    return plain.translate(_TO_BLANK).split()


def _batch(texts: Sequence[str]) -> list[FloatArray | None]:
    raw = [text.encode("utf-8", "replace") for text in texts]
    joined = b" ".join(raw)
    if not joined.translate(None, _PLAIN):
        ends = np.cumsum([len(part) + 1 for part in raw])
        bulk = plain_digits(joined, ends)
        if bulk is not None:
            values, counts = bulk
            stops = [0, *np.cumsum(counts).tolist()]
            return [values[a:b] for a, b in pairwise(stops)]
    return [_single(part, text) for part, text in zip(raw, texts, strict=True)]


def _single(raw: bytes, text: str) -> FloatArray | None:
    """Convert one text with one pass of ``float`` where that cannot differ from `careful`."""
    if raw.translate(None, _SIGNED):
        return careful(text)
    if (b"e" in raw or b"E" in raw) and _LONG_EXPONENT.search(raw):
        return careful(text)
    try:
        values = np.array(list(map(float, raw.translate(_BLANKS).split())), dtype=np.float64)
    except ValueError:
        return careful(text)
    if values.size and not float(np.abs(values).max()) < _LARGEST:
        return careful(text)
    return values


def plain_digits(raw: bytes, ends: IntArray) -> tuple[FloatArray, IntArray] | None:
    """Return all numbers of some texts and how many each text holds, or None if it cannot.

    Parameters
    ----------
    raw : bytes
        Texts of digits, points and separators only, one behind the other.
    ends : ndarray of int, shape (n_texts,)
        Where each text ends in ``raw``.

    Notes
    -----
    A number of up to 15 digits is built as a whole number and divided once by a power of ten: both
    are exact in binary, so the quotient is the double nearest to the decimal, as ``float`` gives.
    """
    letters = np.frombuffer(raw.translate(_BLANKS), dtype=np.uint8)
    filled = np.zeros(letters.size + 2, dtype=np.bool_)
    filled[1:-1] = letters != 32
    edges = np.flatnonzero(filled[1:] != filled[:-1])
    starts, lengths = edges[0::2], edges[1::2] - edges[0::2]
    values = np.empty(starts.size)
    counts = np.diff(np.searchsorted(starts, ends), prepend=0)
    if not starts.size:
        return values, counts
    if int(lengths.max()) > _LONGEST:
        return None
    points = np.flatnonzero(letters == 46) if b"." in raw else starts[:0]
    owners = np.searchsorted(starts, points, side="right") - 1
    if (np.diff(owners) == 0).any():
        return None  # two points in one number
    place = lengths.copy()
    place[owners] = points - starts[owners]
    # Numbers of one length with the point in one place are one matrix of digits.
    shape = (lengths * 32 + place).astype(np.uint16)
    order = np.argsort(shape, kind="stable")
    bounds = np.flatnonzero(np.diff(shape[order])) + 1
    for rows in np.split(order, bounds):
        length, point = int(lengths[rows[0]]), int(place[rows[0]])
        columns = np.array([at for at in range(length) if at != point], dtype=np.int64)
        if not columns.size:
            return None  # a point alone
        found = quotients(letters, starts[rows], columns, max(length - 1 - point, 0))
        if found is None:
            values[rows] = [float(raw[at : at + length]) for at in starts[rows].tolist()]
        else:
            values[rows] = found
    return values, counts


def quotients(
    letters: Letters, starts: IntArray, columns: IntArray, decimals: int
) -> FloatArray | None:
    """Return the numbers whose digits stand at ``starts + columns``; None for too many digits."""
    if decimals > _EXACT_POWER:
        return None
    block = spans(letters, starts, int(columns[-1]) + 1)
    extra = columns[:-MOST_DIGITS]
    if extra.size and (block[:, extra] != ZERO).any():
        return None
    return scaled(whole_numbers(block, columns[-MOST_DIGITS:]), decimals)


def spans(letters: Letters, starts: IntArray, length: int) -> LetterBlock:
    """Return so many bytes from each place, shape (n, length): one copy for each place."""
    shape = (letters.size - length + 1,)
    return (
        np.ndarray(shape, f"V{length}", letters, strides=(1,))[starts]
        .view(np.uint8)
        .reshape(-1, length)
    )


def whole_numbers(block: LetterBlock, columns: IntArray) -> FloatArray | IntArray:
    """Return the whole numbers whose digits stand in some columns, exact.

    Parameters
    ----------
    block : ndarray of uint8, shape (n, length)
    columns : ndarray of int, shape (n_digits,)
        In order, at most `MOST_DIGITS`.

    Returns
    -------
    ndarray of float or int, shape (n,)
        Doubles where 15 digits suffice, else integers.
    """
    whole = _sum_of_digits(block, columns[-_EXACT_DIGITS:])
    high = columns[:-_EXACT_DIGITS]
    if not high.size or not (block[:, high] != ZERO).any():
        return whole
    upper = _sum_of_digits(block, high)
    return np.asarray(upper.astype(np.int64) * 10**_EXACT_DIGITS + whole.astype(np.int64))


def scaled(whole: FloatArray | IntArray, decimals: int | IntArray) -> FloatArray | None:
    """Return ``whole / 10**decimals`` to the nearest double.

    None where a power of ten is larger than can be held exactly.
    """
    least, most = int(np.min(decimals)), int(np.max(decimals))
    if whole.dtype == np.float64:
        if max(-least, most) > _EXACT_POWER:
            return None
        if least >= 0:
            return np.asarray(whole / _TENS[decimals])
        tens = _TENS[np.abs(decimals)]
        return np.asarray(np.where(np.less(decimals, 0), whole * tens, whole / tens))
    if least < 0 or most >= _LONG_TENS.size:
        return None
    return _long_quotient(cast("IntArray", whole), decimals)


def _sum_of_digits(block: LetterBlock, columns: IntArray) -> FloatArray:
    """Return whole numbers of up to 15 digits: every step of the sum is whole and below 2**53."""
    first, last = int(columns[0]), int(columns[-1]) + 1
    weights = np.zeros(last - first)
    weights[columns - first] = _TENS[columns.size - 1 :: -1]
    sums = np.empty(block.shape[0])
    for at in range(0, block.shape[0], _ROWS_AT_ONCE):
        letters = block[at : at + _ROWS_AT_ONCE, first:last].astype(np.float64)
        np.einsum("ij,j->i", letters, weights, out=sums[at : at + _ROWS_AT_ONCE])
    return np.asarray(sums - ZERO * float(weights.sum()))


def _long_quotient(whole: IntArray, decimals: int | IntArray) -> FloatArray:
    """Return ``whole / 10**decimals`` to the nearest double, through a quotient of 64 bits.

    Rounding twice differs from rounding once only where the first result lies half-way between
    two doubles: those few are divided as Python does, exactly.
    """
    quotient = whole.astype(np.longdouble) / _LONG_TENS[decimals]
    nearest = quotient.astype(np.float64)
    off, step = np.abs(quotient - nearest), np.spacing(nearest)
    # Half a step is half-way; a quarter is so below a power of two, where steps halve.
    powers = np.broadcast_to(decimals, whole.shape)
    for at in np.flatnonzero((2 * off == step) | (4 * off == step)).tolist():
        nearest[at] = int(whole[at]) / 10 ** int(powers[at])
    return nearest
