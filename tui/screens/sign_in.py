"""The sign-in and lock screen, and the signature dialog. What is typed there is never shown.

Both cover the screens below: no key reaches them until somebody proved who they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from lims.errors import SignatureNeeded
from lims.presence import Proof
from lims.secret_forms import MOST_CHARACTERS
from spectra.errors import LabError
from tui.text import as_text

if TYPE_CHECKING:
    from tui.app import FolApp

BADGE = "PERSON:"
"""What the barcode of a person's badge begins with."""


def _secret_field(name: str) -> Input:
    field = Input(id=name, password=True, max_length=MOST_CHARACTERS)
    field.cursor_blink = False
    return field


class SignIn(ModalScreen[str]):
    """Covers everything until somebody signs in, unlocks or takes over."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "leave", "Quit")]

    def __init__(self, *, because: str, person: str = "", changing: bool = False) -> None:
        """``person`` is whose session is locked here; empty where nobody sat here yet.

        ``changing``: a colleague is about to take over, so the person is asked for first.
        """
        super().__init__()
        self._because = because
        self._person = person
        self._is_changing = changing
        self._is_asking = False

    def compose(self) -> ComposeResult:
        """Lay out who and what they prove it with."""
        with Vertical(classes="dialog"):
            yield Static(as_text("Locked" if self._person else "Sign in"), classes="title")
            yield Static(as_text(self._because, limit=300), classes="line")
            yield Static(as_text("Person (id, or scan your badge)"), classes="label")
            field = Input(value=self._person, id="who", max_length=60)
            field.cursor_blink = False
            yield field
            yield Static("", classes="label", id="asks")
            yield _secret_field("secret")
            yield Static("", id="wrong")
            with Horizontal(classes="buttons"):
                yield Static(as_text("Enter goes on, Tab moves, Ctrl Q quits"), classes="how")
                yield Button(as_text("Go on"), id="yes", compact=True, variant="warning")

    def on_mount(self) -> None:
        """Begin where something is missing."""
        self._ask_for(self._person)
        names_first = self._is_changing or not self._person
        self.query_one("#who" if names_first else "#secret", Input).focus()

    @on(Input.Changed, "#who")
    def _another(self, event: Input.Changed) -> None:
        self._ask_for(event.value.strip())

    def _ask_for(self, person: str) -> None:
        knows = person in self._fol.seat.tokens
        said = "PIN or password" if knows else "Password (the PIN serves once you signed in)"
        self.query_one("#asks", Static).update(as_text(said))

    @on(Input.Submitted, "#who")
    def _named(self) -> None:
        self.query_one("#secret", Input).focus()

    @on(Input.Submitted, "#secret")
    @on(Button.Pressed, "#yes")
    def _try(self) -> None:
        person = self.query_one("#who", Input).value.strip()
        field = self.query_one("#secret", Input)
        typed, field.value = field.value, ""
        if self._is_asking:
            return
        if not person or not typed:
            self._say("✗ the person and their secret are needed")
            return
        self._is_asking = True
        self._say("…")
        self.run_worker(self._enter(person, typed), exit_on_error=False)

    async def _enter(self, person: str, typed: str) -> None:
        try:
            said = await self._fol.desk.call(lambda record: record.enter(person, typed))
        except LabError as error:
            self._say(f"✗ {error.message}" + (f"  → {error.hint}" if error.hint else ""))
            self.query_one("#secret", Input).focus()
        else:
            self.dismiss(said)
        finally:
            self._is_asking = False

    def take_scan(self, code: str) -> None:
        """Take a badge: it names the person and proves nothing by itself."""
        field = self.query_one("#who", Input)
        field.value = code.strip().removeprefix(BADGE)[:60]
        self.query_one("#secret", Input).focus()

    def action_leave(self) -> None:
        """Leave the program; every session opened here ends."""
        self._fol.exit(0)

    def _say(self, text: str) -> None:
        self.query_one("#wrong", Static).update(as_text(text, limit=300))

    @property
    def _fol(self) -> FolApp:
        return cast("FolApp", self.app)


class Sign(ModalScreen[Proof]):
    """Shows what is signed and what it means; the signer's secret signs it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    AUTO_FOCUS = "#secret"

    def __init__(self, needed: SignatureNeeded) -> None:
        super().__init__()
        self._needed = needed
        self._is_asking = False

    def compose(self) -> ComposeResult:
        """Lay out the meaning, what it is about, and the field."""
        needed = self._needed
        with Vertical(classes="dialog"):
            yield Static(as_text("Signature"), classes="title")
            yield Static(as_text(needed.meaning, limit=300), classes="line meaning")
            for name, value in self._about():
                yield Static(as_text(f"{name}: {value}", limit=200), classes="line")
            yield Static(
                as_text(f"PIN or password of {needed.name} ({needed.person})"), classes="label"
            )
            yield _secret_field("secret")
            yield Static("", id="wrong")
            with Horizontal(classes="buttons"):
                yield Static(as_text("Enter signs, Esc cancels"), classes="how")
                yield Button(as_text("Cancel"), id="no", compact=True)
                yield Button(as_text("Sign"), id="yes", compact=True, variant="warning")

    def _about(self) -> Sequence[tuple[str, str]]:
        return self._needed.about[:8]

    @on(Input.Submitted, "#secret")
    @on(Button.Pressed, "#yes")
    def _try(self) -> None:
        field = self.query_one("#secret", Input)
        typed, field.value = field.value, ""
        if self._is_asking:
            return
        if not typed:
            self._say("✗ the PIN or the password is needed")
            return
        self._is_asking = True
        self.run_worker(self._prove(typed), exit_on_error=False)

    async def _prove(self, typed: str) -> None:
        person = self._needed.person
        try:
            proof = await self._fol.desk.call(lambda record: record.prove(person, typed))
        except LabError as error:
            self._say(f"✗ {error.message}" + (f"  → {error.hint}" if error.hint else ""))
            self.query_one("#secret", Input).focus()
        else:
            self.dismiss(proof)
        finally:
            self._is_asking = False

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Escape signs nothing."""
        self.dismiss(None)

    def _say(self, text: str) -> None:
        self.query_one("#wrong", Static).update(as_text(text, limit=300))

    @property
    def _fol(self) -> FolApp:
        return cast("FolApp", self.app)
