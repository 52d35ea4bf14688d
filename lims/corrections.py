"""Setting the record right: a new event names the one it corrects, the first stays readable.

What custody rests on (holder, seal, mass) is not corrected here: it is read, weighed or resolved
again.
"""

from __future__ import annotations

from dataclasses import fields as names_of
from typing import Any

from lims import canonical, fields, ids, intake, mismatch, records
from lims.act import Act
from lims.custody_model import Correction
from lims.errors import NotFoundError, RecordError, StateError
from lims.lab import Lab
from lims.model import Lane, ShipmentDraft
from lims.workflow import Verb

SAMPLE_FIELDS = ("description", "form", "officer", "field_tool", "field_result", "lane")
SHIPMENT_FIELDS = tuple(each.name for each in names_of(ShipmentDraft))


def correct(
    lab: Lab, actor: str, subject: str, field: str, to: str, *, reason: str, key: str = ""
) -> Correction:
    """Set one field of a shipment's or sample's intake right.

    Parameters
    ----------
    field : str
        One of `SHIPMENT_FIELDS` or `SAMPLE_FIELDS`.

    Raises
    ------
    RecordError
        Not a field that is corrected, or a value it cannot have.
    StateError
        It says so already.
    NotFoundError, PermissionDenied
    """
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.CORRECT_RECORD)
        first = act.repeated("record.corrected")
        if first is None:
            number = records.subject(act.db, subject)
            of = "shipment" if ids.kind_of(number) == ids.SHIPMENT else "sample"
            body = _corrected(act, of, number, field, to)
            first = act.append("record.corrected", body | {"reason": why})
        return _correction(act, first.seq)


def correct_event(
    lab: Lab, actor: str, subject: str, seq: int, says: str, *, reason: str
) -> Correction:
    """Say what an event about a sample or shipment should have said; it stays as it is.

    Raises
    ------
    NotFoundError
        No such event, or it is about something else.
    RecordError, PermissionDenied
    """
    why = fields.paragraph(reason, "the reason", required=True)
    said = fields.paragraph(says, "what it should say", required=True)
    with lab.writing(actor) as act:
        act.allow(Verb.CORRECT_RECORD)
        number = records.subject(act.db, subject)
        found = records.rows(act.db, "SELECT kind, body FROM event WHERE seq=?", seq)
        body = canonical.parsed(found[0]["body"]) if found else {}
        if number not in {body.get(name) for name in ("sample", "number", "shipment", "subject")}:
            raise NotFoundError(
                f"event {seq} is not about {number}", hint="`fol audit show` lists the events."
            )
        body = {
            "of": "event",
            "subject": number,
            "corrects": seq,
            "field": found[0]["kind"],
            "was": "as in the event",
            "now": said,
            "reason": why,
        }
        return _correction(act, act.append("record.corrected", body).seq)


def corrections(lab: Lab, subject: str) -> tuple[Correction, ...]:
    """Return what was set right about a shipment or sample, in order."""
    number = records.subject(lab.db, subject)
    found = records.rows(lab.db, "SELECT * FROM correction WHERE subject=? ORDER BY seq", number)
    return tuple(_as_correction(row) for row in found)


def _corrected(act: Act, of: str, number: str, field: str, to: str) -> dict[str, Any]:
    known = SHIPMENT_FIELDS if of == "shipment" else SAMPLE_FIELDS
    if field not in known:
        raise RecordError(
            f"{field[:60]!r} of a {of} is not corrected like this",
            hint=f"One of {', '.join(known)}.",
        )
    row = records.rows(act.db, f"SELECT * FROM {of} WHERE number=?", number)[0]
    draft = canonical.parsed(row["draft"])
    was = str(draft.get(field, ""))
    body = (
        _new_shipment(row, draft, field, to) if of == "shipment" else _new_sample(draft, field, to)
    )
    if body["now"] == was:
        raise StateError(f"{field} of {number} is {was!r} already")
    last = records.value(
        act.db, "SELECT max(seq) FROM correction WHERE subject=? AND field=?", number, field
    )
    return {
        "of": of,
        "subject": number,
        "corrects": int(last or row["seq"]),
        "field": field,
        "was": was,
        **body,
    }


def _new_shipment(row: records.Row, draft: dict[str, Any], field: str, to: str) -> dict[str, Any]:
    before = mismatch.notes(ShipmentDraft(**draft))
    made = intake.shipment_body(ShipmentDraft(**{**draft, field: to}))
    earlier = intake.shipment_body(ShipmentDraft(**draft))["notes"]
    # Notes of the papers are made anew; lists grow, so those of codes are told by their ending.
    kept = [
        note
        for note in canonical.parsed(row["notes"])
        if note not in (*before, *earlier) and not note.endswith("unverified")
    ]
    return {
        "now": made["draft"][field],
        "notes": [*made["notes"], *kept],
        "unverified": made.get("unverified", []),
    }


def _new_sample(draft: dict[str, Any], field: str, to: str) -> dict[str, Any]:
    if field == "lane":
        if to not in set(Lane):
            raise RecordError(f"a lane is quick or full, found {to[:40]!r}")
        return {"now": to}
    values = {**draft, field: to}
    return {"now": intake.sample_values(records.sample_draft(values))[field]}


def _correction(act: Act, seq: int) -> Correction:
    return _as_correction(records.rows(act.db, "SELECT * FROM correction WHERE seq=?", seq)[0])


def _as_correction(row: records.Row) -> Correction:
    return Correction(
        seq=row["seq"],
        subject=row["subject"],
        corrects=row["corrects"],
        field=row["field"],
        was=row["was"],
        now=row["now"],
        reason=row["reason"],
        at=records.moment(row["at"]),
        by=row["by"],
    )
