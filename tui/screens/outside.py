"""What is at other labs: since when, what they answered, ours beside theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from lims.outside_answers import Outside
from tui import actions
from tui.moments import local
from tui.office_words import outside_words
from tui.screens.ask_fields import Field
from tui.screens.office_list import OfficeList
from tui.widgets.record_table import Column

if TYPE_CHECKING:
    from tui.office_acts import Sent
    from tui.record import Record

_PURPOSE = {"confirm": "confirm", "take_over": "take over", "candidate": "candidate"}


class OtherLabs(OfficeList[Outside]):
    """The longest away first; an answer that differs from ours is marked."""

    PLACE = "outside"
    heading = "Other labs"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("outside"))
    TITLES = ("at other labs", "at other labs, answered too")

    def columns(self) -> tuple[Column[Outside], ...]:
        """Return the columns of the list."""
        return (
            Column(title="", width=1, cell=lambda t: "!" if t.differs else " "),
            Column(title="sample", width=16, most=19, cell=lambda t: t.sample),
            Column(title="lab", width=0, cell=lambda t: t.to_lab),
            Column(title="asked to", width=9, cell=lambda t: _PURPOSE[t.purpose]),
            Column(title="days", width=5, right=True, cell=lambda t: f"{t.days:.0f}"),
            Column(title="answer", width=0, cell=outside_words),
        )

    def rows_of(self, record: Record) -> Sequence[Outside]:
        """Return what is out."""
        return record.outside(everything=self.shows_all)

    def is_urgent(self, row: Outside) -> bool:
        """Whether the answer differs from ours, or none came in two years."""
        return row.differs or row.overdue

    def told(self, row: Outside) -> Sequence[str]:
        """Return both answers beside each other, and the way there."""
        zone = self.fol.timezone
        what = f"finding {row.finding}" if row.finding else "no answer of ours"
        lines = [
            f"{row.sample} · {row.to_lab}" + (" · DIFFERS FROM OURS" if row.differs else ""),
            f"sent {local(row.at, zone)} by {row.by}, to {_PURPOSE[row.purpose]}: {what}",
        ]
        if row.remark:
            lines.append(f"asked: {row.remark}")
        if row.arrived_at is not None:
            lines.append(f"arrived {local(row.arrived_at, zone)}, with {row.arrived_with}")
        lines.append(f"ours:   {row.ours or 'not concluded'}")
        lines.append(f"theirs: {outside_words(row)}")
        if row.closed_at is not None:
            lines.append(f"answered {local(row.closed_at, zone)}, after {row.days:.0f} days")
        if row.overdue:
            lines.append("! open for more than two years")
        return lines

    def action_open(self) -> None:
        """Open the sample."""
        row = self.table.row_at_cursor()
        if row is not None:
            self.fol.open_sample(self, row.sample)

    def _open_row(self) -> Outside | None:
        row = self.table.row_at_cursor()
        if row is not None and row.closed_at is not None:
            self.failed(f"{row.to_lab} has answered on {row.sample} already")
            return None
        return row

    def action_answer(self) -> None:
        """Record what the other lab answered; it stands beside ours."""
        row = self._open_row()
        if row is None:
            return
        fields = (
            Field(name="substance", label="Substance (empty: it could not name it)"),
            Field(name="reference", label="Number of its report"),
            Field(name="remark", label="Its words (needed where it named nothing)"),
        )
        self.ask_typed(
            f"What did {row.to_lab} answer?",
            [f"{row.sample} · ours: {row.ours or 'not concluded'}", "Ours stays as it is."],
            fields,
            lambda record, typed: record.answer_outside(
                row, typed["substance"], typed["reference"], typed["remark"]
            ),
            lambda _: f"{row.sample}: the answer of {row.to_lab} is recorded (x shows all)",
            yes="Record",
        )

    def action_arrived(self) -> None:
        """Record that the other lab has the sample."""
        row = self._open_row()
        if row is None:
            return
        if not row.transfer:
            self.failed("only the finding was sent: nothing arrives")
            return
        self.ask_typed(
            f"Has {row.sample} arrived?",
            [f"at {row.to_lab}"],
            (Field(name="with", label="Who received it there", required=True),),
            lambda record, typed: record.arrived(row.sample, typed["with"]),
            lambda done: f"{done.sample} is at {done.to_lab}, with {done.arrived_with}",
            yes="Arrived",
        )

    def action_send(self) -> None:
        """Send a sample to another lab."""
        title, lines, fields = send_fields(())
        self.ask_typed(
            title,
            lines,
            (Field(name="sample", label="Sample", required=True, scans=True), *fields),
            lambda record, typed: record.send_samples(
                [typed["sample"]], typed["to"], typed["remark"]
            ),
            sent_words,
            yes="Send",
        )


def send_fields(samples: Sequence[str]) -> tuple[str, list[str], tuple[Field, ...]]:
    """Return title, lines and fields that ask where samples are sent."""
    many = f"{len(samples)} samples" if len(samples) != 1 else samples[0]
    title = f"Send {many} to another lab?" if samples else "Send a sample to another lab?"
    lines = ["Concluded here: to be confirmed; else: to be worked on there."]
    if len(samples) > 1:
        rest = f" and {len(samples) - 4} more" if len(samples) > 4 else ""
        lines.insert(0, ", ".join(samples[:4]) + rest)
    lines.append("The hand-over itself is recorded when it happens.")
    fields = (
        Field(name="to", label="To which lab", required=True),
        Field(name="remark", label="What it is asked (may be empty)"),
    )
    return title, lines, fields


def sent_words(sent: Sent) -> str:
    """Return what was sent, and what was refused with why."""
    many = sent.samples[0] if len(sent.samples) == 1 else f"{len(sent.samples)} samples"
    said = f"{many} sent"
    if sent.refused:
        first, why = sent.refused[0]
        said += f" · ✗ {len(sent.refused)} refused: {first}: {why}"
    return said
