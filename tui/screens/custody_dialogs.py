"""Questions of custody: taking over what was offered. One key alone does nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tui.moments import clock_time
from tui.text import as_text

if TYPE_CHECKING:
    from lims.custody_model import Handover
    from tui.screens.base import LabScreen


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered to an offer: accepted with the seal as read, or declined with why."""

    accepted: bool
    seal: str
    reason: str


class TakeOver(ModalScreen[Answer]):
    """The taker reads the seal too: the program must not fill it in, or it proves nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    AUTO_FOCUS = "#seal"

    def __init__(self, title: str, lines: Sequence[str], *, may_accept: bool) -> None:
        super().__init__()
        self._title = title
        self._restated = tuple(lines)
        self._may_accept = may_accept

    def compose(self) -> ComposeResult:
        """Lay out the fields and the buttons."""
        with Vertical(classes="dialog"):
            yield Static(as_text(self._title), classes="title")
            for line in self._restated:
                yield Static(as_text(line, limit=300), classes="line")
            labels = [("why", "Reason, to decline" if self._may_accept else "Reason")]
            if self._may_accept:
                labels.insert(0, ("seal", "Seal, as you read it now (empty when unsealed)"))
            for name, label in labels:
                yield Static(as_text(label), classes="label")
                field = Input(id=name, max_length=200)
                field.cursor_blink = False
                yield field
            yield Static("", id="wrong")
            with Horizontal(classes="buttons"):
                yield Static(as_text("Tab moves, Enter presses, Esc cancels"), classes="how")
                yield Button(as_text("Cancel"), id="no", compact=True)
                refuse = "Decline" if self._may_accept else "Withdraw"
                yield Button(as_text(refuse), id="decline", compact=True)
                if self._may_accept:
                    yield Button(as_text("Take over"), id="yes", compact=True, variant="warning")

    def on_input_submitted(self) -> None:
        """Enter in a field only moves on."""
        self.focus_next()

    def _typed(self, name: str) -> str:
        found = self.query(f"#{name}").results(Input)
        return next((field.value.strip() for field in found), "")

    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        self.dismiss(Answer(accepted=True, seal=self._typed("seal"), reason=""))

    @on(Button.Pressed, "#decline")
    def _declined(self) -> None:
        reason = self._typed("why")
        if not reason:
            self.query_one("#wrong", Static).update(as_text("✗ a reason is needed"))
            self.query_one("#why", Input).focus()
            return
        self.dismiss(Answer(accepted=False, seal="", reason=reason))

    @on(Button.Pressed, "#no")
    def _cancelled(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Escape answers nothing."""
        self.dismiss(None)


def answer_offer(screen: LabScreen, then: Callable[[], None], *, sample: str = "") -> None:
    """Ask about a hand-over that waits for the person signed in, of one sample or of any.

    An officer who sees no case detail takes over what was offered to them all the same.
    """

    def asked(waiting: Sequence[Handover]) -> None:
        found = [each for each in waiting if sample in ("", each.sample)]
        if not found:
            screen.failed("no hand-over waits for you" + (f" of {sample}" if sample else ""))
            return
        _ask(screen, found[0], then)

    screen.ask(lambda record: record.offers(), asked)


def _ask(screen: LabScreen, offer: Handover, then: Callable[[], None]) -> None:
    me = screen.fol.identity.person.id if screen.fol.identity else ""

    def told(said: str) -> None:
        screen.notice(f"✓ {offer.sample} {said}", kind="good")
        then()

    def answered(answer: Answer | None) -> None:
        if answer is None:
            return
        seal, reason = answer.seal, answer.reason
        if answer.accepted:
            screen.ask(lambda record: record.take_over(offer.sample, seal=seal), told)
        else:
            screen.ask(lambda record: record.decline(offer.sample, reason), told)

    until = clock_time(offer.expires_at, screen.fol.timezone)
    lines = [f"{offer.giver} offers it to {offer.taker} until {until}", offer.reason]
    mine = me == offer.taker
    title = f"Take over {offer.sample}?" if mine else f"Offer of {offer.sample}"
    screen.app.push_screen(TakeOver(title, [x for x in lines if x], may_accept=mine), answered)
