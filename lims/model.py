"""The record as frozen data: what the services return, what screens show, what reports count.

Masses are integer micrograms, moments aware UTC datetimes. Nothing here reads or writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from lims.identifiers import Unverified


class Role(StrEnum):
    """What a person may be asked to do. One person may hold several."""

    OFFICER = "officer"
    CUSTODIAN = "custodian"
    ANALYST = "analyst"
    REVIEWER = "reviewer"
    LEAD = "lead"
    QUALITY = "quality"
    IT_ADMIN = "it_admin"
    LIAISON = "liaison"


class ShipmentState(StrEnum):
    """Where a parcel or conveyance stands."""

    HELD = "held"
    RELEASED = "released"
    SEIZED = "seized"


class SampleState(StrEnum):
    """Where a sample stands; names as in the field's item workflow."""

    RECEIVED = "received"
    STORED = "stored"
    CHECKED_OUT = "checked_out"
    OPENED = "opened"
    RESEALED = "resealed"
    RETURNED = "returned"
    DISPOSAL_PENDING = "disposal_pending"
    CONSUMED = "consumed"
    DESTROYED = "destroyed"
    LOST = "lost"


class FindingState(StrEnum):
    """Where a finding stands between analyst and reviewer."""

    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    SENT_BACK = "sent_back"
    SUPERSEDED = "superseded"


class ConclusionLevel(StrEnum):
    """What may be said of a sample. ``CANDIDATE`` never carries a substance's name."""

    PRESUMPTIVE = "presumptive"
    CONFIRMED = "confirmed"
    CANDIDATE = "candidate"
    NO_MATCH = "no_match"
    NOT_DETECTED = "not_detected"
    INCONCLUSIVE = "inconclusive"


