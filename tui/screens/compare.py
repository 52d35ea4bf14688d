"""Two references beside each other, and one reference among its nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import DataTable, Static

from tui import actions
from tui.library_words import compared_lines, measures_text, neighbour_line
from tui.screens.base import LabScreen
from tui.text import clean
from tui.verdict import HitLine
from tui.widgets.hit_list import HitList
from tui.widgets.spectrum_plot import SpectrumPlot

if TYPE_CHECKING:
    from libraries.answer import Hit
    from libraries.entry import Entry
    from libraries.nearest import Nearest
    from tui.shelf import Compared, Place, Shelf


class _Facing(LabScreen):
    """A mirror plot of two references, and keys that move it wherever the focus is."""

    def on_mount(self) -> None:
        """Say that something is being read."""
        super().on_mount()
        plot = self.query_one(SpectrumPlot)
        plot.glyphs = self.fol.glyphs
        plot.blank("reading the spectra …")

    def face(self, first: Entry, second: Entry) -> None:
        """Draw the first up, the second down."""
        from tui.evidence import comparable, opening_window, plot_data

        data = plot_data(
            first.name,
            comparable(first.draft.measurement()),
            second.name,
            comparable(second.draft.measurement()),
        )
        self.query_one(SpectrumPlot).draw(data, opening_window(data))

    def failed(self, message: str, hint: str = "") -> None:
        """Show an error; an empty plot also says so in its place."""
        super().failed(message, hint)
        plot = self.query_one(SpectrumPlot)
        if plot.data is None:
            plot.blank("the spectra are not shown")

    def action_cursor(self, steps: int) -> None:
        """Move the plot's cursor."""
        self.query_one(SpectrumPlot).action_cursor(steps)

    def action_peak(self, direction: int) -> None:
        """Move the plot's cursor to the next peak."""
        self.query_one(SpectrumPlot).action_peak(direction)

    def action_zoom(self, factor: float) -> None:
        """Scale the plot about its cursor."""
        self.query_one(SpectrumPlot).action_zoom(factor)

    def action_overlay(self) -> None:
        """Draw one over the other, or mirrored."""
        self.query_one(SpectrumPlot).action_overlay()

    def action_words(self) -> None:
        """Say what the plot shows."""
        self.notice(self.query_one(SpectrumPlot).describe())


class Compare(_Facing):
    """Two entries: the scores between them, and what tells their substances apart."""

    PLACE = "compare"
    heading = "Compare"
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.bindings("compare"),
        *actions.bindings("plot"),
    ]
    AUTO_FOCUS = "SpectrumPlot"

    def __init__(self, shelf: Shelf, first: Place, second: Place) -> None:
        super().__init__()
        self._shelf, self._first, self._second = shelf, first, second

    def body(self) -> ComposeResult:
        """Yield the plot and the verdict."""
        with Container(id="bench"):
            yield SpectrumPlot(id="plot")
            with VerticalScroll(id="verdict-box"):
                yield Static("", id="verdict")

    def on_mount(self) -> None:
        """Name the two."""
        super().on_mount()
        self.bar.detail = f"{self._first.name} ▲ against {self._second.name} ▼"

    def load(self) -> None:
        """Ask for both."""
        shelf, first, second = self._shelf, self._first, self._second
        self.ask_aside(lambda: shelf.compare(first, second), self._show, group="compare")

    def _show(self, found: Compared) -> None:
        self.face(found.first, found.second)
        said = Text()
        for at, line in enumerate(compared_lines(found)):
            said.append(clean(line, 300) + "\n", style="bold" if at < 2 or line[0] in "!✗" else "")
        said.rstrip()
        self.query_one("#verdict", Static).update(said)


class Neighbours(_Facing):
    """One entry searched in its own library, itself left out."""

    PLACE = "neighbours"
    heading = "Nearest"
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.bindings("neighbours"),
        *actions.bindings("plot"),
    ]
    AUTO_FOCUS = "HitList"

    def __init__(self, shelf: Shelf, place: Place, entry: Entry) -> None:
        super().__init__()
        self._shelf, self._place, self._entry = shelf, place, entry
        self._found: Nearest | None = None

    def body(self) -> ComposeResult:
        """Yield plot, neighbours and what would be said of the entry."""
        with Container(id="bench"):
            yield SpectrumPlot(id="plot")
            with Vertical(id="side"):
                yield HitList(id="hits")
                with VerticalScroll(id="verdict-box"):
                    yield Static("searching …", id="verdict", markup=False)

    def on_mount(self) -> None:
        """Name the entry."""
        super().on_mount()
        self.bar.detail = f"to {self._entry.name} · {self._entry.technique}"

    def load(self) -> None:
        """Search the library with the entry."""
        shelf, place = self._shelf, self._place
        self.ask_aside(lambda: shelf.nearest(place), self._show, group="nearest")

    def _show(self, found: Nearest) -> None:
        self._found = found
        hits = self.query_one(HitList)
        hits.border_title = "nearest" if found.hits else "nothing comparable"
        hits.show([_line(each) for each in found.hits])
        self._say("")
        if not found.hits:
            self.query_one(SpectrumPlot).blank("nothing in the library is comparable")

    def _say(self, measures: str) -> None:
        if self._found is None:
            return
        said = Text()
        said.append(clean(neighbour_line(self._entry.name, self._found), 400), style="bold")
        for line in (measures, *self._found.decision.reasons):
            if line:
                said.append("\n" + clean(line, 300))
        self.query_one("#verdict", Static).update(said)

    def _hit_place(self, hit: HitLine) -> Place:
        from tui.shelf import Place

        return Place(library=hit.library, version=hit.version, entry=hit.entry, name=hit.name)

    @on(HitList.Chosen)
    def _chosen(self, event: HitList.Chosen) -> None:
        event.stop()
        shelf, place = self._shelf, self._hit_place(event.hit)
        if self._found is not None:
            self._say(measures_text(self._found.hits[event.hit.rank - 1].measures))
        self.ask_aside(
            lambda: shelf.entry(place), lambda read: self.face(self._entry, read), group="facing"
        )

    @on(HitList.Sideways)
    def _sideways(self, event: HitList.Sideways) -> None:
        event.stop()
        self.action_cursor(event.step)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on a neighbour compares it."""
        event.stop()
        self.action_compare()

    def action_compare(self) -> None:
        """All about the entry and the neighbour under the cursor."""
        hit = self.query_one(HitList).chosen()
        if hit is not None:
            self.app.push_screen(Compare(self._shelf, self._place, self._hit_place(hit)))


def _line(hit: Hit) -> HitLine:
    return HitLine(
        rank=hit.rank,
        name=hit.name,
        substance=hit.substance,
        library=hit.library,
        version=hit.library_version,
        entry=hit.entry,
        hqi=hit.hqi,
        hazard="",
    )
