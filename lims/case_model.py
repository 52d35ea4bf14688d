"""Cases as data: what belongs together, what became of it, and whom a new parcel reminds of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What came back from whoever took a case on."""

    ARREST = "arrest"
    LINKED_SEIZURE = "linked_seizure"
    OTHER_ITEMS = "other_items"
    PROSECUTION = "prosecution"
    NONE = "none"


class LinkRole(StrEnum):
    """Whether something of a case came through the port, or was seized elsewhere because of it."""

    PORT = "port"
    LINKED_SEIZURE = "linked_seizure"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLink:
    """One shipment or sample of a case."""

    subject: str
    shipment: str
    role: LinkRole
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutcome:
    """One outcome written back; ``occurred_on`` is when it happened, ``at`` when it was written."""

    kind: Outcome
    subject: str
    """The shipment or sample it is about; empty for the whole case."""
    text: str
    substance: str
    mass_ug: int | None
    occurred_on: date | None
    source: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case with everything in it."""

    number: str
    title: str
    state: str
    opened_at: datetime
    opened_by: str
    links: tuple[CaseLink, ...]
    outcomes: tuple[CaseOutcome, ...]
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One line of the list of cases."""

    number: str
    title: str
    state: str
    opened_at: datetime
    shipments: int
    samples: int
    linked_seizures: int
    """Outcomes of that kind and what was linked as seized elsewhere."""
    outcomes: tuple[Outcome, ...]
    to_look_at: int
    """Parcels with a party of the case that nobody has looked at yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """A shipment that shares a party with a case. For a person to judge."""

    shipment: str
    case: str
    title: str
    says: str
    """``same consignee as NOG-26-P000001-R``."""
    typed_here: str
    typed_there: str
    outcomes: tuple[Outcome, ...]
