"""One sample: declared against found, findings to open, chain of custody, portions and runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Static

from lims.model import Finding, Person, SampleRecord
from tui import actions
from tui.record import Record
from tui.sample_words import (
    HEADINGS,
    answers_class,
    facts,
    finding_cells,
    first_to_review,
    history,
    open_hazards,
    story_lines,
)
from tui.screens.dialogs import HandOver, Over, PickPerson, Reason
from tui.screens.hazard import acknowledge
from tui.screens.sample_office import SampleOffice
from tui.text import as_text, clean
from tui.widgets.fitted_table import FittedTable

if TYPE_CHECKING:
    from lims.sample_history import SampleHistory
    from tui.taking import Outcome, Taking


Done = TypeVar("Done")


class SampleScreen(SampleOffice):
    """Everything about one sample; every act goes through a dialog."""

    PLACE = "sample"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("sample"))
    AUTO_FOCUS = "#findings"

    def __init__(self, record: SampleRecord) -> None:
        super().__init__()
        self._record = record
        self.heading = record.sample.number

    def body(self) -> ComposeResult:
        """Yield facts, findings and history."""
        yield Static("", id="hazard")
        yield Static("", id="cases")
        yield Static("", id="facts")
        yield Static("", id="run")
        titles = (("technique", 9), ("state", 12), ("finding", 0), ("by", 11))
        findings = FittedTable(titles, id="findings")
        findings.border_title = "findings"
        yield findings
        with VerticalScroll(id="history") as box:
            box.border_title = "record"
            yield Static("", id="history-text")

    def on_mount(self) -> None:
        """Show what was handed in."""
        super().on_mount()
        self._show(self._record)
        taking = self.fol.taking
        if taking is not None:
            self.run_moved(taking, None)

    def load(self) -> None:
        """Nothing to ask: the record came with the screen."""

    def action_refresh(self) -> None:
        """Read the sample again."""
        number = self._record.sample.number
        self.ask(lambda record: record.sample(number), self._show)

    def on_screen_resume(self) -> None:
        """Read the sample again: a review may have changed it."""
        if self.is_mounted and self.query("#facts"):
            self.action_refresh()

    def moved(self) -> None:
        """Read the sample again."""
        self.action_refresh()

    def _show(self, record: SampleRecord) -> None:
        self._record = record
        self.bar.subject = record.sample.number
        self.bar.detail = record.sample.draft.description
        hazards = open_hazards(record)
        panel = self.query_one("#hazard", Static)
        panel.set_class(bool(hazards), "shown")
        said = "\n".join(f"! {a.headline} · {a.where} · press a to acknowledge" for a in hazards)
        panel.update(as_text(said, multiline=True))
        lines = Text()
        for label, text in facts(record, self.fol.timezone):
            lines.append(f"{label:<10}", style="bold")
            lines.append(clean(text, 400) + "\n")
        lines.rstrip()
        self.query_one("#facts", Static).update(lines)
        self._fill_findings(record, hidden=bool(hazards))
        story = Text()
        for line in history(record, self.fol.timezone):
            story.append(clean(line, 400) + "\n", style="bold" if line in HEADINGS else "")
        self.query_one("#history-text", Static).update(story)
        number = record.sample.number
        self.ask(lambda asked: asked.story(number), lambda found: self._show_story(story, found))
        self.ask_cases()

    def _show_story(self, steps: Text, found: SampleHistory) -> None:
        if found.sample != self._record.sample.number:
            return
        lines = story_lines(found, self.fol.timezone)
        if not lines:
            return
        whole = steps.copy()
        for line in lines:
            whole.append(clean(line, 400) + "\n", style="bold" if line in HEADINGS else "")
        self.query_one("#history-text", Static).update(whole)

    def _fill_findings(self, record: SampleRecord, *, hidden: bool) -> None:
        table = self.query_one("#findings", FittedTable)
        first = not table.row_count
        table.fill(
            [finding_cells(finding, hidden=hidden) for finding in record.findings],
            at=first_to_review(record.findings) if first else table.cursor_row,
        )
        table.border_subtitle = f"{len(record.findings)}" if record.findings else "none yet"

    def _finding(self) -> Finding | None:
        at = self.query_one("#findings", FittedTable).cursor_row
        return self._record.findings[at] if 0 <= at < len(self._record.findings) else None

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter on a finding opens it."""
        event.stop()
        self.action_review()

    def action_review(self) -> None:
        """Open the finding under the cursor."""
        finding = self._finding()
        if finding is None:
            self.failed("nothing to review: no finding yet", "fol ingest FILE --sample NUMBER")
            return
        from tui.screens.review import Review

        self.app.push_screen(Review(self._record, finding))

    def action_propose(self) -> None:
        """Propose structures for the candidate of the finding under the cursor."""
        finding = self._finding()
        if open_hazards(self._record):
            self.failed("acknowledge the hazard notice first", "Press a.")
        elif finding is None or not answers_class(finding):
            self.failed("this finding holds no analogue", "Structures are proposed for one only.")
        else:
            from tui.screens.proposals import Proposals

            self.app.push_screen(Proposals(finding))

    def action_take_run(self) -> None:
        """Ask which file is a run of this sample, then take it beside the screen."""
        if self.fol.taking is not None:
            self.failed("a run is being taken", "One at a time: wait, or stop it with Esc.")
            return
        self.ask(lambda record: (record.waiting_files(), record.instrument_names()), self._ask_file)

    def _ask_file(self, found: tuple[int, Sequence[str]]) -> None:
        from tui.screens.take_run import TakeRun, Wanted

        waiting, instruments = found
        sample = self._record.sample

        def answered(wanted: Wanted | None) -> None:
            if wanted is not None and self.fol.taking is None:
                self.notice("")
                self.fol.recent_folder = f"{wanted.path.parent}{os.sep}"
                self.fol.take_run(sample.number, wanted.path, wanted.portion, wanted.instrument)

        lines = [
            f"{sample.number} · {sample.draft.description}",
            f"held by {sample.holder}",
        ]
        dialog = TakeRun(
            lines,
            self._record.portions,
            instruments=instruments,
            folder=self.fol.recent_folder,
            waiting=waiting,
        )
        self.app.push_screen(dialog, answered)

    def run_moved(self, taking: Taking, outcome: Outcome | None) -> None:
        """Show the stage of a run of this sample, and then how it ended."""
        if taking.sample != self._record.sample.number:
            return
        line = self.query_one("#run", Static)
        line.set_class(outcome is None, "shown")
        line.update(as_text(taking.line if outcome is None else "", limit=200))
        if outcome is None:
            return
        if outcome.finding is None:
            self.failed(outcome.text, outcome.hint)
            return
        # The identity is for the findings below, behind the hazard notice.
        self.notice(f"✓ {outcome.text}", kind="good")
        if self.is_current:
            self.action_refresh()

    def _taking(self) -> Taking | None:
        taking = self.fol.taking
        return taking if taking and taking.sample == self._record.sample.number else None

    def is_unfinished(self) -> str:
        """Return that a run of this sample is being taken."""
        taking = self._taking()
        return f"a run of {taking.sample} is being taken" if taking else ""

    def step_back(self) -> None:
        """Escape stops a run before it leaves the sample."""
        taking = self._taking()
        if taking is None:
            super().step_back()
        elif taking.stop():
            self.run_moved(taking, None)
        else:
            self.notice("too late to stop it: it is being recorded")

    def action_acknowledge(self) -> None:
        """Acknowledge the first open hazard notice."""
        acknowledge(self, open_hazards(self._record), self.action_refresh)

    def action_conclude(self) -> None:
        """Conclude by the encoded rule; the rule decides, not the key."""
        number = self._record.sample.number
        if open_hazards(self._record):
            self.failed("acknowledge the hazard notice first", "Press a.")
            return
        self._act(
            lambda record: record.conclude(number),
            lambda made: f"✓ concluded: {made.level} · {made.text}",
        )

    def action_transfer(self) -> None:
        """Hand the sample to a person or put it into a place."""
        self.ask(lambda record: (record.people(), record.places()), self._pick_taker)

    def _pick_taker(self, answer: tuple[Sequence[Person], Sequence[str]]) -> None:
        people, places = answer
        sample = self._record.sample

        def handed(taker: str, over: Over | None) -> None:
            if over is None:
                return
            self._act(
                lambda record: record.transfer(
                    sample,
                    taker,
                    seal=over.seal,
                    reason=over.reason,
                    witness=over.witness,
                    confirmed_by=over.confirmed_by,
                ),
                lambda said: f"✓ {said}",
            )

        def picked(taker: str | None) -> None:
            if taker is None:
                return
            title = f"Hand {sample.number} to {taker}?"
            me = self.fol.identity.person.id if self.fol.identity else ""
            other = next((each for each in (taker, sample.holder) if each != me), "")
            if other.startswith("place:"):
                other = ""
            dialog = HandOver(title, [f"now held by {sample.holder}"], other=other)
            self.app.push_screen(dialog, lambda over: handed(taker, over))

        self.app.push_screen(PickPerson(f"Hand {sample.number} to", people, places), picked)

    def action_answer_offer(self) -> None:
        """Take over what was offered, decline it, or withdraw one's own offer."""
        from tui.screens.custody_dialogs import answer_offer

        answer_offer(self, self.action_refresh, sample=self._record.sample.number)

    def action_reports(self) -> None:
        """Open the reports on the sample."""
        if open_hazards(self._record):
            self.failed("acknowledge the hazard notice first", "Press a.")
            return
        from tui.screens.certificates import Certificates

        self.app.push_screen(Certificates(self._record.sample.number))

    def action_label(self) -> None:
        """Write the label of the sample into the present folder."""
        number = self._record.sample.number
        self._act(
            lambda record: str(record.print_label(number, Path.cwd())),
            lambda path: f"✓ label: {path}",
        )

    def action_receipt(self) -> None:
        """Write the receipt of the latest step into the present folder."""
        number = self._record.sample.number
        self._act(
            lambda record: str(record.print_receipt(number, Path.cwd())),
            lambda path: f"✓ receipt: {path}",
        )

    def action_release(self) -> None:
        """Release the shipment, with a reason."""
        number = self._record.shipment.number
        self._dispose("Release", lambda record, reason: record.release(number, reason))

    def action_seize(self) -> None:
        """Record the seizure of the shipment, with a reason."""
        number = self._record.shipment.number
        self._dispose("Seize", lambda record, reason: record.seize(number, reason))

    def _dispose(self, verb: str, act: Callable[[Record, str], None]) -> None:
        shipment = self._record.shipment
        lines = [
            f"declared: {shipment.draft.declared_goods}",
            f"found: {dict(facts(self._record, self.fol.timezone))['found']}",
        ]

        def answered(reason: str | None) -> None:
            if reason is not None:
                self._act(
                    lambda record: act(record, reason),
                    lambda _: f"✓ {shipment.number}: {verb.lower()} recorded",
                )

        self.app.push_screen(
            Reason(f"{verb} shipment {shipment.number}?", lines, yes=verb), answered
        )

    def _act(self, work: Callable[[Record], Done], says: Callable[[Done], str]) -> None:
        def done(result: Done) -> None:
            self.notice(says(result), kind="good")
            self.action_refresh()

        self.ask(work, done)
