"""What the lab is asked for, and how long it takes: measured where there is enough, else stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from types import MappingProxyType

from lims import clock
from lims.lab import Lab

MEASURED_OVER = timedelta(days=90)
LEAST_MEASURED = 5
"""So many answered samples of a kind before their median replaces the stated figure."""


class Request(StrEnum):
    """What is asked of the lab."""

    DRUG = "drug"
    HS_CLAIM = "hs_claim"
    PESTICIDE = "pesticide"
    WILDLIFE_POWDER = "wildlife_powder"
    WASTE = "waste"


STATED_MINUTES: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("drug", "quick"): 15.0,
        ("drug", "full"): 180.0,
        ("hs_claim", "quick"): 30.0,
        ("hs_claim", "full"): 240.0,
        ("pesticide", "quick"): 60.0,
        ("pesticide", "full"): 480.0,
        ("wildlife_powder", "quick"): 60.0,
        ("wildlife_powder", "full"): 1440.0,
        ("waste", "quick"): 60.0,
        ("waste", "full"): 1440.0,
    }
)
"""Bench minutes by request and lane that are assumed until the lab has measured its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """How long one kind of work takes at the bench, from the first step to the first answer."""

    request: str
    lane: str
    minutes: float
    measured: int
    """Answered samples behind the figure; 0 where it is stated."""


def expected(lab: Lab, at: datetime | None = None) -> dict[tuple[str, str], Expected]:
    """Return the expected bench minutes of each request and lane.

    The median over the last 90 days of the time from the first step of work (opening, portion,
    run or test) to the first conclusion, where at least five samples were answered.
    """
    since = clock.stamp((at or clock.now()) - MEASURED_OVER)
    measured: dict[tuple[str, str], list[int]] = {}
    for request, lane, spent in lab.db.execute(_BENCH_TIMES, [since]).fetchall():
        measured.setdefault((request, lane), []).append(spent)
    found = {}
    for (request, lane), stated in STATED_MINUTES.items():
        times = measured.get((request, lane), [])
        enough = len(times) >= LEAST_MEASURED
        found[request, lane] = Expected(
            request=request,
            lane=lane,
            minutes=round(median(times) / 60_000, 1) if enough else stated,
            measured=len(times) if enough else 0,
        )
    return found


_BENCH_TIMES = (
    "SELECT request, lane, bench_ms FROM sample WHERE concluded_at>=? AND bench_ms IS NOT NULL"
)
