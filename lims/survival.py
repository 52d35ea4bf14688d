"""How long work takes when some of it is still open: Kaplan-Meier, and plain quantiles. Pure.

The times of finished work alone are too short: what takes long is not finished yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import ceil
from operator import itemgetter


def curve(durations: Sequence[float], finished: Sequence[bool]) -> list[tuple[float, float]]:
    """Return the product-limit estimate: at each time something finished, the share still open.

    Parameters
    ----------
    durations : sequence of float
        Time until finished, or until now where it is open.
    finished : sequence of bool
        Of the same length; open work is censored. At a tie the finished counts first.

    References
    ----------
    Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958) 457, doi:10.1080/01621459.1958.10501452.
    """
    at_risk, share = len(durations), 1.0
    found: list[tuple[float, float]] = []
    ordered = sorted(zip(durations, finished, strict=True), key=itemgetter(0))
    for time, group in groupby(ordered, key=itemgetter(0)):
        tied = [done for _, done in group]
        ended = sum(tied)
        if ended:
            share *= 1 - ended / at_risk
            found.append((time, share))
        at_risk -= len(tied)
    return found


def median(durations: Sequence[float], finished: Sequence[bool]) -> float | None:
    """Return the first time at which at most half is still open; None where that is not reached."""
    # A share of exactly one half may come out as 0.5000000000000001 from the product.
    return next((time for time, share in curve(durations, finished) if share <= 0.5 + 1e-12), None)


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least ``share`` of the values do not exceed."""
    if not values:
        return None
    return sorted(values)[max(1, ceil(share * len(values))) - 1]
