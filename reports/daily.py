"""A laboratory's day as data: collected from the record and composed by pure functions.

The same rows and facts give the same report, and the same report gives the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from lims.model import ReportRow
from reports import (
    field_tools,
    notices,
    records,
    sections,
    shares,
    signals,
    silence,
    unknowns,
)
from reports.document import (
    DailyReport,
    Header,
    Issue,
    LabFacts,
    Totals,
)
from reports.encode import to_json as to_json

if TYPE_CHECKING:
    from lims.lab import Lab

WINDOW = timedelta(days=28)


def report_id(site: str, day: date) -> str:
    """Return the number of a laboratory's daily report, for example ``NOG-2026-11-24-d``."""
    return f"{site}-{day.isoformat()}-d"


def collect(lab: Lab, day: date) -> DailyReport:
    """Return the report of a local day, read from the record.

    Raises
    ------
    ReportError
        The day has not begun.
    """
    from reports.facts import EPOCH, lab_facts, rows_between

    facts = lab_facts(lab, day)
    start, end = records.period(day, facts.timezone)
    of_the_day = rows_between(lab, start, end)
    return compose(of_the_day, rows_between(lab, EPOCH, end), day, facts)


def compose(
    rows_period: Sequence[ReportRow],
    rows_history: Sequence[ReportRow],
    day: date,
    facts: LabFacts,
    *,
    issue: Issue | None = None,
) -> DailyReport:
    """Return the report of ``day`` from the rows of the day and those before it.

    Parameters
    ----------
    rows_period, rows_history : sequence of ReportRow
        Together all that is known. Each row is placed by its own times, a sample counts once, and
        what was concluded after the day counts as waiting. A row of the period that was neither
        submitted nor first concluded in it had a later result in it and is listed as such.
    day : date
        The local day of the laboratory.
    facts : LabFacts
        The laboratory, its libraries, substances, watch list and changes.
    issue : Issue, optional
        Identity of the issued report; the plain number of the day when left out.
    """
    tz = records.zone(facts.timezone)
    start, end = records.period(day, facts.timezone)
    rows = records.as_of([*rows_history, *rows_period], end)
    current = [row for row in rows if _belongs(row, start, end)]
    tested = records.between(rows, tz, day, day)
    past = notices.past(rows, tz, day, changes=facts.changes, known_elsewhere=facts.known_elsewhere)
    found, first = notices.of_the_day(past)
    codes = unknowns.codes_of(facts.unknowns)
    listed = frozenset(row.sample for row in (*current, *rows_period))
    window = records.between(rows, tz, day - WINDOW + timedelta(days=1), day)
    before = records.between(rows, tz, day - 2 * WINDOW + timedelta(days=1), day - WINDOW)
    return DailyReport(
        header=_header(facts, day, current),
        totals=_totals(rows, current, tested, start, end),
        signals=(*found, *notices.watch_hits(tested, facts.watch)),
        first_seen=(*first, *unknowns.of_the_day(facts.unknowns, rows, past, tz)),
        shares=_shares(window, before, classes=False),
        class_shares=_shares(window, before, classes=True),
        day_counts=tuple(
            sorted(records.count_names(tested).items(), key=lambda item: (-item[1], item[0]))
        ),
        declared=sections.declared_against_found(tested, facts.substances),
        candidates=sections.candidates(tested, unknowns.ways(facts.requests, tz)),
        origins=sections.routes(current, [row.origin for row in current]),
        destinations=sections.routes(current, [records.destination_of(row) for row in current]),
        flagged=sections.flagged(tested, facts.substances, facts.watch),
        series=records.series(past.detections, past.tested, day),
        changes=tuple(
            change
            for change in sorted(facts.changes, key=lambda change: (change.day, change.text))
            if day - timedelta(weeks=records.WEEKS_SHOWN) < change.day <= day
        ),
        rows=unknowns.marked([records.line(row) for row in current], codes),
        later=unknowns.marked(
            [
                records.line(row)
                for row in records.as_of(rows_period, end)
                if not _belongs(row, start, end)
            ],
            codes,
        ),
        unknowns=unknowns.lines(facts.unknowns, rows, listed, day, tz),
        confirmations=unknowns.confirmations(facts.requests, day, tz),
        field_tools=field_tools.months(rows, tz, day),
        turnaround=facts.turnaround,
        exceptions=facts.exceptions,
        limits=_limits(facts),
        log_size=facts.log_size,
        log_head=facts.log_head,
        issue=issue or Issue(report_id=report_id(facts.site, day)),
    )


