"""Samples at a regional or sister lab: sent, arrived, answered. The answer never replaces ours.

To confirm an answer a request goes with the sample (`lims.candidate_requests`); to be worked on
there, where nobody is here in time, the sample goes alone and its answer is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lims import candidate_requests, clock, custody_rules, fields, records
from lims.act import Act
from lims.errors import NotFoundError, StateError
from lims.lab import Lab
from lims.model import SampleState
from lims.queries import HIDDEN
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

OPEN_FOR = timedelta(days=2 * 365)
"""How long a request stays an ordinary open one; later it is overdue, and still open."""


_SEEN = "t.*, (SELECT unacknowledged FROM sample s WHERE s.number=t.sample) AS unseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabTransfer:
    """One sample sent to another lab, and what came of it."""

    number: int
    sample: str
    to_lab: str
    purpose: str
    """``confirm`` an answer of ours, or ``take_over`` the work."""
    finding: str
    remark: str
    at: datetime
    by: str
    arrived_at: datetime | None
    arrived_with: str
    closed_at: datetime | None
    substance: str
    reference: str
    answer: str
    days: float
    """Open for, or until answered."""
    overdue: bool
    """Open for more than two years."""


def send(
    lab: Lab, actor: str, sample: str, to: str, *, remark: str = "", key: str = ""
) -> LabTransfer:
    """Send a sample to another lab; one that is concluded here is sent for confirmation.

    The sample stays with its holder in the record until the hand-over itself is recorded
    (``fol sample transfer``): this opens the record of what is asked.

    Raises
    ------
    StateError
        It is at another lab, is no longer here, has an open discrepancy, or a finding of it still
        waits for review.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    whom = fields.line(to, "the other lab", required=True, limit=120)
    said = fields.paragraph(remark, "the remark")
    with lab.writing(actor, key) as act:
        act.allow(Verb.SEND_TO_LAB)
        first = act.repeated("lab.sent")
        if first is not None:
            return _transfer(act.db, int(first.body["number"]))
        row = records.sample_row(act.db, sample)
        _require_here(act, row)
        finding = _finding_of(act, row)
        number = int(records.value(act.db, "SELECT coalesce(max(number), 0)+1 FROM lab_transfer"))
        act.append(
            "lab.sent",
            {
                "number": number,
                "sample": row["number"],
                "to": whom,
                "purpose": "confirm" if finding else "take_over",
                "finding": finding,
                "remark": said,
            },
        )
        if finding:
            # Asking for a confirmation says something of our answer; a custodian only sends.
            act.allow(Verb.SEND_CANDIDATE)
            candidate_requests.open_request(act, finding, whom, said)
        return _transfer(act.db, number)


def arrived(lab: Lab, actor: str, sample: str, *, received_by: str, key: str = "") -> LabTransfer:
    """Record that the other lab said it has the sample, and who received it there.

    Raises
    ------
    StateError
        It was not sent, or has arrived.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    there = fields.line(received_by, "who received it", required=True, limit=120)
    with lab.writing(actor, key) as act:
        act.allow(Verb.SEND_TO_LAB)
        found = _open(act, sample)
        if act.repeated("lab.arrived") is None:
            if found.arrived_at is not None:
                raise StateError(f"{found.sample} arrived at {found.to_lab} already")
            act.append(
                "lab.arrived", {"number": found.number, "sample": found.sample, "with": there}
            )
        return _transfer(act.db, found.number)


def answer(
    lab: Lab,
    actor: str,
    sample: str,
    *,
    substance: str = "",
    reference: str = "",
    remark: str = "",
    key: str = "",
) -> LabTransfer:
    """Record what the other lab answered, beside our own answer and never over it.

    Where it differs from ours, the officer and everybody who read ours are told.

    Raises
    ------
    StateError
        It is at no other lab.
    RecordError
        Neither a substance nor a remark.
    NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.SEND_TO_LAB)
        done = act.repeated("lab.answered")
        if done is not None:
            return _transfer(act.db, int(done.body["number"]))
        found = _open(act, sample)
        said = candidate_requests.checked_answer(substance, reference, remark)
        close(act, found, said)
        if found.finding:
            act.allow(Verb.ANSWER_CANDIDATE)
            candidate_requests.write_answer(act, records.finding(act.db, found.finding), said)
        return _transfer(act.db, found.number)


