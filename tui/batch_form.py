"""The batch form: what ten parcels share, one group of fields for each, all errors at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lims.model import SampleDraft, ShipmentDraft
from tui.intake_form import drafts
from tui.widgets.field_form import Field

PARCELS = 10
_SHARED = "Shared by all"
SHARED: tuple[Field, ...] = (
    Field(name="declared_goods", label="declared goods", group=_SHARED, hint="as on the labels"),
    Field(name="origin", label="origin", group=_SHARED, hint="two letters, as CN", longest=2),
    Field(name="stream", label="stream", group=_SHARED, hint="express, mail, land"),
    Field(name="carrier", label="carrier", group=_SHARED),
    Field(name="destination", label="to place", group=_SHARED),
    Field(name="officer", label="officer", group=_SHARED, hint="scan the badge"),
    Field(name="description", label="description", group=_SHARED, hint="white powder"),
    Field(name="lane", label="lane", group=_SHARED, hint="quick or full"),
)
OWN = (
    ("tracking", "tracking", "scan the parcel"),
    ("seal", "seal", "scan the seal"),
    ("gross", "gross mass", "0.42 g"),
    ("goods", "declared goods", "when it differs"),
    ("remark", "description", "when it differs"),
)
"""What each parcel has for itself: field, label, hint."""


def name_of(field: str, number: int) -> str:
    """Return the name of a parcel's own field; parcels count from 1."""
    return f"{field}-{number}"


FIELDS: tuple[Field, ...] = SHARED + tuple(
    Field(name=name_of(field, number), label=label, group=f"Parcel {number}", hint=hint)
    for number in range(1, PARCELS + 1)
    for field, label, hint in OWN
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The parcels of a filled form, or what is wrong with them, by field."""

    parcels: tuple[tuple[ShipmentDraft, SampleDraft], ...]
    errors: Mapping[str, str]
    filled: int


def filled(typed: Mapping[str, str]) -> tuple[int, ...]:
    """Return the numbers of the parcels of which anything was typed or scanned."""
    return tuple(
        number
        for number in range(1, PARCELS + 1)
        if any(typed.get(name_of(field, number)) for field, _, _ in OWN)
    )


def batch(typed: Mapping[str, str]) -> Batch:
    """Return the parcels of a filled form, or all its errors at once."""
    parcels, errors = [], dict[str, str]()
    numbers = filled(typed)
    if not numbers:
        errors[name_of("tracking", 1)] = "no parcel yet"
    for number in numbers:
        own = {field: typed.get(name_of(field, number), "") for field, _, _ in OWN}
        made = drafts(
            {
                **{field.name: typed.get(field.name, "") for field in SHARED},
                "tracking": own["tracking"],
                "seal": own["seal"],
                "gross": own["gross"],
                "declared_goods": own["goods"] or typed.get("declared_goods", ""),
                "description": own["remark"] or typed.get("description", ""),
            }
        )
        for field, text in made.errors.items():
            errors.setdefault(name_of(field, number) if field in own else field, text)
        if made.shipment is not None and made.sample is not None:
            parcels.append((made.shipment, made.sample))
    return Batch(parcels=tuple(parcels), errors=errors, filled=len(numbers))


def next_empty(typed: Mapping[str, str], field: str) -> str:
    """Return the name of the first empty field of a kind, or empty when all ten are filled."""
    names = (name_of(field, number) for number in range(1, PARCELS + 1))
    return next((name for name in names if not typed.get(name)), "")


def place_of_scan(typed: Mapping[str, str], kind: str) -> str:
    """Return the field a scan belongs into: badge to the officer, the others to the next parcel."""
    if kind == "officer":
        return "officer"
    return next_empty(typed, "seal" if kind == "seal" else "tracking")
