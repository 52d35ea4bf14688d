"""What people do at the bench and at the counter, key by key, at 80x24."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from lims.model import FindingState
from tests.pilot.conftest import Running, press, settle
from tests.pilot.fake_lab import NUMBER, FakeRecord
from tests.pilot.screen_text import screen_text
from tui.messages import Scanned
from tui.screens.board import Board
from tui.screens.dialogs import Confirm, Reason
from tui.screens.digest import Digest
from tui.screens.intake import Intake
from tui.screens.review import Review
from tui.screens.sample import SampleScreen
from tui.screens.worklist import Worklist
from tui.widgets.spectrum_plot import SpectrumPlot

ACKNOWLEDGE = ("a", "tab", "enter")
ACCEPT = ("f8", "tab", "tab", "enter")


async def test_from_work_list_to_accepted_finding(running: Running) -> None:
    record = FakeRecord("rev")
    async with running(record) as pilot:
        assert "cocaine" not in screen_text(pilot.app)
        await press(pilot, "enter", "enter")
        assert "cocaine" not in screen_text(pilot.app)
        await press(pilot, *ACKNOWLEDGE)
        assert ("acknowledge", "al1", "rev") in record.acts
        assert "Presumptive: cocaine" in screen_text(pilot.app)
        await press(pilot, *ACCEPT)
        assert ("review", True, "") in record.acts
        assert "✓ accepted by rev" in screen_text(pilot.app)
        await press(pilot, "escape", "f3")
        assert "answered" in screen_text(pilot.app)


async def test_nobody_reviews_their_own_work(running: Running) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "enter", "enter", *ACKNOWLEDGE, *ACCEPT)
        assert "nobody reviews their own work" in screen_text(pilot.app)
        assert record.state is FindingState.SUBMITTED


async def test_one_key_alone_never_accepts(running: Running) -> None:
    record = FakeRecord("rev")
    async with running(record) as pilot:
        await press(pilot, "enter", "enter", *ACKNOWLEDGE, "f8", "enter")
        assert isinstance(pilot.app.screen, Reason)
        await press(pilot, "escape")
        assert not [act for act in record.acts if act[0] == "review"]


async def test_a_hazard_notice_cannot_be_walked_past(running: Running) -> None:
    record = FakeRecord("rev")
    async with running(record) as pilot:
        await press(pilot, "enter", "enter", "f8", "f9", "w", "n", "full_stop")
        assert isinstance(pilot.app.screen, Review)
        assert pilot.app.screen.is_gated
        assert "cocaine" not in screen_text(pilot.app)
        await press(pilot, "a", "enter")  # the focus stands on Cancel
        assert not record.acknowledged


async def test_sending_back_needs_a_reason(running: Running) -> None:
    record = FakeRecord("rev")
    async with running(record) as pilot:
        await press(pilot, "enter", "enter", *ACKNOWLEDGE, "f9", "tab", "tab", "enter")
        assert "a reason is needed" in screen_text(pilot.app)
        await press(pilot, "w", "e", "t", "tab", "tab", "enter")
        assert ("review", False, "wet") in record.acts


async def test_the_plot_moves_by_keys_while_the_hits_have_the_focus(running: Running) -> None:
    async with running(FakeRecord("rev")) as pilot:
        await press(pilot, "enter", "enter", *ACKNOWLEDGE, "n", "n", "right")
        plot = pilot.app.screen.query_one(SpectrumPlot)
        assert plot.cursor_at is not None
        await press(pilot, "plus")
        assert plot.window is not None
        await press(pilot, "0", "o")
        assert plot.window is None
        assert plot.overlaid
        await press(pilot, "w")
        assert "the reference lacks: 1590 cm⁻¹" in screen_text(pilot.app)


async def test_officers_see_the_board_and_no_case_detail(running: Running) -> None:
    async with running(FakeRecord("off")) as pilot:
        assert isinstance(pilot.app.screen, Board)
        await press(pilot, "enter", "f2")
        assert isinstance(pilot.app.screen, Board)
        await press(pilot, "ctrl+b", *"NOG-26-00001-K".replace("-", "~"), "enter")
        assert isinstance(pilot.app.screen, Board)
        assert "case detail is for the laboratory" in screen_text(pilot.app)


async def test_a_liaison_begins_at_the_day(running: Running) -> None:
    async with running(FakeRecord("lia")) as pilot:
        assert isinstance(pilot.app.screen, Digest)


async def test_a_scan_opens_the_sample_even_from_a_field(running: Running) -> None:
    async with running(FakeRecord("rev")) as pilot:
        await press(pilot, "slash", "x")
        field = pilot.app.screen.query_one("#find", Input)
        keys = ["minus" if c == "-" else c for c in NUMBER]
        await pilot.press("ctrl+b", *keys, "enter")
        await settle(pilot)
        assert field.value == "x"
        assert isinstance(pilot.app.screen, SampleScreen)


async def test_an_unknown_code_is_loud_and_changes_nothing(running: Running) -> None:
    async with running(FakeRecord("rev")) as pilot:
        pilot.app.post_message(Scanned("NOPE\x1b[2J"))
        await settle(pilot)
        assert isinstance(pilot.app.screen, Worklist)
        shown = screen_text(pilot.app)
        assert "✗ no sample NOPE" in shown
        assert "\x1b" not in shown


async def test_no_scan_acts_while_a_question_is_open(running: Running) -> None:
    async with running(FakeRecord("rev")) as pilot:
        await press(pilot, "enter", "a")
        pilot.app.post_message(Scanned(NUMBER))
        await settle(pilot)
        assert isinstance(pilot.app.screen, Confirm)


async def test_ctrl_c_never_quits(running: Running) -> None:
    async with running(FakeRecord("rev")) as pilot:
        await press(pilot, "ctrl+c")
        assert pilot.app.is_running
        assert pilot.app.return_code is None


async def test_quitting_asks_when_the_form_is_not_saved(running: Running) -> None:
    async with running(FakeRecord("rev")) as pilot:
        await press(pilot, "f6", "x", "f2", "ctrl+q")
        assert isinstance(pilot.app.screen, Confirm)
        assert "the intake form is not saved" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert pilot.app.return_code is None


async def test_quitting_with_nothing_open_just_quits(running: Running) -> None:
    async with running(FakeRecord("rev")) as pilot:
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert pilot.app.return_code == 0


async def test_intake_shows_all_errors_and_then_saves(running: Running) -> None:
    record = FakeRecord("rev")
    async with running(record) as pilot:
        await press(pilot, "f6", "f8")
        shown = screen_text(pilot.app)
        assert "✗ declared goods" in shown
        assert "✗ description" in shown
        form = pilot.app.screen
        assert isinstance(form, Intake)
        form.query_one("#field-declared_goods", Input).value = "sand"
        form.query_one("#field-description", Input).value = "bag"
        await press(pilot, "f8")
        assert [act[0] for act in record.acts] == ["take_in"]
        assert "freight above goods" in screen_text(pilot.app)
        assert not form.is_unfinished()


async def test_every_act_on_a_sample_asks_first(running: Running) -> None:
    record = FakeRecord("rev")
    async with running(record) as pilot:
        await press(pilot, "enter", *ACKNOWLEDGE, "z")
        assert isinstance(pilot.app.screen, Reason)
        await press(pilot, "o", "k", "tab", "tab", "enter", "t", "enter")
        assert "Seal, as read now" in screen_text(pilot.app)
        await press(pilot, "A", "1", "tab", "tab", "x", "tab", *"ana", "tab", "tab", "enter")
        assert ("seize", "S-1", "ok") in record.acts
        assert ("transfer", NUMBER, "ana", "A1", "x", "ana") in record.acts


async def test_find_is_a_new_query_and_escape_drops_it(running: Running) -> None:
    async with running(FakeRecord("rev", rows=500)) as pilot:
        await press(pilot, "slash", "j", "a", "r", "enter")
        assert "1 of 1" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert "1 of 500" in screen_text(pilot.app)


async def test_markup_in_a_find_is_only_text(running: Running) -> None:
    async with running(FakeRecord("rev")) as pilot:
        await press(pilot, "slash")
        pilot.app.screen.query_one("#find", Input).value = "[/x]\\[red"
        await press(pilot, "enter")
        assert "find [/x]\\[red" in screen_text(pilot.app)


async def test_a_hundred_thousand_rows_are_reached_by_one_key(running: Running) -> None:
    record = FakeRecord("rev", rows=100_000)
    async with running(record) as pilot:
        await press(pilot, "end")
        assert "100,000 of 100,000" in screen_text(pilot.app)
        assert "NOG-26-100000-X" in screen_text(pilot.app)
        assert set(record.pages) == {0, 99_800}  # two pages of two hundred, not a table
        await press(pilot, "home", "pagedown")
        assert "19 of 100,000" in screen_text(pilot.app)


async def test_what_another_program_writes_appears_by_itself(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.POLL_S", 0.02)
    record = FakeRecord("rev", rows=3)
    async with running(record) as pilot:
        await pilot.pause(0.1)
        record.rows, record.version = 4, 2
        await pilot.pause(0.2)
        assert "1 of 4" in screen_text(pilot.app)


async def test_a_small_terminal_gets_a_notice_not_a_broken_form(running: Running) -> None:
    async with running(FakeRecord("rev"), (59, 19)) as pilot:
        assert "Too small" in screen_text(pilot.app)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "Too small" not in screen_text(pilot.app)


async def test_the_palette_offers_what_the_registry_holds(running: Running) -> None:
    async with running(FakeRecord("rev")) as pilot:
        await press(pilot, "ctrl+p", *"Audit", "enter")
        await press(pilot, "enter")
        assert "event log" in screen_text(pilot.app)
