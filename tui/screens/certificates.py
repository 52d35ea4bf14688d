"""The reports on one sample: what each says, where it stands, and every step from draft to end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from lims.certificate_model import Certificate
from tui import actions
from tui.certificate_words import author_words, state_words
from tui.moments import clock_time
from tui.screens.ask_fields import Field
from tui.screens.dialogs import Confirm, Reason
from tui.screens.office_list import OfficeList
from tui.widgets.record_table import Column

if TYPE_CHECKING:
    from tui.record import Record

_TYPED = (
    Field(name="customer", label="Customer"),
    Field(name="reference", label="Customer's reference"),
    Field(name="condition", label="Condition when received"),
    Field(name="opinion", label="Opinion, marked as one"),
    Field(name="departure", label="Departure from a method"),
)

_WHY = Field(name="reason", label="Reason, printed in it", required=True)


class Certificates(OfficeList[Certificate]):
    """Reports on a sample, the newest first."""

    PLACE = "certificates"
    heading = "Reports"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("certificates"))
    TITLES = ("reports", "reports")

    def __init__(self, sample: str) -> None:
        super().__init__()
        self._sample = sample
        self.heading = sample

    def columns(self) -> tuple[Column[Certificate], ...]:
        """Return the columns of the list."""
        return (
            Column(title="", width=1, cell=lambda c: "!" if self.is_urgent(c) else " "),
            Column(title="report", width=16, most=19, cell=lambda c: c.number),
            Column(title="kind", width=11, cell=lambda c: c.kind.value),
            Column(title="rev", width=3, right=True, cell=lambda c: str(c.revision)),
            Column(title="written", width=12, cell=lambda c: self._written(c)),
            Column(title="state", width=0, cell=state_words),
        )

    def _written(self, row: Certificate) -> str:
        return clock_time(row.drafted_at, self.fol.timezone)

    def rows_of(self, record: Record) -> Sequence[Certificate]:
        """Return the reports."""
        return record.certificates(self._sample)

    def is_urgent(self, row: Certificate) -> bool:
        """Whether a report waits for somebody's next step."""
        return row.is_open or bool(row.withdrawal_asked_by and row.withdrawn_at is None)

    def show_detail(self, row: Certificate | None) -> None:
        """Ask what the report under the cursor says."""
        if row is None:
            self.write(("No report on this sample yet: press n to write one.",))
            return
        number = row.number

        def arrived(lines: Sequence[str]) -> None:
            now = self.table.row_at_cursor()
            if now is None or now.number == number:
                self.write(lines)

        self.ask(lambda record: record.certificate_lines(number), arrived)

    def told(self, row: Certificate) -> Sequence[str]:
        """Return the heading of a report."""
        return (f"{row.number}: {state_words(row)}",)

    def _at_cursor(self) -> Certificate | None:
        row = self.table.row_at_cursor()
        if row is None:
            self.notice("no report yet: press n to write one")
        return row

    def action_preview(self) -> None:
        """Move into the text of the report, to scroll through it."""
        self.query_one("#detail-box").focus()

    def action_draft(self) -> None:
        """Write a final report, or its draft anew."""
        self._draft(preliminary=False)

    def action_draft_preliminary(self) -> None:
        """Write a preliminary report, or its draft anew."""
        self._draft(preliminary=True)

    def _draft(self, *, preliminary: bool) -> None:
        kind = "preliminary report" if preliminary else "report"
        self.ask_typed(
            f"Write the {kind}?",
            (
                self._sample,
                "Empty stays as before; the customer is else the officer.",
            ),
            _TYPED,
            lambda record, typed: record.draft_certificate(
                self._sample, typed, preliminary=preliminary
            ),
            lambda made: f"{made.number}: draft, revision {made.revision}",
            yes="Write",
        )

    def action_amend(self) -> None:
        """Write the report that will stand in place of the one under the cursor."""
        row = self._at_cursor()
        if row is not None:
            self.ask_typed(
                f"Amend {row.number}?",
                ("It stands until the new one is issued.",),
                (
                    Field(name="reason", label="Reason, printed in it", required=True),
                    *_TYPED,
                ),
                lambda record, typed: record.amend_certificate(row.number, typed),
                lambda made: f"{made.number}: draft that amends {made.amends}",
                yes="Write",
            )

    def action_accept(self) -> None:
        """Accept the report at the review it waits for."""
        self._review(accept=True)

    def action_send_back(self) -> None:
        """Send the report back with a reason."""
        self._review(accept=False)

    def _review(self, *, accept: bool) -> None:
        row = self._at_cursor()
        if row is None:
            return
        remark = Field(
            name="remark", label="Remark" if accept else "What is wrong", required=not accept
        )
        remote = Field(name="remote", label="Where you are, if not in this laboratory")
        self.ask_typed(
            f"{'Accept' if accept else 'Send back'} {row.number}, revision {row.revision}?",
            (f"{state_words(row)} · written by {author_words(row)}",),
            (remark, remote),
            lambda record, typed: record.review_certificate(row.number, typed, accept=accept),
            lambda made: f"{made.number}: {state_words(made)}",
            yes="Accept" if accept else "Send back",
        )

    def action_issue(self) -> None:
        """Issue the report: it is signed, and its files are written."""
        row = self._at_cursor()
        if row is None:
            return

        def answered(agreed: bool | None) -> None:
            if agreed:
                self.act(
                    lambda record: record.issue_certificate(row.number),
                    lambda made: f"{made.number} is issued, signed with the lab's key",
                )

        lines = [
            f"{row.kind.value} report on {row.subject} for {row.customer or 'nobody named'}",
            "You authorise its release. What was issued is never changed.",
        ]
        self.app.push_screen(Confirm(f"Issue {row.number}?", lines, yes="Issue"), answered)

    def action_withdraw(self) -> None:
        """Ask for a withdrawal, or carry out the one asked for."""
        row = self._at_cursor()
        if row is None:
            return

        def answered(reason: str | None) -> None:
            if reason is not None:
                self.act(
                    lambda record: record.withdraw_certificate(row.number, reason),
                    lambda made: f"{made.number}: {state_words(made)}",
                )

        asked = row.withdrawal_asked_by
        lines = [
            f"asked for by {asked}: {row.withdrawal_reason}"
            if asked
            else "Quality manager and lead withdraw a report together; you are the first.",
            "Everybody who was given a copy is told.",
        ]
        self.app.push_screen(
            Reason(f"Withdraw {row.number}?", lines, yes="Withdraw", required=not asked), answered
        )

    def action_give(self) -> None:
        """Record who was given a copy."""
        row = self._at_cursor()
        if row is not None:
            fields = (
                Field(name="to", label="Given to", required=True),
                Field(name="form", label="Form (pdf, html, json, paper; empty: pdf)"),
                Field(name="how", label="How it was given (may be empty)"),
            )
            self.ask_typed(
                f"Give a copy of {row.number}?",
                (state_words(row), "They are told when it is amended or withdrawn."),
                fields,
                lambda record, typed: record.give_certificate(row.number, typed),
                lambda copy: f"copy {copy.number} of {row.number} to {copy.recipient}",
                yes="Record",
            )

    def action_print(self) -> None:
        """Write the report as PDF into the present folder, marked as it stands."""
        row = self._at_cursor()
        if row is not None:
            self.act(
                lambda record: str(record.print_certificate(row.number, Path.cwd())),
                lambda path: f"report: {path}",
            )
