"""How long the stages of the work took, as a report tells it: figures with their totals. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from lims.turnaround import Stage, Turnaround
from reports.measures import StageLine, TurnaroundPart, Work

WINDOW_DAYS = 28


def part(measured: Turnaround) -> TurnaroundPart:
    """Return what a report says of a laboratory's turnaround."""
    return TurnaroundPart(
        at=measured.at, days=measured.days, stages=tuple(_line(each) for each in measured.stages)
    )


_TIMES = frozenset(("median", "p90", "median_with_open", "target", "within_target", "oldest_open"))
"""Canonical JSON writes 300.0 as 300: read back they are figures with a point again."""


def from_document(said: Mapping[str, Any]) -> TurnaroundPart:
    """Return the part as an issued document has it, figure for figure."""
    return TurnaroundPart(
        at=datetime.fromisoformat(said["at"]),
        days=said["days"],
        stages=tuple(
            StageLine(
                **{each.name: _read(each.name, stage[each.name]) for each in fields(StageLine)}
            )
            for stage in said["stages"]
        ),
    )


def _read(name: str, value: Any) -> Any:  # a value of JSON
    return float(value) if name in _TIMES and value is not None else value


def _line(stage: Stage) -> StageLine:
    if stage.finished:
        work = Work.FINISHED
    else:
        work = Work.ONLY_OPEN if stage.open else Work.NOTHING
    return StageLine(
        name=stage.name,
        says=stage.says,
        work=work.value,
        finished=stage.finished,
        open=stage.open,
        median=stage.median,
        p90=stage.p90,
        median_with_open=stage.median_with_open,
        target=stage.target,
        within_target=stage.within_target,
        oldest_open=stage.oldest_open,
    )


def in_words(line: StageLine) -> str:
    """Return what a stage's figures rest on: a zero always carries its total."""
    if line.work == Work.FINISHED:
        return f"{line.finished} finished, {line.open} open"
    if line.work == Work.ONLY_OPEN:
        return f"none finished (0 of {line.open})"
    return "nothing began"


def told(line: StageLine) -> str:
    """Return a stage as one phrase: what it rests on, its times, and what is within the target."""
    parts = [in_words(line)]
    if line.finished:
        parts.append(f"median {minutes(line.median)}, 90 % {minutes(line.p90)}")
    if line.within_target is not None:
        parts.append(f"{line.within_target:.0%} within {minutes(line.target)}")
    if line.open:
        parts.append(f"oldest open {minutes(line.oldest_open)}")
    return " · ".join(parts)


def minutes(value: float | None) -> str:
    """Return a time as printed: minutes, hours from two of them, days from two of them."""
    if value is None:
        return ""
    if value < 120:
        return f"{value:.0f} min"
    return f"{value / 60:.1f} h" if value < 2_880 else f"{value / 1_440:.1f} d"
