"""Home: what waits for the laboratory, hazard and priority first; ready for a scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from lims.clock import now
from lims.model import WorkRow
from tui import actions
from tui.moments import age
from tui.screens.base import LabScreen
from tui.text import as_text
from tui.widgets.record_table import Column, RecordTable

ORDERS = ("queue", "newest", "oldest")
HIDDEN = "hazard: acknowledge first"


def answer_of(row: WorkRow) -> str:
    """Return a row's answer; identity stays behind an unacknowledged hazard notice."""
    return HIDDEN if row.unacknowledged else row.answer


def is_dangerous(row: WorkRow) -> bool:
    """Say whether a row warns: every substance has a hazard group, few of them shout."""
    return row.unacknowledged or row.hazard in ("H1", "H2")


def columns() -> tuple[Column[WorkRow], ...]:
    """Return the columns of the work list."""
    return (
        Column(title="", width=1, cell=lambda r: "!" if is_dangerous(r) else " "),
        Column(title="sample", width=16, most=19, cell=lambda r: r.sample),
        Column(title="lane", width=5, cell=lambda r: r.lane),
        Column(title="age", width=7, cell=_age, right=True),
        Column(title="status", width=11, cell=lambda r: r.status),
        Column(title="what", width=0, cell=_what),
    )


def _age(row: WorkRow) -> str:
    return age((now() - row.submitted_at).total_seconds() / 60)


def _what(row: WorkRow) -> str:
    said = answer_of(row)
    declared = f" ← {row.declared}" if row.declared else ""
    return said if said else f"{row.description}{declared}"


class Worklist(LabScreen):
    """The queue, served in pages."""

    PLACE = "worklist"
    heading = "Work list"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("worklist"))
    AUTO_FOCUS = "RecordTable"

    def __init__(self) -> None:
        super().__init__()
        self._find = ""
        self._order = ORDERS[0]

    def body(self) -> ComposeResult:
        """Yield the find line and the table."""
        with Horizontal(id="find-line"):
            yield Static("find", id="find-label")
            yield Input(id="find", placeholder="sample, shipment, description, answer")
        table: RecordTable[WorkRow] = RecordTable(
            columns(), marked=lambda row: row.unacknowledged, id="work"
        )
        table.border_title = "work · queue"
        yield table

    def on_mount(self) -> None:
        """No blinking cursor: it sends bytes for nothing over a slow line."""
        super().on_mount()
        self.query_one(Input).cursor_blink = False

    @property
    def table(self) -> RecordTable[WorkRow]:
        """The queue."""
        return self.query_one("#work", RecordTable)

    def load(self) -> None:
        """Ask for the first page."""
        self._feed(from_top=True)

    def on_screen_resume(self) -> None:
        """Read the queue again: what was done elsewhere may have moved it."""
        if self.is_mounted:
            self._feed(from_top=False)

    def moved(self) -> None:
        """Read the visible rows again; the cursor stays."""
        self._feed(from_top=False)

    def _feed(self, *, from_top: bool) -> None:
        find, order, desk = self._find, self._order, self.fol.desk

        async def count() -> int:
            return await desk.call(lambda record: record.admitted(lambda own: own.work_count(find)))

        async def page(offset: int, limit: int) -> Sequence[WorkRow]:
            return await desk.call(
                lambda record: record.admitted(
                    lambda own: own.work_page(offset, limit, find, order)
                )
            )

        title = f"work · {order}" + (f" · find {find}" if find else "")
        self.table.border_title = as_text(title)
        self.table.feed(count, page, from_top=from_top)

    def action_find(self) -> None:
        """Show the find line."""
        self.add_class("-finding")
        self.query_one("#find", Input).focus()

    @on(Input.Submitted, "#find")
    def _found(self, event: Input.Submitted) -> None:
        self._find = event.value.strip()
        self.set_class(bool(self._find), "-finding")
        self.table.focus()
        self._feed(from_top=True)

    def step_back(self) -> None:
        """Escape drops the find."""
        if not self.has_class("-finding"):
            return
        self.query_one("#find", Input).value = ""
        self.remove_class("-finding")
        self.table.focus()
        if self._find:
            self._find = ""
            self._feed(from_top=True)

    def action_order(self) -> None:
        """Take the next order."""
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self._feed(from_top=True)

    def action_open(self) -> None:
        """Open the sample under the cursor."""
        row = self.table.row_at_cursor()
        if row is not None:
            self.notice("")
            self.fol.open_sample(self, row.sample)
