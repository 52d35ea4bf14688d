"""The event log in pages, newest first, and the check of the whole chain in a worker."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from lims.model import Event
from tui import actions
from tui.screens.base import LabScreen
from tui.text import as_text
from tui.widgets.record_table import Column, RecordTable

if TYPE_CHECKING:
    from lims.audit import AuditReport


def columns() -> tuple[Column[Event], ...]:
    """Return the columns of the log."""
    return (
        Column(title="seq", width=7, cell=lambda e: str(e.seq), right=True),
        Column(title="when (UTC)", width=19, cell=lambda e: e.at[:19].replace("T", " ")),
        Column(title="who", width=12, cell=lambda e: e.actor),
        Column(title="what", width=24, cell=lambda e: e.kind),
        Column(title="hash", width=0, cell=lambda e: e.hash.hex()[:16]),
    )


class Audit(LabScreen):
    """Proof that nothing was changed afterwards."""

    PLACE = "audit"
    heading = "Audit"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("audit"))
    AUTO_FOCUS = "RecordTable"

    def body(self) -> ComposeResult:
        """Yield the log and the box under it."""
        table: RecordTable[Event] = RecordTable(columns(), id="rows")
        table.border_title = "event log · newest first"
        yield table
        with VerticalScroll(id="detail-box"):
            yield Static("F8 checks the whole chain.", id="detail", markup=False)

    @property
    def table(self) -> RecordTable[Event]:
        """The log."""
        return self.query_one("#rows", RecordTable)

    def load(self) -> None:
        """Ask for the newest page."""
        desk = self.fol.desk

        async def count() -> int:
            return await desk.call(lambda record: record.admitted(lambda own: own.event_count()))

        async def page(offset: int, limit: int) -> Sequence[Event]:
            return await desk.call(
                lambda record: record.admitted(lambda own: own.newest_events(offset, limit))
            )

        self.table.feed(count, page)

    def action_detail(self) -> None:
        """Show the event under the cursor in full."""
        event = self.table.row_at_cursor()
        if event is None:
            return
        body = json.dumps(dict(event.body), indent=1, ensure_ascii=False, default=str)
        said = f"event {event.seq} · {event.kind} · {event.event_id}\nprev {event.prev.hex()}\n"
        said += f"hash {event.hash.hex()}\n{body}"
        self.query_one("#detail", Static).update(as_text(said, limit=8_000, multiline=True))

    def action_verify(self) -> None:
        """Check the chain on a record of its own: nobody waits."""
        self.notice("checking the chain …")
        desk = self.fol.desk
        self.run_worker(
            self._worker(
                lambda: desk.aside_on_record(lambda record: record.verify()), self._verified
            ),
            group="verify",
            exclusive=True,
        )

    def _verified(self, report: AuditReport) -> None:
        if report.ok:
            self.notice(f"✓ {report.events:,} events, chain unbroken", kind="good")
            return
        problems = "\n".join(f"✗ {problem}" for problem in report.problems)
        self.query_one("#detail", Static).update(as_text(problems, limit=8_000, multiline=True))
        self.failed(
            f"the log does not verify: {len(report.problems)} problems",
            "Stop work and call quality.",
        )
