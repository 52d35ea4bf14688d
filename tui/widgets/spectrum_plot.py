"""A spectrum on the screen: `tui.plot` drawn through Textual's line API, moved by keys alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui import actions
from tui.text import as_text, clean, shorten

if TYPE_CHECKING:
    from tui.plot import PlotData, PlotOptions
    from tui.plot_canvas import Line


class SpectrumPlot(Widget, can_focus=True):
    """Query up, reference down; cursor, peaks, zoom and overlay by keyboard."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"spectrum-plot--{ink}"
        for ink in ("axis", "query", "reference", "both", "label", "cursor", "blank")
    }
    DEFAULT_CSS = """
    SpectrumPlot { border: round $primary; background: $background; min-height: 8; }
    SpectrumPlot:focus { border: round $accent; }
    SpectrumPlot .spectrum-plot--axis { color: $foreground 65%; }
    SpectrumPlot .spectrum-plot--query { color: $primary; }
    SpectrumPlot .spectrum-plot--reference { color: $secondary; }
    SpectrumPlot .spectrum-plot--both { color: $foreground; text-style: bold; }
    SpectrumPlot .spectrum-plot--label { color: $foreground; text-style: bold; }
    SpectrumPlot .spectrum-plot--cursor { color: $foreground; }
    SpectrumPlot .spectrum-plot--blank { color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("plot"))

    glyphs: reactive[str] = reactive("auto")
    cursor_at: reactive[float | None] = reactive(None)
    window: reactive[tuple[float, float] | None] = reactive(None)
    overlaid: reactive[bool] = reactive(False)
    message: reactive[str] = reactive("")
    """Shown while there is nothing to draw: reading, hidden, or why it cannot be drawn."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._data: PlotData | None = None
        self._lines: list[Line] = []
        self._drawn_as: object = None

    @property
    def data(self) -> PlotData | None:
        """What is drawn."""
        return self._data

    def draw(self, data: PlotData, window: tuple[float, float] | None = None) -> None:
        """Show spectra; keeps the zoom when the axis is the same as before."""
        same_axis = self._data is not None and self._data.ends == data.ends
        self._data = data
        self._drawn_as = None
        if not same_axis:
            self.cursor_at, self.window = None, window
        self.message = ""
        self._name_it()
        self.refresh()

    def blank(self, message: str) -> None:
        """Show a message and no spectrum."""
        self._data, self._lines, self._drawn_as = None, [], None
        self.message = message
        self.border_title = self.border_subtitle = None
        self.refresh()

    def describe(self) -> str:
        """Return what is shown, in words."""
        if self._data is None:
            return clean(self.message)
        from tui.plot_peaks import describe

        return clean(describe(self._data, self._options()))

    def render_line(self, y: int) -> Strip:
        """Return one row of the plot."""
        width, base = self.size.width, self.rich_style
        if self._data is None:
            text = shorten(self.message, width) if y == self.size.height // 2 else ""
            return Strip([Segment(text.center(width), base)], width)
        self._redraw()
        line = self._lines[y] if y < len(self._lines) else ()
        styles = self._styles()
        segments = [Segment(span.text, styles[span.ink]) for span in line]
        return Strip(segments).adjust_cell_length(width, base)

    def _styles(self) -> dict[str, Style]:
        names = sorted(self.COMPONENT_CLASSES)
        return {name.rpartition("--")[2]: self.get_component_rich_style(name) for name in names}

    def _options(self) -> PlotOptions:
        from tui.glyphs import Glyphs
        from tui.plot import PlotOptions

        return PlotOptions(
            glyphs=Glyphs(self.glyphs),
            window=self.window,
            cursor=self.cursor_at,
            overlay=self.overlaid,
        )

    def _redraw(self) -> None:
        from tui.plot import render

        wanted = (self._options(), self.size)
        if self._data is not None and wanted != self._drawn_as:
            self._lines = render(self._data, (self.size.width, self.size.height), wanted[0])
            self._drawn_as = wanted

    def _name_it(self) -> None:
        """Write the legend and the resolution on the border."""
        from rich.text import Text

        from tui.plot import units_per_dot

        if self._data is None:
            return
        room = max(self.size.width - 8, 20) if self.size.width else 60
        half = room // 2
        title = Text()
        title.append("▲ " + shorten(self._data.query.label, half - 2))
        if self._data.reference is not None:
            title.append("  ▼ " + shorten(self._data.reference.label, half - 4))
        self.border_title = title
        per_dot = units_per_dot(self._data, max(self.size.width, 30), self._options())
        self.border_subtitle = as_text(f"{per_dot:.2g} {self._data.x_unit} per dot")

    def on_resize(self) -> None:
        """Fit legend and resolution to the new width."""
        self._name_it()

    def _full_window(self) -> tuple[float, float] | None:
        if self._data is None:
            return None
        return self.window or self._data.ends

    def action_cursor(self, steps: int) -> None:
        """Move the cursor by dot columns, towards the right when positive."""
        window = self._full_window()
        if window is None or self._data is None:
            return
        from tui.plot import units_per_dot

        left, right = window
        direction = 1 if right > left else -1
        at = (left + right) / 2 if self.cursor_at is None else self.cursor_at
        step = units_per_dot(self._data, max(self.size.width, 30), self._options())
        low, high = min(window), max(window)
        self.cursor_at = min(max(at + steps * direction * step, low), high)

    def action_peak(self, direction: int) -> None:
        """Move the cursor to the next named peak of the query, left to right when positive."""
        window = self._full_window()
        if window is None or self._data is None:
            return
        from tui.plot_peaks import trace_peaks

        sign = 1 if window[1] > window[0] else -1
        places = sorted(
            (mark.x for mark in trace_peaks(self._data.query, window)), key=lambda x: x * sign
        )
        if not places:
            return
        if self.cursor_at is None:
            self.cursor_at = places[0 if direction > 0 else -1]
            return
        here = self.cursor_at * sign
        onward = [x for x in places if (x * sign - here) * direction > 1e-9]
        if onward:
            self.cursor_at = onward[0] if direction > 0 else onward[-1]

    def action_zoom(self, factor: float) -> None:
        """Scale the window about the cursor; 0 shows everything."""
        window = self._full_window()
        if window is None or self._data is None:
            return
        low, high = sorted(self._data.ends)
        if factor == 0:
            self.window = None
        else:
            centre = sum(window) / 2 if self.cursor_at is None else self.cursor_at
            extent = min(abs(window[1] - window[0]) * factor, high - low)
            extent = max(extent, (high - low) / 2_000)
            start = min(max(centre - extent / 2, low), high - extent)
            ends = (start, start + extent)
            reverse = self._data.ends[0] > self._data.ends[1]
            self.window = None if extent >= high - low else (ends[::-1] if reverse else ends)
        self._name_it()

    def action_overlay(self) -> None:
        """Draw one over the other, or mirrored."""
        self.overlaid = not self.overlaid
