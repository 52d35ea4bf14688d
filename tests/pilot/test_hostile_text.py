"""Whatever stands in the record, no widget dies and no control byte reaches the terminal."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.widgets import Static

from tests.pilot.fake_lab import PEOPLE, infrared
from tests.pilot.screen_text import screen_text
from tui.evidence import plot_data
from tui.screens.dialogs import Confirm, PickPerson, Reason
from tui.screens.listing import feed_list
from tui.text import as_text
from tui.verdict import HitLine
from tui.widgets.hit_list import HitList
from tui.widgets.identity_bar import IdentityBar
from tui.widgets.record_table import Column, RecordTable
from tui.widgets.spectrum_plot import SpectrumPlot

NASTY = st.one_of(
    st.text(st.characters(), max_size=60),
    st.sampled_from(
        [
            "bag [/x] 3",
            "[red]FAKE[/red]",
            "\x1b]0;owned\x07",
            "\x1b[2J",
            "\x9b2J",
            "a\u202eb",
            "[",
            "\\[",
            "[@click=app.bell]x[/]",
            "\ud800",
            "\r\n\x00",
            "$primary",
            "{}",
            "]" * 40,
        ]
    ),
)


class Bench(App[None]):
    """One of each widget that shows text of others, all of them visible."""

    CSS = "RecordTable, HitList, SpectrumPlot { height: 9; }"

    def compose(self) -> ComposeResult:
        yield IdentityBar()
        yield Static("", id="plain")
        yield RecordTable((Column(title="t", width=0, cell=str),), id="table")
        yield HitList(id="hits")
        yield SpectrumPlot(id="plot")
        yield SpectrumPlot(id="drawn")


async def show(text: str) -> str:
    app = Bench()
    async with app.run_test(size=(80, 40)) as pilot:
        bar = app.query_one(IdentityBar)
        bar.subject, bar.detail, bar.place, bar.who = text, text, text, text
        app.query_one("#plain", Static).update(as_text(text))
        feed_list(app.query_one(RecordTable), [text])
        hit = HitLine(
            rank=1,
            name=text,
            substance=text,
            library=text,
            version=text,
            entry=text,
            hqi=0.5,
            hazard="",
        )
        app.query_one(HitList).show([hit])
        app.query_one("#plot", SpectrumPlot).blank(text)
        data = plot_data(text, infrared((1200, 1.0)), text, infrared((1300, 1.0)))
        app.query_one("#drawn", SpectrumPlot).draw(replace(data, x_unit=text))
        await app.workers.wait_for_complete()
        await pilot.pause()
        seen = screen_text(app)
        for dialog in (
            Confirm(text, [text], yes=text),
            Reason(text, [text], yes=text),
            PickPerson(text, list(PEOPLE.values())),
        ):
            await app.push_screen(dialog)
            await pilot.pause()
            seen += screen_text(app)
            app.pop_screen()
        return seen


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NASTY)
async def test_no_widget_dies_and_no_control_byte_is_shown(text: str) -> None:
    seen = await show(text)
    assert not [c for c in seen if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
    assert not set(seen) & set("\u202e\u2066\u200f")


async def test_data_cannot_forge_the_look_of_the_app() -> None:
    assert "[red]FAKE[/red]" in await show("[red]FAKE[/red]")
