"""What else is done with the sample on screen: tests by hand, other labs, notices, cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.widgets import Static

from lims.model import SampleRecord
from tui.office_words import case_state_of, likeness_words
from tui.sample_words import open_hazards
from tui.screens.ask_fields import Field
from tui.screens.notices import offer_fields, send_offer
from tui.screens.notices import sent_words as offer_words
from tui.screens.office_list import OfficeActing
from tui.screens.outside import send_fields, sent_words
from tui.text import as_text

if TYPE_CHECKING:
    from lims.case_model import CaseFile, Resemblance
    from tui.record import Record

MOST_CASES = 3
"""Lines about cases above the findings; the cases screen has them all."""


class SampleOffice(OfficeActing):
    """Acts on the sample that is shown; the sample screen itself has custody and findings."""

    _record: SampleRecord
    _near: Sequence[Resemblance] = ()

    def ask_cases(self) -> None:
        """Ask which cases the sample belongs to, or reminds of."""
        number = self._record.sample.number
        self.ask(
            lambda record: record.connections(number),
            lambda found: self._show_cases(number, *found),
        )

    def _show_cases(
        self, number: str, cases: Sequence[CaseFile], near: Sequence[Resemblance]
    ) -> None:
        if number != self._record.sample.number:
            return
        self._near = near
        lines = [f"! {likeness_words(each)} · press e" for each in near]
        lines += [f"case {each.number}, {each.title}: {case_state_of(each)}" for each in cases]
        if len(lines) > MOST_CASES:
            rest = len(lines) - MOST_CASES + 1
            lines = [*lines[: MOST_CASES - 1], f"and {rest} more (Ctrl R, 1)"]
        panel = self.query_one("#cases", Static)
        panel.set_class(bool(lines), "shown")
        panel.update(as_text("\n".join(lines), multiline=True))

    def action_by_hand(self) -> None:
        """Open the tests by hand and the sampling plans of the sample."""
        from tui.screens.by_hand import ByHand

        if open_hazards(self._record):
            self.failed("acknowledge the hazard notice first", "Press a.")
            return
        self.app.push_screen(ByHand(self._record))

    def action_send_away(self) -> None:
        """Send the sample to another lab."""
        number = self._record.sample.number
        title, lines, fields = send_fields([number])
        self.ask_typed(
            title,
            lines,
            fields,
            lambda record, typed: record.send_samples([number], typed["to"], typed["remark"]),
            sent_words,
            yes="Send",
        )

    def action_offer_parcel(self) -> None:
        """Offer the parcel to investigators."""
        title, lines, fields = offer_fields(self._record.sample.number)
        self.ask_typed(title, lines, fields, send_offer, offer_words, yes="Notify")

    def action_into_case(self) -> None:
        """Put the sample into a case that is known, or open one with it."""
        number = self._record.sample.number
        near = self._near[0] if self._near else None
        fields = (
            Field(
                name="case",
                label="Number of a case, or the title of a new one",
                required=True,
                value=near.case if near else "",
            ),
            Field(name="reason", label="Why it belongs to it (not for a new one)"),
        )

        def put(record: Record, typed: Mapping[str, str]) -> CaseFile:
            return record.into_case(typed["case"], number, typed["reason"])

        self.ask_typed(
            f"Put {number} into a case?",
            [likeness_words(each) for each in self._near[:2]],
            fields,
            put,
            lambda found: f"{number} is in {found.number}, {found.title}",
            yes="Put",
        )
