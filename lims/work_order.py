"""The work list against the clock: what can still be answered in the window, and what passes it.

Every order keeps all samples; open work is sorted, answered work follows in the queue's own order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lims import cover, custody_settings, queries, records, shifts, work_kinds
from lims.cover import NextCover
from lims.lab import Lab
from lims.model import WorkRow
from lims.shifts import ShiftClock
from lims.work_kinds import Expected

ORDERS = {
    "window": "what can still be answered in the window first; then priority and age",
    "hazard": "gravest hazard first, then priority and age",
    "mismatch": "papers that do not fit first",
    "age": "the oldest first",
}
_ODD = "(instr(p.notes, 'freight above goods value')>0)+(instr(p.notes, ', found ')>0)" + (
    "+(instr(p.notes, 'unverified')>0)"
)
_BY = {
    "hazard": "(s.hazard=''), s.hazard, s.priority DESC, s.submitted_at, s.seq",
    "mismatch": f"{_ODD} DESC, s.priority DESC, s.submitted_at, s.seq",
    "age": "s.submitted_at, s.seq",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the clock says of all work: the window, how long each kind takes, and who comes next."""

    clock: ShiftClock
    expected: dict[tuple[str, str], Expected]
    next_cover: NextCover
    shelf_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PacedRow:
    """One line of the work list, and what the clock says of it."""

    row: WorkRow
    request: str
    age_minutes: float
    expected_minutes: float
    measured: int
    """Samples behind the expected minutes; 0 where they are stated."""
    minutes_left: float | None
    """In the window that counts; None without a calendar, or once answered."""
    fits: bool | None
    """Whether it can still be answered in that window; None where that is not asked."""
    shelf_over: bool
    """Open for longer than a sample may wait here."""


def pace(lab: Lab) -> Pace:
    """Return what the clock says now."""
    now = shifts.shift_clock(lab)
    return Pace(
        clock=now,
        expected=work_kinds.expected(lab, now.at),
        next_cover=cover.next_cover(lab, now.at),
        shelf_days=custody_settings.value(lab.db, "shelf_days"),
    )


def page(
    lab: Lab, offset: int = 0, limit: int = 200, find: str = "", order: str = "window"
) -> list[WorkRow]:
    """Return one page of the work list in an order of `ORDERS` or of `queries.work_page`.

    Raises
    ------
    RecordError
        An unknown order.
    """
    if order not in ORDERS:
        return queries.work_page(lab, offset, limit, find=find, order=order)
    offset, limit = max(0, offset), max(0, min(limit, queries.MAX_PAGE))
    where, values = queries.found_where(find)
    still = f"{where} {'AND' if where else 'WHERE'} status_rank"
    opened = int(records.value(lab.db, f"SELECT count(*) FROM sample {still}<4", *values))
    rows: list[dict[str, Any]] = []
    if offset < opened:
        by, more = _ordering(lab, order)
        rows = records.rows(
            lab.db,
            f"SELECT s.* FROM (SELECT * FROM sample {still}<4) s JOIN shipment p "
            f"ON p.number=s.shipment ORDER BY {by} LIMIT ? OFFSET ?",
            *values,
            *more,
            limit,
            offset,
        )
    if len(rows) < limit and offset + len(rows) >= opened:
        rows += records.rows(
            lab.db,
            f"SELECT * FROM sample {still}=4 ORDER BY priority DESC, submitted_at, seq "
            "LIMIT ? OFFSET ?",
            *values,
            limit - len(rows),
            max(0, offset - opened),
        )
    return [queries.work_row(row) for row in rows]


def paced(lab: Lab, rows: list[WorkRow], known: Pace | None = None) -> list[PacedRow]:
    """Return lines of the work list with what the clock says of each."""
    now = known or pace(lab)
    return [paced_row(row, now) for row in rows]


def paced_row(row: WorkRow, now: Pace) -> PacedRow:
    """Return one line with what the clock says of it."""
    kind = now.expected.get((row.request, row.lane)) or now.expected["drug", "full"]
    age = (now.clock.at - row.submitted_at).total_seconds() / 60
    done = row.status == "answered"
    left = None if done else now.clock.minutes_left
    return PacedRow(
        row=row,
        request=row.request,
        age_minutes=round(max(0.0, age), 1),
        expected_minutes=kind.minutes,
        measured=kind.measured,
        minutes_left=None if left is None else round(left, 1),
        fits=None if left is None else kind.minutes <= left,
        shelf_over=not done and age > now.shelf_days * 1440,
    )


def _ordering(lab: Lab, order: str) -> tuple[str, list[object]]:
    if order in _BY:
        return _BY[order], []
    clock = shifts.shift_clock(lab)
    left = clock.minutes_left
    if left is None:
        return "s.status_rank, s.priority DESC, s.submitted_at, s.seq", []
    late = [
        kind for kind, each in work_kinds.expected(lab, clock.at).items() if each.minutes > left
    ]
    if not late:
        return "s.priority DESC, s.status_rank, s.submitted_at, s.seq", []
    request = "coalesce(json_extract(s.draft, '$.request'), 'drug')"
    passes = " OR ".join(f"({request}=? AND s.lane=?)" for _ in late)
    values: list[object] = [part for kind in late for part in kind]
    return f"({passes}), s.priority DESC, s.status_rank, s.submitted_at, s.seq", values
