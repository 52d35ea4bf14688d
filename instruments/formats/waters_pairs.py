"""How Waters stores one point: two, four, six or eight bytes of packed mantissas and exponents.

Source: the layouts documented by the rainbow project,
https://rainbow-api.readthedocs.io/en/latest/waters/funcdat.html.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray

_Words = npt.NDArray[np.int64]


def pair_sizes() -> tuple[int, ...]:
    """Return the sizes in bytes that `decode` knows."""
    return (2, 4, 6, 8)


def decode(words: bytes, size: int) -> tuple[FloatArray, FloatArray]:
    """Return keys (m/z or nm) and values of packed points.

    Parameters
    ----------
    words : bytes
        A whole number of points.
    size : int
        2 or 4 (values alone: keys come back empty), 6 or 8.

    Returns
    -------
    keys, values : ndarray of float, shape (n_points,)
    """
    if size == 2:
        packed = np.frombuffer(words, dtype="<u2").astype(np.int64)
        return np.empty(0), (packed >> 3) * 4.0 ** (packed & 7)
    if size == 4:
        packed = np.frombuffer(words, dtype="<u4").astype(np.int64)
        return np.empty(0), (packed & 0x1FFFFF) / 1024.0 * 2.0 ** ((packed >> 22) - 10.0)
    return _six(words) if size == 6 else _eight(words)


def _six(words: bytes) -> tuple[FloatArray, FloatArray]:
    """Read a signed 16-bit value and a word: mantissa 23, exponent 5, value exponent 4 bits."""
    rows = np.frombuffer(words, dtype=[("value", "<i2"), ("key", "<u4")])
    key = rows["key"].astype(np.int64)
    keys = (key >> 9) * 2.0 ** (((key >> 4) & 0x1F) - 23.0)
    return keys, rows["value"] * 4.0 ** (key & 0xF)


def _eight(words: bytes) -> tuple[FloatArray, FloatArray]:
    """Read one 64-bit word: a key of 36 bits above a value of 28, each a length and a number."""
    packed = np.frombuffer(words, dtype="<u8")
    key = (packed >> np.uint64(28)).astype(np.int64)
    value = (packed & np.uint64(0xFFFFFFF)).astype(np.int64)
    return _fixed(key, 31, 31), _fixed(value, 22, 21)


def _fixed(packed: _Words, length_at: int, bits: int) -> FloatArray:
    """Return numbers whose top bits say how many of the rest are before the point.

    Where they say more than there are, the rest is an integer to be shifted left by the excess.
    """
    before = packed >> length_at
    shift = np.maximum(before - bits, 0)
    rest = packed & ((1 << bits) - 1)
    return np.asarray(rest * 2.0 ** (np.minimum(before, bits) - bits + shift), dtype=np.float64)
