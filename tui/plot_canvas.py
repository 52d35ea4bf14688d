"""The sheet a plot is drawn on: cells of characters, each with the ink that gives it its style."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import groupby

GUTTER = 5


@cache
def _one_cell(character: str) -> str:
    """Return the character, or ``?`` for what a terminal would obey or not show in one cell."""
    wide = unicodedata.east_asian_width(character) in ("W", "F")
    drawn = character.isprintable() and not unicodedata.combining(character) and not wide
    return character if drawn else "?"


class Ink(StrEnum):
    """What a span of characters belongs to; a front end gives each its style."""

    BLANK = "blank"
    AXIS = "axis"
    QUERY = "query"
    REFERENCE = "reference"
    BOTH = "both"
    LABEL = "label"
    CURSOR = "cursor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Characters of one ink."""

    text: str
    ink: Ink


Line = tuple[Span, ...]


@dataclass(slots=True)
class Canvas:
    """Characters and inks, cell by cell; the first ``GUTTER`` columns hold the y axis."""

    width: int
    height: int
    text: list[list[str]] = field(init=False)
    ink: list[list[Ink]] = field(init=False)

    def __post_init__(self) -> None:
        self.text = [[" "] * self.width for _ in range(self.height)]
        self.ink = [[Ink.BLANK] * self.width for _ in range(self.height)]

    def put(self, row: int, column: int, text: str, ink: Ink) -> None:
        """Write characters from a cell on; what falls outside is dropped."""
        for offset, character in enumerate(text):
            if 0 <= column + offset < self.width and 0 <= row < self.height:
                self.text[row][column + offset] = _one_cell(character)
                self.ink[row][column + offset] = ink

    def is_free(self, row: int, start: int, stop: int) -> bool:
        """Say whether the cells ``start`` to ``stop`` (exclusive) of a row are empty and inside."""
        inside = 0 <= row < self.height and start >= GUTTER and stop <= self.width
        return inside and all(character == " " for character in self.text[row][start:stop])

    def lines(self) -> list[Line]:
        """Return the rows, neighbouring cells of one ink as one span."""
        result = []
        for text, ink in zip(self.text, self.ink, strict=True):
            runs = groupby(zip(text, ink, strict=True), key=lambda cell: cell[1])
            result.append(tuple(Span(text="".join(c for c, _ in run), ink=i) for i, run in runs))
        return result
