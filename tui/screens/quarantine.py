"""Files that wait because nobody knows whose they are: link one to a sample, or dismiss it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from lims.model import Finding, Quarantined, QuarantineState
from tui import actions
from tui.moments import clock_time, local
from tui.screens.base import LabScreen
from tui.screens.dialogs import Reason
from tui.screens.listing import feed_list
from tui.screens.take_run import instrument_line
from tui.text import as_text, clean
from tui.widgets.record_table import Column, RecordTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a person says a file is."""

    sample: str
    portion: str
    instrument: str = ""


class LinkFile(ModalScreen[Owner]):
    """Asks for the sample's number, typed or scanned; a scan fills the field and links nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    AUTO_FOCUS = "#sample"

    def __init__(
        self, lines: Sequence[str], sample: str = "", instruments: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._restated = tuple(lines)
        self._sample = sample
        self._instruments = tuple(instruments)

    def compose(self) -> ComposeResult:
        """Lay out the file, the two fields and the buttons."""
        with Vertical(classes="dialog"):
            yield Static(as_text("Whose is this file?"), classes="title")
            for line in self._restated:
                yield Static(as_text(line, limit=300), classes="line")
            yield Static(as_text("Sample (scan its label, or type the number)"), classes="label")
            yield self._field("sample", self._sample)
            yield Static(as_text("Portion (its number; empty for none)"), classes="label")
            yield self._field("portion", "")
            if self._instruments:
                yield Static(as_text(instrument_line(self._instruments)), classes="label")
                yield self._field("instrument", "")
            yield Static("", id="wrong")
            with Horizontal(classes="buttons"):
                yield Static(as_text("Tab moves, Enter presses, Esc cancels"), classes="how")
                yield Button(as_text("Cancel"), id="no", compact=True)
                yield Button(as_text("Link"), id="yes", compact=True, variant="warning")

    def _field(self, name: str, value: str) -> Input:
        field = Input(value=value, id=name, max_length=60)
        field.cursor_blink = False
        return field

    def take_scan(self, code: str) -> None:
        """Put a scanned number into the field; linking it is another key."""
        self.query_one("#sample", Input).value = clean(code, 60)
        self.query_one("#yes", Button).focus()

    @on(Input.Submitted)
    def _typed(self) -> None:
        """Enter in a field, a scanner's too, only moves on: linking has its own button."""
        self.query_one("#yes", Button).focus()

    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        sample = self.query_one("#sample", Input).value.strip()
        if not sample:
            self.query_one("#wrong", Static).update(as_text("✗ a sample number is needed"))
            self.query_one("#sample", Input).focus()
            return
        portion = self.query_one("#portion", Input).value.strip()
        named = self.query("#instrument").results(Input)
        instrument = next((each.value.strip() for each in named), "")
        self.dismiss(Owner(sample=sample, portion=portion, instrument=instrument))

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Escape links nothing."""
        self.dismiss(None)


def _why(row: Quarantined) -> str:
    if row.state is QuarantineState.WAITING:
        return row.reason
    return f"{row.state.value}: {row.run or row.remark}"


class Quarantine(LabScreen):
    """What waits, or everything that ever did."""

    PLACE = "quarantine"
    heading = "Quarantine"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("quarantine"))
    AUTO_FOCUS = "RecordTable"

    def __init__(self) -> None:
        super().__init__()
        self._everything = False

    def body(self) -> ComposeResult:
        """Yield the table and the file under the cursor."""
        table: RecordTable[Quarantined] = RecordTable(
            (
                Column(title="number", width=7, most=12, cell=lambda q: q.number),
                Column(title="since", width=12, cell=self._since),
                Column(title="file", width=24, cell=lambda q: q.file_name),
                Column(title="why", width=0, cell=_why),
            ),
            id="rows",
        )
        table.border_title = "files that wait"
        yield table
        with VerticalScroll(id="detail-box"):
            yield Static("", id="detail")

    def _since(self, row: Quarantined) -> str:
        return clock_time(row.at, self.fol.timezone)

    @property
    def table(self) -> RecordTable[Quarantined]:
        """The files."""
        return self.query_one("#rows", RecordTable)

    def on_mount(self) -> None:
        """Follow the cursor with the detail."""
        super().on_mount()
        self.watch(self.table, "cursor", self._show_detail, init=False)

    def load(self) -> None:
        """Ask for the files."""
        everything = self._everything
        self.ask(lambda record: record.quarantined(everything=everything), self._show)

    def on_screen_resume(self) -> None:
        """Files arrive while other screens are open."""
        if self.is_mounted and self.fol.identity is not None:
            self.load()

    def moved(self) -> None:
        """Read the list again; the cursor stays."""
        self.load()

    def _show(self, rows: Sequence[Quarantined]) -> None:
        self.table.border_title = "all files" if self._everything else "files that wait"
        feed_list(self.table, rows, from_top=not self.table.total)
        at = min(self.table.cursor, len(rows) - 1)
        self._show_detail_of(rows[at] if rows else None)

    def _show_detail(self) -> None:
        self._show_detail_of(self.table.row_at_cursor())

    def _show_detail_of(self, row: Quarantined | None) -> None:
        said = Text()
        if row is not None:
            said.append(clean(row.file_name, 200) + "\n", style="bold")
            said.append(clean(row.reason, 500) + "\n")
            of = f" · sample {row.sample}" if row.sample else ""
            said.append(
                f"{row.size:,} bytes · sha256 {row.raw_sha256[:16]}… · by {clean(row.by, 40)}{of}"
            )
            if row.closed_at:
                end = f"linked to {row.run}" if row.run else f"dismissed: {clean(row.remark, 300)}"
                at = local(row.closed_at, self.fol.timezone)
                said.append(f"\n{end} by {clean(row.closed_by, 40)} at {at}")
        self.query_one("#detail", Static).update(said)

    def _open_row(self) -> Quarantined | None:
        row = self.table.row_at_cursor()
        if row is not None and row.state is not QuarantineState.WAITING:
            self.notice(f"{row.number} is {row.state.value} already")
            return None
        return row

    def action_show_all(self) -> None:
        """Show linked and dismissed files too, or only those that wait."""
        self._everything = not self._everything
        self.load()

    def action_link(self) -> None:
        """Ask whose the file under the cursor is, then record it as a run."""
        row = self._open_row()
        if row is None:
            return
        number = row.number

        def answered(owner: Owner | None) -> None:
            if owner is None:
                return
            self.notice(f"{number}: reading and matching …")
            self.ask(
                lambda record: record.link_file(
                    number, owner.sample, portion=owner.portion, instrument=owner.instrument
                ),
                lambda finding: self._linked(number, finding),
            )

        lines = [f"{number} · {clean(row.file_name, 200)}", row.reason]

        def ask(instruments: Sequence[str]) -> None:
            self.app.push_screen(LinkFile(lines, row.sample, instruments), answered)

        self.ask(lambda record: record.instrument_names(), ask)

    def _linked(self, number: str, finding: Finding) -> None:
        # The identity is for the sample's own screen, behind its hazard notice.
        also = " · a hazard notice may wait (F4)" if finding.hazard else ""
        self.notice(f"✓ {number} is {finding.id}{also}", kind="good")
        self.load()

    def action_dismiss_file(self) -> None:
        """Close the file under the cursor as no run, with a reason."""
        row = self._open_row()
        if row is None:
            return
        number = row.number

        def answered(reason: str | None) -> None:
            if reason:
                self.ask(
                    lambda record: record.dismiss_file(number, reason),
                    lambda _: self._dismissed(number),
                )

        lines = [
            f"{number} · {clean(row.file_name, 200)}",
            row.reason,
            "It will be no run of any sample. Its bytes stay.",
        ]
        self.app.push_screen(Reason("Dismiss this file?", lines, yes="Dismiss"), answered)

    def _dismissed(self, number: str) -> None:
        self.notice(f"✓ {number} dismissed", kind="good")
        self.load()
