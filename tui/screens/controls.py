"""Instruments and their controls: what is verified, what is in control, what is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from lims.control_record import ControlValue
from tui import actions
from tui.control_chart import HEIGHT, LEGEND, chart
from tui.moments import clock_time
from tui.quality_words import QualityRow, hold_words, verdict_words
from tui.screens.ask_fields import AskFields, Field
from tui.screens.base import LabScreen
from tui.screens.dialogs import Reason
from tui.screens.listing import feed_list
from tui.text import clean
from tui.widgets.record_table import Column, RecordTable

# A chart of this height leaves room for the list on the smallest screen.
_LOW = 9
_TALL_FROM = 34


class Controls(LabScreen):
    """Every aspect of every instrument and every control, with what is wrong first to be seen."""

    PLACE = "controls"
    heading = "Controls"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("controls"))
    AUTO_FOCUS = "RecordTable"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (_TALL_FROM, "-tall")]  # noqa: RUF012 - Textual's own

    def body(self) -> ComposeResult:
        """Yield the list and what is under the cursor."""
        table: RecordTable[QualityRow] = RecordTable(
            (
                Column(title="", width=1, cell=lambda q: "!" if q.is_bad else " "),
                Column(title="instrument", width=12, most=20, cell=lambda q: q.instrument),
                Column(title="what", width=14, most=24, cell=lambda q: q.what),
                Column(title="last", width=12, cell=lambda q: self._moment(q)),
                Column(title="state", width=0, cell=lambda q: q.state),
            ),
            marked=lambda q: q.is_bad,
            id="rows",
        )
        table.border_title = "verifications and controls"
        yield table
        with VerticalScroll(id="detail-box"):
            yield Static("", id="detail")

    def _moment(self, row: QualityRow) -> str:
        return clock_time(row.at, self.fol.timezone) if row.at else "never"

    @property
    def table(self) -> RecordTable[QualityRow]:
        """The list."""
        return self.query_one("#rows", RecordTable)

    def on_mount(self) -> None:
        """Follow the cursor with the detail."""
        super().on_mount()
        self.watch(self.table, "cursor", self._ask_detail, init=False)

    def load(self) -> None:
        """Ask for the list."""
        self.ask(lambda record: record.quality(), self._show)

    def on_screen_resume(self) -> None:
        """Read again: a verification runs out while other screens are open."""
        if self.is_mounted and self.fol.identity is not None:
            self.load()

    def moved(self) -> None:
        """Read the list again; the cursor stays."""
        self.load()

    def _show(self, rows: Sequence[QualityRow]) -> None:
        feed_list(self.table, rows, from_top=not self.table.total)
        at = min(self.table.cursor, len(rows) - 1)
        self._detail_of(rows[at] if rows else None)

    def _ask_detail(self) -> None:
        self._detail_of(self.table.row_at_cursor())

    def _detail_of(self, row: QualityRow | None) -> None:
        if row is None or row.control is None:
            self._write(() if row is None else row.detail)
            return
        name = row.control.name

        def drawn(values: Sequence[ControlValue]) -> None:
            now = self.table.row_at_cursor()
            if now is not None and now.control is not None and now.control.name == name:
                self._write((*_picture(now, values, self.size.width, self.size.height),))

        self.ask(lambda record: record.control_values(name), drawn)

    def _write(self, lines: Sequence[str]) -> None:
        said = Text("\n".join(clean(line, 300) for line in lines), no_wrap=True)
        self.query_one("#detail", Static).update(said)

    def action_record(self) -> None:
        """Record a run of a standard, or a value of a control."""
        row = self.table.row_at_cursor()
        if row is None:
            return
        if row.control is None:
            self._verify(row)
        else:
            self._value(row)

    def _verify(self, row: QualityRow) -> None:
        def answered(typed: Mapping[str, str] | None) -> None:
            if typed is None:
                return
            self.notice(f"{row.instrument}: reading {clean(typed['file'], 100)} …")
            self.ask(
                lambda record: record.verify_instrument(
                    row.instrument, typed["file"], typed["standard"]
                ),
                self._told,
            )

        fields = (
            Field(name="file", label="File, or folder, of the run", required=True),
            Field(name="standard", label=f"Standard ({row.asks})", required=True),
        )
        lines = [f"{row.instrument} · {row.what}", row.state]
        self.app.push_screen(
            AskFields("Which run of a standard?", lines, fields, yes="Record"), answered
        )

    def _value(self, row: QualityRow) -> None:
        def answered(typed: Mapping[str, str] | None) -> None:
            if typed is not None:
                self.ask(
                    lambda record: record.record_control(
                        row.what, typed["value"], place=typed["place"], note=typed["note"]
                    ),
                    self._told,
                )

        fields = (
            Field(name="value", label=f"Value ({row.asks})", required=True),
            Field(name="place", label="Place, of a swab (may be empty)"),
            Field(name="note", label="Note (may be empty)"),
        )
        lines = [f"{row.what} on {row.instrument}", row.state]
        self.app.push_screen(
            AskFields("What is the control's value?", lines, fields, yes="Record"), answered
        )

    def _told(self, said: tuple[bool, str]) -> None:
        good, text = said
        self.notice(f"{'✓' if good else '✗'} {text}", kind="good" if good else "error")
        self.load()

    def action_release(self) -> None:
        """Release what is held because of the line under the cursor, with a reason."""
        row = self.table.row_at_cursor()
        if row is None or row.hold is None:
            self.notice("nothing is held because of this")
            return
        hold = row.hold

        def answered(reason: str | None) -> None:
            if reason:
                self.ask(
                    lambda record: record.release_hold(hold.number, reason),
                    lambda _: self._told((True, f"hold {hold.number} released")),
                )

        lines = [hold_words(hold), "Its results can be reviewed and concluded again."]
        self.app.push_screen(Reason("Release these results?", lines, yes="Release"), answered)


def _picture(
    row: QualityRow, values: Sequence[ControlValue], width: int, height: int
) -> Sequence[str]:
    """Return the chart of a control with its last verdict."""
    if row.control is None or row.baseline is None:
        return row.detail
    lines = HEIGHT if height >= _TALL_FROM else _LOW
    drawn = chart(row.control, values, row.baseline, width=width - 5, height=lines)
    last = (verdict_words(values[-1], row.control.unit),) if values else ()
    held = () if row.hold is None else (hold_words(row.hold),)
    return (*last, *held, *drawn, LEGEND)
