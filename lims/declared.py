"""Figures read from what was typed on a shipment: weights, amounts, value per kilogram. Pure.

Typed texts are never changed; a figure that can be read two ways is not read at all. What does not
fit is for `lims.mismatch`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from lims.errors import RecordError

_UG_PER = {
    "ug": Decimal(1),
    "µg": Decimal(1),
    "μg": Decimal(1),
    "mg": Decimal(1_000),
    "g": Decimal(1_000_000),
    "gr": Decimal(1_000_000),
    "gram": Decimal(1_000_000),
    "grams": Decimal(1_000_000),
    "kg": Decimal(1_000_000_000),
    "kgs": Decimal(1_000_000_000),
    "kilo": Decimal(1_000_000_000),
    "t": Decimal(1_000_000_000_000),
    # International avoirdupois pound and ounce (NIST Handbook 44, Appendix C).
    "lb": Decimal("453592370"),
    "lbs": Decimal("453592370"),
    "oz": Decimal("28349523.125"),
}
_MAX_UG = 2**53
_NUMBER = r"\d{1,15}(?:[ '.,\u00a0\u202f]\d{1,15}){0,6}"
_WEIGHT = re.compile(rf"({_NUMBER})\s{{0,5}}([A-Za-zµμ]{{1,5}})\.?")
_AMOUNT_FIRST = re.compile(rf"({_NUMBER})\s{{0,5}}([A-Za-z]{{3}})")
_CURRENCY_FIRST = re.compile(rf"([A-Za-z]{{3}})\s{{0,5}}({_NUMBER})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in a currency, ISO 4217 letters."""

    amount: Decimal
    currency: str


def number(text: str) -> Decimal | None:
    """Return a typed number, or None when it can be read in two ways.

    ``1.5``, ``1,5``, ``1 500``, ``1'500``, ``1,234.50`` and ``1.234,50`` are read; ``1,234`` may
    mean a thousand or one and a bit, and is not.
    """
    plain = re.sub(r"[ '\u00a0\u202f]", "", text.strip())
    spaced = plain != text.strip()
    if not plain.isascii() or not re.fullmatch(r"\d+(?:[.,]\d+)*", plain):
        return None
    if spaced and not re.fullmatch(r"\d{1,3}(?:[ '\u00a0\u202f]\d{3})+(?:[.,]\d+)?", text.strip()):
        return None
    commas, dots = plain.count(","), plain.count(".")
    if commas and dots:
        last = max(plain.rfind(","), plain.rfind("."))
        mark = plain[last]
        thousands = "." if mark == "," else ","
        front = plain[:last]
        grouped = re.fullmatch(rf"\d{{1,3}}(?:\{thousands}\d{{3}})+", front)
        if plain.count(mark) != 1 or not grouped:
            return None
        return Decimal(front.replace(thousands, "") + "." + plain[last + 1 :])
    mark = "," if commas else "."
    if commas + dots > 1:
        whole = re.fullmatch(rf"\d{{1,3}}(?:\{mark}\d{{3}})+", plain)
        return Decimal(plain.replace(mark, "")) if whole else None
    if commas and re.fullmatch(r"[1-9]\d{0,2},\d{3}", plain):
        return None
    return Decimal(plain.replace(",", "."))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightReading:
    """A typed weight in whole micrograms, and half of what its last digit is worth."""

    mass_ug: int
    half_ug: int


def weight_reading(text: str) -> WeightReading | None:
    """Return a typed weight with half of its last digit (``1.5 kg``: 0.05 kg), or None."""
    found = _WEIGHT.fullmatch(text.strip())
    if found is None:
        return None
    amount, unit = number(found[1]), _UG_PER.get(found[2].lower())
    if amount is None or unit is None or amount * unit >= _MAX_UG:
        return None
    exponent = amount.as_tuple().exponent
    places = exponent if isinstance(exponent, int) else 0
    return WeightReading(
        mass_ug=int((amount * unit).to_integral_value()),
        half_ug=int((unit.scaleb(places) / 2).to_integral_value()),
    )


def weight_ug(text: str) -> int | None:
    """Return a typed weight such as ``1.5 kg`` in whole micrograms, or None."""
    found = weight_reading(text)
    return None if found is None else found.mass_ug


def parse_mass(text: str) -> int:
    """Return a weight as somebody read it off a balance, in whole micrograms.

    Raises
    ------
    RecordError
        It cannot be read as one figure with a unit.
    """
    found = weight_ug(text)
    if found is None:
        raise RecordError(
            f"{text[:60]!r} cannot be read as a mass",
            hint='A number and a unit, for example "12.345 g"; mg, g, kg, lb and oz are known.',
        )
    return found


def money(text: str) -> Money | None:
    """Return a typed amount such as ``10 USD`` or ``EUR 1.234,50``, or None."""
    typed = text.strip()
    if found := _AMOUNT_FIRST.fullmatch(typed):
        amount, currency = number(found[1]), found[2]
    elif found := _CURRENCY_FIRST.fullmatch(typed):
        amount, currency = number(found[2]), found[1]
    else:
        return None
    return None if amount is None else Money(amount=amount, currency=currency.upper())


def value_per_kg(value: str, weight: str) -> Money | None:
    """Return the declared value of one kilogram, or None where either figure cannot be read."""
    paid, ug = money(value), weight_ug(weight)
    if paid is None or not ug:
        return None
    return Money(amount=paid.amount * 1_000_000_000 / ug, currency=paid.currency)
