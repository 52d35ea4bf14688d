"""What happens when a parcel comes to the bench: shipments, samples, portions, notes, priorities.

Typed figures are kept as typed; what does not fit becomes a note, never a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from lims import (
    confirmations,
    events,
    field_tools,
    fields,
    ids,
    mismatch,
    quota,
    records,
    seals,
    unverified,
    work_kinds,
)
from lims.act import Act
from lims.custody_rules import require_holder
from lims.errors import RecordError, StateError
from lims.field_tools import Said
from lims.lab import Lab
from lims.model import (
    Lane,
    Portion,
    Sample,
    SampleDraft,
    SampleState,
    Shipment,
    ShipmentDraft,
    ShipmentState,
)
from lims.workflow import Verb

MAX_BATCH, MAX_SHIPMENTS = 500, 10_000


def add_shipment(lab: Lab, actor: str, draft: ShipmentDraft, *, key: str = "") -> Shipment:
    """Register a shipment.

    Raises
    ------
    RecordError
        A field is too long or holds hidden characters; every such field is named.
    PermissionDenied, BusyError, StorageFullError
    """
    body = shipment_body(draft)
    with lab.writing(actor, key) as act:
        act.allow(Verb.REGISTER_SHIPMENT)
        first = act.repeated("shipment.received")
        number = str(first.body["number"]) if first else _receive_shipment(act, body)
        return records.shipment(act.db, number)


def add_sample(
    lab: Lab,
    actor: str,
    shipment: str,
    draft: SampleDraft,
    *,
    beyond_quota: str = "",
    officer_badge: bool = False,
    key: str = "",
) -> Sample:
    """Register a sample of a shipment; the acting person is its first holder.

    Parameters
    ----------
    beyond_quota : str
        Why a lead takes more from this officer today than the quota allows.
    officer_badge : bool
        The submitting officer's badge was read at the hand-over.

    Raises
    ------
    StateError
        The shipment was released or seized, or the officer's quota for today is used.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    values = sample_values(draft)
    with lab.writing(actor, key) as act:
        act.allow(Verb.REGISTER_SAMPLE)
        first = act.repeated("sample.received")
        if first is not None:
            return records.sample(act.db, str(first.body["number"]))
        quota.require_room(act, values["officer"], beyond_quota)
        more = _more(beyond_quota, officer_badge=officer_badge)
        return records.sample(act.db, _receive_sample(act, shipment, values, more))


def add_shipments(
    lab: Lab, actor: str, drafts: Sequence[ShipmentDraft], *, key: str = ""
) -> tuple[Shipment, ...]:
    """Register several shipments in one act: all of them, or none.

    Raises
    ------
    RecordError
        No shipment, more than 10,000, or a field that is not acceptable; the shipment is named.
    PermissionDenied, BusyError, StorageFullError
    """
    if not 0 < len(drafts) <= MAX_SHIPMENTS:
        raise RecordError(f"1 to {MAX_SHIPMENTS} shipments at once, found {len(drafts)}")
    bodies = []
    for at, draft in enumerate(drafts, start=1):
        try:
            bodies.append(shipment_body(draft))
        except RecordError as error:
            raise RecordError(
                f"shipment {at} of {len(drafts)}: {error.message}", hint=error.hint
            ) from error
    with lab.writing(actor, key) as act:
        act.allow(Verb.REGISTER_SHIPMENT)
        first = act.repeated("shipment.received")
        if first is not None:
            again = events.read(act.db, first.seq - 1, int(first.body.get("batch", 1)))
            found = [str(event.body["number"]) for event in again]
        else:
            found = [_receive_shipment(act, {**body, "batch": len(bodies)}) for body in bodies]
        return tuple(records.shipment(act.db, number) for number in found)


