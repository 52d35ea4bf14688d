"""The reference libraries of the lab: which versions there are and what each may promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui import actions
from tui.library_words import TRAINING, library_lines, state_of
from tui.screens.base import LabScreen
from tui.screens.listing import feed_list
from tui.text import clean
from tui.widgets.record_table import Column, RecordTable

if TYPE_CHECKING:
    from libraries.overview import SectionFacts
    from lims.library_care import LabLibrary
    from tui.record import Identity
    from tui.shelf import Place, Shelf

NONE_YET = "no library installed: fol library import FILES --name NAME"


def _entries(library: LabLibrary) -> str:
    there = library.installed
    return "" if there is None or there.header is None else f"{there.entries:,}"


def _techniques(library: LabLibrary) -> str:
    there = library.installed
    return "" if there is None else " ".join(there.techniques)


def columns() -> tuple[Column[LabLibrary], ...]:
    """Return the columns of the list."""
    return (
        Column(title="library", width=18, most=30, cell=lambda each: each.name),
        Column(title="version", width=10, most=16, cell=lambda each: each.version),
        Column(title="entries", width=9, right=True, cell=_entries),
        Column(title="techniques", width=14, cell=_techniques),
        Column(title="state", width=0, cell=state_of),
    )


class Libraries(LabScreen):
    """The installed versions; Enter looks into one."""

    PLACE = "library"
    heading = "Libraries"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("library"))
    AUTO_FOCUS = "RecordTable"

    def __init__(self) -> None:
        super().__init__()
        self._shelf: Shelf | None = None
        self._sections: dict[tuple[str, str], tuple[SectionFacts, ...]] = {}
        self.marked: Place | None = None
        """The entry that waits to be compared; it outlives the library it was marked in."""

    def body(self) -> ComposeResult:
        """Yield the list and what stands behind the cursor."""
        table: RecordTable[LabLibrary] = RecordTable(
            columns(), marked=lambda each: bool(each.problem), id="rows"
        )
        table.border_title = "reference libraries"
        yield table
        with VerticalScroll(id="detail-box"):
            yield Static("", id="detail")

    @property
    def table(self) -> RecordTable[LabLibrary]:
        """The versions."""
        return self.query_one("#rows", RecordTable)

    @property
    def shelf(self) -> Shelf | None:
        """What reads the libraries; None until the lab is known."""
        return self._shelf

    def on_mount(self) -> None:
        """Follow the cursor with the detail."""
        super().on_mount()
        self.watch(self.table, "cursor", self._show_detail, init=False)

    def on_unmount(self) -> None:
        """Let go of what was opened."""
        if self._shelf is not None:
            self._shelf.close()

    def identified(self, identity: Identity) -> None:
        """Take the folder of the libraries."""
        super().identified(identity)
        from tui.shelf import Shelf

        self._shelf = self._shelf or Shelf(identity.libraries_folder)
        self._show_detail()

    def load(self) -> None:
        """Ask for the versions."""
        self.ask(lambda record: record.libraries(), self._show)

    def on_screen_resume(self) -> None:
        """Read the list again: a library may have been imported meanwhile."""
        if self.is_mounted and self.fol.identity is not None:
            self.load()

    def moved(self) -> None:
        """Read the list again; the cursor stays."""
        self.load()

    def action_refresh(self) -> None:
        """Read list and indexes again."""
        self._sections.clear()
        super().action_refresh()

    def _show(self, found: Sequence[LabLibrary]) -> None:
        feed_list(self.table, found, from_top=not self.table.total)
        at = min(self.table.cursor, len(found) - 1)
        self._show_detail_of(found[at] if found else None)

    def _show_detail(self) -> None:
        if self.table.total:
            self._show_detail_of(self.table.row_at_cursor())

    def _show_detail_of(self, library: LabLibrary | None) -> None:
        detail = self.query_one("#detail", Static)
        if library is None:
            detail.update(Text(NONE_YET))
            return
        key = (library.name, library.version)
        sections = self._sections.get(key)
        said = Text()
        for line in library_lines(library, sections):
            loud = "✗" in line or TRAINING in line
            said.append(clean(line, 300) + "\n", style="bold" if loud else "")
        said.rstrip()
        detail.update(said)
        there, shelf = library.installed, self._shelf
        if sections is None and there is not None and shelf is not None:

            def read(facts: tuple[SectionFacts, ...]) -> None:
                self._sections[key] = facts
                row = self.table.row_at_cursor()
                if row is not None and (row.name, row.version) == key:
                    self._show_detail_of(row)

            self.ask_aside(lambda: shelf.sections(there), read)

    def action_open(self) -> None:
        """Look into the version under the cursor."""
        row, shelf = self.table.row_at_cursor(), self._shelf
        if row is None or shelf is None:
            return
        if row.installed is None or row.installed.header is None:
            self.failed(f"{row.name} {row.version} cannot be read", state_of(row).lstrip("✗ "))
            return
        from tui.screens.library_entries import LibraryEntries

        self.notice("")
        self.app.push_screen(LibraryEntries(self, row.name, row.version, row.installed.header))
