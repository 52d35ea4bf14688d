"""A table of any length: pages come from the record on demand, an LRU keeps the last ones.

Knows columns and rows, not what they mean; 100,000 rows cost what the visible page costs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from lims.errors import SessionNeeded
from spectra.errors import LabError
from tui.messages import Failed
from tui.text import clean, shorten

Row = TypeVar("Row")
PAGE = 200
PAGES_KEPT = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """A title, a width in cells (0 takes what is left) and the text of a row's cell.

    ``most`` lets a column grow to its content: a number that identifies must never be cut.
    """

    title: str
    width: int
    cell: Callable[[Row], str]
    right: bool = False
    most: int = 0


class RecordTable(ScrollView, Generic[Row], can_focus=True):
    """Rows in pages, one of them under the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "record-table--header",
        "record-table--cursor",
        "record-table--marked",
        "record-table--waiting",
    }
    DEFAULT_CSS = """
    RecordTable {
        height: 1fr; border: round $primary; background: $background; overflow-x: hidden;
    }
    RecordTable:focus { border: round $accent; }
    RecordTable .record-table--header { color: $foreground; text-style: bold; background: $panel; }
    RecordTable .record-table--cursor {
        background: $primary; color: $background; text-style: bold;
    }
    RecordTable .record-table--marked { color: $warning; text-style: bold; }
    RecordTable .record-table--waiting { color: $foreground 60%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "leaf(-1)", show=False),
        Binding("pagedown", "leaf(1)", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
    ]

    cursor: reactive[int] = reactive(0)

    class PageArrived(Message):
        """A worker has read a page; ``total`` comes with the first one."""

        def __init__(
            self, table: Widget, turn: int, page: int, rows: Sequence[Any], total: int
        ) -> None:
            super().__init__()
            self.table = table
            self.turn = turn
            self.page = page
            self.rows = rows
            self.total = total

        @property
        def control(self) -> Widget:
            """The table the page is for."""
            return self.table

    class Filled(Message):
        """A page is there; the row under the cursor may have changed."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        *,
        marked: Callable[[Row], bool] = lambda _: False,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._widths = [column.width for column in columns]
        self._marked = marked
        self._count: Callable[[], Awaitable[int]] | None = None
        self._page: Callable[[int, int], Awaitable[Sequence[Row]]] | None = None
        self._pages: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._asked: set[int] = set()
        self._turn = 0
        self._total = 0
        self._note = "reading …"

    @property
    def total(self) -> int:
        """Number of rows there are."""
        return self._total

    def feed(
        self,
        count: Callable[[], Awaitable[int]],
        page: Callable[[int, int], Awaitable[Sequence[Row]]],
        *,
        from_top: bool = True,
    ) -> None:
        """Take rows from here on from a new query. What was asked of the old one is dropped."""
        self._count, self._page = count, page
        self._turn += 1
        self._asked.clear()
        if from_top:
            self._pages.clear()
            self.cursor = 0
            self.scroll_to(0, 0, animate=False)
        self._want(0 if from_top else self.cursor // PAGE)

    def row_at_cursor(self) -> Row | None:
        """Return the row under the cursor, or None while it is not there."""
        return self._row(self.cursor)

    def _row(self, index: int) -> Row | None:
        rows = self._pages.get(index // PAGE)
        offset = index % PAGE
        return rows[offset] if rows is not None and offset < len(rows) else None

    def _want(self, page: int) -> None:
        if page in self._asked or self._page is None:
            return
        self._asked.add(page)
        self.run_worker(self._fetch(self._turn, page), exit_on_error=True)

    async def _fetch(self, turn: int, page: int) -> None:
        if self._page is None or self._count is None:
            return
        try:
            rows = await self._page(page * PAGE, PAGE)
            total = await self._count()
        except SessionNeeded:
            return  # the screen's own question puts the sign-in screen over everything
        except LabError as error:
            self._note = "not readable"
            self.post_message(Failed(error.message, error.hint))
            return
        self.post_message(self.PageArrived(self, turn, page, rows, total))

    def on_record_table_page_arrived(self, event: PageArrived) -> None:
        """Keep the page and draw again."""
        event.stop()
        if event.turn != self._turn:
            return
        self._pages[event.page] = event.rows
        self._pages.move_to_end(event.page)
        while len(self._pages) > PAGES_KEPT:
            dropped, _ = self._pages.popitem(last=False)
            self._asked.discard(dropped)
        self._total = event.total
        self._grow(event.rows)
        self._note = "nothing here"
        self.virtual_size = Size(self.size.width, self._total + 1)
        self.cursor = min(self.cursor, max(self._total - 1, 0))
        self._count_it()
        self.refresh()
        self.post_message(self.Filled())

    def _grow(self, rows: Sequence[Row]) -> None:
        for place, column in enumerate(self._columns):
            if column.most:
                longest = max((cell_len(clean(column.cell(row))) for row in rows), default=0)
                self._widths[place] = max(self._widths[place], min(longest, column.most))

    def _count_it(self) -> None:
        at = self.cursor + 1 if self._total else 0
        self.border_subtitle = f"{at:,} of {self._total:,}"

    def on_resize(self) -> None:
        """Keep the cursor inside."""
        self.virtual_size = Size(self.size.width, self._total + 1)
        self._reveal()

    def watch_cursor(self, before: int, after: int) -> None:
        """Show the new row and count it; without scrolling only two rows are drawn."""
        self._count_it()
        top = self.scroll_offset.y
        self._reveal()
        if self.scroll_offset.y != top:
            self.refresh()
            return
        for index in (before, after):
            self.refresh_line(index + 1)  # line 0 is the header

    def _reveal(self) -> None:
        self.scroll_to_region(
            Region(0, self.cursor, 1, 2), animate=False, force=True, immediate=True
        )

    def render_line(self, y: int) -> Strip:
        """Return the header or one row."""
        width, base = self.size.width, self.rich_style
        if y == 0:
            style = self.get_component_rich_style("record-table--header")
            return self._strip([c.title for c in self._columns], width, style)
        index = self.scroll_offset.y + y - 1
        if index >= self._total:
            text = self._note if self._total == 0 and y == 2 else ""
            return Strip([Segment(text.center(width), base)], width)
        page = index // PAGE
        row = self._row(index)
        if page in self._pages:
            self._pages.move_to_end(page)
        self._want(page)
        if row is None:
            style = self.get_component_rich_style("record-table--waiting")
            return self._strip(["…"] * len(self._columns), width, style)
        if index == self.cursor:
            style = self.get_component_rich_style("record-table--cursor")
        elif self._marked(row):
            style = self.get_component_rich_style("record-table--marked")
        else:
            style = base
        return self._strip([c.cell(row) for c in self._columns], width, style)

    def _strip(self, cells: Sequence[str], width: int, style: object) -> Strip:
        fixed = sum(self._widths) + len(self._columns)
        flexible = self._widths.count(0)
        rest = max((width - fixed - 1) // max(flexible, 1), 4)
        text = " "
        for column, width_of, cell in zip(self._columns, self._widths, cells, strict=True):
            room = width_of or rest
            shown = shorten(clean(cell, 400), room)
            pad = " " * max(room - cell_len(shown), 0)
            text += (pad + shown if column.right else shown + pad) + " "
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)  # type: ignore[arg-type]

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.cursor = min(max(self.cursor + rows, 0), max(self._total - 1, 0))

    def action_leaf(self, pages: int) -> None:
        """Move the cursor by a screenful."""
        self.action_move(pages * max(self.size.height - 2, 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Go to the last row."""
        self.cursor = max(self._total - 1, 0)