def add_batch(
    lab: Lab,
    actor: str,
    parcels: Sequence[tuple[ShipmentDraft, SampleDraft]],
    *,
    key: str = "",
) -> tuple[Sample, ...]:
    """Register several parcels with one sample each in one act: all of them, or none.

    Raises
    ------
    RecordError
        No parcel, more than 500, or a field that is not acceptable; the parcel is named.
    PermissionDenied, BusyError, StorageFullError
    """
    if not 0 < len(parcels) <= MAX_BATCH:
        raise RecordError(f"a batch has 1 to {MAX_BATCH} parcels, found {len(parcels)}")
    bodies = []
    for at, (shipment_draft, sample_draft) in enumerate(parcels, start=1):
        try:
            bodies.append((shipment_body(shipment_draft), sample_values(sample_draft)))
        except RecordError as error:
            raise RecordError(
                f"parcel {at} of {len(parcels)}: {error.message}", hint=error.hint
            ) from error
    with lab.writing(actor, key) as act:
        act.allow(Verb.REGISTER_SHIPMENT)
        act.allow(Verb.REGISTER_SAMPLE)
        first = act.repeated("shipment.received")
        if first is not None:
            # A parcel is two events and at most two notes about its seal, all of one transaction.
            size = int(first.body.get("batch", 1))
            again = events.read(act.db, first.seq - 1, 4 * size)
            found = [e.body["number"] for e in again if e.kind == "sample.received"][:size]
        else:
            found = []
            for body, values in bodies:
                quota.require_room(act, values["officer"], "")
                number = _receive_shipment(act, {**body, "batch": len(bodies)})
                found.append(_receive_sample(act, number, values))
        return tuple(records.sample(act.db, number) for number in found)


def add_portion(
    lab: Lab,
    actor: str,
    sample: str,
    kind: str,
    solvents: Sequence[str] = (),
    *,
    mass_ug: int | None = None,
    key: str = "",
) -> Portion:
    """Record what was prepared from an opened sample: ``neat``, or an extract with its solvents.

    Raises
    ------
    CustodyError, StateError, RecordError, PermissionDenied
    """
    named = fields.line(kind, "the kind of portion", required=True, limit=40)
    used = [fields.line(s, "a solvent", required=True, limit=60) for s in solvents][:10]
    mass = fields.micrograms(mass_ug, "the portion's mass")
    with lab.writing(actor, key) as act:
        act.allow(Verb.PREPARE_PORTION)
        first = act.repeated("portion.prepared")
        if first is not None:
            return _portion(act, str(first.body["sample"]), str(first.body["id"]))
        row = records.sample_row(act.db, sample)
        require_holder(act, row, "prepare a portion of")
        sealed = row["seal"] and row["state"] != SampleState.OPENED
        if sealed:
            raise StateError(
                f"{row['number']} is sealed: open it before a portion is taken",
                hint="Record the opening with the seal's number.",
            )
        index = len(records.portions(act.db, row["number"])) + 1
        body = {
            "id": ids.child(row["number"], "", index),
            "sample": row["number"],
            "kind": named,
            "solvents": used,
            "mass_ug": mass,
        }
        act.append("portion.prepared", body)
        return _portion(act, row["number"], str(body["id"]))


def add_note(lab: Lab, actor: str, subject: str, text: str, *, key: str = "") -> None:
    """Add a dated, signed remark to a shipment or sample; it cannot be changed afterwards."""
    said = fields.paragraph(text, "the note", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.ADD_NOTE)
        if act.repeated("note.added") is None:
            act.append("note.added", {"subject": records.subject(act.db, subject), "text": said})


def set_priority(
    lab: Lab, actor: str, sample: str, priority: int, *, reason: str, key: str = ""
) -> Sample:
    """Move a sample up (or down) the queue, with the reason on record."""
    why = fields.line(reason, "the reason", required=True)
    if not -1_000 <= priority <= 1_000:
        raise RecordError(f"a priority is between -1000 and 1000, found {priority}")
    with lab.writing(actor, key) as act:
        act.allow(Verb.SET_PRIORITY)
        row = records.sample_row(act.db, sample)
        if act.repeated("sample.prioritised") is None:
            body = {"sample": row["number"], "priority": int(priority), "reason": why}
            act.append("sample.prioritised", body)
        return records.sample(act.db, row["number"])


def field_tool_was_silent(draft: SampleDraft) -> bool:
    """Whether a field tool was used and gave no identification."""
    return field_tools.said(draft.field_tool, draft.field_result) is Said.NO_MATCH


