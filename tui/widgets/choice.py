"""A field that holds one of a few words: arrows or the first letter choose, Enter moves on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import RenderResult
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.reactive import reactive
from textual.widget import Widget

from tui.text import clean


class Choice(Widget, can_focus=True):
    """One line; without a first value nothing is chosen, so that nobody agrees by not looking."""

    DEFAULT_CSS = """
    Choice { height: 1; padding: 0 1; background: $panel; }
    Choice:focus { background: $primary 30%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", show=False),
        Binding("right,space", "turn(1)", show=False),
    ]
    at: reactive[int] = reactive(-1)

    def __init__(self, options: Sequence[str], *, value: str = "", id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._options = tuple(options)
        self.value = value

    @property
    def value(self) -> str:
        """The word chosen, or nothing."""
        return self._options[self.at] if self.at >= 0 else ""

    @value.setter
    def value(self, word: str) -> None:
        self.at = self._options.index(word) if word in self._options else -1

    def action_turn(self, step: int) -> None:
        """Take the next word, or the one before."""
        first = 0 if step > 0 else len(self._options) - 1
        self.at = first if self.at < 0 else (self.at + step) % len(self._options)

    def on_key(self, event: Key) -> None:
        """Enter moves on; a letter takes the next word that begins with it."""
        if event.key == "enter":
            event.stop()
            self.screen.focus_next()
            return
        letter = (event.character or "").casefold()
        if not letter.isalnum():
            return
        begins = [at for at, word in enumerate(self._options) if word[:1].casefold() == letter]
        if begins:
            event.stop()
            self.at = next((at for at in begins if at > self.at), begins[0])

    def render(self) -> RenderResult:
        """Return the word between its arrows, and which of how many it is."""
        word = clean(self.value, 60) or "not chosen"
        place = f"{self.at + 1} of {len(self._options)}"
        return Text(f"◂ {word} ▸  {place}", no_wrap=True, overflow="ellipsis")
