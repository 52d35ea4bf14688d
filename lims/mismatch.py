"""What does not fit on a shipment: its papers among themselves, against a balance, against a find.

The one place that says so. Each mismatch carries its words, its figures and the fields they come
from; typed texts are never changed. Pure: the record is read by `lims.shipment_checks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from lims import declared, hs_goods
from lims.mass_balance import COVERAGE, root
from lims.model import ShipmentDraft

FREIGHT = "freight above goods value"
"""The note's whole text: lists and priorities look for it."""
_NOT_READ = "it cannot be read as one figure"
_NONE: Mapping[str, str] = MappingProxyType({})


class Kind(StrEnum):
    """What is set against what."""

    VALUE_PER_KG = "value_per_kg"
    FREIGHT = "freight"
    NET_ABOVE_GROSS = "net_above_gross"
    UNREADABLE = "unreadable"
    WEIGHT = "weight"
    SUBSTANCE = "substance"
    HEADING = "heading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One thing the papers say against something else.

    ``odd`` is False where it is only worth knowing (a value per kilogram). ``figures`` are exact
    decimals as text with their unit, by what they are; ``fields`` are fields of the shipment.
    """

    kind: Kind
    says: str
    fields: tuple[str, ...]
    figures: Mapping[str, str] = field(default_factory=lambda: _NONE)
    odd: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A mass of the whole parcel or of what was taken from it, with its standard uncertainty.

    ``of``: ``gross`` or ``net`` of the parcel, or ``samples``, all samples together as packed.
    """

    of: str
    mass_ug: int
    u_ug: int


def on_paper(draft: ShipmentDraft) -> tuple[Mismatch, ...]:
    """Return what the declared figures say together."""
    found: list[Mismatch] = []
    basis = next(
        (n for n in ("net_weight", "declared_weight", "gross_weight") if getattr(draft, n)), ""
    )
    weight = getattr(draft, basis) if basis else ""
    rate = declared.value_per_kg(draft.declared_value, weight)
    if rate is not None:
        gross = " gross" if basis == "gross_weight" else ""
        found.append(
            Mismatch(
                kind=Kind.VALUE_PER_KG,
                says=f"declared value {rate.amount:.2f} {rate.currency} per kg{gross}",
                fields=("declared_value", basis),
                figures={"value_per_kg": f"{rate.amount:.2f} {rate.currency}"},
                odd=False,
            )
        )
    found += _freight(draft)
    found += _net_above_gross(draft)
    found += _unreadable(draft)
    return tuple(found)


def notes(draft: ShipmentDraft) -> tuple[str, ...]:
    """Return what the declared figures say together, in words.

    For example ``declared value 6.67 USD per kg`` and ``freight above goods value``.
    """
    return tuple(each.says for each in on_paper(draft))


def _freight(draft: ShipmentDraft) -> list[Mismatch]:
    value, freight = declared.money(draft.declared_value), declared.money(draft.freight)
    if value is None or freight is None or value.currency != freight.currency:
        return []
    if freight.amount <= value.amount:
        return []
    figures = {
        "freight": f"{freight.amount} {freight.currency}",
        "declared_value": f"{value.amount} {value.currency}",
    }
    if value.amount:
        figures["freight_over_value"] = f"{freight.amount / value.amount:.2f}"
    return [
        Mismatch(
            kind=Kind.FREIGHT, says=FREIGHT, fields=("freight", "declared_value"), figures=figures
        )
    ]


def _net_above_gross(draft: ShipmentDraft) -> list[Mismatch]:
    net, gross = declared.weight_ug(draft.net_weight), declared.weight_ug(draft.gross_weight)
    if net is None or gross is None or net <= gross:
        return []
    return [
        Mismatch(
            kind=Kind.NET_ABOVE_GROSS,
            says="declared net weight above gross weight",
            fields=("net_weight", "gross_weight"),
            figures={"net_weight": kilograms(net), "gross_weight": kilograms(gross)},
        )
    ]


def _unreadable(draft: ShipmentDraft) -> list[Mismatch]:
    named = (
        ("declared_value", declared.money(draft.declared_value)),
        ("freight", declared.money(draft.freight)),
        ("declared_weight", declared.weight_ug(draft.declared_weight)),
        ("gross_weight", declared.weight_ug(draft.gross_weight)),
        ("net_weight", declared.weight_ug(draft.net_weight)),
    )
    return [
        Mismatch(
            kind=Kind.UNREADABLE,
            says=(
                f"{name.replace('_', ' ')} {getattr(draft, name)!r} is kept as typed; {_NOT_READ}"
            ),
            fields=(name,),
        )
        for name, read in named
        if getattr(draft, name) and read is None
    ]


_TWO_SIDED = frozenset((("gross", "gross_weight"), ("net", "net_weight")))
_ONLY_LESS = frozenset((("gross", "net_weight"),))
_ONLY_MORE = frozenset(
    (
        ("net", "gross_weight"), ("net", "declared_weight"), ("samples", "gross_weight"),
        ("samples", "declared_weight"),
    )
)  # fmt: skip
_WORDS = {"gross_weight": "gross", "net_weight": "net", "declared_weight": "net or gross not said"}


