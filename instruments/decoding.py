"""Bytes to text: byte-order mark, then UTF-8, then Windows-1252, then Latin-1; says which."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

import numpy as np

from spectra.axis import FloatArray

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What else in ASCII ends a line for `str.splitlines`, but not here.
_OTHER_ENDS = "\x0b\x0c\x1c\x1d\x1e"
_NUMBER_TEXT = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d{1,4})?"
NUMBER = re.compile(_NUMBER_TEXT)
_NUMBER_LETTERS = b"0123456789+-.eE "
_LONG_EXPONENT = re.compile(r"[eE][-+]?\d{5}")
_NO_LOW_CONTROL = bytes([0, *range(9, 256)])
# Letters, and the control characters that stand in text.
_NOT_ODD = bytes([0, 9, 10, 12, 13, 26, *range(32, 256)])


def decode(data: bytes) -> tuple[str, str]:
    """Return the text and the name of the encoding it was read with. Never fails."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), encoding
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def unmarked_utf16(data: bytes) -> str:
    """Return which UTF-16 bytes without a mark seem to be, or an empty string.

    Latin letters leave every other byte zero. It is a guess: `decode` does not act on it.
    """
    head = data[:2000]
    if 0 not in head or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ""
    even, odd = head[0::2], head[1::2]
    if len(odd) < 20 or head.translate(None, _NO_LOW_CONTROL):
        return ""
    if odd.count(0) > 0.9 * len(odd) and not even.count(0):
        return "utf-16-le"
    if even.count(0) > 0.9 * len(even) and not odd.count(0):
        return "utf-16-be"
    return ""


def lines(text: str) -> list[str]:
    """Split at CR, LF or CR LF only; other separators stay inside a line."""
    if "\r" in text:
        if text.isascii() and not any(mark in text for mark in _OTHER_ENDS):
            split = text.splitlines()
            return split if text[-1] not in "\r\n" else [*split, ""]
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def number(text: str) -> float | None:
    """Return a plain decimal number, or None. ``nan``, ``inf`` and ``1_000`` are not numbers."""
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return None
    if "D" in text or "d" in text:
        text = text.replace("D", "E").replace("d", "e")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e300 else None


def numbers(cells: Sequence[str]) -> FloatArray | None:
    """Return all cells as numbers, shape (n_cells,), or None if `number` refuses one of them."""
    joined = " ".join(cells)
    # What has no other letters is a number for `float` exactly where it is one for `number`.
    if joined.isascii() and not joined.encode().translate(None, _NUMBER_LETTERS):
        long_exponent = ("e" in joined or "E" in joined) and _LONG_EXPONENT.search(joined)
        try:
            values = np.array(list(map(float, cells)), dtype=np.float64)
        except ValueError:
            return None
        if not long_exponent and (not values.size or float(np.abs(values).max()) < 1e300):
            return values
    found = [number(cell) for cell in cells]
    return None if any(value is None for value in found) else np.array(found, dtype=np.float64)


def looks_like_text(head: bytes) -> bool:
    """Return whether the first bytes of a file can be text (few control characters)."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or unmarked_utf16(head):
        return True
    if not head:
        return False
    odd = len(head.translate(None, _NOT_ODD))
    zeros = head.count(0)
    return odd <= len(head) // 200 and zeros <= len(head) // 4
