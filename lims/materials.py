"""Reagents and reference materials, lot by lot: what is there, until when, and what has ended.

An expired or ended lot stands behind no control and no verification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from lims import clock, fields, records
from lims.errors import NotFoundError, StateError
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialLot:
    """One lot of a reagent or reference material.

    ``expires`` is the last day it may be used on, None where it does not expire. ``ended_at`` is
    when somebody took it out of use before that.
    """

    material: str
    lot: str
    expires: date | None
    supplier: str
    certificate: str
    at: datetime
    by: str
    ended_at: datetime | None = None
    ended_by: str = ""
    end_reason: str = ""

    @property
    def label(self) -> str:
        """What records name it by."""
        return f"{self.material} {self.lot}"

    def problem(self, day: date) -> str:
        """Return why it may not be used on a day, or an empty text."""
        if self.ended_at is not None:
            return f"{self.label} was taken out of use: {self.end_reason}"
        if self.expires is not None and day > self.expires:
            return f"{self.label} expired on {self.expires.isoformat()}"
        return ""


def add_lot(
    lab: Lab,
    actor: str,
    material: str,
    lot: str,
    *,
    expires: date | None = None,
    supplier: str = "",
    certificate: str = "",
    key: str = "",
) -> MaterialLot:
    """Add a lot of a material.

    Raises
    ------
    StateError
        The lot is on record, or has expired already.
    PermissionDenied, RecordError
    """
    said = fields.lines(
        {"material": material, "lot": lot, "supplier": supplier, "certificate": certificate},
        required=("material", "lot"),
    )
    with lab.writing(actor, key) as act:
        act.allow(Verb.MANAGE_MATERIAL)
        first = act.repeated("material.added")
        if first is not None:
            return lot_of(act.db, str(first.body["material"]), str(first.body["lot"]))
        if _rows(act.db, said["material"], said["lot"]):
            raise StateError(
                f"{said['material']} {said['lot']} is on record already",
                hint="See it with `fol material list`.",
            )
        if expires is not None and expires < _today(lab):
            raise StateError(
                f"{said['material']} {said['lot']} expired on {expires.isoformat()}",
                hint="Check the date on the label; an expired lot cannot be put into use.",
            )
        act.append(
            "material.added", said | {"expires": "" if expires is None else expires.isoformat()}
        )
        return lot_of(act.db, said["material"], said["lot"])


def end_lot(
    lab: Lab, actor: str, material: str, lot: str, *, reason: str, key: str = ""
) -> MaterialLot:
    """Take a lot out of use, with the reason.

    Raises
    ------
    StateError
        It was taken out of use already.
    NotFoundError, PermissionDenied, RecordError
    """
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.MANAGE_MATERIAL)
        found = lot_of(act.db, material, lot)
        if act.repeated("material.ended") is not None:
            return found
        if found.ended_at is not None:
            raise StateError(f"{found.label} was taken out of use already, by {found.ended_by}")
        act.append("material.ended", {"material": found.material, "lot": found.lot, "reason": why})
        return lot_of(act.db, found.material, found.lot)


def lots(lab: Lab, *, everything: bool = False) -> tuple[MaterialLot, ...]:
    """Return the lots in use, expired ones too; all that ever were when asked."""
    found = records.rows(lab.db, "SELECT * FROM material_lot ORDER BY lower(material), seq")
    return tuple(lot for lot in map(_as_lot, found) if everything or lot.ended_at is None)


def usable(lab: Lab, database: Database, material: str, lot: str) -> MaterialLot:
    """Return a lot that may be used today.

    Raises
    ------
    StateError
        Expired, or taken out of use.
    NotFoundError
        No such lot.
    """
    found = lot_of(database, material, lot)
    problem = found.problem(_today(lab))
    if problem:
        raise StateError(problem, hint="Open a lot in date: fol material add, fol control lot.")
    return found


def lot_of(database: Database, material: str, lot: str) -> MaterialLot:
    """Return a lot by material and lot, in any case.

    Raises
    ------
    NotFoundError
    """
    found = _rows(database, material, lot)
    if not found:
        raise NotFoundError(
            f"there is no lot {lot[:60]!r} of {material[:60]!r} in this lab",
            hint="Add it: fol material add MATERIAL LOT --expires 2027-06-30",
        )
    return _as_lot(found[0])


def _rows(database: Database, material: str, lot: str) -> list[dict[str, Any]]:
    sql = "SELECT * FROM material_lot WHERE lower(material)=lower(?) AND lower(lot)=lower(?)"
    return records.rows(database, sql, material.strip(), lot.strip())


def _today(lab: Lab) -> date:
    return clock.now().astimezone(lab.zone).date()


def _as_lot(row: Mapping[str, Any]) -> MaterialLot:
    return MaterialLot(
        material=row["material"],
        lot=row["lot"],
        expires=date.fromisoformat(row["expires"]) if row["expires"] else None,
        supplier=row["supplier"],
        certificate=row["certificate"],
        at=records.moment(row["at"]),
        by=row["by"],
        ended_at=records.moment(row["ended_at"]) if row["ended_at"] else None,
        ended_by=row["ended_by"],
        end_reason=row["end_reason"],
    )
