"""Words of reports kept in one place, and texts of unknown origin made visible."""

from __future__ import annotations

import unicodedata

LEVELS = {
    "presumptive": "presumptive",
    "confirmed": "confirmed",
    "candidate": "candidate, not identified",
    "no_match": "no match",
    "not_detected": "nothing detected",
    "inconclusive": "inconclusive",
    "": "waiting",
}
LONGEST_TEXT = 2_000
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """Return text that shows every character: control, format and unassigned ones as escapes.

    So a bidirectional override cannot turn a line around, and no terminal or page is steered.
    Line breaks and tabs become spaces; very long texts are cut, which is said.
    """
    normal = unicodedata.normalize("NFC", text[: LONGEST_TEXT + 1])
    cut = len(text) > LONGEST_TEXT
    shown = "".join(
        " "
        if mark in "\n\r\t"
        else escaped(mark)
        if unicodedata.category(mark) in _HIDDEN
        else mark
        for mark in normal[:LONGEST_TEXT]
    )
    return f"{shown}… (cut)" if cut else shown


def escaped(mark: str) -> str:
    """Return a character as the escape that names its code point."""
    code = ord(mark)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
