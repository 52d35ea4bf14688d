"""Who sits at an opened lab: the session in use, what was just proved, and who is let in to act.

`Lab.writing` asks here before every act. Knows sessions as rows; opens and closes none.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lims import clock, records, sign_in_settings
from lims.errors import PermissionDenied, SessionNeeded
from lims.model import Person

if TYPE_CHECKING:
    from sqlite_utils import Database

FRESH = timedelta(minutes=2)
"""How long what somebody proved may wait for the act it is meant for."""

BEGUN_BEFORE = timedelta(hours=2)
"""How long work begun before the lock (a run being read) may still be recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Somebody's secret was right, a moment ago; serves one act and is never written down."""

    person: str
    method: str
    """``password`` or ``pin``."""
    session: str
    """Id of the session it was given in; empty for a password without one."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """On what ground somebody acts: the session, and whether the lab asks for one."""

    session: str = ""
    is_required: bool = False
    is_unattended: bool = False


@dataclass(slots=True)
class Presence:
    """The one place at an opened lab: changed by the front end that holds it.

    Parameters
    ----------
    token : str
        Token of the session in use, ``id.secret``; empty for none.
    begun : str
        Stamp since when the present work goes on; a lock after it does not stop the recording.
    acts : int
        How many acts were written through this opened lab.
    """

    token: str = field(default="", repr=False)
    begun: str = ""
    acts: int = 0
    _proofs: list[Proof] = field(default_factory=list)

    def take(self, token: str) -> None:
        """Go on under another session, or under none."""
        self.token = token
        self.begun = clock.stamp(clock.now()) if token else ""

    @contextmanager
    def given(self, *proofs: Proof) -> Iterator[None]:
        """Let the acts of the block be signed with what was just proved; each proof once."""
        self._proofs.extend(proofs)
        try:
            yield
        finally:
            self._proofs.clear()

    def proof_of(self, person: str, at: datetime) -> Proof | None:
        """Return what a person has just proved, or None."""
        for proof in self._proofs:
            if proof.person == person and abs(at - proof.at) <= FRESH:
                return proof
        return None

    def spend(self, proofs: list[Proof]) -> None:
        """Forget proofs that an act used, which is written now."""
        self.acts += 1
        self._proofs = [each for each in self._proofs if each not in proofs]


def digest_of(token: str) -> str:
    """Return SHA-256 of a token as hex: what the record knows of it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def session_row(database: Database, token: str) -> dict[str, Any] | None:
    """Return the session a token belongs to, or None; open, locked or over."""
    found = records.rows(database, "SELECT * FROM session WHERE id=?", token.partition(".")[0])
    if not found or not hmac.compare_digest(str(found[0]["token_sha256"]), digest_of(token)):
        return None
    return found[0]


def admit(database: Database, presence: Presence, person: Person, at: datetime) -> Admission:
    """Let a person act, or raise.

    Raises
    ------
    SessionNeeded
        The lab asks to sign in, and nobody is, or the session is locked or over.
    PermissionDenied
        Somebody else is signed in here.
    """
    is_required = bool(sign_in_settings.value(database, "required"))
    row = session_row(database, presence.token) if presence.token else None
    problem = _problem(row, presence, at)
    if not problem and row is not None and row["person"] == person.id:
        return Admission(
            session=row["id"], is_required=is_required, is_unattended=bool(row["unattended"])
        )
    if not is_required:
        return Admission()
    if problem:
        raise SessionNeeded(*problem)
    signed_in = records.person(database, str(row and row["person"]))
    raise PermissionDenied(
        f"{signed_in.name} is signed in here, not {person.name}",
        hint=f"Change who acts: fol switch {person.id}, or Ctrl Y in the app.",
    )


def _problem(row: dict[str, Any] | None, presence: Presence, at: datetime) -> tuple[str, ...]:
    """Return what is wrong with a session and what to do, or nothing."""
    now = clock.stamp(at)
    if row is None:
        return ("nobody is signed in here", "fol sign-in PERSON")
    if row["state"] == "closed":
        return ("the session was closed", "fol sign-in PERSON")
    if row["expires_at"] <= now:
        return (f"the session ended at {row['expires_at'][:16]} UTC", "fol sign-in PERSON")
    oldest = clock.stamp(at - BEGUN_BEFORE)
    is_late_work = oldest <= presence.begun < row["changed_at"]
    if row["state"] == "locked" and not (presence.begun and is_late_work):
        return (f"the session of {row['person']} is locked", "fol unlock")
    return ()
