"""How windows, cover, transfers to other labs, notices and stopped clocks become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _shifts_set(database: Database, event: Event) -> None:
    folding.insert(
        database,
        "shift_calendar",
        seq=event.seq,
        windows=folding.text(event.body["windows"]),
        reason=event.body["reason"],
        at=event.at,
        by=event.actor,
    )


def _cover_planned(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "cover",
        number=body["number"],
        seq=event.seq,
        person=body["person"],
        starts=body["starts"],
        ends=body["ends"],
        remark=body["remark"],
        at=event.at,
        by=event.actor,
    )


def _cover_cancelled(database: Database, event: Event) -> None:
    database.conn.execute(
        "UPDATE cover SET cancelled_at=?, cancelled_by=?, reason=? WHERE number=?",
        (event.at, event.actor, event.body["reason"], event.body["number"]),
    )


def _sent(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "lab_transfer",
        number=body["number"],
        seq=event.seq,
        sample=body["sample"],
        to_lab=body["to"],
        purpose=body["purpose"],
        finding=body["finding"],
        remark=body["remark"],
        at=event.at,
        by=event.actor,
    )


def _arrived(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE lab_transfer SET arrived_at=?, arrived_with=?, arrived_by=? WHERE number=?",
        (event.at, body["with"], event.actor, body["number"]),
    )


def _answered(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE lab_transfer SET closed_at=?, closed_by=?, substance=?, reference=?, answer=? "
        "WHERE number=?",
        (
            event.at,
            event.actor,
            body["substance"],
            body["reference"],
            body["answer"],
            body["number"],
        ),
    )


def _notice_sent(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "office_notice",
        number=body["number"],
        seq=event.seq,
        kind=body["kind"],
        sample=body["sample"],
        recipient=body["recipient"],
        because=body["because"],
        text=body["text"],
        closes_at=body["closes_at"],
        embargo=int(body["embargo"]),
        at=event.at,
        by=event.actor,
    )


def _notice_answered(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE office_notice SET answer=?, answered_at=?, answered_by=?, reason=? WHERE number=?",
        (body["answer"], event.at, event.actor, body["reason"], body["number"]),
    )
    if body["answer"] == "declined":
        _lifted(database, event)


def _lifted(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE office_notice SET lifted_at=?, lifted_by=?, lifted_reason=? "
        "WHERE number=? AND embargo=1 AND lifted_at=''",
        (event.at, event.actor, body["reason"], body["number"]),
    )


def _stopped(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "clock_stop",
        seq=event.seq,
        sample=body["sample"],
        because=body["because"],
        remark=body["remark"],
        stopped_at=event.at,
        stopped_by=event.actor,
    )


def _resumed(database: Database, event: Event) -> None:
    database.conn.execute(
        "UPDATE clock_stop SET resumed_at=?, resumed_by=? WHERE sample=? AND resumed_at=''",
        (event.at, event.actor, event.body["sample"]),
    )


HANDLERS: Handlers = {
    "shifts.set": _shifts_set,
    "cover.planned": _cover_planned,
    "cover.cancelled": _cover_cancelled,
    "lab.sent": _sent,
    "lab.arrived": _arrived,
    "lab.answered": _answered,
    "notice.sent": _notice_sent,
    "notice.answered": _notice_answered,
    "notice.lifted": _lifted,
    "clock.stopped": _stopped,
    "clock.resumed": _resumed,
}
