"""What commands and screens say of cases, notices, other labs, the shift and turnaround.

One wording for both. Pure: `lims` data in, words out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tui.moments import clock_time

if TYPE_CHECKING:
    from datetime import datetime

    from lims.case_model import CaseFile, CaseLine, Resemblance
    from lims.cover import Cover, NextCover
    from lims.office_notices import OfficeNotice
    from lims.outside_answers import Outside
    from lims.shifts import ShiftClock, Window
    from lims.turnaround import Load, Stage


def likeness_words(each: Resemblance) -> str:
    """Return how a parcel reminds of a case, in one line."""
    came = f"; came of it: {', '.join(each.outcomes)}" if each.outcomes else ""
    return f"{each.says} (case {each.case}, {each.title}){came}"


def reminding(near: Sequence[Resemblance]) -> str:
    """Return what goes behind "registered" where parcels remind of cases; empty where none does."""
    if not near:
        return ""
    more = f" · and {len(near) - 2} more (Ctrl R, 1)" if len(near) > 2 else ""
    return "".join(f" · ! {likeness_words(each)}" for each in near[:2]) + more


def case_state(line: CaseLine) -> str:
    """Return what became of a case so far, in a few words."""
    came = ", ".join(each.replace("_", " ") for each in line.outcomes) or "nothing written back"
    return came if line.state == "open" else f"closed: {came}"


def case_state_of(found: CaseFile) -> str:
    """Return what became of a case so far, each kind of outcome once."""
    kinds = dict.fromkeys(each.kind.replace("_", " ") for each in found.outcomes)
    came = ", ".join(kinds) or "nothing written back"
    return came if found.state == "open" else f"closed: {came}"


def case_lines(found: CaseFile, near: Sequence[Resemblance], timezone: str) -> list[str]:
    """Return everything about a case as lines, what waits for a person first."""
    lines = [f"! to look at: {each.shipment}: {likeness_words(each)}" for each in near]
    opened = clock_time(found.opened_at, timezone)
    lines.append(f"{found.state}, opened {opened} by {found.opened_by}")
    if found.closed_reason:
        lines.append(f"closed by {found.closed_by}: {found.closed_reason}")
    for outcome in found.outcomes:
        when = f"{outcome.occurred_on} " if outcome.occurred_on else ""
        about = f" on {outcome.subject}" if outcome.subject else ""
        mass = "" if outcome.mass_ug is None else f"{outcome.mass_ug / 1e6:g} g"
        seized = " ".join(part for part in (mass, outcome.substance) if part)
        source = f" · told by {outcome.source}" if outcome.source else ""
        told = f" · {seized}, not counted" if seized else ""
        kind = outcome.kind.replace("_", " ")
        lines.append(f"{when}{kind}{about}: {outcome.text}{told}{source}")
    for link in found.links:
        where = " (seized elsewhere, not counted)" if link.role == "linked_seizure" else ""
        lines.append(f"{link.subject}{where}: {link.reason}")
    return lines


def notice_words(notice: OfficeNotice) -> str:
    """Return where a notice stands, in one line."""
    left = "" if notice.minutes_left is None else f", {notice.minutes_left:.0f} minutes left"
    why = f": {notice.reason}" if notice.reason else ""
    hidden = ", off the officers' board" if notice.embargo else ""
    return f"{notice.sample} to {notice.recipient}: {notice.state}{left}{hidden}{why}"


def minutes_left(closes_at: datetime | None, now: datetime) -> str:
    """Return the minutes until something closes, ``over`` once it has; empty where it never does.

    The last minute counts as one until it is over.
    """
    if closes_at is None:
        return ""
    seconds = (closes_at - now).total_seconds()
    if seconds <= 0:
        return "over"
    whole = int(-(-seconds // 60))
    if whole < 600:
        return f"{whole} min"
    return f"{whole // 60} h" if whole < 48 * 60 else f"{whole // 1440} d"


def window_words(now: ShiftClock, zone: ZoneInfo) -> str:
    """Return the window that counts now and what is left of it."""
    opening = now.opening
    if opening is None:
        return "no windows are set"
    if now.is_open:
        left = minutes_left(opening.closes_at, now.at)
        return f"open: {left} left, until {opening.closes_at.astimezone(zone):%H:%M}"
    return f"closed; opens {opening.opens_at.astimezone(zone):%a %d %b %H:%M}"


def week_words(windows: Sequence[Window]) -> str:
    """Return the windows of the week in one line, days of one window together."""
    from lims.shifts import DAYS

    by_hours: dict[str, list[int]] = {}
    for each in windows:
        by_hours.setdefault(f"{each.opens:%H:%M}-{each.closes:%H:%M}", []).append(each.weekday)
    said = []
    for hours, days in by_hours.items():
        runs = len(days) > 2 and days == list(range(days[0], days[-1] + 1))
        named = f"{DAYS[days[0]]}-{DAYS[days[-1]]}" if runs else ",".join(DAYS[d] for d in days)
        said.append(f"{named} {hours}")
    return "; ".join(said)


def cover_words(found: NextCover, now: datetime, timezone: str) -> str:
    """Return who is here, or comes next."""
    if found.at is None:
        return "nobody is planned to come" if found.planned else "no cover calendar is kept"
    if found.at <= now:
        return f"here now: {found.person}"
    return f"next here: {found.person}, {clock_time(found.at, timezone)}"


def cover_line(each: Cover, timezone: str) -> str:
    """Return one planned presence."""
    said = f" · {each.remark}" if each.remark else ""
    starts, ends = (clock_time(at, timezone) for at in (each.starts, each.ends))
    return f"{starts} to {ends}{said}"


def outside_words(each: Outside) -> str:
    """Return what another lab said, or how far it is."""
    if each.closed_at is None:
        if each.purpose == "candidate":
            return "asked, no answer yet"
        return "there, no answer yet" if each.arrived_at else "not arrived yet"
    return f"{each.theirs} (report {each.reference})" if each.reference else each.theirs


def time_words(minutes: float | None) -> str:
    """Return a span of minutes as a person says it; empty for none."""
    if minutes is None:
        return ""
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 2_880 else f"{minutes / 1_440:.1f} d"


def target_words(stage: Stage) -> str:
    """Return the share of finished work that was in time."""
    if stage.within_target is None:
        return ""
    return f"{stage.within_target:.0%} of {time_words(stage.target)}"


def load_words(load: Load) -> str:
    """Return how full the laboratory is, in one line."""
    work = f", {load.days_of_work:g} days of work" if load.days_of_work is not None else ""
    used = f", utilisation {load.utilisation:.0%}" if load.utilisation is not None else ""
    return (
        f"open {load.open}, received {load.received_per_day:g} and answered "
        f"{load.answered_per_day:g} a day{work}{used}"
    )


def stopped_words(stopped: dict[str, float]) -> list[str]:
    """Return for whom the clock stood still, and how long."""
    return [
        f"stopped for {because.replace('_', ' ')}: {time_words(minutes)}"
        for because, minutes in stopped.items()
    ]
