"""How events about cases become rows. Keys of parties come with the event, so replay agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _opened(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "case_file",
        number=body["number"],
        seq=event.seq,
        title=body["title"],
        state="open",
        opened_at=event.at,
        opened_by=event.actor,
    )
    folding.count(database, body["number"])


def _linked(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "case_link",
        seq=event.seq,
        case_number=body["case"],
        subject=body["subject"],
        shipment=body["shipment"],
        role=body["role"],
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )
    for role, (spelled, typed) in body["parties"].items():
        database.conn.execute(
            "INSERT OR IGNORE INTO case_party(case_number, shipment, role, party_key, typed) "
            "VALUES(?,?,?,?,?)",
            (body["case"], body["shipment"], role, spelled, typed),
        )
    database.conn.execute(
        "DELETE FROM case_dismissal WHERE case_number=? AND shipment=?",
        (body["case"], body["shipment"]),
    )


def _outcome(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "case_outcome",
        seq=event.seq,
        case_number=body["case"],
        kind=body["kind"],
        subject=body["subject"],
        text=body["text"],
        substance=body["substance"],
        mass_ug=body["mass_ug"],
        occurred_on=body["occurred_on"],
        source=body["source"],
        at=event.at,
        by=event.actor,
    )


def _dismissed(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "case_dismissal",
        case_number=body["case"],
        shipment=body["shipment"],
        seq=event.seq,
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )


def _closed(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE case_file SET state='closed', closed_at=?, closed_by=?, closed_reason=? "
        "WHERE number=?",
        (event.at, event.actor, body["reason"], body["case"]),
    )


HANDLERS: Handlers = {
    "case.opened": _opened,
    "case.linked": _linked,
    "case.outcome": _outcome,
    "case.dismissed": _dismissed,
    "case.closed": _closed,
}