class Lane(StrEnum):
    """Quick screen (about twenty seconds at the bench) or full work."""

    QUICK = "quick"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may act; identified by ``id``, never by a login."""

    id: str
    name: str
    roles: frozenset[Role]
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentDraft:
    """What is typed at intake. Declared figures are kept exactly as typed, with their unit.

    ``declared_value``, ``freight`` and the weights are the typed texts, for example ``"10 USD"``
    and ``"1.5 kg"``; ``declared_weight`` is one of which the papers do not say net or gross.
    ``origin`` and ``destination_country`` are ISO 3166-1 alpha-2, ports are UN/LOCODE or words.
    """

    declared_goods: str
    declared_value: str = ""
    declared_weight: str = ""
    freight: str = ""
    hs_code: str = ""
    stream: str = "express"
    carrier: str = ""
    tracking: str = ""
    consignor: str = ""
    consignee: str = ""
    consignee_address: str = ""
    notify_party: str = ""
    origin: str = ""
    transit: str = ""
    destination_country: str = ""
    destination: str = ""
    conveyance: str = ""
    concealment: str = ""
    hs_edition: str = ""
    gross_weight: str = ""
    net_weight: str = ""
    pieces: str = ""
    container: str = ""
    port_of_loading: str = ""
    port_of_discharge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """A parcel or conveyance in the record."""

    number: str
    state: ShipmentState
    draft: ShipmentDraft
    received_at: datetime
    received_by: str
    notes: tuple[str, ...] = ()
    """Declared-against-found and plausibility notes, in the order they arose."""
    unverified: tuple[Unverified, ...] = ()
    """Codes and numbers that could not be verified when they were entered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDraft:
    """What an officer submits."""

    description: str
    form: str = ""
    gross_ug: int | None = None
    seal: str = ""
    officer: str = ""
    field_tool: str = ""
    field_result: str = ""
    lane: Lane = Lane.QUICK
    request: str = "drug"
    """What is asked: a drug, or one of `lims.work_kinds.Request`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The numbered, labelled, sealed thing."""

    number: str
    shipment: str
    state: SampleState
    draft: SampleDraft
    holder: str
    """Person id or ``place:NAME``; exactly one at every moment."""
    seal: str
    submitted_at: datetime
    priority: int = 0
    conclusion: Conclusion | None = None
    parent: str = ""
    """The sample it was taken out of."""
    container: str = ""
    """What it is inside now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One custody step: who or what had it before, who or what has it now."""

    seq: int
    sample: str
    at: datetime
    kind: str
    giver: str
    taker: str
    witness: str = ""
    seal_before: str = ""
    seal_after: str = ""
    reason: str = ""
    confirmed: Mapping[str, str] = field(default_factory=dict)
    """How each side confirmed it; empty before both had to."""
    on_behalf: bool = False
    """Recorded by somebody for people who did not confirm; ``reason`` says why."""
    occurred_at: datetime | None = None
    """When it happened, where it was entered late."""
    container: str = ""
    """The container whose move took it along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What is prepared from a sample: neat, or an extract with its solvents."""

    id: str
    sample: str
    kind: str
    solvents: tuple[str, ...] = ()
    mass_ug: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One acquisition on one instrument, with its raw file."""

    id: str
    sample: str
    portion: str
    technique: str
    file_name: str
    raw_sha256: str
    format: str
    reader: str
    at: datetime
    by: str
    warnings: tuple[str, ...] = ()
    instrument: str = ""
    mapping_version: int = 0
    """Of the instrument's mapping the file was read by; 0 where it needed or had none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a run supports.

    ``match`` is the documented ``results`` entry of ``fol.match/1`` for this file: spectra or
    peaks with decision, hits, analogue and hazard, each naming library, version and calibration.
    """

    id: str
    run: str
    sample: str
    technique: str
    state: FindingState
    headline: str
    """The safe one-line answer: a name only where the decision supports one."""
    level: str
    """State of the strongest decision: ``match``, ``match_group``, ``analogue_candidate`` ..."""
    substances: tuple[str, ...]
    classes: tuple[str, ...]
    hazard: str
    """Highest hazard group met among the hits, for example ``H1``; empty when none."""
    match: Mapping[str, Any]
    by: str
    at: datetime
    reviewer: str = ""
    reviewed_at: datetime | None = None
    remark: str = ""
    verdict: str = ""
    """On an analogue candidate: ``confirmed`` or ``dismissed`` by a scientist, else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What the findings of a sample support, by rule."""

    sample: str
    level: ConclusionLevel
    text: str
    substances: tuple[str, ...]
    classes: tuple[str, ...]
    findings: tuple[str, ...]
    missing: tuple[str, ...]
    rule: str
    by: str
    at: datetime
    limitations: tuple[str, ...] = ()
    """What must be said beside it although it stands."""
    tests: tuple[str, ...] = ()
    """Ids of the tests by hand it rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A notice that must be seen. Headline and place come before any identity detail."""

    id: str
    kind: str
    """``hazard``, ``mismatch`` ..."""
    sample: str
    shipment: str
    headline: str
    where: str
    detail: str
    raised_at: datetime
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """One line of the scientists' work list."""

    sample: str
    shipment: str
    description: str
    declared: str
    lane: str
    state: str
    holder: str
    submitted_at: datetime
    priority: int
    hazard: str
    unacknowledged: bool
    status: str
    """``waiting``, ``running``, ``to review``, ``to conclude``, ``answered``."""
    answer: str
    request: str = "drug"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One line of the officers' board: honest answers, no case detail."""

    sample: str
    shipment: str
    submitted_at: datetime
    lane: str
    status: str
    answer: str
    """``presumptive: …``, ``confirmed: …``, ``cannot say``, ``waiting``."""
    hazard: bool
    age_minutes: float
    answered_minutes: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRecord:
    """Everything about one sample, for its screen and for a report."""

    sample: Sample
    shipment: Shipment
    custody: tuple[Transfer, ...]
    portions: tuple[Portion, ...]
    runs: tuple[Run, ...]
    findings: tuple[Finding, ...]
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact in the append-only log."""

    seq: int
    event_id: str
    at: str
    actor: str
    kind: str
    body: Mapping[str, Any]
    prev: bytes
    hash: bytes
    key: str = ""


class OutboxState(StrEnum):
    """Where a report stands on its way to headquarters."""

    QUEUED = "queued"
    SENT = "sent"
    PARKED = "parked"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A signed report on its way to headquarters, numbered without gaps within the lab."""

    seq: int
    report_id: str
    kind: str
    body: bytes
    sha256: str
    signature: bytes
    state: OutboxState
    queued_at: datetime
    tries: int = 0
    next_try: datetime | None = None
    receipt: str = ""
    reason: str = ""


class QuarantineState(StrEnum):
    """Where a quarantined file stands."""

    WAITING = "waiting"
    LINKED = "linked"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A file that could not be taken as a run, kept with the reason until a person decides.

    ``sample`` is empty where nobody knows whose it is; ``remark`` is why it was dismissed.
    """

    seq: int
    number: str
    state: QuarantineState
    sample: str
    file_name: str
    raw_sha256: str
    size: int
    reason: str
    at: datetime
    by: str
    run: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One tested or waiting sample as reports count it; the unit of every trend."""

    sample: str
    shipment: str
    submitted_at: datetime
    concluded_at: datetime | None
    lane: str
    stream: str
    origin: str
    destination_country: str
    destination: str
    declared_goods: str
    declared_value: str
    declared_weight: str
    notes: tuple[str, ...]
    level: str
    """A `ConclusionLevel` value, or empty while waiting."""
    substances: tuple[str, ...]
    classes: tuple[str, ...]
    text: str
    candidate: Mapping[str, Any] | None
    techniques: tuple[str, ...]
    hazard: str
    shipment_state: str
    field_result: str
    training: bool
    libraries: tuple[str, ...] = field(default=())
    field_tool: str = ""
    """As typed; never leaves the lab but as a kind (`lims.field_tools`)."""
    unverified: tuple[str, ...] = ()
    """Fields of the shipment that could not be verified."""