def shipment_body(draft: ShipmentDraft) -> dict[str, Any]:
    """Return the event body of a shipment, checked, with what its figures say together.

    Raises
    ------
    RecordError
        Every field that is not acceptable, at once.
    """
    values = fields.lines(asdict(draft), required=("declared_goods",))
    wrong = []
    for name in ("origin", "destination_country"):
        code = values[name].upper()
        if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
            wrong.append(f"{name.replace('_', ' ')} {values[name][:40]!r} is not a country code")
        values[name] = code
    if wrong:
        raise RecordError("; ".join(wrong), hint="Two letters, ISO 3166-1: CN, MX, US …")
    clean = ShipmentDraft(**values)
    unsure = unverified.of_draft(clean)
    # A person reads the notes, a program the list; both are as of the lists of this moment.
    found = [*mismatch.notes(clean), *dict.fromkeys(each.says for each in unsure)]
    body: dict[str, Any] = {"draft": asdict(clean), "notes": found}
    return body | ({"unverified": [asdict(each) for each in unsure]} if unsure else {})


def sample_values(draft: SampleDraft) -> dict[str, Any]:
    """Return a sample draft as the record keeps it, checked.

    Raises
    ------
    RecordError
    """
    texts = {
        name: getattr(draft, name)
        for name in ("description", "form", "seal", "officer", "field_tool", "field_result")
    }
    values: dict[str, Any] = dict(fields.lines(texts, required=("description",)))
    values["gross_ug"] = fields.micrograms(draft.gross_ug, "the gross mass")
    values["lane"] = Lane(draft.lane).value
    if draft.request != work_kinds.Request.DRUG:
        values["request"] = _request(draft.request)
    return values


def _request(text: str) -> str:
    try:
        return work_kinds.Request(text).value
    except ValueError as error:
        raise RecordError(
            f"{text[:40]!r} is not something the lab is asked for",
            hint=f"One of {', '.join(work_kinds.Request)}.",
        ) from error


def _receive_shipment(act: Act, body: dict[str, Any]) -> str:
    number = act.next_number(ids.SHIPMENT)
    act.append("shipment.received", {"number": number, **body})
    return number


def receive_part(
    act: Act, shipment: str, values: dict[str, Any], *, division: int, net_ug: int
) -> str:
    """Register a sub-sample inside the act that divides its parent; return its number.

    Raises
    ------
    CustodyError
        Its seal is on record already.
    """
    odd: tuple[str, ...] = ()
    if values["seal"]:
        values["seal"], odd = seals.fresh(act, values["seal"])
    number = act.next_number(ids.SAMPLE)
    act.append(
        "sample.received",
        {
            "number": number,
            "shipment": shipment,
            "draft": values,
            "giver": f"division:{division}",
            "taker": act.person.id,
            "priority": 0,
            "division": division,
            "net_ug": net_ug,
        },
    )
    seals.note(act, number, values["seal"], odd)
    return number


def _more(beyond_quota: str, *, officer_badge: bool) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if beyond_quota:
        more["beyond_quota"] = fields.line(beyond_quota, "the reason")
    if officer_badge:
        more["officer_badge"] = True
    return more


def _receive_sample(
    act: Act, shipment: str, values: dict[str, Any], more: Mapping[str, Any] = MappingProxyType({})
) -> str:
    parcel = records.shipment(act.db, shipment)
    if parcel.state is not ShipmentState.HELD:
        raise StateError(
            f"{parcel.number} was {parcel.state}: no sample can be taken from it",
            hint="Register the parcel again if it came back.",
        )
    number = act.next_number(ids.SAMPLE)
    submitted_by = values["officer"]
    giver = submitted_by if submitted_by not in ("", act.person.id) else f"shipment:{parcel.number}"
    means = {act.person.id: confirmations.SIGNED_IN}
    if more.get("officer_badge") and giver == submitted_by:
        means[submitted_by] = confirmations.BADGE
    odd = seals.oddities(act.db, values["seal"]) if values["seal"] else ()
    act.append(
        "sample.received",
        {
            "number": number,
            "shipment": parcel.number,
            "draft": values,
            "giver": giver,
            "taker": act.person.id,
            "priority": _priority(values, parcel.notes),
            "confirmed": means,
            **more,
        },
    )
    seals.note(act, number, values["seal"], odd)
    return number


def _priority(values: dict[str, Any], notes: Sequence[str]) -> int:
    # Nothing in the officer's library, or a parcel that makes no economic sense, goes first.
    silent = field_tool_was_silent(records.sample_draft(values))
    return 20 * silent + 10 * (mismatch.FREIGHT in notes)


def _portion(act: Act, sample: str, portion_id: str) -> Portion:
    return next(p for p in records.portions(act.db, sample) if p.id == portion_id)
