"""Everything a daily report says, as frozen plain data. Renderers read this and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from lims.irregular_report import Irregularities
from lims.unknown_report import ReportedRequest, ReportedUnknown
from reports.measures import FieldToolMonth, TurnaroundPart
from reports.shares import ShareChange
from reports.signals import SignalKind

TRAINING_MARK = "training, not for casework"
SCHEMA = "fol.daily/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstanceFact:
    """What is known of a substance's name: spelling, class, role, control and handling group.

    ``controlled`` is None where it is not known; it then never counts as controlled.
    """

    name: str
    class_name: str = ""
    role: str = ""
    controlled: bool | None = None
    hazard: str = ""
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchItem:
    """Outside intelligence: report ``substance`` when it goes to one of ``areas``.

    Empty ``areas`` means anywhere; an empty ``substance`` means whatever goes there.
    """

    id: str
    substance: str
    areas: tuple[str, ...] = ()
    note: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of method, panel or library, or an outside event, that a plot must show."""

    day: date
    kind: str
    """``method``, ``library`` or ``event``."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabFacts:
    """What a report says of the laboratory and of the state of its record."""

    site: str
    name: str
    timezone: str
    locode: str = ""
    training: bool = False
    software: str = ""
    log_size: int = 0
    log_head: str = ""
    """Hexadecimal hash of the last event when the report was collected."""
    complete: bool = True
    """Whether the period was over when the report was collected."""
    substances: Mapping[str, SubstanceFact] = field(default_factory=dict)
    """Keyed by the lower-case name."""
    watch: tuple[WatchItem, ...] = ()
    changes: tuple[Change, ...] = ()
    known_elsewhere: frozenset[str] = frozenset()
    """Substances other laboratories are known to have found."""
    unknowns: tuple[ReportedUnknown, ...] = ()
    requests: tuple[ReportedRequest, ...] = ()
    """Candidates at a regional lab, or answered in the period."""
    turnaround: TurnaroundPart | None = None
    exceptions: Irregularities | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """The identity of one issued report; given at publication, not part of its content."""

    report_id: str
    kind: str = "daily"
    sequence: int | None = None
    supersedes: str = ""
    reason: str = ""
    corrections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Who reports on which period, made with what."""

    site: str
    lab: str
    locode: str
    day: date
    timezone: str
    period_start: datetime
    period_end: datetime
    complete: bool
    software: str
    libraries: tuple[str, ...]
    """Libraries the findings of these rows rest on, with their versions."""
    training: bool
    budget: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The day in numbers. Each is recomputed from the rows by whoever receives the report."""

    submitted: int
    tested: int
    found: int
    """Tested samples with at least one identified substance."""
    candidates: int
    waiting: int
    """Rows of this report that have no conclusion yet."""
    backlog: int
    """All samples of the record without a conclusion at the end of the period."""
    released: int
    seized: int
    by_level: tuple[tuple[str, int], ...]
    presence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One line a reader must not miss, with the figures behind it.

    ``notice`` marks what needs no statistics (first seen, re-emergence, new origin, watch list).
    """

    kind: SignalKind
    notice: bool
    name: str
    text: str
    samples: tuple[str, ...]
    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    count: int
    total: int
    baseline_count: int | None = None
    baseline_total: int | None = None
    score: float | None = None
    first_seen: date | None = None
    gap_months: int | None = None
    continuing: bool = False
    """Whether the same signal was already raised by the day before."""
    caution: str = ""
    """A method or library change that may explain the rise; then nothing is called emerging."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFound:
    """What was declared against what was found in one sample."""

    sample: str
    declared: str
    declared_value: str
    declared_weight: str
    found: str
    verdict: str
    """``differs``, ``agrees`` or ``cannot say``."""
    origin: str
    destination: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A substance that no library holds. It has a class and evidence, and no identified name."""

    sample: str
    class_name: str
    grade: str
    statement: str
    nearest: tuple[str, ...]
    mass_shift: str
    explanations: tuple[str, ...]
    shared_ions: tuple[str, ...]
    legal: str
    against: tuple[str, ...]
    origin: str
    destination: str
    way: str = ""
    """Where it stands if it was sent for confirmation."""
    site: str = ""
    """Where the change sits, as far as the ions say."""
    checks: tuple[str, ...] = ()
    """What else it may be: each check with what it came to."""
    proposed: tuple[str, ...] = ()
    """Structures on record, each worded as proposed and not identified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownLine:
    """Samples that hold the same unknown, under the laboratory's own code. Not identified.

    ``today`` are its samples concluded on the day, ``samples`` how many there are in all. ``name``
    is what it was found to be since. ``signatures`` let another laboratory's unknown be recognised
    (`spectra.unknown_signature`); they hold nothing but spectra.
    """

    code: str
    class_name: str
    samples: int
    today: tuple[str, ...]
    first_day: date | None
    last_day: date | None
    origins: tuple[str, ...]
    techniques: tuple[str, ...]
    mass_shifts: tuple[str, ...]
    signatures: tuple[Mapping[str, Any], ...]
    name: str
    named_on: date | None
    merged_into: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationLine:
    """A candidate sent to a regional lab. ``state``: ``open identified not_identified``."""

    sample: str
    class_name: str
    sent_to: str
    sent_on: date
    state: str
    substance: str
    reference: str
    answered_on: date | None
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """An identified substance that is not controlled and still deserves a reader's eye."""

    sample: str
    substance: str
    reasons: tuple[str, ...]
    declared: str
    origin: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How many samples came from one origin or went to one destination."""

    place: str
    submitted: int
    tested: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLine:
    """One de-identified row: no consignor, no consignee, no person."""

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
    level: str
    substances: tuple[str, ...]
    classes: tuple[str, ...]
    text: str
    techniques: tuple[str, ...]
    hazard: str
    shipment_state: str
    field_result: str
    notes: tuple[str, ...]
    training: bool
    unknowns: tuple[str, ...] = ()
    """Codes of the unknowns in it."""
    field_tool: str = ""
    """The kind of field tool (`lims.field_tools.Tool`), empty where none was named."""
    unverified: tuple[str, ...] = ()
    """Fields of the shipment's papers that could not be verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Weekly counts of one substance, oldest first; the last week ends with the report's day."""

    name: str
    counts: tuple[int, ...]
    totals: tuple[int, ...]
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReport:
    """One laboratory's day."""

    header: Header
    totals: Totals
    signals: tuple[Signal, ...]
    first_seen: tuple[Signal, ...]
    shares: tuple[ShareChange, ...]
    class_shares: tuple[ShareChange, ...]
    day_counts: tuple[tuple[str, int], ...]
    declared: tuple[DeclaredFound, ...]
    candidates: tuple[Candidate, ...]
    origins: tuple[Route, ...]
    destinations: tuple[Route, ...]
    flagged: tuple[Flagged, ...]
    series: tuple[Series, ...]
    changes: tuple[Change, ...]
    rows: tuple[SampleLine, ...]
    later: tuple[SampleLine, ...]
    """Earlier samples with another result on this day (confirmed, amended); counted on their own
    first day, not on this one."""
    limits: tuple[str, ...]
    log_size: int
    log_head: str
    issue: Issue
    unknowns: tuple[UnknownLine, ...] = ()
    confirmations: tuple[ConfirmationLine, ...] = ()
    field_tools: tuple[FieldToolMonth, ...] = ()
    turnaround: TurnaroundPart | None = None
    exceptions: Irregularities | None = None
    """What broke the even run of custody; None where nothing did and nothing is open."""
