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
_BY = {
    "hazard": "(hazard=''), hazard, priority DESC, submitted_at, seq",
    "mismatch": "odd DESC, priority DESC, submitted_at, seq",
    "age": "submitted_at, seq",
    "window": "priority DESC, status_rank, submitted_at, seq",
}
"""Each as an index has it (0014_faster_lists.sql), so that a page is read and not sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A stretch of the list: which samples, in which order."""

    where: str
    by: str
    values: tuple[object, ...] = ()


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
    found = f"{where} AND" if where else "WHERE"
    rows: list[dict[str, Any]] = []
    for part in _parts(lab, order):
        if len(rows) == limit:
            break
        wanted, asked = f"{found} {part.where}", (*values, *part.values)
        rows += records.rows(
            lab.db,
            # The inner select walks the index alone; only the page's own rows are fetched.
            f"SELECT s.* FROM sample s JOIN (SELECT rowid AS r FROM sample {wanted} "
            f"ORDER BY {part.by} LIMIT ? OFFSET ?) p ON s.rowid=p.r ORDER BY {part.by}",
            *asked,
            limit - len(rows),
            offset,
        )
        if rows:
            offset = 0
        elif offset:
            count = records.value(lab.db, f"SELECT count(*) FROM sample {wanted}", *asked)
            offset = max(0, offset - int(count))
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


def _parts(lab: Lab, order: str) -> tuple[_Part, ...]:
    """Return the stretches of a list in the order they are read."""
    answered = _Part(where="status_rank=4", by="priority DESC, submitted_at, seq")
    if order != "window":
        return _Part(where="status_rank<4", by=_BY[order]), answered
    clock = shifts.shift_clock(lab)
    left = clock.minutes_left
    if left is None:
        queue = "status_rank, priority DESC, submitted_at, seq"
        return _Part(where="status_rank<4", by=queue), answered
    late = [
        kind for kind, each in work_kinds.expected(lab, clock.at).items() if each.minutes > left
    ]
    passes = " OR ".join("(request=? AND lane=?)" for _ in late) or "0"
    values = tuple(part for kind in late for part in kind)
    return (
        _Part(where=f"status_rank<4 AND NOT ({passes})", by=_BY[order], values=values),
        _Part(where=f"status_rank<4 AND ({passes})", by=_BY[order], values=values),
        answered,
    )
