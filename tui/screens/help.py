"""Help: the screen's page and its key table, which is made from the registry of actions."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

from tui import actions

PAGES = Path(__file__).parent.parent / "help"
_WITH_PLOT = ("review", "entries", "compare", "neighbours", "practice")


def page(place: str) -> str:
    """Return the Markdown page of a screen; the general one where it has none."""
    named = PAGES / f"{place or 'app'}.md"
    return (named if named.is_file() else PAGES / "app.md").read_text(encoding="utf-8")


def keys_page(place: str) -> Text:
    """Return the key tables of a screen."""
    page = Text()
    for title, places in (("Keys here", _places(place)), ("Keys everywhere", ("app",))):
        rows = actions.key_table(*places)
        if rows:
            page.append(f"{title}\n", style="bold")
            page.append("".join(f"  {key:<14} {says}\n" for key, says in rows))
    page.rstrip()
    return page


def _places(place: str) -> tuple[str, ...]:
    return (place, "plot") if place in _WITH_PLOT else (place,)


class HelpScreen(ModalScreen[None]):
    """One page, scrollable."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,question_mark", "dismiss_help", "Back"),
    ]
    AUTO_FOCUS = "VerticalScroll"

    def __init__(self, place: str, *, keys_only: bool) -> None:
        super().__init__()
        self._page = "" if keys_only else page(place)
        self._keys = keys_page(place)

    def compose(self) -> ComposeResult:
        """Lay out the page."""
        with VerticalScroll(classes="page"):
            if self._page:
                yield Markdown(self._page, open_links=False)
            yield Static(self._keys)

    def action_dismiss_help(self) -> None:
        """Leave."""
        self.dismiss(None)
