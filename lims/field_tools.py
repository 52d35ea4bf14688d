"""What an officer's field tool said, as kinds that can be counted and may leave the lab. Pure.

"No match" is a result of its own (it raises priority); "not tested" is none. What was typed stays
in the record; only these kinds go into reports.
"""

from __future__ import annotations

import re
from enum import StrEnum

SILENT = frozenset(
    (
        "no match", "nothing", "none", "unknown", "inconclusive", "no result", "not in library",
        "no hit", "no library match", "not identified", "unidentified", "no identification",
        "nothing found", "negative",
    )
)  # fmt: skip
"""What counts as "the field tool said nothing" (scenario S-18): it named no substance."""
NOT_USED = frozenset(("not tested", "not used", "no test", "n/a", "no tool"))


class Said(StrEnum):
    """What a field tool said of a sample."""

    NAMED = "named"
    NO_MATCH = "no_match"
    NOT_TESTED = "not_tested"


class Tool(StrEnum):
    """Kinds of field tools."""

    RAMAN = "raman"
    INFRARED = "infrared"
    ION_MOBILITY = "ion_mobility"
    MASS_SPECTROMETRY = "mass_spectrometry"
    COLOUR_TEST = "colour_test"
    TEST_STRIP = "test_strip"
    OTHER = "other"
    NOT_STATED = "not_stated"


_WORDS: tuple[tuple[Tool, str], ...] = (
    (Tool.RAMAN, r"raman|truscan|trunarc|rigaku|resq|progeny|mira|cbex|gemini"),
    (Tool.INFRARED, r"infrared|ft-?ir|\bir\b|hazmatid|truedefender"),
    (Tool.ION_MOBILITY, r"ion.?mobility|\bims\b|itemi[sz]er|ionscan"),
    (Tool.MASS_SPECTROMETRY, r"mass.?spec|mass_spectrometry|\bms\b|gc-?ms|mx908"),
    (Tool.COLOUR_TEST, r"colou?r|reagent|marquis|mecke|mandelin|scott|ehrlich|\bnik\b"),
    (Tool.TEST_STRIP, r"strip|immuno|lateral"),
)
"""In this order: an instrument that does Raman and infrared counts as the first named."""


def said(tool: str, result: str) -> Said:
    """Return what a field tool said, from what was typed of it and its result."""
    words = result.casefold().strip(" .")
    if words in NOT_USED or not (tool.strip() or words):
        return Said.NOT_TESTED
    return Said.NO_MATCH if words in SILENT or not words else Said.NAMED


def kind(tool: str) -> Tool:
    """Return what kind of tool was typed; a kind's own name gives that kind."""
    text = tool.casefold().strip()
    if not text or text == Tool.NOT_STATED.value:
        return Tool.NOT_STATED
    if text in set(Tool):
        return Tool(text)
    return next((each for each, words in _WORDS if re.search(words, text)), Tool.OTHER)
