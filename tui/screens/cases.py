"""Cases and what became of them; parcels that remind of one wait here for a person to look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from lims.case_model import CaseFile, CaseLine, Outcome, Resemblance
from tui import actions
from tui.moments import clock_time
from tui.office_words import case_lines, case_state
from tui.screens.ask_fields import Field
from tui.screens.office_list import OfficeList
from tui.widgets.record_table import Column

if TYPE_CHECKING:
    from tui.record import Record

_KINDS = tuple(each.value.replace("_", " ") for each in Outcome)
_PLACES = ("through this port", "seized elsewhere, not counted")


class Cases(OfficeList[CaseLine]):
    """Cases, the newest first; what waits for a look is marked."""

    PLACE = "cases"
    heading = "Cases"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("cases"))
    TITLES = ("open cases", "all cases")

    def __init__(self) -> None:
        super().__init__()
        self._near: Sequence[Resemblance] = ()

    def columns(self) -> tuple[Column[CaseLine], ...]:
        """Return the columns of the list."""
        return (
            Column(title="", width=1, cell=lambda c: "!" if c.to_look_at else " "),
            Column(title="case", width=16, most=19, cell=lambda c: c.number),
            Column(title="opened", width=12, cell=lambda c: self._opened(c)),
            Column(title="smp", width=4, right=True, cell=lambda c: str(c.samples)),
            Column(title="title", width=0, cell=lambda c: c.title),
            Column(title="came of it", width=0, cell=case_state),
        )

    def _opened(self, row: CaseLine) -> str:
        return clock_time(row.opened_at, self.fol.timezone)

    def rows_of(self, record: Record) -> Sequence[CaseLine]:
        """Return the cases."""
        return record.cases(everything=self.shows_all)

    def is_urgent(self, row: CaseLine) -> bool:
        """Whether a parcel waits to be compared with it."""
        return bool(row.to_look_at)

    def show_detail(self, row: CaseLine | None) -> None:
        """Ask for the case under the cursor."""
        if row is None:
            self._near = ()
            self.write(("No case yet.",))
            return
        number = row.number
        self.ask(lambda record: record.case(number), lambda found: self._show_case(*found))

    def _show_case(self, found: CaseFile, near: Sequence[Resemblance]) -> None:
        now = self.table.row_at_cursor()
        if now is not None and now.number != found.number:
            return
        self._near = near
        lines = case_lines(found, near, self.fol.timezone)
        self.write((f"{found.number} · {found.title}", *lines))

    def _parcel(self, row: CaseLine) -> str:
        """Return the parcel that waits for a look, to begin with."""
        return next((each.shipment for each in self._near if each.case == row.number), "")

    def action_open(self) -> None:
        """Open the sample that was linked last."""
        row = self.table.row_at_cursor()
        if row is None:
            return

        def known(number: str) -> None:
            if number:
                self.fol.open_sample(self, number)
            else:
                self.notice(f"{row.number} holds no sample yet")

        self.ask(lambda record: record.sample_of_case(row.number), known)

    def action_new(self) -> None:
        """Open a case."""
        fields = (
            Field(name="title", label="Title", required=True),
            Field(name="subject", label="Shipment or sample it starts from", scans=True),
        )
        self.ask_typed(
            "Open a case?",
            ["What became of it is written back later."],
            fields,
            lambda record, typed: record.open_case(
                typed["title"], [typed["subject"]] if typed["subject"] else []
            ),
            lambda found: f"{found.number} opened: {found.title}",
            yes="Open",
        )

    def action_link(self) -> None:
        """Link a shipment or sample to the case under the cursor."""
        row = self.table.row_at_cursor()
        if row is None:
            return
        fields = (
            Field(
                name="subject",
                label="Shipment or sample",
                required=True,
                value=self._parcel(row),
                scans=True,
            ),
            Field(name="reason", label="Why it belongs to the case", required=True),
            Field(name="where", label="It came", choices=_PLACES, value=_PLACES[0]),
        )
        self.ask_typed(
            f"Link to {row.number}?",
            [row.title],
            fields,
            lambda record, typed: record.link_case(
                row.number,
                typed["subject"],
                typed["reason"],
                elsewhere=typed["where"] == _PLACES[1],
            ),
            lambda found: f"linked to {found.number}",
            yes="Link",
        )

    def action_outcome(self) -> None:
        """Write back what became of the case under the cursor."""
        row = self.table.row_at_cursor()
        if row is None:
            return
        fields = (
            Field(name="kind", label="What came of it", required=True, choices=_KINDS),
            Field(name="text", label="In words", required=True),
            Field(name="subject", label="About (empty: all of it)", scans=True),
            Field(name="substance", label="Substance elsewhere"),
            Field(name="mass", label="Mass elsewhere (2 kg)"),
            Field(name="day", label="On (2026-11-24)"),
            Field(name="source", label="Told by"),
        )
        self.ask_typed(
            f"What became of {row.number}?",
            [row.title, "What was seized elsewhere is told, and never counted as a sample here."],
            fields,
            lambda record, typed: record.write_outcome(row.number, typed),
            lambda found: f"{found.number}: {found.outcomes[-1].kind.replace('_', ' ')}",
            yes="Write back",
        )

    def action_dismiss_parcel(self) -> None:
        """Say that a parcel has nothing to do with the case under the cursor."""
        row = self.table.row_at_cursor()
        if row is None:
            return
        if not self._parcel(row):
            self.notice(f"no parcel waits to be compared with {row.number}")
            return
        fields = (
            Field(name="shipment", label="Shipment", required=True, value=self._parcel(row)),
            Field(name="reason", label="Why the shared party means nothing", required=True),
        )
        self.ask_typed(
            f"Nothing to do with {row.number}?",
            [row.title, "It does not remind of this case again."],
            fields,
            lambda record, typed: record.dismiss_likeness(
                row.number, typed["shipment"], typed["reason"]
            ),
            lambda found: f"has nothing to do with {found.number}",
            yes="Dismiss",
        )

    def action_close_case(self) -> None:
        """Close the case under the cursor."""
        row = self.table.row_at_cursor()
        if row is None:
            return
        self.ask_typed(
            f"Close {row.number}?",
            [row.title, "Later parcels still remind of it."],
            (Field(name="reason", label="Reason", required=True),),
            lambda record, typed: record.close_case(row.number, typed["reason"]),
            lambda found: f"{found.number} closed",
            yes="Close it",
        )