def close(act: Act, found: LabTransfer, said: candidate_requests.Said) -> None:
    """Close a transfer inside the act that records its answer."""
    act.append(
        "lab.answered",
        {
            "number": found.number,
            "sample": found.sample,
            "substance": said.substance,
            "reference": said.reference,
            "answer": said.remark,
        },
    )


def listed(lab: Lab, *, everything: bool = False) -> tuple[LabTransfer, ...]:
    """Return samples at other labs, the longest away first; all transfers when asked."""
    where = "1" if everything else "closed_at=''"
    return tuple(
        _as_transfer(row)
        for row in records.rows(
            lab.db, f"SELECT {_SEEN} FROM lab_transfer t WHERE {where} ORDER BY number"
        )
    )


def of_sample(lab: Lab, sample: str) -> tuple[LabTransfer, ...]:
    """Return every time a sample went to another lab, in order."""
    number = records.sample_row(lab.db, sample)["number"]
    rows = records.rows(
        lab.db, f"SELECT {_SEEN} FROM lab_transfer t WHERE sample=? ORDER BY number", number
    )
    return tuple(_as_transfer(row) for row in rows)


def _require_here(act: Act, row: records.Row) -> None:
    custody_rules.require_free(act, dict(row))
    if row["state"] == SampleState.RETURNED:
        raise StateError(f"{row['number']} was given back")
    open_now = records.rows(
        act.db, "SELECT * FROM lab_transfer WHERE sample=? AND closed_at=''", row["number"]
    )
    if open_now:
        raise StateError(
            f"{row['number']} went to {open_now[0]['to_lab']} on {open_now[0]['at'][:10]}",
            hint="Record its answer first (fol sample answer).",
        )
    if row["status"] == "to review":
        raise StateError(
            f"{row['number']} has a finding that waits for review",
            hint="A second person accepts it or sends it back first.",
        )


def _finding_of(act: Act, row: records.Row) -> str:
    """Return the finding a confirmation is asked for: the newest our conclusion rests on."""
    if row["conclusion"] is None:
        return ""
    used = records.conclusion(act.db, row["conclusion"]).findings
    return used[-1] if used else ""


def _open(act: Act, sample: str) -> LabTransfer:
    number = records.sample_row(act.db, sample)["number"]
    rows = records.rows(
        act.db, "SELECT * FROM lab_transfer WHERE sample=? ORDER BY number DESC LIMIT 1", number
    )
    if not rows or (rows[0]["closed_at"] and act.first is None):
        raise StateError(f"{number} is at no other lab", hint="See fol sample away.")
    return _as_transfer(rows[0])


def _transfer(database: Database, number: int) -> LabTransfer:
    rows = records.rows(database, "SELECT * FROM lab_transfer WHERE number=?", number)
    if not rows:
        raise NotFoundError(f"there is no transfer {number}")
    return _as_transfer(rows[0])


def _as_transfer(row: records.Row) -> LabTransfer:
    at = records.moment(row["at"])
    closed = records.moment(row["closed_at"]) if row["closed_at"] else None
    hidden = bool(row.get("unseen")) and closed is not None
    spent = max(timedelta(), (closed or clock.now()) - at)
    return LabTransfer(
        number=row["number"],
        sample=row["sample"],
        to_lab=row["to_lab"],
        purpose=row["purpose"],
        finding=row["finding"],
        remark=row["remark"],
        at=at,
        by=row["by"],
        arrived_at=records.moment(row["arrived_at"]) if row["arrived_at"] else None,
        arrived_with=row["arrived_with"],
        closed_at=closed,
        substance=HIDDEN if hidden else row["substance"],
        reference=row["reference"],
        answer=HIDDEN if hidden else row["answer"],
        days=round(spent.total_seconds() / 86_400, 1),
        overdue=closed is None and spent > OPEN_FOR,
    )
