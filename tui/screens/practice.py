"""Practice on the lab's own decided runs: judge the spectrum, then see what the lab answered.

Nothing is written to the record; the tally is the person's own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import DataTable, Static

from lims.practice import Question, Say, Solution
from spectra.spectrum import Measurement
from tui import actions
from tui.practice_words import answer_lines, tally_words, verdict_line
from tui.screens.plot_keys import PlotKeys
from tui.text import clean
from tui.verdict import Answer, HitLine, answers
from tui.widgets.hit_list import HitList
from tui.widgets.spectrum_plot import SpectrumPlot

if TYPE_CHECKING:
    from tui.evidence import QuerySource
    from tui.practice_tally import Tally

_ASKS = (
    "What does it support?  Enter: the hit under the cursor is it",
    "c: a candidate analogue, not in the library   m: no match   .: another one",
)


class Practice(PlotKeys):
    """One exercise after the other."""

    PLACE = "practice"
    heading = "Practice"
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.bindings("practice"),
        *actions.bindings("plot"),
    ]
    AUTO_FOCUS = "HitList"

    def __init__(self) -> None:
        super().__init__()
        self._question: Question | None = None
        self._answer: Answer | None = None
        self._source: QuerySource | None = None
        self._is_solved = False
        self._skipped: set[str] = set()

    def body(self) -> ComposeResult:
        """Yield plot, hits and what is said."""
        with Container(id="bench"):
            yield SpectrumPlot(id="plot")
            with Vertical(id="side"):
                yield HitList(id="hits")
                with VerticalScroll(id="verdict-box"):
                    yield Static("", id="verdict")

    def on_mount(self) -> None:
        """Draw as the terminal can."""
        super().on_mount()
        self.plot.glyphs = self.fol.glyphs

    def load(self) -> None:
        """Ask for the exercise that comes next."""
        skipped = frozenset(self._skipped)
        self.ask(lambda record: record.next_exercise(skipped), lambda found: self._show(*found))

    def _show(self, question: Question | None, count: int, tally: Tally) -> None:
        if question is not None and question.code in self._skipped:
            self._skipped.clear()  # all were seen: once more through those that are left
        self._question, self._is_solved = question, False
        self._source = None
        hits = self.query_one(HitList)
        if question is None:
            self._answer = None
            self.bar.detail = "nothing is written to the record"
            hits.show(())
            self.plot.blank("no decided run to practise on yet")
            self._say(["Samples that are concluded, with a reviewed finding, come here."], tally)
            return
        self.bar.detail = f"{question.technique} · {count} exercises · nothing is written"
        self._answer = replace(answers({"spectra": [question.asked]})[0], index=question.index)
        self.plot.blank("reading the spectra …")
        hits.show(self._answer.hits)
        hits.border_title = "hits" if self._answer.hits else "no hits"
        self._say(_ASKS, tally)
        hits.focus()
        if not self._answer.hits:
            self._draw(None)

    def _say(self, lines: tuple[str, ...] | list[str], tally: Tally) -> None:
        said = Text()
        for place, line in enumerate(lines):
            said.append(clean(line, 300) + "\n", style="" if place else "bold")
        said.append(clean(tally_words(tally), 200), style="dim")
        self.query_one("#verdict", Static).update(said)
        self.query_one("#verdict-box", VerticalScroll).scroll_home(animate=False)

    @on(HitList.Chosen)
    def _hit_chosen(self, event: HitList.Chosen) -> None:
        event.stop()
        self._draw(event.hit)

    def _draw(self, hit: HitLine | None) -> None:
        """Read query and reference beside the screen and show them."""
        from tui.evidence import QuerySource, reference_of

        question, answer, identity = self._question, self._answer, self.fol.identity
        if question is None or answer is None or identity is None:
            return
        if self._source is None:
            self._source = QuerySource(identity.raw_folder, question.run)
        source = self._source

        def work() -> tuple[Measurement, Measurement | None]:
            query = source.spectrum(answer)
            return query, None if hit is None else reference_of(identity.libraries_folder, hit)

        self.ask_aside(work, lambda read: self._drawn(question, hit, *read))

    def _drawn(
        self,
        question: Question,
        hit: HitLine | None,
        query: Measurement,
        reference: Measurement | None,
    ) -> None:
        from tui.evidence import opening_window, plot_data

        if question is not self._question:
            return
        named = "" if hit is None else f"{hit.name} ({hit.library})"
        data = plot_data("query", query, named, reference)
        self.plot.draw(data, opening_window(data))

    def failed(self, message: str, hint: str = "") -> None:
        """Show an error; an empty plot also says so in its place."""
        super().failed(message, hint)
        if self.plot.data is None and self.plot.message.startswith("reading"):
            self.plot.blank("the spectra cannot be shown: . takes another exercise")

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter says that the hit under the cursor is it; once answered it goes on."""
        event.stop()
        if self._is_solved:
            self.action_next()
            return
        hit = self.query_one(HitList).chosen()
        if hit is not None:
            self._answered(Say.IDENTIFIED, hit.substance or hit.name)

    def action_candidate(self) -> None:
        """Say that it is a candidate analogue."""
        self._answered(Say.CANDIDATE, "")

    def action_no_match(self) -> None:
        """Say that it matches nothing."""
        self._answered(Say.NO_MATCH, "")

    def action_next(self) -> None:
        """Take another exercise; one that was not answered comes last."""
        if self._question is not None:
            self._skipped.add(self._question.code)
        self.notice("")
        self.load()

    def _answered(self, said: Say, substance: str) -> None:
        question = self._question
        if question is None or self._is_solved:
            return
        self._is_solved = True
        self.ask(
            lambda record: record.answer_exercise(question.code, said, substance),
            lambda found: self._solved(question, *found),
        )

    def _solved(self, question: Question, solution: Solution, tally: Tally) -> None:
        if question is not self._question:
            return
        lines = [verdict_line(solution), *answer_lines(solution, self.fol.timezone)]
        self._say([*lines, "Enter or . takes the next one"], tally)

    def action_words(self) -> None:
        """Say what the plot shows."""
        self.notice(self.plot.describe())
