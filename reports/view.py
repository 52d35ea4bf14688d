"""A daily report as headed sections of plain text and tables, ready to be laid out.

HTML and PDF both lay out this and add no words of their own. Every text is untrusted and unescaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from reports import silence
from reports.document import TRAINING_MARK, DailyReport, SampleLine
from reports.layout import (
    NONE,
    Column,
    Notice,
    Section,
    View,
    clean,
    day_section,
    notice_section,
    panel_section,
    share_section,
)
from reports.measure_view import exception_section, field_tool_section, turnaround_section
from reports.records import zone
from reports.unknown_view import confirmation_section, unknown_section
from reports.wording import LEVELS, visible


def build(report: DailyReport) -> View:
    """Return the report as a view."""
    header, issue = report.header, report.issue
    return View(
        title=f"Daily report {header.day.isoformat()}",
        subtitle=visible(f"{header.site} · {header.lab}"),
        report_id=issue.report_id,
        language="en",
        training=TRAINING_MARK if header.training else "",
        banner=_banner(report),
        facts=_facts(report),
        tiles=_tiles(report),
        sections=tuple(_sections(report)),
        end_mark=f"End of {issue.report_id}",
        created=header.period_end,
    )


def _banner(report: DailyReport) -> str:
    words = []
    if report.issue.kind != "daily":
        words.append(f"{report.issue.kind.capitalize()} of {report.issue.supersedes}.")
    if not report.header.complete:
        words.append("Provisional: the period was not over when this was collected.")
    return " ".join(words)


def _moment(moment: datetime, timezone: str) -> str:
    return moment.astimezone(zone(timezone)).strftime("%Y-%m-%d %H:%M %z")


def _facts(report: DailyReport) -> tuple[tuple[str, str], ...]:
    header, issue = report.header, report.issue
    site = f"{header.site} ({header.locode})" if header.locode else header.site
    first = _moment(header.period_start, header.timezone)
    last = _moment(header.period_end, header.timezone)
    head = f"{report.log_size} events, {report.log_head[:16]}" if report.log_head else NONE
    facts = [
        ("Report", issue.report_id),
        ("Laboratory", f"{header.lab}, {site}"),
        ("Period", f"{first} to {last} ({header.timezone})"),
        ("Sequence", str(issue.sequence) if issue.sequence is not None else "not yet issued"),
        ("State", "complete" if header.complete else "provisional"),
        ("Libraries", ", ".join(header.libraries) or "none used"),
        ("Software", header.software or NONE),
        ("Log", head),
    ]
    return tuple((label, visible(value)) for label, value in facts)


def _tiles(report: DailyReport) -> tuple[tuple[str, str], ...]:
    totals = report.totals
    return (
        (str(totals.submitted), "submitted"),
        (str(totals.tested), "tested"),
        (str(totals.found), "with a substance found"),
        (str(totals.candidates), "candidates, not identified"),
        (str(totals.backlog), "waiting in all"),
    )


def _sections(report: DailyReport) -> Iterable[Section]:
    yield _hazards(report)
    yield exception_section(report.exceptions)
    yield notice_section(
        "signals", "Signals", report.signals, "No new signal.", report.header.budget
    )
    yield notice_section(
        "first-seen",
        "First seen and re-emerging",
        report.first_seen,
        "Nothing seen for the first time.",
    )
    yield _declared(report)
    yield _candidates(report)
    yield unknown_section(report.unknowns)
    if report.confirmations:
        yield confirmation_section(report.confirmations)
    yield _flagged(report)
    yield _day(report)
    yield field_tool_section(report.field_tools)
    yield turnaround_section(report.turnaround)
    yield panel_section(report.series, report.changes)
    yield share_section("shares", "Substances, 28 days against the 28 before", report.shares)
    yield share_section("classes", "Classes, 28 days against the 28 before", report.class_shares)
    yield _routes(report, origins=True)
    yield _routes(report, origins=False)
    yield Section(
        id="changes",
        heading="Changes of methods, libraries and circumstances",
        empty="None recorded in the last 52 weeks.",
        columns=(Column(label="Day"), Column(label="Kind"), Column(label="Change", width=4)),
        rows=tuple(
            (change.day.isoformat(), change.kind, visible(change.text)) for change in report.changes
        ),
    )
    yield Section(
        id="corrections",
        heading="Corrections",
        intro=visible(report.issue.reason),
        empty="None.",
        items=tuple(visible(text) for text in report.issue.corrections),
    )
    yield _samples(
        "later", "Later results on earlier samples", report.later, report.header.timezone,
        "Counted on the day of their first result.", "None.",
    )  # fmt: skip
    yield _samples(
        "samples", "Samples", report.rows, report.header.timezone,
        "De-identified: no consignor, consignee or person.", "Nothing submitted or concluded.",
    )  # fmt: skip
    yield Section(id="limits", heading="What this report cannot say", items=report.limits)


def _hazards(report: DailyReport) -> Section:
    groups: dict[str, list[str]] = {}
    for row in report.rows:
        if row.hazard in ("H1", "H2", "H3"):
            groups.setdefault(row.hazard, []).append(row.sample)
    return Section(
        id="hazards",
        heading="Handle with care",
        empty="No sample of hazard groups H1 to H3.",
        notices=tuple(
            Notice(mark=f"HAZARD {group}", text=visible(", ".join(sorted(groups[group]))))
            for group in sorted(groups)
        ),
    )


def _declared(report: DailyReport) -> Section:
    counts = dict.fromkeys(("differs", "agrees", "cannot say"), 0)
    for item in report.declared:
        counts[item.verdict] += 1
    return Section(
        id="declared",
        heading="Declared against found",
        intro=(
            f"Of {len(report.declared)} tested: {counts['differs']} differ, "
            f"{counts['agrees']} agree, {counts['cannot say']} cannot be said. "
            "Listed: those that differ and those with a note."
        ),
        empty="Nothing differs.",
        columns=(
            Column(label="Sample", width=1.7), Column(label="Declared", width=1.6),
            Column(label="Found", width=1.6), Column(label="Verdict", width=0.8),
            Column(label="From", width=0.6), Column(label="To", width=1.3),
            Column(label="Notes", width=2.4),
        ),
        rows=tuple(
            clean(
                item.sample,
                " · ".join(
                    filter(None, (item.declared, item.declared_weight, item.declared_value))
                ),
                item.found, item.verdict, item.origin, item.destination, "; ".join(item.notes),
            )
            for item in report.declared
            if item.verdict == "differs" or item.notes
        ),
    )  # fmt: skip


def _candidates(report: DailyReport) -> Section:
    notices = []
    for item in report.candidates:
        details = [
            item.way,
            f"Grade: {item.grade}" if item.grade else "",
            f"Nearest library entries (not what it is): {'; '.join(item.nearest)}"
            if item.nearest
            else "",
            f"Mass shift: {item.mass_shift}" if item.mass_shift else "",
            f"Explained by: {'; '.join(item.explanations)}" if item.explanations else "",
            f"Shared ions: {'; '.join(item.shared_ions)}" if item.shared_ions else "",
            f"Site of the change: {item.site}" if item.site else "",
            f"Against it: {'; '.join(item.against)}" if item.against else "",
            f"What else it may be: {'; '.join(item.checks)}" if item.checks else "",
            *item.proposed,
            f"Law: {item.legal}" if item.legal else "",
            f"From {item.origin or NONE} to {item.destination or NONE}",
        ]
        notices.append(
            Notice(
                mark="NOT IDENTIFIED",
                text=visible(f"{item.sample}: {item.statement}"),
                details=tuple(visible(text) for text in details if text),
            )
        )
    return Section(
        id="candidates",
        heading="Candidates: not identified",
        empty="None.",
        notices=tuple(notices),
    )


def _flagged(report: DailyReport) -> Section:
    return Section(
        id="flagged",
        heading="Not known to be controlled, and flagged",
        empty="None.",
        columns=(
            Column(label="Sample", width=1.5), Column(label="Substance", width=1.3),
            Column(label="Why", width=2.4), Column(label="Declared", width=1.4),
            Column(label="From", width=0.6), Column(label="To", width=1.3),
        ),
        rows=tuple(
            clean(
                item.sample, item.substance, "; ".join(item.reasons), item.declared,
                item.origin, item.destination,
            )
            for item in report.flagged
        ),
    )  # fmt: skip


def _day(report: DailyReport) -> Section:
    totals = report.totals
    state = silence.in_words(silence.Presence(totals.presence), totals.tested)
    levels = "; ".join(f"{LEVELS.get(level, level)} {count}" for level, count in totals.by_level)
    return day_section(
        report.day_counts,
        totals.tested,
        f"{totals.submitted} submitted, {totals.tested} tested: {state}. By level: "
        f"{levels or 'none'}. Samples by what became of the parcel: seized {totals.seized}, "
        f"released {totals.released}.",
    )


def _routes(report: DailyReport, *, origins: bool) -> Section:
    return Section(
        id="origins" if origins else "destinations",
        heading="Where from" if origins else "Where to",
        empty="Nothing submitted.",
        columns=(
            Column(label="Origin" if origins else "Destination", width=3),
            Column(label="Samples", number=True), Column(label="Tested", number=True),
            Column(label="With a substance found", number=True, width=1.6),
        ),
        rows=tuple(
            (visible(route.place), str(route.submitted), str(route.tested), str(route.found))
            for route in (report.origins if origins else report.destinations)
        ),
    )  # fmt: skip


def _samples(
    section: str,
    heading: str,
    lines: Sequence[SampleLine],
    timezone: str,
    intro: str,
    empty: str,
) -> Section:
    return Section(
        id=section,
        heading=heading,
        intro=intro if lines else "",
        empty=empty,
        columns=(
            Column(label="Sample", width=1.9), Column(label="Submitted", width=1.3),
            Column(label="Concluded", width=1.3), Column(label="Declared", width=1.7),
            Column(label="Level", width=1.3), Column(label="Answer", width=2.4),
            Column(label="Technique", width=1.1), Column(label="From", width=0.6),
            Column(label="To", width=1.3), Column(label="Parcel", width=0.9),
        ),
        rows=tuple(
            clean(
                row.sample,
                _short(row.submitted_at, timezone),
                _short(row.concluded_at, timezone),
                _declared_words(row),
                LEVELS.get(row.level, row.level),
                row.text or ", ".join(row.substances),
                ", ".join(row.techniques),
                row.origin,
                ", ".join(part for part in (row.destination, row.destination_country) if part),
                row.shipment_state,
            )
            for row in lines
        ),
    )  # fmt: skip


def _declared_words(row: SampleLine) -> str:
    fields = ", ".join(name.replace("_", " ") for name in row.unverified)
    return f"{row.declared_goods} (unverified: {fields})" if fields else row.declared_goods


def _short(moment: datetime | None, timezone: str) -> str:
    return "" if moment is None else moment.astimezone(zone(timezone)).strftime("%m-%d %H:%M")
