"""All laboratories' day as one picture: who reported, what was found, what is new over all of them.

Computed from the reports in force; a corrected or repeated report counts once, a missing one never
counts as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from lims import clock
from lims.irregular_report import Irregularities
from lims.model import ReportRow
from reports import (
    encode,
    hub_measures,
    hub_rows,
    hub_unknowns,
    notices,
    records,
    shares,
    signals,
    silence,
)
from reports import watch as watch_list
from reports.document import TRAINING_MARK, Change, Series, Signal, WatchItem
from reports.hub_measures import FieldTools
from reports.hub_model import Alarm, EnrolledLab, HubStore, StoredReport
from reports.hub_rows import Held
from reports.hub_store import opened
from reports.hub_unknowns import HubUnknown
from reports.measure_view import exception_line, field_tool_words
from reports.measures import TurnaroundPart
from reports.signals import SignalKind
from reports.silence import Presence
from reports.turnaround_lines import told as stage_words
from reports.wording import visible

LATE_AFTER = timedelta(hours=6)
CORRECTIONS_DAYS = 28
WINDOW = timedelta(days=28)
SCHEMA = "fol.digest/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabDay:
    """One laboratory's day as headquarters knows it. Without a report every count is None."""

    site: str
    name: str
    presence: Presence
    late: bool
    report_id: str = ""
    sequence: int | None = None
    complete: bool | None = None
    submitted: int | None = None
    tested: int | None = None
    found: int | None = None
    candidates: int | None = None
    backlog: int | None = None
    missing_sequences: tuple[int, ...] = ()
    skew_s: int | None = None
    turnaround: TurnaroundPart | None = None
    """None without a report, and where the laboratory's software does not tell it."""
    exceptions: Irregularities | None = None

    def line(self) -> str:
        """Return the laboratory's day as one line of text."""
        said = f"{self.site}: {silence.in_words(self.presence, self.tested or 0)}"
        if self.submitted is not None:
            said += f"; {self.submitted} submitted, {self.tested} tested, {self.found} found"
        if self.late:
            said += ", late"
        if self.complete is False:
            said += " (provisional)"
        if self.missing_sequences:
            numbers = ", ".join(str(number) for number in self.missing_sequences[:8])
            said += f"; not arrived: number {numbers}"
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction or retraction in force, with what it says has changed."""

    report_id: str
    kind: str
    supersedes: str
    reason: str
    changes: tuple[str, ...]
    received_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateLine:
    """A candidate analogue of one laboratory: class, and no identified name."""

    sample: str
    classes: tuple[str, ...]
    text: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """All laboratories' day."""

    day: date
    made_at: datetime
    labs: tuple[LabDay, ...]
    reported: int
    submitted: int
    tested: int
    found: int
    candidates: int
    signals: tuple[Signal, ...]
    first_seen: tuple[Signal, ...]
    shares: tuple[shares.ShareChange, ...]
    day_counts: tuple[tuple[str, int], ...]
    candidate_rows: tuple[CandidateLine, ...]
    unknowns: tuple[HubUnknown, ...]
    series: tuple[Series, ...]
    changes: tuple[Change, ...]
    corrections: tuple[Correction, ...]
    held: tuple[Held, ...]
    alarms: tuple[Alarm, ...]
    training_labs: tuple[str, ...]
    field_tools: FieldTools

    def lines(self) -> list[str]:
        """Return the digest as lines of plain text."""
        said = [
            f"{self.day}: {self.reported} of {len(self.labs)} laboratories reported; "
            f"{self.submitted} submitted, {self.tested} tested, {self.found} with a substance "
            f"found, {self.candidates} candidates (not identified)"
        ]
        if self.training_labs:
            said.append(f"{TRAINING_MARK}: {', '.join(self.training_labs)}")
        said += [lab.line() for lab in self.labs]
        said += [
            f"EXCEPTION  {lab.site} {each.sample}: {exception_line(each)}"
            for lab in self.labs
            for each in (lab.exceptions.lines if lab.exceptions else ())
        ]
        said += [
            f"first answers at {lab.site}: {stage_words(each)}"
            for lab in self.labs
            for each in (lab.turnaround.stages if lab.turnaround else ())
            if each.name == "intake_to_presumptive"
        ]
        for signal in self.first_seen:
            said.append(f"NOTICE  {signal.text}")
            if signal.kind is SignalKind.UNKNOWN_NAMED:
                said.append(f"    its samples: {', '.join(signal.samples) or 'none in force'}")
        said += [f"{'NOTICE' if s.notice else 'SIGNAL'}  {s.text}" for s in self.signals]
        said += [f"{name}: {count} of {self.tested}" for name, count in self.day_counts]
        said += [field_tool_words(month) for month in self.field_tools.months]
        said += [f"CANDIDATE  {row.sample}: {row.text}" for row in self.candidate_rows]
        said += [f"UNKNOWN  {each.line()}" for each in self.unknowns]
        said += [f"{each.kind} {each.report_id}: {each.reason}" for each in self.corrections]
        said += [f"held back: {each.sample}, unknown name {each.names}" for each in self.held]
        said += [f"ALARM  {each.at} {each.lab} {each.code}: {each.detail}" for each in self.alarms]
        return [visible(text) for text in said]


