"""The verbs of a case: open it, link to it, write an outcome back, refuse a likeness, close it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from lims import case_queries, fields, ids, parties, records
from lims.act import Act
from lims.case_model import CaseFile, LinkRole, Outcome
from lims.errors import RecordError, StateError
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence


def open_case(
    lab: Lab, actor: str, title: str, subjects: Sequence[str] = (), *, key: str = ""
) -> CaseFile:
    """Open a case, with the shipments and samples it starts from.

    Raises
    ------
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    named = fields.line(title, "the title", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.MANAGE_CASE)
        first = act.repeated("case.opened")
        if first is not None:
            return case_queries.case_file(act.db, str(first.body["number"]))
        number = act.next_number(ids.CASE)
        act.append("case.opened", {"number": number, "title": named})
        for subject in dict.fromkeys(records.subject(act.db, each) for each in subjects):
            _link(act, number, subject, LinkRole.PORT, "the case was opened with it")
        return case_queries.case_file(act.db, number)


def link(
    lab: Lab,
    actor: str,
    case: str,
    subject: str,
    *,
    role: LinkRole = LinkRole.PORT,
    reason: str,
    key: str = "",
) -> CaseFile:
    """Link a shipment or sample to a case.

    Parameters
    ----------
    role : LinkRole
        ``linked_seizure`` for what was seized elsewhere because of the case: it is not counted as
        a sample of the port.

    Raises
    ------
    StateError
        The case is closed, or it is linked already.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.line(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.MANAGE_CASE)
        if act.repeated("case.linked") is None:
            found = _open(act, case)
            _link(act, found.number, records.subject(act.db, subject), LinkRole(role), why)
        return case_queries.case_file(act.db, case)


def write_outcome(
    lab: Lab,
    actor: str,
    case: str,
    kind: Outcome,
    text: str,
    *,
    subject: str = "",
    substance: str = "",
    mass_ug: int | None = None,
    occurred_on: date | None = None,
    source: str = "",
    key: str = "",
) -> CaseFile:
    """Write back what became of a case: an arrest, a seizure elsewhere, other items, or nothing.

    Parameters
    ----------
    subject : str
        A shipment or sample of the case, or empty for all of it.
    substance, mass_ug
        Of what was seized elsewhere, as told; it is no sample and is counted as none.
    source : str
        Who told it.

    Raises
    ------
    StateError
        The case is closed.
    RecordError
        The subject is not of this case, or the day is not over yet.
    NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    body: dict[str, Any] = {
        "kind": Outcome(kind).value,
        "text": fields.paragraph(text, "the outcome", required=True),
        "substance": fields.line(substance, "the substance"),
        "mass_ug": fields.micrograms(mass_ug, "the mass"),
        "occurred_on": occurred_on.isoformat() if occurred_on else "",
        "source": fields.line(source, "the source"),
    }
    with lab.writing(actor, key) as act:
        act.allow(Verb.WRITE_OUTCOME)
        if act.repeated("case.outcome") is None:
            if occurred_on and occurred_on > act.at.astimezone(lab.zone).date():
                raise RecordError(f"{occurred_on} has not come yet")
            found = _open(act, case)
            about = records.subject(act.db, subject) if subject else ""
            if about and about not in {each.subject for each in found.links}:
                raise RecordError(
                    f"{about} is not of case {found.number}", hint="Link it first (fol case link)."
                )
            act.append("case.outcome", {"case": found.number, "subject": about, **body})
        return case_queries.case_file(act.db, case)


def dismiss(
    lab: Lab, actor: str, case: str, shipment: str, *, reason: str, key: str = ""
) -> CaseFile:
    """Say, after looking, that a shipment sharing a party with a case has nothing to do with it.

    Raises
    ------
    StateError
        It is of the case, was dismissed, or shares no party with it.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.line(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.MANAGE_CASE)
        found = case_queries.case_file(act.db, case)
        if act.repeated("case.dismissed") is None:
            parcel = records.shipment(act.db, shipment).number
            met = case_queries.resemblances_of(act.db, parcel)
            if found.number not in {each.case for each in met}:
                raise StateError(
                    f"{parcel} does not wait to be compared with {found.number}",
                    hint="See fol case matches.",
                )
            act.append("case.dismissed", {"case": found.number, "shipment": parcel, "reason": why})
        return found


def close_case(lab: Lab, actor: str, case: str, *, reason: str, key: str = "") -> CaseFile:
    """Close a case; it is still shown to later parcels with the same parties.

    Raises
    ------
    StateError
        It is closed, or nothing was written back: ``none`` is an outcome too.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.line(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.MANAGE_CASE)
        if act.repeated("case.closed") is None:
            found = _open(act, case)
            if not found.outcomes:
                raise StateError(
                    f"{found.number} has no outcome yet",
                    hint="Write back what became of it first: fol case outcome … --kind none.",
                )
            act.append("case.closed", {"case": found.number, "reason": why})
        return case_queries.case_file(act.db, case)


def _open(act: Act, case: str) -> CaseFile:
    found = case_queries.case_file(act.db, case)
    if found.state != "open":
        raise StateError(
            f"{found.number} was closed: {found.closed_reason}", hint="Open another case."
        )
    return found


def _link(act: Act, case: str, subject: str, role: LinkRole, reason: str) -> None:
    if records.value(
        act.db, "SELECT 1 FROM case_link WHERE case_number=? AND subject=?", case, subject
    ):
        raise StateError(f"{subject} is linked to {case} already")
    shipment = subject
    if ids.kind_of(subject) == ids.SAMPLE:
        shipment = str(records.sample_row(act.db, subject)["shipment"])
    draft = records.shipment(act.db, shipment).draft
    typed = {name: getattr(draft, name) for name in parties.ROLES}
    act.append(
        "case.linked",
        {
            "case": case,
            "subject": subject,
            "shipment": shipment,
            "role": role.value,
            "reason": reason,
            "parties": {name: [key, typed[name]] for name, key in parties.keys(typed).items()},
        },
    )
