"""The two reviews of a report, and its issue: signed bytes that say who did what, and why.

Author, technical and administrative reviewer act each under their own identity, wherever they sit;
a remote one says from where, and the report says it too.
"""

from __future__ import annotations

from typing import Any

from lims import (
    canonical,
    certificate_checks,
    certificate_content,
    certificate_freshness,
    certificate_queries,
    certificate_results,
    certificate_wording,
    certificates,
    clock,
    fields,
    keys,
    office_notices,
    records,
)
from lims.act import Act
from lims.certificate_model import (
    Certificate,
    CertificateKind,
    CertificateReview,
    CertificateState,
    Json,
    ReviewStep,
)
from lims.errors import PermissionDenied, RecordError, StateError
from lims.lab import Lab
from lims.workflow import Verb

_WAITS_FOR = {
    CertificateState.DRAFT: ReviewStep.TECHNICAL,
    CertificateState.TECH_REVIEWED: ReviewStep.ADMINISTRATIVE,
}
_VERBS = {
    ReviewStep.TECHNICAL: Verb.REVIEW_CERTIFICATE,
    ReviewStep.ADMINISTRATIVE: Verb.CHECK_CERTIFICATE,
}


def review(
    lab: Lab,
    actor: str,
    number: str,
    *,
    accept: bool,
    step: ReviewStep | None = None,
    remark: str = "",
    remote: str = "",
    key: str = "",
) -> Certificate:
    """Accept a report's present revision, or send it back with a reason.

    Parameters
    ----------
    actor : str
        Never an author; for the technical review nobody who worked on the samples either.
    step : ReviewStep, optional
        The one it waits for when None.
    remark : str
        Needed to send back.
    remote : str
        Where the reviewer sits, if not in this laboratory.

    Raises
    ------
    PermissionDenied
        Not a second person.
    StateError
        It waits for another step, or the record has changed since it was written.
    NotFoundError, RecordError, BusyError, StorageFullError
    """
    said = fields.paragraph(remark, "the remark")
    place = fields.line(remote, "where the reviewer is", limit=120)
    if not accept and not said:
        raise RecordError(
            "a report is sent back with a reason", hint="Say what is wrong (--remark)."
        )
    with lab.writing(actor, key) as act:
        found = certificate_queries.certificate(lab, number)
        if act.repeated("certificate.reviewed") is not None:
            return found
        now = _step(found, step)
        act.allow(_VERBS[now])
        certificates.require_not_author(act, found, f"review it ({now})")
        if now is ReviewStep.TECHNICAL:
            _require_apart(act, found)
        if accept:
            _require_fresh(lab, found)
        act.append(
            "certificate.reviewed",
            {
                "number": found.number,
                "samples": list(found.samples),
                "revision": found.revision,
                "content_sha256": found.content_sha256,
                "step": now.value,
                "accept": bool(accept),
                "remark": said,
                "remote": place,
            },
        )
        return certificate_queries.certificate(lab, found.number)


def issue(lab: Lab, actor: str, number: str, *, remote: str = "", key: str = "") -> Certificate:
    """Issue a reviewed report: its document is made, signed with the lab's key and kept.

    Whoever has a copy of the report it amends is told.

    Raises
    ------
    PermissionDenied
        An author does not authorise the release of their own report.
    StateError
        A review is missing, the record has changed since, something is open (each is named), or
        the report it amends no longer stands.
    ConfigError
        The lab's key is missing.
    NotFoundError, RecordError, BusyError, StorageFullError
    """
    place = fields.line(remote, "where the authoriser is", limit=120)
    with lab.writing(actor, key) as act:
        act.allow(Verb.ISSUE_CERTIFICATE)
        found = certificate_queries.certificate(lab, number)
        if act.repeated("certificate.issued") is not None:
            return found
        certificates.require_not_author(act, found, "authorise its release")
        if found.state is not CertificateState.ADMIN_REVIEWED:
            raise StateError(
                f"{found.number} cannot be issued: it is {found.state}", hint=_next_step(found)
            )
        certificate_checks.require_none(lab, found)
        _require_fresh(lab, found)
        if found.expired:
            raise StateError(
                f"{found.number} was good until {found.expires_on}", hint="Draft it again."
            )
        base = certificate_queries.certificate(lab, found.amends) if found.amends else None
        if base is not None:
            certificates.require_amendable(base)
        elif found.kind is CertificateKind.FINAL:
            certificate_checks.require_none_standing(lab, found.subject)
        data = canonical.dumps(_document(act, found, place))
        body = {
            "number": found.number,
            "samples": list(found.samples),
            "revision": found.revision,
            "content_sha256": found.content_sha256,
            "sha256": certificates.keep(act, data),
            "size": len(data),
            "signature": keys.sign(lab, data).hex(),
            "amends": found.amends,
        }
        act.append("certificate.issued", body)
        if base is not None:
            tell_holders(act, base, f"report {base.number} was amended by {found.number}")
        return certificate_queries.certificate(lab, found.number)


