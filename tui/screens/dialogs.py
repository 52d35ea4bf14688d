"""Questions: `Confirm`, `Reason`, `SignOff`, `PickPerson`. One key alone does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from lims.model import Person
from tui.text import as_text

_MOVES: list[BindingType] = [
    Binding("escape", "cancel", "Cancel"),
    Binding("left", "app.focus_previous", show=False),
    Binding("right", "app.focus_next", show=False),
]


class Confirm(ModalScreen[bool]):
    """Restates what is about to happen; the safe button has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = list(_MOVES)
    AUTO_FOCUS = "#no"

    def __init__(self, title: str, lines: Sequence[str], *, yes: str) -> None:
        super().__init__()
        self._title = title
        self._restated = tuple(lines)
        self._yes = yes

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with Vertical(classes="dialog"):
            yield Static(as_text(self._title), classes="title")
            for line in self._restated:
                yield Static(as_text(line, limit=300), classes="line")
            with Horizontal(classes="buttons"):
                yield Static(as_text("Tab moves, Enter presses, Esc cancels"), classes="how")
                yield Button(as_text("Cancel"), id="no", compact=True)
                yield Button(as_text(self._yes), id="yes", compact=True, variant="warning")

    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self.dismiss(False)

    def action_cancel(self) -> None:
        """Escape never agrees."""
        self.dismiss(False)


class Reason(ModalScreen[str]):
    """Restates the act and asks for a reason, which goes into the record."""

    BINDINGS: ClassVar[list[BindingType]] = list(_MOVES[:1])
    AUTO_FOCUS = "#reason"
    ASKS: ClassVar[str] = "Reason"

    def __init__(
        self, title: str, lines: Sequence[str], *, yes: str, required: bool = True
    ) -> None:
        super().__init__()
        self._title = title
        self._restated = tuple(lines)
        self._yes = yes
        self._required = required

    def compose(self) -> ComposeResult:
        """Lay out the restated act, the field and the buttons."""
        asks = self.ASKS if self._required else f"{self.ASKS} (may be empty)"
        with Vertical(classes="dialog"):
            yield Static(as_text(self._title), classes="title")
            for line in self._restated:
                yield Static(as_text(line, limit=300), classes="line")
            yield Static(as_text(asks), classes="label")
            field = Input(id="reason", max_length=500)
            field.cursor_blink = False
            yield field
            yield Static("", id="wrong")
            with Horizontal(classes="buttons"):
                yield Static(as_text("Tab moves, Enter presses, Esc cancels"), classes="how")
                yield Button(as_text("Cancel"), id="no", compact=True)
                yield Button(as_text(self._yes), id="yes", compact=True, variant="warning")

    @on(Input.Submitted, "#reason")
    def _typed(self) -> None:
        """Enter in the field only moves on: the act has its own button."""
        self.query_one("#yes", Button).focus()

    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        reason = self.query_one("#reason", Input).value.strip()
        if self._required and not reason:
            self.query_one("#wrong", Static).update(as_text("✗ a reason is needed"))
            self.query_one("#reason", Input).focus()
            return
        self.dismiss(reason)

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Escape never agrees."""
        self.dismiss(None)


class SignOff(Reason):
    """A reason that is also a signature: says whose name stands under it."""

    ASKS = "Remark"

    def __init__(self, title: str, lines: Sequence[str], *, who: str, yes: str) -> None:
        super().__init__(title, [*lines, f"Signed by {who}."], yes=yes, required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """What is written down at a hand-over."""

    seal: str
    witness: str
    reason: str


class HandOver(ModalScreen[Over]):
    """The seal is typed as it is read: the program must not fill it in, or it proves nothing."""

    BINDINGS: ClassVar[list[BindingType]] = list(_MOVES[:1])
    AUTO_FOCUS = "#seal"

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._restated = tuple(lines)

    def compose(self) -> ComposeResult:
        """Lay out the fields and the buttons."""
        with Vertical(classes="dialog"):
            yield Static(as_text(self._title), classes="title")
            for line in self._restated:
                yield Static(as_text(line, limit=300), classes="line")
            for name, label in (
                ("seal", "Seal, as read now (empty when unsealed)"),
                ("witness", "Witness (person id, where one is needed)"),
                ("why", "Reason"),
            ):
                yield Static(as_text(label), classes="label")
                field = Input(id=name, max_length=200)
                field.cursor_blink = False
                yield field
            with Horizontal(classes="buttons"):
                yield Static(as_text("Tab moves, Enter presses, Esc cancels"), classes="how")
                yield Button(as_text("Cancel"), id="no", compact=True)
                yield Button(as_text("Hand over"), id="yes", compact=True, variant="warning")

    def on_input_submitted(self) -> None:
        """Enter in a field only moves on."""
        self.focus_next()

    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        def typed(name: str) -> str:
            return self.query_one(f"#{name}", Input).value.strip()

        self.dismiss(Over(seal=typed("seal"), witness=typed("witness"), reason=typed("why")))

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Escape hands nothing over."""
        self.dismiss(None)


class PickPerson(ModalScreen[str]):
    """Choose one of the people who may act."""

    BINDINGS: ClassVar[list[BindingType]] = list(_MOVES[:1])
    AUTO_FOCUS = "OptionList"

    def __init__(self, title: str, people: Sequence[Person]) -> None:
        super().__init__()
        self._title = title
        self._people = tuple(people)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog"):
            yield Static(as_text(self._title), classes="title")
            yield OptionList(
                *(
                    Option(as_text(f"{p.name} ({p.id}) · {', '.join(sorted(p.roles))}"))
                    for p in self._people
                )
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter takes the person."""
        self.dismiss(self._people[event.option_index].id)

    def action_cancel(self) -> None:
        """Escape takes nobody."""
        self.dismiss(None)
