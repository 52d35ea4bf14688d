"""Field tools, turnaround and exceptions of custody as sections of a report or a digest.

Adds no facts of its own. A laboratory without a figure is shown as such, never as zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lims.irregular_report import Irregularities, Irregularity
from reports.layout import Column, Notice, Section, clean, percent
from reports.measures import FieldToolMonth, StageLine, TurnaroundPart
from reports.turnaround_lines import in_words, minutes
from reports.wording import visible

_OUTCOMES = {
    "found": "a substance found",
    "candidate": "candidate, not identified",
    "no_match": "no match in the lab either",
    "not_detected": "nothing detected",
    "inconclusive": "inconclusive",
    "waiting": "waiting",
}
_FOUND_SHOWN = 25
_KINDS = {
    "lost": "reported lost",
    "found": "found again, to be explained",
    "seal": "seal does not agree",
    "mass": "mass does not agree",
    "mass balance": "parts do not add up",
    "container": "seal of a container does not agree",
    "other": "does not agree",
}


def field_tool_section(months: Sequence[FieldToolMonth]) -> Section:
    """Return what field tools said by month, and what the lab found where they said nothing."""
    rows: list[tuple[str, ...]] = []
    for month in months:
        for each in month.outcomes:
            words = _OUTCOMES.get(each.outcome, each.outcome)
            rows.append(_row(month, f"no match, then {words}", each.samples, each.tools))
        rows += [
            _row(month, f"no match, then {found.name}", found.samples, found.tools)
            for found in month.found[:_FOUND_SHOWN]
        ]
        if len(month.found) > _FOUND_SHOWN:
            left = len(month.found) - _FOUND_SHOWN
            rows.append(clean(month.month, f"and {left} more substances", "", "", ""))
    return Section(
        id="field-tools",
        heading="What the field tools said",
        intro=visible(" ".join(field_tool_words(month) for month in months)),
        empty="No field tool was silent."
        if months
        else "Nothing submitted this month or the month before.",
        columns=(
            Column(label="Month", width=0.8),
            Column(label="Field tool, then the laboratory", width=3),
            Column(label="Samples", number=True), Column(label="Of no match", number=True),
            Column(label="By kind of tool", width=2.4),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def field_tool_words(month: FieldToolMonth) -> str:
    """Return a month's three counts with their total."""
    return (
        f"{month.month} up to {month.until.isoformat()}: of {month.submitted} submitted, the field "
        f"tool named something in {month.named}, found no match in {month.no_match}, and "
        f"{month.not_tested} were not tested in the field."
    )


def _row(
    month: FieldToolMonth, words: str, samples: int, tools: Mapping[str, int]
) -> tuple[str, ...]:
    by_tool = ", ".join(f"{tool.replace('_', ' ')} {count}" for tool, count in tools.items())
    return clean(month.month, words, str(samples), str(month.no_match), by_tool)


STAGE_COLUMNS = (
    Column(label="Stage", width=2.6), Column(label="State", width=1.6),
    Column(label="Median", number=True), Column(label="90 %", number=True),
    Column(label="Median with open", number=True, width=1.2),
    Column(label="Within target", number=True, width=1.3),
    Column(label="Oldest open", number=True),
)  # fmt: skip


def turnaround_section(part: TurnaroundPart | None) -> Section:
    """Return the stages of the work with open work counted in."""
    return Section(
        id="turnaround",
        heading="Turnaround",
        intro=(
            f"Work that began in {part.days} days, as it stood when this was collected. "
            "Median and 90 % are of finished work alone; the median with open counts what is "
            "still open as not finished yet (Kaplan-Meier)."
        )
        if part
        else "",
        empty="Not told by the software that made this report.",
        columns=STAGE_COLUMNS,
        rows=tuple(stage_cells(each) for each in part.stages) if part else (),
    )


def stage_cells(line: StageLine) -> tuple[str, ...]:
    """Return the cells of a stage under `STAGE_COLUMNS`."""
    within = (
        ""
        if line.within_target is None
        else f"{percent(line.within_target)} of {line.finished} in {minutes(line.target)}"
    )
    return clean(
        f"{line.name.replace('_', ' ')}: {line.says}",
        in_words(line),
        minutes(line.median),
        minutes(line.p90),
        minutes(line.median_with_open),
        within,
        minutes(line.oldest_open),
    )


def exception_section(found: Irregularities | None) -> Section:
    """Return what broke the even run of custody; kinds and numbers alone."""
    lines = found.lines if found else ()
    return Section(
        id="exceptions",
        heading="Exceptions of custody",
        intro=exception_words(found) if found else "",
        empty="None." if not found else "None that arose or ended on this day.",
        notices=tuple(
            Notice(mark=_mark(each.kind), text=visible(f"{each.sample}: {exception_line(each)}"))
            for each in lines
        ),
    )


def exception_words(found: Irregularities) -> str:
    """Return how much is open in all."""
    return (
        f"Open at the end: samples lost and not found: {found.lost}; "
        f"discrepancies not resolved: {found.unresolved}."
    )


def exception_line(each: Irregularity) -> str:
    """Return one exception in words, times in UTC."""
    ended = "found again" if each.kind == "lost" else "resolved"
    open_still = "not found yet" if each.kind == "lost" else "not resolved yet"
    closed = f"{ended} {each.resolved_at:%Y-%m-%d %H:%M} UTC" if each.resolved_at else open_still
    what = _KINDS.get(each.kind, each.kind)
    return f"{what} {each.at:%Y-%m-%d %H:%M} UTC, {closed}"


def _mark(kind: str) -> str:
    return "LOST" if kind == "lost" else "DISCREPANCY"
