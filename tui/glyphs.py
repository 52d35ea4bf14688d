"""Glyph sets that turn a bitmap of dots into characters: braille 2x4, quadrants 2x2, ASCII 1x2."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Bitmap = npt.NDArray[np.bool_]


class Glyphs(StrEnum):
    """What a plot is drawn with. ``AUTO`` asks the terminal's encoding and ``TERM``."""

    AUTO = "auto"
    BRAILLE = "braille"
    BLOCKS = "blocks"
    ASCII = "ascii"


@dataclass(frozen=True, slots=True, kw_only=True)
class GlyphSet:
    """Dots per cell, the character of each dot pattern, and the lines of the axes.

    ``weights[row, column]`` is the bit a lit dot adds to the index into ``characters``.
    """

    columns: int
    rows: int
    weights: npt.NDArray[np.int64]
    characters: str
    vertical: str
    horizontal: str
    y_tick: str
    x_tick: str
    cross: str
    corner: str

    def encode(self, bitmap: Bitmap) -> list[str]:
        """Return the text rows of a bitmap of shape (rows * n, columns * m); row 0 is on top."""
        height, width = bitmap.shape[0] // self.rows, bitmap.shape[1] // self.columns
        cells = bitmap.reshape(height, self.rows, width, self.columns)
        codes = np.einsum("arbc,rc->ab", cells.astype(np.int64), self.weights)
        return ["".join(self.characters[code] for code in row) for row in codes]


_BRAILLE = " " + "".join(chr(0x2800 + code) for code in range(1, 256))
_UNICODE = {"vertical": "│", "horizontal": "─", "y_tick": "┤", "x_tick": "┬"}
_SETS = {
    Glyphs.BRAILLE: GlyphSet(
        columns=2,
        rows=4,
        weights=np.array([[1, 8], [2, 16], [4, 32], [64, 128]]),
        characters=_BRAILLE,
        cross="┼",
        corner="└",
        **_UNICODE,
    ),
    Glyphs.BLOCKS: GlyphSet(
        columns=2,
        rows=2,
        weights=np.array([[1, 2], [4, 8]]),
        characters=" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█",
        cross="┼",
        corner="└",
        **_UNICODE,
    ),
    Glyphs.ASCII: GlyphSet(
        columns=1,
        rows=2,
        weights=np.array([[1], [2]]),
        characters=" '.|",
        vertical="|",
        horizontal="-",
        y_tick="+",
        x_tick="+",
        cross="+",
        corner="+",
    ),
}


def resolve(glyphs: Glyphs, *, encoding: str | None = None, term: str | None = None) -> Glyphs:
    """Return the set to draw with: ASCII where the terminal cannot show braille.

    Parameters
    ----------
    glyphs : Glyphs
        Anything but ``AUTO`` comes back as it is.
    encoding, term : str or None
        The terminal's encoding and type; None asks standard output and ``TERM``.
    """
    if glyphs is not Glyphs.AUTO:
        return glyphs
    if encoding is None:
        encoding = sys.__stdout__.encoding if sys.__stdout__ is not None else "ascii"
    term = os.environ.get("TERM", "") if term is None else term
    modern = (encoding or "").lower().replace("-", "").replace("_", "") in ("utf8", "utf8sig")
    return Glyphs.BRAILLE if modern and term not in ("linux", "dumb") else Glyphs.ASCII


def glyph_set(glyphs: Glyphs) -> GlyphSet:
    """Return the characters of a set, resolving ``AUTO``."""
    return _SETS[resolve(glyphs)]
