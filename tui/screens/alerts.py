"""Notices that must be seen: headline and place first, detail after acknowledgement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from lims.model import Alert
from tui import actions
from tui.moments import clock_time, local
from tui.screens.base import LabScreen
from tui.screens.hazard import acknowledge
from tui.screens.listing import feed_list
from tui.text import clean
from tui.widgets.record_table import Column, RecordTable


class Alerts(LabScreen):
    """Open notices, or all."""

    PLACE = "alerts"
    heading = "Alerts"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("alerts"))
    AUTO_FOCUS = "RecordTable"

    def __init__(self) -> None:
        super().__init__()
        self._everything = False

    def body(self) -> ComposeResult:
        """Yield the table and the notice under the cursor."""
        table: RecordTable[Alert] = RecordTable(
            (
                Column(title="", width=1, cell=lambda a: " " if a.acknowledged_by else "!"),
                Column(title="raised", width=12, cell=self._raised),
                Column(title="kind", width=9, cell=lambda a: a.kind),
                Column(title="sample", width=16, most=19, cell=lambda a: a.sample),
                Column(title="notice", width=0, cell=lambda a: a.headline),
            ),
            marked=lambda a: not a.acknowledged_by and a.kind == "hazard",
            id="rows",
        )
        yield table
        with VerticalScroll(id="detail-box"):
            yield Static("", id="detail")

    def _raised(self, alert: Alert) -> str:
        return clock_time(alert.raised_at, self.fol.timezone)

    @property
    def table(self) -> RecordTable[Alert]:
        """The notices."""
        return self.query_one("#rows", RecordTable)

    def on_mount(self) -> None:
        """Follow the cursor with the detail."""
        super().on_mount()
        self.watch(self.table, "cursor", self._show_detail, init=False)

    def load(self) -> None:
        """Ask for the notices."""
        everything = self._everything
        self.ask(lambda record: record.alerts(everything=everything), self._show)

    def on_screen_resume(self) -> None:
        """Notices arise while other screens are open."""
        if self.is_mounted and self.fol.identity is not None:
            self.load()

    def moved(self) -> None:
        """Read the list again; the cursor stays."""
        self.load()

    def _show(self, rows: Sequence[Alert]) -> None:
        title = "all notices" if self._everything else "open notices"
        self.table.border_title = title
        feed_list(self.table, rows, from_top=not self.table.total)
        at = min(self.table.cursor, len(rows) - 1)
        self._show_detail_of(rows[at] if rows else None)

    def _show_detail(self) -> None:
        self._show_detail_of(self.table.row_at_cursor())

    def _show_detail_of(self, alert: Alert | None) -> None:
        said = Text()
        if alert is not None:
            said.append(clean(alert.headline, 300) + "\n", style="bold")
            said.append(
                f"where: {clean(alert.where, 200)} · shipment {clean(alert.shipment, 40)}\n"
            )
            hidden = alert.kind == "hazard" and not alert.acknowledged_by
            if hidden:
                said.append("detail after acknowledgement: press a")
            else:
                said.append(clean(alert.detail, 800))
            if alert.acknowledged_by and alert.acknowledged_at:
                at = local(alert.acknowledged_at, self.fol.timezone)
                said.append(f"\nacknowledged by {clean(alert.acknowledged_by, 40)} at {at}")
        self.query_one("#detail", Static).update(said)

    def action_show_all(self) -> None:
        """Show acknowledged notices too, or only open ones."""
        self._everything = not self._everything
        self.load()

    def action_acknowledge(self) -> None:
        """Acknowledge the notice under the cursor."""
        alert = self.table.row_at_cursor()
        acknowledge(self, [alert] if alert and not alert.acknowledged_by else [], self.load)

    def action_open(self) -> None:
        """Open the sample of the notice."""
        alert = self.table.row_at_cursor()
        if alert is not None and alert.sample:
            self.fol.open_sample(self, alert.sample)