def digest(folder: Path, day: date) -> Digest:
    """Return the picture of a day from a hub folder."""
    with opened(folder) as store:
        return compose(store, day, watch=watch_list.load(folder), changes=watch_list.marks(folder))


def unknowns(folder: Path, day: date) -> tuple[HubUnknown, ...]:
    """Return every unknown any laboratory has met up to a day, the most widely met first."""
    with opened(folder) as store:
        in_force = store.rows_in_force(day.isoformat())
        met = hub_rows.usable(in_force, store.accepted_names()).met
        said = store.unknowns_in_force(day.isoformat())
        return hub_unknowns.unknowns(met, said, store.unknown_codes(), day)


def missing(folder: Path, day: date) -> tuple[LabDay, ...]:
    """Return the enrolled laboratories without a report of the day; ``late`` after six hours."""
    with opened(folder) as store:
        now = clock.now()
        days = [
            _lab_day(store, lab, store.reports(lab.site), day, now)
            for lab in _open_labs(store, day)
        ]
    return tuple(each for each in days if each.presence is Presence.NO_REPORT)


def compose(
    store: HubStore,
    day: date,
    *,
    watch: Sequence[WatchItem] = (),
    changes: tuple[Change, ...] = (),
) -> Digest:
    """Return the picture of a day from a store."""
    now = clock.now()
    every = store.reports()
    by_lab: dict[str, list[StoredReport]] = {}
    for report in every:
        by_lab.setdefault(report.lab, []).append(report)
    labs = tuple(
        _lab_day(store, lab, by_lab.get(lab.site, []), day, now) for lab in _open_labs(store, day)
    )
    counted = hub_rows.usable(store.rows_in_force(day.isoformat()), store.accepted_names())
    rows, met = counted.rows, counted.met
    tested = [row for row in rows if row.concluded_at is not None]
    past = notices.past(
        rows, records.zone("UTC"), day, changes=changes, rule=signals.POOLED_DAILY,
        scope="all laboratories",
    )  # fmt: skip
    found, first = notices.of_the_day(past)
    told, given = store.unknowns_in_force(day.isoformat()), store.unknown_codes()
    unknown = hub_unknowns.unknowns(met, told, given, day)
    today = records.between(tested, records.zone("UTC"), day, day)
    counts = records.count_names(today)
    reported = [lab for lab in labs if lab.presence is not Presence.NO_REPORT]
    return Digest(
        day=day,
        made_at=now,
        labs=labs,
        reported=len(reported),
        submitted=sum(lab.submitted or 0 for lab in reported),
        tested=sum(lab.tested or 0 for lab in reported),
        found=sum(lab.found or 0 for lab in reported),
        candidates=sum(lab.candidates or 0 for lab in reported),
        signals=(*found, *notices.watch_hits(today, watch)),
        first_seen=(*first, *hub_unknowns.of_the_day(unknown, met, told, given, past)),
        shares=_shares(tested, day),
        day_counts=tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        candidate_rows=_candidates(today),
        unknowns=hub_unknowns.worth_showing(unknown, day),
        series=records.series(past.detections, past.tested, day),
        changes=tuple(
            change
            for change in changes
            if day - timedelta(weeks=records.WEEKS_SHOWN) < change.day <= day
        ),
        corrections=_corrections(every, day),
        held=counted.held,
        alarms=tuple(
            alarm
            for alarm in store.alarms()
            if alarm.at[:10] >= (day - timedelta(days=1)).isoformat()
        ),
        training_labs=counted.training,
        field_tools=hub_measures.field_tool_months(store, by_lab, [lab.site for lab in labs], day),
    )


