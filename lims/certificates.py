"""Reports on one sample or shipment: written, written anew, amended, dropped.

What a revision says is kept by its SHA-256; reviewers review those bytes, and nothing else is
issued. Review and issue are in `lims.certificate_release`, copies in `lims.certificate_copies`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from lims import (
    canonical,
    certificate_changes,
    certificate_checks,
    certificate_content,
    certificate_queries,
    certificate_results,
    fields,
    ids,
    records,
)
from lims.act import Act
from lims.certificate_content import Facts
from lims.certificate_model import (
    Certificate,
    CertificateKind,
    CertificateState,
    Wanted,
)
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from lims.lab import Lab
from lims.workflow import Verb

VALID_DAYS, MOST_VALID_DAYS = 30, 365
MOST_TEXTS = 20
MOST_BYTES = 8 * 1024 * 1024
NOTHING = Wanted()


def draft(
    lab: Lab,
    actor: str,
    subject: str,
    wanted: Wanted = NOTHING,
    *,
    preliminary: bool = False,
    key: str = "",
) -> Certificate:
    """Write a report on a sample or on all samples of a shipment, or write its draft anew.

    One that is not issued yet is written anew under its number, as the next revision; its reviews
    are then void.

    Parameters
    ----------
    actor : str
        The author.
    subject : str
        Number of a sample or shipment.
    wanted : Wanted
    preliminary : bool
        Its own kind: marked on every page, with a day on which it ends, never amended.

    Raises
    ------
    StateError
        A hazard notice was not acknowledged, a final report stands already, or there is no sample
        to report on.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    kind = CertificateKind.PRELIMINARY if preliminary else CertificateKind.FINAL
    with lab.writing(actor, key) as act:
        act.allow(Verb.DRAFT_CERTIFICATE)
        first = act.repeated("certificate.drafted")
        if first is not None:
            return certificate_queries.certificate(lab, str(first.body["number"]))
        number = records.subject(act.db, subject)
        if kind is CertificateKind.FINAL:
            certificate_checks.require_none_standing(lab, number)
        known = certificate_queries.open_of(lab, number, kind, "")
        return _written(act, number, kind, wanted, known)


def amend(
    lab: Lab, actor: str, number: str, wanted: Wanted = NOTHING, *, reason: str, key: str = ""
) -> Certificate:
    """Write the report that amends an issued one, under a number of its own.

    The earlier one stands until this is issued. What is different is worked out from the two
    documents.

    Raises
    ------
    StateError
        It was not issued, was amended or withdrawn already, is preliminary, or nothing differs.
    NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.DRAFT_CERTIFICATE)
        first = act.repeated("certificate.drafted")
        if first is not None:
            return certificate_queries.certificate(lab, str(first.body["number"]))
        base = certificate_queries.certificate(lab, number)
        require_amendable(base)
        known = certificate_queries.open_of(lab, base.subject, base.kind, base.number)
        return _written(act, base.subject, base.kind, wanted, known, base=base, reason=why)


def state_open(
    lab: Lab, actor: str, number: str, what: str, text: str, *, key: str = ""
) -> Certificate:
    """Accept that a report goes out although something is open, in the words it will carry.

    The author then drafts it anew, so that reviewers see the words.

    Parameters
    ----------
    what : str
        ``discrepancy:12`` or ``hold:7``, as `certificate_checks.obstacles` names it.

    Raises
    ------
    PermissionDenied
        The author does not accept their own report's gaps.
    StateError
        The report was issued, or no such thing is open on its samples.
    NotFoundError, RecordError, BusyError, StorageFullError
    """
    said = fields.paragraph(text, "the text", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.ACCEPT_OPEN_MATTER)
        first = act.repeated("certificate.stated")
        found = certificate_queries.certificate(lab, number)
        if first is not None:
            return found
        require_open(found)
        require_not_author(act, found, "accept what is open in it")
        named = _open_matter(act, found, what.strip().lower())
        body = {"number": found.number, "samples": list(found.samples), "what": named, "text": said}
        act.append("certificate.stated", body)
        return certificate_queries.certificate(lab, found.number)


def drop(lab: Lab, actor: str, number: str, *, reason: str, key: str = "") -> Certificate:
    """Give up a report that was not issued; its number is not used again.

    Raises
    ------
    StateError, NotFoundError, RecordError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.DRAFT_CERTIFICATE)
        found = certificate_queries.certificate(lab, number)
        if act.repeated("certificate.dropped") is None:
            require_open(found)
            body = {"number": found.number, "samples": list(found.samples), "reason": why}
            act.append("certificate.dropped", body)
        return certificate_queries.certificate(lab, found.number)


