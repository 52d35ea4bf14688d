"""A question with several fields: what is restated, what is typed, and one button that acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from tui.text import as_text, clean
from tui.widgets.choice import Choice

_STACKED_AT_MOST = 3
"""More fields than these stand beside their labels, so that the form fits the smallest screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its name in the answer, the words above it, and whether it may be empty.

    ``value`` stands in it at first; ``choices`` makes it one of a few words; a scan is put into
    the field that ``scans``.
    """

    name: str
    label: str
    required: bool = False
    value: str = ""
    choices: tuple[str, ...] = ()
    scans: bool = False


class AskFields(ModalScreen[Mapping[str, str]]):
    """Asks for a few texts; Enter in a field only moves on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    AUTO_FOCUS = "Input, Choice"

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
            if len(self._fields) > _STACKED_AT_MOST:
                with VerticalScroll(classes="beside", can_focus=False):
                    for each in self._fields:
                        with Horizontal(classes="row"):
                            yield Static(as_text(each.label), classes="name")
                            yield _widget(each)
            else:
                for each in self._fields:
                    yield Static(as_text(each.label), classes="label")
                    yield _widget(each)
            yield Static("", id="wrong")
            with Horizontal(classes="buttons"):
                yield Static(as_text("Tab moves, Enter presses, Esc cancels"), classes="how")
                yield Button(as_text("Cancel"), id="no", compact=True)
                yield Button(as_text(self._yes), id="yes", compact=True, variant="warning")

    def on_mount(self) -> None:
        """Begin where something is still to be typed."""
        empty = next((each for each in self._fields if not each.value), None)
        if empty is not None:
            self._widget(empty.name).focus()

    def take_scan(self, code: str) -> None:
        """Put a scanned number where one is asked for; the act is another key."""
        taker = next((each for each in self._fields if each.scans), None)
        if taker is None:
            self.app.bell()
            self.query_one("#wrong", Static).update(as_text("✗ a scan is not asked for here"))
            return
        self.query_one(f"#{taker.name}", Input).value = clean(code, 60)
        self._widget(taker.name).focus()
        self.focus_next()

    def on_input_submitted(self) -> None:
        """Enter in a field only moves on."""
        self.focus_next()

    def _widget(self, name: str) -> Widget:
        return self.query_one(f"#{name}")

    def _typed(self, field: Field) -> str:
        if field.choices:
            return self.query_one(f"#{field.name}", Choice).value
        return self.query_one(f"#{field.name}", Input).value.strip()

    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        typed = {each.name: self._typed(each) for each in self._fields}
        for each in self._fields:
            if each.required and not typed[each.name]:
                self.query_one("#wrong", Static).update(as_text(f"✗ {each.label}: it is needed"))
                self._widget(each.name).focus()
                return
        self.dismiss(typed)

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Escape acts on nothing."""
        self.dismiss(None)


def _widget(field: Field) -> Widget:
    if field.choices:
        return Choice(field.choices, value=field.value, id=field.name)
    typed = Input(value=clean(field.value, 500), id=field.name, max_length=500)
    typed.cursor_blink = False
    return typed
