"""Notices to one named reader: an offer to investigators, or an answer that turned out otherwise.

Unanswered when its window closes, an offer is expired, and stays so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lims import clock, custody_settings, fields, records, shifts
from lims.act import Act
from lims.errors import NotFoundError, RecordError, StateError
from lims.lab import Lab
from lims.model import Role
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

NEVER = "9999-12-31T00:00:00.000000Z"
"""Closing time of a notice that does not expire."""
LONGEST = timedelta(days=31)
READERS = frozenset((Role.ANALYST, Role.REVIEWER, Role.LEAD, Role.QUALITY, Role.LIAISON))
"""Who reads every notice; what an answer turned into is no matter for the officers' board."""


class NoticeState(StrEnum):
    """Where a notice stands at a moment."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    SEEN = "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeNotice:
    """One notice to one reader; ``minutes_left`` is None once answered or where it never closes."""

    number: int
    kind: str
    """``offer`` to investigators, or ``changed`` for an answer that turned out otherwise."""
    sample: str
    recipient: str
    because: str
    text: str
    state: NoticeState
    at: datetime
    by: str
    closes_at: datetime | None
    minutes_left: float | None
    embargo: bool
    """The sample is kept off the officers' board."""
    answered_at: datetime | None
    answered_by: str
    reason: str


def send(
    lab: Lab,
    actor: str,
    sample: str,
    recipient: str,
    *,
    text: str = "",
    closes_at: datetime | None = None,
    embargo: bool = False,
    key: str = "",
) -> OfficeNotice:
    """Offer a sample's parcel to investigators until the window closes.

    Parameters
    ----------
    recipient : str
        The unit or person who is asked.
    closes_at : datetime, optional
        Else the close of the window that counts now, else the lab's minutes for a parcel.
    embargo : bool
        Keep the sample off the officers' board until they decline or it is lifted.

    Raises
    ------
    RecordError
        It would close in the past, or in more than a month.
    StateError
        The same unit has an open offer of this sample.
    NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    whom = fields.line(recipient, "the recipient", required=True, limit=120)
    said = fields.paragraph(text, "the text")
    with lab.writing(actor, key) as act:
        act.allow(Verb.SEND_NOTICE)
        first = act.repeated("notice.sent")
        if first is not None:
            return _notice(act.db, int(first.body["number"]), act.at)
        row = records.sample_row(act.db, sample)
        closes = (closes_at or _close_of_window(act)).astimezone(UTC)
        if not timedelta() < closes - act.at <= LONGEST:
            raise RecordError(
                f"the notice would close at {closes:%Y-%m-%d %H:%M} UTC",
                hint="Within a month from now; say when with --until or --minutes.",
            )
        for each in _rows(act.db, "sample=? AND kind='offer' AND answer=''", row["number"]):
            if each["recipient"] == whom and each["closes_at"] > clock.stamp(act.at):
                raise StateError(f"{whom} has notice {each['number']} of {row['number']} already")
        number = write(
            act,
            str(row["number"]),
            whom,
            kind="offer",
            because="",
            text=said,
            closes_at=clock.stamp(closes),
            embargo=embargo,
        )
        return _notice(act.db, number, act.at)


def answer(
    lab: Lab, actor: str, number: int, *, accept: bool, reason: str = "", key: str = ""
) -> OfficeNotice:
    """Record that an offer was accepted, or declined with a reason, which ends an embargo.

    Raises
    ------
    StateError
        Answered or expired: an expired offer is sent again, not answered late.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.line(reason, "the reason", required=not accept)
    with lab.writing(actor, key) as act:
        act.allow(Verb.SEND_NOTICE)
        if act.repeated("notice.answered") is None:
            found = _notice(act.db, number, act.at)
            if found.kind != "offer":
                raise StateError(f"notice {number} asks for nothing", hint="fol notice seen")
            if found.state is not NoticeState.WAITING:
                raise StateError(
                    f"notice {number} is {found.state}",
                    hint="Send another one while the parcel is still here.",
                )
            said = "accepted" if accept else "declined"
            act.append("notice.answered", {"number": number, "answer": said, "reason": why})
        return _notice(act.db, number, act.at)


