"""The rows of a daily report as CSV: raw for machines, guarded for people's spreadsheets."""

from __future__ import annotations

import csv as csv_format
import io
import unicodedata
from collections.abc import Iterator, Mapping

from lims.clock import stamp
from reports.document import DailyReport
from reports.encode import plain
from reports.wording import visible

COLUMNS = (
    "report_id", "sample", "shipment", "submitted_at", "concluded_at", "lane", "stream", "origin",
    "destination_country", "destination", "declared_goods", "declared_value", "declared_weight",
    "level", "substances", "classes", "text", "techniques", "hazard", "shipment_state",
    "field_result", "notes", "training", "field_tool", "unverified",
)  # fmt: skip
_STARTS_A_FORMULA = frozenset("=+-@\t\r\n|%")


def csv(report: DailyReport, *, guarded: bool = False) -> bytes:
    """Return one line per row, UTF-8, comma separated, CRLF, after a header line.

    Parameters
    ----------
    guarded : bool
        Put an apostrophe before a cell that a spreadsheet would read as a formula and make control
        characters visible. Such a file is for reading; machines take the raw one, where every cell
        is exactly the record's text.
    """
    out = io.StringIO(newline="")
    writer = csv_format.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in report.rows:
        values = {"report_id": report.issue.report_id, **plain(row)}
        cells = [_cell(values[name]) for name in COLUMNS]
        writer.writerow([guard(cell) for cell in cells] if guarded else cells)
    return out.getvalue().encode("utf-8")


FIGURE_COLUMNS = ("report_id", "part", "of", "name", "measure", "unit", "value")


def figures(report: DailyReport) -> bytes:
    """Return turnaround, field tools and exceptions with one figure a line, a header first.

    ``part`` is ``turnaround``, ``field_tools`` or ``exceptions``; what is not known is empty.
    """
    out = io.StringIO(newline="")
    writer = csv_format.writer(out, lineterminator="\r\n")
    writer.writerow(FIGURE_COLUMNS)
    for part in (_turnaround(report), _field_tools(report), _exceptions(report)):
        for of, name, measure, unit, value in part:
            cells = (report.issue.report_id, *of, name, measure, unit, _cell(value))
            writer.writerow([guard(cell) for cell in cells])
    return out.getvalue().encode("utf-8")


_Figure = tuple[tuple[str, str], str, str, str, object]


def _turnaround(report: DailyReport) -> Iterator[_Figure]:
    if report.turnaround is None:
        return
    of = ("turnaround", f"{report.turnaround.days} days to {stamp(report.turnaround.at)}")
    for stage in report.turnaround.stages:
        for measure in ("finished", "open"):
            yield of, stage.name, measure, "pieces", getattr(stage, measure)
        for measure in ("median", "p90", "median_with_open", "target", "oldest_open"):
            yield of, stage.name, measure, "min", getattr(stage, measure)
        yield of, stage.name, "within_target", "share", stage.within_target


def _field_tools(report: DailyReport) -> Iterator[_Figure]:
    for month in report.field_tools:
        of = ("field_tools", month.month)
        for measure in ("submitted", "named", "no_match", "not_tested"):
            yield of, "all", measure, "samples", getattr(month, measure)
        for tool in month.tools:
            for measure in ("tested", "named", "no_match"):
                yield of, f"tool {tool.tool}", measure, "samples", getattr(tool, measure)
        told: list[tuple[str, Mapping[str, int]]] = [
            *((f"no match, then {each.outcome}", each.tools) for each in month.outcomes),
            *((f"no match, then found {each.name}", each.tools) for each in month.found),
        ]
        for name, tools in told:
            yield of, name, "all", "samples", sum(tools.values())
            for tool_name, count in tools.items():
                yield of, name, f"tool {tool_name}", "samples", count


def _exceptions(report: DailyReport) -> Iterator[_Figure]:
    if report.exceptions is None:
        return
    of = ("exceptions", report.header.day.isoformat())
    yield of, "all", "lost", "samples", report.exceptions.lost
    yield of, "all", "unresolved", "discrepancies", report.exceptions.unresolved
    for each in report.exceptions.lines:
        yield of, each.sample, f"{each.kind} at", "UTC", stamp(each.at)
        resolved = "" if each.resolved_at is None else stamp(each.resolved_at)
        yield of, each.sample, f"{each.kind} resolved at", "UTC", resolved


def guard(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    Full-width forms are judged by what they normalise to, and leading blanks are looked through.
    """
    start = unicodedata.normalize("NFKC", cell).lstrip(" \u00a0\u200b\ufeff")[:1]
    risky = bool(start and start in _STARTS_A_FORMULA) or cell[:1] in _STARTS_A_FORMULA
    shown = visible(cell)
    return f"'{shown}" if risky else shown


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(str(item) for item in value)
    return str(value)
