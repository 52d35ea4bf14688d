"""From rows to the signals and notices of a day, with their wording. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from lims.model import ReportRow
from reports import records, sections, shares, signals
from reports.document import Change, Signal, WatchItem
from reports.signals import Novelty, Rule, SignalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All that signals of ``day`` are computed from; ``detections`` includes ``day`` itself."""

    day: date
    detections: Mapping[str, Sequence[tuple[date, ReportRow]]]
    tested: Mapping[date, int]
    changes: tuple[Change, ...]
    known_elsewhere: frozenset[str]
    rule: Rule
    scope: str = "this laboratory"


def past(
    rows: Sequence[ReportRow],
    tz: ZoneInfo,
    day: date,
    *,
    changes: tuple[Change, ...] = (),
    known_elsewhere: frozenset[str] = frozenset(),
    rule: Rule = signals.LAB_DAILY,
    scope: str = "this laboratory",
) -> Past:
    """Return what signals are computed from, for rows already cut to what was known on ``day``."""
    return Past(
        day=day,
        detections=records.detections(rows, tz),
        tested=records.tested_per_day(rows, tz),
        changes=changes,
        known_elsewhere=frozenset(name.casefold() for name in known_elsewhere),
        rule=rule,
        scope=scope,
    )


def of_the_day(history: Past) -> tuple[tuple[Signal, ...], tuple[Signal, ...]]:
    """Return the signals and the first-seen notices of the day, each in order of name."""
    found: list[Signal] = []
    first: list[Signal] = []
    for name in sorted(history.detections):
        seen = [(when, row) for when, row in history.detections[name] if when <= history.day]
        today = [row for when, row in seen if when == history.day]
        if not today:
            continue
        new = _novelty(history, name, seen, today)
        if new is not None:
            first.append(new)
        tier = _tier_b(history, name, seen, today)
        if tier is not None:
            found.append(tier)
        found.extend(_origins(history, name, seen))
    leader = _leader(history)
    if leader is not None:
        found.append(leader)
    # A signal stands before a notice, a new one before one that continues.
    found.sort(key=lambda item: (item.notice, item.continuing, item.name))
    return tuple(found), tuple(first)


def novelties(history: Past) -> tuple[Signal, ...]:
    """Return what is new, first here, re-emerging or from a new origin, and no statistics.

    For what is counted like a substance and is none, such as a cluster of unknowns.
    """
    told: list[Signal] = []
    for name in sorted(history.detections):
        seen = [(when, row) for when, row in history.detections[name] if when <= history.day]
        today = [row for when, row in seen if when == history.day]
        if not today:
            continue
        new = _novelty(history, name, seen, today)
        # What is new or re-emerging says where it came from before by itself.
        told.extend([new] if new is not None else _origins(history, name, seen))
    return tuple(told)


def watch_hits(rows: Sequence[ReportRow], watch: Sequence[WatchItem]) -> tuple[Signal, ...]:
    """Return one notice per watch-list item met by a row, whether or not it is controlled."""
    hits = []
    for item in watch:
        met = [row for row in rows if sections.meets(row, item)]
        if met:
            hits.append(
                _signal(
                    SignalKind.WATCH_LIST,
                    item.substance or "watch list",
                    f"Watch list met: {sections.watch_words(item)}; {_times(len(met))}.",
                    met,
                    total=len(rows),
                    notice=True,
                )
            )
    return tuple(hits)


def notice(
    kind: SignalKind,
    name: str,
    text: str,
    rows: Sequence[ReportRow],
    *,
    total: int,
    first_seen: date | None = None,
) -> Signal:
    """Return a notice: a signal that needs no statistics."""
    return _signal(kind, name, text, rows, total=total, notice=True, first_seen=first_seen)


def _signal(
    kind: SignalKind,
    name: str,
    text: str,
    rows: Sequence[ReportRow],
    *,
    total: int,
    notice: bool = False,
    tier: signals.TierB | None = None,
    first_seen: date | None = None,
    gap_months: int | None = None,
    caution: str = "",
    continuing: bool = False,
) -> Signal:
    return Signal(
        kind=kind,
        notice=notice,
        name=name,
        text=text,
        samples=tuple(sorted(row.sample for row in rows)),
        origins=tuple(sorted({row.origin for row in rows if row.origin})),
        destinations=tuple(
            sorted({place for row in rows if (place := records.destination_of(row))})
        ),
        count=tier.window_count if tier else len(rows),
        total=tier.window_total if tier else total,
        baseline_count=tier.baseline_count if tier else None,
        baseline_total=tier.baseline_total if tier else None,
        score=round(tier.score, 2) if tier else None,
        first_seen=first_seen,
        gap_months=gap_months,
        continuing=continuing,
        caution=caution,
    )


