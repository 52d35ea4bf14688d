"""Holds: results of an instrument that wait because its control or verification was not good.

A hold covers every run since the last good one. It ends when the repeat is good, or when a quality
manager releases it with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lims import alerts, fields, records
from lims.act import Act
from lims.errors import NotFoundError, PermissionDenied, StateError
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

REPEAT, RELEASE = "repeat", "release"

# Notices beyond these are read by nobody; how many answers there are stands in the hold.
_MOST_NOTICES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why results of an instrument wait, since when, and how it ended.

    ``number`` names it; ``control`` or ``aspect`` says what was not good. ``since`` is the place in
    the log of the last good one, 0 where there never was one.
    """

    number: int
    instrument: str
    control: str
    aspect: str
    since: int
    detail: str
    at: datetime
    by: str
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_how: str = ""
    end_reason: str = ""

    @property
    def cause(self) -> str:
        """What was not good, in words."""
        return f"control {self.control}" if self.control else f"{self.aspect} verification"


def place(act: Act, instrument: str, *, control: str = "", aspect: str = "", detail: str) -> None:
    """Hold what the instrument measured since the last good one; an open hold stays as it is.

    Whoever reads an answer that was concluded meanwhile is told, of the newest ones if many.
    """
    if _open(act.db, instrument, control, aspect):
        return
    since = _last_good(act.db, instrument, control, aspect)
    resting = (
        "FROM sample WHERE concluded_at<>'' AND number IN "
        "(SELECT sample FROM run WHERE instrument=? AND seq>?)"
    )
    many = int(records.value(act.db, f"SELECT count(*) {resting}", instrument, since))
    if many:
        detail = f"{detail}; {many} concluded answers rest on what it measured since"
    event = act.append(
        "results.held",
        {
            "instrument": instrument,
            "control": control,
            "aspect": aspect,
            "since": since,
            "detail": fields.visible(detail, 500),
        },
    )
    held = hold(act.db, event.seq)
    newest = f"SELECT * {resting} ORDER BY seq DESC LIMIT {_MOST_NOTICES}"
    for row in reversed(records.rows(act.db, newest, instrument, since)):
        alerts.raise_alert(
            act,
            row,
            kind="quality",
            headline=f"the answer on sample {row['number']} rests on {instrument}, "
            f"whose {held.cause} was not good",
            detail=f"Hold {held.number}: {held.detail}. Judge whether the answer still stands.",
        )


def end_by_repeat(act: Act, instrument: str, *, control: str = "", aspect: str = "") -> None:
    """End the hold that a good repeat answers, if there is one."""
    for row in _open(act.db, instrument, control, aspect):
        body = {"hold": row["seq"], "how": REPEAT, "reason": "the repeat was good"}
        act.append("results.freed", body)


def release(lab: Lab, actor: str, number: int, *, reason: str, key: str = "") -> Hold:
    """Release what a hold keeps, with the reason.

    Raises
    ------
    PermissionDenied
        Not a quality manager, or the one who recorded what was not good.
    StateError
        It has ended already.
    NotFoundError, RecordError
    """
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.RELEASE_HOLD)
        found = hold(act.db, number)
        if act.repeated("results.freed") is not None:
            return found
        if found.ended_at is not None:
            raise StateError(f"hold {number} has ended already: {found.end_reason}")
        if found.by == act.person.id:
            raise PermissionDenied(
                f"{act.person.name} recorded what hold {number} is about and may not release it",
                hint="Another quality manager releases it, or a good repeat ends it.",
            )
        act.append("results.freed", {"hold": number, "how": RELEASE, "reason": why})
        return hold(act.db, number)


def holds(lab: Lab, *, everything: bool = False) -> tuple[Hold, ...]:
    """Return the open holds, or all there ever were, newest first."""
    where = "" if everything else "WHERE ended_at='' "
    found = records.rows(lab.db, f"SELECT * FROM result_hold {where}ORDER BY seq DESC")
    return tuple(map(_as_hold, found))


def hold(database: Database, number: int) -> Hold:
    """Return a hold by number.

    Raises
    ------
    NotFoundError
    """
    found = records.rows(database, "SELECT * FROM result_hold WHERE seq=?", number)
    if not found:
        raise NotFoundError(
            f"there is no hold {number} in this lab", hint="See them with `fol control holds`."
        )
    return _as_hold(found[0])


def of_runs(database: Database, runs: Sequence[str]) -> tuple[Hold, ...]:
    """Return the open holds that cover any of some runs.

    A run that names no instrument may have been measured on any of its technique.
    """
    marks = ", ".join("?" * len(runs))
    found = records.rows(
        database,
        "SELECT h.* FROM result_hold h JOIN instrument i ON i.name=h.instrument "
        f"WHERE h.ended_at='' AND EXISTS (SELECT 1 FROM run r WHERE r.id IN ({marks}) "
        "AND r.seq>h.since AND "
        "(r.instrument=h.instrument OR (r.instrument='' AND r.technique=i.kind))) ORDER BY h.seq",
        *runs,
    )
    return tuple(map(_as_hold, found))


def require_free(database: Database, runs: Sequence[str], what: str) -> None:
    """Raise while an open hold covers a run; ``what`` says what cannot be done meanwhile.

    Raises
    ------
    StateError
        Naming each hold.
    """
    held = of_runs(database, runs)
    if held:
        said = "; ".join(f"hold {h.number}, {h.cause} of {h.instrument}: {h.detail}" for h in held)
        raise StateError(
            f"{what} while its instrument's results are held ({said})",
            hint="A good repeat ends the hold; else a quality manager releases it with a reason: "
            f"fol control release {held[0].number} --reason …",
        )


def _last_good(database: Database, instrument: str, control: str, aspect: str) -> int:
    if control:
        sql = "SELECT max(seq) FROM control_value WHERE control=? AND verdict<>'rejected'"
        found = records.value(database, sql, control)
    else:
        sql = "SELECT max(seq) FROM verification WHERE instrument=? AND aspect=? AND passed=1"
        found = records.value(database, sql, instrument, aspect)
    return int(found or 0)


def _open(database: Database, instrument: str, control: str, aspect: str) -> list[dict[str, Any]]:
    sql = "SELECT * FROM result_hold WHERE instrument=? AND control=? AND aspect=? AND ended_at=''"
    return records.rows(database, sql, instrument, control, aspect)


def _as_hold(row: Mapping[str, Any]) -> Hold:
    return Hold(
        number=row["seq"],
        instrument=row["instrument"],
        control=row["control"],
        aspect=row["aspect"],
        since=row["since"],
        detail=row["detail"],
        at=records.moment(row["at"]),
        by=row["by"],
        ended_at=records.moment(row["ended_at"]) if row["ended_at"] else None,
        ended_by=row["ended_by"],
        ended_how=row["ended_how"],
        end_reason=row["end_reason"],
    )
