"""Text that came out of a file made safe to show: one line, printable, of bounded length.

A title or comment can hold escape sequences that redraw a terminal, bidirectional marks that
reorder a name, or a megabyte. It is data from outside, so it is cleaned where it enters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

TEXT_LIMIT = 2000
MAP_LIMIT = 1000
_KEY_LIMIT = 120


def one_line(text: str, *, limit: int = TEXT_LIMIT) -> str:
    """Return ``text`` on one line without control, format or unassigned characters.

    White space runs become one blank; what is longer than ``limit`` ends in an ellipsis.
    """
    if len(text) <= limit and "  " not in text and text.isprintable():
        return text.strip(" ")  # the only blank that is printable
    if len(text) > 8 * limit:
        text = text[: 8 * limit]
    if not text.isprintable():
        text = "".join(_printable(char) for char in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


@lru_cache(maxsize=1024)
def _key(key: str) -> str:
    """Keys come again in every entry of a library; only short ones are remembered."""
    return one_line(key, limit=_KEY_LIMIT)


def _printable(char: str) -> str:
    if char.isspace():
        return " "
    return "" if unicodedata.category(char)[0] == "C" else char


def clean_map(values: Mapping[str, str]) -> dict[str, str]:
    """Return a mapping with every key and value cleaned, empty keys and values left out.

    More than ``MAP_LIMIT`` entries are cut, with a note of how many under ``(left out)``.
    """
    cleaned: dict[str, str] = {}
    for key, value in values.items():
        name = _key(key) if len(key) <= _KEY_LIMIT else one_line(key, limit=_KEY_LIMIT)
        plain = len(value) <= TEXT_LIMIT and "  " not in value and value.isprintable()
        text = value.strip(" ") if plain else one_line(value)
        if name and text:
            cleaned[name] = text
        if len(cleaned) >= MAP_LIMIT:
            cleaned["(left out)"] = str(len(values) - MAP_LIMIT)
            break
    return cleaned
