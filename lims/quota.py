"""How many samples one officer may submit in a day, and what waits beyond that.

Registering a parcel is never limited: what is over the quota waits, and is not lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from lims import clock, custody_settings, records
from lims.act import Act
from lims.errors import StateError
from lims.lab import Lab
from lims.model import Role

if TYPE_CHECKING:
    from sqlite_utils import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What one officer submitted today against the quota; 0 is no limit."""

    officer: str
    quota: int
    submitted: int

    @property
    def left(self) -> int | None:
        """How many more today; None without a limit."""
        return max(0, self.quota - self.submitted) if self.quota else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Parcels registered, those with a sample, and those that wait for one."""

    registered: int
    submitted: int
    waiting: int
    closed: int
    """Released or seized without ever being submitted."""
    by_officer: Mapping[str, int]
    """Samples each officer submitted today."""
    quota: int


def room(lab: Lab, officer: str) -> Room:
    """Return what an officer may still submit today."""
    return _room(lab.db, lab, officer, clock.now())


def backlog(lab: Lab) -> Backlog:
    """Return how many parcels are registered, submitted and waiting, in one count."""
    found = records.rows(
        lab.db,
        "SELECT (SELECT count(*) FROM shipment) AS registered, (SELECT count(*) FROM shipment "
        "WHERE samples=0 AND state='held') AS waiting, (SELECT count(*) FROM shipment "
        "WHERE samples=0 AND state<>'held') AS closed",
    )[0]
    start, end = _today(lab, clock.now())
    officers = records.rows(
        lab.db,
        "SELECT officer, count(*) AS n FROM sample WHERE submitted_at>=? AND submitted_at<? "
        "AND parent='' AND officer<>'' GROUP BY officer ORDER BY officer",
        start,
        end,
    )
    return Backlog(
        registered=found["registered"],
        submitted=found["registered"] - found["waiting"] - found["closed"],
        waiting=found["waiting"],
        closed=found["closed"],
        by_officer={row["officer"]: row["n"] for row in officers},
        quota=custody_settings.value(lab.db, "quota_per_submitter"),
    )


def require_room(act: Act, officer: str, beyond: str) -> None:
    """Raise when an officer's quota for today is used, unless a lead says why more is taken.

    Raises
    ------
    StateError
    """
    found = _room(act.db, act.lab, officer, act.at)
    if not officer or found.left is None or found.left > 0:
        return
    if beyond.strip() and Role.LEAD in act.person.roles:
        return
    raise StateError(
        f"{officer} submitted {found.submitted} samples today, the quota is {found.quota}",
        hint="The parcel stays registered and waits (fol shipment waiting); a lead may take it "
        "beyond the quota with a reason.",
    )


def _room(database: Database, lab: Lab, officer: str, moment: datetime) -> Room:
    limit = custody_settings.value(database, "quota_per_submitter")
    start, end = _today(lab, moment)
    count = records.value(
        database,
        "SELECT count(*) FROM sample WHERE officer=? AND officer<>'' AND submitted_at>=? "
        "AND submitted_at<? AND parent=''",
        officer,
        start,
        end,
    )
    return Room(officer=officer, quota=limit, submitted=int(count))


def _today(lab: Lab, moment: datetime) -> tuple[str, str]:
    day = moment.astimezone(lab.zone).date()
    start = datetime.combine(day, time(), tzinfo=lab.zone)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=lab.zone)
    return clock.stamp(start), clock.stamp(end)
