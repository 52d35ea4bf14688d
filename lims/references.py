"""The lab's own references: a reviewed run that two people make an entry of a library.

Who may propose, approve and withdraw, and what contradicts a proposal; `lims.reference_entry`
builds the entry and `lims.reference_identity` knows names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lims import (
    clock,
    fields,
    holds,
    ids,
    kept_runs,
    records,
    reference_entry,
    reference_identity,
    unknown_naming,
    workflow,
)
from lims.act import Act
from lims.custody_rules import require_unfrozen
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from lims.lab import Lab
from lims.model import Finding, FindingState
from lims.reference_record import Reference, ReferenceState, by_id, reference, references
from lims.review import require_second_person
from lims.workflow import Verb

__all__ = [
    "Proposal",
    "Reference",
    "ReferenceState",
    "approve",
    "propose",
    "reference",
    "references",
    "withdraw",
]
_LIVE = (FindingState.SUBMITTED, FindingState.REVIEWED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a person says of a run that is to become a reference.

    Parameters
    ----------
    substance : str
        Name, synonym, CAS number or InChIKey; a name the substances table does not know stands.
    inchikey : str
        Of a substance the table does not know.
    position : int
        Which spectrum or peak of the run; 0 for the only one.
    library : str
        Of this lab; ``own-<site>`` when empty. Another one is continued with its next version.
    """

    substance: str
    source: str
    inchikey: str = ""
    salt: str = ""
    purity: str = ""
    licence: str = ""
    position: int = 0
    library: str = ""


def propose(lab: Lab, actor: str, what: str, said: Proposal, *, key: str = "") -> Reference:
    """Propose a reviewed run of a known substance as a reference.

    Parameters
    ----------
    lab : Lab
    actor : str
    what : str
        Id of a run or of a finding.
    said : Proposal
    key : str
        Idempotency key.

    Raises
    ------
    StateError
        The finding is not accepted, contradicts the substance, or is a reference already.
    RecordError
        The measurement is too poor, a mixture, or cannot be compared; or a field is missing.
    PermissionDenied, NotFoundError, CorruptFileError, BusyError, StorageFullError
    """
    from libraries import catalog
    from libraries.licences import OWN

    workflow.require(records.person(lab.db, actor), Verb.PROPOSE_REFERENCE)
    finding = _finding(lab, what)
    who = reference_identity.resolved(said.substance, said.inchikey, said.salt)
    body: dict[str, Any] = {
        "sample": finding.sample,
        "run": finding.run,
        "finding": finding.id,
        "raw_sha256": kept_runs.run(lab, finding.run).raw_sha256,
        "position": _position(finding, said.position),
        "substance": who.name,
        "inchikey": who.inchikey,
        "salt": who.salt,
        "purity": fields.line(said.purity, "the purity"),
        "source": fields.line(said.source, "the source of the identity", required=True),
        "licence": fields.line(said.licence, "the licence") or OWN,
        "library": catalog.check_name(said.library or f"own-{lab.site}"),
    }
    # Seen to be readable and comparable before anybody is asked to sign it.
    reference_entry.draft_of(lab, _unsigned(body, actor))
    reference_entry.base_of(lab, body["library"])
    with lab.writing(actor, key) as act:
        act.allow(Verb.PROPOSE_REFERENCE)
        first = act.repeated("reference.proposed")
        if first is not None:
            return by_id(act.db, str(first.body["id"]))
        _require_sound(act, body)
        body["id"] = _next_id(act, finding.sample)
        act.append("reference.proposed", body)
        return by_id(act.db, body["id"])


