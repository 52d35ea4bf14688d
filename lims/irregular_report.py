"""What went wrong with custody in a period, as kinds and counts: what headquarters is told.

Circumstances, holders and readings stay in the record; nothing typed by a person is repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lims import clock, records
from lims.lab import Lab

KINDS = ("lost", "found", "seal", "mass", "mass balance", "container", "other")
"""``seal``, ``mass`` and ``mass balance`` are discrepancies, ``container`` one of a container."""
_DISCREPANCIES = frozenset(("seal", "mass", "mass balance"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Irregularity:
    """One thing that broke the even run of custody; ``sample`` is a container's number for one.

    ``resolved_at`` is when a discrepancy was resolved or a lost sample found, by the period's end.
    """

    sample: str
    kind: str
    at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Irregularities:
    """What arose or ended in a period, and how much was open at its end."""

    lines: tuple[Irregularity, ...]
    lost: int
    """Samples that were lost and not found, whenever that was."""
    unresolved: int
    """Open discrepancies of samples and containers, whenever they arose."""


def between(lab: Lab, start: datetime, end: datetime) -> Irregularities:
    """Return what arose or ended in ``[start, end)``, as known at its end, oldest first."""
    last = clock.stamp(end)
    every = [*_losses(lab, last), *_discrepancies(lab, last)]
    lines = [
        each
        for each in every
        if each.at >= start or (each.resolved_at is not None and each.resolved_at >= start)
    ]
    open_now = [each for each in every if each.resolved_at is None]
    lines.sort(key=lambda each: (each.at, each.sample, each.kind))
    return Irregularities(
        lines=tuple(lines),
        lost=sum(each.kind == "lost" for each in open_now),
        unresolved=sum(each.kind != "lost" for each in open_now),
    )


def _losses(lab: Lab, last: str) -> list[Irregularity]:
    """Return each loss with the finding that ended it."""
    made: list[Irregularity] = []
    open_loss: dict[str, datetime] = {}
    for row in records.rows(
        lab.db,
        "SELECT sample, kind, at FROM custody WHERE kind IN ('lost','found') AND at<? ORDER BY seq",
        last,
    ):
        moment = records.moment(row["at"])
        if row["kind"] == "lost":
            open_loss[row["sample"]] = moment
        elif row["sample"] in open_loss:
            lost_at = open_loss.pop(row["sample"])
            made.append(
                Irregularity(sample=row["sample"], kind="lost", at=lost_at, resolved_at=moment)
            )
    made += [
        Irregularity(sample=sample, kind="lost", at=moment, resolved_at=None)
        for sample, moment in open_loss.items()
    ]
    return made


def _discrepancies(lab: Lab, last: str) -> list[Irregularity]:
    found = records.rows(
        lab.db,
        "SELECT sample, what, at, resolved_at FROM discrepancy WHERE at<?1 "
        "UNION ALL SELECT container, 'container', at, resolved_at FROM container_discrepancy "
        "WHERE at<?1",
        last,
    )
    return [
        Irregularity(
            sample=row["sample"],
            kind=_kind(row["what"]),
            at=records.moment(row["at"]),
            resolved_at=(
                records.moment(row["resolved_at"])
                if row["resolved_at"] and row["resolved_at"] < last
                else None
            ),
        )
        for row in found
    ]


def _kind(what: str) -> str:
    if what in _DISCREPANCIES or what == "container":
        return what
    return "found" if what == "lost and found" else "other"
