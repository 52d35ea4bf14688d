"""What typed text may hold before it reaches the record: lengths, no control characters, no NUL."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from lims.errors import RecordError

LINE, LONG = 200, 2_000
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))
# Joiners that Persian, Indic and emoji text cannot be written without are not tricks.
_JOINERS = frozenset("\u200c\u200d")


def line(value: str, name: str, *, required: bool = False, limit: int = LINE) -> str:
    """Return one line of text, NFC, trimmed.

    Raises
    ------
    RecordError
        Missing, longer than ``limit`` characters, or holding control, invisible or bidirectional
        characters, which are named.
    """
    if len(value) > 4 * limit:
        raise RecordError(f"{name} has {len(value)} characters, at most {limit} are kept")
    text = unicodedata.normalize("NFC", value).strip()
    for at, character in enumerate(text):
        if unicodedata.category(character) in _HIDDEN and character not in _JOINERS:
            raise RecordError(
                f"{name} holds the hidden character U+{ord(character):04X} at place {at + 1}",
                hint="Type the text again, or paste it without formatting.",
            )
    if required and not text:
        raise RecordError(f"{name} is missing")
    if len(text) > limit:
        raise RecordError(f"{name} has {len(text)} characters, at most {limit} are kept")
    return text


def paragraph(value: str, name: str, *, required: bool = False) -> str:
    """Return text of several lines, each as `line` has it, at most 2,000 characters."""
    if len(value) > 4 * LONG:
        raise RecordError(f"{name} must be text of at most {LONG} characters")
    lines = [line(part, name, limit=LONG) for part in value.splitlines()]
    text = "\n".join(lines).strip()
    if required and not text:
        raise RecordError(f"{name} is missing")
    if len(text) > LONG:
        raise RecordError(f"{name} has {len(text)} characters, at most {LONG} are kept")
    return text


def lines(values: Mapping[str, str], *, required: tuple[str, ...] = ()) -> dict[str, str]:
    """Return several fields checked by `line`; all problems are told at once.

    Raises
    ------
    RecordError
        Naming every field that is not acceptable.
    """
    result: dict[str, str] = {}
    problems: list[str] = []
    for name, value in values.items():
        try:
            result[name] = line(value, name.replace("_", " "), required=name in required)
        except RecordError as error:
            problems.append(error.message)
    if problems:
        raise RecordError("; ".join(problems), hint="Nothing was saved. Correct these fields.")
    return result


def micrograms(value: int | None, name: str) -> int | None:
    """Return a mass in micrograms, None for not weighed.

    Raises
    ------
    RecordError
        Negative, not a whole number, or more than 9,000 t.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not 0 <= value < 2**53 or value != int(value):
        raise RecordError(f"{name} must be a whole number of micrograms, found {value!r}"[:200])
    return int(value)


def visible(text: str, limit: int = LINE) -> str:
    """Return foreign text (a file's name, a reader's message) with hidden characters shown."""
    shown = "".join(
        f"\\x{ord(c):02x}" if unicodedata.category(c) in _HIDDEN else c
        for c in unicodedata.normalize("NFC", text)[: 4 * limit]
    )
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