def tell_holders(act: Act, of: Certificate, text: str) -> None:
    """Write a notice to everybody who was given a copy of a report, or of one it amended."""
    holders: dict[str, str] = {}
    each: Certificate | None = of
    while each is not None:
        for copy in each.copies:
            named = f"copy {copy.number} of {each.number}"
            before = holders.get(copy.recipient)
            holders[copy.recipient] = f"{before}, {named}" if before else f"was given {named}"
        each = certificate_queries.certificate(act.lab, each.amends) if each.amends else None
    office_notices.tell_changed(act, of.samples[0], holders, text, leaving_out="")


def _document(act: Act, of: Certificate, remote: str) -> Json:
    lab = act.lab
    size, head = certificate_content.log_head(lab)
    made = {
        step: next(
            each
            for each in reversed(of.reviews)
            if each.step is step and each.revision == of.revision and each.accept
        )
        for step in ReviewStep
    }
    author = _signature(act, "author", of.author, clock.stamp(of.drafted_at), "")
    return {
        **certificate_queries.content(lab, of),
        "signatures": [
            author,
            *(_reviewer(act, step.value, made[step]) for step in ReviewStep),
            _signature(act, "authoriser", act.person.id, clock.stamp(act.at), remote),
        ],
        "issued": {"at": clock.stamp(act.at), "log": {"size": size, "head": head}},
        "end": f"End of report {of.number}",
    }


def _reviewer(act: Act, what: str, made: CertificateReview) -> Json:
    return _signature(act, what, made.by, clock.stamp(made.at), made.remote)


def _signature(act: Act, what: str, person: str, at: str, remote: str) -> dict[str, Any]:
    return {
        "as": what,
        "person": certificate_results.who(act.lab, person),
        "roles": sorted(role.value for role in records.person(act.db, person).roles),
        "meaning": certificate_wording.SIGNATURES[what],
        "at": at,
        "from": remote,
    }


def _step(of: Certificate, wanted: ReviewStep | None) -> ReviewStep:
    waits = _WAITS_FOR.get(of.state)
    if waits is None or wanted not in (None, waits):
        step = f" ({wanted})" if wanted else ""
        raise StateError(f"{of.number} waits for no such review{step}", hint=_next_step(of))
    return waits


def _next_step(of: Certificate) -> str:
    """Return what comes next for a report, as a hint."""
    command = "fol report certificate"
    return {
        CertificateState.DRAFT: f"Next: the technical review ({command} review {of.number}).",
        CertificateState.SENT_BACK: f"It was sent back: {command} draft {of.subject}.",
        CertificateState.TECH_REVIEWED: "Next: the administrative review "
        f"({command} review {of.number}).",
        CertificateState.ADMIN_REVIEWED: f"Next: its issue ({command} issue {of.number}).",
    }.get(of.state, "It is not changed any more; an issued report is amended or withdrawn.")


def _require_apart(act: Act, of: Certificate) -> None:
    """Raise when the technical reviewer had a hand in the results under review."""
    for number in of.samples:
        touched = act.db.execute(
            "SELECT 'recorded a run of' FROM run WHERE sample=?1 AND by=?2 UNION ALL "
            "SELECT 'prepared a portion of' FROM portion WHERE sample=?1 AND by=?2 UNION ALL "
            "SELECT 'made a test of' FROM bench_test WHERE sample=?1 AND by=?2 UNION ALL "
            "SELECT 'weighed' FROM custody WHERE sample=?1 AND by=?2 AND kind='weighed'",
            [number, act.person.id],
        ).fetchone()
        if touched is not None:
            raise PermissionDenied(
                f"{act.person.name} {touched[0]} {number} and may not review the report on it",
                hint="Somebody who did not work on these samples reviews the results.",
            )


def _require_fresh(lab: Lab, of: Certificate) -> None:
    changed = certificate_freshness.stale(lab, of)
    if changed:
        more = f"; and {len(changed) - 3} more" if len(changed) > 3 else ""
        raise StateError(
            f"the record has changed since {of.number} was written: {'; '.join(changed[:3])}{more}",
            hint=f"Draft it again (fol report certificate draft {of.subject}); reviews begin anew.",
        )
