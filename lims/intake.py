"""What happens when a parcel comes to the bench: shipments, samples, portions, notes, photographs.

Typed figures are kept as typed; what does not fit becomes a note, never a refusal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lims import declared, events, fields, identifiers, ids, records
from lims.act import Act
from lims.errors import CustodyError, RecordError, StateError
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

MAX_BATCH = 500
MAX_PHOTO_BYTES = 64 * 1024 * 1024

FIELD_TOOL_SILENT = frozenset(
    ("no match", "nothing", "none", "unknown", "inconclusive", "no result", "not in library")
)
"""What counts as "the field tool said nothing" (scenario S-18)."""


def add_shipment(lab: Lab, actor: str, draft: ShipmentDraft, *, key: str = "") -> Shipment:
    """Register a shipment.

    Raises
    ------
    RecordError
        A field is too long or holds hidden characters; every such field is named.
    PermissionDenied, BusyError, StorageFullError
    """
    body = _shipment_body(draft)
    with lab.writing(actor, key) as act:
        act.allow(Verb.REGISTER_SHIPMENT)
        first = act.repeated("shipment.received")
        number = str(first.body["number"]) if first else _receive_shipment(act, body)
        return records.shipment(act.db, number)


def add_sample(lab: Lab, actor: str, shipment: str, draft: SampleDraft, *, key: str = "") -> Sample:
    """Register a sample of a shipment; the acting person is its first holder.

    Raises
    ------
    StateError
        The shipment was released or seized.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    values = _sample_values(draft)
    with lab.writing(actor, key) as act:
        act.allow(Verb.REGISTER_SAMPLE)
        first = act.repeated("sample.received")
        if first is not None:
            return records.sample(act.db, str(first.body["number"]))
        return records.sample(act.db, _receive_sample(act, shipment, values))


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
            bodies.append((_shipment_body(shipment_draft), _sample_values(sample_draft)))
        except RecordError as error:
            raise RecordError(
                f"parcel {at} of {len(parcels)}: {error.message}", hint=error.hint
            ) from error
    with lab.writing(actor, key) as act:
        act.allow(Verb.REGISTER_SHIPMENT)
        act.allow(Verb.REGISTER_SAMPLE)
        first = act.repeated("shipment.received")
        if first is not None:
            again = events.read(act.db, first.seq - 1, 2 * int(first.body.get("batch", 1)))
            found = [e.body["number"] for e in again if e.kind == "sample.received"]
        else:
            found = []
            for shipment_body, values in bodies:
                number = _receive_shipment(act, {**shipment_body, "batch": len(bodies)})
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
            act.append("note.added", {"subject": _subject(act, subject), "text": said})


def add_photo(
    lab: Lab, actor: str, subject: str, file_name: str, data: bytes, *, key: str = ""
) -> str:
    """Keep a photograph's original bytes and return their SHA-256.

    Raises
    ------
    RecordError
        Not a JPEG, PNG, TIFF, WebP or HEIF, or more than 64 MiB.
    """
    from instruments import raw

    if len(data) > MAX_PHOTO_BYTES:
        raise RecordError(f"a photograph of {len(data)} bytes; at most {MAX_PHOTO_BYTES} are kept")
    if not _is_photo(data[:16]):
        raise RecordError(
            f"{fields.visible(file_name)!r} is not a photograph this record keeps",
            hint="Use JPEG, PNG, TIFF, WebP or HEIF.",
        )
    digest = raw.keep(lab.raw_folder, data)
    with lab.writing(actor, key) as act:
        act.allow(Verb.ADD_NOTE)
        if act.repeated("photo.added") is None:
            body = {
                "subject": _subject(act, subject),
                "file_name": fields.visible(file_name),
                "raw_sha256": digest,
                "size": len(data),
            }
            act.append("photo.added", body)
    return str(digest)


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


