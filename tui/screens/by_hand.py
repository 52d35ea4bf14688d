"""What is done with a sample by hand: colour and other tests, and the sampling of its units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from lims.bench_tests import TECHNIQUES, BenchTest
from lims.model import FindingState, SampleRecord
from lims.sampling import SamplingPlan
from lims.sampling_plan import Method
from tui import actions
from tui.hand_acts import FAILED, NEGATIVE, PASSED, POSITIVE
from tui.hand_words import outcome_words, plan_lines, standing_words, waiting_units
from tui.moments import clock_time
from tui.sample_words import STATE_SIGNS
from tui.screens.ask_fields import Field
from tui.screens.dialogs import Reason, SignOff
from tui.screens.listing import feed_list
from tui.screens.office_list import OfficeActing
from tui.text import clean
from tui.widgets.record_table import Column, RecordTable


class ByHand(OfficeActing):
    """Tests above, plans below; what is under the cursor in words."""

    PLACE = "by_hand"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("by_hand"))
    AUTO_FOCUS = "#tests"

    def __init__(self, record: SampleRecord) -> None:
        super().__init__()
        self._sample = record.sample
        self.heading = record.sample.number

    def body(self) -> ComposeResult:
        """Yield tests, plans and the box."""
        tests: RecordTable[BenchTest] = RecordTable(
            (
                Column(title="test", width=4, cell=lambda t: t.id.rpartition(".")[2]),
                Column(title="technique", width=14, most=22, cell=lambda t: t.technique),
                Column(title="for", width=0, cell=lambda t: t.indicates),
                Column(title="outcome", width=9, most=25, cell=outcome_words),
                Column(title="state", width=11, cell=lambda t: STATE_SIGNS[t.state]),
                Column(title="by", width=8, cell=lambda t: t.by),
            ),
            marked=lambda t: not t.controls,
            id="tests",
        )
        tests.border_title = "tests by hand"
        yield tests
        plans: RecordTable[SamplingPlan] = RecordTable(
            (
                Column(title="plan", width=4, cell=lambda p: p.id.rpartition(".")[2]),
                Column(title="of", width=8, right=True, cell=lambda p: f"{p.population:,}"),
                Column(title="method", width=14, cell=lambda p: p.method.value),
                Column(title="how far", width=0, cell=standing_words),
            ),
            marked=lambda p: p.more != 0,
            id="plans",
        )
        plans.border_title = "sampling of its units"
        yield plans
        with VerticalScroll(id="detail-box"):
            yield Static("", id="detail")

    @property
    def tests(self) -> RecordTable[BenchTest]:
        """The tests."""
        return self.query_one("#tests", RecordTable)

    @property
    def plans(self) -> RecordTable[SamplingPlan]:
        """The plans."""
        return self.query_one("#plans", RecordTable)

    def on_mount(self) -> None:
        """Follow the cursor of the list that has the focus."""
        super().on_mount()
        self.bar.detail = f"by hand · {self._sample.draft.description}"
        self.watch(self.tests, "cursor", self._say, init=False)
        self.watch(self.plans, "cursor", self._say, init=False)

    def on_descendant_focus(self) -> None:
        """Say what is under the cursor of the list that now has the focus."""
        self._say()

    def load(self) -> None:
        """Ask for tests and plans."""
        number = self._sample.number
        self.ask(lambda record: record.tests_and_plans(number), lambda found: self._show(*found))

    def moved(self) -> None:
        """Read again; the cursors stay."""
        self.load()

    def _show(self, tests: Sequence[BenchTest], plans: Sequence[SamplingPlan]) -> None:
        feed_list(self.tests, tests, from_top=not self.tests.total)
        feed_list(self.plans, plans, from_top=not self.plans.total)
        self.call_after_refresh(self._say)

    def on_record_table_filled(self) -> None:
        """Say what is under the cursor of a list that has its rows now."""
        self._say()

    def _say(self) -> None:
        if not self.is_mounted:
            return
        lines: Sequence[str] = ()
        plan, test = self.plans.row_at_cursor(), self.tests.row_at_cursor()
        if plan is not None and (self.plans.has_focus or test is None):
            lines = _plan_words(plan, self.fol.timezone)
        elif test is not None:
            lines = _test_words(test, self.fol.timezone)
        said = Text()
        for place, line in enumerate(lines):
            said.append(clean(line, 800) + "\n", style="" if place else "bold")
        said.rstrip()
        self.query_one("#detail", Static).update(said)

    def action_new_test(self) -> None:
        """Record a test made by hand."""
        number = self._sample.number
        fields = (
            Field(name="technique", label="Technique", choices=TECHNIQUES, value=TECHNIQUES[0]),
            Field(name="reagent", label="Reagent"),
            Field(name="lot", label="Lot of the reagent"),
            Field(name="observed", label="What was seen", required=True),
            Field(name="indicates", label="Class or substance", required=True),
            Field(name="outcome", label="Outcome", required=True, choices=(POSITIVE, NEGATIVE)),
            Field(name="controls", label="Control and blank", required=True,
                  choices=(PASSED, FAILED)),
            Field(name="portion", label="Portion (may be empty)"),
            Field(name="photo", label="Picture, a file"),
        )  # fmt: skip
        self.ask_typed(
            f"A test of {number}, by hand",
            [f"{self._sample.draft.description} · held by {self._sample.holder}"],
            fields,
            lambda record, typed: record.record_test(number, typed),
            lambda made: f"{made.id}: {outcome_words(made)}; it waits for a second person",
            yes="Record",
        )

    def _submitted(self) -> BenchTest | None:
        test = self.tests.row_at_cursor()
        if test is None:
            self.failed("no test by hand yet", "Press n to record one.")
            return None
        if test.state is not FindingState.SUBMITTED:
            self.failed(f"{test.id} is {test.state} already, by {test.reviewer}")
            return None
        return test

    def _restated(self, test: BenchTest) -> list[str]:
        return [
            f"sample {test.sample} · {self._sample.draft.description}",
            f"{test.technique} for {test.indicates} by {test.by}: {outcome_words(test)}",
            f"seen: {test.observed}",
        ]

    def action_accept(self) -> None:
        """Accept the test under the cursor, as a second person."""
        test = self._submitted()
        if test is None:
            return
        who = self.fol.identity.person.name if self.fol.identity else ""
        dialog = SignOff("Accept this test?", self._restated(test), who=who, yes="Accept")
        self.app.push_screen(dialog, lambda remark: self._judge(test, remark, accept=True))

    def action_send_back(self) -> None:
        """Send the test under the cursor back, with a reason."""
        test = self._submitted()
        if test is None:
            return
        dialog = Reason("Send this test back?", self._restated(test), yes="Send back")
        self.app.push_screen(dialog, lambda reason: self._judge(test, reason, accept=False))

    def _judge(self, test: BenchTest, remark: str | None, *, accept: bool) -> None:
        if remark is None:
            return
        self.act(
            lambda record: record.review_test(test.id, accept=accept, remark=remark),
            lambda done: f"{done.id} {'accepted' if accept else 'sent back'} by {done.reviewer}",
        )

    def action_plan(self) -> None:
        """Find how many units to test, and draw them."""
        number = self._sample.number
        fields = (
            Field(name="population", label="How many units", required=True),
            Field(name="counted", label="How they were counted", required=True),
            Field(name="look", label="What they look like", required=True),
            Field(name="proportion", label="Share claimed", value="0.9"),
            Field(name="alpha", label="Risk of a false claim", value="0.05"),
            Field(name="method", label="Method", choices=tuple(each.value for each in Method),
                  value=Method.HYPERGEOMETRIC.value),
            Field(name="negatives", label="Negatives allowed for", value="0"),
            Field(name="reason", label="Reason (square root)"),
        )  # fmt: skip
        self.ask_typed(
            f"A sampling plan of {number}",
            ["Number the units from 1 as they were counted; the record draws them."],
            fields,
            lambda record, typed: record.plan_sampling(number, typed),
            lambda made: f"{made.id}: test {made.units} of {made.population}",
            yes="Draw",
        )

    def _plan_at_cursor(self) -> SamplingPlan | None:
        plan = self.plans.row_at_cursor()
        if plan is None:
            self.failed("no sampling plan yet", "Press p to make one.")
        return plan

    def action_unit(self) -> None:
        """Record what a drawn unit gave."""
        plan = self._plan_at_cursor()
        if plan is None:
            return
        waiting = waiting_units(plan)
        first = str(waiting[0]) if waiting else ""
        fields = (
            Field(name="unit", label="Unit", required=True, value=first),
            Field(name="outcome", label="Outcome", required=True, choices=(POSITIVE, NEGATIVE)),
            Field(name="net", label="Net mass (102 mg)"),
            Field(name="reason", label="Reason (only again)"),
        )  # fmt: skip
        self.ask_typed(
            f"A unit of {plan.id}",
            [f"{standing_words(plan)}", f"to test: {', '.join(map(str, waiting)) or 'none'}"],
            fields,
            lambda record, typed: record.record_unit(plan.id, typed),
            lambda done: f"{done.id}: {standing_words(done)}",
            yes="Record",
        )

    def action_enlarge(self) -> None:
        """Draw the further units that negatives ask for."""
        plan = self._plan_at_cursor()
        if plan is not None:
            self.act(
                lambda record: record.enlarge_plan(plan.id),
                lambda done: f"{done.id}: test {done.units} of {done.population}",
            )


def _test_words(test: BenchTest, timezone: str) -> list[str]:
    reagent = f" with {test.reagent}" if test.reagent else ""
    lot = f", lot {test.lot}" if test.lot else ""
    portion = f" of portion {test.portion}" if test.portion else ""
    lines = [
        f"{test.id} · {test.technique} for {test.indicates}: {outcome_words(test)}",
        f"seen: {test.observed}{reagent}{lot}{portion}",
        f"by {test.by}, {clock_time(test.at, timezone)} · {test.state}"
        + (f" by {test.reviewer}" if test.reviewer else ""),
    ]
    if not test.controls:
        lines.append("! its controls failed: a negative says nothing")
    if test.raw_sha256:
        lines.append(f"picture {test.raw_sha256[:16]}")
    return [*lines, *([f"remark: {test.remark}"] if test.remark else [])]


def _plan_words(plan: SamplingPlan, timezone: str) -> list[str]:
    gave = [
        f"{each.unit} {'+' if each.positive else '-'}"
        + (f" {each.net_ug / 1000:g} mg" if each.net_ug else "")
        for each in plan.results
    ]
    lines = [line.strip() for line in plan_lines(plan)]
    if gave:
        lines.append("gave: " + ", ".join(gave))
    return [*lines, f"planned by {plan.by}, {clock_time(plan.at, timezone)}"]
