"""Who sits at the app: the lock after idle minutes, the way back in, and signatures asked for.

The app owns one; screens reach it through the app. Decides nothing: the record does.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from spectra.errors import LabError
from tui.screens.base import LabScreen
from tui.screens.sign_in import Sign, SignIn
from tui.signing_acts import Door

if TYPE_CHECKING:
    from lims.errors import SignatureNeeded
    from lims.presence import Proof
    from tui.app import FolApp
    from tui.record import Identity

LOOK_S = 1.0
"""How often the app looks whether its screen was left."""


class Sitting:
    """Watches that the screen is not left open, and asks who comes back.

    Parameters
    ----------
    app : FolApp
    moment : callable
        Seconds that only go forward; tests set it.
    """

    def __init__(self, app: FolApp, moment: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._moment = moment
        self._touched = moment()
        self._door: Door | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the sign-in or lock screen covers everything."""
        return self._app.has_stack and any(
            isinstance(screen, SignIn) for screen in self._app.screen_stack
        )

    def touch(self) -> None:
        """Somebody pressed a key or a button."""
        self._touched = self._moment()

    def look(self) -> None:
        """Lock a screen that was left alone for too long."""
        door = self._door
        if door is None or not door.is_required or self.is_closed:
            return
        if self._app.identity is None:
            return
        if self._moment() - self._touched >= door.idle.total_seconds():
            minutes = door.idle.total_seconds() / 60
            self.lock("idle", f"Nobody touched a key for {minutes:g} minutes.")

    def knows(self, door: Door) -> None:
        """Take what the record says about signing in."""
        self._door = door

    def lock(self, because: str, said: str, *, changing: bool = False) -> None:
        """Cover the screens at once, then lock the session; ``changing``: somebody else comes."""
        door = self._door
        if door is None or self.is_closed:
            return
        if not door.is_required:
            self._tell("Nobody has to sign in at this lab: fol person require-sign-in on.")
            return
        self.cover(said, changing=changing)
        self._app.run_worker(self._lock(because), exit_on_error=False)

    async def _lock(self, because: str) -> None:
        # A record that cannot be written is told by the next act; the screen is covered anyway.
        with contextlib.suppress(LabError):
            await self._app.desk.call(lambda record: record.lock(because))

    def cover(self, said: str, *, changing: bool = False) -> None:
        """Put the sign-in screen over everything."""
        if self.is_closed:
            return
        screen = SignIn(because=said, person=self._app.seat.person, changing=changing)
        self._app.push_screen(screen, self._entered)

    def _entered(self, said: str | None) -> None:
        """Somebody proved who they are: show who acts, and read everything again as them."""
        app, before = self._app, self._app.identity
        self.touch()

        def known(answer: tuple[Door, Identity]) -> None:
            door, identity = answer
            self._door = door
            is_another = before is None or before.person.id != identity.person.id
            app.seated(identity, is_another=is_another)
            if said or is_another:
                self._tell(f"{identity.person.name} acts now. {said or ''}".strip())

        if is_asked := self._shown():
            is_asked.ask(lambda record: (record.door(), record.identity()), known)

    def sign(self, needed: SignatureNeeded, then: Callable[[Proof], None]) -> None:
        """Show what is to be signed; ``then`` gets the proof once the secret was right."""

        def answered(proof: Proof | None) -> None:
            if proof is not None:
                then(proof)

        self._app.push_screen(Sign(needed), answered)

    def _shown(self) -> LabScreen | None:
        for screen in reversed(self._app.screen_stack):
            if isinstance(screen, LabScreen):
                return screen
        return None

    def _tell(self, text: str) -> None:
        screen = self._app.screen
        if isinstance(screen, LabScreen) and screen.is_mounted:
            screen.notice(text)
        else:
            self._app.notify(text, markup=False)
