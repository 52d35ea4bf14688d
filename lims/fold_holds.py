"""How events about legal holds, disposal and attached files become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _held(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "legal_hold",
        seq=event.seq,
        subject=body["subject"],
        document=body["document"],
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )


def _lifted(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE legal_hold SET lifted_at=?, lifted_by=?, lift_document=?, lift_reason=? "
        "WHERE seq=?",
        (event.at, event.actor, body["document"], body["reason"], body["hold"]),
    )


def _ordered(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "disposal",
        seq=event.seq,
        sample=body["sample"],
        document=body["document"],
        not_before=body["not_before"],
        reason=body["reason"],
        state="ordered",
        at=event.at,
        by=event.actor,
    )
    _set_state(database, body["sample"], "disposal_pending")


def _cancelled(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE disposal SET state='cancelled', closed_at=?, closed_by=?, remark=? WHERE seq=?",
        (event.at, event.actor, body["reason"], body["disposal"]),
    )
    _set_state(database, body["sample"], body["state"])


def _destroyed(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE disposal SET state='destroyed', closed_at=?, closed_by=?, place=?, method=?, "
        "witnesses=?, confirmed=?, gross_ug=?, residual=?, remark=? WHERE seq=?",
        (
            event.at,
            event.actor,
            body["place"],
            body["method"],
            folding.text(body["witnesses"]),
            folding.text(body["confirmed"]),
            body["gross_ug"],
            body["residual"],
            body["remark"],
            body["disposal"],
        ),
    )
    _set_state(database, body["sample"], "destroyed")


def _set_state(database: Database, sample: str, state: str) -> None:
    database.conn.execute("UPDATE sample SET state=? WHERE number=?", (state, sample))


def _attached(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "attachment",
        seq=event.seq,
        subject=body["subject"],
        at=event.at,
        by=event.actor,
        file_name=body["file_name"],
        raw_sha256=body["raw_sha256"],
        size=body["size"],
        what=body["what"],
    )


HANDLERS: Handlers = {
    "hold.set": _held,
    "hold.lifted": _lifted,
    "disposal.ordered": _ordered,
    "disposal.cancelled": _cancelled,
    "disposal.carried_out": _destroyed,
    "file.attached": _attached,
}
