"""What every screen shares: identity line, notice line, workers that post, the size check."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Footer, Static

from lims.errors import SessionNeeded, SignatureNeeded
from spectra.errors import LabError
from tui.messages import Arrived, Failed
from tui.record import Identity, Record
from tui.text import as_text, clean
from tui.widgets.identity_bar import IdentityBar

if TYPE_CHECKING:
    from lims.presence import Proof
    from tui.app import FolApp

SMALLEST = (60, 20)
Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class LabScreen(Screen[None]):
    """A screen over the record.

    Subclasses give ``PLACE`` (their name in the registry of actions) and ``body()``.
    """

    PLACE: ClassVar[str] = ""
    heading = ""
    """What the identity line says first: the sample number, or the screen's name."""
    BINDINGS: ClassVar[list[BindingType]] = []
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's own

    @property
    def fol(self) -> FolApp:
        """The app, by its own type."""
        return cast("FolApp", self.app)

    def body(self) -> ComposeResult:
        """Yield what stands between the identity line and the footer."""
        yield from ()

    def compose(self) -> ComposeResult:
        """Lay out what all screens have."""
        yield IdentityBar()
        yield from self.body()
        yield Static("", id="notice")
        yield Footer(compact=True, show_command_palette=False)
        yield Static(
            as_text(f"Too small: this needs {SMALLEST[0]} x {SMALLEST[1]} characters."),
            id="too-small",
        )

    def on_mount(self) -> None:
        """Name the screen and ask for the record."""
        self.bar.subject = self.heading
        self.fol.identify(self)
        self.load()

    def load(self) -> None:
        """Ask for what the screen shows; subclasses override."""

    def identified(self, identity: Identity) -> None:
        """Take lab and person into the identity line."""
        self.bar.place = identity.site
        self.bar.who = identity.person.name
        self.bar.training = identity.training
        self.bar.files = self.fol.waiting_files
        self.bar.window = self.fol.window_left

    @property
    def bar(self) -> IdentityBar:
        """The identity line."""
        return self.query_one(IdentityBar)

    def on_resize(self, event: Resize) -> None:
        """Below the smallest size show a notice, never a broken form."""
        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        self.set_class(small, "-too-small")

    def ask(self, work: Callable[[Record], Result], then: Callable[[Result], None]) -> None:
        """Run ``work`` on the record in a worker; ``then`` gets the answer on the screen's turn.

        Where the lab asks to sign in, whoever is not meets the sign-in screen instead; an act that
        needs a signature asks for it and is done again, signed.
        """
        self._ask(work, then, ())

    def _ask(
        self,
        work: Callable[[Record], Result],
        then: Callable[[Result], None],
        proofs: tuple[Proof, ...],
    ) -> None:
        def call() -> Awaitable[Result]:
            return self.fol.desk.call(
                lambda record: record.admitted(lambda own: own.signed(proofs, work))
            )

        def sign(needed: SignatureNeeded) -> None:
            self.fol.sitting.sign(needed, lambda proof: self._ask(work, then, (*proofs, proof)))

        self.run_worker(self._worker(call, then, sign))

    def ask_aside(
        self,
        work: Callable[[], Result],
        then: Callable[[Result], None],
        *,
        group: str = "aside",
    ) -> None:
        """Run ``work`` (files, plots) beside the record; the latest one asked of a group wins."""

        # Not a coroutine: one that is outrun before it begins would never be awaited.
        async def asked() -> None:
            await self._worker(lambda: self.fol.desk.aside(work), then)

        # mypy cannot solve Textual's union of what a worker may be for a function.
        self.run_worker(asked, group=group, exclusive=True)  # type: ignore[arg-type]

    async def _worker(
        self,
        call: Callable[[], Awaitable[Result]],
        then: Callable[[Result], None],
        sign: Callable[[SignatureNeeded], None] | None = None,
    ) -> None:
        try:
            value = await call()
        except SessionNeeded as error:
            self.fol.sitting.cover(f"{error.message[:1].upper()}{error.message[1:]}.")
        except SignatureNeeded as error:
            if sign is None:
                self.post_message(Failed(error.message, error.hint))
            else:
                sign(error)
        except LabError as error:
            self.post_message(Failed(error.message, error.hint))
        except Exception as error:  # noqa: BLE001 - the worker boundary: logged, shown, not hidden
            _log.exception("worker failed")
            said = f"fault in the program: {type(error).__name__}"
            self.post_message(Failed(said, "Nothing was changed on screen; see the log."))
        else:
            self.post_message(Arrived(then, value))

    def on_arrived(self, event: Arrived) -> None:
        """Hand an answer to whoever asked."""
        event.stop()
        if self.is_attached:
            event.then(event.value)

    def on_failed(self, event: Failed) -> None:
        """Show what went wrong."""
        event.stop()
        self.failed(event.message, event.hint)

    def failed(self, message: str, hint: str = "") -> None:
        """Show an error and what can be done; it stays until the next answer."""
        self.notice(f"✗ {message}" + (f"  → {hint}" if hint else ""), kind="error")

    def notice(self, text: str, *, kind: str = "") -> None:
        """Write the notice line; an empty text removes it."""
        line = self.query_one("#notice", Static)
        line.update(as_text(clean(text, 600), limit=600))
        line.set_class(bool(text), "shown")
        line.set_class(kind == "error", "error")
        line.set_class(kind == "good", "good")

    def moved(self) -> None:
        """Read again what is on screen: somebody else has written; lists override."""

    def is_unfinished(self) -> str:
        """Return what would be lost by leaving, or nothing."""
        return ""

    def step_back(self) -> None:
        """Leave this screen."""
        self.fol.back()

    def action_refresh(self) -> None:
        """Read the record again."""
        self.notice("")
        self.load()
