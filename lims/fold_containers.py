"""How events about containers and seals become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _made(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "container",
        number=body["container"],
        seq=event.seq,
        description=body["description"],
        holder=body["taker"],
        seal="",
        at=event.at,
        by=event.actor,
    )
    folding.count(database, body["container"])
    _step(database, event)


def _step(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "container_step",
        seq=event.seq,
        container=body["container"],
        kind=event.kind.partition(".")[2],
        giver=body["giver"],
        taker=body["taker"],
        sample=body.get("sample", ""),
        seal_before=body.get("seal_before", ""),
        seal_after=body.get("seal_after", ""),
        contents=folding.text(body.get("contents", [])),
        confirmed=folding.text(body.get("confirmed", {})),
        on_behalf=int(body.get("on_behalf", False)),
        reason=body.get("reason", ""),
        at=event.at,
        by=event.actor,
    )


def _moved(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE container SET holder=?, seal=? WHERE number=?",
        (body["taker"], body["seal_after"], body["container"]),
    )
    _step(database, event)


def _put(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE sample SET container=? WHERE number=?", (body["container"], body["sample"])
    )
    _step(database, event)


def _taken(database: Database, event: Event) -> None:
    database.conn.execute("UPDATE sample SET container='' WHERE number=?", (event.body["sample"],))
    _step(database, event)


def _disagrees(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "container_discrepancy",
        seq=event.seq,
        container=body["container"],
        expected=body["expected"],
        found=body["found"],
        at=event.at,
        by=event.actor,
    )
    _freeze(database, body["container"])


def _resolved(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE container_discrepancy SET resolved_by=?, resolved_at=?, resolution=? "
        "WHERE container=? AND resolved_by=''",
        (event.actor, event.at, body["reason"], body["container"]),
    )
    if body["seal"] is not None:
        database.conn.execute(
            "UPDATE container SET seal=? WHERE number=?", (body["seal"], body["container"])
        )
    _freeze(database, body["container"])


def _freeze(database: Database, container: str) -> None:
    opened = database.conn.execute(
        "SELECT seq FROM container_discrepancy WHERE container=? AND resolved_by=''", (container,)
    ).fetchall()
    database.conn.execute("UPDATE container SET frozen=? WHERE number=?", (len(opened), container))


def _issued(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "seal_range",
        seq=event.seq,
        prefix=body["prefix"],
        first=body["first"],
        last=body["last"],
        width=body["width"],
        iso_class=body["iso_class"],
        document=body["document"],
        at=event.at,
        by=event.actor,
    )


def _seal_noted(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "seal_note",
        seq=event.seq,
        subject=body["subject"],
        seal=body["seal"],
        note=body["note"],
        at=event.at,
        by=event.actor,
    )


HANDLERS: Handlers = {
    "container.made": _made,
    "container.moved": _moved,
    "container.sealed": _moved,
    "container.opened": _moved,
    "container.put": _put,
    "container.taken": _taken,
    "container.disagrees": _disagrees,
    "container.resolved": _resolved,
    "seals.issued": _issued,
    "seal.noted": _seal_noted,
}
