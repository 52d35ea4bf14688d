"""What a person typed into a form, read: moments of the lab's clock, days, masses, numbers.

Knows no form and no command; says what it found and how it is written.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lims.errors import RecordError

_LONGEST_SHOWN = 40
# Beyond these a shift to another time zone may leave the calendar.
_FIRST_YEAR, _LAST_YEAR = 1900, 9000


def moment(text: str, zone: ZoneInfo) -> datetime:
    """Return a typed moment; without an offset it is the lab's own time.

    Raises
    ------
    RecordError
    """
    try:
        typed = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise RecordError(
            f"{text[:_LONGEST_SHOWN]!r} is not a moment", hint="Write 2026-11-24T21:40."
        ) from error
    if not _FIRST_YEAR <= typed.year <= _LAST_YEAR:
        raise RecordError(f"{text[:_LONGEST_SHOWN]!r} is in no year of this record")
    return typed if typed.tzinfo else typed.replace(tzinfo=zone)


def span_end(text: str, zone: ZoneInfo) -> datetime:
    """Return when a span of time ends: a moment, or the end of a day that is still covered.

    Raises
    ------
    RecordError
    """
    is_day = len(text.strip()) == len("2026-11-24")
    return moment(text, zone) + timedelta(days=is_day)


def closing(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when an offer closes: minutes from now, a time of day, or a moment; None for empty.

    A time of day that has passed is tomorrow's.

    Raises
    ------
    RecordError
    """
    typed = text.strip()
    if not typed:
        return None
    if typed.isdecimal() and len(typed) < 6:
        return now + timedelta(minutes=int(typed))
    try:
        at = time.fromisoformat(typed)
    except ValueError:
        return moment(typed, zone)
    today = now.astimezone(zone).date()
    found = datetime.combine(today, at, tzinfo=zone)
    if found > now:
        return found
    return datetime.combine(today + timedelta(days=1), at, tzinfo=zone)


def day(text: str) -> date | None:
    """Return a typed day; None for nothing.

    Raises
    ------
    RecordError
    """
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise RecordError(
            f"{text[:_LONGEST_SHOWN]!r} is not a day", hint="Write 2026-11-24."
        ) from error


def mass_ug(text: str) -> int | None:
    """Return a typed mass in micrograms; None for nothing.

    Raises
    ------
    RecordError
    """
    from lims.declared import parse_mass

    return parse_mass(text) if text.strip() else None


def count(text: str, what: str) -> int:
    """Return a typed whole number.

    Raises
    ------
    RecordError
    """
    typed = text.strip().replace(",", "")
    if not typed.isdecimal() or not typed.isascii() or len(typed) > 12:
        raise RecordError(f"{what}: {text[:_LONGEST_SHOWN]!r} is not a whole number")
    return int(typed)
