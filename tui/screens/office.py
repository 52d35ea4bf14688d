"""The office: cases, notices, other labs, the shift, turnaround and practice, one key away each."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui import actions
from tui.office_overview import OfficeRow
from tui.screens.base import LabScreen
from tui.screens.listing import feed_list
from tui.widgets.record_table import Column, RecordTable

_SCREENS = {
    "cases": "tui.screens.cases:Cases",
    "notices": "tui.screens.notices:Notices",
    "shift": "tui.screens.shift:Shift",
    "turnaround": "tui.screens.turnaround:TurnaroundScreen",
    "outside": "tui.screens.outside:OtherLabs",
    "practice": "tui.screens.practice:Practice",
}


class Office(LabScreen):
    """How each part stands; its digit or Enter opens it."""

    PLACE = "office"
    heading = "Office"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("office"))
    AUTO_FOCUS = "RecordTable"

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[OfficeRow, ...] = ()

    def body(self) -> ComposeResult:
        """Yield the list."""
        table: RecordTable[OfficeRow] = RecordTable(
            (
                Column(title="", width=1, cell=lambda r: "!" if r.is_urgent else " "),
                Column(title="", width=1, cell=lambda r: str(self._rows.index(r) + 1)),
                Column(title="office", width=18, cell=lambda r: r.title),
                Column(title="how it stands", width=0, cell=lambda r: r.says),
            ),
            marked=lambda r: r.is_urgent,
            id="rows",
        )
        table.border_title = "office"
        yield table

    @property
    def table(self) -> RecordTable[OfficeRow]:
        """The list."""
        return self.query_one("#rows", RecordTable)

    def load(self) -> None:
        """Ask how everything stands."""
        self.ask(lambda record: record.office(), self._show)

    def on_screen_resume(self) -> None:
        """Read again: a part of it was open."""
        if self.is_mounted and self.fol.identity is not None:
            self.load()

    def moved(self) -> None:
        """Read again; the cursor stays."""
        self.load()

    def _show(self, rows: Sequence[OfficeRow]) -> None:
        self._rows = tuple(rows)
        feed_list(self.table, self._rows, from_top=not self.table.total)

    def action_open(self) -> None:
        """Open the part under the cursor."""
        self.action_part(self.table.cursor)

    def action_part(self, at: int) -> None:
        """Open a part by its place in the list."""
        if not 0 <= at < len(self._rows):
            return
        module, _, name = _SCREENS[self._rows[at].place].partition(":")
        self.notice("")
        self.app.push_screen(getattr(import_module(module), name)())
