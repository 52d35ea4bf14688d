"""A whole parcel on a balance, and all that does not fit on it, read from the record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from lims import canonical, fields, mass_balance, mismatch, records, weighing
from lims.act import Act
from lims.errors import RecordError
from lims.lab import Lab
from lims.mismatch import Kind, Mismatch, Weighed
from lims.queries import HIDDEN
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

KINDS = ("gross", "net")
_ABOUT_FOUND = frozenset((Kind.SUBSTANCE, Kind.HEADING))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentWeighing:
    """One reading of a parcel on a balance; ``u_ug`` is its standard uncertainty."""

    seq: int
    shipment: str
    of: str
    mass_ug: int
    u_ug: int
    balance: str
    at: datetime
    by: str


def weigh(
    lab: Lab, actor: str, shipment: str, *, of: str, mass_ug: int, balance: str, key: str = ""
) -> ShipmentWeighing:
    """Record what a whole parcel weighs, and note where its papers say something else.

    Parameters
    ----------
    of : str
        ``gross`` as it came, or ``net``: the content, packaging weighed on the same balance.
    balance : str
        One of the lab's, in calibration.

    Raises
    ------
    RecordError
        Not a kind of weight, or no mass.
    NotFoundError, StateError, PermissionDenied, BusyError, StorageFullError
    """
    if of not in KINDS:
        raise RecordError(f"{of[:40]!r} is no kind of weight", hint="gross or net.")
    mass = fields.micrograms(mass_ug, "the mass")
    if not mass:
        raise RecordError("a parcel that weighs nothing was not weighed", hint="Read it again.")
    with lab.writing(actor, key) as act:
        act.allow(Verb.WEIGH_SAMPLE)
        first = act.repeated("shipment.weighed")
        if first is not None:
            return _weighing(act.db, first.seq)
        found = records.shipment(act.db, shipment)
        precision = weighing.precision(act, balance)
        u_ug = precision.reading_ug if of == "gross" else mass_balance.net_uncertainty_ug(precision)
        event = act.append(
            "shipment.weighed",
            {
                "shipment": found.number,
                "of": of,
                "mass_ug": mass,
                "u_ug": u_ug,
                "balance": balance,
            },
        )
        _note(act, found.number, Weighed(of=of, mass_ug=mass, u_ug=u_ug))
        return _weighing(act.db, event.seq)


def weighings(lab: Lab, shipment: str) -> tuple[ShipmentWeighing, ...]:
    """Return the weighings of a whole parcel, in order."""
    number = records.shipment(lab.db, shipment).number
    rows = records.rows(
        lab.db, "SELECT * FROM shipment_weighing WHERE shipment=? ORDER BY seq", number
    )
    return tuple(_as_weighing(row) for row in rows)


def mismatches(lab: Lab, shipment: str) -> tuple[Mismatch, ...]:
    """Return all that does not fit: on paper, against the balance, against what was found.

    What was found stays hidden while a hazard notice of the parcel is unseen.

    Raises
    ------
    NotFoundError
    """
    parcel = records.shipment(lab.db, shipment)
    found = (
        *mismatch.on_paper(parcel.draft),
        *mismatch.against_weighed(parcel.draft, _weighed(lab.db, parcel.number)),
        *mismatch.on_substances(parcel.draft, _found(lab.db, parcel.number)),
    )
    unseen = records.value(
        lab.db, "SELECT 1 FROM sample WHERE shipment=? AND unacknowledged>0", parcel.number
    )
    if not unseen:
        return found
    return tuple(
        replace(each, says=HIDDEN, figures={}) if each.kind in _ABOUT_FOUND else each
        for each in found
    )


def _note(act: Act, number: str, weighed: Weighed) -> None:
    parcel = records.shipment(act.db, number)
    for each in mismatch.against_weighed(parcel.draft, (weighed,)):
        if each.says not in parcel.notes:
            act.append("shipment.noted", {"shipment": number, "note": each.says, "finding": ""})


def _weighed(database: Database, number: str) -> list[Weighed]:
    """Return the newest gross and net of the parcel, and what its samples weigh together."""
    rows = records.rows(
        database, "SELECT * FROM shipment_weighing WHERE shipment=? ORDER BY seq", number
    )
    newest = {
        row["of"]: Weighed(of=row["of"], mass_ug=row["mass_ug"], u_ug=row["u_ug"]) for row in rows
    }
    samples = records.rows(
        database,
        "SELECT s.gross_ug, coalesce((SELECT w.u_ug FROM weighing w WHERE w.sample=s.number "
        "AND w.gross_ug=s.gross_ug ORDER BY w.seq DESC LIMIT 1), 0) AS u_ug FROM sample s "
        "WHERE s.shipment=? AND s.gross_ug>0 AND s.parent=''",
        number,
    )
    found = list(newest.values())
    if samples:
        # Read on one balance or on several: added up linearly, which never understates.
        found.append(
            Weighed(
                of="samples",
                mass_ug=sum(row["gross_ug"] for row in samples),
                u_ug=sum(row["u_ug"] for row in samples),
            )
        )
    return found


def _found(database: Database, number: str) -> tuple[str, ...]:
    """Return what the conclusions name, or the live findings where nothing is concluded."""
    rows = records.rows(
        database,
        "SELECT c.substances FROM sample s JOIN conclusion c ON c.seq=s.conclusion "
        "WHERE s.shipment=? ORDER BY s.seq",
        number,
    ) or records.rows(
        database,
        "SELECT f.substances FROM sample s JOIN finding f ON f.sample=s.number "
        "WHERE s.shipment=? AND f.state IN ('submitted','reviewed') ORDER BY f.seq",
        number,
    )
    names = (name for row in rows for name in canonical.parsed(row["substances"]))
    return tuple(dict.fromkeys(names))


def _weighing(database: Database, seq: int) -> ShipmentWeighing:
    return _as_weighing(
        records.rows(database, "SELECT * FROM shipment_weighing WHERE seq=?", seq)[0]
    )


def _as_weighing(row: records.Row) -> ShipmentWeighing:
    return ShipmentWeighing(
        seq=row["seq"],
        shipment=row["shipment"],
        of=row["of"],
        mass_ug=row["mass_ug"],
        u_ug=row["u_ug"],
        balance=row["balance"],
        at=records.moment(row["at"]),
        by=row["by"],
    )