def require_open(of: Certificate) -> None:
    """Raise unless a report may still be changed.

    Raises
    ------
    StateError
    """
    if not of.is_open:
        raise StateError(
            f"{of.number} is {of.state}: it is not changed any more",
            hint="An issued report is amended or withdrawn.",
        )


def require_amendable(of: Certificate) -> None:
    """Raise unless an issued report may be amended.

    Raises
    ------
    StateError
    """
    if of.kind is CertificateKind.PRELIMINARY:
        raise StateError(
            f"{of.number} is preliminary and is not amended into another report",
            hint=f"Write the final one: fol report certificate draft {of.subject}.",
        )
    if of.state is not CertificateState.ISSUED:
        by = f" by {of.amended_by}" if of.amended_by else ""
        raise StateError(
            f"{of.number} is {of.state}{by}; only a report that stands is amended",
            hint=f"Amend {of.amended_by} instead." if of.amended_by else "",
        )


def require_not_author(act: Act, of: Certificate, what: str) -> None:
    """Raise when the acting person wrote any revision of a report.

    Raises
    ------
    PermissionDenied
    """
    if act.person.id in of.authors:
        raise PermissionDenied(
            f"{act.person.name} wrote {of.number} and may not {what}",
            hint="Another person does, here or elsewhere, under their own identity.",
        )


def _written(
    act: Act,
    subject: str,
    kind: CertificateKind,
    wanted: Wanted,
    known: str,
    *,
    base: Certificate | None = None,
    reason: str = "",
) -> Certificate:
    lab = act.lab
    before = certificate_queries.certificate(lab, known) if known else None
    shipment, samples = _covered(act, subject)
    earlier = before or base
    accepted = earlier.stated if earlier is not None else ()
    said = certificate_queries.typed_of(lab, earlier.number) if earlier is not None else {}
    typed = _typed(act, wanted, samples, said)
    number = known or act.next_number(ids.REPORT)
    facts = Facts(
        number=number,
        revision=1 if before is None else before.revision + 1,
        kind=kind,
        subject=subject,
        shipment=shipment,
        samples=samples,
        author=act.person.id,
        typed=typed,
        expires_on=_expiry(act, kind, wanted.valid_days),
        amends="" if base is None else base.number,
        reason=reason,
        stated=certificate_content.told(
            lab, [each for each in accepted if each.by != act.person.id]
        ),
    )
    content = certificate_content.collect(lab, facts, act.at)
    if base is not None:
        differs = certificate_changes.changes(certificate_queries.document(lab, base), content)
        if not differs:
            raise StateError(
                f"nothing differs from {base.number}",
                hint="An amended report says something else than the one before.",
            )
        content["amends"]["changes"] = list(differs)
    body = {
        "number": number,
        "revision": facts.revision,
        "kind": kind.value,
        "subject": subject,
        "shipment": shipment,
        "samples": list(samples),
        "typed": typed,
        "expires_on": facts.expires_on,
        "amends": facts.amends,
        "reason": reason,
        "content_sha256": keep(act, canonical.dumps(content)),
    }
    act.append("certificate.drafted", body)
    return certificate_queries.certificate(lab, number)