def require_holder(act: Act, row: dict[str, Any], what: str) -> None:
    """Raise unless the acting person holds the sample and no discrepancy is open.

    Raises
    ------
    CustodyError
    """
    require_unfrozen(row)
    if row["holder"] != act.person.id:
        raise CustodyError(
            f"{act.person.name} may not {what} {row['number']}: it is held by {row['holder']}",
            hint="Record the transfer to you first.",
        )


def require_unfrozen(row: dict[str, Any]) -> None:
    """Raise while a discrepancy of the sample is open.

    Raises
    ------
    CustodyError
    """
    if row["frozen"]:
        raise CustodyError(
            f"{row['number']} is frozen: a discrepancy is open",
            hint="A lead or the quality manager resolves it with a reason.",
        )


def field_tool_was_silent(draft: SampleDraft) -> bool:
    """Whether a field tool was used and gave no identification."""
    return bool(draft.field_tool or draft.field_result) and (
        draft.field_result.casefold().strip(" .") in FIELD_TOOL_SILENT | {""}
    )


def _shipment_body(draft: ShipmentDraft) -> dict[str, Any]:
    values = fields.lines(asdict(draft), required=("declared_goods",))
    for name in ("origin", "destination_country"):
        code = values[name].upper()
        if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
            raise RecordError(
                f"{name.replace('_', ' ')} {values[name][:40]!r} is not a country code",
                hint="Two letters, ISO 3166-1: CN, MX, US …",
            )
        values[name] = code
    clean = ShipmentDraft(**values)
    found = list(declared.notes(clean))
    checked = [identifiers.tracking(clean.tracking)] if clean.tracking else []
    checked += [identifiers.hs_code(clean.hs_code)] if clean.hs_code else []
    found += [check.warning for check in checked if check is not None and check.warning]
    return {"draft": asdict(clean), "notes": found}


def _sample_values(draft: SampleDraft) -> dict[str, Any]:
    texts = {
        name: getattr(draft, name)
        for name in ("description", "form", "seal", "officer", "field_tool", "field_result")
    }
    values: dict[str, Any] = dict(fields.lines(texts, required=("description",)))
    values["gross_ug"] = fields.micrograms(draft.gross_ug, "the gross mass")
    values["lane"] = Lane(draft.lane).value
    return values


def _receive_shipment(act: Act, body: dict[str, Any]) -> str:
    number = act.next_number(ids.SHIPMENT)
    act.append("shipment.received", {"number": number, **body})
    return number


def _receive_sample(act: Act, shipment: str, values: dict[str, Any]) -> str:
    parcel = records.shipment(act.db, shipment)
    if parcel.state is not ShipmentState.HELD:
        raise StateError(
            f"{parcel.number} was {parcel.state}: no sample can be taken from it",
            hint="Register the parcel again if it came back.",
        )
    number = act.next_number(ids.SAMPLE)
    submitted_by = values["officer"]
    giver = submitted_by if submitted_by not in ("", act.person.id) else f"shipment:{parcel.number}"
    act.append(
        "sample.received",
        {
            "number": number,
            "shipment": parcel.number,
            "draft": values,
            "giver": giver,
            "taker": act.person.id,
            "priority": _priority(values, parcel.notes),
        },
    )
    return number


def _priority(values: dict[str, Any], notes: Sequence[str]) -> int:
    # Nothing in the officer's library, or a parcel that makes no economic sense, goes first.
    silent = field_tool_was_silent(records.sample_draft(values))
    return 20 * silent + 10 * ("freight above goods value" in notes)


def _subject(act: Act, number: str) -> str:
    kind = ids.parse(number).kind
    if kind == ids.SHIPMENT:
        return records.shipment(act.db, number).number
    return str(records.sample_row(act.db, number)["number"])


def _portion(act: Act, sample: str, portion_id: str) -> Portion:
    return next(p for p in records.portions(act.db, sample) if p.id == portion_id)


def _is_photo(head: bytes) -> bool:
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*")):
        return True
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    heif = head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"avif")
    return webp or heif
