"""What becomes of a shipment: released tonight, or seized. Every step names its reason."""

from __future__ import annotations

from typing import Any

from libraries import hazards
from lims import fields, legal_hold, mismatch, records
from lims.act import Act
from lims.errors import StateError
from lims.lab import Lab
from lims.model import ConclusionLevel, Shipment, ShipmentState
from lims.workflow import Verb

# Honest goods leave with a named answer; what nobody could name does not leave by this door.
_ACTIVE_ROLES = frozenset(("drug", "precursor", "adulterant"))
_ANSWERED = (ConclusionLevel.PRESUMPTIVE, ConclusionLevel.CONFIRMED, ConclusionLevel.NOT_DETECTED)


def release(lab: Lab, actor: str, shipment: str, reason: str, *, key: str = "") -> Shipment:
    """Release a shipment whose samples are all answered, not hazardous, and seen.

    Raises
    ------
    StateError
        Saying which sample holds it back, and why.
    NotFoundError, PermissionDenied, RecordError, BusyError, StorageFullError
    """
    return _close(lab, actor, shipment, reason, "shipment.released", Verb.RELEASE_SHIPMENT, key)


def seize(lab: Lab, actor: str, shipment: str, reason: str, *, key: str = "") -> Shipment:
    """Record that a shipment was seized; work on its samples goes on.

    Raises
    ------
    StateError, NotFoundError, PermissionDenied, RecordError, BusyError, StorageFullError
    """
    return _close(lab, actor, shipment, reason, "shipment.seized", Verb.SEIZE_SHIPMENT, key)


def _close(
    lab: Lab, actor: str, shipment: str, reason: str, kind: str, verb: Verb, key: str
) -> Shipment:
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(verb)
        found = records.shipment(act.db, shipment)
        if act.repeated(kind) is not None:
            return found
        if found.state is not ShipmentState.HELD:
            raise StateError(f"{found.number} was {found.state} already")
        if kind == "shipment.released":
            _check_may_leave(act, found.number)
        act.append(kind, {"shipment": found.number, "reason": why})
        return records.shipment(act.db, found.number)


def _check_may_leave(act: Act, shipment: str) -> None:
    rows = records.rows(act.db, "SELECT * FROM sample WHERE shipment=? ORDER BY seq", shipment)
    if not rows:
        raise StateError(
            f"{shipment} has no sample: nothing was tested",
            hint="A parcel that was not tested is not released by the lab.",
        )
    declared_goods = records.shipment(act.db, shipment).draft.declared_goods
    problems = [
        f"{row['number']} {why}"
        for row in rows
        if (why := _held_back(row) or _held_by_law(act, row))
        or (why := _not_as_declared(act, row, declared_goods))
    ]
    if problems:
        raise StateError(
            f"{shipment} cannot be released: {'; '.join(problems)}",
            hint="Conclude and acknowledge first, or seize it.",
        )


def _not_as_declared(act: Act, row: dict[str, Any], declared_goods: str) -> str:
    """Return what was found that the papers do not say, when it is more than an inert surprise."""
    from libraries.substances import table

    concluded = records.as_sample(act.db, row).conclusion
    names = concluded.substances if concluded is not None else ()
    known = [table().find(name) for name in names]
    active = [each.name for each in known if each is not None and each.role in _ACTIVE_ROLES]
    note = mismatch.against_found(declared_goods, active)
    return f"is not as declared ({note})" if note else ""


def _held_by_law(act: Act, row: dict[str, Any]) -> str:
    holds = legal_hold.binding(act.db, row["number"])
    return f"is under legal hold {holds[0].document}" if holds else ""


def _held_back(row: dict[str, Any]) -> str:
    if row["frozen"]:
        return "has an open discrepancy"
    if row["unacknowledged"]:
        return "has a hazard notice nobody acknowledged"
    if row["hazard"] and hazards.group(row["hazard"]).is_high:
        return f"is in hazard group {row['hazard']}"
    if row["status"] != "answered":
        return f"is {row['status']}"
    if row["level"] not in {level.value for level in _ANSWERED}:
        return f"has no answer that names it ({row['level']})"
    return ""