def issued(report: DailyReport, issue: Issue) -> DailyReport:
    """Return the report with another identity; its content stays as it is."""
    return replace(report, issue=issue)


def _belongs(row: ReportRow, start: datetime, end: datetime) -> bool:
    """Whether the row was submitted or concluded inside the period."""
    if start <= row.submitted_at < end:
        return True
    return row.concluded_at is not None and start <= row.concluded_at < end


def _header(facts: LabFacts, day: date, current: Sequence[ReportRow]) -> Header:
    rule = signals.LAB_DAILY
    start, end = records.period(day, facts.timezone)
    return Header(
        site=facts.site,
        lab=facts.name,
        locode=facts.locode,
        day=day,
        timezone=facts.timezone,
        period_start=start,
        period_end=end,
        complete=facts.complete,
        software=facts.software,
        libraries=tuple(sorted({name for row in current for name in row.libraries})),
        training=facts.training or any(row.training for row in current),
        budget=(
            f"Signal: Gamma-Poisson score {rule.threshold:g} or more over {rule.window_days} days "
            f"against the {rule.baseline_days // 7} weeks before, or a second detection within "
            f"{rule.second_within_days // 7} weeks. In a simulation of 14 laboratories and 98 "
            "substances the score alone raised about 5 false episodes a year over all of them."
        ),
    )


def _totals(
    rows: Sequence[ReportRow],
    current: Sequence[ReportRow],
    tested: Sequence[ReportRow],
    start: datetime,
    end: datetime,
) -> Totals:
    submitted = sum(1 for row in current if start <= row.submitted_at < end)
    found = sum(1 for row in tested if records.identified(row))
    levels = Counter(row.level for row in tested)
    state = silence.presence(reported=True, submitted=submitted, tested=len(tested), found=found)
    return Totals(
        submitted=submitted,
        tested=len(tested),
        found=found,
        candidates=levels.get("candidate", 0),
        waiting=sum(1 for row in current if row.concluded_at is None),
        backlog=sum(1 for row in rows if row.concluded_at is None),
        released=sum(1 for row in current if row.shipment_state == "released"),
        seized=sum(1 for row in current if row.shipment_state == "seized"),
        by_level=tuple(sorted(levels.items())),
        presence=state.value,
    )


def _shares(
    window: Sequence[ReportRow], before: Sequence[ReportRow], *, classes: bool
) -> tuple[shares.ShareChange, ...]:
    return shares.compare(
        records.count_names(window, classes=classes),
        len(window),
        records.count_names(before, classes=classes),
        len(before),
    )


def _limits(facts: LabFacts) -> tuple[str, ...]:
    limits = [
        "Counts are samples submitted to this laboratory. They are not a measure of what crosses "
        "the border: officers choose what is submitted.",
        "A sample may hold several substances and then counts for each, so shares need not add up "
        "to 100 %.",
        "A presumptive result rests on one technique or has not been confirmed. A candidate is not "
        "identified: it has a class and evidence, and no name.",
        "Without an identified substance nothing is said about the declaration: a method that "
        "cannot see the goods is not evidence against them.",
        "A change of method, panel or library can look like a change of the market. Changes known "
        "to the record are listed and drawn on the plots.",
        "Intervals are 95 % Wilson intervals and take the samples as independent; parcels of one "
        "consignment are not.",
        "'First seen' means first in the record of this laboratory"
        + (
            ", or known from elsewhere where that is said."
            if facts.known_elsewhere
            else "; what other laboratories have seen was not available."
        ),
        "The rows carry no consignor, consignee or person. Sample numbers can be resolved only by "
        "the laboratory.",
    ]
    if not facts.complete:
        limits.insert(0, "Provisional: the period was not over when this was collected.")
    return tuple(limits)
