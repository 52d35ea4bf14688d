"""Unknowns and requests for confirmation in a daily report: lines, marks and notices. Pure.

A cluster is counted by the samples concluded with it, like a substance; it has a code and a class
and no identified name until it was named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from lims.model import ReportRow
from lims.unknown_report import ReportedRequest, ReportedUnknown
from reports import notices, records
from reports.document import ConfirmationLine, SampleLine, Signal, UnknownLine

Codes = Mapping[str, tuple[str, ...]]


def codes_of(known: Sequence[ReportedUnknown]) -> dict[str, tuple[str, ...]]:
    """Return the codes of each sample."""
    found: dict[str, tuple[str, ...]] = {}
    for each in known:
        for sample in each.samples:
            found[sample] = (*found.get(sample, ()), each.code)
    return found


def marked(lines: Sequence[SampleLine], codes: Codes) -> tuple[SampleLine, ...]:
    """Return the rows of a report with the codes of what is unknown in them."""
    return tuple(
        replace(line, unknowns=codes.get(line.sample, ()))
        if line.concluded_at is not None
        else line
        for line in lines
    )


def lines(
    known: Sequence[ReportedUnknown],
    rows: Sequence[ReportRow],
    listed: frozenset[str],
    day: date,
    tz: ZoneInfo,
) -> tuple[UnknownLine, ...]:
    """Return the clusters that a day's report tells of: in a sample it lists, or changed that day.

    Parameters
    ----------
    rows : sequence of ReportRow
        All that was known at the end of the day.
    listed : frozenset of str
        Samples of the report's own rows.
    """
    by_sample = {row.sample: row for row in rows if row.concluded_at is not None}
    found = []
    for each in known:
        met = [by_sample[sample] for sample in each.samples if sample in by_sample]
        days = [(when, row) for row in met if (when := records.tested_on(row, tz)) is not None]
        today = tuple(sorted(row.sample for when, row in days if when == day))
        if each.changed or any(row.sample in listed for _, row in days):
            found.append(_line(each, days, today, tz))
    return tuple(found)


def _line(
    each: ReportedUnknown,
    days: Sequence[tuple[date, ReportRow]],
    today: tuple[str, ...],
    tz: ZoneInfo,
) -> UnknownLine:
    return UnknownLine(
        code=each.code,
        class_name=each.class_name,
        samples=len(days),
        today=today,
        first_day=min((when for when, _ in days), default=None),
        last_day=max((when for when, _ in days), default=None),
        origins=tuple(sorted({row.origin for _, row in days if row.origin})),
        techniques=each.techniques,
        mass_shifts=each.mass_shifts[:8],
        signatures=each.signatures,
        name=each.name,
        named_on=None if each.named_at is None else each.named_at.astimezone(tz).date(),
        merged_into=each.merged_into,
    )


def label(code: str, class_name: str) -> str:
    """Return a cluster as a notice calls it; never a substance's name."""
    return f"{code} (unknown{f', class {class_name}' if class_name else ''}; not identified)"


def of_the_day(
    known: Sequence[ReportedUnknown], rows: Sequence[ReportRow], history: notices.Past, tz: ZoneInfo
) -> tuple[Signal, ...]:
    """Return *new*, *re-emerging* and *new origin* for clusters that have no name yet.

    Parameters
    ----------
    history : notices.Past
        Of the substances: its day, totals and changes count for the unknowns too.
    """
    by_sample = {row.sample: row for row in rows}
    detections = {}
    for each in known:
        seen = [
            (when, by_sample[sample])
            for sample in each.samples
            if sample in by_sample
            and (when := records.tested_on(by_sample[sample], tz)) is not None
        ]
        if seen and not each.name:
            seen.sort(key=lambda item: (item[0], item[1].sample))
            detections[label(each.code, each.class_name)] = seen
    return notices.novelties(replace(history, detections=detections))


def confirmations(
    asked: Sequence[ReportedRequest], day: date, tz: ZoneInfo
) -> tuple[ConfirmationLine, ...]:
    """Return what is at a regional lab, and what came back on the day."""
    return tuple(
        ConfirmationLine(
            sample=each.sample,
            class_name=each.class_name,
            sent_to=each.sent_to,
            sent_on=each.sent_at.astimezone(tz).date(),
            state="open" if each.answer is None else each.answer.value,
            substance=each.substance,
            reference=each.reference,
            answered_on=None
            if each.answered_at is None
            else each.answered_at.astimezone(tz).date(),
            days=(day - each.sent_at.astimezone(tz).date()).days,
        )
        for each in asked
    )


def ways(asked: Sequence[ReportedRequest], tz: ZoneInfo) -> dict[str, str]:
    """Return, by sample, where a candidate stands that was sent for confirmation."""
    found = {}
    for each in asked:
        sent = f"sent for confirmation to {each.sent_to} on {each.sent_at.astimezone(tz).date()}"
        if each.answered_at is not None:
            sent += f", answered on {each.answered_at.astimezone(tz).date()}"
        found[each.sample] = sent
    return found
