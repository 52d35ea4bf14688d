"""A question with several fields: what is restated, what is typed, and one button that acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tui.text import as_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its name in the answer, the words above it, and whether it may be empty."""

    name: str
    label: str
    required: bool = False


class AskFields(ModalScreen[Mapping[str, str]]):
    """Asks for a few texts; Enter in a field only moves on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    AUTO_FOCUS = "Input"

    def __init__(
        self, title: str, lines: Sequence[str], fields: Sequence[Field], *, yes: str
    ) -> None:
        super().__init__()
        self._title = title
        self._restated = tuple(lines)
        self._fields = tuple(fields)
        self._yes = yes

    def compose(self) -> ComposeResult:
        """Lay out what is restated, the fields and the buttons."""
        with Vertical(classes="dialog"):
            yield Static(as_text(self._title), classes="title")
            for line in self._restated:
                yield Static(as_text(line, limit=300), classes="line")
            for each in self._fields:
                yield Static(as_text(each.label), classes="label")
                field = Input(id=each.name, max_length=500)
                field.cursor_blink = False
                yield field
            yield Static("", id="wrong")
            with Horizontal(classes="buttons"):
                yield Static(as_text("Tab moves, Enter presses, Esc cancels"), classes="how")
                yield Button(as_text("Cancel"), id="no", compact=True)
                yield Button(as_text(self._yes), id="yes", compact=True, variant="warning")

    def on_input_submitted(self) -> None:
        """Enter in a field only moves on."""
        self.focus_next()

    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        typed = {f.name: self.query_one(f"#{f.name}", Input).value.strip() for f in self._fields}
        for each in self._fields:
            if each.required and not typed[each.name]:
                self.query_one("#wrong", Static).update(as_text(f"✗ {each.label}: it is needed"))
                self.query_one(f"#{each.name}", Input).focus()
                return
        self.dismiss(typed)

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Escape acts on nothing."""
        self.dismiss(None)
