"""Rows of the record as trends count them: as of a moment, on local days, de-identified. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lims import field_tools
from lims.model import ConclusionLevel, ReportRow
from reports.document import SampleLine, Series
from reports.errors import ReportError

IDENTIFIED = frozenset({ConclusionLevel.PRESUMPTIVE.value, ConclusionLevel.CONFIRMED.value})
"""The only levels under which a row counts as a substance found."""

WEEKS_SHOWN = 52
SERIES_SHOWN = 12
"""Small multiples on a page."""


def zone(name: str) -> ZoneInfo:
    """Return the time zone called ``name``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ReportError(
            f"unknown time zone {name!r}", hint="Use an IANA name such as America/Phoenix."
        ) from error


def period(day: date, timezone: str) -> tuple[datetime, datetime]:
    """Return the start and the end of a local day in UTC; it may have 23 or 25 hours."""
    tz = zone(timezone)
    start = datetime.combine(day, time.min, tzinfo=tz)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=tz)
    return start.astimezone(UTC), end.astimezone(UTC)


def as_of(rows: Iterable[ReportRow], end: datetime) -> list[ReportRow]:
    """Return the rows known before ``end``, one per sample, as they stood then.

    A conclusion reached later is not yet known: the row counts as waiting. So a report rebuilt
    later says what the report of the day said.
    """
    known: dict[str, ReportRow] = {}
    for row in rows:
        if row.submitted_at >= end:
            continue
        if row.concluded_at is None or row.concluded_at >= end:
            row = replace(
                row, concluded_at=None, level="", substances=(), classes=(), text="", candidate=None
            )
        known[row.sample] = row
    return sorted(known.values(), key=lambda row: (row.submitted_at, row.sample))


def identified(row: ReportRow) -> tuple[str, ...]:
    """Return the substances a row may be counted under; a candidate has none."""
    return row.substances if row.level in IDENTIFIED else ()


def tested_on(row: ReportRow, tz: ZoneInfo) -> date | None:
    """Return the local day of the conclusion."""
    return None if row.concluded_at is None else row.concluded_at.astimezone(tz).date()


def tested_per_day(rows: Iterable[ReportRow], tz: ZoneInfo) -> dict[date, int]:
    """Return the number of samples concluded per local day."""
    days = (tested_on(row, tz) for row in rows)
    return dict(Counter(day for day in days if day is not None))


def detections(rows: Iterable[ReportRow], tz: ZoneInfo) -> dict[str, list[tuple[date, ReportRow]]]:
    """Return, per identified substance, the local day and row of each sample it was found in."""
    found: dict[str, list[tuple[date, ReportRow]]] = {}
    for row in rows:
        day = tested_on(row, tz)
        if day is None:
            continue
        for name in dict.fromkeys(identified(row)):
            found.setdefault(name, []).append((day, row))
    return found


def count_names(rows: Iterable[ReportRow], *, classes: bool = False) -> Counter[str]:
    """Return in how many samples each identified substance (or its class) was found."""
    counts: Counter[str] = Counter()
    for row in rows:
        if row.level in IDENTIFIED:
            counts.update(dict.fromkeys(row.classes if classes else row.substances, 1))
    return counts


def between(rows: Iterable[ReportRow], tz: ZoneInfo, first: date, last: date) -> list[ReportRow]:
    """Return the rows concluded on the local days ``first`` to ``last``, both included."""
    return [row for row in rows if (day := tested_on(row, tz)) is not None and first <= day <= last]


def weekly(
    days: Sequence[date] | Mapping[date, int], last_day: date, weeks: int
) -> tuple[int, ...]:
    """Return counts of the ``weeks`` seven-day weeks that end on ``last_day``, oldest first."""
    counts = [0] * weeks
    items = days.items() if isinstance(days, Mapping) else ((day, 1) for day in days)
    for day, number in items:
        back = (last_day - day).days // 7
        if 0 <= back < weeks:
            counts[weeks - 1 - back] += number
    return tuple(counts)


def series(
    found: Mapping[str, Sequence[tuple[date, ReportRow]]], tested: Mapping[date, int], day: date
) -> tuple[Series, ...]:
    """Return weekly counts of the substances most found in the last weeks, then over the year."""
    totals = weekly(tested, day, WEEKS_SHOWN)
    made = []
    for name, seen in found.items():
        counts = weekly([when for when, _ in seen], day, WEEKS_SHOWN)
        if any(counts):
            made.append(Series(name=name, counts=counts, totals=totals, last_day=day))
    made.sort(key=lambda item: (-sum(item.counts[-4:]), -sum(item.counts), item.name))
    return tuple(made[:SERIES_SHOWN])


def line(row: ReportRow) -> SampleLine:
    """Return the de-identified row of a report."""
    return SampleLine(
        sample=row.sample,
        shipment=row.shipment,
        submitted_at=row.submitted_at,
        concluded_at=row.concluded_at,
        lane=row.lane,
        stream=row.stream,
        origin=row.origin,
        destination_country=row.destination_country,
        destination=row.destination,
        declared_goods=row.declared_goods,
        declared_value=row.declared_value,
        declared_weight=row.declared_weight,
        level=row.level,
        substances=identified(row),
        classes=row.classes,
        text=row.text,
        techniques=row.techniques,
        hazard=row.hazard,
        shipment_state=row.shipment_state,
        field_result=row.field_result,
        notes=row.notes,
        training=row.training,
        field_tool=field_tools.kind(row.field_tool).value if row.field_tool.strip() else "",
        unverified=row.unverified,
    )


def destination_of(row: ReportRow) -> str:
    """Return destination and country as one text."""
    return ", ".join(part for part in (row.destination, row.destination_country) if part)
