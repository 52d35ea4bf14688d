"""Answers sent to a regional lab for confirmation, and what it answered, beside our own finding.

A request stays open for as long as it takes. The answer changes no finding: it stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lims import alerts, answer_readers, clock, fields, records, statements, unknown_naming
from lims.act import Act
from lims.errors import RecordError, StateError
from lims.lab import Lab
from lims.model import Finding, FindingState
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database


class Answer(StrEnum):
    """What the regional lab said."""

    IDENTIFIED = "identified"
    NOT_IDENTIFIED = "not_identified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a lab said, checked; an empty ``substance`` means that it could not name it."""

    substance: str
    reference: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRequest:
    """One request for confirmation; ``answer`` is None while it is open."""

    finding: str
    sample: str
    sent_to: str
    remark: str
    at: datetime
    by: str
    answer: Answer | None
    substance: str
    reference: str
    answer_remark: str
    answered_at: datetime | None
    answered_by: str
    days: float
    """Open for, or until answered."""


def send(
    lab: Lab, actor: str, finding: str, to: str, *, remark: str = "", key: str = ""
) -> CandidateRequest:
    """Ask a regional lab to confirm a finding; a candidate nobody judged yet is confirmed by it.

    Parameters
    ----------
    finding : str
        Reviewed, with an analogue candidate in it or carrying the conclusion of its sample.
    to : str
        The laboratory.

    Raises
    ------
    StateError
        Neither a candidate nor a conclusion, not reviewed, dismissed, or asked already.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    lab_name = fields.line(to, "the regional lab", required=True, limit=120)
    said = fields.paragraph(remark, "the remark")
    with lab.writing(actor, key) as act:
        act.allow(Verb.SEND_CANDIDATE)
        first = act.repeated("candidate.sent")
        found = records.finding(act.db, finding)
        if first is None:
            open_request(act, found.id, lab_name, said)
        return _as_request(_rows(act.db, found.id)[-1])


def answer(
    lab: Lab,
    actor: str,
    finding: str,
    *,
    substance: str = "",
    reference: str = "",
    remark: str = "",
    key: str = "",
) -> CandidateRequest:
    """Record what the regional lab answered.

    Parameters
    ----------
    substance : str
        What it identified; empty where it could not.
    reference : str
        Number of its report.

    Raises
    ------
    StateError
        Nothing was sent, or it was answered.
    RecordError
        Neither a substance nor a remark.
    NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    said = checked_answer(substance, reference, remark)
    with lab.writing(actor, key) as act:
        act.allow(Verb.ANSWER_CANDIDATE)
        found = records.finding(act.db, finding)
        if act.repeated("candidate.answered") is None:
            write_answer(act, found, said)
            _close_transfer(act, found.id, said)
        return _as_request(_rows(act.db, found.id)[-1])


def checked_answer(substance: str, reference: str, remark: str) -> Said:
    """Return what a lab said as the record keeps it.

    Raises
    ------
    RecordError
        Neither a substance nor a remark, or a substance nobody knows.
    """
    from lims import reference_identity

    report = fields.line(reference, "the report's number", limit=120)
    said = fields.paragraph(remark, "the remark")
    if not substance.strip() and not said:
        raise RecordError(
            "an answer says what it is, or why it could not be said",
            hint="Give --substance, or --remark.",
        )
    named = reference_identity.resolved(substance, "", "").name if substance.strip() else ""
    return Said(substance=named, reference=report, remark=said)


def open_request(act: Act, finding: str, to: str, remark: str) -> None:
    """Write a request for confirmation inside an act.

    Raises
    ------
    StateError
        As `send` has it.
    """
    found = records.finding(act.db, finding)
    _require_sendable(act, found)
    act.append(
        "candidate.sent",
        {
            "finding": found.id,
            "sample": found.sample,
            "number": len(_rows(act.db, found.id)) + 1,
            "to": to,
            "remark": remark,
        },
    )


def listed(lab: Lab, *, everything: bool = False) -> tuple[CandidateRequest, ...]:
    """Return open requests, the oldest first; all when asked.

    What was answered is hidden while a hazard notice of the sample waits.
    """
    where = "1" if everything else "r.answered_at=''"
    found = records.rows(
        lab.db,
        "SELECT r.*, s.unacknowledged AS unseen FROM candidate_request r "
        f"JOIN sample s ON s.number=r.sample WHERE {where} ORDER BY r.seq",
    )
    return tuple(_as_request(row) for row in found)


