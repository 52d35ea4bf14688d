"""The entries of one library version: found as one types, drawn, with where each comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Static

from tui import actions
from tui.library_words import TRAINING, entry_lines
from tui.screens.base import LabScreen
from tui.text import as_text, clean
from tui.widgets.record_table import Column, RecordTable
from tui.widgets.spectrum_plot import SpectrumPlot

if TYPE_CHECKING:
    from libraries.browse import Listed
    from libraries.entry import Entry
    from libraries.store import Header
    from tui.screens.library import Libraries
    from tui.shelf import Place, Shelf


def columns() -> tuple[Column[Listed], ...]:
    """Return the columns of the list."""
    return (
        Column(title="name", width=0, cell=lambda each: each.name),
        Column(title="tech", width=5, cell=lambda each: each.technique),
        Column(title="formula", width=12, cell=lambda each: each.formula),
        Column(title="class", width=12, cell=lambda each: each.class_name),
    )


class LibraryEntries(LabScreen):
    """One library version, in pages from its record."""

    PLACE = "entries"
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.bindings("entries"),
        # One spectrum has nothing to lie over.
        *(each for each in actions.bindings("plot") if each.action != "overlay"),
    ]
    AUTO_FOCUS = "RecordTable"

    def __init__(self, shelves: Libraries, name: str, version: str, header: Header) -> None:
        super().__init__()
        self._shelves = shelves
        self._library, self._version = name, version
        self._is_training = header.training
        self._find = ""
        self._shown: Entry | None = None
        self.heading = f"{name} {version}"

    def body(self) -> ComposeResult:
        """Yield the find line, the list, the plot and the provenance."""
        with Horizontal(id="find-line"):
            yield Static("find", id="find-label")
            yield Input(id="find", placeholder="name, InChIKey, CAS, formula, class, technique")
        with Container(id="bench"):
            table: RecordTable[Listed] = RecordTable(columns(), marked=self._is_marked, id="rows")
            table.border_title = "entries"
            yield table
            with Vertical(id="side"):
                yield SpectrumPlot(id="plot")
                with VerticalScroll(id="detail-box") as box:
                    box.border_title = "provenance"
                    yield Static("", id="detail")

    @property
    def table(self) -> RecordTable[Listed]:
        """The entries."""
        return self.query_one("#rows", RecordTable)

    @property
    def shelf(self) -> Shelf:
        """What reads the library."""
        found = self._shelves.shelf
        if found is None:
            raise RuntimeError("a library was opened before its folder was known")
        return found

    def on_mount(self) -> None:
        """Follow the cursor with plot and provenance."""
        super().on_mount()
        self.bar.detail = TRAINING if self._is_training else ""
        self.query_one(Input).cursor_blink = False
        self.query_one(SpectrumPlot).glyphs = self.fol.glyphs
        self.watch(self.table, "cursor", self._draw_row, init=False)

    def load(self) -> None:
        """Ask for the first page."""
        self._feed()

    def _feed(self) -> None:
        shelf, desk, find = self.shelf, self.fol.desk, self._find
        name, version = self._library, self._version

        async def count() -> int:
            return await desk.aside(lambda: shelf.count(name, version, find))

        async def page(offset: int, limit: int) -> Sequence[Listed]:
            return await desk.aside(lambda: shelf.page(name, version, offset, limit, find))

        self.table.feed(count, page)

    @on(RecordTable.Filled)
    def _filled(self, event: RecordTable.Filled) -> None:
        """Draw the first row of a new list like any other."""
        event.stop()
        if self.table.total:
            self._draw_row()
            return
        self._shown = None
        self.query_one(SpectrumPlot).blank("nothing found" if self._find else "no entries")
        self.query_one("#detail", Static).update("")

    def _is_marked(self, row: Listed) -> bool:
        mark = self._shelves.marked
        return mark is not None and (mark.library, mark.version, mark.entry) == (
            self._library,
            self._version,
            row.id,
        )

    def place(self) -> Place | None:
        """Return the entry under the cursor."""
        from tui.shelf import Place

        row = self.table.row_at_cursor()
        if row is None:
            return None
        return Place(library=self._library, version=self._version, entry=row.id, name=row.name)

    def _draw_row(self) -> None:
        """Read the entry under the cursor beside the screen and show it."""
        place = self.place()
        if place is None or (self._shown is not None and self._shown.id == place.entry):
            return
        shelf = self.shelf
        self.ask_aside(lambda: shelf.entry(place), self._drawn, group="entry")

    def _drawn(self, entry: Entry) -> None:
        from tui.evidence import comparable, plot_data

        place = self.place()
        if place is None or place.entry != entry.id:
            return
        self._shown = entry
        data = plot_data(entry.name, comparable(entry.draft.measurement()))
        self.query_one(SpectrumPlot).draw(data)
        said = Text()
        for label, text in entry_lines(entry, f"{self._library} {self._version}"):
            said.append(f"{label:<11}", style="bold")
            said.append(clean(text, 400) + "\n")
        said.rstrip()
        self.query_one("#detail", Static).update(said)
        self.query_one("#detail-box", VerticalScroll).scroll_home(animate=False)

    def failed(self, message: str, hint: str = "") -> None:
        """Neither draw nor describe an entry that cannot be trusted."""
        super().failed(message, hint)
        place = self.place()
        if place is not None and (self._shown is None or self._shown.id != place.entry):
            self._shown = None
            self.query_one(SpectrumPlot).blank("not drawn")
            self.query_one("#detail", Static).update(as_text(f"✗ {message}", limit=400))

    def action_find(self) -> None:
        """Go to the find line."""
        self.query_one("#find", Input).focus()

    @on(Input.Changed, "#find")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value.strip() == self._find:
            return
        self._find = event.value.strip()
        self.table.border_title = as_text(
            f"entries · find {self._find}" if self._find else "entries"
        )
        self._feed()

    @on(Input.Submitted, "#find")
    def _found(self, event: Input.Submitted) -> None:
        event.stop()
        self.table.focus()

    def action_move(self, rows: int) -> None:
        """Move in the list while typing."""
        self.table.action_move(rows)

    def step_back(self) -> None:
        """Escape leaves the find line, then drops the find, then the library."""
        field = self.query_one("#find", Input)
        if field.has_focus and field.value:
            self.table.focus()
        elif field.value:
            field.value = ""
            self.table.focus()
        elif field.has_focus:
            self.table.focus()
        else:
            super().step_back()

    def action_mark(self) -> None:
        """Mark the entry under the cursor to be compared with another."""
        place = self.place()
        if place is None:
            return
        if self._is_marked_place(place):
            self._shelves.marked = None
            self.notice("no entry is marked")
        else:
            self._shelves.marked = place
            self.notice(f"marked: {place.name} · go to another entry and press c")
        self.table.refresh()

    def _is_marked_place(self, place: Place) -> bool:
        mark = self._shelves.marked
        return mark is not None and (mark.library, mark.version, mark.entry) == (
            place.library,
            place.version,
            place.entry,
        )

    def action_compare(self) -> None:
        """Compare the marked entry with the one under the cursor."""
        place, mark = self.place(), self._shelves.marked
        if place is None:
            return
        if mark is None:
            self.failed("nothing is marked", "m marks an entry, c compares it with another.")
            return
        if self._is_marked_place(place):
            self.failed("this is the marked entry", "Go to another one and press c.")
            return
        self._open_comparison(mark, place)

    def _open_comparison(self, first: Place, second: Place) -> None:
        from tui.screens.compare import Compare

        self.app.push_screen(Compare(self.shelf, first, second))

    def action_nearest(self) -> None:
        """Search the library with the entry under the cursor, itself left out."""
        place, entry = self.place(), self._shown
        if place is None or entry is None or entry.id != place.entry:
            return
        from tui.screens.compare import Neighbours

        self.app.push_screen(Neighbours(self.shelf, place, entry))

    def action_cursor(self, steps: int) -> None:
        """Move the plot's cursor, wherever the focus is."""
        self.query_one(SpectrumPlot).action_cursor(steps)

    def action_peak(self, direction: int) -> None:
        """Move the plot's cursor to the next peak."""
        self.query_one(SpectrumPlot).action_peak(direction)

    def action_zoom(self, factor: float) -> None:
        """Scale the plot about its cursor."""
        self.query_one(SpectrumPlot).action_zoom(factor)

    def action_words(self) -> None:
        """Say what the plot shows."""
        self.notice(self.query_one(SpectrumPlot).describe())
