"""What nobody does alone: give a role, start secrets anew, switch the duty to sign in.

One person proposes, another approves who is neither the proposer nor the one it is about.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lims import (
    canonical,
    clock,
    credentials,
    fields,
    presence,
    records,
    sign_in_settings,
    workflow,
)
from lims.errors import NotFoundError, PermissionDenied, StateError
from lims.lab import check_roles, person_body
from lims.model import Person, Role
from lims.workflow import Verb

if TYPE_CHECKING:
    from lims.act import Act
    from lims.lab import Lab

CODE_LASTS = timedelta(hours=24)
LEAST_PEOPLE = 2
"""Below this a lab is being set up: roles are given by one person, and the event says so."""

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that is read as something else


class Matter(StrEnum):
    """What an act of two people is about."""

    NEW_PERSON = "new_person"
    ROLES = "roles"
    SECRETS = "secrets"
    SIGN_IN = "sign_in"


_PREFIX = {
    Matter.NEW_PERSON: "role",
    Matter.ROLES: "role",
    Matter.SECRETS: "signin",
    Matter.SIGN_IN: "signin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An act of two people: what, about whom, and how far it is."""

    seq: int
    matter: Matter
    person: str
    """Whom it is about; empty for the lab as a whole."""
    terms: Mapping[str, Any]
    reason: str
    at: datetime
    by: str
    state: str
    closed_at: datetime | None = None
    closed_by: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A proposal that took effect; ``code`` is shown once, to be given to the person it is for."""

    proposal: Proposal
    code: str = ""


def propose_person(
    lab: Lab, actor: str, person_id: str, name: str, roles: Iterable[Role], *, reason: str
) -> Proposal:
    """Propose somebody new with their roles.

    Raises
    ------
    StateError, PermissionDenied, ConfigError, RecordError
    """
    person = Person(id=person_id, name=name, roles=frozenset(Role(role) for role in roles))
    check_roles(person.roles)
    body = person_body(person)
    terms = {"name": body["name"], "roles": body["roles"]}
    return _propose(lab, actor, Matter.NEW_PERSON, body["id"], terms, reason, Verb.MANAGE_PEOPLE)


def propose_roles(
    lab: Lab, actor: str, person_id: str, roles: Iterable[Role], *, reason: str
) -> Proposal:
    """Propose other roles for somebody, or that somebody retired is active again.

    Raises
    ------
    StateError, PermissionDenied, NotFoundError, ConfigError, RecordError
    """
    wanted = frozenset(Role(role) for role in roles)
    check_roles(wanted)
    before = records.person(lab.db, person_id)
    if before.id == actor:
        raise PermissionDenied("nobody may change their own roles", hint="Ask a colleague.")
    terms = {"roles": _spelled(wanted), "before": _spelled(before.roles)}
    return _propose(lab, actor, Matter.ROLES, before.id, terms, reason, Verb.MANAGE_PEOPLE)


def propose_reset(lab: Lab, actor: str, person_id: str, *, reason: str) -> Proposal:
    """Propose that somebody's password and PIN are void and they start anew with a code.

    Raises
    ------
    StateError, PermissionDenied, NotFoundError, RecordError
    """
    who = records.person(lab.db, person_id)
    if who.id == actor:
        raise PermissionDenied(
            "nobody proposes to reset their own secrets", hint="Two colleagues do it for you."
        )
    return _propose(lab, actor, Matter.SECRETS, who.id, {}, reason, Verb.MANAGE_PEOPLE)


def propose_sign_in(lab: Lab, actor: str, *, required: bool, reason: str) -> Proposal:
    """Propose that everybody must sign in from now on, or that nobody must any more.

    Raises
    ------
    StateError
        It stands so already.
    SignatureNeeded
        Signed with the password even where nobody has to sign in yet.
    PermissionDenied, RecordError
    """
    terms = {"required": int(required)}
    return _propose(lab, actor, Matter.SIGN_IN, "", terms, reason, Verb.SET_SIGN_IN)


def approve(lab: Lab, actor: str, seq: int) -> Approved:
    """Approve what somebody else proposed; it takes effect in the same act.

    Raises
    ------
    PermissionDenied
        The acting person proposed it, is the one it is about, or may not approve.
    StateError
        It is decided, or things are no longer as they were when it was proposed.
    NotFoundError, ConfigError, RecordError, SignatureNeeded
    """
    code = _new_code()
    with lab.writing(actor) as act:
        act.allow(Verb.APPROVE_PEOPLE)
        found = _waiting(act, seq)
        if act.person.id in (found.by, found.person):
            raise PermissionDenied(
                f"{act.person.name} {'proposed' if act.person.id == found.by else 'receives'} this "
                "and may not approve it",
                hint="Somebody else approves: neither who proposed it nor whom it is about.",
            )
        _require_proposer_still_may(act, found)
        subject = {"person": found.person, **dict(found.terms)}
        act.append(f"{_PREFIX[found.matter]}.approved", {"proposal": found.seq, **subject})
        given = _take_effect(act, found, code)
        return Approved(proposal=_proposal(act, seq), code=given)


def decline(lab: Lab, actor: str, seq: int, *, reason: str) -> Proposal:
    """Decline a proposal, or withdraw one's own.

    Raises
    ------
    PermissionDenied, StateError, NotFoundError, RecordError
    """
    why = fields.line(reason, "the reason", required=True)
    with lab.writing(actor) as act:
        found = _waiting(act, seq)
        if act.person.id != found.by:
            act.allow(Verb.APPROVE_PEOPLE)
        ends = "withdrawn" if act.person.id == found.by else "declined"
        act.append(f"{_PREFIX[found.matter]}.{ends}", {"proposal": found.seq, "remark": why})
        return _proposal(act, seq)


def proposals(lab: Lab, *, everything: bool = False) -> tuple[Proposal, ...]:
    """Return the proposals that wait for a second person, or all, oldest first."""
    found = records.rows(
        lab.db,
        "SELECT * FROM two_person_act WHERE ? OR state='waiting' ORDER BY seq",
        int(everything),
    )
    return tuple(_as_proposal(row) for row in found)


def is_being_set_up(act: Act) -> bool:
    """Whether a lab has fewer people than two may be asked of."""
    found = records.value(act.db, "SELECT count(*) FROM person WHERE active=1")
    return int(found) < LEAST_PEOPLE


def require_enough_left(act: Act, without: str, roles: frozenset[Role] = frozenset()) -> None:
    """Raise where nobody could propose and approve any more once somebody is changed.

    Parameters
    ----------
    without : str
        Who changes.
    roles : frozenset
        What they still hold then.

    Raises
    ------
    StateError
    """
    if not act.admission.is_required:
        return
    left = [each for each in _able(act) if each.id != without]
    if roles and credentials.has_password(act.db, without):
        left.append(Person(id=without, name=without, roles=roles))
    if not _are_enough(left):
        raise StateError(
            "then nobody could give a role any more: two people with passwords must remain, one "
            "who may propose and another who may approve",
            hint="Give these roles to somebody else first (fol person add).",
        )


def _propose(
    lab: Lab,
    actor: str,
    matter: Matter,
    person: str,
    terms: Mapping[str, Any],
    reason: str,
    verb: Verb,
) -> Proposal:
    why = fields.line(reason, "the reason", required=True)
    with lab.writing(actor) as act:
        act.allow(verb)
        _require_possible(act, matter, person, terms)
        waiting = records.value(
            act.db,
            "SELECT seq FROM two_person_act WHERE state='waiting' AND matter=? AND person=?",
            matter.value,
            person,
        )
        if waiting is not None:
            raise StateError(
                f"proposal {waiting} about this waits already",
                hint=f"fol person approve {waiting}, or decline it first.",
            )
        body = {"matter": matter.value, "person": person, "terms": dict(terms), "reason": why}
        return _proposal(act, act.append(f"{_PREFIX[matter]}.proposed", body).seq)


def _require_possible(act: Act, matter: Matter, person: str, terms: Mapping[str, Any]) -> None:
    """Raise where a proposal makes no sense now; looked at again when it is approved."""
    if matter is Matter.NEW_PERSON:
        if act.db.execute("SELECT 1 FROM person WHERE id=?", [person]).fetchone():
            raise StateError(
                f"{person!r} is a person of this lab already",
                hint="Change their roles, or choose another id.",
            )
    elif matter is Matter.SIGN_IN:
        now = sign_in_settings.value(act.db, "required")
        if now == terms["required"]:
            raise StateError(f"signing in is {'required' if now else 'not required'} already")
        if terms["required"] and not _are_enough(_able(act)):
            raise StateError(
                "two people with passwords are needed first, one who may propose and another who "
                "may approve",
                hint="Each sets their own: fol person password --as PERSON.",
            )
    elif matter is Matter.ROLES:
        held = _spelled(records.person(act.db, person).roles)
        if held != terms["before"]:
            raise StateError(
                f"{person} holds {', '.join(held)} now, not what stood there when it was proposed",
                hint="Propose it again.",
            )
        require_enough_left(act, person, frozenset(Role(role) for role in terms["roles"]))


def _require_proposer_still_may(act: Act, found: Proposal) -> None:
    verb = Verb.SET_SIGN_IN if found.matter is Matter.SIGN_IN else Verb.MANAGE_PEOPLE
    proposer = records.person(act.db, found.by)
    if not workflow.may(proposer, verb):
        raise StateError(
            f"{proposer.name}, who proposed this, may no longer {verb}", hint="Decline it."
        )


def _take_effect(act: Act, found: Proposal, code: str) -> str:
    """Write what was approved; return the code to be handed over, or nothing."""
    _require_possible(act, found.matter, found.person, found.terms)
    terms = found.terms
    if found.matter is Matter.SIGN_IN:
        body = {"name": "required", "value": terms["required"], "reason": found.reason}
        act.append("signin.setting", body | {"proposal": found.seq})
        return ""
    if found.matter is Matter.ROLES:
        body = {"id": found.person, "roles": list(terms["roles"]), "active": True}
        act.append("person.changed", body | {"reason": found.reason, "proposal": found.seq})
        return ""
    if found.matter is Matter.NEW_PERSON:
        body = {"id": found.person, "name": terms["name"], "roles": list(terms["roles"])}
        act.append("person.added", body | {"proposal": found.seq})
    credentials.close_sessions(act, found.person, "the secrets were reset")
    credentials.forget(act, found.person)
    act.append(
        "credential.reset",
        {
            "person": found.person,
            "code_sha256": presence.digest_of(code),
            "expires_at": clock.stamp(act.at + CODE_LASTS),
            "proposal": found.seq,
        },
    )
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _able(act: Act) -> list[Person]:
    """Return the active people with passwords."""
    found = records.rows(
        act.db,
        "SELECT person.* FROM person JOIN credential c ON c.person=person.id "
        "AND c.secret='password' WHERE active=1 ORDER BY id",
    )
    return [records.as_person(row) for row in found]


def _are_enough(able: Iterable[Person]) -> bool:
    people = list(able)
    return any(
        one.id != other.id
        and workflow.may(one, Verb.SET_SIGN_IN)
        and workflow.may(other, Verb.APPROVE_PEOPLE)
        for one in people
        for other in people
    )


def _new_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(16))  # 80 bits


def _spelled(roles: Iterable[Role]) -> list[str]:
    return sorted(role.value for role in roles)


def _waiting(act: Act, seq: int) -> Proposal:
    found = _proposal(act, seq)
    if found.state != "waiting":
        raise StateError(f"proposal {seq} was {found.state} already, by {found.closed_by}")
    return found


def _proposal(act: Act, seq: int) -> Proposal:
    found = records.rows(act.db, "SELECT * FROM two_person_act WHERE seq=?", seq)
    if not found:
        raise NotFoundError(f"there is no proposal {seq}", hint="fol person proposals")
    return _as_proposal(found[0])


def _as_proposal(row: Mapping[str, Any]) -> Proposal:
    return Proposal(
        seq=row["seq"],
        matter=Matter(row["matter"]),
        person=row["person"],
        terms=canonical.parsed(row["terms"]),
        reason=row["reason"],
        at=records.moment(row["at"]),
        by=row["by"],
        state=row["state"],
        closed_at=records.moment(row["closed_at"]) if row["closed_at"] else None,
        closed_by=row["closed_by"],
        remark=row["remark"],
    )
