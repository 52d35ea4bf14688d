"""One finding before a second person: query over reference, hits, decision, accept or send back.

A hazard notice comes before any identity detail and must be acknowledged first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import Static

from lims.model import Finding, Run, SampleRecord
from spectra.spectrum import Measurement
from tui import actions
from tui.sample_words import STATE_SIGNS, open_hazards
from tui.screens.dialogs import Reason, SignOff
from tui.screens.hazard import acknowledge
from tui.screens.plot_keys import PlotKeys
from tui.text import as_text, clean
from tui.verdict import Answer, HitLine, answers, decisive, evidence, statement, strength
from tui.widgets.hit_list import HitList
from tui.widgets.spectrum_plot import SpectrumPlot

if TYPE_CHECKING:
    from tui.evidence import QuerySource


class RegionalLab(Reason):
    """Asks where a candidate is sent."""

    ASKS = "Regional lab"


class Review(PlotKeys):
    """The comparison a reviewer signs."""

    PLACE = "review"
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.bindings("review"),
        *actions.bindings("plot"),
    ]
    AUTO_FOCUS = "HitList"

    def __init__(self, record: SampleRecord, finding: Finding) -> None:
        super().__init__()
        self._record = record
        self._finding = finding
        self._answers = answers(finding.match)
        self._at = decisive(self._answers, finding.level)
        self._source: QuerySource | None = None
        self.heading = record.sample.number

    def body(self) -> ComposeResult:
        """Yield the hazard gate and, behind it, plot, hits and verdict."""
        with VerticalScroll(id="gate"):
            yield Static("", id="gate-text")
        with Container(id="bench"):
            yield SpectrumPlot(id="plot")
            with Vertical(id="side"):
                yield HitList(id="hits")
                with VerticalScroll(id="verdict-box"):
                    yield Static("", id="verdict")

    def on_mount(self) -> None:
        """Name sample and technique, then open the gate or keep it shut."""
        super().on_mount()
        self.bar.detail = self._detail()
        self.query_one(SpectrumPlot).glyphs = self.fol.glyphs
        self._gate()

    def load(self) -> None:
        """Nothing to ask: the record came with the screen."""

    def _detail(self) -> str:
        finding = self._finding
        what = f"{finding.technique} · {STATE_SIGNS[finding.state]}"
        what += f" · {self._record.sample.draft.description}"
        many, answer = len(self._answers), self.answer
        if answer is not None and answer.retention_time_s is not None:
            what = f"{answer.retention_time_s / 60:.2f} min · {what}"
        return f"{self._at + 1} of {many} · {what}" if many > 1 else what

    @property
    def answer(self) -> Answer | None:
        """The answer on screen."""
        return self._answers[self._at] if self._at < len(self._answers) else None

    @property
    def is_gated(self) -> bool:
        """Whether identity detail is still withheld."""
        return bool(open_hazards(self._record))

    def _gate(self) -> None:
        hazards = open_hazards(self._record)
        self.set_class(bool(hazards), "-gated")
        if hazards:
            said = Text()
            for alert in hazards:
                said.append(f"! {clean(alert.headline, 300)}\n", style="bold")
                said.append(f"  where: {clean(alert.where, 200)}\n\n")
            said.append("Press a to acknowledge; the comparison is shown after that.")
            self.query_one("#gate-text", Static).update(said)
            self.query_one("#gate").focus()
            return
        self._show_answer()
        self.query_one(HitList).focus()

    def _show_answer(self) -> None:
        answer = self.answer
        plot, hits = self.query_one(SpectrumPlot), self.query_one(HitList)
        self.bar.detail = self._detail()
        if answer is None:
            plot.blank("this finding holds no spectrum")
            self.query_one("#verdict", Static).update(as_text(self._finding.headline))
            return
        hits.show(answer.hits)
        hits.border_title = "hits" if answer.hits else "no hits"
        self._say(answer)
        if not answer.hits:
            self._draw(None)

    def _say(self, answer: Answer) -> None:
        said = Text()
        said.append(clean(statement(answer), 300), style="bold")
        said.append(f"  {clean(strength(answer))}\n")
        said.append("\n".join(clean(line, 300) for line in evidence(answer)))
        self.query_one("#verdict", Static).update(said)
        box = self.query_one("#verdict-box", VerticalScroll)
        box.scroll_home(animate=False)

    @on(HitList.Chosen)
    def _hit_chosen(self, event: HitList.Chosen) -> None:
        event.stop()
        if not self.is_gated:
            self._draw(event.hit)

    def _run(self) -> Run | None:
        return next((run for run in self._record.runs if run.id == self._finding.run), None)

    def _draw(self, hit: HitLine | None) -> None:
        """Read query and reference beside the screen and show them."""
        from tui.evidence import QuerySource, reference_of

        answer, run, identity = self.answer, self._run(), self.fol.identity
        plot = self.query_one(SpectrumPlot)
        if answer is None or run is None or identity is None:
            plot.blank("the run of this finding is not in the record")
            return
        if plot.data is None:
            plot.blank("reading the spectra …")
        if self._source is None:
            self._source = QuerySource(identity.raw_folder, run)
        source = self._source

        def work() -> tuple[Measurement, Measurement | None]:
            query = source.spectrum(answer)
            return query, None if hit is None else reference_of(identity.libraries_folder, hit)

        self.ask_aside(work, lambda read: self._drawn(hit, *read))

    def _drawn(
        self, hit: HitLine | None, query: Measurement, reference: Measurement | None
    ) -> None:
        from tui.evidence import opening_window, plot_data

        named = "" if hit is None else f"{hit.name} ({hit.library})"
        data = plot_data(f"query {self._record.sample.number}", query, named, reference)
        self.query_one(SpectrumPlot).draw(data, opening_window(data))

    def failed(self, message: str, hint: str = "") -> None:
        """Show an error; an empty plot also says so in its place."""
        super().failed(message, hint)
        plot = self.query_one(SpectrumPlot)
        if plot.data is None and plot.message.startswith("reading"):
            plot.blank("the spectra cannot be shown")

    def action_next_answer(self) -> None:
        """Show the next spectrum or peak of the run."""
        self._step(1)

    def action_previous_answer(self) -> None:
        """Show the one before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.is_gated or len(self._answers) < 2:
            return
        self._at = (self._at + by) % len(self._answers)
        self._show_answer()

    def action_words(self) -> None:
        """Say what the plot shows."""
        if not self.is_gated:
            self.notice(self.query_one(SpectrumPlot).describe())

    def action_acknowledge(self) -> None:
        """Acknowledge the hazard notice and open the gate."""
        acknowledge(self, open_hazards(self._record), self._reread)

    def _reread(self) -> None:
        number = self._record.sample.number
        self.ask(lambda record: record.sample(number), self._renewed)

    def _renewed(self, record: SampleRecord) -> None:
        self._record = record
        mine = [f for f in record.findings if f.id == self._finding.id]
        self._finding = mine[0] if mine else self._finding
        self._gate()

    def _restated(self) -> list[str]:
        lines = [
            f"sample {self._record.sample.number} · {self._record.sample.draft.description}",
            f"{self._finding.technique} by {self._finding.by}",
            self._finding.headline,
        ]
        answer = self.answer
        if answer is not None:
            lines.append(strength(answer))
            if answer.hits:
                best = answer.hits[0]
                lines.append(f"best hit {best.name}, HQI {best.hqi:.3f} ({best.library})")
        return lines

    def action_accept(self) -> None:
        """Accept the finding after a dialog that restates it."""
        if self._refuses():
            return
        who = self.fol.identity.person.name if self.fol.identity else ""
        dialog = SignOff("Accept this finding?", self._restated(), who=who, yes="Accept")
        self.app.push_screen(dialog, lambda remark: self._decide(remark, accept=True))

    def action_send_back(self) -> None:
        """Send the finding back; the analyst reads the reason."""
        if self._refuses():
            return
        dialog = Reason("Send this finding back?", self._restated(), yes="Send back")
        self.app.push_screen(dialog, lambda reason: self._decide(reason, accept=False))

    def action_dismiss_candidate(self) -> None:
        """Dismiss the analogue candidate; a sample that was concluded is concluded anew."""
        if self._refuses() or self._holds_none():
            return
        dialog = Reason("Dismiss this candidate?", self._restated(), yes="Dismiss")
        finding = self._finding.id

        def answered(reason: str | None) -> None:
            if reason:
                self.ask(
                    lambda record: record.dismiss_candidate(finding, reason),
                    lambda _: self._judged("candidate dismissed"),
                )

        self.app.push_screen(dialog, answered)

    def action_send_candidate(self) -> None:
        """Send the analogue candidate to a regional lab; the request stays open until answered."""
        if self._refuses() or self._holds_none():
            return
        dialog = RegionalLab("Send this candidate for confirmation?", self._restated(), yes="Send")
        finding = self._finding.id

        def answered(to: str | None) -> None:
            if to:
                self.ask(
                    lambda record: record.send_candidate(finding, to),
                    lambda _: self._judged(f"sent for confirmation to {to}"),
                )

        self.app.push_screen(dialog, answered)

    def _holds_none(self) -> bool:
        found = any(each.state == "analogue_candidate" for each in self._answers)
        if not found:
            self.failed("this finding holds no analogue candidate")
        return not found

    def _judged(self, said: str) -> None:
        self._reread()
        self.notice(f"✓ {said}", kind="good")

    def _refuses(self) -> bool:
        if self.is_gated:
            self.failed("acknowledge the hazard notice first", "Press a.")
        return self.is_gated

    def _decide(self, remark: str | None, *, accept: bool) -> None:
        if remark is None:
            return
        finding = self._finding.id

        def decided(changed: Finding) -> None:
            self._finding = changed
            self.bar.detail = self._detail()
            word = "accepted" if accept else "sent back"
            self.notice(f"✓ {word} by {changed.reviewer}: {changed.headline}", kind="good")

        self.ask(lambda record: record.review(finding, accept=accept, remark=remark), decided)
