"""How events of the office side become rows: lab, people, shipments, notes, libraries, outbox."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lims import fold_order, folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _lab_created(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "lab",
        one=1,
        lab_id=body["lab_id"],
        site=body["site"],
        name=body["name"],
        locode=body["locode"],
        timezone=body["timezone"],
        training=int(body["training"]),
        public_key=body["public_key"],
        created_at=event.at,
    )


def _person_added(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "person",
        id=body["id"],
        name=body["name"],
        roles=folding.text(body["roles"]),
        active=1,
    )


def _person_changed(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE person SET roles=?, active=? WHERE id=?",
        (folding.text(body["roles"]), int(body["active"]), body["id"]),
    )


def _shipment_received(database: Database, event: Event) -> None:
    body, draft = event.body, event.body["draft"]
    folding.insert(
        database,
        "shipment",
        number=body["number"],
        seq=event.seq,
        state="held",
        state_at=event.at,
        draft=folding.text(draft),
        received_at=event.at,
        received_by=event.actor,
        notes=folding.text(body["notes"]),
        sender=sender_key(draft),
        search=folding.search_text(body["number"], *draft.values()),
        unverified=folding.text(body.get("unverified", [])),
    )
    folding.count(database, body["number"])


def sender_key(draft: Mapping[str, str]) -> str:
    """Return what makes two consignors the same for alerts: letters and digits, case aside."""
    return "".join(filter(str.isalnum, draft.get("consignor", "").casefold()))


def _shipment_noted(database: Database, event: Event) -> None:
    number = event.body["shipment"]
    row = database.conn.execute("SELECT notes FROM shipment WHERE number=?", (number,)).fetchone()
    notes = folding.text([*folding.parsed(row[0]), event.body["note"]])
    database.conn.execute("UPDATE shipment SET notes=? WHERE number=?", (notes, number))
    fold_order.set_odd(database, number, notes)


def _shipment_closed(database: Database, event: Event) -> None:
    state = event.kind.partition(".")[2]
    database.conn.execute(
        "UPDATE shipment SET state=?, state_at=? WHERE number=?",
        (state, event.at, event.body["shipment"]),
    )
    _noted(database, event)


def _noted(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "note",
        seq=event.seq,
        subject=body.get("subject") or body.get("shipment") or body.get("sample"),
        at=event.at,
        by=event.actor,
        text=body.get("text") or f"{event.kind.partition('.')[2]}: {body['reason']}",
    )


def _photographed(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "photo",
        seq=event.seq,
        subject=body["subject"],
        at=event.at,
        by=event.actor,
        file_name=body["file_name"],
        raw_sha256=body["raw_sha256"],
        size=body["size"],
    )


def _library_imported(database: Database, event: Event) -> None:
    # The body is the library side's own (counts, licence, digest of the entries); kept whole.
    folding.insert(
        database,
        "library",
        name=event.body["name"],
        version=event.body["version"],
        seq=event.seq,
        at=event.at,
        by=event.actor,
        body=folding.text(event.body),
    )


def _library_removed(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE library SET removed_at=?, removed_by=?, reason=? WHERE name=? AND version=?",
        (event.at, event.actor, body["reason"], body["name"], body["version"]),
    )


def _outbox_queued(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "outbox",
        seq=body["seq"],
        report_id=body["report_id"],
        kind=body["kind"],
        sha256=body["sha256"],
        signature=base64.b64decode(body["signature"]),
        state="queued",
        queued_at=event.at,
        queued_by=event.actor,
    )


def _outbox_sent(database: Database, event: Event) -> None:
    database.conn.execute(
        "UPDATE outbox SET state='sent', receipt=?, closed_at=?, reason='' WHERE seq=?",
        (event.body["receipt"], event.at, event.body["seq"]),
    )


def _outbox_parked(database: Database, event: Event) -> None:
    database.conn.execute(
        "UPDATE outbox SET state='parked', reason=?, closed_at=? WHERE seq=?",
        (event.body["reason"], event.at, event.body["seq"]),
    )


def _outbox_requeued(database: Database, event: Event) -> None:
    database.conn.execute(
        "UPDATE outbox SET state='queued', closed_at='' WHERE seq=?", (event.body["seq"],)
    )


def _only_in_the_log(database: Database, event: Event) -> None:
    """Leave no row: that a copy was made, handed out or restored is a fact about the log itself."""


HANDLERS: Handlers = {
    "backup.made": _only_in_the_log,
    "lab.restored": _only_in_the_log,
    "bundle.made": _only_in_the_log,
    "lab.created": _lab_created,
    "person.added": _person_added,
    "person.changed": _person_changed,
    "shipment.received": _shipment_received,
    "shipment.noted": _shipment_noted,
    "shipment.released": _shipment_closed,
    "shipment.seized": _shipment_closed,
    "note.added": _noted,
    "photo.added": _photographed,
    "library.imported": _library_imported,
    "library.removed": _library_removed,
    "outbox.queued": _outbox_queued,
    "outbox.sent": _outbox_sent,
    "outbox.parked": _outbox_parked,
    "outbox.requeued": _outbox_requeued,
}
