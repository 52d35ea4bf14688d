"""A signature as it stands in an event: who, what it means, how they proved it, bound to the fact.

Made here for every act of `lims.meanings`, at the one place where events are written. Knows no
secrets: what was proved was proved before (`lims.credentials`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lims import canonical, clock, meanings
from lims.errors import PermissionDenied, SignatureNeeded

if TYPE_CHECKING:
    from lims.act import Act
    from lims.model import Event, Person
    from lims.presence import Proof

FIELD = "signed"
"""The member of an event's body that holds its signatures."""


def record_digest(*, lab_id: str, actor: str, at: str, kind: str, body: Mapping[str, Any]) -> str:
    """Return what a signature is bound to: SHA-256 of the fact, the signatures left out."""
    fact = {
        "lab": lab_id,
        "actor": actor,
        "at": at,
        "kind": kind,
        "body": {name: value for name, value in body.items() if name != FIELD},
    }
    return hashlib.sha256(canonical.dumps(fact)).hexdigest()


def with_signatures(
    act: Act, kind: str, body: Mapping[str, Any], *, is_first: bool
) -> Mapping[str, Any]:
    """Return the body an event is written with: as it is, or with who signed it.

    Raises
    ------
    SignatureNeeded
        The lab asks for a signature here, and the acting person has not proved themselves.
    PermissionDenied
        A session without a person at it never signs.
    """
    if FIELD in body:
        raise PermissionDenied(f"an event of kind {kind} cannot bring its own signatures")
    meaning = _meaning(act, kind, body, is_first=is_first)
    confirmers = act.confirmers if "confirmed" in body else ()
    if not meaning and not confirmers:
        return body
    proofs = [(proof, meanings.confirming(kind)) for proof in confirmers]
    if meaning:
        proofs.insert(0, (_own_proof(act, meaning, body), meaning))
    digest = record_digest(
        lab_id=act.lab.lab_id, actor=act.person.id, at=clock.stamp(act.at), kind=kind, body=body
    )
    return {**body, FIELD: [_signature(proof, words, digest) for proof, words in proofs]}


def _meaning(act: Act, kind: str, body: Mapping[str, Any], *, is_first: bool) -> str:
    if not act.admission.is_required and not meanings.is_always_signed(kind):
        return ""
    meaning = meanings.meaning_of(kind, body, act.person.id, is_first=is_first)
    if meaning and act.admission.is_unattended:
        raise PermissionDenied(
            f"a session without a person at it may not sign: {meaning}",
            hint="Sign in at the terminal and repeat the act.",
        )
    return meaning


def _own_proof(act: Act, meaning: str, body: Mapping[str, Any]) -> Proof:
    proof = act.lab.presence.proof_of(act.person.id, act.at)
    # A PIN serves in the session it was given in; a password serves anywhere.
    if proof is None or (proof.method == "pin" and proof.session != act.admission.session):
        raise SignatureNeeded(
            person=act.person.id,
            name=act.person.name,
            meaning=meaning,
            about=meanings.shown(body),
        )
    act.use(proof)
    return proof


def confirmed_by(act: Act, person: Person) -> Proof:
    """Return the proof of somebody who confirms this act at the same screen.

    Raises
    ------
    SignatureNeeded
        They have not proved themselves here.
    """
    proof = act.lab.presence.proof_of(person.id, act.at)
    if proof is None:
        raise SignatureNeeded(person=person.id, name=person.name, meaning=meanings.CONFIRM)
    act.use(proof)
    return proof


def _signature(proof: Proof, meaning: str, digest: str) -> dict[str, str]:
    return {
        "person": proof.person,
        "meaning": meaning,
        "method": proof.method,
        "session": proof.session,
        "record": digest,
    }


def signatures_of(event: Event) -> Sequence[Mapping[str, str]]:
    """Return the signatures an event carries."""
    found = event.body.get(FIELD)
    return found if isinstance(found, list) else ()


def unbound(event: Event, lab_id: str) -> tuple[str, ...]:
    """Return whose signatures on an event are not bound to what it says; empty when all are."""
    digest = record_digest(
        lab_id=lab_id, actor=event.actor, at=event.at, kind=event.kind, body=event.body
    )
    return tuple(
        str(each.get("person")) for each in signatures_of(event) if each.get("record") != digest
    )
