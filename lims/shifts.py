"""When goods wait in the building: windows of the week in the lab's own time, and what is left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lims import canonical, clock, fields, records
from lims.errors import RecordError
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_WINDOWS = 50
_SPELLED = re.compile(
    r"(?P<days>[a-z,\- ]{1,40})\s+(?P<opens>\d{1,2}:\d{2})\s*-\s*(?P<closes>\d{1,2}:\d{2})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window of the week; it closes on the next day where ``closes`` is not after ``opens``."""

    weekday: int
    """0 for Monday: the day it opens on."""
    opens: time
    closes: time

    @property
    def words(self) -> str:
        """The window as a person types it: ``mon 22:00-02:30``."""
        return f"{DAYS[self.weekday]} {self.opens:%H:%M}-{self.closes:%H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One window of one night, in UTC."""

    opens_at: datetime
    closes_at: datetime

    def is_open(self, moment: datetime) -> bool:
        """Whether the window is open."""
        return self.opens_at <= moment < self.closes_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftClock:
    """The window that counts now: the open one, else the next; none without a calendar."""

    windows: tuple[Window, ...]
    at: datetime
    opening: Opening | None

    @property
    def is_open(self) -> bool:
        """Whether a window is open now."""
        return self.opening is not None and self.opening.is_open(self.at)

    @property
    def minutes_left(self) -> float | None:
        """Working minutes left in the window that counts; all of them before it opens."""
        if self.opening is None:
            return None
        start = max(self.at, self.opening.opens_at)
        return (self.opening.closes_at - start).total_seconds() / 60


def parsed(typed: Iterable[str]) -> tuple[Window, ...]:
    """Return windows as typed: ``mon-fri 22:00-02:30``, ``sat,sun 08:00-12:00``.

    Raises
    ------
    RecordError
        Naming what cannot be read, or two windows that overlap.
    """
    found: list[Window] = []
    for text in typed:
        match = _SPELLED.fullmatch(text.strip().lower())
        if match is None:
            raise RecordError(
                f"{text[:60]!r} is not a window",
                hint='Days and times of the lab\'s clock: "mon-fri 22:00-02:30".',
            )
        opens, closes = _time(match["opens"]), _time(match["closes"])
        found += [Window(weekday=d, opens=opens, closes=closes) for d in _days(match["days"])]
    if len(found) > MOST_WINDOWS:
        raise RecordError(f"{len(found)} windows in a week, at most {MOST_WINDOWS}")
    found.sort(key=lambda each: (each.weekday, each.opens))
    _require_apart(found)
    return tuple(found)


def set_calendar(
    lab: Lab, actor: str, windows: Sequence[Window], *, reason: str, key: str = ""
) -> tuple[Window, ...]:
    """Set the windows of the week, all at once; none for no calendar.

    Raises
    ------
    RecordError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.line(reason, "the reason", required=True)
    _require_apart(list(windows))
    body = [[each.weekday, f"{each.opens:%H:%M}", f"{each.closes:%H:%M}"] for each in windows]
    with lab.writing(actor, key) as act:
        act.allow(Verb.SET_SHIFTS)
        if act.repeated("shifts.set") is None:
            act.append("shifts.set", {"windows": body, "reason": why})
        return calendar(act.db)


def calendar(database: Database) -> tuple[Window, ...]:
    """Return the windows of the week as they are now."""
    found = records.value(database, "SELECT windows FROM shift_calendar ORDER BY seq DESC LIMIT 1")
    return tuple(
        Window(weekday=int(day), opens=_time(opens), closes=_time(closes))
        for day, opens, closes in (canonical.parsed(found) if found else ())
    )


def shift_clock(lab: Lab, at: datetime | None = None) -> ShiftClock:
    """Return the window that counts at a moment, now when None."""
    moment = (at or clock.now()).astimezone(UTC)
    windows = calendar(lab.db)
    return ShiftClock(windows=windows, at=moment, opening=opening(windows, lab.zone, moment))


def opening(windows: Sequence[Window], zone: ZoneInfo, moment: datetime) -> Opening | None:
    """Return the window open at a moment, else the next one; None without windows.

    Local clocks that are set forward or back move a window with them, as they move the people.
    """
    today = moment.astimezone(zone).date()
    found = [
        each
        for offset in range(-1, 9)
        for each in _openings(windows, zone, today + timedelta(days=offset))
        if each.closes_at > moment
    ]
    return min(found, key=lambda each: each.closes_at, default=None)


def weekly_minutes(windows: Sequence[Window]) -> int:
    """Return how many minutes of a week are in a window."""
    return sum(_length(each) for each in windows)


def _openings(windows: Sequence[Window], zone: ZoneInfo, day: date) -> list[Opening]:
    found = []
    for window in windows:
        if window.weekday != day.weekday():
            continue
        last = day + timedelta(days=1) if window.closes <= window.opens else day
        opens = datetime.combine(day, window.opens, tzinfo=zone).astimezone(UTC)
        closes = datetime.combine(last, window.closes, tzinfo=zone).astimezone(UTC)
        if closes > opens:
            found.append(Opening(opens_at=opens, closes_at=closes))
    return found


def _length(window: Window) -> int:
    opens = window.opens.hour * 60 + window.opens.minute
    closes = window.closes.hour * 60 + window.closes.minute
    return closes - opens if closes > opens else closes - opens + 24 * 60


def _require_apart(windows: Sequence[Window]) -> None:
    spans = sorted(
        (each.weekday * 1440 + each.opens.hour * 60 + each.opens.minute, _length(each), each.words)
        for each in windows
    )
    if not spans:
        return
    # The week is a ring: Sunday night runs into Monday.
    again = (spans[0][0] + 7 * 1440, *spans[0][1:])
    for (start, length, words), (following, _, other) in zip(
        spans, [*spans[1:], again], strict=True
    ):
        if start + length > following:
            raise RecordError(f"the windows {words} and {other} overlap")


def _days(text: str) -> list[int]:
    found: list[int] = []
    for part in text.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        names = (first, last) if dash else (first, first)
        for name in names:
            if name not in DAYS:
                raise RecordError(f"{name!r} is not a day", hint=f"One of {', '.join(DAYS)}.")
        start, end = DAYS.index(names[0]), DAYS.index(names[1])
        found += [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]
    return sorted(set(found))


def _time(text: str) -> time:
    hour, minute = (int(part) for part in text.split(":"))
    if hour > 23 or minute > 59:
        raise RecordError(f"{text!r} is not a time of day", hint="00:00 to 23:59.")
    return time(hour, minute)
