"""Signed reports on their way to headquarters: numbered without gaps, each queued once."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any

from lims import clock, fields, records
from lims.act import Act
from lims.errors import NotFoundError, RecordError, StateError
from lims.lab import Lab
from lims.model import OutboxItem, OutboxState
from lims.workflow import Verb

MAX_BODY = 64 * 1024 * 1024
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=15)

_SELECT = (
    "SELECT o.*, d.body AS body, a.tries AS tries, a.next_try AS next_try, a.problem AS problem "
    "FROM outbox o LEFT JOIN document d ON d.sha256=o.sha256 "
    "LEFT JOIN delivery_attempt a ON a.seq=o.seq "
)


def queue(
    lab: Lab,
    actor: str,
    report_id: str,
    kind: str,
    body: bytes,
    signature: bytes,
    *,
    key: str = "",
) -> OutboxItem:
    """Put a signed report into the outbox, in the transaction of its event.

    The same report again is the same item: its number is returned and nothing is written.

    Raises
    ------
    StateError
        The report's id is queued already with other bytes.
    RecordError, PermissionDenied, BusyError, StorageFullError
    """
    name = fields.line(report_id, "the report's id", required=True, limit=80)
    sort = fields.line(kind, "the report's kind", required=True, limit=40)
    if not 0 < len(body) <= MAX_BODY:
        raise RecordError(f"a report of {len(body)} bytes; 1 to {MAX_BODY} can be queued")
    digest = hashlib.sha256(body).hexdigest()
    with lab.writing(actor, key) as act:
        act.allow(Verb.QUEUE_REPORT)
        first = act.repeated("outbox.queued")
        if first is not None:
            return _item(act, int(first.body["seq"]))
        known = act.db.execute(
            "SELECT seq, sha256 FROM outbox WHERE report_id=?", [name]
        ).fetchone()
        if known is not None:
            if known[1] != digest:
                raise StateError(
                    f"report {name} is in the outbox already, with other content",
                    hint="Issue the changed report under a new number.",
                )
            return _item(act, int(known[0]))
        last = act.db.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()[0]
        act.db.conn.execute(
            "INSERT INTO document(sha256, body) VALUES(?,?) ON CONFLICT(sha256) DO NOTHING",
            (digest, body),
        )
        act.append(
            "outbox.queued",
            {
                "seq": int(last) + 1,
                "report_id": name,
                "kind": sort,
                "sha256": digest,
                "size": len(body),
                "signature": base64.b64encode(signature).decode("ascii"),
            },
        )
        return _item(act, int(last) + 1)


def pending(lab: Lab) -> tuple[OutboxItem, ...]:
    """Return what waits to be sent, in order of its numbers; see ``next_try`` before knocking."""
    found = records.rows(lab.db, f"{_SELECT} WHERE o.state='queued' ORDER BY o.seq")
    return tuple(_as_item(row) for row in found)


def items(lab: Lab) -> tuple[OutboxItem, ...]:
    """Return everything ever queued, newest first."""
    found = records.rows(lab.db, f"{_SELECT} ORDER BY o.seq DESC")
    return tuple(_as_item(row) for row in found)


def mark_sent(lab: Lab, actor: str, seq: int, receipt: str, *, key: str = "") -> OutboxItem:
    """Record headquarters' receipt of a report.

    Raises
    ------
    StateError
        It was sent before with another receipt.
    NotFoundError, PermissionDenied, RecordError
    """
    proof = fields.paragraph(receipt, "the receipt", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.DELIVER_REPORT)
        found = _item(act, seq)
        if found.state is OutboxState.SENT:
            if found.receipt != proof:
                raise StateError(f"report {found.report_id} has another receipt already")
            return found
        act.append("outbox.sent", {"seq": seq, "receipt": proof})
        return _item(act, seq)


def mark_parked(lab: Lab, actor: str, seq: int, reason: str, *, key: str = "") -> OutboxItem:
    """Set a report aside that headquarters refused; a person decides what becomes of it."""
    why = fields.paragraph(fields.visible(reason, limit=1_000), "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.DELIVER_REPORT)
        found = _item(act, seq)
        if found.state is OutboxState.SENT:
            raise StateError(f"report {found.report_id} was sent already")
        if found.state is not OutboxState.PARKED:
            act.append("outbox.parked", {"seq": seq, "reason": why})
        return _item(act, seq)


def requeue(lab: Lab, actor: str, seq: int, reason: str, *, key: str = "") -> OutboxItem:
    """Put a parked report back in the queue, with the reason."""
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.DELIVER_REPORT)
        found = _item(act, seq)
        if found.state is not OutboxState.PARKED:
            raise StateError(f"report {found.report_id} is {found.state}, not parked")
        act.append("outbox.requeued", {"seq": seq, "reason": why})
        act.db.conn.execute("DELETE FROM delivery_attempt WHERE seq=?", (seq,))
        return _item(act, seq)


def mark_failed(lab: Lab, actor: str, seq: int, problem: str) -> OutboxItem:
    """Note a failed attempt and when to try next: 5 s, doubling, at most 15 min.

    Not an event: a line that is down all night is not a fact about evidence.
    """
    with lab.writing(actor) as act:
        act.allow(Verb.DELIVER_REPORT)
        found = _item(act, seq)
        wait = min(FIRST_WAIT * 2 ** min(found.tries, 12), LONGEST_WAIT)
        act.db.conn.execute(
            "INSERT INTO delivery_attempt(seq, tries, next_try, problem) VALUES(?,1,?,?) "
            "ON CONFLICT(seq) DO UPDATE SET tries=tries+1, next_try=excluded.next_try, "
            "problem=excluded.problem",
            (seq, clock.stamp(act.at + wait), fields.visible(problem, limit=500)),
        )
        return _item(act, seq)


def due(item: OutboxItem, moment: datetime) -> bool:
    """Whether a queued report may be tried at a moment."""
    return item.state is OutboxState.QUEUED and (item.next_try is None or item.next_try <= moment)


def _item(act: Act, seq: int) -> OutboxItem:
    found = records.rows(act.db, f"{_SELECT} WHERE o.seq=?", seq)
    if not found:
        raise NotFoundError(f"there is no report number {seq} in the outbox")
    return _as_item(found[0])


def _as_item(row: dict[str, Any]) -> OutboxItem:
    return OutboxItem(
        seq=row["seq"],
        report_id=row["report_id"],
        kind=row["kind"],
        body=bytes(row["body"] or b""),
        sha256=row["sha256"],
        signature=bytes(row["signature"]),
        state=OutboxState(row["state"]),
        queued_at=records.moment(row["queued_at"]),
        tries=row["tries"] or 0,
        next_try=records.moment(row["next_try"]) if row["next_try"] else None,
        receipt=row["receipt"],
        reason=row["reason"] or row["problem"] or "",
    )