def seen(lab: Lab, actor: str, number: int, *, key: str = "") -> OfficeNotice:
    """Record that a notice of a changed answer was read, or passed on to its reader.

    Raises
    ------
    StateError
        It is an offer, or was seen already.
    NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.ACKNOWLEDGE_ALERT)
        if act.repeated("notice.answered") is None:
            found = _notice(act.db, number, act.at)
            if found.kind != "changed" or found.state is not NoticeState.WAITING:
                raise StateError(
                    f"notice {number} does not wait to be seen", hint="fol notice list"
                )
            act.append("notice.answered", {"number": number, "answer": "seen", "reason": ""})
        return _notice(act.db, number, act.at)


def lift(lab: Lab, actor: str, number: int, *, reason: str, key: str = "") -> OfficeNotice:
    """End an embargo; the sample is on the officers' board again.

    Raises
    ------
    StateError
        The notice holds no embargo, or it was lifted.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.line(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.SEND_NOTICE)
        if act.repeated("notice.lifted") is None:
            if not _notice(act.db, number, act.at).embargo:
                raise StateError(f"notice {number} holds no embargo")
            act.append("notice.lifted", {"number": number, "reason": why})
        return _notice(act.db, number, act.at)


def listed(lab: Lab, *, everything: bool = False, recipient: str = "") -> tuple[OfficeNotice, ...]:
    """Return notices that wait or hold an embargo, and expired ones nobody sent again.

    Everything, the newest last, when asked; only those of one reader where named.
    """
    moment = clock.now()
    where = "1" if everything else "(answer='' OR (embargo=1 AND lifted_at=''))"
    found = [_as_notice(row, moment) for row in _rows(lab.db, where)]
    return tuple(each for each in found if recipient in ("", each.recipient))


def listed_for(lab: Lab, person: str, *, everything: bool = False) -> tuple[OfficeNotice, ...]:
    """Return the notices somebody may read: a scientist or liaison every one, an officer their own.

    An officer's own are those sent to them or by them, and offers of samples that are on the board.
    """
    found = listed(lab, everything=everything)
    who = records.person(lab.db, person)
    if who.roles & READERS:
        return found
    return tuple(
        each
        for each in found
        if who.id in (each.recipient, each.by) or (each.kind == "offer" and not each.embargo)
    )


def tell_changed(
    act: Act, sample: str, readers: dict[str, str], text: str, *, leaving_out: str
) -> list[int]:
    """Write a notice to each earlier reader of an answer that turned out otherwise."""
    return [
        write(
            act,
            sample,
            who,
            kind="changed",
            because=because,
            text=text,
            closes_at=NEVER,
            embargo=False,
        )
        for who, because in readers.items()
        if who != leaving_out
    ]


def write(
    act: Act,
    sample: str,
    recipient: str,
    *,
    kind: str,
    because: str,
    text: str,
    closes_at: str,
    embargo: bool,
) -> int:
    """Write one notice inside an act; return its number."""
    number = int(records.value(act.db, "SELECT coalesce(max(number), 0)+1 FROM office_notice"))
    act.append(
        "notice.sent",
        {
            "number": number,
            "kind": kind,
            "sample": sample,
            "recipient": recipient,
            "because": because,
            "text": text,
            "closes_at": closes_at,
            "embargo": embargo,
        },
    )
    return number


def _close_of_window(act: Act) -> datetime:
    opening = shifts.opening(shifts.calendar(act.db), act.lab.zone, act.at)
    if opening is not None:
        return opening.closes_at
    return act.at + timedelta(minutes=custody_settings.value(act.db, "window_minutes"))


def _rows(database: Database, where: str, *values: object) -> list[dict[str, Any]]:
    return records.rows(
        database, f"SELECT * FROM office_notice WHERE {where} ORDER BY number", *values
    )


def _notice(database: Database, number: int, moment: datetime) -> OfficeNotice:
    found = _rows(database, "number=?", number)
    if not found:
        raise NotFoundError(f"there is no notice {number}", hint="See fol notice list --all.")
    return _as_notice(found[0], moment)


def _as_notice(row: records.Row, moment: datetime) -> OfficeNotice:
    closes = None if row["closes_at"] == NEVER else records.moment(row["closes_at"])
    left = None if closes is None else (closes - moment).total_seconds() / 60
    if row["answer"]:
        state, left = NoticeState(row["answer"]), None
    elif left is not None and left <= 0:
        state, left = NoticeState.EXPIRED, 0.0
    else:
        state = NoticeState.WAITING
    return OfficeNotice(
        number=row["number"],
        kind=row["kind"],
        sample=row["sample"],
        recipient=row["recipient"],
        because=row["because"],
        text=row["text"],
        state=state,
        at=records.moment(row["at"]),
        by=row["by"],
        closes_at=closes,
        minutes_left=None if left is None else round(left, 1),
        embargo=bool(row["embargo"]) and not row["lifted_at"],
        answered_at=records.moment(row["answered_at"]) if row["answered_at"] else None,
        answered_by=row["answered_by"],
        reason=row["reason"],
    )
