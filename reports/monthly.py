"""A laboratory's month: what field tools said, and how the work stood, read from the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from lims import clock, irregular_report, turnaround
from lims.irregular_report import Irregularities
from reports import field_tools, records, turnaround_lines
from reports.errors import ReportError
from reports.measures import FieldToolMonth, TurnaroundPart

if TYPE_CHECKING:
    from lims.lab import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month up to ``until``; ``field_tools`` is None where nothing was submitted in it."""

    month: str
    until: date
    complete: bool
    field_tools: FieldToolMonth | None
    turnaround: TurnaroundPart
    exceptions: Irregularities


def collect(lab: Lab, month: date) -> Month:
    """Return the month that holds a day, as it stands now.

    A sample counts in the month it was submitted in, with what is known of it by now.

    Raises
    ------
    ReportError
        The month has not begun.
    """
    from reports.facts import EPOCH, rows_between

    first = month.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    today = clock.now().astimezone(records.zone(lab.timezone)).date()
    if first > today:
        raise ReportError(f"{first:%Y-%m} has not begun", hint="Ask for this month or an earlier.")
    until = min(last, today)
    start, _ = records.period(first, lab.timezone)
    _, end = records.period(until, lab.timezone)
    now = clock.now()
    known = max(end, now + timedelta(milliseconds=1))
    rows = records.as_of(rows_between(lab, EPOCH, known), known)
    told = field_tools.months(rows, records.zone(lab.timezone), until)
    of_month = [each for each in told if each.month == f"{first:%Y-%m}"]
    at = min(now, end - timedelta(milliseconds=1))
    return Month(
        month=f"{first:%Y-%m}",
        until=until,
        complete=end <= now,
        field_tools=of_month[0] if of_month else None,
        turnaround=turnaround_lines.part(
            turnaround.turnaround(lab, (until - first).days + 1, at=at)
        ),
        exceptions=irregular_report.between(lab, start, end),
    )
