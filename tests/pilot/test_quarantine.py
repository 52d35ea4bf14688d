"""Files that wait: linked by a scan and a key, dismissed with a reason, counted on every screen."""

from __future__ import annotations

from textual.widgets import Input

from tests.pilot.conftest import Running, press, settle
from tests.pilot.fake_lab import NUMBER, FakeRecord
from tests.pilot.screen_text import screen_text
from tui.messages import Moved, Scanned
from tui.screens.board import Board
from tui.screens.quarantine import LinkFile, Quarantine


async def test_a_scan_fills_the_number_and_links_nothing_by_itself(running: Running) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "f10", "l")
        assert isinstance(pilot.app.screen, LinkFile)
        pilot.app.post_message(Scanned(NUMBER))
        await settle(pilot)
        assert pilot.app.screen.query_one("#sample", Input).value == NUMBER
        assert not record.acts
        await press(pilot, "enter")
        assert record.acts == [("link_file", "Q1-K", NUMBER, "")]
        shown = screen_text(pilot.app)
        assert "✓ Q1-K is f1" in shown
        assert "cocaine" not in shown
        assert "run 12.spa" not in shown.split("✓")[0]


async def test_a_scanner_without_prefix_types_and_its_enter_only_moves_on(
    running: Running,
) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        keys = ["minus" if c == "-" else c for c in NUMBER]
        await press(pilot, "f10", "enter")
        await pilot.press(*keys, "enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, LinkFile)
        assert not record.acts
        await press(pilot, "enter")
        assert record.acts == [("link_file", "Q1-K", NUMBER, "")]


async def test_a_wrong_number_is_told_and_the_file_goes_on_waiting(running: Running) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "f10", "l", "x", "enter", "enter")
        shown = screen_text(pilot.app)
        assert "✗ no sample x" in shown
        assert "run 12.spa" in shown


async def test_linking_needs_a_number_and_escape_links_nothing(running: Running) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "f10", "l", "enter", "enter")
        assert "a sample number is needed" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, Quarantine)
        assert not record.acts


async def test_the_sample_it_was_named_for_stands_in_the_dialog(running: Running) -> None:
    async with running(FakeRecord("ana")) as pilot:
        await press(pilot, "f10", "end", "l")
        assert pilot.app.screen.query_one("#sample", Input).value == NUMBER


async def test_dismissing_needs_a_reason(running: Running) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "f10", "down", "d", "tab", "tab", "enter")
        assert "a reason is needed" in screen_text(pilot.app)
        await press(pilot, *"dust", "tab", "tab", "enter")
        assert record.acts == [("dismiss_file", "Q2-M", "dust")]
        assert "did you mean" not in screen_text(pilot.app)
        await press(pilot, "x", "l")
        assert "Q2-M is dismissed already" in screen_text(pilot.app)


async def test_every_screen_says_how_many_wait(running: Running) -> None:
    record = FakeRecord("ana")
    record.has_files = True
    async with running(record) as pilot:
        pilot.app.post_message(Moved(1))
        await settle(pilot)
        assert "3 in quarantine (F10)" in screen_text(pilot.app)
        await press(pilot, "f4")
        assert "3 in quarantine (F10)" in screen_text(pilot.app)
        record.dismissed = ["Q1-K", "Q2-M", "Q3-7"]
        pilot.app.post_message(Moved(2))
        await settle(pilot)
        assert "in quarantine" not in screen_text(pilot.app)


async def test_the_work_list_leads_there_where_a_terminal_keeps_f10(running: Running) -> None:
    async with running(FakeRecord("ana")) as pilot:
        await press(pilot, "u")
        assert isinstance(pilot.app.screen, Quarantine)


async def test_officers_see_neither_the_files_nor_their_number(running: Running) -> None:
    record = FakeRecord("off")
    record.has_files = True
    async with running(record) as pilot:
        pilot.app.post_message(Moved(1))
        await settle(pilot)
        await press(pilot, "f10")
        assert isinstance(pilot.app.screen, Board)
        assert "quarantine" not in screen_text(pilot.app)


async def test_the_instrument_is_named_where_the_lab_has_some(running: Running) -> None:
    record = FakeRecord("ana")
    record.instruments = ("ftir-1",)
    async with running(record) as pilot:
        await press(pilot, "f10", "l")
        assert "serial number): ftir-1" in screen_text(pilot.app)
        pilot.app.screen.query_one("#sample", Input).value = NUMBER
        pilot.app.screen.query_one("#instrument", Input).value = "ftir-1"
        pilot.app.screen.set_focus(pilot.app.screen.query_one("#yes"))
        await press(pilot, "enter")
    assert record.acts == [("link_file", "Q1-K", NUMBER, "", "ftir-1")]
