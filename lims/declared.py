"""What a shipment was declared to be: figures read from the typed text, and what does not fit.

Typed texts are never changed; a figure that can be read two ways is not read at all. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from lims.errors import RecordError
from lims.model import ShipmentDraft

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


def weight_ug(text: str) -> int | None:
    """Return a typed weight such as ``1.5 kg`` in whole micrograms, or None."""
    found = _WEIGHT.fullmatch(text.strip())
    if found is None:
        return None
    amount, unit = number(found[1]), _UG_PER.get(found[2].lower())
    if amount is None or unit is None or amount * unit >= _MAX_UG:
        return None
    return int((amount * unit).to_integral_value())


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


def notes(draft: ShipmentDraft) -> tuple[str, ...]:
    """Return what the declared figures say together, in words.

    For example ``declared value 6.67 USD per kg`` and ``freight above goods value``.
    """
    found: list[str] = []
    rate = value_per_kg(draft.declared_value, draft.declared_weight)
    if rate is not None:
        found.append(f"declared value {rate.amount:.2f} {rate.currency} per kg")
    value, freight = money(draft.declared_value), money(draft.freight)
    same = value is not None and freight is not None and value.currency == freight.currency
    if same and value is not None and freight is not None and freight.amount > value.amount:
        found.append("freight above goods value")
    named = (
        ("declared value", draft.declared_value, value),
        ("freight", draft.freight, freight),
        ("declared weight", draft.declared_weight, weight_ug(draft.declared_weight)),
    )
    found += [
        f"{name} {text!r} is kept as typed; it cannot be read as one figure"
        for name, text, read in named
        if text and read is None
    ]
    return tuple(found)


def is_found(note: str) -> bool:
    """Whether a note says what was found, and so must wait for a hazard notice to be seen."""
    return note.startswith("declared ") and ", found " in note


def against_found(declared_goods: str, found: Iterable[str]) -> str:
    """Return ``declared silicon dioxide, found xylazine (adulterant)``, or empty when they agree.

    Parameters
    ----------
    declared_goods : str
        As typed.
    found : iterable of str
        Names the evidence supports.
    """
    from libraries import substances

    table = substances.table()
    declared = table.find(declared_goods)
    words = declared_goods.casefold()
    strangers: list[str] = []
    for name in dict.fromkeys(found):
        substance = table.find(name)
        printed = substance.name if substance else name
        same = substance is not None and declared is not None and substance.name == declared.name
        spelled = re.search(rf"(?<!\w){re.escape(printed.casefold())}(?!\w)", words)
        if same or spelled:
            continue
        strangers.append(f"{name} ({substance.role})" if substance else name)
    if not strangers:
        return ""
    return f"declared {declared_goods or 'nothing'}, found {', '.join(strangers)}"
