"""How events about reports on one sample or shipment become rows."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

_AFTER_REVIEW = {"technical": "tech_reviewed", "administrative": "admin_reviewed"}


def _drafted(database: Database, event: Event) -> None:
    body = event.body
    number = body["number"]
    if body["revision"] == 1:
        folding.insert(
            database,
            "certificate",
            number=number,
            seq=event.seq,
            kind=body["kind"],
            state="draft",
            subject=body["subject"],
            shipment=body["shipment"],
            revision=1,
            typed=folding.text(body["typed"]),
            content_sha256=body["content_sha256"],
            amends=body["amends"],
            reason=body["reason"],
            expires_on=body["expires_on"],
        )
        folding.count(database, number)
    else:
        database.conn.execute(
            "UPDATE certificate SET state='draft', revision=?, typed=?, content_sha256=?, "
            "reason=?, expires_on=? WHERE number=?",
            (
                body["revision"],
                folding.text(body["typed"]),
                body["content_sha256"],
                body["reason"],
                body["expires_on"],
                number,
            ),
        )
        database.conn.execute("DELETE FROM certificate_sample WHERE number=?", (number,))
    for place, sample in enumerate(body["samples"], 1):
        folding.insert(database, "certificate_sample", number=number, sample=sample, place=place)
    folding.insert(
        database,
        "certificate_revision",
        number=number,
        revision=body["revision"],
        content_sha256=body["content_sha256"],
        at=event.at,
        by=event.actor,
    )


def _reviewed(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "certificate_review",
        seq=event.seq,
        number=body["number"],
        revision=body["revision"],
        step=body["step"],
        accept=int(body["accept"]),
        remark=body["remark"],
        remote=body["remote"],
        at=event.at,
        by=event.actor,
    )
    state = _AFTER_REVIEW[body["step"]] if body["accept"] else "sent_back"
    _set_state(database, body["number"], state)


def _stated(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "certificate_statement",
        seq=event.seq,
        number=body["number"],
        what=body["what"],
        text=body["text"],
        at=event.at,
        by=event.actor,
    )


def _issued(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE certificate SET state='issued', issued_at=?, issued_by=?, document_sha256=?, "
        "signature=? WHERE number=?",
        (event.at, event.actor, body["sha256"], body["signature"], body["number"]),
    )
    if body["amends"]:
        database.conn.execute(
            "UPDATE certificate SET state='amended', amended_by=? WHERE number=?",
            (body["number"], body["amends"]),
        )


def _given(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "certificate_copy",
        seq=event.seq,
        number=body["number"],
        copy=body["copy"],
        recipient=body["recipient"],
        form=body["form"],
        how=body["how"],
        at=event.at,
        by=event.actor,
    )


def _withdrawal_asked(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE certificate SET withdrawal_asked_at=?, withdrawal_asked_by=?, "
        "withdrawal_reason=? WHERE number=?",
        (event.at, event.actor, body["reason"], body["number"]),
    )


def _withdrawn(database: Database, event: Event) -> None:
    database.conn.execute(
        "UPDATE certificate SET state='withdrawn', withdrawn_at=?, withdrawn_by=? WHERE number=?",
        (event.at, event.actor, event.body["number"]),
    )


def _dropped(database: Database, event: Event) -> None:
    _set_state(database, event.body["number"], "dropped")


def _set_state(database: Database, number: str, state: str) -> None:
    database.conn.execute("UPDATE certificate SET state=? WHERE number=?", (state, number))


HANDLERS: Handlers = MappingProxyType(
    {
        "certificate.drafted": _drafted,
        "certificate.reviewed": _reviewed,
        "certificate.stated": _stated,
        "certificate.issued": _issued,
        "certificate.given": _given,
        "certificate.withdrawal_asked": _withdrawal_asked,
        "certificate.withdrawn": _withdrawn,
        "certificate.dropped": _dropped,
    }
)
