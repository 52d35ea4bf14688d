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
    confirmed_by: str = ""
    """The other side, who typed their own id here; empty: they accept on their own screen."""


class HandOver(ModalScreen[Over]):
    """The seal is typed as it is read: the program must not fill it in, or it proves nothing."""

    BINDINGS: ClassVar[list[BindingType]] = list(_MOVES[:1])
    AUTO_FOCUS = "#seal"

    def __init__(self, title: str, lines: Sequence[str], *, other: str = "") -> None:
        """``other`` is the person of the other side, who confirms too; empty for a place."""
        super().__init__()
        self._title = title
        self._restated = tuple(lines)
        self._other = other

    def _fields(self) -> list[tuple[str, str]]:
        found = [
            ("seal", "Seal, as read now (empty when unsealed)"),
            ("witness", "Witness (person id, where one is needed)"),
            ("why", "Reason"),
        ]
        if self._other:
            asks = f"{self._other} confirms here: types own id (empty: accepts later)"
            found.append(("other", asks))
        return found

    def compose(self) -> ComposeResult:
        """Lay out the fields and the buttons."""
        with Vertical(classes="dialog"):
            yield Static(as_text(self._title), classes="title")
            for line in self._restated:
                yield Static(as_text(line, limit=300), classes="line")
            for name, label in self._fields():
                yield Static(as_text(label), classes="label")
                field = Input(id=name, max_length=200)
                field.cursor_blink = False
                yield field
            yield Static("", id="wrong")
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

        other = typed("other") if self._other else ""
        if other and other != self._other:
            said = f"✗ {other} is not {self._other}: they type their own id"
            self.query_one("#wrong", Static).update(as_text(said))
            self.query_one("#other", Input).focus()
            return
        self.dismiss(
            Over(
                seal=typed("seal"),
                witness=typed("witness"),
                reason=typed("why"),
                confirmed_by=other,
            )
        )

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Escape hands nothing over."""
        self.dismiss(None)


class PickPerson(ModalScreen[str]):
    """Choose one of the people who may act, or a place where one may be chosen."""

    BINDINGS: ClassVar[list[BindingType]] = list(_MOVES[:1])
    AUTO_FOCUS = "OptionList"

    def __init__(self, title: str, people: Sequence[Person], places: Sequence[str] = ()) -> None:
        super().__init__()
        self._title = title
        self._people = tuple(people)
        self._places = tuple(places)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(classes="dialog"):
            yield Static(as_text(self._title), classes="title")
            yield OptionList(
                *(
                    Option(as_text(f"{p.name} ({p.id}) · {', '.join(sorted(p.roles))}"))
                    for p in self._people
                ),
                *(Option(as_text(place)) for place in self._places),
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter takes the person."""
        chosen = (*(p.id for p in self._people), *self._places)
        self.dismiss(chosen[event.option_index])

    def action_cancel(self) -> None:
        """Escape takes nobody."""
        self.dismiss(None)
