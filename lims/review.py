"""The second person's look at a finding, and the verdict on an analogue candidate."""

from __future__ import annotations

from lims import conclusion, fields, holds, mismatch, records, statements, unknown_naming
from lims.act import Act
from lims.errors import PermissionDenied, RecordError, StateError
from lims.lab import Lab
from lims.model import Finding, FindingState
from lims.workflow import Verb


def review(
    lab: Lab, actor: str, finding: str, *, accept: bool, remark: str = "", key: str = ""
) -> Finding:
    """Accept a finding or send it back.

    Accepting a finding with an analogue candidate confirms it as a candidate; it stays unnamed.

    Parameters
    ----------
    actor : str
        A reviewer who neither submitted this finding, nor recorded a run of the sample, nor
        weighed it.
    remark : str
        Needed to send back.

    Raises
    ------
    PermissionDenied
        Not a reviewer, or not a second person.
    StateError
        The finding was reviewed already, or the results of its instrument are held.
    NotFoundError, RecordError, BusyError, StorageFullError
    """
    said = fields.paragraph(remark, "the remark")
    if not accept and not said:
        raise RecordError(
            "a finding is sent back with a reason", hint="Say what is wrong (--remark)."
        )
    with lab.writing(actor, key) as act:
        act.allow(Verb.REVIEW_FINDING)
        first = act.repeated("finding.reviewed")
        if first is not None:
            return records.finding(act.db, str(first.body["finding"]))
        found = records.finding(act.db, finding)
        require_second_person(act, found)
        if found.state is not FindingState.SUBMITTED:
            raise StateError(
                f"{found.id} is {found.state} already"
                + (f", by {found.reviewer}" if found.reviewer else ""),
                hint="Read it again; a new finding needs a new run.",
            )
        if accept:
            holds.require_free(act.db, [found.run], f"{found.id} cannot be accepted")
        body = {
            "finding": found.id,
            "sample": found.sample,
            "accept": bool(accept),
            "remark": said,
        }
        act.append("finding.reviewed", body)
        if not accept:
            _take_back_the_note(act, found)
        # A candidate beside a substance that was named is a candidate all the same.
        if accept and statements.candidate(found.match) is not None and not found.verdict:
            act.append("candidate.confirmed", {"finding": found.id, "sample": found.sample})
        if accept:
            unknown_naming.after_review(act, found)
        return records.finding(act.db, found.id)


def judge_candidate(
    lab: Lab, actor: str, finding: str, *, confirm: bool, remark: str, key: str = ""
) -> Finding:
    """Confirm an analogue candidate as worth reporting, or dismiss it, with the reason.

    A sample that was concluded already is concluded anew where the verdict changes its answer: a
    dismissed candidate must not stand in the next report.

    Raises
    ------
    StateError
        The finding holds no candidate.
    PermissionDenied
        Dismissal by the analyst alone: it takes somebody who did not record the run.
    NotFoundError, RecordError
    """
    said = fields.paragraph(remark, "the remark", required=True)
    kind = "candidate.confirmed" if confirm else "candidate.dismissed"
    with lab.writing(actor, key) as act:
        act.allow(Verb.JUDGE_CANDIDATE)
        found = records.finding(act.db, finding)
        if act.repeated(kind) is not None:
            return found
        if statements.candidate(found.match) is None:
            raise StateError(f"{found.id} holds no analogue candidate")
        if not confirm and found.by == act.person.id:
            raise PermissionDenied(
                f"{act.person.name} recorded this candidate and may not dismiss it alone",
                hint="A second scientist dismisses it.",
            )
        act.append(kind, {"finding": found.id, "sample": found.sample, "remark": said})
        verdict = "confirmed" if confirm else "dismissed"
        conclusion.redraw(act, found.sample, f"the candidate of {found.id} was {verdict}: {said}")
        return records.finding(act.db, found.id)


def _take_back_the_note(act: Act, found: Finding) -> None:
    """Say beside a declared-against-found note that its finding no longer stands."""
    row = records.sample_row(act.db, found.sample)
    parcel = records.shipment(act.db, row["shipment"])
    if found.substances and any(mismatch.is_found(note) for note in parcel.notes):
        note = f"finding {found.id} was sent back: what it found does not stand"
        act.append("shipment.noted", {"shipment": parcel.number, "note": note, "finding": found.id})


def require_second_person(act: Act, found: Finding) -> None:
    """Raise when the acting person had a hand in what they would review.

    Raises
    ------
    PermissionDenied
    """
    person = act.person
    if found.by == person.id:
        raise PermissionDenied(
            f"{person.name} submitted {found.id} and may not review it",
            hint="A second person reviews.",
        )
    touched = act.db.execute(
        "SELECT 'recorded a run of' FROM run WHERE sample=? AND by=? UNION ALL "
        "SELECT 'prepared a portion of' FROM portion WHERE sample=? AND by=? UNION ALL "
        "SELECT 'weighed' FROM custody WHERE sample=? AND by=? AND kind='weighed'",
        [found.sample, person.id] * 3,
    ).fetchone()
    if touched is not None:
        raise PermissionDenied(
            f"{person.name} {touched[0]} {found.sample} and may not review its findings",
            hint="Somebody who did not work on this sample reviews.",
        )