def approve(lab: Lab, actor: str, reference: str, *, key: str = "") -> Reference:
    """Approve a proposed reference as second person, and enter it into its library.

    Where the machine stopped between signature and library, approving again completes it.

    Raises
    ------
    PermissionDenied
        The proposer, somebody who worked on the sample, or nobody who may.
    StateError
        Withdrawn meanwhile, or the record now contradicts it.
    LibraryError, CorruptFileError, RecordError, BusyError, StorageFullError
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.APPROVE_REFERENCE)
        found = by_id(act.db, reference)
        if found.state in (ReferenceState.PROPOSED, ReferenceState.APPROVED):
            _require_sound(act, _body(found), apart_from=found.id)
        if act.repeated("reference.approved") is None and found.state is ReferenceState.PROPOSED:
            _require_another(act, found)
            holds.require_free(act.db, [found.run], f"{found.id} cannot be approved")
            act.append("reference.approved", {"id": found.id, "sample": found.sample})
            unknown_naming.after_reference(act, found)
        found = by_id(act.db, found.id)
    if found.state is ReferenceState.WITHDRAWN:
        raise StateError(f"{found.id} was withdrawn by {found.closed_by}: {found.reason}")
    if found.state is ReferenceState.APPROVED:
        reference_entry.enter(lab, actor, found)
    return by_id(lab.db, found.id)


def withdraw(lab: Lab, actor: str, reference: str, reason: str) -> Reference:
    """Take a reference back, with the reason; an entered one leaves in a new library version.

    Raises
    ------
    StateError
        Withdrawn already.
    PermissionDenied, NotFoundError, RecordError, LibraryError
    """
    why = fields.paragraph(reason, "the reason", required=True)
    person = records.person(lab.db, actor)
    found = by_id(lab.db, reference)
    if found.state is not ReferenceState.PROPOSED or found.proposed_by != person.id:
        workflow.require(person, Verb.WITHDRAW_REFERENCE)
    if found.state is ReferenceState.WITHDRAWN:
        raise StateError(f"{found.id} was withdrawn by {found.closed_by}: {found.reason}")
    if found.state is ReferenceState.ENTERED:
        reference_entry.take_out(lab, actor, found, why)
    else:
        with lab.writing(actor) as act:
            now = by_id(act.db, found.id)
            if now.state is not found.state:
                raise StateError(f"{now.id} is {now.state} meanwhile; look at it again")
            act.append("reference.withdrawn", {"id": found.id, "reason": why})
            unknown_naming.after_withdrawal(act, found)
    return by_id(lab.db, found.id)


def _finding(lab: Lab, what: str) -> Finding:
    """Return the finding named, or the newest of the run named."""
    wanted = what.strip().upper()
    found = records.rows(lab.db, "SELECT * FROM finding WHERE id=?", wanted)
    if not found:
        run = kept_runs.run(lab, wanted)
        states = [state.value for state in _LIVE]
        found = records.rows(
            lab.db,
            "SELECT * FROM finding WHERE run=? AND state IN (?,?) ORDER BY rowid DESC LIMIT 1",
            run.id,
            *states,
        )
        if not found:
            raise StateError(f"{run.id} has no finding that stands", hint="Measure it again.")
    return records.as_finding(found[0])


def _position(finding: Finding, asked: int) -> int:
    count = len(reference_identity.answers(finding))
    if not asked and count > 1:
        raise RecordError(
            f"{finding.id} is about {count} spectra or peaks; a reference is one",
            hint="Say which with --spectrum N, in the order `fol sample show` gives.",
        )
    if not 0 <= asked <= count:
        raise NotFoundError(f"{finding.id} has no spectrum or peak {asked}; there are {count}")
    return asked or 1


def _require_sound(act: Act, body: dict[str, Any], apart_from: str = "") -> None:
    """Raise where the record does not support a reference, or contradicts its identity."""
    finding = records.finding(act.db, body["finding"])
    if finding.state is not FindingState.REVIEWED:
        raise StateError(
            f"{finding.id} is {finding.state}: only an accepted finding becomes a reference",
            hint="A second person reviews it first (fol review).",
        )
    row = records.sample_row(act.db, body["sample"])
    require_unfrozen(row)
    taken = records.rows(
        act.db,
        "SELECT id FROM reference WHERE raw_sha256=? AND position=? AND state<>'withdrawn' "
        "AND id<>?",
        body["raw_sha256"],
        body["position"],
        apart_from,
    )
    if taken:
        raise StateError(f"this spectrum is the reference {taken[0]['id']} already")
    sample = records.as_sample(act.db, row)
    accepted = [
        each
        for each in records.findings(act.db, sample.number)
        if each.state is FindingState.REVIEWED
    ]
    who = reference_identity.Named(body["substance"], body["inchikey"], body["salt"])
    reference_identity.require_consistent(
        who, finding, int(body["position"]), sample.conclusion, accepted
    )


def _require_another(act: Act, found: Reference) -> None:
    if found.proposed_by == act.person.id:
        raise PermissionDenied(
            f"{act.person.name} proposed {found.id} and may not approve it",
            hint="A second person approves.",
        )
    require_second_person(act, records.finding(act.db, found.finding))


def _next_id(act: Act, sample: str) -> str:
    row = act.db.execute("SELECT count(*) FROM reference WHERE sample=?", [sample]).fetchone()
    return ids.child(sample, "L", int(row[0]) + 1)


def _unsigned(body: dict[str, Any], actor: str) -> Reference:
    """Return a reference as it would be, before it has a number."""
    return Reference(
        **body,
        id="",
        state=ReferenceState.PROPOSED,
        proposed_at=clock.now(),
        proposed_by=actor,
        proposed_event="",
        approved_at=None,
        approved_by="",
        approved_event="",
        version="",
        entry="",
        record_hash="",
        closed_at=None,
        closed_by="",
        reason="",
    )


def _body(found: Reference) -> dict[str, Any]:
    return {
        "sample": found.sample,
        "finding": found.finding,
        "raw_sha256": found.raw_sha256,
        "position": found.position,
        "substance": found.substance,
        "inchikey": found.inchikey,
        "salt": found.salt,
    }
