"""Structures proposed for the candidate of a finding: proposed, not identified.

They are made beside the screen, can be stopped, and enter the record only when a person keeps them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import DataTable, Static

from lims.model import Finding
from tui import actions
from tui.proposal_words import HEADINGS, MARK, cells, details, summary
from tui.record import Record
from tui.screens.base import LabScreen
from tui.screens.dialogs import Confirm
from tui.text import as_text, clean
from tui.widgets.fitted_table import FittedTable

_WIDTHS = (3, 14, 0, 0, 5)


class Progress(Message):
    """How many molecules were made, of how many at most."""

    def __init__(self, done: int, of: int) -> None:
        super().__init__()
        self.done, self.of = done, of


class Proposals(LabScreen):
    """The proposals for each analogue of one finding, the likeliest first."""

    PLACE = "proposals"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("proposals"))
    AUTO_FOCUS = "FittedTable"

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self._finding = finding
        self._stop = threading.Event()
        self._found: list[dict[str, Any]] | None = None
        self._rows: list[dict[str, Any]] = []
        self.heading = finding.sample

    def body(self) -> ComposeResult:
        """Yield how far it is, the table and the detail of one."""
        yield Static("", id="how-far")
        titles = tuple(zip(HEADINGS, _WIDTHS, strict=True))
        table = FittedTable(titles, weights=(3, 2), id="structures")
        table.border_title = MARK
        yield table
        with VerticalScroll(id="detail-box") as box:
            box.border_title = MARK
            yield Static("", id="detail")

    def load(self) -> None:
        """Make them, on a record and in a thread of their own."""
        self.bar.detail = f"{MARK} · candidate of {self._finding.id}"
        self._say("reading the kept spectrum …")
        finding, stop = self._finding.id, self._stop

        def work(record: Record) -> Sequence[dict[str, Any]]:
            return record.propose(
                finding,
                progress=self._tell,
                is_cancelled=stop.is_set,
            )

        # A worker of the screen: leaving the screen stops it, and its answer goes nowhere.
        self.run_worker(self._worker(lambda: self.fol.desk.apart_on_record(work), self._show))

    def _tell(self, done: int, of: int) -> None:
        """Say how far it is; called in the working thread."""
        self.post_message(Progress(done, of))

    def action_refresh(self) -> None:
        """Nothing to read again: the question has one answer."""

    @on(Progress)
    def _moved(self, event: Progress) -> None:
        event.stop()
        if self._found is None and not self._stop.is_set():
            self._say(f"making structures: {event.done:,} of at most {event.of:,} · Esc stops")

    def _say(self, text: str) -> None:
        self.query_one("#how-far", Static).update(as_text(text, limit=300))

    def _show(self, found: Sequence[dict[str, Any]]) -> None:
        self._found = list(found)
        self._rows = [one for each in found for one in each["proposals"]["structures"]]
        said = [f"{each['title']}: {summary(each['proposals'])}" for each in found]
        self._say("; ".join(said))
        table = self.query_one("#structures", FittedTable)
        table.fill([cells(one) for one in self._rows])
        table.border_subtitle = f"{len(self._rows)}" if self._rows else "none"
        self._detail(0)

    def failed(self, message: str, hint: str = "") -> None:
        """Show an error, and that nothing is being made any more."""
        super().failed(message, hint)
        if self._found is None:
            self._say("no structures")

    @on(DataTable.RowHighlighted)
    def _highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        self._detail(event.cursor_row)

    def _detail(self, at: int) -> None:
        said = Text()
        if 0 <= at < len(self._rows):
            said.append("\n".join(clean(line, 400) for line in details(self._rows[at])))
        self.query_one("#detail", Static).update(said)

    def action_keep(self) -> None:
        """Keep the proposals beside the candidate, after a dialog."""
        found = self._found
        if not found or not self._rows:
            self.failed("there is nothing to keep yet")
            return
        finding = self._finding.id
        lines = [
            f"for the candidate of {finding}: {self._count()}",
            f"They stand beside the candidate, {MARK}; it stays unnamed.",
        ]

        def answered(sure: bool | None) -> None:
            if sure:
                self.ask(
                    lambda record: record.keep_proposals(finding, found),
                    lambda _: self.notice("✓ kept beside the candidate", kind="good"),
                )

        self.app.push_screen(Confirm("Keep these proposals?", lines, yes="Keep"), answered)

    def _count(self) -> str:
        return "1 structure" if len(self._rows) == 1 else f"{len(self._rows)} structures"

    def step_back(self) -> None:
        """Escape stops the making, keeping what there is; then it leaves."""
        if self._found is None and not self._stop.is_set():
            self._stop.set()
            self._say("stopping …")
            return
        super().step_back()

    def on_unmount(self) -> None:
        """Leaving stops the making."""
        self._stop.set()
