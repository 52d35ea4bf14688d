"""A stock table whose columns fill its width; for lists of a screenful, cells are cleaned text."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import DataTable

from tui.text import as_text, shorten

_PADDING = 2  # a stock cell has one blank on either side


class FittedTable(DataTable[object]):
    """Columns of fixed width, and those of width 0 that share what is left by weight."""

    def __init__(
        self,
        columns: Sequence[tuple[str, int]],
        *,
        weights: Sequence[int] = (1,),
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id, cursor_type="row")
        self._titles = tuple(columns)
        self._weights = tuple(weights)
        self._cells: tuple[tuple[str, ...], ...] = ()

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self._lay_out()

    def fill(self, rows: Sequence[Sequence[str]], *, at: int = 0) -> None:
        """Show rows of plain texts with the cursor on row ``at``."""
        self._cells = tuple(tuple(row) for row in rows)
        self._lay_out(at)

    def _lay_out(self, at: int | None = None) -> None:
        row = self.cursor_row if at is None else at
        widths = self._widths()
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            for (title, _), width in zip(self._titles, widths, strict=True):
                self.add_column(as_text(title), width=width)
            for cells in self._cells:
                shown = zip(cells, widths, strict=True)
                self.add_row(*(as_text(shorten(cell, width)) for cell, width in shown))
            if self._cells:
                self.move_cursor(row=min(max(row, 0), len(self._cells) - 1), animate=False)

    def _widths(self) -> list[int]:
        fixed = sum(width + _PADDING for _, width in self._titles)
        rest = max(self.size.width - fixed - 1, 8)
        total = sum(self._weights)
        shares = iter(rest * weight // total for weight in self._weights)
        return [width or max(next(shares), 4) for _, width in self._titles]
