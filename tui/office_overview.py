"""How each part of the office stands, in one line each; the office screen and ``fol office``.

Reads only; says nothing that names a substance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.office_words import cover_words, minutes_left, time_words, window_words

if TYPE_CHECKING:
    from lims.lab import Lab

DAYS = 30
"""Of the turnaround shown in the overview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRow:
    """One part of the office: its name, how it stands, and whether somebody must act."""

    place: str
    title: str
    says: str
    is_urgent: bool = False


def overview(lab: Lab, person: str) -> tuple[OfficeRow, ...]:
    """Return the parts of the office somebody may see, in the order of their keys."""
    from lims import people
    from lims.workflow import EXAMINERS

    inside = bool(people.person(lab, person).roles & EXAMINERS)
    rows = [_cases(lab), _notices(lab, person), _shift(lab), _turnaround(lab)]
    return tuple([*rows, _outside(lab), _practice(lab, person)] if inside else rows)


def _cases(lab: Lab) -> OfficeRow:
    from lims import case_queries

    found = case_queries.listed(lab)
    look = sum(each.to_look_at for each in found)
    said = f"{len(found)} open"
    if look:
        said += f", {look} parcels to look at"
    return OfficeRow(place="cases", title="Cases and outcomes", says=said, is_urgent=bool(look))


def _notices(lab: Lab, person: str) -> OfficeRow:
    from lims import clock, office_notices
    from lims.office_notices import NoticeState

    found = office_notices.listed_for(lab, person)
    open_now = [each for each in found if each.state is NoticeState.WAITING]
    expired = sum(each.state is NoticeState.EXPIRED for each in found)
    closes = [each.closes_at for each in open_now if each.closes_at is not None]
    said = f"{len(open_now)} open"
    if closes:
        said += f", the first closes in {minutes_left(min(closes), clock.now())}"
    if expired:
        said += f", {expired} expired unanswered"
    return OfficeRow(
        place="notices", title="Notices", says=said, is_urgent=bool(open_now or expired)
    )


def _shift(lab: Lab) -> OfficeRow:
    from lims import cover, shifts

    now = shifts.shift_clock(lab)
    offered = len(cover.long_waits(lab))
    here = cover_words(cover.next_cover(lab), now.at, lab.timezone)
    said = f"{window_words(now, lab.zone)}; {here}"
    if offered:
        said += f"; {offered} samples to send away"
    return OfficeRow(place="shift", title="Shift and cover", says=said, is_urgent=bool(offered))


def _turnaround(lab: Lab) -> OfficeRow:
    from lims import turnaround

    found = turnaround.turnaround(lab, DAYS)
    answered = next(each for each in found.stages if each.name == "intake_to_presumptive")
    said = f"{answered.open} open"
    if answered.median is not None:
        said += (
            f", first answer after {time_words(answered.median)} (median of {answered.finished}, "
            f"{DAYS} days)"
        )
    return OfficeRow(
        place="turnaround", title="Turnaround", says=said, is_urgent=bool(found.load.warning)
    )


def _outside(lab: Lab) -> OfficeRow:
    from lims import outside_answers

    found = outside_answers.listed(lab, everything=True)
    out = [each for each in found if each.closed_at is None]
    differs = sum(each.differs for each in found)
    said = f"{len(out)} out"
    if out:
        said += f", the longest {max(each.days for each in out):.0f} days"
    if differs:
        said += f"; {differs} answered otherwise than we did"
    overdue = sum(each.overdue for each in out)
    if overdue:
        said += f"; {overdue} for more than two years"
    return OfficeRow(place="outside", title="Other labs", says=said, is_urgent=bool(overdue))


def _practice(lab: Lab, person: str) -> OfficeRow:
    from lims import practice
    from tui import practice_tally, practice_words

    tally = practice_tally.read(practice_tally.place(lab.site, person))
    said = f"{len(practice.exercises(lab))} decided runs; {practice_words.tally_words(tally)}"
    return OfficeRow(place="practice", title="Practice", says=said)