def keep(act: Act, data: bytes) -> str:
    """Keep bytes by their SHA-256 inside the act that names them, and return it.

    Raises
    ------
    RecordError
        More than a report may have.
    """
    if len(data) > MOST_BYTES:
        raise RecordError(
            f"the report has {len(data)} bytes, at most {MOST_BYTES} are kept",
            hint="Report the samples of the shipment one by one.",
        )
    sha256 = hashlib.sha256(data).hexdigest()
    act.db.conn.execute(
        "INSERT INTO document(sha256, body) VALUES(?,?) ON CONFLICT(sha256) DO NOTHING",
        (sha256, data),
    )
    return sha256


def _covered(act: Act, subject: str) -> tuple[str, tuple[str, ...]]:
    """Return the shipment and the samples a report on a subject covers."""
    if ids.kind_of(subject) == ids.SAMPLE:
        row = records.sample_row(act.db, subject)
        shipment, rows = str(row["shipment"]), [row]
    else:
        shipment = subject
        # A sample that was taken apart whole is reported by its parts.
        rows = records.rows(
            act.db,
            "SELECT * FROM sample s WHERE shipment=? AND NOT (EXISTS(SELECT 1 FROM sample c "
            "WHERE c.parent=s.number) AND NOT EXISTS(SELECT 1 FROM finding f "
            "WHERE f.sample=s.number)) ORDER BY seq",
            shipment,
        )
    if not rows:
        raise StateError(f"{subject} has no sample to report on", hint="fol sample add")
    if len(rows) > certificate_content.MOST_SAMPLES:
        raise RecordError(
            f"{subject} has {len(rows)} samples, one report covers at most "
            f"{certificate_content.MOST_SAMPLES}",
            hint="Report its samples one by one.",
        )
    unseen = [str(row["number"]) for row in rows if row["unacknowledged"]]
    if unseen:
        raise StateError(
            f"a hazard notice of {', '.join(unseen[:5])} has not been acknowledged",
            hint="See `fol alerts`: the notice comes before the identity.",
        )
    return shipment, tuple(str(row["number"]) for row in rows)


def _typed(
    act: Act, wanted: Wanted, samples: Sequence[str], earlier: dict[str, Any]
) -> dict[str, Any]:
    """Return the typed fields: those given now, else those of before, else the usual ones."""
    typed: dict[str, Any] = {
        "customer": "",
        "reference": "",
        "place": "",
        "condition": "",
        "opinions": [],
        "departures": [],
        **earlier,
    }
    if not earlier:
        typed["customer"] = certificate_results.who(
            act.lab, records.sample(act.db, samples[0]).draft.officer
        )
    for name in ("customer", "reference", "place"):
        given = getattr(wanted, name)
        if given is not None:
            typed[name] = fields.line(given, f"the {name}")
    if wanted.condition is not None:
        typed["condition"] = fields.paragraph(wanted.condition, "the condition of the items")
    for name in ("opinions", "departures"):
        given = getattr(wanted, name)
        if given is None:
            continue
        if len(given) > MOST_TEXTS:
            raise RecordError(f"{len(given)} {name}, at most {MOST_TEXTS} are kept")
        typed[name] = [
            fields.paragraph(each, f"one of the {name}", required=True) for each in given
        ]
    return typed


def _expiry(act: Act, kind: CertificateKind, days: int | None) -> str:
    if kind is CertificateKind.FINAL:
        if days is not None:
            raise RecordError("a final report does not end", hint="Leave the number of days out.")
        return ""
    days = VALID_DAYS if days is None else days
    if not 1 <= days <= MOST_VALID_DAYS:
        raise RecordError(f"a preliminary report is good for 1 to {MOST_VALID_DAYS} days")
    today: date = act.at.astimezone(act.lab.zone).date()
    return (today + timedelta(days=days)).isoformat()


def _open_matter(act: Act, of: Certificate, what: str) -> str:
    """Return the name of an open matter of the report's samples."""
    open_now = {
        each.what for each in certificate_checks.obstacles(act.lab, of) if each.can_be_stated
    } | {each.what for each in of.stated}
    if what not in open_now:
        raise NotFoundError(
            f"{fields.visible(what, 60)!r} is nothing open on the samples of {of.number}",
            hint=f"Open now: {', '.join(sorted(open_now)) or 'nothing that can be stated'}.",
        )
    return what
