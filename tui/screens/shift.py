"""The shift: the window and what is left of it, who is here when, what waits too long for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from lims.clock import now
from lims.cover import Cover, LongWait
from lims.shifts import ShiftClock
from tui import actions
from tui.moments import age, clock_time, zone
from tui.office_acts import ShiftView
from tui.office_words import cover_line, cover_words, week_words, window_words
from tui.screens.ask_fields import Field
from tui.screens.listing import feed_list
from tui.screens.office_list import OfficeActing
from tui.screens.outside import send_fields, sent_words
from tui.text import as_text
from tui.widgets.record_table import Column, RecordTable

TICK_S = 10.0


class Shift(OfficeActing):
    """Marked samples go to another lab together."""

    PLACE = "shift"
    heading = "Shift"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("shift"))
    AUTO_FOCUS = "#waits"

    def __init__(self) -> None:
        super().__init__()
        self._shows_all = False
        self._view: ShiftView | None = None
        self._marked: set[str] = set()

    def body(self) -> ComposeResult:
        """Yield the clock, the samples that wait and the cover."""
        yield Static("", id="clock")
        waits: RecordTable[LongWait] = RecordTable(
            (
                Column(title="", width=1, cell=lambda w: "✓" if w.sample in self._marked else " "),
                Column(title="sample", width=16, most=19, cell=lambda w: w.sample),
                Column(title="waits", width=7, right=True, cell=_age),
                Column(title="limit", width=12, cell=self._limit),
                Column(title="next cover", width=0, cell=self._next),
                Column(title="", width=14, cell=lambda w: "send it away" if w.offer else ""),
            ),
            marked=lambda w: w.offer,
            id="waits",
        )
        yield waits
        cover: RecordTable[Cover] = RecordTable(
            (
                Column(title="no", width=4, right=True, cell=lambda c: str(c.number)),
                Column(title="who", width=12, most=20, cell=lambda c: c.person),
                Column(title="when", width=0, cell=lambda c: cover_line(c, self.fol.timezone)),
            ),
            marked=lambda c: c.starts <= now(),
            id="cover",
        )
        cover.border_title = "cover"
        yield cover

    def _limit(self, row: LongWait) -> str:
        return clock_time(row.limit_at, self.fol.timezone)

    def _next(self, row: LongWait) -> str:
        if row.next_cover is None:
            return "nobody planned"
        return f"{clock_time(row.next_cover, self.fol.timezone)} {row.next_person}"

    @property
    def waits(self) -> RecordTable[LongWait]:
        """The samples that wait."""
        return self.query_one("#waits", RecordTable)

    @property
    def cover(self) -> RecordTable[Cover]:
        """Who is here when."""
        return self.query_one("#cover", RecordTable)

    def on_mount(self) -> None:
        """Let the clock run."""
        super().on_mount()
        self.set_interval(TICK_S, self._tick)

    def _tick(self) -> None:
        if self.is_current and self._view is not None:
            self._say_clock(self._view)

    def load(self) -> None:
        """Ask for everything."""
        everything = self._shows_all
        self.ask(lambda record: record.shift(everything=everything), self._show)

    def on_screen_resume(self) -> None:
        """Read again: other screens may have changed it."""
        if self.is_mounted and self.fol.identity is not None:
            self.load()

    def moved(self) -> None:
        """Read again; the cursors stay."""
        self.load()

    def _show(self, view: ShiftView) -> None:
        self._view = view
        self._marked &= {each.sample for each in view.waits}
        self._say_clock(view)
        title = "waiting samples" if self._shows_all else "will wait too long here"
        self.waits.border_title = title
        feed_list(self.waits, view.waits, from_top=not self.waits.total)
        feed_list(self.cover, view.cover, from_top=not self.cover.total)

    def _say_clock(self, view: ShiftView) -> None:
        lab_zone = zone(self.fol.timezone)
        clock = ShiftClock(windows=view.clock.windows, at=now(), opening=view.clock.opening)
        week = week_words(view.clock.windows)
        lines = [window_words(clock, lab_zone) + (f"  (week: {week})" if week else "")]
        lines.append(cover_words(view.next_cover, now(), self.fol.timezone))
        self.query_one("#clock", Static).update(as_text("\n".join(lines), multiline=True))

    def action_show_all(self) -> None:
        """Show what is met in time too, or only what will wait too long."""
        self._shows_all = not self._shows_all
        self.load()

    def action_open(self) -> None:
        """Open the sample under the cursor."""
        row = self.waits.row_at_cursor()
        if row is not None:
            self.fol.open_sample(self, row.sample)

    def action_mark(self) -> None:
        """Mark the sample under the cursor, or take the mark away, and go on."""
        row = self.waits.row_at_cursor()
        if row is None:
            return
        self._marked ^= {row.sample}
        self.waits.refresh()
        self.waits.action_move(1)
        self.waits.border_subtitle = f"{len(self._marked)} marked" if self._marked else ""

    def _chosen(self) -> Sequence[str]:
        if self._marked and self._view is not None:
            return [each.sample for each in self._view.waits if each.sample in self._marked]
        row = self.waits.row_at_cursor()
        return [] if row is None else [row.sample]

    def action_send(self) -> None:
        """Send the marked samples, or the one under the cursor, to another lab."""
        samples = self._chosen()
        if not samples:
            self.notice("no sample waits here")
            return
        title, lines, fields = send_fields(samples)
        self.ask_typed(
            title,
            lines,
            fields,
            lambda record, typed: record.send_samples(samples, typed["to"], typed["remark"]),
            sent_words,
            yes="Send",
        )

    def action_plan(self) -> None:
        """Plan that somebody is present."""
        me = self.fol.identity.person.id if self.fol.identity else ""
        fields = (
            Field(name="who", label="Who (person id)", required=True, value=me),
            Field(name="starts", label="From (2026-11-30T08:00)", required=True),
            Field(name="ends", label="To (or a day)", required=True),
            Field(name="remark", label="Remark"),
        )
        self.ask_typed(
            "Plan cover?",
            [f"Times of the lab's clock ({self.fol.timezone}). A last day is covered to its end."],
            fields,
            lambda record, typed: record.plan_cover(
                typed["who"], typed["starts"], typed["ends"], typed["remark"]
            ),
            lambda made: f"cover {made.number}: {made.person}",
            yes="Plan",
        )

    def action_cancel_cover(self) -> None:
        """Take a planned presence back."""
        row = self.cover.row_at_cursor()
        if row is None:
            self.notice("no cover is planned")
            return
        self.ask_typed(
            f"Cancel cover {row.number}?",
            [f"{row.person}, {cover_line(row, self.fol.timezone)}"],
            (Field(name="reason", label="Reason", required=True),),
            lambda record, typed: record.cancel_cover(row.number, typed["reason"]),
            lambda _: f"cover {row.number} cancelled",
            yes="Cancel it",
        )

    def action_windows(self) -> None:
        """Set the windows of the week."""
        now_set = week_words(self._view.clock.windows) if self._view else ""
        fields = (
            Field(name="windows", label="Windows (mon-fri 22:00-02:30; sat 08:00-12:00)",
                  value=now_set),
            Field(name="reason", label="Reason", required=True),
        )  # fmt: skip
        self.ask_typed(
            "Set the windows of the week?",
            ["All at once, times of the lab's clock; empty: no calendar."],
            fields,
            lambda record, typed: record.set_windows(typed["windows"], typed["reason"]),
            lambda windows: f"windows: {week_words(windows) or 'none'}",
            yes="Set",
        )


def _age(row: LongWait) -> str:
    return age((now() - row.submitted_at).total_seconds() / 60)