def _novelty(
    history: Past,
    name: str,
    seen: Sequence[tuple[date, ReportRow]],
    today: Sequence[ReportRow],
) -> Signal | None:
    known = name.casefold() in history.known_elsewhere
    result = signals.novelty([when for when, _ in seen], history.day, known_elsewhere=known)
    if result.kind is Novelty.KNOWN:
        return None
    if result.kind is Novelty.FIRST_SEEN:
        kind = SignalKind.FIRST_SEEN
        text = f"{name}: new; not seen before in the record of {history.scope}."
    elif result.kind is Novelty.FIRST_HERE:
        kind = SignalKind.FIRST_HERE
        text = f"{name}: first here; already found by another laboratory."
    else:
        kind = SignalKind.RE_EMERGENCE
        text = (
            f"{name}: re-emerging after {result.gap_months} months "
            f"(last seen {result.last_seen}, {result.earlier_count} before)"
            f"{_origin_words(seen, history.day)}."
        )
    return _signal(
        kind,
        name,
        text,
        today,
        total=history.tested.get(history.day, 0),
        notice=True,
        first_seen=min(when for when, _ in seen),
        gap_months=result.gap_months,
        caution=_caution(history),
    )


def _origin_words(seen: Sequence[tuple[date, ReportRow]], day: date) -> str:
    """Where it came from before and now, when both are known and differ."""
    before = sorted({row.origin for when, row in seen if when < day and row.origin})
    now = sorted({row.origin for when, row in seen if when == day and row.origin})
    if not before or not set(now) - set(before):
        return ""
    return f"; before from {', '.join(before)}, now from {', '.join(now)}"


def _tier_b(
    history: Past,
    name: str,
    seen: Sequence[tuple[date, ReportRow]],
    today: Sequence[ReportRow],
) -> Signal | None:
    days = [when for when, _ in seen]
    tier = signals.tier_b(days, history.tested, history.day, history.rule)
    if not tier.raised:
        return None
    eve = history.day - timedelta(days=1)
    continuing = tier.increase and signals.tier_b(days, history.tested, eve, history.rule).increase
    caution = _caution(history)
    rule = history.rule
    if tier.increase:
        kind = SignalKind.INCREASE
        text = (
            f"{name}: {tier.window_count} of {tier.window_total} in {rule.window_days} days, "
            f"against {tier.baseline_count} of {tier.baseline_total} in the "
            f"{rule.baseline_days} days before"
        )
    else:
        kind = SignalKind.SECOND_DETECTION
        text = f"{name}: second detection within {rule.second_within_days // 7} weeks"
    if caution:
        tail = "; testing or reporting changed, see the caution."
    else:
        tail = "; continues." if continuing else "; emerging."
    start = history.day - timedelta(days=rule.window_days)
    window = [row for when, row in seen if when > start] or list(today)
    return _signal(
        kind,
        name,
        text + tail,
        window,
        total=tier.window_total,
        tier=tier,
        first_seen=min(days),
        caution=caution,
        continuing=continuing,
    )


def _origins(history: Past, name: str, seen: Sequence[tuple[date, ReportRow]]) -> list[Signal]:
    """Return new and shifted origins, told on the day a sample from there was concluded."""
    start = history.day - timedelta(days=history.rule.window_days)
    before = Counter(row.origin for when, row in seen if when <= start)
    now = Counter(row.origin for when, row in seen if when > start)
    yesterday = Counter(row.origin for when, row in seen if start < when < history.day)
    told = {change.origin for change in signals.origin_changes(yesterday, before)}
    results = []
    for change in signals.origin_changes(now, before):
        if change.origin in told:
            continue
        rows = [row for when, row in seen if when > start and row.origin == change.origin]
        shift = change.kind is SignalKind.ORIGIN_SHIFT
        text = (
            f"{name}: {'shift to' if shift else 'new'} origin {change.origin}, {change.count} of "
            f"{change.total} in {history.rule.window_days} days, {change.earlier_count} of "
            f"{change.earlier_total} before."
        )
        results.append(_signal(change.kind, name, text, rows, total=change.total, notice=not shift))
    return results


def _leader(history: Past) -> Signal | None:
    days = {name: [when for when, _ in seen] for name, seen in history.detections.items()}
    result = shares.new_number_one(days, history.tested, history.day)
    if result is None:
        return None
    start = history.day - timedelta(days=28)
    rows = [row for when, row in history.detections[result.name] if start < when <= history.day]
    text = (
        f"{result.name}: new number one with {result.count} of {result.total} in 28 days; "
        f"before it {result.former} ({result.former_count} now)."
    )
    return _signal(
        SignalKind.NEW_NUMBER_ONE,
        result.name,
        text,
        rows,
        total=result.total,
        notice=True,
        first_seen=result.first_seen,
        caution=_caution(history),
    )


def _caution(history: Past) -> str:
    """Name the method or library changes of the window: they may explain a rise."""
    start = history.day - timedelta(days=history.rule.window_days)
    recent = [
        change
        for change in history.changes
        if change.kind != "event" and start < change.day <= history.day
    ]
    return "; ".join(f"{change.kind} changed {change.day}: {change.text}" for change in recent)


def _times(count: int) -> str:
    return "one sample" if count == 1 else f"{count} samples"
