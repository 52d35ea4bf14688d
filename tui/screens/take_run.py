"""Which file is a run of this sample, of which portion and instrument: typed, completed by Tab."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from lims.model import Portion
from tui.paths import Completion, complete, exists, typed_path
from tui.text import as_text, clean, shorten

_NAMES_SHOWN = 12
_PORTIONS_SHOWN = 5
_INSTRUMENTS_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asked to be taken."""

    path: Path
    portion: str
    instrument: str = ""


class PathField(Input):
    """A field for a path: Tab completes, and moves on only where nothing is left to complete."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "screen.complete", show=False)]


class TakeRun(ModalScreen[Wanted]):
    """Restates the sample and asks for the file."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    AUTO_FOCUS = "#file"

    def __init__(
        self,
        lines: Sequence[str],
        portions: Sequence[Portion],
        *,
        instruments: Sequence[str] = (),
        folder: str = "",
        waiting: int = 0,
    ) -> None:
        super().__init__()
        self._restated = tuple(lines)
        self._portions = tuple(portions)
        self._instruments = tuple(instruments)
        self._folder = folder
        self._waiting = waiting
        self._checking = False
        self._completed = ""
        self._refused: str | None = None

    def compose(self) -> ComposeResult:
        """Lay out the sample, the fields and the buttons."""
        with Vertical(classes="dialog"):
            yield Static(as_text("Take a file as a run of this sample"), classes="title")
            for line in self._restated:
                yield Static(as_text(line, limit=300), classes="line")
            yield Static(
                as_text("File, or an instrument's folder (Tab completes)"), classes="label"
            )
            field = PathField(
                value=self._folder, id="file", max_length=4_000, select_on_focus=False
            )
            field.cursor_blink = False
            yield field
            yield Static("", id="names")
            if self._portions:
                yield Static(as_text("Portion (its number; empty for none)"), classes="label")
                for text in _portion_lines(self._portions):
                    yield Static(as_text(text), classes="line")
                yield self._field("portion")
            if self._instruments:
                yield Static(as_text(instrument_line(self._instruments)), classes="label")
                yield self._field("instrument")
            yield Static("", id="wrong")
            if self._waiting:
                yield Static(as_text(_waiting_line(self._waiting)), classes="line")
            with Horizontal(classes="buttons"):
                yield Static(as_text("Enter goes on, Esc cancels"), classes="how")
                yield Button(as_text("Cancel"), id="no", compact=True)
                yield Button(as_text("Take"), id="yes", compact=True, variant="warning")

    def _field(self, name: str) -> Input:
        field = Input(id=name, max_length=60)
        field.cursor_blink = False
        return field

    def action_complete(self) -> None:
        """Complete the path by what is in its folder, read beside the screen."""
        self.run_worker(self._complete(), group="complete", exclusive=True)

    async def _complete(self) -> None:
        field = self.query_one("#file", Input)
        typed = field.value
        found = await asyncio.to_thread(complete, typed)
        if field.value != typed or not field.has_focus:
            return
        if found.text == typed and (found.problem or len(found.names) == 1):
            # A whole name: Tab is what it is everywhere else.
            self._show_names(found)
            if not found.problem:
                self.focus_next()
            return
        self._completed = field.value = found.text
        field.cursor_position = len(found.text)
        self._show_names(found)

    def _show_names(self, found: Completion) -> None:
        names = self.query_one("#names", Static)
        if found.problem:
            names.update(as_text(found.problem))
        elif len(found.names) < 2:
            names.update("")
        else:
            self._completed = found.text
            hidden = len(found.names) - _NAMES_SHOWN + found.more
            listed = "  ".join(shorten(name, 30) for name in found.names[:_NAMES_SHOWN])
            names.update(as_text(listed + (f"  and {hidden} more" if hidden > 0 else "")))

    @on(Input.Changed, "#file")
    def _changed(self, event: Input.Changed) -> None:
        """Clean what was pasted: it must not reach the terminal as it is."""
        if event.value.strip() != self._refused:
            self.query_one("#wrong", Static).update("")
        if event.value != self._completed:
            self.query_one("#names", Static).update("")
        safe = clean(event.value, 4_000)
        if safe != event.value:
            event.input.value = safe

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        """Enter in a field only moves on: taking has its own button."""
        fields = [each.id for each in self.query(Input)]
        following = fields[fields.index(event.input.id) + 1 :]
        self.query_one(f"#{following[0]}" if following else "#yes").focus()

    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        if not self._checking:
            self._checking = True
            self.run_worker(self._check(), group="check")

    async def _check(self) -> None:
        """Look whether the file is there, and leave with it."""
        typed = self.query_one("#file", Input).value.strip()
        path = typed_path(typed)
        is_there = bool(typed) and await asyncio.to_thread(exists, path)
        self._checking = False
        self._refused = typed  # word of its typing may still be on the way
        if not is_there:
            said = f"✗ nothing is at {clean(str(path), 200)}" if typed else "✗ a file is needed"
            self._wrong(said, "#file")
            return
        portion = ""
        if self._portions:
            portion = self.query_one("#portion", Input).value.strip()
            if portion and portion not in {_number(each) for each in self._portions}:
                self._wrong(f"✗ there is no portion {clean(portion, 20)}", "#portion")
                return
        instrument = ""
        if self._instruments:
            instrument = self.query_one("#instrument", Input).value.strip()
            if instrument and instrument.casefold() not in map(str.casefold, self._instruments):
                self._wrong(f"✗ there is no instrument {clean(instrument, 40)}", "#instrument")
                return
        self.dismiss(Wanted(path=path, portion=portion, instrument=instrument))

    def _wrong(self, said: str, field: str) -> None:
        self.query_one("#wrong", Static).update(as_text(said))
        self.query_one(field, Input).focus()

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Escape takes nothing."""
        self.dismiss(None)


def _number(portion: Portion) -> str:
    return portion.id.rpartition(".")[2]


def _portion_lines(portions: Sequence[Portion]) -> list[str]:
    lines = []
    for portion in portions[:_PORTIONS_SHOWN]:
        solvents = f" in {', '.join(portion.solvents)}" if portion.solvents else ""
        lines.append(f"  {_number(portion)}  {portion.kind}{solvents}")
    hidden = len(portions) - _PORTIONS_SHOWN
    return [*lines, f"  and {hidden} more"] if hidden > 0 else lines


def instrument_line(instruments: Sequence[str]) -> str:
    """Return the words above the field for an instrument, with the names there are."""
    shown = ", ".join(shorten(name, 20) for name in instruments[:_INSTRUMENTS_SHOWN])
    more = ", …" if len(instruments) > _INSTRUMENTS_SHOWN else ""
    return f"Instrument (empty: by the file's serial number): {shown}{more}"


def _waiting_line(waiting: int) -> str:
    files = "1 file waits" if waiting == 1 else f"{waiting} files wait"
    return f"{files} in quarantine: F10 links them."
