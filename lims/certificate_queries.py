"""Reports on samples and shipments as the record has them. Reads only."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

from lims import canonical, clock, ids, records
from lims.certificate_model import (
    OUT,
    Certificate,
    CertificateKind,
    CertificateReview,
    CertificateState,
    Copy,
    CopyForm,
    Json,
    ReviewStep,
    Stated,
)
from lims.errors import AuditBrokenError, StateError
from lims.lab import Lab

if TYPE_CHECKING:
    from sqlite_utils import Database

MOST_LISTED = 1_000


def certificate(lab: Lab, number: str) -> Certificate:
    """Return a report by number, as typed or scanned, whole or short.

    Raises
    ------
    NotFoundError
    """
    spelled = records.spelled(lab.db, number, ids.REPORT)
    found = records.rows(lab.db, "SELECT * FROM certificate WHERE number=?", spelled)
    if not found:
        raise records.missing("report", number)
    return _as_certificate(lab, found[0])


def listed(lab: Lab, *, subject: str = "", everything: bool = False) -> tuple[Certificate, ...]:
    """Return the reports, newest first.

    Without a subject those that are open or stand; of a sample or shipment, those that cover it.

    Parameters
    ----------
    subject : str
        Number of a sample or shipment.
    everything : bool
        Dropped, amended and withdrawn ones too.

    Raises
    ------
    NotFoundError
    """
    number = records.subject(lab.db, subject) if subject else ""
    found = records.rows(
        lab.db,
        "SELECT * FROM certificate c WHERE (?1='' OR subject=?1 OR shipment=?1 OR EXISTS(SELECT 1 "
        "FROM certificate_sample s WHERE s.number=c.number AND s.sample=?1)) AND "
        "(?2 OR state NOT IN ('amended', 'withdrawn', 'dropped')) ORDER BY seq DESC LIMIT ?3",
        number,
        int(everything or bool(subject)),
        MOST_LISTED,
    )
    return tuple(_as_certificate(lab, row) for row in found)


def content(lab: Lab, of: Certificate) -> Json:
    """Return what the present revision says.

    Raises
    ------
    AuditBrokenError
        Its bytes are missing or were altered.
    """
    return _document(lab, of.content_sha256, of.number)


def document(lab: Lab, of: Certificate) -> Json:
    """Return an issued report as it was signed.

    Raises
    ------
    StateError
        It has not been issued.
    AuditBrokenError
        Its bytes are missing or were altered.
    """
    if of.state not in OUT:
        raise StateError(
            f"{of.number} has not been issued: it is {of.state}",
            hint=f"See what it lacks: fol report certificate show {of.number}.",
        )
    return _document(lab, of.document_sha256, of.number)


def said(lab: Lab, of: Certificate) -> Json:
    """Return what a report says: as it was signed once it is out, else its present revision.

    Raises
    ------
    AuditBrokenError
        Its bytes are missing or were altered.
    """
    return document(lab, of) if of.state in OUT else content(lab, of)


def document_bytes(lab: Lab, sha256: str, number: str) -> bytes:
    """Return the bytes the record names by SHA-256.

    Raises
    ------
    AuditBrokenError
    """
    body = records.value(lab.db, "SELECT body FROM document WHERE sha256=?", sha256)
    if body is None or hashlib.sha256(bytes(body)).hexdigest() != sha256:
        raise AuditBrokenError(
            f"the bytes of report {number} are {'missing' if body is None else 'altered'}",
            hint="Stop work and run `fol audit verify`. The quality manager must decide.",
        )
    return bytes(body)


def _document(lab: Lab, sha256: str, number: str) -> Json:
    found: Json = canonical.loads(document_bytes(lab, sha256, number))
    return found


def typed_of(lab: Lab, number: str) -> Json:
    """Return what the author typed into the present revision."""
    found: Json = canonical.parsed(
        str(records.value(lab.db, "SELECT typed FROM certificate WHERE number=?", number))
    )
    return found


def open_of(lab: Lab, subject: str, kind: CertificateKind, amends: str) -> str:
    """Return the number of the open report of a subject and kind, or an empty text."""
    found = records.value(
        lab.db,
        "SELECT number FROM certificate WHERE subject=? AND kind=? AND amends=? AND state IN "
        "('draft', 'sent_back', 'tech_reviewed', 'admin_reviewed') ORDER BY seq DESC LIMIT 1",
        subject,
        kind.value,
        amends,
    )
    return str(found or "")


def _as_certificate(lab: Lab, row: records.Row) -> Certificate:
    number = str(row["number"])
    database = lab.db
    revisions = records.rows(
        database, "SELECT * FROM certificate_revision WHERE number=? ORDER BY revision", number
    )
    authors = _in_order([str(each["by"]) for each in revisions])
    expires = date.fromisoformat(row["expires_on"]) if row["expires_on"] else None
    today = clock.now().astimezone(lab.zone).date()
    return Certificate(
        number=number,
        kind=CertificateKind(row["kind"]),
        state=CertificateState(row["state"]),
        subject=row["subject"],
        shipment=row["shipment"],
        samples=tuple(
            str(each["sample"])
            for each in records.rows(
                database,
                "SELECT sample FROM certificate_sample WHERE number=? ORDER BY place",
                number,
            )
        ),
        revision=row["revision"],
        authors=authors,
        drafted_at=records.moment(revisions[-1]["at"]),
        content_sha256=row["content_sha256"],
        customer=str(canonical.parsed(row["typed"])["customer"]),
        amends=row["amends"],
        reason=row["reason"],
        expires_on=expires,
        expired=expires is not None and expires < today,
        reviews=_reviews(database, number),
        stated=_stated(database, number, authors),
        copies=_copies(database, number),
        issued_at=records.moment(row["issued_at"]) if row["issued_at"] else None,
        issued_by=row["issued_by"],
        document_sha256=row["document_sha256"],
        signature=bytes.fromhex(row["signature"]),
        amended_by=row["amended_by"],
        withdrawal_asked_by=row["withdrawal_asked_by"],
        withdrawal_reason=row["withdrawal_reason"],
        withdrawn_at=records.moment(row["withdrawn_at"]) if row["withdrawn_at"] else None,
        withdrawn_by=row["withdrawn_by"],
    )


def _in_order(people: list[str]) -> tuple[str, ...]:
    """Return each person once, by when they wrote last."""
    return tuple(reversed(tuple(dict.fromkeys(reversed(people)))))


def _reviews(database: Database, number: str) -> tuple[CertificateReview, ...]:
    found = records.rows(
        database, "SELECT * FROM certificate_review WHERE number=? ORDER BY seq", number
    )
    return tuple(
        CertificateReview(
            revision=row["revision"],
            step=ReviewStep(row["step"]),
            accept=bool(row["accept"]),
            by=row["by"],
            at=records.moment(row["at"]),
            remark=row["remark"],
            remote=row["remote"],
        )
        for row in found
    )


def _stated(database: Database, number: str, authors: Collection[str]) -> tuple[Stated, ...]:
    """Return what was accepted for a report, or for one it amends, by somebody who wrote none.

    Said again, the later words stand.
    """
    found = records.rows(
        database,
        "WITH RECURSIVE line(number, amends) AS (SELECT number, amends FROM certificate "
        "WHERE number=? UNION SELECT c.number, c.amends FROM certificate c "
        "JOIN line ON c.number=line.amends) "
        "SELECT s.* FROM certificate_statement s JOIN line USING(number) ORDER BY s.seq",
        number,
    )
    latest = {str(row["what"]): row for row in found if row["by"] not in authors}
    return tuple(
        Stated(what=row["what"], text=row["text"], by=row["by"], at=records.moment(row["at"]))
        for row in latest.values()
    )


def _copies(database: Database, number: str) -> tuple[Copy, ...]:
    found = records.rows(
        database, "SELECT * FROM certificate_copy WHERE number=? ORDER BY copy", number
    )
    return tuple(
        Copy(
            number=row["copy"],
            recipient=row["recipient"],
            form=CopyForm(row["form"]),
            how=row["how"],
            by=row["by"],
            at=records.moment(row["at"]),
        )
        for row in found
    )