def write_answer(act: Act, found: Finding, said: Said) -> None:
    """Write an answer inside an act, and tell who read ours where it differs.

    Raises
    ------
    StateError
        Nothing was asked, or it was answered.
    """
    rows = _rows(act.db, found.id)
    if not rows:
        raise StateError(f"{found.id} was not sent to a regional lab", hint="See fol confirmation.")
    asked = rows[-1]
    if asked["answered_at"]:
        raise StateError(f"{found.id} was answered already, by {asked['sent_to']}")
    act.append(
        "candidate.answered",
        {
            "finding": found.id,
            "sample": found.sample,
            "number": asked["number"],
            "answer": (Answer.IDENTIFIED if said.substance else Answer.NOT_IDENTIFIED).value,
            "substance": said.substance,
            "reference": said.reference,
            "remark": said.remark,
        },
    )
    row = records.sample_row(act.db, found.sample)
    about = "the candidate in " if statements.candidate(found.match) is not None else ""
    alerts.raise_alert(
        act,
        row,
        kind="candidate_answered",
        headline=f"{asked['sent_to']} has answered on {about}sample {row['number']}",
        detail=f"Finding {found.id}. See it with `fol confirmation list --all`. It stands beside "
        "the lab's own answer and changes nothing in it.",
    )
    answer_readers.tell_if_different(act, row, asked["sent_to"], said.substance, said.reference)
    if said.substance:
        report = f", report {said.reference}" if said.reference else ""
        unknown_naming.after_answer(act, found.id, said.substance, f"{asked['sent_to']}{report}")


def _close_transfer(act: Act, finding: str, said: Said) -> None:
    """Close the sample's journey too, where it went with the request."""
    for row in records.rows(
        act.db, "SELECT * FROM lab_transfer WHERE finding=? AND closed_at=''", finding
    ):
        act.append(
            "lab.answered",
            {
                "number": row["number"],
                "sample": row["sample"],
                "substance": said.substance,
                "reference": said.reference,
                "answer": said.remark,
            },
        )


def _require_sendable(act: Act, found: Finding) -> None:
    is_candidate = statements.candidate(found.match) is not None
    if not is_candidate and not _carries_conclusion(act, found):
        raise StateError(
            f"{found.id} holds no analogue candidate, and no conclusion rests on it",
            hint="Conclude the sample first (fol conclude).",
        )
    if found.state is not FindingState.REVIEWED:
        raise StateError(
            f"{found.id} is {found.state}",
            hint="A second person accepts the finding first (fol review).",
        )
    if found.verdict == "dismissed":
        raise StateError(
            f"the candidate of {found.id} was dismissed",
            hint="Confirm it again before it is sent (fol candidate --confirm).",
        )
    rows = _rows(act.db, found.id)
    if rows and not rows[-1]["answered_at"]:
        raise StateError(
            f"{found.id} was sent to {rows[-1]['sent_to']} on {rows[-1]['at'][:10]}",
            hint="Record the answer first (fol confirmation answer).",
        )
    if is_candidate and not found.verdict:
        act.append("candidate.confirmed", {"finding": found.id, "sample": found.sample})


def _carries_conclusion(act: Act, found: Finding) -> bool:
    latest = records.sample_row(act.db, found.sample)["conclusion"]
    return latest is not None and found.id in records.conclusion(act.db, latest).findings


def _rows(database: Database, finding: str) -> list[dict[str, Any]]:
    return records.rows(
        database, "SELECT * FROM candidate_request WHERE finding=? ORDER BY number", finding
    )


def _as_request(row: dict[str, Any]) -> CandidateRequest:
    from lims.queries import HIDDEN

    at = records.moment(row["at"])
    answered = records.moment(row["answered_at"]) if row["answered_at"] else None
    hidden = bool(row.get("unseen")) and bool(row["substance"])
    return CandidateRequest(
        finding=row["finding"],
        sample=row["sample"],
        sent_to=row["sent_to"],
        remark=row["remark"],
        at=at,
        by=row["by"],
        answer=Answer(row["answer"]) if row["answer"] else None,
        substance=HIDDEN if hidden else row["substance"],
        reference=row["reference"],
        answer_remark=HIDDEN if hidden else row["answer_remark"],
        answered_at=answered,
        answered_by=row["answered_by"],
        days=round(max(0.0, ((answered or clock.now()) - at).total_seconds() / 86_400), 1),
    )
