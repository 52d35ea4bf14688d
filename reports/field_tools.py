"""Samples by what the officer's field tool said, month by month, and what the lab found then. Pure.

A sample counts in the month it was submitted in; what it is by now is told with the total, so a
month is not closed before its samples are answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from lims import field_tools
from lims.field_tools import Said
from lims.model import ConclusionLevel, ReportRow
from reports.measures import FieldToolMonth, FoundCount, OutcomeCount, ToolCount
from reports.records import identified

FOUND, WAITING = "found", "waiting"
OUTCOMES = (
    FOUND,
    ConclusionLevel.CANDIDATE.value,
    ConclusionLevel.NO_MATCH.value,
    ConclusionLevel.NOT_DETECTED.value,
    ConclusionLevel.INCONCLUSIVE.value,
    WAITING,
)
"""What became of a sample; ``found`` is a named substance, whatever the level."""


def months(rows: Sequence[ReportRow], tz: ZoneInfo, day: date) -> tuple[FieldToolMonth, ...]:
    """Return the month before ``day`` and the month of ``day`` up to it, each where it has samples.

    Parameters
    ----------
    rows : sequence of ReportRow
        As they stood at the end of ``day``.
    """
    first = day.replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    made = []
    for start, until in ((before, first - timedelta(days=1)), (first, day)):
        of_month = [row for row in rows if start <= row.submitted_at.astimezone(tz).date() <= until]
        if of_month:
            made.append(_month(of_month, until))
    return tuple(made)


def _month(rows: Sequence[ReportRow], until: date) -> FieldToolMonth:
    answers = Counter(field_tools.said(row.field_tool, row.field_result) for row in rows)
    silent = [row for row in rows if _said(row) is Said.NO_MATCH]
    tools: Counter[tuple[str, Said]] = Counter((_tool(row), _said(row)) for row in rows)
    outcomes: Counter[tuple[str, str]] = Counter((outcome(row), _tool(row)) for row in silent)
    found: Counter[tuple[str, str]] = Counter(
        (name, _tool(row)) for row in silent for name in dict.fromkeys(identified(row))
    )
    return FieldToolMonth(
        month=f"{until:%Y-%m}",
        until=until,
        submitted=len(rows),
        named=answers[Said.NAMED],
        no_match=answers[Said.NO_MATCH],
        not_tested=answers[Said.NOT_TESTED],
        tools=_tool_counts({(tool, said.value): n for (tool, said), n in tools.items()}),
        outcomes=_outcomes(outcomes),
        found=_found(found),
    )


def merged(of_labs: Iterable[FieldToolMonth]) -> tuple[FieldToolMonth, ...]:
    """Return the months of several laboratories together, oldest first; totals are their sums."""
    by_month: dict[str, list[FieldToolMonth]] = {}
    for each in of_labs:
        by_month.setdefault(each.month, []).append(each)
    return tuple(_merged(by_month[name]) for name in sorted(by_month))


def _merged(of_labs: Sequence[FieldToolMonth]) -> FieldToolMonth:
    tools: Counter[tuple[str, str]] = Counter()
    outcomes: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for month in of_labs:
        for each in month.tools:
            tools[each.tool, Said.NAMED.value] += each.named
            tools[each.tool, Said.NO_MATCH.value] += each.no_match
        for one in month.outcomes:
            outcomes.update({(one.outcome, tool): n for tool, n in one.tools.items()})
        for two in month.found:
            found.update({(two.name, tool): n for tool, n in two.tools.items()})
    return FieldToolMonth(
        month=of_labs[0].month,
        until=max(each.until for each in of_labs),
        submitted=sum(each.submitted for each in of_labs),
        named=sum(each.named for each in of_labs),
        no_match=sum(each.no_match for each in of_labs),
        not_tested=sum(each.not_tested for each in of_labs),
        tools=_tool_counts(tools),
        outcomes=_outcomes(outcomes),
        found=_found(found),
    )


def outcome(row: ReportRow) -> str:
    """Return what became of a sample, one of `OUTCOMES`."""
    if row.concluded_at is None or not row.level:
        return WAITING
    if identified(row):
        return FOUND
    return row.level if row.level in OUTCOMES else ConclusionLevel.INCONCLUSIVE.value


def _said(row: ReportRow) -> Said:
    return field_tools.said(row.field_tool, row.field_result)


def _tool(row: ReportRow) -> str:
    return field_tools.kind(row.field_tool).value


def _tool_counts(counts: Mapping[tuple[str, str], int]) -> tuple[ToolCount, ...]:
    made = []
    for tool in sorted({tool for tool, _ in counts}):
        named = counts.get((tool, Said.NAMED.value), 0)
        silent = counts.get((tool, Said.NO_MATCH.value), 0)
        if named or silent:
            made.append(ToolCount(tool=tool, tested=named + silent, named=named, no_match=silent))
    return tuple(made)


def _outcomes(counts: Mapping[tuple[str, str], int]) -> tuple[OutcomeCount, ...]:
    return tuple(
        OutcomeCount(outcome=name, samples=sum(tools.values()), tools=tools)
        for name in OUTCOMES
        if (tools := _by_tool(counts, name))
    )


def _found(counts: Mapping[tuple[str, str], int]) -> tuple[FoundCount, ...]:
    made = [
        FoundCount(name=name, samples=sum(tools.values()), tools=tools)
        for name in {name for name, _ in counts}
        if (tools := _by_tool(counts, name))
    ]
    return tuple(sorted(made, key=lambda each: (-each.samples, each.name)))


def _by_tool(counts: Mapping[tuple[str, str], int], name: str) -> dict[str, int]:
    return {tool: n for (of, tool), n in sorted(counts.items()) if of == name and n}
