"""Sessions at a shared bench: opened with a password, locked, unlocked, changed over, ended.

Each step is an event. The record keeps a token's digest; whoever holds the token holds the session.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lims import clock, credentials, presence, records, sign_in_settings
from lims.door import at_the_door
from lims.errors import NotFoundError, PermissionDenied, SessionNeeded
from lims.secret_forms import Secret

if TYPE_CHECKING:
    from lims.act import Act
    from lims.lab import Lab
    from lims.presence import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One person at one place for one working day at most."""

    id: str
    person: str
    place: str
    is_unattended: bool
    state: str
    """``open``, ``locked`` or ``closed``; one whose time is over is closed."""
    opened_at: datetime
    expires_at: datetime
    changed_at: datetime
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session just opened, with what its owner should know of the time since the last one."""

    session: Session
    token: str = field(repr=False)
    before: datetime | None = None
    """When they signed in last."""
    signed: int = 0
    """How many signatures stand under their name since."""
    refused: int = 0
    """How many wrong secrets were typed for them since."""


def sign_in(
    lab: Lab, person_id: str, password: str, *, place: str, unattended: bool = False
) -> Opened:
    """Open a session with a password, and use it at this opened lab.

    Whoever sat here before is locked out, not signed out: they come back with their PIN.

    Parameters
    ----------
    place : str
        Where: ``command line``, ``app``.
    unattended : bool
        For a script: lasts longer, never locks, does only `workflow.UNATTENDED`, signs nothing.

    Raises
    ------
    PermissionDenied, RecordError, BusyError
    """
    credentials.prove(lab, person_id, password, only=Secret.PASSWORD)
    token_id, token = _token()
    name = "unattended_hours" if unattended else "session_hours"
    since = _since(lab, person_id)
    with at_the_door(lab, person_id) as act:
        lasts = timedelta(hours=sign_in_settings.value(act.db, name))
        if not unattended:
            _lock_who_sits_here(act, f"{person_id} signed in")
        act.append(
            "session.opened",
            {
                "session": token_id,
                "person": person_id,
                "place": place,
                "unattended": unattended,
                "token_sha256": presence.digest_of(token),
                "expires_at": clock.stamp(act.at + lasts),
            },
        )
    lab.presence.take(token)
    return Opened(session=session(lab, token), token=token, **since)


def lock(lab: Lab, token: str, *, because: str) -> None:
    """Lock a session; nothing is acted or shown in it until it is unlocked."""
    row = _row(lab, token)
    if row["state"] != "open" or row["unattended"]:
        return
    with at_the_door(lab, row["person"]) as act:
        act.append("session.locked", {"session": row["id"], "because": because})
    if lab.presence.token == token:
        lab.presence.begun = ""  # who sat here is gone; a run being read elsewhere goes on


def unlock(lab: Lab, token: str, typed: str) -> Session:
    """Open a locked session again with its owner's PIN or password, and use it here.

    Raises
    ------
    SessionNeeded
        It is over.
    PermissionDenied, RecordError
    """
    row = _alive(lab, token)
    proof = _proved(lab, row, typed)
    with at_the_door(lab, row["person"]) as act:
        act.append("session.unlocked", {"session": row["id"], "method": proof.method})
    lab.presence.take(token)
    return session(lab, token)


def switch(lab: Lab, to: str, typed: str) -> Session:
    """Change over to another session that its owner opened before, with their PIN or password.

    The session in use is locked in the same act.

    Raises
    ------
    SessionNeeded, PermissionDenied, RecordError
    """
    row = _alive(lab, to)
    proof = _proved(lab, row, typed)
    left = presence.session_row(lab.db, lab.presence.token) if lab.presence.token else None
    with at_the_door(lab, row["person"]) as act:
        body = {"session": row["id"], "method": proof.method}
        act.append("session.switched", body | {"from": str(left["id"]) if left else ""})
    lab.presence.take(to)
    return session(lab, to)


def sign_out(lab: Lab, token: str) -> None:
    """End a session for good."""
    row = _row(lab, token)
    if row["state"] != "closed":
        with at_the_door(lab, row["person"]) as act:
            act.append("session.closed", {"session": row["id"], "because": "signed out"})
    if lab.presence.token == token:
        lab.presence.take("")


def session(lab: Lab, token: str) -> Session:
    """Return a session by its token.

    Raises
    ------
    NotFoundError
    """
    return _as_session(_row(lab, token))


def sessions(lab: Lab, *, everything: bool = False) -> tuple[Session, ...]:
    """Return the sessions that go on, or all that ever were, newest first."""
    found = records.rows(lab.db, "SELECT * FROM session ORDER BY seq DESC")
    shown = (_as_session(row) for row in found)
    return tuple(each for each in shown if everything or each.state != "closed")


def idle_limit(lab: Lab) -> timedelta:
    """Return how long a session may rest before it locks."""
    return timedelta(minutes=sign_in_settings.value(lab.db, "idle_minutes"))


def _token() -> tuple[str, str]:
    token_id = secrets.token_hex(8)
    return token_id, f"{token_id}.{secrets.token_urlsafe(32)}"


def _since(lab: Lab, person_id: str) -> dict[str, Any]:
    last = records.rows(
        lab.db, "SELECT max(seq) AS seq, opened_at FROM session WHERE person=?", person_id
    )[0]
    seq = int(last["seq"] or 0)
    signed = records.value(
        lab.db, "SELECT count(*) FROM signature WHERE person=? AND seq>?", person_id, seq
    )
    refused = records.value(
        lab.db,
        "SELECT count(*) FROM event WHERE kind='session.refused' AND actor=? AND seq>?",
        person_id,
        seq,
    )
    before = records.moment(last["opened_at"]) if seq else None
    return {"before": before, "signed": int(signed), "refused": int(refused)}


def _lock_who_sits_here(act: Act, because: str) -> None:
    token = act.lab.presence.token
    here = presence.session_row(act.db, token) if token else None
    if here is not None and here["state"] == "open" and not here["unattended"]:
        act.append("session.locked", {"session": here["id"], "because": because})


def _proved(lab: Lab, row: dict[str, Any], typed: str) -> Proof:
    proof = credentials.prove(lab, row["person"], typed)
    if row["unattended"]:
        raise PermissionDenied("a session of a script is not worked in by a person")
    return proof


def _row(lab: Lab, token: str) -> dict[str, Any]:
    found = presence.session_row(lab.db, token)
    if found is None:
        raise NotFoundError("there is no such session in this lab", hint="fol sign-in PERSON")
    return found


def _alive(lab: Lab, token: str) -> dict[str, Any]:
    row = _row(lab, token)
    if _as_session(row).state == "closed":
        raise SessionNeeded(f"the session of {row['person']} is over", "fol sign-in PERSON")
    return row


def _as_session(row: dict[str, Any]) -> Session:
    is_over = row["expires_at"] <= clock.stamp(clock.now())
    return Session(
        id=row["id"],
        person=row["person"],
        place=row["place"],
        is_unattended=bool(row["unattended"]),
        state="closed" if is_over else row["state"],
        opened_at=records.moment(row["opened_at"]),
        expires_at=records.moment(row["expires_at"]),
        changed_at=records.moment(row["changed_at"]),
        because=row["because"] or ("its time is over" if is_over else ""),
    )