def against_weighed(draft: ShipmentDraft, weighed: Iterable[Weighed]) -> tuple[Mismatch, ...]:
    """Return where a balance does not agree with a declared weight.

    Like is compared with like on both sides. A parcel that weighs less than its declared net, or
    whose content weighs more than its declared gross, is odd too; the rest cannot be said, because
    nobody knows the packaging. A declared figure is taken to be rounded to its last digit.

    Notes
    -----
    Tolerance is k times the root of u(weighed)² + u(declared)², k = 2; u(declared) is half of the
    last digit over the root of three (rectangular; JCGM 100:2008, 4.3.7).
    """
    return tuple(
        found
        for each in weighed
        for name in _WORDS
        if (found := _weight(draft, each, name)) is not None
    )


def _weight(draft: ShipmentDraft, weighed: Weighed, name: str) -> Mismatch | None:
    read = declared.weight_reading(getattr(draft, name))
    if read is None:
        return None
    difference = weighed.mass_ug - read.mass_ug
    # half² / 3, rounded up: an uncertainty is never understated
    tolerance = COVERAGE * root(weighed.u_ug**2 + -(-(read.half_ug**2) // 3))
    pair = (weighed.of, name)
    if pair == ("gross", "declared_weight") and declared.weight_ug(draft.gross_weight):
        return None  # the papers do say gross, in another field
    unsaid = pair == ("gross", "declared_weight") and difference > tolerance
    odd = abs(difference) > tolerance and (
        pair in _TWO_SIDED
        or (pair in _ONLY_LESS and difference < 0)
        or (pair in _ONLY_MORE and difference > 0)
        or (pair == ("gross", "declared_weight") and difference < 0)
    )
    if not odd and not unsaid:
        return None
    what = "samples together weigh" if weighed.of == "samples" else f"weighed {weighed.of}"
    way = "more" if difference > 0 else "less"
    return Mismatch(
        kind=Kind.WEIGHT,
        says=(
            f"{what} {kilograms(weighed.mass_ug)}, declared {getattr(draft, name)} "
            f"({_WORDS[name]}): {kilograms(abs(difference))} {way}, "
            f"{kilograms(_rounded_up(tolerance))} tolerated"
        ),
        fields=(name,),
        figures={
            f"weighed_{weighed.of}": kilograms(weighed.mass_ug),
            "standard_uncertainty": kilograms(weighed.u_ug),
            name: kilograms(read.mass_ug),
            "difference": f"{'-' if difference < 0 else ''}{kilograms(abs(difference))}",
            "tolerance": kilograms(tolerance),
        },
        odd=odd,
    )


def _rounded_up(ug: int) -> int:
    """Return a tolerance with two digits that count, never smaller than it is."""
    unit: int = 10 ** max(0, len(str(ug)) - 2)
    return -(-ug // unit) * unit


def kilograms(ug: int) -> str:
    """Return a mass in kilograms with every microgram that is not nothing."""
    text = f"{Decimal(ug).scaleb(-9):f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} kg"


def is_found(note: str) -> bool:
    """Whether a note says what was found, and so must wait for a hazard notice to be seen."""
    about_figures = note.endswith(_NOT_READ)  # a typed figure may hold any words
    return note.startswith("declared ") and ", found " in note and not about_figures


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
    strangers: list[str] = []
    for name in dict.fromkeys(found):
        if not declares(declared_goods, name):
            substance = table.find(name)
            printed = substance.name if substance else name
            strangers.append(f"{printed} ({substance.role})" if substance else printed)
    if not strangers:
        return ""
    return f"declared {declared_goods or 'nothing'}, found {', '.join(strangers)}"


def declares(declared_goods: str, name: str) -> bool:
    """Say whether the goods as typed name a substance: alone by any name, in words by its own.

    In a text of several words a drug's other names do not count: many are words of every day.
    """
    from libraries import substances

    table = substances.table()
    substance, whole = table.find(name), table.find(declared_goods)
    if substance is None:
        return _spelled(name, declared_goods)
    if whole is not None and whole.name == substance.name:
        return True
    others = () if substance.role in ("drug", "precursor") else substance.synonyms
    return any(_spelled(each, declared_goods) for each in (substance.name, *others))


def _spelled(name: str, text: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", text.casefold()))


def on_substances(draft: ShipmentDraft, found: Sequence[str]) -> tuple[Mismatch, ...]:
    """Return what was found that the goods or their HS heading do not say."""
    said = []
    if note := against_found(draft.declared_goods, found):
        said.append(Mismatch(kind=Kind.SUBSTANCE, says=note, fields=("declared_goods",)))
    if draft.hs_code:
        strangers = [name for name in found if not declares(draft.declared_goods, name)]
        note = hs_goods.against_found(draft.hs_code, strangers)
        if note:
            said.append(Mismatch(kind=Kind.HEADING, says=note, fields=("hs_code", "hs_edition")))
    return tuple(said)
