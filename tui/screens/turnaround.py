"""How long each stage takes, for both lanes together and apart, and how full the laboratory is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from lims.turnaround import Stage, Turnaround
from tui import actions
from tui.office_words import load_words, stopped_words, target_words, time_words
from tui.screens.base import LabScreen
from tui.screens.listing import feed_list
from tui.text import clean
from tui.widgets.record_table import Column, RecordTable

PERIODS = (7, 30, 90, 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """One stage of one lane; of both together where ``lane`` is empty."""

    lane: str
    stage: Stage

    @property
    def is_late(self) -> bool:
        """Whether something open has passed the target of its stage."""
        return self.stage.oldest_open is not None and self.stage.oldest_open > self.stage.target


class TurnaroundScreen(LabScreen):
    """Open work is counted in: a lab that answers only what is easy does not look fast."""

    PLACE = "turnaround"
    heading = "Turnaround"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("turnaround"))
    AUTO_FOCUS = "RecordTable"

    def __init__(self) -> None:
        super().__init__()
        self._days = 90
        self._found: Turnaround | None = None

    def body(self) -> ComposeResult:
        """Yield the figures and what is said below them."""
        table: RecordTable[StageRow] = RecordTable(
            (
                Column(title="", width=1, cell=lambda r: "!" if r.is_late else " "),
                Column(title="stage", width=0, cell=lambda r: r.stage.name.replace("_", " ")),
                Column(title="lane", width=5, cell=lambda r: r.lane or "both"),
                Column(title="done", width=5, right=True, cell=lambda r: str(r.stage.finished)),
                Column(title="open", width=5, right=True, cell=lambda r: str(r.stage.open)),
                Column(title="median", width=7, right=True, cell=_median),
                Column(title="p90", width=7, right=True, cell=lambda r: time_words(r.stage.p90)),
                Column(title="in target", width=14, cell=lambda r: target_words(r.stage)),
            ),
            marked=lambda r: r.is_late,
            id="rows",
        )
        yield table
        yield Static("", id="detail")

    @property
    def table(self) -> RecordTable[StageRow]:
        """The figures."""
        return self.query_one("#rows", RecordTable)

    def on_mount(self) -> None:
        """Follow the cursor with the words."""
        super().on_mount()
        self.watch(self.table, "cursor", self._say, init=False)

    def load(self) -> None:
        """Ask for the figures."""
        days = self._days
        self.ask(lambda record: record.turnaround(days), self._show)

    def moved(self) -> None:
        """Read again; the cursor stays."""
        self.load()

    def _show(self, found: Turnaround) -> None:
        self._found = found
        self.table.border_title = f"turnaround · work that began in the last {found.days} days"
        rows = []
        for at, both in enumerate(found.stages):
            rows.append(StageRow(lane="", stage=both))
            rows += [StageRow(lane=lane, stage=ones[at]) for lane, ones in found.lanes.items()]
        feed_list(self.table, rows, from_top=not self.table.total)
        self._write(rows[min(self.table.cursor, len(rows) - 1)])

    def _say(self) -> None:
        row = self.table.row_at_cursor()
        if row is not None:
            self._write(row)

    def _write(self, row: StageRow) -> None:
        if self._found is None:
            return
        stage, said = row.stage, Text()
        said.append(f"{stage.name.replace('_', ' ')}: {stage.says}\n", style="bold")
        parts = [
            ("p95", time_words(stage.p95)),
            ("median without stopped time", time_words(stage.net_median)),
            ("median with open work", time_words(stage.median_with_open)),
            ("oldest open", time_words(stage.oldest_open)),
        ]
        said.append(" · ".join(f"{name} {text}" for name, text in parts if text) + "\n")
        for line in (load_words(self._found.load), *stopped_words(self._found.stopped)):
            said.append(clean(line, 200) + "\n")
        if self._found.load.warning:
            said.append(f"! {clean(self._found.load.warning, 200)}", style="bold")
        said.rstrip()
        self.query_one("#detail", Static).update(said)

    def action_period(self) -> None:
        """Take the next period."""
        self._days = PERIODS[(PERIODS.index(self._days) + 1) % len(PERIODS)]
        self.load()


def _median(row: StageRow) -> str:
    return time_words(row.stage.median)
