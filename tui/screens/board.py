"""The officers' board: honest statuses and ages, no case detail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from lims.model import BoardRow
from tui import actions
from tui.moments import age, local
from tui.screens.base import LabScreen
from tui.screens.listing import feed_list
from tui.text import as_text
from tui.widgets.record_table import Column, RecordTable


def columns() -> tuple[Column[BoardRow], ...]:
    """Return the columns of the board."""
    return (
        Column(title="", width=1, cell=lambda r: "!" if r.hazard else " "),
        Column(title="sample", width=16, most=19, cell=lambda r: r.sample),
        Column(title="shipment", width=16, most=19, cell=lambda r: r.shipment),
        Column(title="lane", width=5, cell=lambda r: r.lane),
        Column(title="age", width=7, cell=lambda r: age(r.age_minutes), right=True),
        Column(title="answer", width=0, cell=lambda r: r.answer or r.status),
    )


def summary(rows: Sequence[BoardRow]) -> str:
    """Return how many are answered and how old the oldest waiting one is."""
    waiting = [row for row in rows if row.answered_minutes is None]
    said = f"{len(rows)} samples · {len(rows) - len(waiting)} answered · {len(waiting)} waiting"
    if waiting:
        said += f" · oldest {age(max(row.age_minutes for row in waiting))}"
    hazards = sum(row.hazard for row in rows)
    return said + (f" · ! {hazards} with a hazard notice" if hazards else "")


class Board(LabScreen):
    """What an officer may know."""

    PLACE = "board"
    heading = "Board"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("board"))
    AUTO_FOCUS = "RecordTable"

    def body(self) -> ComposeResult:
        """Yield the summary and the table."""
        yield Static("", id="summary")
        table: RecordTable[BoardRow] = RecordTable(columns(), marked=lambda r: r.hazard, id="rows")
        table.border_title = "status"
        yield table

    @property
    def table(self) -> RecordTable[BoardRow]:
        """The board's rows."""
        return self.query_one("#rows", RecordTable)

    def load(self) -> None:
        """Ask for the board."""
        self.ask(lambda record: record.board(), self._show)

    def on_screen_resume(self) -> None:
        """Statuses change while other screens are open."""
        if self.is_mounted and self.table.total:
            self.load()

    def moved(self) -> None:
        """Read the list again; the cursor stays."""
        self.load()

    def _show(self, rows: Sequence[BoardRow]) -> None:
        self.query_one("#summary", Static).update(as_text(summary(rows)))
        feed_list(self.table, rows, from_top=not self.table.total)

    def action_answer_offer(self) -> None:
        """Take over what was offered to the person signed in, or decline it."""
        from tui.screens.custody_dialogs import answer_offer

        answer_offer(self, self.load)

    def action_open(self) -> None:
        """Say what may be told; the laboratory opens the sample."""
        row = self.table.row_at_cursor()
        if row is None:
            return
        if self.fol.may_examine:
            self.fol.open_sample(self, row.sample)
            return
        answered = (
            "not answered yet"
            if row.answered_minutes is None
            else f"answered after {age(row.answered_minutes)}"
        )
        since = local(row.submitted_at, self.fol.timezone)
        self.notice(f"{row.sample}: {row.answer or row.status} · submitted {since} · {answered}")
