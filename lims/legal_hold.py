"""Legal holds: a court or authority says that evidence stays; nothing of the subtree may leave.

A hold on a shipment binds all its samples, one on a sample also what was taken out of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import fields, records
from lims.custody_model import LegalHold
from lims.errors import CustodyError, StateError
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database


_BINDING = """
WITH RECURSIVE above(number, parent, shipment) AS (
  SELECT number, parent, shipment FROM sample WHERE number=:sample
  UNION SELECT s.number, s.parent, s.shipment FROM sample s JOIN above a ON s.number=a.parent
)
SELECT h.* FROM legal_hold h WHERE h.lifted_at='' AND h.subject IN
  (SELECT number FROM above UNION SELECT shipment FROM above) ORDER BY h.seq
"""


def set_hold(
    lab: Lab, actor: str, subject: str, *, document: str, reason: str, key: str = ""
) -> LegalHold:
    """Put a shipment or sample, with all that is taken out of it, under legal hold.

    Parameters
    ----------
    document : str
        The order or letter that asks for it, by its reference.

    Raises
    ------
    StateError
        The same document holds it already.
    NotFoundError, PermissionDenied, RecordError
    """
    named = fields.line(document, "the document reference", required=True)
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.HOLD_EVIDENCE)
        first = act.repeated("hold.set")
        if first is None:
            number = records.subject(act.db, subject)
            if any(each.document == named for each in on(act.db, number)):
                raise StateError(f"{number} is under legal hold by {named} already")
            first = act.append("hold.set", {"subject": number, "document": named, "reason": why})
        return _hold(act.db, first.seq)


def lift_hold(
    lab: Lab,
    actor: str,
    subject: str,
    *,
    document: str,
    reason: str,
    of_document: str = "",
    key: str = "",
) -> LegalHold:
    """Lift a hold by the document that allows it.

    Parameters
    ----------
    of_document : str
        Which hold; may be left out where there is only one.

    Raises
    ------
    StateError
        No such hold, or several and none named.
    CustodyError
        The acting person set it: a second person lifts.
    NotFoundError, PermissionDenied, RecordError
    """
    named = fields.line(document, "the document reference", required=True)
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.HOLD_EVIDENCE)
        first = act.repeated("hold.lifted")
        if first is not None:
            return _hold(act.db, int(first.body["hold"]))
        number = records.subject(act.db, subject)
        found = [each for each in on(act.db, number) if of_document in ("", each.document)]
        if len(found) != 1:
            raise StateError(
                f"{number} has {len(found)} open holds of that kind itself",
                hint="Name the hold's document."
                if found
                else "A hold is lifted where it was set: on the parcel or the parent sample.",
            )
        if found[0].by == actor:
            raise CustodyError(
                f"{act.person.name} set this hold and may not lift it",
                hint="A second person decides.",
            )
        act.append(
            "hold.lifted",
            {"hold": found[0].seq, "subject": number, "document": named, "reason": why},
        )
        return _hold(act.db, found[0].seq)


def holds(lab: Lab, *, everything: bool = False) -> tuple[LegalHold, ...]:
    """Return the holds in force, or all that ever were, oldest first."""
    where = "" if everything else "WHERE lifted_at=''"
    return tuple(
        _as_hold(row)
        for row in records.rows(lab.db, f"SELECT * FROM legal_hold {where} ORDER BY 1")
    )


def on(database: Database, subject: str) -> tuple[LegalHold, ...]:
    """Return the open holds set on this very shipment or sample."""
    found = records.rows(
        database, "SELECT * FROM legal_hold WHERE subject=? AND lifted_at='' ORDER BY seq", subject
    )
    return tuple(_as_hold(row) for row in found)


def binding(database: Database, sample: str) -> tuple[LegalHold, ...]:
    """Return every open hold that binds a sample: its own, its ancestors' and its shipment's."""
    return tuple(_as_hold(row) for row in database.query(_BINDING, {"sample": sample}))


def require_none(database: Database, sample: str, what: str) -> None:
    """Raise while a hold binds a sample.

    Raises
    ------
    CustodyError
    """
    found = binding(database, sample)
    if found:
        where = "" if found[0].subject == sample else f" on {found[0].subject}"
        raise CustodyError(
            f"{sample} cannot be {what}: legal hold {found[0].document}{where}",
            hint="The hold is lifted first, by another person, with the document that allows it.",
        )


def _hold(database: Database, seq: int) -> LegalHold:
    return _as_hold(records.rows(database, "SELECT * FROM legal_hold WHERE seq=?", seq)[0])


def _as_hold(row: records.Row) -> LegalHold:
    return LegalHold(
        seq=row["seq"],
        subject=row["subject"],
        document=row["document"],
        reason=row["reason"],
        at=records.moment(row["at"]),
        by=row["by"],
        lifted_at=records.moment(row["lifted_at"]) if row["lifted_at"] else None,
        lifted_by=row["lifted_by"],
        lift_document=row["lift_document"],
        lift_reason=row["lift_reason"],
    )
