"""The day for headquarters: the daily report's own figures, scrollable, day by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui import actions
from tui.day_words import HEAD, WARN, day_lines
from tui.screens.base import LabScreen
from tui.text import clean

if TYPE_CHECKING:
    from reports.document import DailyReport

_STYLES = {HEAD: "bold", WARN: "bold italic"}


class Digest(LabScreen):
    """One day; ``p`` and ``n`` go through the days."""

    PLACE = "digest"
    heading = "Day"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("digest"))
    AUTO_FOCUS = "#day-box"

    def __init__(self) -> None:
        super().__init__()
        self._day: date | None = None

    def body(self) -> ComposeResult:
        """Yield the text of the day."""
        with VerticalScroll(id="day-box") as box:
            box.border_title = "daily report"
            yield Static("collecting the day …", id="day", markup=False)

    def load(self) -> None:
        """Ask for the day's figures."""
        wanted = self._day
        self.ask(lambda record: record.daily(wanted), self._show)

    def _show(self, report: DailyReport) -> None:
        self._day = report.header.day
        self.bar.detail = report.header.day.isoformat()
        said = Text()
        for text, kind in day_lines(report):
            said.append(clean(text, 600) + "\n", style=_STYLES.get(kind, ""))
        self.query_one("#day", Static).update(said)
        self.notice("")

    def failed(self, message: str, hint: str = "") -> None:
        """Figures that could not be collected are not shown as if they stood."""
        super().failed(message, hint)
        self.query_one("#day", Static).update(Text("no figures for this day"))

    def action_day(self, by: int) -> None:
        """Go to another day."""
        if self._day is not None:
            self._day += timedelta(days=by)
            self.load()
