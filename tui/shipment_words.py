"""A shipment's papers in words: every field as typed, marked where it is not verified. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from lims.mismatch import Mismatch, kilograms
from lims.model import Shipment, ShipmentDraft
from lims.shipment_checks import ShipmentWeighing

HEADING = "Papers of the shipment"
_ORDER = tuple(each.name for each in fields(ShipmentDraft))


def paper_lines(shipment: Shipment) -> list[str]:
    """Return each field that says something, as typed; an unverified one is marked as such."""
    unsure = {each.field for each in shipment.unverified}
    return [
        f"{name.replace('_', ' ')}: {value}{' (unverified)' if name in unsure else ''}"
        for name in _ORDER
        if (value := getattr(shipment.draft, name))
    ]


def weight_lines(weighed: Sequence[ShipmentWeighing]) -> list[str]:
    """Return each weighing of a whole parcel with its standard uncertainty."""
    return [
        f"weighed {each.of}: {kilograms(each.mass_ug)} on {each.balance}, "
        f"standard uncertainty {kilograms(each.u_ug)}"
        for each in weighed
    ]


def figure_lines(odd: Sequence[Mismatch]) -> list[str]:
    """Return the figures behind each mismatch that has some."""
    return [
        f"{each.kind.replace('_', ' ')}: "
        + ", ".join(f"{name.replace('_', ' ')} {figure}" for name, figure in each.figures.items())
        for each in odd
        if each.figures
    ]
