"""Who was given which copy of a report, and its withdrawal by two people, told to all of them."""

from __future__ import annotations

from lims import alerts, certificate_queries, certificate_release, fields, records
from lims.act import Act
from lims.certificate_model import (
    OUT,
    Certificate,
    CertificateState,
    Copy,
    CopyForm,
)
from lims.errors import PermissionDenied, RecordError, StateError
from lims.lab import Lab
from lims.model import Role
from lims.workflow import Verb

MOST_COPIES = 1_000


def give(
    lab: Lab,
    actor: str,
    number: str,
    recipient: str,
    *,
    form: CopyForm = CopyForm.PDF,
    how: str = "",
    key: str = "",
) -> Copy:
    """Record that somebody was given a copy of an issued report; copies are numbered.

    One of a report that was amended or withdrawn since may be given too: it is marked as such.

    Raises
    ------
    StateError
        It was never issued.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    whom = fields.line(recipient, "who is given the copy", required=True, limit=120)
    said = fields.line(how, "how it was given")
    with lab.writing(actor, key) as act:
        act.allow(Verb.GIVE_CERTIFICATE)
        found = certificate_queries.certificate(lab, number)
        first = act.repeated("certificate.given")
        if first is not None:
            return found.copies[int(first.body["copy"]) - 1]
        if found.state not in OUT:
            raise StateError(
                f"{found.number} was not issued: it is {found.state}",
                hint="Only what was issued leaves the laboratory.",
            )
        if len(found.copies) >= MOST_COPIES:
            raise RecordError(f"{found.number} has {len(found.copies)} copies already")
        act.append(
            "certificate.given",
            {
                "number": found.number,
                "samples": list(found.samples),
                "copy": len(found.copies) + 1,
                "recipient": whom,
                "form": CopyForm(form).value,
                "how": said,
            },
        )
        return certificate_queries.certificate(lab, found.number).copies[-1]


def withdraw(lab: Lab, actor: str, number: str, *, reason: str = "", key: str = "") -> Certificate:
    """Withdraw an issued report: one person asks for it, another one carries it out.

    One of the two is a quality manager and the other a lead, each under their own identity; the
    second one may sit elsewhere. Everybody who was given a copy is told, and a notice is raised.

    Parameters
    ----------
    reason : str
        Of the first one; the second one's is added to it.

    Raises
    ------
    StateError
        It does not stand.
    PermissionDenied
        The same person again, or two of the same role.
    NotFoundError, RecordError, BusyError, StorageFullError
    """
    why = fields.paragraph(reason, "the reason")
    with lab.writing(actor, key) as act:
        act.allow(Verb.WITHDRAW_CERTIFICATE)
        found = certificate_queries.certificate(lab, number)
        if act.first is not None and act.first.kind == "certificate.withdrawal_asked":
            act.repeated("certificate.withdrawal_asked")
            return found
        if act.repeated("certificate.withdrawn") is not None:
            return found
        if found.state is not CertificateState.ISSUED:
            raise StateError(
                f"{found.number} is {found.state}; only a report that stands is withdrawn",
                hint=f"Withdraw {found.amended_by} instead." if found.amended_by else "",
            )
        body = {"number": found.number, "samples": list(found.samples)}
        if not _is_asked(act, found):
            if not why:
                raise RecordError("a report is withdrawn with a reason", hint="Give --reason.")
            act.append("certificate.withdrawal_asked", body | {"reason": why})
        else:
            _require_both_roles(act, found)
            act.append(
                "certificate.withdrawn",
                body | {"asked_by": found.withdrawal_asked_by, "remark": why},
            )
            _tell(act, found)
        return certificate_queries.certificate(lab, found.number)


def _is_asked(act: Act, of: Certificate) -> bool:
    """Whether somebody asked who is still here; else it is asked anew."""
    asked = of.withdrawal_asked_by
    return bool(asked) and records.person(act.db, asked).active


def _require_both_roles(act: Act, of: Certificate) -> None:
    first = records.person(act.db, of.withdrawal_asked_by)
    if first.id == act.person.id:
        raise PermissionDenied(
            f"{act.person.name} asked for the withdrawal of {of.number}",
            hint="A second person carries it out: quality manager and lead together.",
        )
    one, other = first.roles, act.person.roles
    if not any(
        role in one and rest in other
        for role, rest in ((Role.QUALITY, Role.LEAD), (Role.LEAD, Role.QUALITY))
    ):
        raise PermissionDenied(
            f"{first.name} and {act.person.name} are not quality manager and lead",
            hint="One of the two is the quality manager, the other a lead.",
        )


def _tell(act: Act, of: Certificate) -> None:
    text = f"report {of.number} was withdrawn: {of.withdrawal_reason}"
    certificate_release.tell_holders(act, of, f"{text}. Do not use it; send it back.")
    for number in of.samples:
        alerts.raise_alert(
            act,
            records.sample_row(act.db, number),
            kind="withdrawn_report",
            headline=f"the report {of.number} on sample {number} was withdrawn",
            detail=of.withdrawal_reason,
        )
