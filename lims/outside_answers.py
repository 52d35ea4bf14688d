"""What is at other labs, samples and requests for confirmation in one list, ours beside theirs.

Knows no writing of its own: an answer goes to the service that keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lims import answer_readers, candidate_requests, other_labs, records
from lims.queries import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

    from lims.candidate_requests import CandidateRequest
    from lims.lab import Lab
    from lims.model import Conclusion
    from lims.other_labs import LabTransfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """One thing asked of another lab, with what it said and what this lab says now.

    Parameters
    ----------
    transfer : int
        Number of the sample's journey; 0 where only the finding was sent.
    theirs, ours : str
        In words; hidden while a hazard notice of the sample waits.
    differs : bool
        Theirs is not among ours, or one of the two names nothing; never while hidden.
    days : float
        Open for, or until answered.
    """

    transfer: int
    sample: str
    finding: str
    to_lab: str
    purpose: str
    """``confirm`` or ``take_over`` for a sample, ``candidate`` for a finding alone."""
    remark: str
    at: datetime
    by: str
    arrived_at: datetime | None
    arrived_with: str
    closed_at: datetime | None
    theirs: str
    reference: str
    ours: str
    differs: bool
    days: float
    overdue: bool


def listed(lab: Lab, *, everything: bool = False) -> tuple[Outside, ...]:
    """Return what is open at other labs, the longest first; what was answered too when asked."""
    journeys = other_labs.listed(lab, everything=everything)
    # A sample sent for confirmation opened its request in the same act: one line for both.
    with_sample = {(each.finding, each.at) for each in journeys if each.finding}
    requests = [
        each
        for each in candidate_requests.listed(lab, everything=everything)
        if (each.finding, each.at) not in with_sample
    ]
    ours = _Ours(lab.db)
    found = [*_of_samples(journeys, ours), *_of_findings(requests, ours)]
    return tuple(sorted(found, key=lambda each: (each.at, each.sample, each.finding)))


def answer(
    lab: Lab, actor: str, of: Outside, *, substance: str, reference: str, remark: str
) -> None:
    """Record what another lab answered, where it was asked.

    Raises
    ------
    StateError, RecordError, NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    if of.transfer:
        other_labs.answer(
            lab, actor, of.sample, substance=substance, reference=reference, remark=remark
        )
    else:
        candidate_requests.answer(
            lab, actor, of.finding, substance=substance, reference=reference, remark=remark
        )


class _Ours:
    """Answers of this lab, each read once."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._read: dict[str, tuple[Conclusion | None, bool]] = {}

    def of(self, sample: str) -> tuple[Conclusion | None, bool]:
        """Return the conclusion of a sample, and whether a hazard notice of it is unseen."""
        if sample not in self._read:
            row = records.sample_row(self._db, sample)
            made = row["conclusion"]
            self._read[sample] = (
                None if made is None else records.conclusion(self._db, made),
                bool(row["unacknowledged"]),
            )
        return self._read[sample]

    def beside(self, sample: str, substance: str, *, answered: bool) -> tuple[str, bool]:
        """Return our answer in words, and whether theirs differs from it."""
        conclusion, hidden = self.of(sample)
        if conclusion is None:
            return "", False
        if hidden:
            return HIDDEN, False
        differs = answered and answer_readers.is_different(conclusion, substance)
        return conclusion.text, differs


def _of_samples(journeys: Iterable[LabTransfer], ours: _Ours) -> Iterator[Outside]:
    for each in journeys:
        answered = each.closed_at is not None
        said, differs = ours.beside(each.sample, each.substance, answered=answered)
        yield Outside(
            transfer=each.number,
            sample=each.sample,
            finding=each.finding,
            to_lab=each.to_lab,
            purpose=each.purpose,
            remark=each.remark,
            at=each.at,
            by=each.by,
            arrived_at=each.arrived_at,
            arrived_with=each.arrived_with,
            closed_at=each.closed_at,
            theirs=_said(each.substance, each.answer) if answered else "",
            reference=each.reference,
            ours=said,
            differs=differs,
            days=each.days,
            overdue=each.overdue,
        )


def _of_findings(requests: Iterable[CandidateRequest], ours: _Ours) -> Iterator[Outside]:
    for each in requests:
        answered = each.answer is not None
        said, differs = ours.beside(each.sample, each.substance, answered=answered)
        yield Outside(
            transfer=0,
            sample=each.sample,
            finding=each.finding,
            to_lab=each.sent_to,
            purpose="candidate",
            remark=each.remark,
            at=each.at,
            by=each.by,
            arrived_at=None,
            arrived_with="",
            closed_at=each.answered_at,
            theirs=_said(each.substance, each.answer_remark) if answered else "",
            reference=each.reference,
            ours=said,
            differs=differs,
            days=each.days,
            overdue=not answered and each.days > other_labs.OPEN_FOR.days,
        )


def _said(substance: str, remark: str) -> str:
    if substance == HIDDEN:
        return HIDDEN
    return substance or f"not identified: {remark}"
