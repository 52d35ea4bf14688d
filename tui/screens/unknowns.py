"""Unknowns that are alike, under a code each: what is in them, and what people do with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from lims.hub_answer_form import NetworkUnknown
from lims.unknown_model import Cluster, ClusterRecord
from tui import actions
from tui.moments import local
from tui.screens.base import LabScreen
from tui.screens.listing import feed_list
from tui.text import as_text, clean
from tui.widgets.record_table import Column, RecordTable

if TYPE_CHECKING:
    from tui.record import Record

_MOST_MEMBERS = 40
Work = Callable[["Record", "Said"], ClusterRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person typed: what it is about, and why."""

    what: str
    reason: str


class WhatAndWhy(ModalScreen[Said]):
    """Restates an act on a cluster and asks for its object and the reason; both are needed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    AUTO_FOCUS = "#what"

    def __init__(self, title: str, lines: Sequence[str], *, asks: str, yes: str) -> None:
        super().__init__()
        self._title = title
        self._restated = tuple(lines)
        self._asks = asks
        self._yes = yes

    def compose(self) -> ComposeResult:
        """Lay out the restated act, the two fields and the buttons."""
        with Vertical(classes="dialog"):
            yield Static(as_text(self._title), classes="title")
            for line in self._restated:
                yield Static(as_text(line, limit=300), classes="line")
            for name, label in (("what", self._asks), ("reason", "Reason")):
                yield Static(as_text(label), classes="label")
                field = Input(id=name, max_length=500)
                field.cursor_blink = False
                yield field
            yield Static("", id="wrong")
            with Horizontal(classes="buttons"):
                yield Static(as_text("Tab moves, Enter presses, Esc cancels"), classes="how")
                yield Button(as_text("Cancel"), id="no", compact=True)
                yield Button(as_text(self._yes), id="yes", compact=True, variant="warning")

    def take_scan(self, code: str) -> None:
        """Put a scanned number into the first field; the act is another key."""
        self.query_one("#what", Input).value = clean(code, 60)
        self.query_one("#reason", Input).focus()

    def on_input_submitted(self) -> None:
        """Enter in a field only moves on: the act has its own button."""
        after = "#yes" if self.query_one("#reason", Input).has_focus else "#reason"
        self.query_one(after).focus()

    @on(Button.Pressed, "#yes")
    def _agreed(self) -> None:
        what, reason = (
            self.query_one(f"#{name}", Input).value.strip() for name in ("what", "reason")
        )
        if not what or not reason:
            self.query_one("#wrong", Static).update(as_text("✗ both fields are needed"))
            self.query_one("#reason" if what else "#what", Input).focus()
            return
        self.dismiss(Said(what=what, reason=reason))

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Escape changes nothing."""
        self.dismiss(None)


def state_of(each: Cluster) -> str:
    """Return what became of a cluster, in words."""
    if each.merged_into:
        return f"same as {each.merged_into}"
    if each.named_at is not None:
        return f"named {each.name}"
    return "not identified"


def _everywhere(each: Cluster) -> str:
    """Return what became of a cluster here, and under which code all laboratories know it."""
    known = each.network
    if known is None:
        return state_of(each)
    state = f"named at {known.named_at}" if known.name and not each.name else state_of(each)
    return f"{state} · {known.code}"


def network_of(known: NetworkUnknown) -> str:
    """Return what headquarters said of an unknown, in one line."""
    at = ", ".join(f"{lab.site} {lab.samples}" for lab in known.labs) or "no laboratory in force"
    before = f", before {', '.join(known.earlier)}" if known.earlier else ""
    named = f"; named {known.name} at {known.named_at}" if known.name else ""
    return f"headquarters: {known.code}{before}; samples at {at}{named}"


