"""A daily report as headed sections of plain text and tables, ready to be laid out.

HTML and PDF both lay out this and add no words of their own. Every text is untrusted and unescaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from reports import figures, silence
from reports.document import TRAINING_MARK, Change, DailyReport, SampleLine, Series, Signal
from reports.records import zone
from reports.shares import ShareChange
from reports.wording import LEVELS, visible

NONE = "–"
ROWS_IN_SHARES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's heading; figures stand to the right, texts to the left. ``width`` is relative."""

    label: str
    number: bool = False
    width: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One line to be read first, with its mark in words (never colour alone)."""

    mark: str
    text: str
    details: tuple[str, ...] = ()
    caution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One small multiple with its title and what it shows in words."""

    title: str
    alt: str
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A headed part: notices, panels, a table, a list, or the sentence said when there is none."""

    id: str
    heading: str
    intro: str = ""
    empty: str = ""
    notices: tuple[Notice, ...] = ()
    panels: tuple[Panel, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole document in reading order."""

    title: str
    subtitle: str
    report_id: str
    language: str
    training: str
    banner: str
    facts: tuple[tuple[str, str], ...]
    tiles: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    end_mark: str
    created: datetime


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


def share_words(change: ShareChange) -> tuple[str, ...]:
    """Return a share row: name, now, share, interval, before, share, points, both ratios, rank.

    >>> from reports.shares import change, share
    >>> share_words(change("fentanyl", share(52, 100), share(18, 100)))[1:3]
    ('52 of 100', '52 %')
    """
    now, before = change.now, change.before
    interval = (
        f"{100 * now.low:.0f}–{100 * now.high:.0f} %"
        if now.low is not None and now.high is not None
        else NONE
    )
    rank = f"{change.rank or NONE}"
    if change.rank_before != change.rank:
        rank += f" (was {change.rank_before or NONE})"
    return (
        visible(change.name),
        f"{now.count} of {now.total}",
        percent(now.share),
        interval,
        f"{before.count} of {before.total}",
        percent(before.share),
        NONE if change.points is None else f"{change.points:+.0f}".replace("-", "−"),
        ratio(change.share_ratio),
        ratio(change.count_ratio),
        rank,
    )


def percent(value: float | None) -> str:
    """Return a share as printed; a share of nothing is a dash."""
    return NONE if value is None else f"{100 * value:.0f} %"


def ratio(value: float | None) -> str:
    """Return a ratio as printed."""
    return NONE if value is None else f"× {value:.1f}"


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
    yield _flagged(report)
    yield _day(report)
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


def notice_section(
    section: str, heading: str, found: Sequence[Signal], empty: str, intro: str = ""
) -> Section:
    """Return signals or notices as a section."""
    return Section(
        id=section,
        heading=heading,
        intro=visible(intro),
        empty=empty,
        notices=tuple(
            Notice(
                mark=_mark(signal),
                text=visible(signal.text),
                details=tuple(visible(text) for text in _details(signal)),
                caution=visible(signal.caution),
            )
            for signal in found
        ),
    )


def _mark(signal: Signal) -> str:
    if signal.notice:
        return "NOTICE"
    return "SIGNAL, CONTINUING" if signal.continuing else "SIGNAL"


def _details(signal: Signal) -> Iterable[str]:
    shown = ", ".join(signal.samples[:10])
    more = len(signal.samples) - 10
    yield f"Samples: {shown}" + (f" and {more} more" if more > 0 else "")
    if signal.origins:
        yield f"Origin: {', '.join(signal.origins)}"
    if signal.destinations:
        yield f"Destination: {'; '.join(signal.destinations[:6])}"
    if signal.first_seen is not None:
        yield f"First seen: {signal.first_seen.isoformat()}"
    if signal.score is not None:
        yield f"Score: {signal.score:.1f}"


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
            f"Grade: {item.grade}" if item.grade else "",
            f"Nearest library entries (not what it is): {'; '.join(item.nearest)}"
            if item.nearest
            else "",
            f"Mass shift: {item.mass_shift}" if item.mass_shift else "",
            f"Explained by: {'; '.join(item.explanations)}" if item.explanations else "",
            f"Shared ions: {'; '.join(item.shared_ions)}" if item.shared_ions else "",
            f"Against it: {'; '.join(item.against)}" if item.against else "",
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


def day_section(counts: Sequence[tuple[str, int]], tested: int, intro: str) -> Section:
    """Return a day's counts per substance, each with the number tested."""
    return Section(
        id="day",
        heading="The day's counts",
        intro=visible(intro),
        empty="No substance found on this day.",
        columns=(
            Column(label="Substance", width=2), Column(label="Samples", number=True),
            Column(label="Of tested", number=True), Column(label="Share", number=True),
        ),
        rows=tuple(
            (visible(name), str(count), str(tested), percent(count / tested if tested else None))
            for name, count in counts
        ),
    )  # fmt: skip


def panel_section(shown: Sequence[Series], changes: Sequence[Change]) -> Section:
    """Return weekly counts as small multiples with the letters of the changes they mark."""
    marks = zip(figures.letters(len(changes)), changes, strict=True)
    return Section(
        id="figures",
        heading="Weekly counts, 52 weeks",
        intro="Each panel has its own axis, from zero. The dark bar is the last week, whose count "
        "stands in the title.",
        empty="No substance found in 52 weeks.",
        panels=tuple(
            Panel(
                title=visible(f"{series.name}: {series.counts[-1]}"),
                alt=visible(figures.finding(series)),
                svg=figures.panel(series, changes),
            )
            for series in shown
        ),
        items=tuple(
            visible(f"{letter} {change.day.isoformat()} {change.kind}: {change.text}")
            for letter, change in marks
        ),
    )


def share_section(section: str, heading: str, changes: Sequence[ShareChange]) -> Section:
    """Return shares of two periods as a table."""
    shown = changes[:ROWS_IN_SHARES]
    left = len(changes) - len(shown)
    return Section(
        id=section,
        heading=heading,
        intro=f"The {len(shown)} most frequent of {len(changes)}." if left else "",
        empty="Nothing found in 56 days.",
        columns=(
            Column(label="Name", width=2.2), Column(label="Now", number=True, width=1.1),
            Column(label="Share", number=True, width=0.8),
            Column(label="95 % interval", number=True, width=1.2),
            Column(label="Before", number=True, width=1.1),
            Column(label="Share before", number=True, width=0.8),
            Column(label="Points", number=True, width=0.8),
            Column(label="Share ratio", number=True, width=0.8),
            Column(label="Count ratio", number=True, width=0.8),
            Column(label="Rank", number=True, width=1.1),
        ),
        rows=tuple(share_words(change) for change in shown),
    )  # fmt: skip


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
                row.declared_goods,
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


def _short(moment: datetime | None, timezone: str) -> str:
    return "" if moment is None else moment.astimezone(zone(timezone)).strftime("%m-%d %H:%M")


def clean(*cells: str) -> tuple[str, ...]:
    """Return cells made visible, with a dash for what is empty."""
    return tuple(visible(cell) or NONE for cell in cells)
