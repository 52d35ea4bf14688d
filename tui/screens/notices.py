"""Offers to investigators with the minutes left counting, and answers that turned out otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from lims.clock import now
from lims.office_notices import NoticeState, OfficeNotice
from tui import actions
from tui.moments import clock_time
from tui.office_words import minutes_left
from tui.screens.ask_fields import Field
from tui.screens.office_list import OfficeList
from tui.widgets.record_table import Column

if TYPE_CHECKING:
    from tui.record import Record

TICK_S = 10.0
"""How often the minutes are counted anew."""
_BOARD = ("stays on the board", "kept off the board")


def is_over(notice: OfficeNotice) -> bool:
    """Whether an offer that was waiting when it was read has closed since."""
    return (
        notice.state is NoticeState.WAITING
        and notice.closes_at is not None
        and notice.closes_at <= now()
    )


def state_of(notice: OfficeNotice) -> NoticeState:
    """Return where a notice stands at this moment."""
    return NoticeState.EXPIRED if is_over(notice) else notice.state


def left_of(notice: OfficeNotice) -> str:
    """Return the minutes left, counted now."""
    waits = state_of(notice) is NoticeState.WAITING
    return minutes_left(notice.closes_at, now()) if waits else ""


class Notices(OfficeList[OfficeNotice]):
    """What closes first stands first; what expired stays until it is sent again."""

    PLACE = "notices"
    heading = "Notices"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("notices"))
    TITLES = ("open notices", "all notices")

    def columns(self) -> tuple[Column[OfficeNotice], ...]:
        """Return the columns of the list."""
        return (
            Column(title="no", width=4, right=True, cell=lambda n: str(n.number)),
            Column(title="left", width=8, right=True, cell=left_of),
            Column(title="state", width=8, cell=lambda n: state_of(n).value),
            Column(title="sample", width=16, most=19, cell=lambda n: n.sample),
            Column(title="to", width=0, cell=lambda n: n.recipient),
            Column(title="board", width=7, cell=lambda n: "embargo" if n.embargo else ""),
        )

    def on_mount(self) -> None:
        """Let the minutes run."""
        super().on_mount()
        self.set_interval(TICK_S, self._tick)

    def _tick(self) -> None:
        if self.is_current:
            self.table.refresh()
            self.show_detail(self.table.row_at_cursor())

    def rows_of(self, record: Record) -> Sequence[OfficeNotice]:
        """Return the notices: waiting ones by what closes first, then the newest."""
        found = record.notices(everything=self.shows_all)

        def rank(each: OfficeNotice) -> tuple[bool, float, int]:
            waits = each.state is NoticeState.WAITING
            closes = each.closes_at.timestamp() if waits and each.closes_at else float("inf")
            return (not waits, closes, -each.number)

        return sorted(found, key=rank)

    def is_urgent(self, row: OfficeNotice) -> bool:
        """Whether it waits, or went by unanswered."""
        return state_of(row) in (NoticeState.WAITING, NoticeState.EXPIRED)

    def told(self, row: OfficeNotice) -> Sequence[str]:
        """Return the notice in words."""
        zone = self.fol.timezone
        closes = f", closes {clock_time(row.closes_at, zone)}" if row.closes_at else ""
        left = left_of(row)
        lines = [
            f"{row.number} · {state_of(row).value}" + (f", {left} left" if left else ""),
            f"{row.kind} of {row.sample} to {row.recipient}, sent {clock_time(row.at, zone)} by "
            f"{row.by}{closes}",
        ]
        if row.because:
            lines.append(f"{row.recipient} {row.because}")
        if row.answered_at is not None:
            why = f": {row.reason}" if row.reason else ""
            at = clock_time(row.answered_at, zone)
            lines.append(f"{row.state.value} {at}, recorded by {row.answered_by}{why}")
        if row.embargo:
            lines.append("kept off the officers' board until it is declined or lifted")
        return [*lines, *([row.text] if row.text else [])]

    def action_open(self) -> None:
        """Open the sample of the notice."""
        row = self.table.row_at_cursor()
        if row is not None:
            self.fol.open_sample(self, row.sample)

    def action_new(self) -> None:
        """Offer a parcel to investigators."""
        self.ask_notice("")

    def ask_notice(self, sample: str) -> None:
        """Ask whom to notify of a sample."""
        title, lines, fields = offer_fields(sample)
        self.ask_typed(title, lines, fields, send_offer, sent_words, yes="Notify")

    def _waiting(self, kind: str) -> OfficeNotice | None:
        row = self.table.row_at_cursor()
        if row is None:
            return None
        if row.kind != kind or state_of(row) is not NoticeState.WAITING:
            hint = "Send another one while the parcel is still here." if kind == "offer" else ""
            self.failed(f"notice {row.number} is {row.kind}, {state_of(row).value}", hint)
            return None
        return row

    def action_accept(self) -> None:
        """Record that investigators take it."""
        self._answer(accept=True)

    def action_decline(self) -> None:
        """Record that investigators do not take it."""
        self._answer(accept=False)

    def _answer(self, *, accept: bool) -> None:
        row = self._waiting("offer")
        if row is None:
            return
        word = "accept" if accept else "decline"
        label = "Their words (may be empty)" if accept else "Their reason"
        self.ask_typed(
            f"{row.recipient} {word}s {row.sample}?",
            [f"{left_of(row)} left"] + ([] if accept else ["This ends an embargo."]),
            (Field(name="reason", label=label, required=not accept),),
            lambda record, typed: record.answer_notice(
                row.number, accept=accept, reason=typed["reason"]
            ),
            lambda done: f"notice {done.number} {done.state.value}",
            yes=word.capitalize(),
        )

    def action_seen(self) -> None:
        """Say that a changed answer was read."""
        row = self._waiting("changed")
        if row is not None:
            self.act(
                lambda record: record.seen_notice(row.number),
                lambda done: f"notice {done.number} seen by {done.answered_by}",
            )

    def action_lift(self) -> None:
        """Put a sample back on the officers' board."""
        row = self.table.row_at_cursor()
        if row is None:
            return
        if not row.embargo:
            self.failed(f"notice {row.number} holds no embargo")
            return
        self.ask_typed(
            f"End the embargo of {row.sample}?",
            ["It is on the officers' board again."],
            (Field(name="reason", label="Reason", required=True),),
            lambda record, typed: record.lift_embargo(row.number, typed["reason"]),
            lambda done: f"{done.sample} is on the board again",
            yes="Lift",
        )


def offer_fields(sample: str) -> tuple[str, list[str], tuple[Field, ...]]:
    """Return title, lines and fields that ask whom to notify of a sample."""
    fields = (
        Field(name="sample", label="Sample", required=True, value=sample, scans=True),
        Field(name="to", label="Unit or person", required=True),
        Field(name="text", label="What they are told"),
        Field(name="until", label="Until (45, 02:30, empty)"),
        Field(name="board", label="Officers' board", choices=_BOARD, value=_BOARD[0]),
    )
    lines = ["Until: minutes, a time of day, or empty for the close of the window."]
    return "Offer it to investigators?", lines, fields


def send_offer(record: Record, typed: Mapping[str, str]) -> OfficeNotice:
    """Send the offer that was typed."""
    return record.send_notice(
        typed["sample"],
        typed["to"],
        text=typed["text"],
        until=typed["until"],
        embargo=typed["board"] == _BOARD[1],
    )


def sent_words(made: OfficeNotice) -> str:
    """Return that an offer was sent, and what is left."""
    return f"notice {made.number} to {made.recipient}: {left_of(made)} left"
