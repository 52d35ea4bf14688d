"""Who is here when: planned presence, the next day somebody is, and what will wait too long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lims import clock, custody_settings, fields, records
from lims.errors import NotFoundError, RecordError, StateError
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """One person's planned presence, from ``starts`` up to ``ends``."""

    number: int
    person: str
    starts: datetime
    ends: datetime
    remark: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCover:
    """Who is here now, or comes next. ``at`` is None where nobody is planned."""

    planned: bool
    """Whether the lab keeps a cover calendar at all."""
    at: datetime | None
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LongWait:
    """An open sample and the cover it waits for; ``offer`` when it should go to another lab."""

    sample: str
    submitted_at: datetime
    limit_at: datetime
    """When it will have waited as long as one may here."""
    next_cover: datetime | None
    next_person: str
    offer: bool


def plan(
    lab: Lab,
    actor: str,
    person: str,
    starts: datetime,
    ends: datetime,
    *,
    remark: str = "",
    key: str = "",
) -> Cover:
    """Plan that somebody is present.

    Raises
    ------
    RecordError
        It ends before it starts, is over already, or lasts more than a year.
    NotFoundError, StateError, PermissionDenied, BusyError, StorageFullError
    """
    first, last = starts.astimezone(UTC), ends.astimezone(UTC)
    if not timedelta() < last - first <= LONGEST:
        raise RecordError(
            f"cover from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC is no span of time",
            hint="It ends after it starts, within a year.",
        )
    said = fields.line(remark, "the remark")
    with lab.writing(actor, key) as act:
        act.allow(Verb.PLAN_COVER)
        done = act.repeated("cover.planned")
        if done is not None:
            return _cover(act.db, int(done.body["number"]))
        if last <= act.at:
            raise RecordError("this cover is over already", hint="Plan what is to come.")
        who = records.person(act.db, person)
        if not who.active:
            raise StateError(f"{who.name} is no longer active")
        number = int(records.value(act.db, "SELECT coalesce(max(number), 0)+1 FROM cover"))
        act.append(
            "cover.planned",
            {
                "number": number,
                "person": who.id,
                "starts": clock.stamp(first),
                "ends": clock.stamp(last),
                "remark": said,
            },
        )
        return _cover(act.db, number)


def cancel(lab: Lab, actor: str, number: int, *, reason: str, key: str = "") -> None:
    """Take a planned presence back.

    Raises
    ------
    NotFoundError, StateError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.line(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.PLAN_COVER)
        if act.repeated("cover.cancelled") is not None:
            return
        found = records.rows(act.db, "SELECT * FROM cover WHERE number=?", number)
        if not found:
            raise NotFoundError(f"there is no cover {number}", hint="See fol cover list.")
        if found[0]["cancelled_at"]:
            raise StateError(f"cover {number} was cancelled already")
        act.append("cover.cancelled", {"number": number, "reason": why})


def listed(lab: Lab, *, everything: bool = False) -> tuple[Cover, ...]:
    """Return cover that is going on or to come, the next first; also past cover when asked."""
    since = "" if everything else clock.stamp(clock.now())
    found = records.rows(
        lab.db,
        "SELECT * FROM cover WHERE cancelled_at='' AND ends>? ORDER BY starts, number",
        since,
    )
    return tuple(_as_cover(row) for row in found)


def next_cover(lab: Lab, at: datetime | None = None) -> NextCover:
    """Return who is here at a moment, or comes next."""
    moment = at or clock.now()
    found = records.rows(
        lab.db,
        "SELECT person, starts FROM cover WHERE cancelled_at='' AND ends>? "
        "ORDER BY starts, number LIMIT 1",
        clock.stamp(moment),
    )
    if not found:
        planned = records.value(lab.db, "SELECT 1 FROM cover WHERE cancelled_at='' LIMIT 1")
        return NextCover(planned=bool(planned), at=None, person="")
    begins = max(records.moment(found[0]["starts"]), moment)
    return NextCover(planned=True, at=begins, person=found[0]["person"])


def long_waits(lab: Lab, *, everything: bool = False) -> tuple[LongWait, ...]:
    """Return open samples that are still here, with the cover they wait for, oldest first.

    Offered for transfer to another lab are those that will pass the shelf limit (14 days unless
    the lab set another) before anybody is here; only these are returned unless asked for all.
    """
    moment = clock.now()
    cover = next_cover(lab, moment)
    days = custody_settings.value(lab.db, "shelf_days")
    found = records.rows(
        lab.db,
        "SELECT number, submitted_at FROM sample s WHERE status_rank<4 "
        "AND state NOT IN ('consumed','destroyed','returned','lost') "
        "AND NOT EXISTS(SELECT 1 FROM lab_transfer t WHERE t.sample=s.number AND t.closed_at='') "
        "AND submitted_at<=? ORDER BY submitted_at, seq",
        "~" if everything else _passes_before(moment, days, cover),
    )
    waits = [_wait(row, moment, days, cover) for row in found]
    return tuple(each for each in waits if everything or each.offer)


def _passes_before(moment: datetime, days: int, cover: NextCover) -> str:
    """Return the latest submission that can be offered; "~" is later than every stamp."""
    if cover.planned and cover.at is None:
        return "~"
    return clock.stamp(max(moment, cover.at or moment) - timedelta(days=days))


def _wait(row: records.Row, moment: datetime, days: int, cover: NextCover) -> LongWait:
    submitted = records.moment(row["submitted_at"])
    limit = submitted + timedelta(days=days)
    # Without a calendar nobody knows who comes: only what is over the limit already is offered.
    passes = limit <= moment if not cover.planned else cover.at is None or cover.at > limit
    return LongWait(
        sample=row["number"],
        submitted_at=submitted,
        limit_at=limit,
        next_cover=cover.at,
        next_person=cover.person,
        offer=passes or limit <= moment,
    )


def _cover(database: Database, number: int) -> Cover:
    return _as_cover(records.rows(database, "SELECT * FROM cover WHERE number=?", number)[0])


def _as_cover(row: records.Row) -> Cover:
    return Cover(
        number=row["number"],
        person=row["person"],
        starts=records.moment(row["starts"]),
        ends=records.moment(row["ends"]),
        remark=row["remark"],
        by=row["by"],
    )
