"""Sample numbers in what instruments and people wrote: file names, titles, comments.

Finds whole numbers, short ones and those whose check character is wrong. Pure: whether there is
such a sample is the record's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product

from lims import ids

MOST_TEXT = 2_000
_GAP = r"[\s_.\-–]{0,2}"
# Letters that are read and typed for digits are let in, to be told as mistakes.
_DIGIT = "[0-9OIL]"
_PORTION = r"(?:\.|[\s_\-]P(?:ORTION)?[\s_\-]?)(?P<portion>\d{1,2})(?![0-9A-Z])"
_BODY = rf"S{_GAP}(?P<serial>{_DIGIT}{{6}}){_GAP}(?P<check>[0-9A-Z])"
_WHOLE = re.compile(
    rf"(?<![A-Z0-9])(?P<site>[A-Z][A-Z0-9]{{1,5}}?){_GAP}(?P<year>{_DIGIT}{{2}}){_GAP}{_BODY}"
    rf"(?![A-Z0-9])(?:{_PORTION})?"
)
_SHORT = re.compile(rf"(?<![A-Z0-9])(?<!\d[\s_.\-–]){_BODY}(?![A-Z0-9])(?:{_PORTION})?")
_READ_AS = str.maketrans("OIL", "011")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

NAMING_KEY = re.compile(
    r"title|name|sample|comment|descr|remark|label|misc|barcode|caption|note|\bid\b", re.IGNORECASE
)
"""Metadata that say what was measured; others may speak of a background or of yesterday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What some texts say about whose a measurement is.

    Parameters
    ----------
    numbers : mapping of str to str
        Number as `ids.make` spells it, or a short one (``S000001-K``), to where it stood.
    mistyped : mapping of str to str
        What looks like a number but has the wrong check character, in one spelling, to where it
        stood.
    portions : mapping of str to tuple of int
        Number to the portions named with it.
    """

    numbers: Mapping[str, str] = field(default_factory=dict)
    mistyped: Mapping[str, str] = field(default_factory=dict)
    portions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def find(texts: Iterable[tuple[str, str]], site: str) -> Named:
    """Find sample numbers.

    Parameters
    ----------
    texts : iterable of (where, text)
        For example ``("file name", "nog 26 s000001 k run 2")``; at most 2,000 characters of each
        are looked at.
    site : str
        This lab's; what looks like a number of another site and has a wrong check character is not
        called one.
    """
    numbers: dict[str, str] = {}
    mistyped: dict[str, str] = {}
    portions: dict[str, tuple[int, ...]] = {}
    for where, text in texts:
        upper = text[:MOST_TEXT].upper()
        taken: list[tuple[int, int]] = []
        for found in _WHOLE.finditer(upper):
            taken.append(found.span())
            number = _whole(found)
            if number is not None:
                numbers.setdefault(number, where)
                _add_portion(portions, number, found["portion"])
            elif _alike(found["site"], site):
                mistyped.setdefault(_as_typed(found), where)
        for found in _SHORT.finditer(upper):
            if any(first <= found.start() < last for first, last in taken):
                continue
            short = f"S{found['serial']}-{found['check']}"
            if found["serial"].isdigit():
                numbers.setdefault(short, where)
                _add_portion(portions, short, found["portion"])
            else:
                mistyped.setdefault(short, where)
    return Named(numbers=numbers, mistyped=mistyped, portions=portions)


def neighbours(typed: str, site: str, year: str = "") -> tuple[str, ...]:
    """Return the sample numbers one slip away from a mistyped one: one character, or two swapped.

    Parameters
    ----------
    typed : str
        As `Named.mistyped` spells it.
    site : str
        Put before a short number.
    year : str
        Two digits, put before a short number.
    """
    letters = typed.replace("-", "")
    if letters.startswith("S") and len(letters) == 8:
        letters = f"{site}{year}{letters}"
    forms = {_digits_read(letters)}
    for at, character in product(range(len(letters)), _ALPHABET):
        forms.add(letters[:at] + character + letters[at + 1 :])
    for at in range(len(letters) - 1):
        forms.add(letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :])
    found = {number for form in forms if (number := _valid(form)) is not None}
    return tuple(sorted(found))


def _digits_read(letters: str) -> str:
    """Return the number with letters that look like digits read as digits where digits belong."""
    site, year, kind, serial, check = (
        letters[:-10], letters[-10:-8], letters[-8], letters[-7:-1], letters[-1],
    )  # fmt: skip
    return f"{site}{year.translate(_READ_AS)}{kind}{serial.translate(_READ_AS)}{check}"


def _valid(letters: str) -> str | None:
    found = re.fullmatch(r"([A-Z][A-Z0-9]{1,5})(\d{2})S(\d{6})([0-9A-Z])", letters)
    if found is None or ids.check_character(letters[:-1]) != letters[-1] or not int(found[3]):
        return None
    return ids.make(found[1], 2000 + int(found[2]), ids.SAMPLE, int(found[3]))


def _whole(found: re.Match[str]) -> str | None:
    return _valid(f"{found['site']}{found['year']}S{found['serial']}{found['check']}")


def _as_typed(found: re.Match[str]) -> str:
    return f"{found['site']}-{found['year']}-S{found['serial']}-{found['check']}"


def _alike(first: str, second: str) -> bool:
    """Whether two sites are the same but for one character."""
    if len(first) != len(second):
        return False
    return sum(a != b for a, b in zip(first, second, strict=True)) <= 1


def _add_portion(portions: dict[str, tuple[int, ...]], number: str, portion: str | None) -> None:
    if portion is not None:
        portions[number] = (*portions.get(number, ()), int(portion))
