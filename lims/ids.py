"""Numbers of what a record holds (shipments, samples …), checked, and the ids built on them.

``NOG-26-S000001-K``: site, year, kind and serial, ISO/IEC 7064 mod 37,36. Pure; the record counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lims.errors import ConfigError, NotFoundError, RecordError

SHIPMENT, SAMPLE, ALERT, CONTAINER, CASE, REPORT = "P", "S", "A", "C", "K", "R"
_KINDS = {
    SHIPMENT: "shipment",
    SAMPLE: "sample",
    ALERT: "alert",
    CONTAINER: "container",
    CASE: "case",
    REPORT: "report",
}
MAX_SERIAL = 999_999

_SITE = re.compile(r"[A-Z][A-Z0-9]{1,5}")
_NUMBER = re.compile(r"([A-Z][A-Z0-9]{1,5})-?(\d{2})-?([PSACKR])(\d{6})-?([0-9A-Z])")
_SHORT = re.compile(r"([PSACKR])(\d{6})-?([0-9A-Z])")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The parts of a number; ``year`` has four digits."""

    site: str
    year: int
    kind: str
    serial: int


def site_code(text: str) -> str:
    """Return a site code in capitals: a letter, then one to five letters or digits.

    Raises
    ------
    ConfigError
        Anything else.
    """
    code = text.strip().upper()
    if not _SITE.fullmatch(code) or not text.isascii():
        raise ConfigError(
            f"{text[:40]!r} cannot be a site code",
            hint="Two to six letters or digits that begin with a letter, for example NOG.",
        )
    return code


def check_character(body: str) -> str:
    """Return the ISO/IEC 7064 mod 37,36 check character of letters and digits."""
    product = 36
    for character in body:
        total = (product + _ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return _ALPHABET[(37 - product) % 36]


def make(site: str, year: int, kind: str, serial: int) -> str:
    """Return a number.

    Raises
    ------
    RecordError
        The serial has outgrown its six digits.
    """
    if not 0 < serial <= MAX_SERIAL:
        raise RecordError(f"{_KINDS[kind]} serial {serial} does not fit six digits")
    front = f"{site}-{year % 100:02d}-{kind}{serial:06d}"
    return f"{front}-{check_character(front.replace('-', ''))}"


def parse(text: str) -> Number:
    """Return the parts of a typed or scanned number; case, spaces and hyphens do not matter.

    Raises
    ------
    NotFoundError
        Not a number, or its check character does not fit; the hint says which.
    """
    typed = "".join(text.split()).upper()
    found = _NUMBER.fullmatch(typed) if len(typed) <= 40 else None
    if found is None:
        raise NotFoundError(
            f"{text[:40]!r} is not a number of this record",
            hint="Numbers look like NOG-26-S000001-K. Scan the label or copy the number.",
        )
    site, year, kind, serial, check = found.groups()
    wanted = check_character(f"{site}{year}{kind}{serial}")
    if check != wanted:
        raise NotFoundError(
            f"{text[:40]!r} was mistyped: its last character does not fit the rest",
            hint=f"With these digits it would be {_spelled(site, year, kind, serial, wanted)}; "
            "compare each digit with the label, or scan it.",
        )
    return Number(site=site, year=2000 + int(year), kind=kind, serial=int(serial))


def _spelled(site: str, year: str, kind: str, serial: str, check: str) -> str:
    return f"{site}-{year}-{kind}{serial}-{check}"


def normal(text: str, kind: str) -> str:
    """Return the one spelling of a typed number of a kind.

    Raises
    ------
    NotFoundError
        Not a number, mistyped, or the number of something else.
    """
    number = parse(text)
    if number.kind != kind:
        raise NotFoundError(
            f"{text[:40]!r} is the number of a {_KINDS[number.kind]}, not of a {_KINDS[kind]}",
            hint=f"The number of a {_KINDS[kind]} has {kind} before its digits.",
        )
    return make(number.site, number.year, number.kind, number.serial)


def kind_of(text: str) -> str:
    """Return the letter of the kind a whole or short number is of.

    Raises
    ------
    NotFoundError
        Not a number, or mistyped.
    """
    found = _SHORT.fullmatch("".join(text.split()).upper()) if len(text) <= 40 else None
    return found[1] if found else parse(text).kind


def short_ending(text: str, kind: str) -> str | None:
    """Return the ending that a short number such as ``S000001-K`` stands for, or None if not one.

    The check character is part of it: without it a slip of the finger would pick another sample.
    """
    found = _SHORT.fullmatch("".join(text.split()).upper()) if len(text) <= 40 else None
    return f"-{found[1]}{found[2]}-{found[3]}" if found and found[1] == kind else None


def child(sample: str, letter: str, index: int) -> str:
    """Return the id of a portion (letter empty), run (``R``) or finding (``F``) of a sample."""
    return f"{sample}.{letter}{index}"