class Unknowns(LabScreen):
    """Clusters, the one met last first."""

    PLACE = "unknowns"
    heading = "Unknowns"
    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("unknowns"))
    AUTO_FOCUS = "RecordTable"

    def __init__(self) -> None:
        super().__init__()
        self._everything = False

    def body(self) -> ComposeResult:
        """Yield the table and what is in the cluster under the cursor."""
        table: RecordTable[Cluster] = RecordTable(
            (
                Column(title="code", width=12, most=16, cell=lambda c: c.code),
                Column(title="samples", width=7, cell=lambda c: str(len(c.samples))),
                Column(title="first", width=10, cell=lambda c: f"{c.first:%Y-%m-%d}"),
                Column(title="last", width=10, cell=lambda c: f"{c.last:%Y-%m-%d}"),
                Column(title="from", width=6, most=12, cell=lambda c: ", ".join(c.origins)),
                Column(title="class", width=12, most=20, cell=lambda c: c.class_name),
                Column(title="state", width=0, cell=_everywhere),
            ),
            id="rows",
        )
        table.border_title = "unknowns"
        yield table
        with VerticalScroll(id="detail-box"):
            yield Static("", id="detail")

    @property
    def table(self) -> RecordTable[Cluster]:
        """The clusters."""
        return self.query_one("#rows", RecordTable)

    def on_mount(self) -> None:
        """Follow the cursor with the detail."""
        super().on_mount()
        self.watch(self.table, "cursor", self._ask_detail, init=False)

    def load(self) -> None:
        """Ask for the clusters."""
        everything = self._everything
        self.ask(lambda record: record.unknowns(everything=everything), self._show)

    def on_screen_resume(self) -> None:
        """Unknowns arrive while other screens are open."""
        if self.is_mounted and self.fol.identity is not None:
            self.load()

    def moved(self) -> None:
        """Read the list again; the cursor stays."""
        self.load()

    def _show(self, rows: Sequence[Cluster]) -> None:
        self.table.border_title = "all unknowns" if self._everything else "unknowns"
        feed_list(self.table, rows, from_top=not self.table.total)
        if rows:
            at = min(self.table.cursor, len(rows) - 1)
            self._ask_detail_of(rows[at].code)
        else:
            self.query_one("#detail", Static).update(Text("No unknown yet."))

    def _ask_detail(self) -> None:
        row = self.table.row_at_cursor()
        if row is not None:
            self._ask_detail_of(row.code)

    def _ask_detail_of(self, code: str) -> None:
        self.ask(lambda record: record.unknown(code), self._show_detail)

    def _show_detail(self, found: ClusterRecord) -> None:
        each, said = found.cluster, Text()
        said.append(f"{each.code} · {clean(state_of(each), 200)}\n", style="bold")
        if each.network is not None:
            said.append(clean(network_of(each.network), 400) + "\n")
        if each.named_how:
            said.append(f"by {clean(each.named_by, 40)}: {clean(each.named_how, 300)}\n")
        for word, codes in (
            ("with what was", found.earlier_codes),
            ("shares a sample with", found.beside),
            ("split from", (each.split_from,) if each.split_from else ()),
        ):
            if codes:
                said.append(f"{word} {clean(', '.join(codes), 300)}\n")
        for member in found.members[:_MOST_MEMBERS]:
            is_now = member.verdict or member.finding_state
            said.append(
                clean(f"{member.finding} {member.kind} · {is_now} · {member.why}", 200) + "\n"
            )
        if len(found.members) > _MOST_MEMBERS:
            said.append(f"and {len(found.members) - _MOST_MEMBERS} more (fol unknown show)\n")
        for act in found.acts:
            at = local(act.at, self.fol.timezone)
            said.append(
                clean(f"{at} {act.by} {act.kind} {act.other} {act.name}: {act.reason}", 400) + "\n"
            )
        self.query_one("#detail", Static).update(said)

    def action_show_all(self) -> None:
        """Show merged codes too, or only those that stand."""
        self._everything = not self._everything
        self.load()

    def action_open(self) -> None:
        """Open the sample that was put into the cluster last."""
        row = self.table.row_at_cursor()
        if row is None:
            return
        self.ask(
            lambda record: record.unknown(row.code),
            lambda found: (
                self.fol.open_sample(self, found.members[-1].sample)
                if found.members
                else self.notice(f"{row.code} holds no sample any more")
            ),
        )

    def action_merge(self) -> None:
        """Say that the cluster under the cursor is the same as another."""
        self._ask_act(
            "These two are one unknown?",
            "Its code will lead to the other one.",
            "The same as (its code)",
            "Merge",
            lambda code: lambda record, said: record.merge_unknown(code, said.what, said.reason),
        )

    def action_split(self) -> None:
        """Take samples out of the cluster under the cursor."""
        self._ask_act(
            "Not the same unknown?",
            "What you name gets a cluster and a code of its own.",
            "Samples or findings (several with spaces between)",
            "Split",
            lambda code: (
                lambda record, said: record.split_unknown(code, said.what.split(), said.reason)
            ),
        )

    def action_name(self) -> None:
        """Say what the cluster under the cursor was found to be."""
        self._ask_act(
            "What was it found to be?",
            "Everybody with a sample of it is told. It names no sample.",
            "Substance",
            "Name it",
            lambda code: lambda record, said: record.name_unknown(code, said.what, said.reason),
        )

    def _ask_act(
        self, title: str, line: str, asks: str, yes: str, work_of: Callable[[str], Work]
    ) -> None:
        row = self.table.row_at_cursor()
        if row is None:
            return
        work = work_of(row.code)

        def answered(said: Said | None) -> None:
            if said is not None:
                self.ask(lambda record: work(record, said), self._done)

        lines = [f"{row.code} · {len(row.samples)} samples · {state_of(row)}", line]
        self.app.push_screen(WhatAndWhy(title, lines, asks=asks, yes=yes), answered)

    def _done(self, found: ClusterRecord) -> None:
        self.notice(f"✓ {found.cluster.code}: {state_of(found.cluster)}", kind="good")
        self.load()