def to_json(made: Digest) -> bytes:
    """Return the canonical bytes of the digest, ``fol.digest/1``."""
    return encode.canonical({"schema": SCHEMA, **encode.plain(made)})


def _open_labs(store: HubStore, day: date) -> list[EnrolledLab]:
    return [
        lab for lab in store.labs() if not lab.closed_at or lab.closed_at[:10] >= day.isoformat()
    ]


def _lab_day(
    store: HubStore,
    lab: EnrolledLab,
    reports: Sequence[StoredReport],
    day: date,
    now: datetime,
) -> LabDay:
    of_day = [report for report in reports if report.day == day.isoformat()]
    gaps = _gaps(reports)
    if not of_day:
        return LabDay(
            site=lab.site,
            name=lab.name,
            presence=Presence.NO_REPORT,
            late=now > _expected_end(reports, day) + LATE_AFTER,
            missing_sequences=gaps,
        )
    latest = max(of_day, key=lambda report: report.sequence)
    totals, beside = latest.totals, hub_measures.of_report(store, latest)
    return LabDay(
        site=lab.site,
        name=lab.name,
        presence=silence.presence(
            reported=True,
            submitted=totals["submitted"],
            tested=totals["tested"],
            found=totals["found"],
        ),
        late=False,
        report_id=latest.report_id,
        sequence=latest.sequence,
        complete=latest.complete,
        submitted=totals["submitted"],
        tested=totals["tested"],
        found=totals["found"],
        candidates=totals["candidates"],
        backlog=totals["backlog"],
        missing_sequences=gaps,
        skew_s=latest.skew_s,
        turnaround=beside.turnaround,
        exceptions=beside.exceptions,
    )


def _gaps(reports: Sequence[StoredReport]) -> tuple[int, ...]:
    """Sequence numbers below the highest that have not arrived; the first hundred."""
    have = {report.sequence for report in reports}
    gaps: list[int] = []
    for number in sorted(have):
        back = number - 1
        run: list[int] = []
        while back > 0 and back not in have and len(run) < 100:
            run.append(back)
            back -= 1
        gaps += reversed(run)
    return tuple(gaps[:100])


def _expected_end(reports: Sequence[StoredReport], day: date) -> datetime:
    """When the lab's day was over: as its other reports ended, else by UTC."""
    if reports:
        last = reports[-1]
        shift = day - date.fromisoformat(last.day)
        return datetime.fromisoformat(last.period_end) + shift
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)


def _shares(tested: Sequence[ReportRow], day: date) -> tuple[shares.ShareChange, ...]:
    tz = records.zone("UTC")
    now = records.between(tested, tz, day - WINDOW + timedelta(days=1), day)
    before = records.between(tested, tz, day - 2 * WINDOW + timedelta(days=1), day - WINDOW)
    return shares.compare(
        records.count_names(now), len(now), records.count_names(before), len(before)
    )


def _candidates(rows: Sequence[ReportRow]) -> tuple[CandidateLine, ...]:
    return tuple(
        CandidateLine(
            sample=row.sample,
            classes=row.classes,
            text=row.text,
            origin=row.origin,
        )
        for row in rows
        if row.level == "candidate"
    )


def _corrections(every: Sequence[StoredReport], day: date) -> tuple[Correction, ...]:
    first = (day - timedelta(days=CORRECTIONS_DAYS - 1)).isoformat()
    return tuple(
        Correction(
            report_id=report.report_id,
            kind=report.kind,
            supersedes=report.supersedes,
            reason=report.reason,
            changes=report.corrections,
            received_at=report.received_at,
        )
        for report in every
        if report.kind != "daily" and first <= report.day <= day.isoformat()
    )
