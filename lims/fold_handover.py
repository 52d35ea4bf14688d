"""How events about proposed hand-overs, settings of custody and corrections become rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lims import fold_office, fold_order, folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _proposed(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "handover",
        seq=event.seq,
        sample=body["sample"],
        giver=body["giver"],
        taker=body["taker"],
        at=event.at,
        expires_at=body["expires_at"],
        witness=body["witness"],
        reason=body["reason"],
        state="waiting",
    )


def close(database: Database, event: Event, handover: int, state: str) -> None:
    """End a proposal; called for an acceptance too, which is a transfer."""
    database.conn.execute(
        "UPDATE handover SET state=?, closed_at=?, closed_by=?, remark=? WHERE seq=?",
        (state, event.at, event.actor, event.body.get("remark", ""), handover),
    )


def _closed(database: Database, event: Event) -> None:
    close(database, event, event.body["handover"], event.kind.partition(".")[2])


def _setting(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "INSERT INTO custody_setting(name, value, seq, at, by, reason) VALUES(?,?,?,?,?,?) "
        "ON CONFLICT(name) DO UPDATE SET value=excluded.value, seq=excluded.seq, at=excluded.at, "
        "by=excluded.by, reason=excluded.reason",
        (body["name"], body["value"], event.seq, event.at, event.actor, body["reason"]),
    )


def _corrected(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "correction",
        seq=event.seq,
        subject=body["subject"],
        corrects=body["corrects"],
        field=body["field"],
        was=body["was"],
        now=body["now"],
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )
    if body["of"] == "sample":
        _set_right_sample(database, body["subject"], body["field"], body["now"])
    elif body["of"] == "shipment":
        _set_right_shipment(database, body)


def _set_right_sample(database: Database, number: str, field: str, now: str) -> None:
    draft, shipment = database.conn.execute(
        "SELECT draft, shipment FROM sample WHERE number=?", (number,)
    ).fetchone()
    values = {**folding.parsed(draft), field: now}
    words = database.conn.execute(
        "SELECT search FROM shipment WHERE number=?", (shipment,)
    ).fetchone()[0]
    database.conn.execute(
        "UPDATE sample SET draft=?, description=?, lane=?, officer=?, request=?, search=? "
        "WHERE number=?",
        (
            folding.text(values),
            values["description"],
            values["lane"],
            values["officer"],
            fold_order.request(values),
            folding.search_text(number, values["description"], values["officer"], words),
            number,
        ),
    )


def _set_right_shipment(database: Database, body: Mapping[str, Any]) -> None:
    number = body["subject"]
    row = database.conn.execute("SELECT draft FROM shipment WHERE number=?", (number,)).fetchone()
    values = {**folding.parsed(row[0]), body["field"]: body["now"]}
    words = folding.search_text(number, *values.values())
    database.conn.execute(
        "UPDATE shipment SET draft=?, notes=?, sender=?, search=?, "
        "unverified=coalesce(?, unverified) WHERE number=?",
        (
            folding.text(values),
            folding.text(body["notes"]),
            fold_office.sender_key(values),
            words,
            folding.text(body["unverified"]) if "unverified" in body else None,
            number,
        ),
    )
    fold_order.set_odd(database, number, folding.text(body["notes"]))
    samples = database.conn.execute(
        "SELECT number, description, officer FROM sample WHERE shipment=?", (number,)
    ).fetchall()
    for sample, description, officer in samples:
        database.conn.execute(
            "UPDATE sample SET declared=?, search=? WHERE number=?",
            (
                values["declared_goods"],
                folding.search_text(sample, description, officer, words),
                sample,
            ),
        )


HANDLERS: Handlers = {
    "handover.proposed": _proposed,
    "handover.declined": _closed,
    "handover.withdrawn": _closed,
    "handover.lapsed": _closed,
    "custody.setting": _setting,
    "record.corrected": _corrected,
}
