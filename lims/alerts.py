"""Notices that must be seen by a named person. The headline never carries a substance's name."""

from __future__ import annotations

from typing import Any

from lims import ids, records
from lims.act import Act
from lims.lab import Lab
from lims.model import Alert
from lims.workflow import Verb


def raise_hazard(act: Act, row: dict[str, Any], hazard: str, detail: str) -> Alert:
    """Write a hazard notice for a sample inside an act; who holds it says where it is."""
    from libraries import hazards

    where = str(row["holder"]).removeprefix("place:")
    words = hazards.group(hazard).title.lower()
    return raise_alert(
        act,
        row,
        kind="hazard",
        headline=f"{hazard} {words} class indicated in sample {row['number']}, held at {where}",
        detail=detail,
    )


def raise_alert(act: Act, row: dict[str, Any], *, kind: str, headline: str, detail: str) -> Alert:
    """Write a notice about a sample inside an act."""
    number = act.next_number(ids.ALERT)
    act.append(
        "alert.raised",
        {
            "id": number,
            "kind": kind,
            "sample": row["number"],
            "shipment": row["shipment"],
            "headline": headline,
            "where": str(row["holder"]).removeprefix("place:"),
            "detail": detail,
        },
    )
    return records.alert(act.db, number)


def open_alerts(lab: Lab, include_acknowledged: bool = False) -> tuple[Alert, ...]:
    """Return the notices nobody acknowledged yet, hazards first; all, newest first, when asked."""
    if include_acknowledged:
        found = records.rows(lab.db, "SELECT * FROM alert ORDER BY seq DESC")
    else:
        found = records.rows(
            lab.db,
            "SELECT * FROM alert WHERE acknowledged_by='' ORDER BY (kind<>'hazard'), seq",
        )
    return tuple(records.as_alert(row) for row in found)


def alerts_for(lab: Lab, person: str, include_acknowledged: bool = False) -> tuple[Alert, ...]:
    """Return the notices that concern somebody.

    Those of samples they hold or submitted and of parcels they took in that are still here, and
    of any sample of the same shipment, from the same consignor, or of the same batch: what came
    with a dangerous parcel may be dangerous too.
    """
    found = records.rows(
        lab.db,
        # From the few notices to the person, not from a person's many parcels to the notices.
        f"SELECT a.* FROM alert a JOIN shipment p ON p.number=a.shipment "
        f"WHERE {'1' if include_acknowledged else _UNSEEN} AND ({_MINE.format(p='p')} "
        "OR (p.sender<>'' AND EXISTS(SELECT 1 FROM shipment q WHERE q.sender=p.sender "
        f"AND q.sender<>'' AND ({_MINE.format(p='q')}))) "
        # Parcels taken in by one act are one batch: the same person at the same moment.
        "OR EXISTS(SELECT 1 FROM shipment q WHERE q.received_by=p.received_by "
        f"AND q.received_at=p.received_at AND ({_MINE.format(p='q')}))) "
        "ORDER BY (a.acknowledged_by<>''), (a.kind<>'hazard'), a.seq",
        person,
    )
    return tuple(records.as_alert(row) for row in found)


_UNSEEN = "a.acknowledged_by=''"
_MINE = (
    "({p}.received_by=?1 AND {p}.state NOT IN ('released','seized')) OR EXISTS(SELECT 1 "
    "FROM sample s WHERE s.shipment={p}.number AND (s.holder=?1 OR s.officer=?1))"
)


def acknowledge(lab: Lab, actor: str, alert: str, *, key: str = "") -> Alert:
    """Record that a named person has seen a notice; the first one stays on record.

    Raises
    ------
    NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.ACKNOWLEDGE_ALERT)
        found = records.alert(act.db, alert)
        if not found.acknowledged_by and act.repeated("alert.acknowledged") is None:
            act.append("alert.acknowledged", {"alert": found.id, "sample": found.sample})
        return records.alert(act.db, found.id)
