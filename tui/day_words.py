"""A daily report as lines for the screen: figures first, every share with its total.

Pure: `reports.document` in, (text, emphasis) out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.document import ConfirmationLine, DailyReport, Route, Signal, UnknownLine

Line = tuple[str, str]
HEAD, WARN, PLAIN = "head", "warn", ""


def day_lines(report: DailyReport) -> list[Line]:
    """Return the report as (text, kind) lines; kind is ``head``, ``warn`` or empty."""
    lines = _totals(report)
    lines += _section("Exceptions of custody", _exceptions(report), WARN)
    lines += _section(
        "New and emerging", [_signal(s) for s in (*report.first_seen, *report.signals)]
    )
    lines += _section("Candidates: not in any library", _candidates(report), WARN)
    lines += _section("Unknowns: not identified", [_unknown(each) for each in report.unknowns])
    lines += _section(
        "Sent for confirmation", [_confirmation(each) for each in report.confirmations]
    )
    lines += _section("Found today, by share of tested", _shares(report))
    lines += _section("Declared against found", _declared(report))
    lines += _section(
        "Not controlled, still flagged",
        [f"{f.sample}  {f.substance}: {'; '.join(f.reasons)}" for f in report.flagged],
    )
    lines += _section(
        "Results that came in later", [f"{row.sample}  {row.text}" for row in report.later]
    )
    lines += _section("What the field tools said", _field_tools(report))
    lines += _section("Turnaround", _turnaround(report))
    lines += _section("Origins", _routes(report.origins))
    lines += _section("Destinations", _routes(report.destinations))
    lines += _section(
        "Changes of method, library, events",
        [f"{c.day.isoformat()}  {c.kind}: {c.text}" for c in report.changes],
    )
    lines += _section("What these figures do not say", list(report.limits))
    return lines


def _section(title: str, lines: list[str], kind: str = PLAIN) -> list[Line]:
    if not lines:
        return []
    return [("", PLAIN), (title, HEAD), *((line, kind) for line in lines)]


def _totals(report: DailyReport) -> list[Line]:
    head, totals = report.header, report.totals
    state = "complete" if head.complete else "so far: the day is not over"
    levels = ", ".join(f"{level} {count}" for level, count in totals.by_level)
    lines = [
        (f"{head.day.isoformat()} · {head.lab} ({head.site}) · {head.timezone} · {state}", HEAD),
        (
            f"submitted {totals.submitted} · tested {totals.tested} · found {totals.found}"
            f" · candidates {totals.candidates} · waiting {totals.waiting}",
            PLAIN,
        ),
        (
            f"released {totals.released} · seized {totals.seized} · backlog {totals.backlog}"
            + ("" if totals.found else f" · {totals.presence.replace('_', ' ')}"),
            PLAIN,
        ),
    ]
    if levels:
        lines.append((f"by level: {levels}", PLAIN))
    if head.training:
        lines.append(("! training, not for casework", WARN))
    return lines


def _signal(signal: Signal) -> str:
    caution = f" · caution: {signal.caution}" if signal.caution else ""
    return f"{signal.text} ({signal.count} of {signal.total}){caution}"


def _candidates(report: DailyReport) -> list[str]:
    lines = []
    for candidate in report.candidates:
        nearest = f" · nearest {', '.join(candidate.nearest)}" if candidate.nearest else ""
        way = f" · {candidate.way}" if candidate.way else ""
        lines.append(f"{candidate.sample}  {candidate.statement}{nearest}{way}")
    return lines


def _unknown(each: UnknownLine) -> str:
    from reports.unknown_view import state_of

    from_where = f" · from {', '.join(each.origins)}" if each.origins else ""
    class_name = f" · class {each.class_name}" if each.class_name else ""
    return (
        f"{each.code}{class_name}  {len(each.today)} today, {each.samples} in all, first "
        f"{each.first_day}{from_where} · {state_of(each)}"
    )


def _confirmation(each: ConfirmationLine) -> str:
    from reports.unknown_view import answer_of

    return f"{each.sample}  to {each.sent_to} {each.days} days ago: {answer_of(each)}"


def _shares(report: DailyReport) -> list[str]:
    tested = report.totals.tested
    return [
        f"{count:>4} of {tested}  {100 * count / tested:>5.1f} %  {name}" if tested else f"{name}"
        for name, count in report.day_counts
    ]


def _declared(report: DailyReport) -> list[str]:
    lines = []
    for row in report.declared:
        if row.verdict != "differs":
            continue  # without an identified substance nothing is said about the declaration
        notes = f" · {'; '.join(row.notes)}" if row.notes else ""
        lines.append(f"{row.sample}  declared {row.declared}, found {row.found}{notes}")
    return lines


def _exceptions(report: DailyReport) -> list[str]:
    from reports.measure_view import exception_line, exception_words

    found = report.exceptions
    if found is None:
        return []
    told = [f"{each.sample}  {exception_line(each)}" for each in found.lines]
    return [*told, exception_words(found)]


def _field_tools(report: DailyReport) -> list[str]:
    from reports.measure_view import field_tool_section, field_tool_words

    rows = field_tool_section(report.field_tools).rows
    return [
        *(field_tool_words(month) for month in report.field_tools),
        *(
            f"{month}  {samples:>4} of {of}  {what}  {tools}"
            for month, what, samples, of, tools in rows
        ),
    ]


def _turnaround(report: DailyReport) -> list[str]:
    from reports.turnaround_lines import told

    return [
        f"{each.name.replace('_', ' ')}: {told(each)}"
        for each in (report.turnaround.stages if report.turnaround else ())
        if each.finished or each.open
    ]


def _routes(routes: tuple[Route, ...]) -> list[str]:
    return [
        f"{r.place or 'not stated':<24} submitted {r.submitted} · tested {r.tested}"
        f" · found {r.found}"
        for r in routes
    ]
