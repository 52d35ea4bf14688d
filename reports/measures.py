"""Counts and times a daily report carries beside its samples, as frozen plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCount:
    """What one kind of field tool said in a month; ``tested`` is the sum of the two."""

    tool: str
    tested: int
    named: int
    no_match: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCount:
    """Samples of which the field tool said nothing, by what became of them in the lab.

    ``tools`` are the same samples by kind of tool.
    """

    outcome: str
    samples: int
    tools: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCount:
    """Samples of which the field tool said nothing and in which the lab found a substance.

    A sample with several substances counts for each.
    """

    name: str
    samples: int
    tools: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldToolMonth:
    """One month: ``named``, ``no_match`` and ``not_tested`` add up to ``submitted``.

    ``outcomes`` add up to ``no_match``.
    """

    month: str
    until: date
    submitted: int
    named: int
    no_match: int
    not_tested: int
    tools: tuple[ToolCount, ...]
    outcomes: tuple[OutcomeCount, ...]
    found: tuple[FoundCount, ...]


class Work(StrEnum):
    """What a stage's figures rest on. A laboratory without a report is a third thing."""

    FINISHED = "finished"
    ONLY_OPEN = "only_open"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """One stage; times in minutes, None where there is nothing to tell a time of.

    ``median`` and ``p90`` are of finished work, ``median_with_open`` counts open work as not yet
    finished (Kaplan-Meier). ``within_target`` is a share of finished work.
    """

    name: str
    says: str
    work: str
    """A `Work` value."""
    finished: int
    open: int
    median: float | None
    p90: float | None
    median_with_open: float | None
    target: float
    within_target: float | None
    oldest_open: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnaroundPart:
    """Stages of the work that began in the ``days`` before ``at``, the moment of collection."""

    at: datetime
    days: int
    stages: tuple[StageLine, ...]
