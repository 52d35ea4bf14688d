"""Turnaround, exceptions and field tools as the laboratories' own reports in force tell them.

Taken from the signed bytes as received. A laboratory without a report, or whose software does not
tell a part, has None there: neither is a zero.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lims.irregular_report import Irregularities, Irregularity
from reports import field_tools, turnaround_lines
from reports.hub_model import HubStore, StoredReport
from reports.hub_verify import substance_vocabulary
from reports.measures import (
    FieldToolMonth,
    FoundCount,
    OutcomeCount,
    ToolCount,
    TurnaroundPart,
)

RETRACTION = "retraction"
HELD = "a name unknown to headquarters"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabMeasures:
    """What one laboratory's report of a day says beside its samples."""

    turnaround: TurnaroundPart | None = None
    exceptions: Irregularities | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTools:
    """Months over all laboratories that told them, and who told how far.

    ``until`` is the day each laboratory's figures reach; ``untold`` are those that told none this
    month: no report, or software that does not tell it.
    """

    months: tuple[FieldToolMonth, ...]
    until: Mapping[str, date]
    untold: tuple[str, ...]


def of_report(store: HubStore, report: StoredReport) -> LabMeasures:
    """Return what a report on file says; a retraction says nothing."""
    if report.kind == RETRACTION:
        return LabMeasures()
    said = _said(store, report)
    found = said.get("turnaround")
    known = "turnaround" in said
    return LabMeasures(
        turnaround=None if found is None else turnaround_lines.from_document(found),
        exceptions=_exceptions(said.get("exceptions")) if known else None,
    )


def field_tool_months(
    store: HubStore, by_lab: Mapping[str, Sequence[StoredReport]], sites: Iterable[str], day: date
) -> FieldTools:
    """Return the month of ``day`` and the one before over all laboratories.

    Each laboratory's latest report of the month in force is taken, so that the sums are those of
    the laboratories' own sections.
    """
    accepted, vocabulary = store.accepted_names(), substance_vocabulary()
    months: list[FieldToolMonth] = []

    def is_known(name: str) -> bool:
        return name.casefold() in accepted or vocabulary(name)

    until: dict[str, date] = {}
    untold: list[str] = []
    for site in sites:
        latest = _latest_of_month(by_lab.get(site, ()), day)
        said = _said(store, latest) if latest else {}
        if latest is None or "turnaround" not in said:
            untold.append(site)
            continue
        until[site] = date.fromisoformat(latest.day)
        months += [_month(each, is_known) for each in said.get("field_tools", ())]
    return FieldTools(months=field_tools.merged(months), until=until, untold=tuple(untold))


def _latest_of_month(reports: Sequence[StoredReport], day: date) -> StoredReport | None:
    first, last = day.replace(day=1).isoformat(), day.isoformat()
    in_force: dict[str, StoredReport] = {}
    for each in reports:
        if first <= each.day <= last:
            before = in_force.get(each.day)
            if before is None or before.sequence < each.sequence:
                in_force[each.day] = each
    standing = [each for each in in_force.values() if each.kind != RETRACTION]
    return max(standing, key=lambda each: each.day, default=None)


def _said(store: HubStore, report: StoredReport) -> dict[str, Any]:
    # Checked against the schema before it was stored.
    said: dict[str, Any] = json.loads(store.body(report.report_id))
    return said


def _exceptions(said: Mapping[str, Any] | None) -> Irregularities:
    if said is None:
        return Irregularities(lines=(), lost=0, unresolved=0)
    return Irregularities(
        lines=tuple(
            Irregularity(
                sample=each["sample"],
                kind=each["kind"],
                at=datetime.fromisoformat(each["at"]),
                resolved_at=(
                    datetime.fromisoformat(each["resolved_at"]) if each["resolved_at"] else None
                ),
            )
            for each in said["lines"]
        ),
        lost=said["lost"],
        unresolved=said["unresolved"],
    )


def _month(said: Mapping[str, Any], is_known: Callable[[str], bool]) -> FieldToolMonth:
    """Return a month; a name headquarters does not know is counted and not repeated, as in rows."""
    return FieldToolMonth(
        month=said["month"],
        until=date.fromisoformat(said["until"]),
        submitted=said["submitted"],
        named=said["named"],
        no_match=said["no_match"],
        not_tested=said["not_tested"],
        tools=tuple(ToolCount(**each) for each in said["tools"]),
        outcomes=tuple(OutcomeCount(**each) for each in said["outcomes"]),
        found=tuple(
            FoundCount(**{**each, "name": each["name"] if is_known(each["name"]) else HELD})
            for each in said["found"]
        ),
    )
