"""Bytes to text: byte-order mark, then UTF-8, then Windows-1252, then Latin-1; says which."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END = re.compile(r"\r\n|\n|\r")
_NUMBER_TEXT = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d{1,4})?"
NUMBER = re.compile(_NUMBER_TEXT)


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


def lines(text: str) -> list[str]:
    """Split at CR, LF or CR LF only; other separators stay inside a line."""
    return _LINE_END.split(text)


def number(text: str) -> float | None:
    """Return a plain decimal number, or None. ``nan``, ``inf`` and ``1_000`` are not numbers."""
    text = text.strip()
    if not NUMBER.fullmatch(text):
        return None
    try:
        value = float(text.replace("D", "E").replace("d", "e"))
    except ValueError:
        return None
    return value if abs(value) < 1e300 else None


def looks_like_text(head: bytes) -> bool:
    """Return whether the first bytes of a file can be text (few control characters)."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    if not head:
        return False
    odd = sum(1 for byte in head if byte < 32 and byte not in (0, 9, 10, 12, 13, 26))
    zeros = head.count(0)
    return odd <= len(head) // 200 and zeros <= len(head) // 4
