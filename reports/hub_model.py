"""What a hub knows, as frozen data, and what it needs of whatever database keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledLab:
    """A laboratory whose reports are accepted while ``closed_at`` is empty."""

    site: str
    name: str
    public_key: bytes
    enrolled_at: str
    closed_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """A verified report about to be stored. ``rows`` and ``quarantined`` run side by side."""

    report_id: str
    lab: str
    sequence: int
    kind: str
    day: str
    supersedes: str
    complete: bool
    sha256: str
    body: bytes
    signature: bytes
    totals: dict[str, Any]
    reason: str
    corrections: tuple[str, ...]
    period_end: str
    skew_s: int | None
    rows: tuple[dict[str, Any], ...]
    quarantined: tuple[str, ...]
    unknowns: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A report on file, without its body."""

    id: int
    report_id: str
    lab: str
    sequence: int
    kind: str
    day: str
    supersedes: str
    complete: bool
    sha256: str
    totals: dict[str, Any]
    reason: str
    corrections: tuple[str, ...]
    period_end: str
    received_at: str
    skew_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something headquarters must look at."""

    at: str
    lab: str
    code: str
    report_id: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """One row of a report in force, with the local day it was reported for."""

    lab: str
    day: str
    report_id: str
    concluded: bool
    quarantined: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUnknown:
    """What a lab's report in force says of one of its clusters of unknowns."""

    lab: str
    day: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCode:
    """The hub's code of a lab's cluster; ``score`` is None where it was the first of its code.

    ``given`` is the code as it was given, ``code`` where that leads since codes were merged.
    """

    lab: str
    lab_code: str
    code: str
    score: float | None
    given: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HubMerge:
    """Two codes found to be one, or told apart again where ``into`` is empty."""

    at: str
    by: str
    code: str
    into: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An answer that was made for a lab, with its exact bytes."""

    lab: str
    sequence: int
    sha256: str
    previous: str
    made_at: str
    body: bytes
    signature: bytes


class AnswerShelf(Protocol):
    """Where a hub keeps its answers to labs and what was merged."""

    def answers(self, lab: str, after: int = 0) -> list[StoredAnswer]:
        """Return the answers of a lab above a number, in order."""
        ...

    def add(self, answer: StoredAnswer) -> None:
        """Store an answer."""
        ...

    def merges(self) -> list[HubMerge]:
        """Return every merge and every undoing, oldest first."""
        ...

    def merge(self, merge: HubMerge) -> None:
        """Write down that two codes are one, or no longer."""
        ...


class HubStore(Protocol):
    """What a hub needs of its database."""

    def labs(self) -> list[EnrolledLab]:
        """Return every enrolled lab, by site."""
        ...

    def lab(self, site: str) -> EnrolledLab | None:
        """Return a lab, or None."""
        ...

    def report(self, report_id: str) -> StoredReport | None:
        """Return a report on file, or None."""
        ...

    def with_sequence(self, lab: str, sequence: int) -> StoredReport | None:
        """Return the report of a lab that has this sequence number, or None."""
        ...

    def body(self, report_id: str) -> bytes:
        """Return the exact bytes of a report as received."""
        ...

    def add(self, report: NewReport) -> int:
        """Store a report with its rows in one transaction."""
        ...

    def reports(self, lab: str = "") -> list[StoredReport]:
        """Return the reports on file in the order received, of one lab or of all."""
        ...

    def rows_in_force(self, until_day: str) -> Iterator[StoredRow]:
        """Yield the rows of the reports in force up to a day."""
        ...

    def unknowns_in_force(self, until_day: str) -> list[StoredUnknown]:
        """Return what the reports in force up to a day say of unknowns, oldest first."""
        ...

    def unknown_codes(self) -> list[HubCode]:
        """Return the hub's codes of the labs' clusters."""
        ...

    @property
    def shelf(self) -> AnswerShelf:
        """What was answered to labs, and which codes were merged."""
        ...

    def alarm(self, lab: str, code: str, report_id: str, detail: str) -> None:
        """Write down something to look at."""
        ...

    def alarms(self) -> list[Alarm]:
        """Return all alarms, oldest first."""
        ...

    def accepted_names(self) -> frozenset[str]:
        """Return the names accepted beyond the substance table, in lower case."""
        ...
