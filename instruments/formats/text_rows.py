"""How one line of a text becomes a row of numbers: cells, quotes, decimal and thousands signs.

Every regular expression is possessive, so a hostile line costs its length and no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

# A blank between thousands is often a fixed or a narrow one, an apostrophe a typographic one.
_SIGNS = {".": r"\.", ",": ",", " ": "[ \u00a0\u202f\u2009]", "'": "['\u2019]"}
_EXPONENT = r"(?:[eEdD][-+]?+\d{1,4}+)?+"
_MISSING = re.compile(r"(?i)(?<![\w.])(?:n\.a\.?|n/a|nan?|null|#n/a|[-+]?inf|--+)(?![\w.])")
_HAS_DIGIT = re.compile(r"\d")
_NUL = "\x00"
_MINUS = "\u2212"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayout:
    """How numbers are written in a text.

    Parameters
    ----------
    delimiter, decimal, thousands : str
        As in `instruments.mapping`. Comma and comma means numbers with decimal
        commas between commas, of which every one must show its decimals.
    n_columns : int
        Only needed where delimiter and decimal sign are the same; else 0.
    """

    delimiter: str
    decimal: str
    thousands: str = ""
    n_columns: int = 0

    @property
    def is_split(self) -> bool:
        """Whether each number stands in two cells: ``500,1,0,25`` is 500.1 and 0.25."""
        return self.delimiter == self.decimal


@cache
def number_pattern(decimal: str, thousands: str = "") -> str:
    """Return the regular expression of one number; ``any`` takes both decimal signs."""
    digits = r"\d++"
    if thousands:
        digits = rf"(?:\d{{1,3}}+(?:{_SIGNS[thousands]}\d{{3}})++(?!\d)|\d++)"
    if decimal == ".":
        return rf"[-+]?+(?:{digits}(?:\.\d*+)?+|\.\d++){_EXPONENT}"
    point = r"(?:\.\d*+|,\d++)?+" if decimal == "any" else r"(?:,\d++)?+"
    lone = r"[.]\d++" if decimal == "any" else r",\d++"
    return rf"[-+]?+(?:{digits}{point}|{lone}){_EXPONENT}"


@cache
def row_pattern(delimiter: str, decimal: str, thousands: str = "") -> re.Pattern[str]:
    """Return what a whole unquoted line of two or more numbers or blanks looks like."""
    number = number_pattern(decimal, thousands)
    if delimiter == " ":
        return re.compile(rf"\s*+{number}(?:\s++{number})++\s*+$")
    gap = r"[ ]*+" if delimiter == "\t" else r"\s*+"
    return re.compile(rf"{gap}(?:{number}{gap})?+(?:{delimiter}{gap}(?:{number}{gap})?+)++$")


@cache
def _cell_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    return re.compile(rf"\s*+(?:{number_pattern(decimal, thousands)})?+\s*+")


@cache
def _split_row(n_columns: int) -> re.Pattern[str]:
    number = rf"[-+]?+\d++,\d++{_EXPONENT}"
    return re.compile(rf"\s*+{number}(?:,[ ]*+{number}){{{max(n_columns - 1, 1)}}}+,*+\s*+$")


_SPLIT_NUMBER = re.compile(rf"[-+]?+\d++,\d++{_EXPONENT}")


def cleared(line: str) -> str:
    """Return a line whose words for a missing value (n.a., nan, --) are blank.

    A typographic minus, which some regional settings write, becomes a plain one.
    """
    if _MINUS in line:
        line = line.replace(_MINUS, "-")
    return _MISSING.sub("", line) if "n" in line or "N" in line or "--" in line else line


def split_cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line, blanks and quotes around them removed.

    A delimiter inside quotes belongs to its cell.
    """
    if delimiter == " ":
        return line.replace('"', " ").split()
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    parts = line.split('"')
    parts[1::2] = [part.replace(delimiter, _NUL) for part in parts[1::2]]
    return [cell.replace(_NUL, delimiter).strip() for cell in "".join(parts).split(delimiter)]


def is_row(line: str, layout: TextLayout) -> bool:
    """Whether a line holds two or more numbers or blanks in this layout, at least one a number."""
    if not _HAS_DIGIT.search(line):
        return False
    text = cleared(line)
    if '"' in text:
        cells = split_cells(text, layout.delimiter)
        cell = _cell_pattern(layout.decimal, layout.thousands)
        return len(cells) > 1 and all(cell.fullmatch(each) for each in cells)
    if layout.is_split:
        return bool(_split_row(layout.n_columns).match(text))
    return bool(row_pattern(layout.delimiter, layout.decimal, layout.thousands).match(text))


def row_test(layout: TextLayout) -> Callable[[str], bool]:
    """Return `is_row` for one layout, quick on lines that are plainly rows or plainly none."""
    if layout.is_split:
        return lambda line: is_row(line, layout)
    matches = row_pattern(layout.delimiter, layout.decimal, layout.thousands).match

    def test(line: str) -> bool:
        if matches(line):  # then it holds no quote and no word for a missing value
            return bool(_HAS_DIGIT.search(line))
        odd = '"' in line or "n" in line or "N" in line or "--" in line or _MINUS in line
        return odd and is_row(line, layout)

    return test


def row_cells(line: str, layout: TextLayout) -> list[str]:
    """Return the numbers of a row as Python spells them; an empty text where a cell is blank."""
    text = cleared(line)
    if layout.is_split and '"' not in text:
        return [found.replace(",", ".") for found in _SPLIT_NUMBER.findall(text)]
    cells = split_cells(text, layout.delimiter)
    if layout.thousands:
        sign = re.compile(_SIGNS[layout.thousands])
        cells = [sign.sub("", cell) for cell in cells]
    if layout.decimal == ",":
        cells = [cell.replace(",", ".") for cell in cells]
    return cells


def is_number(cell: str) -> bool:
    """Whether a cell of a header is itself a number, so that it names nothing."""
    return bool(re.fullmatch(number_pattern("any"), cell))
