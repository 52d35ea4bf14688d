"""The record of custody beyond its steps: hand-overs, seals, containers, weights, holds, disposal.

Frozen data; masses are integer micrograms, moments aware UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class HandoverState(StrEnum):
    """Where a proposed hand-over stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A transfer one person proposed and another has to accept."""

    seq: int
    sample: str
    giver: str
    taker: str
    at: datetime
    expires_at: datetime
    state: HandoverState
    witness: str = ""
    reason: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealRange:
    """Seals issued to the lab: prefix and numbers, with their ISO 17712 class."""

    seq: int
    prefix: str
    first: int
    last: int
    width: int
    iso_class: str
    document: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealNote:
    """What was odd about a seal when it was put on or read."""

    seq: int
    subject: str
    seal: str
    note: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A box or bag that holds samples; sealed while ``seal`` says a number."""

    number: str
    description: str
    holder: str
    seal: str
    frozen: bool
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerStep:
    """One thing that happened to a container."""

    seq: int
    container: str
    at: datetime
    by: str
    kind: str
    giver: str
    taker: str
    sample: str
    seal_before: str
    seal_after: str
    contents: tuple[str, ...]
    confirmed: Mapping[str, str]
    on_behalf: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """One reading of a balance, with its standard uncertainty and what was expected."""

    seq: int
    sample: str
    occasion: str
    gross_ug: int
    balance: str
    u_ug: int
    expected_ug: int | None
    tolerance_ug: int | None
    remark: str
    at: datetime
    by: str

    @property
    def fits(self) -> bool:
        """Whether the reading agrees with what was expected; nothing expected fits."""
        if self.expected_ug is None or self.tolerance_ug is None:
            return True
        return abs(self.gross_ug - self.expected_ug) <= self.tolerance_ug


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A sample taken apart: sub-samples, residue and what was consumed, against its net mass."""

    seq: int
    parent: str
    balance: str
    net_ug: int
    children: Mapping[str, int]
    residue_ug: int
    consumed_ug: int
    difference_ug: int
    tolerance_ug: int
    at: datetime
    by: str

    @property
    def fits(self) -> bool:
        """Whether the parts add up within the tolerance."""
        return abs(self.difference_ug) <= self.tolerance_ug


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A prior permission to use a sample up, or a part of it."""

    seq: int
    sample: str
    document: str
    limit_ug: int | None
    used_ug: int
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumption:
    """What an analyst used up under an authority, confirmed by a reviewer."""

    seq: int
    sample: str
    authority: int
    mass_ug: int
    everything: bool
    purpose: str
    analyst: str
    reviewer: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """A court's or authority's word that evidence stays."""

    seq: int
    subject: str
    document: str
    reason: str
    at: datetime
    by: str
    lifted_at: datetime | None = None
    lifted_by: str = ""
    lift_document: str = ""
    lift_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """An order to destroy a sample, and how it ended."""

    seq: int
    sample: str
    document: str
    not_before: date
    reason: str
    state: str
    """``ordered``, ``cancelled`` or ``destroyed``."""
    at: datetime
    by: str
    closed_at: datetime | None = None
    closed_by: str = ""
    place: str = ""
    method: str = ""
    witnesses: tuple[str, ...] = ()
    gross_ug: int | None = None
    residual: str = ""
    remark: str = ""
    confirmed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A field set right by an event that names the one it corrects; the first stays readable."""

    seq: int
    subject: str
    corrects: int
    field: str
    was: str
    now: str
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file kept by its SHA-256; its name is what somebody called it, nothing more."""

    seq: int
    subject: str
    at: datetime
    by: str
    file_name: str
    raw_sha256: str
    size: int
    what: str
