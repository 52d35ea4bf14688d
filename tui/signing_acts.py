"""Signing in, locking and signing as the screens use them; one service call each.

Mixed into `tui.record.Record`, which holds the lab, the seat and who acts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, cast

from lims.errors import SessionNeeded
from tui.seat import Seat

if TYPE_CHECKING:
    from lims.lab import Lab
    from lims.presence import Proof
    from tui.record import Record

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What stands before the screens: whether anybody must sign in, and when they lock."""

    is_required: bool
    idle: timedelta


class SigningActs:
    """What a person does to be the one who acts, and to put their name under an act."""

    _lab: Lab
    _me: str
    _seat: Seat

    def door(self) -> Door:
        """Return whether people sign in here, and how long an idle screen stays open."""
        from lims import sessions, sign_in_settings

        return Door(
            is_required=sign_in_settings.is_required(self._lab),
            idle=sessions.idle_limit(self._lab),
        )

    def admitted(self, work: Callable[[Record], Result]) -> Result:
        """Return ``work(self)``, for who may see and do things here at this moment.

        Raises
        ------
        SessionNeeded
        """
        self.require_somebody()
        return work(cast("Record", self))

    def require_somebody(self) -> None:
        """Raise where people sign in here and nobody has, or the session is locked or over.

        Raises
        ------
        SessionNeeded
        """
        from lims import sessions

        if not self.door().is_required:
            return
        if not self._lab.presence.token:
            raise SessionNeeded("nobody is signed in here", "Sign in.")
        here = sessions.session(self._lab, self._lab.presence.token)
        if here.state != "open":
            raise SessionNeeded(f"the session of {here.person} is {here.state}", "Sign in.")

    def enter(self, person: str, typed: str) -> str:
        """Sit down with a secret: unlock, change over, or sign in; return what to say.

        Raises
        ------
        PermissionDenied, RecordError
        """
        from lims import sessions

        token = self._seat.tokens.get(person, "")
        if token and sessions.session(self._lab, token).state != "closed":
            if token == self._lab.presence.token:
                sessions.unlock(self._lab, token, typed)
            else:
                sessions.switch(self._lab, token, typed)
            said = ""
        else:
            opened = sessions.sign_in(self._lab, person, typed, place="app")
            token, said = opened.token, _since(opened, self._lab)
        self._seat.take(person, token)
        self._me = person
        return said

    def lock(self, because: str) -> None:
        """Lock the session of whoever sits here."""
        from lims import sessions

        if self._lab.presence.token:
            sessions.lock(self._lab, self._lab.presence.token, because=because)

    def prove(self, person: str, typed: str) -> Proof:
        """Compare a secret; the proof signs one act."""
        from lims import credentials

        return credentials.prove(self._lab, person, typed)

    def signed(self, proofs: Sequence[Proof], work: Callable[[Record], Result]) -> Result:
        """Return ``work(self)``, its act signed with what was just proved."""
        with self._lab.presence.given(*proofs):
            return work(cast("Record", self))

    def leave_seat(self) -> None:
        """End every session that was opened at this app."""
        from lims import sessions
        from lims.errors import NotFoundError

        for token in self._seat.tokens.values():
            try:
                sessions.sign_out(self._lab, token)
            except NotFoundError:
                continue  # the lab was restored meanwhile: its sessions ended with the copy
        self._seat.tokens.clear()
        self._seat.person = ""


def _since(opened: object, lab: Lab) -> str:
    from lims.sessions import Opened

    if not isinstance(opened, Opened) or opened.before is None:
        return ""
    before = opened.before.astimezone(lab.zone)
    return (
        f"Last here {before:%Y-%m-%d %H:%M}; since then {opened.signed} signatures under your "
        f"name, {opened.refused} wrong secrets typed for you."
    )
