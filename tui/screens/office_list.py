"""What the office screens share: rows of the record, and the one under the cursor in words below.

A subclass says which rows, which columns and which words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.record import Record
from tui.screens.ask_fields import AskFields, Field
from tui.screens.base import LabScreen
from tui.screens.listing import feed_list
from tui.text import clean
from tui.widgets.record_table import Column, RecordTable

Row = TypeVar("Row")
Done = TypeVar("Done")


class OfficeActing(LabScreen):
    """A screen that asks for a few texts and then acts on the record."""

    def ask_typed(
        self,
        title: str,
        lines: Sequence[str],
        fields: Sequence[Field],
        work: Callable[[Record, Mapping[str, str]], Done],
        says: Callable[[Done], str],
        *,
        yes: str,
    ) -> None:
        """Ask for a few texts, then act with them."""

        def answered(typed: Mapping[str, str] | None) -> None:
            if typed is not None:
                self.act(lambda record: work(record, typed), says)

        self.app.push_screen(AskFields(title, lines, fields, yes=yes), answered)

    def act(self, work: Callable[[Record], Done], says: Callable[[Done], str]) -> None:
        """Do something on the record, say that it was done, and read the list again."""

        def done(result: Done) -> None:
            self.notice(f"✓ {says(result)}", kind="good")
            self.load()

        self.ask(work, done)


class OfficeList(OfficeActing, Generic[Row]):
    """A list that is read whole, with a box below that follows its cursor."""

    AUTO_FOCUS = "RecordTable"
    TITLES: ClassVar[tuple[str, str]] = ("", "")
    """What the list is called: what waits, and everything."""

    def __init__(self) -> None:
        super().__init__()
        self.shows_all = False

    def columns(self) -> tuple[Column[Row], ...]:
        """Return the columns of the list."""
        raise NotImplementedError

    def rows_of(self, record: Record) -> Sequence[Row]:
        """Return the rows; runs beside the screen."""
        raise NotImplementedError

    def is_urgent(self, row: Row) -> bool:
        """Whether a row waits for a person."""
        return False

    def told(self, row: Row) -> Sequence[str]:
        """Return what is said of the row under the cursor; the first line is its heading."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """Yield the list and the box."""
        table: RecordTable[Row] = RecordTable(
            self.columns(), marked=lambda row: self.is_urgent(row), id="rows"
        )
        table.border_title = self.TITLES[0]
        yield table
        with VerticalScroll(id="detail-box"):
            yield Static("", id="detail")

    @property
    def table(self) -> RecordTable[Row]:
        """The list."""
        return self.query_one("#rows", RecordTable)

    def on_mount(self) -> None:
        """Follow the cursor with the box."""
        super().on_mount()
        self.watch(self.table, "cursor", self._ask_detail, init=False)

    def load(self) -> None:
        """Ask for the list."""
        self.ask(self.rows_of, self._show)

    def on_screen_resume(self) -> None:
        """Read again: other screens may have changed it."""
        if self.is_mounted and self.fol.identity is not None:
            self.load()

    def moved(self) -> None:
        """Read the list again; the cursor stays."""
        self.load()

    def _show(self, rows: Sequence[Row]) -> None:
        self.table.border_title = self.TITLES[self.shows_all]
        feed_list(self.table, rows, from_top=not self.table.total)
        at = min(self.table.cursor, len(rows) - 1)
        self.show_detail(rows[at] if rows else None)

    def _ask_detail(self) -> None:
        self.show_detail(self.table.row_at_cursor())

    def show_detail(self, row: Row | None) -> None:
        """Fill the box."""
        self.write(() if row is None else self.told(row))

    def write(self, lines: Sequence[str]) -> None:
        """Put lines into the box, the first as heading."""
        said = Text()
        for place, line in enumerate(lines):
            said.append(clean(line, 600) + "\n", style="" if place else "bold")
        said.rstrip()
        self.query_one("#detail", Static).update(said)

    def action_show_all(self) -> None:
        """Show what is over too, or only what waits."""
        self.shows_all = not self.shows_all
        self.load()
