"""The ranked hits of one spectrum: rank, substance, hit quality index, distance to the best."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message
from textual.widgets import DataTable

from tui.verdict import HitLine
from tui.widgets.fitted_table import FittedTable


class HitList(FittedTable):
    """Never more than a screenful."""

    DEFAULT_CSS = """
    HitList { border: round $primary; background: $background; }
    HitList:focus { border: round $accent; }
    """

    class Chosen(Message):
        """The cursor stands on another hit."""

        def __init__(self, hit: HitLine) -> None:
            super().__init__()
            self.hit = hit

    class Sideways(Message):
        """Left or right was pressed: one row has no columns to go to, but a plot has."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        titles = (("#", 2), ("substance", 0), ("HQI", 5), ("Δ", 5), ("library", 0))
        super().__init__(titles, weights=(3, 2), id=id)
        self._hits: tuple[HitLine, ...] = ()
        self.border_title = "hits"

    def show(self, hits: Sequence[HitLine]) -> None:
        """Fill the list; the first hit is under the cursor and announced."""
        self._hits = tuple(hits)
        best = hits[0].hqi if hits else 0.0
        self.fill(
            [
                (
                    str(hit.rank),
                    f"! {hit.name}" if hit.hazard else hit.name,
                    f"{hit.hqi:.3f}",
                    "" if position == 0 else f"{best - hit.hqi:.3f}",
                    f"{hit.library} {hit.version}".strip(),
                )
                for position, hit in enumerate(hits)
            ]
        )
        if hits:
            self.post_message(self.Chosen(hits[0]))

    def chosen(self) -> HitLine | None:
        """Return the hit under the cursor."""
        at = self.cursor_row
        return self._hits[at] if 0 <= at < len(self._hits) else None

    def action_cursor_left(self) -> None:
        """Pass it up."""
        self.post_message(self.Sideways(-1))

    def action_cursor_right(self) -> None:
        """Pass it up."""
        self.post_message(self.Sideways(1))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Tell the screen which hit to draw."""
        event.stop()
        hit = self.chosen()
        if hit is not None:
            self.post_message(self.Chosen(hit))
