"""Intake by three scans: the officer's badge, the parcel's bar code, the seal, in any order.

What a scan is follows from the record and from the code's own check digits, never from its place
in the sequence; what could be two things is asked for, not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lims import fields, identifiers, ids, intake, records, seals
from lims.errors import NotFoundError, RecordError
from lims.lab import Lab
from lims.model import Lane, Role, Sample, SampleDraft, Shipment, ShipmentDraft, ShipmentState

if TYPE_CHECKING:
    from sqlite_utils import Database

BADGE_MARK = "BADGE:"
"""A badge the lab prints itself holds this and the person's id."""
MOST_SCANS = 3
_PARTS = {"officer": "badge", "shipment": "parcel", "tracking": "parcel", "seal": "seal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What some scans are together. ``shipment`` is one that is registered, else ``tracking``."""

    officer: str = ""
    shipment: str = ""
    tracking: str = ""
    seal: str = ""
    warnings: tuple[str, ...] = field(default=())

    @property
    def missing(self) -> tuple[str, ...]:
        """What has not been scanned yet, in words."""
        parts = (
            ("the officer's badge", self.officer),
            ("the parcel's bar code", self.shipment or self.tracking),
            ("the seal", self.seal),
        )
        return tuple(name for name, value in parts if not value)


def sort_out(lab: Lab, codes: Sequence[str]) -> Scanned:
    """Return what scans are: one badge, one parcel, one seal, each at most once.

    Raises
    ------
    RecordError
        Two of a kind, a badge of nobody, or more than three scans.
    """
    given = [fields.line(code, "a scan", required=True, limit=80) for code in codes]
    # The same code read twice is a finger that stayed on the trigger.
    distinct = list(dict.fromkeys(given))
    if len(distinct) > MOST_SCANS:
        raise RecordError(f"{len(distinct)} scans; a badge, a parcel and a seal are three")
    seen: set[str] = set()
    values: dict[str, str] = {}
    warnings: list[str] = []
    for code in distinct:
        kind, value, said = _kind(lab.db, code)
        if _PARTS[kind] in seen:
            raise RecordError(
                f"{code!r} is a second {_PARTS[kind]}",
                hint="Scan a badge, a parcel and a seal, each once. A carrier's own code is known "
                "only once its parcel is registered.",
            )
        seen.add(_PARTS[kind])
        values[kind] = value
        warnings += said
    return Scanned(
        officer=values.get("officer", ""),
        shipment=values.get("shipment", ""),
        tracking=values.get("tracking", ""),
        seal=values.get("seal", ""),
        warnings=tuple(warnings),
    )


def take_in(
    lab: Lab,
    actor: str,
    codes: Sequence[str],
    *,
    description: str = "parcel contents",
    declared_goods: str = "",
    lane: Lane = Lane.QUICK,
    beyond_quota: str = "",
    key: str = "",
) -> tuple[Shipment, Sample, Scanned]:
    """Register what three scans say: a sample of a parcel that is known, or of a new one.

    Parameters
    ----------
    declared_goods : str
        Needed when the parcel was not registered before.

    Raises
    ------
    RecordError
        A scan is missing, or a new parcel without what it is declared as.
    StateError, PermissionDenied, BusyError, StorageFullError
    """
    found = sort_out(lab, codes)
    if found.missing:
        raise RecordError(f"{' and '.join(found.missing)} not scanned yet")
    number = found.shipment
    if not number:
        if not declared_goods.strip():
            raise RecordError(
                f"no parcel {found.tracking} is registered",
                hint="Say what it is declared as, to register it now.",
            )
        draft = ShipmentDraft(declared_goods=declared_goods, tracking=found.tracking)
        number = intake.add_shipment(lab, actor, draft, key=f"{key}.p" if key else "").number
    sample = intake.add_sample(
        lab,
        actor,
        number,
        SampleDraft(
            description=description, seal=found.seal, officer=found.officer, lane=Lane(lane)
        ),
        officer_badge=True,
        beyond_quota=beyond_quota,
        key=f"{key}.s" if key else "",
    )
    return records.shipment(lab.db, number), sample, found


def shipment_of(database: Database, code: str) -> str:
    """Return the number of the one held shipment with this tracking number, or empty."""
    check = identifiers.tracking(code)
    spellings = {code, code.replace(" ", ""), *([check.text] if check else [])}
    found = [
        row["number"]
        for spelled in sorted(spellings)
        for row in records.rows(
            database,
            "SELECT number FROM shipment WHERE json_extract(draft,'$.tracking')=? AND state=?",
            spelled,
            ShipmentState.HELD.value,
        )
    ]
    return str(found[0]) if len(set(found)) == 1 else ""


def _kind(database: Database, code: str) -> tuple[str, str, list[str]]:
    if code.upper().startswith(BADGE_MARK):
        return "officer", _officer(database, code[len(BADGE_MARK) :].strip()), []
    if _is_officer(database, code):
        return "officer", _officer(database, code), []
    try:
        if ids.kind_of(code) == ids.SHIPMENT:
            return "shipment", records.shipment(database, code).number, []
    except NotFoundError:
        pass
    if seals.is_issued(database, code):
        return "seal", code, [f"seal {code}: {odd}" for odd in seals.oddities(database, code)]
    known = shipment_of(database, code)
    if known:
        return "shipment", known, []
    check = identifiers.tracking(code)
    if check is not None:
        return "tracking", check.text, [check.warning] if check.warning else []
    return "seal", code, [f"seal {code}: {odd}" for odd in seals.oddities(database, code)]


def _is_officer(database: Database, code: str) -> bool:
    return bool(records.value(database, "SELECT 1 FROM person WHERE id=?", code.strip()))


def _officer(database: Database, person_id: str) -> str:
    try:
        person = records.person(database, person_id)
    except NotFoundError as error:
        raise RecordError(
            f"no badge of this lab says {person_id[:40]!r}", hint="Add the person first."
        ) from error
    if not person.active or Role.OFFICER not in person.roles:
        raise RecordError(
            f"{person.name} is not an officer of this port who may submit",
            hint="Scan the submitting officer's badge.",
        )
    return person.id
