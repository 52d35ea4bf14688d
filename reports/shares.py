"""Counts and shares against another period, always with totals, and ranks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

Z_95 = 1.959963984540054
"""Two-sided 95 % point of the standard normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """``count`` of ``total``, with the share and its 95 % Wilson interval; no share of nothing."""

    count: int
    total: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareChange:
    """One substance or class in a period against the period before.

    ``points`` is the difference of the shares in percentage points. Ratios are None where the
    earlier figure is zero or unknown: a ratio to nothing is not a number.
    """

    name: str
    now: Share
    before: Share
    points: float | None
    share_ratio: float | None
    count_ratio: float | None
    rank: int | None
    rank_before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNumberOne:
    """A substance that has become the most often found one."""

    name: str
    count: int
    total: int
    former: str
    former_count: int
    first_seen: date


def wilson(count: int, total: int, z: float = Z_95) -> tuple[float, float] | None:
    """Return the Wilson score interval of ``count`` of ``total``, or None for a total of zero.

    References
    ----------
    E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209; Newcombe, Stat. Med. 17 (1998) 857, method 3.

    Examples
    --------
    >>> low, high = wilson(81, 263)
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    if count < 0 or total < 0 or count > total:
        raise ValueError(f"{count} of {total} is not a share")
    if total == 0:
        return None
    p = count / total
    scale = 1 + z * z / total
    middle = (p + z * z / (2 * total)) / scale
    half = z * sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def share(count: int, total: int) -> Share:
    """Return ``count`` of ``total`` as a share with its interval."""
    interval = wilson(count, total)
    if interval is None:
        return Share(count=count, total=total, share=None, low=None, high=None)
    return Share(count=count, total=total, share=count / total, low=interval[0], high=interval[1])


def change(
    name: str,
    now: Share,
    before: Share,
    *,
    rank: int | None = None,
    rank_before: int | None = None,
) -> ShareChange:
    """Return how a share moved: points, share ratio and count ratio."""
    known = now.share is not None and before.share is not None
    return ShareChange(
        name=name,
        now=now,
        before=before,
        points=100 * (now.share - before.share)
        if now.share is not None and before.share is not None
        else None,
        share_ratio=(now.share or 0.0) / before.share if known and before.share else None,
        count_ratio=now.count / before.count if before.count else None,
        rank=rank,
        rank_before=rank_before,
    )


def ranks(counts: Mapping[str, int]) -> dict[str, int]:
    """Return rank 1 for the largest count; equal counts share a rank; zero has none."""
    ordered = sorted((count for count in counts.values() if count > 0), reverse=True)
    return {name: ordered.index(count) + 1 for name, count in counts.items() if count > 0}


def compare(
    now: Mapping[str, int], total: int, before: Mapping[str, int], total_before: int
) -> tuple[ShareChange, ...]:
    """Return one `ShareChange` per name of either period, largest present count first.

    Parameters
    ----------
    now, before : mapping of str to int
        Samples in which each name was found. A sample may hold several, so they need not add up.
    total, total_before : int
        Samples tested in each period.
    """
    rank, rank_before = ranks(now), ranks(before)
    names = sorted(
        now.keys() | before.keys(), key=lambda name: (-now.get(name, 0), -before.get(name, 0), name)
    )
    return tuple(
        change(
            name,
            share(now.get(name, 0), total),
            share(before.get(name, 0), total_before),
            rank=rank.get(name),
            rank_before=rank_before.get(name),
        )
        for name in names
    )


def new_number_one(
    detections: Mapping[str, Sequence[date]],
    tested: Mapping[date, int],
    day: date,
    *,
    window_days: int = 28,
    quiet_days: int = 364,
) -> NewNumberOne | None:
    """Return the substance that became the most frequent one on ``day``, announced once.

    The leader of a day is the one substance with strictly the largest count in the
    ``window_days`` ending that day. It is announced when it leads on ``day``, led on no day of the
    ``quiet_days`` before, and another substance did.

    Parameters
    ----------
    detections : mapping of str to sequence of date
        One date per sample in which the substance was found.
    tested : mapping of date to int
        Samples tested per day.
    """
    first_day = day - timedelta(days=quiet_days)
    span = quiet_days + window_days + 1
    start = first_day - timedelta(days=window_days)
    windows: dict[str, list[int]] = {}
    for name, days in detections.items():
        daily = [0] * span
        for seen in days:
            index = (seen - start).days
            if 0 <= index < span:
                daily[index] += 1
        if any(daily):
            windows[name] = _rolling(daily, window_days)
    leaders = [_leader(windows, index) for index in range(window_days, span)]
    today = leaders[-1]
    formers = [leader for leader in leaders[:-1] if leader is not None]
    if today is None or not formers or today in formers:
        return None
    former = formers[-1]
    return NewNumberOne(
        name=today,
        count=windows[today][-1],
        total=sum(n for when, n in tested.items() if 0 <= (day - when).days < window_days),
        former=former,
        former_count=windows[former][-1],
        first_seen=min(detections[today]),
    )


def _rolling(daily: Sequence[int], window: int) -> list[int]:
    """Return sums over the ``window`` entries ending at each index."""
    running, sums = 0, []
    for index, count in enumerate(daily):
        running += count - (daily[index - window] if index >= window else 0)
        sums.append(running)
    return sums


def _leader(windows: Mapping[str, Sequence[int]], index: int) -> str | None:
    """Return the name with strictly the largest count at ``index``, if there is one."""
    best = sorted(((counts[index], name) for name, counts in windows.items()), reverse=True)[:2]
    if not best or best[0][0] == 0 or (len(best) == 2 and best[0][0] == best[1][0]):
        return None
    return best[0][1]
