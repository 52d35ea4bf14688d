"""Reports on one sample or shipment as frozen data: their states, signatures, copies, obstacles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

Json = dict[str, Any]

SCHEMA = "fol.certificate/1"


class CertificateKind(StrEnum):
    """A final report, or one that says on every page that it is not."""

    FINAL = "final"
    PRELIMINARY = "preliminary"


class CertificateState(StrEnum):
    """Where a report stands. What was issued is never changed: it is amended or withdrawn."""

    DRAFT = "draft"
    SENT_BACK = "sent_back"
    TECH_REVIEWED = "tech_reviewed"
    ADMIN_REVIEWED = "admin_reviewed"
    ISSUED = "issued"
    AMENDED = "amended"
    WITHDRAWN = "withdrawn"
    DROPPED = "dropped"


OPEN = frozenset(
    (
        CertificateState.DRAFT,
        CertificateState.SENT_BACK,
        CertificateState.TECH_REVIEWED,
        CertificateState.ADMIN_REVIEWED,
    )
)
"""States before issue, in which the content may still be written anew."""

OUT = frozenset((CertificateState.ISSUED, CertificateState.AMENDED, CertificateState.WITHDRAWN))
"""States in which somebody outside may have a copy."""


class ReviewStep(StrEnum):
    """What a reviewer looks at: the science, or the form and the completeness of the file."""

    TECHNICAL = "technical"
    ADMINISTRATIVE = "administrative"


class CopyForm(StrEnum):
    """In what form a copy was given."""

    PDF = "pdf"
    HTML = "html"
    JSON = "json"
    PAPER = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an author types; None leaves what an earlier revision said, or the usual words.

    Parameters
    ----------
    customer : str, optional
        Who asked; else the officer who submitted.
    reference : str, optional
        The customer's own number.
    place : str, optional
        Where the work was done, if not in the laboratory (ISO/IEC 17025:2017, 7.8.2.1 c).
    condition : str, optional
        Of the items when they came, beyond their seals.
    opinions, departures : tuple of str, optional
        Printed under their own headings, marked as what they are.
    valid_days : int, optional
        Of a preliminary report.
    """

    customer: str | None = None
    reference: str | None = None
    place: str | None = None
    condition: str | None = None
    opinions: tuple[str, ...] | None = None
    departures: tuple[str, ...] | None = None
    valid_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateReview:
    """One review of one revision; ``remote`` says from where, empty in the laboratory."""

    revision: int
    step: ReviewStep
    accept: bool
    by: str
    at: datetime
    remark: str
    remote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What is open and still reported, in the words of who accepted that.

    ``what`` names it: ``discrepancy:12`` or ``hold:7``, by the number of its event.
    """

    what: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy that left the laboratory."""

    number: int
    recipient: str
    form: CopyForm
    how: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a report cannot be issued, and what can be done.

    ``can_be_stated`` where the report may go out if it tells of it; ``what`` is then its name.
    """

    what: str
    text: str
    hint: str
    can_be_stated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A report as it stands; ``state`` does not know of an expiry, ``expired`` does."""

    number: str
    kind: CertificateKind
    state: CertificateState
    subject: str
    shipment: str
    samples: tuple[str, ...]
    revision: int
    authors: tuple[str, ...]
    """Everybody who wrote a revision, the last one last."""
    drafted_at: datetime
    content_sha256: str
    customer: str
    amends: str
    reason: str
    """Why it amends."""
    expires_on: date | None
    expired: bool
    reviews: tuple[CertificateReview, ...]
    stated: tuple[Stated, ...]
    copies: tuple[Copy, ...]
    issued_at: datetime | None
    issued_by: str
    document_sha256: str
    signature: bytes
    amended_by: str
    withdrawal_asked_by: str
    withdrawal_reason: str
    withdrawn_at: datetime | None
    withdrawn_by: str

    @property
    def author(self) -> str:
        """Who wrote the present revision."""
        return self.authors[-1]

    @property
    def is_open(self) -> bool:
        """Whether it has not been issued yet and still may be."""
        return self.state in OPEN
