"""What changes over months and weeks in one laboratory: shares with totals, signals, events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from lims.model import ReportRow
from reports import daily, records, shares
from reports.document import Change, DailyReport, LabFacts, Series, Signal
from reports.layout import percent, share_words
from reports.shares import Share, ShareChange
from reports.wording import visible

if TYPE_CHECKING:
    from lims.lab import Lab

MONTHS_SHOWN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthShare:
    """A substance's share of the samples tested in one month."""

    month: str
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyShares:
    """A substance month by month, oldest first; a month without tests has no share."""

    name: str
    months: tuple[MonthShare, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """One laboratory's trends up to a day. Other laboratories are not mixed in."""

    site: str
    day: date
    training: bool
    submitted: int
    tested: int
    signals: tuple[Signal, ...]
    first_seen: tuple[Signal, ...]
    shares: tuple[ShareChange, ...]
    class_shares: tuple[ShareChange, ...]
    months: tuple[MonthlyShares, ...]
    series: tuple[Series, ...]
    changes: tuple[Change, ...]

    def lines(self) -> list[str]:
        """Return the trends as lines of plain text."""
        said = [f"{self.site} {self.day}: {self.submitted} submitted, {self.tested} tested"]
        if self.training:
            said.append("training, not for casework")
        said += [f"NOTICE  {signal.text}" for signal in self.first_seen]
        said += [f"{'NOTICE' if s.notice else 'SIGNAL'}  {s.text}" for s in self.signals]
        if not self.first_seen and not self.signals:
            said.append("no new signal")
        said += [_share_line(change) for change in self.shares]
        for each in self.months:
            shown = "  ".join(
                f"{m.month} {m.share.count}/{m.share.total} {percent(m.share.share)}"
                for m in each.months[-6:]
            )
            said.append(f"{each.name} by month: {shown}")
        said += [f"{change.day} {change.kind}: {change.text}" for change in self.changes]
        return [visible(text) for text in said]


def _share_line(change: ShareChange) -> str:
    words = share_words(change)
    return (
        f"{words[0]}: {words[1]} ({words[2]}) in 28 days, {words[4]} ({words[5]}) before; "
        f"points {words[6]}, share {words[7]}, count {words[8]}"
    )


def collect(lab: Lab, day: date) -> Trends:
    """Return the trends of a laboratory up to a local day, read from its record.

    Raises
    ------
    ReportError
        The day has not begun.
    """
    from reports.facts import EPOCH, lab_facts, rows_between

    facts = lab_facts(lab, day)
    start, end = records.period(day, facts.timezone)
    rows = rows_between(lab, EPOCH, end)
    return compose(daily.compose(rows_between(lab, start, end), rows, day, facts), rows, facts)


def compose(report: DailyReport, rows: Sequence[ReportRow], facts: LabFacts) -> Trends:
    """Return the trends around a composed daily report."""
    header = report.header
    return Trends(
        site=header.site,
        day=header.day,
        training=header.training,
        submitted=report.totals.submitted,
        tested=report.totals.tested,
        signals=report.signals,
        first_seen=report.first_seen,
        shares=report.shares,
        class_shares=report.class_shares,
        months=monthly(rows, header.day, facts.timezone),
        series=report.series,
        changes=report.changes,
    )


def monthly(rows: Sequence[ReportRow], day: date, timezone: str) -> tuple[MonthlyShares, ...]:
    """Return per substance its share of the samples tested, month by month up to ``day``.

    Substances of the last twenty-four months, the most frequent first.
    """
    months = _months(day)
    tested, found = _per_month(rows, day, timezone)
    names = sorted(found, key=lambda name: (-sum(found[name].get(m, 0) for m in months), name))
    return tuple(
        MonthlyShares(
            name=name,
            months=tuple(
                MonthShare(
                    month=month,
                    share=shares.share(found[name].get(month, 0), tested.get(month, 0)),
                )
                for month in months
                if tested.get(month)
            ),
        )
        for name in names
        if any(month in found[name] for month in months)
    )


def between(
    rows: Sequence[ReportRow], month: str, month_before: str, timezone: str
) -> tuple[ShareChange, ...]:
    """Return how each substance moved between two months (``2026-10``), with totals and ratios."""
    tested, found = _per_month(rows, date.max, timezone)
    return shares.compare(
        {name: counts.get(month, 0) for name, counts in found.items()},
        tested.get(month, 0),
        {name: counts.get(month_before, 0) for name, counts in found.items()},
        tested.get(month_before, 0),
    )


def _per_month(
    rows: Sequence[ReportRow], last: date, timezone: str
) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Return samples tested per month, and per substance and month those it was found in."""
    tz = records.zone(timezone)
    tested: dict[str, int] = {}
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        day = records.tested_on(row, tz)
        if day is None or day > last:
            continue
        month = day.isoformat()[:7]
        tested[month] = tested.get(month, 0) + 1
        for name in dict.fromkeys(records.identified(row)):
            counts = found.setdefault(name, {})
            counts[month] = counts.get(month, 0) + 1
    return tested, found


def _months(day: date) -> list[str]:
    number = day.year * 12 + day.month - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(number - MONTHS_SHOWN + 1, number + 1)]
