"""Parcels that are registered and wait to be submitted: the backlog, in the order people need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lims import canonical, clock, custody_settings, records
from lims.errors import RecordError
from lims.lab import Lab

ORDERS = {
    "window": "closes first: the oldest, while its window is open",
    "hazard": "the same sender's gravest hazard first",
    "mismatch": "papers that do not fit first",
    "age": "the oldest first",
    "newest": "the newest first",
}
MAX_PAGE = 10_000
_ODD = (
    "freight above goods value", "the check digit does not fit", "cannot be read as one",
    "net weight above gross", " tolerated",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingParcel:
    """One registered parcel without a sample."""

    shipment: str
    declared: str
    origin: str
    destination: str
    tracking: str
    received_at: datetime
    received_by: str
    closes_at: datetime
    minutes_left: float
    """Until its window closes; negative once it has."""
    mismatches: tuple[str, ...]
    sender_hazard: str
    """Gravest hazard group met in the same sender's earlier parcels; ``H1`` is the gravest."""


def waiting(
    lab: Lab, *, order: str = "window", offset: int = 0, limit: int = 1_000
) -> tuple[WaitingParcel, ...]:
    """Return held parcels without a sample.

    Parameters
    ----------
    order : str
        One of `ORDERS`. Every order keeps all of them: none is filtered out.

    Raises
    ------
    RecordError
        An unknown order.
    """
    if order not in ORDERS:
        raise RecordError(f"unknown order {order[:40]!r}", hint=f"One of {', '.join(ORDERS)}.")
    found = records.rows(
        lab.db,
        "SELECT number, draft, notes, received_at, received_by, sender FROM shipment p "
        "WHERE state='held' AND samples=0",
    )
    hazards = _hazards(lab, {str(row["sender"]) for row in found})
    moment = clock.now()
    minutes = custody_settings.value(lab.db, "window_minutes")
    parcels = [_parcel(row, moment, minutes, hazards) for row in found]
    parcels.sort(key=lambda parcel: _rank(order, parcel))
    return tuple(parcels[max(0, offset) : max(0, offset) + max(0, min(limit, MAX_PAGE))])


def _rank(order: str, parcel: WaitingParcel) -> tuple[object, ...]:
    age = parcel.received_at.timestamp()
    if order == "newest":
        return (-age, parcel.shipment)
    if order == "hazard":
        return (parcel.sender_hazard or "~", age, parcel.shipment)
    if order == "mismatch":
        return (-len(parcel.mismatches), age, parcel.shipment)
    if order == "window":
        return (parcel.minutes_left < 0, age, parcel.shipment)
    return (age, parcel.shipment)


def _hazards(lab: Lab, senders: set[str]) -> dict[str, str]:
    """Return the gravest hazard group met so far in each of some senders' parcels."""
    # A group's name sorts by how grave it is: H1 before H2.
    found = records.rows(
        lab.db,
        "SELECT p.sender, min(s.hazard) AS hazard FROM json_each(?) w JOIN shipment p "
        "ON p.sender=w.value AND p.sender<>'' JOIN sample s ON s.shipment=p.number "
        "WHERE s.hazard<>'' GROUP BY p.sender",
        canonical.dumps(sorted(senders)).decode(),
    )
    return {row["sender"]: row["hazard"] for row in found}


def _parcel(
    row: records.Row, moment: datetime, minutes: int, hazards: Mapping[str, str]
) -> WaitingParcel:
    draft = canonical.parsed(row["draft"])
    received = records.moment(row["received_at"])
    closes = received + timedelta(minutes=minutes)
    notes = canonical.parsed(row["notes"])
    return WaitingParcel(
        shipment=row["number"],
        declared=draft["declared_goods"],
        origin=draft["origin"],
        destination=draft["destination"],
        tracking=draft["tracking"],
        received_at=received,
        received_by=row["received_by"],
        closes_at=closes,
        minutes_left=(closes - moment).total_seconds() / 60,
        mismatches=tuple(note for note in notes if any(odd in note for odd in _ODD)),
        sender_hazard=hazards.get(row["sender"], ""),
    )
