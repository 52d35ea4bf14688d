"""The intake form: its fields, and typed texts turned into drafts with all errors at once.

Declared figures are kept as typed; nothing is corrected behind a person's back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lims.model import Lane, SampleDraft, ShipmentDraft
from tui.widgets.field_form import Field

_SHIPMENT = "Shipment"
_SAMPLE = "Sample"
_PAPERS = "More of the papers"
FIELDS: tuple[Field, ...] = (
    Field(name="declared_goods", label="declared goods", group=_SHIPMENT, hint="as on the label"),
    Field(name="declared_weight", label="weight", group=_SHIPMENT, hint="1.5 kg, as declared"),
    Field(name="declared_value", label="value", group=_SHIPMENT, hint="10 USD, as declared"),
    Field(name="freight", label="freight", group=_SHIPMENT, hint="38 USD"),
    Field(name="origin", label="origin", group=_SHIPMENT, hint="two letters, as CN", longest=2),
    Field(name="destination_country", label="to country", group=_SHIPMENT, hint="US", longest=2),
    Field(name="destination", label="to place", group=_SHIPMENT, hint="New Jersey"),
    Field(name="stream", label="stream", group=_SHIPMENT, hint="express, mail, land"),
    Field(name="carrier", label="carrier", group=_SHIPMENT),
    Field(name="tracking", label="tracking", group=_SHIPMENT),
    Field(name="consignor", label="consignor", group=_SHIPMENT),
    Field(name="consignee", label="consignee", group=_SHIPMENT),
    Field(name="hs_code", label="HS code", group=_SHIPMENT),
    Field(name="concealment", label="concealment", group=_SHIPMENT),
    Field(name="description", label="description", group=_SAMPLE, hint="white powder in a jar"),
    Field(name="form", label="form", group=_SAMPLE, hint="powder, tablet, liquid"),
    Field(name="gross", label="gross mass", group=_SAMPLE, hint="0.42 g"),
    Field(name="seal", label="seal", group=_SAMPLE),
    Field(name="officer", label="officer", group=_SAMPLE),
    Field(name="field_tool", label="field tool", group=_SAMPLE),
    Field(name="field_result", label="field result", group=_SAMPLE, hint="what it said, if it did"),
    Field(name="lane", label="lane", group=_SAMPLE, hint="quick or full"),
    Field(name="hs_edition", label="HS edition", group=_PAPERS, hint="2022"),
    Field(name="gross_weight", label="gross weight", group=_PAPERS, hint="1.62 kg, as declared"),
    Field(name="net_weight", label="net weight", group=_PAPERS, hint="1.5 kg, as declared"),
    Field(name="pieces", label="pieces", group=_PAPERS, hint="1"),
    Field(name="consignee_address", label="to address", group=_PAPERS),
    Field(name="notify_party", label="notify party", group=_PAPERS),
    Field(name="port_of_loading", label="port of loading", group=_PAPERS, hint="CN SHA or words"),
    Field(name="port_of_discharge", label="port of discharge", group=_PAPERS, hint="US NOG"),
    Field(name="transit", label="transit", group=_PAPERS),
    Field(name="container", label="container", group=_PAPERS, hint="CSQU3054383"),
    Field(name="conveyance", label="conveyance", group=_PAPERS, hint="flight, plate, IMO number"),
)
SHIPMENT_NAMES = tuple(field.name for field in FIELDS if field.group != _SAMPLE)
"""What a saved form fills of the shipment; what is seldom typed stands last, after the sample."""
_MICROGRAMS = {"ug": 1, "µg": 1, "μg": 1, "mg": 1_000, "g": 10**6, "kg": 10**9}
_MASS = re.compile(r"^\s*(\d{1,9}(?:[.,]\d{1,9})?)\s*([a-zµμ]{1,2})\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """What can be registered, or what is wrong with it, by field."""

    shipment: ShipmentDraft | None
    sample: SampleDraft | None
    errors: Mapping[str, str]


def micrograms(text: str) -> int:
    """Return a typed mass in whole micrograms.

    Raises
    ------
    ValueError
        Not a number with one of ug, mg, g, kg, or finer than a microgram.
    """
    found = _MASS.match(text)
    unit = _MICROGRAMS.get(found.group(2)) if found else None
    if found is None or unit is None:
        raise ValueError("write a number and g, mg, kg or ug")
    try:
        exact = Decimal(found.group(1).replace(",", ".")) * unit
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    if exact != exact.to_integral_value():
        raise ValueError("finer than a microgram")
    return int(exact)


def drafts(typed: Mapping[str, str]) -> Drafts:
    """Return the drafts of a filled form, or all its errors at once."""
    errors: dict[str, str] = {}
    for name, what in (
        ("declared_goods", "what is declared"),
        ("description", "what it looks like"),
    ):
        if not typed.get(name):
            errors[name] = f"must say {what}"
    for name in ("origin", "destination_country"):
        value = typed.get(name, "")
        if value and not re.fullmatch(r"[A-Za-z]{2}", value):
            errors[name] = f"a country has two letters, found {value!r}"
    lane = _lane(typed.get("lane", ""), errors)
    gross = _gross(typed.get("gross", ""), errors)
    if errors:
        return Drafts(shipment=None, sample=None, errors=errors)
    values = {name: typed.get(name, "") for name in SHIPMENT_NAMES}
    for name in ("origin", "destination_country"):
        values[name] = values[name].upper()
    values["stream"] = values["stream"].lower() or "express"
    sample = SampleDraft(
        description=typed["description"],
        form=typed.get("form", ""),
        gross_ug=gross,
        seal=typed.get("seal", ""),
        officer=typed.get("officer", ""),
        field_tool=typed.get("field_tool", ""),
        field_result=typed.get("field_result", ""),
        lane=lane,
    )
    return Drafts(shipment=ShipmentDraft(**values), sample=sample, errors={})


def _lane(text: str, errors: dict[str, str]) -> Lane:
    try:
        return Lane(text.lower()) if text else Lane.QUICK
    except ValueError:
        errors["lane"] = f"quick or full, found {text!r}"
        return Lane.QUICK


def _gross(text: str, errors: dict[str, str]) -> int | None:
    if not text:
        return None
    try:
        return micrograms(text)
    except ValueError as error:
        errors["gross"] = f"{error}, found {text!r}"
        return None
