"""Whether what a report says is still what the record says. Reads only."""

from __future__ import annotations

from lims import certificate_changes, certificate_content, certificate_queries
from lims.certificate_content import Facts
from lims.certificate_model import Certificate, Json
from lims.lab import Lab


def recollected(lab: Lab, of: Certificate) -> Json:
    """Return what the present revision would say if it were written now.

    Raises
    ------
    NotFoundError, RecordError, AuditBrokenError
    """
    was = certificate_queries.content(lab, of)
    facts = Facts(
        number=of.number,
        revision=of.revision,
        kind=of.kind,
        subject=of.subject,
        shipment=of.shipment,
        samples=of.samples,
        author=of.author,
        typed=certificate_queries.typed_of(lab, of.number),
        expires_on=of.expires_on.isoformat() if of.expires_on else "",
        amends=of.amends,
        reason=of.reason,
        changes=tuple(was["amends"]["changes"]) if was["amends"] else (),
        stated=certificate_content.told(lab, of.stated),
    )
    return certificate_content.collect(lab, facts, of.drafted_at)


def stale(lab: Lab, of: Certificate) -> tuple[str, ...]:
    """Return what the record says otherwise since the present revision was written."""
    was, now = certificate_queries.content(lab, of), recollected(lab, of)
    same = certificate_content.evidence_digest(was) == certificate_content.evidence_digest(now)
    return () if same else certificate_changes.changes(was, now) or ("the record has changed",)
