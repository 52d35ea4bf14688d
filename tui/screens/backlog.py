"""Parcels that are registered and wait to be submitted, in the order people need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Static

from tui import actions
from tui.screens.base import LabScreen
from tui.text import as_text
from tui.widgets.fitted_table import FittedTable

if TYPE_CHECKING:
    from lims.quota import Backlog as Counts
    from lims.waiting import WaitingParcel

ORDERS = ("window", "hazard", "mismatch", "age", "newest")
MOST_SHOWN = 2_000


def counted(counts: Counts) -> str:
    """Return how many parcels there are of each kind, in one line."""
    limit = f" · quota {counts.quota} a day for each officer" if counts.quota else ""
    return (
        f"{counts.registered} registered · {counts.submitted} submitted · "
        f"{counts.waiting} waiting · {counts.closed} closed without a sample{limit}"
    )


def cells(parcel: WaitingParcel) -> tuple[str, str, str, str, str, str]:
    """Return one line of the list."""
    left = parcel.minutes_left
    window = f"{left:.0f} min" if left >= 0 else f"over {-left:.0f} min"
    odd = "; ".join(parcel.mismatches)
    return (
        "!" if parcel.sender_hazard in ("H1", "H2") else "",
        parcel.shipment,
        window,
        parcel.sender_hazard,
        parcel.declared,
        odd,
    )


class Backlog(LabScreen):
    """Nothing is filtered out: another order shows the same parcels."""

    PLACE = "backlog"
    heading = "Waiting parcels"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("backlog"))
    AUTO_FOCUS = "#rows"

    def __init__(self) -> None:
        super().__init__()
        self._order = ORDERS[0]
        self._parcels: tuple[WaitingParcel, ...] = ()

    def body(self) -> ComposeResult:
        """Yield the counts and the list."""
        yield Static("", id="count")
        titles = (("", 1), ("shipment", 16), ("window", 12), ("hz", 3), ("declared", 0), ("odd", 0))
        table = FittedTable(titles, weights=(1, 1), id="rows")
        table.border_title = "waiting"
        yield table

    def load(self) -> None:
        """Ask for the parcels."""
        order = self._order
        self.ask(lambda record: record.backlog(order), self._show)

    def moved(self) -> None:
        """Read again: somebody registered or submitted."""
        self.load()

    def _show(self, answer: tuple[Counts, Sequence[WaitingParcel]]) -> None:
        counts, parcels = answer
        self._parcels = tuple(parcels[:MOST_SHOWN])
        table = self.query_one("#rows", FittedTable)
        table.fill([cells(each) for each in self._parcels], at=table.cursor_row)
        shown = f"{len(self._parcels)} of {counts.waiting}"
        table.border_subtitle = f"{shown} by {self._order}"
        self.query_one("#count", Static).update(as_text(counted(counts)))

    def action_order(self) -> None:
        """Show the same parcels in the next order."""
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self.load()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter submits the parcel."""
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Take the parcel under the cursor to the intake screen."""
        at = self.query_one("#rows", FittedTable).cursor_row
        if not 0 <= at < len(self._parcels):
            self.failed("no parcel waits")
            return
        self.fol.submit(self._parcels[at].shipment)
