"""A file taken as a run from the sample screen: stages told, stopped at each, hazard first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lims.errors import NotFoundError
from lims.stages import Stage
from tests.pilot.conftest import Running, press, settle
from tests.pilot.fake_lab import NUMBER, FakeRecord
from tests.pilot.screen_text import screen_text
from tui.messages import Scanned
from tui.screens.sample import SampleScreen
from tui.screens.take_run import TakeRun


class Gate:
    """Holds the working thread where a stage begins, until it is opened."""

    def __init__(self, at: Stage) -> None:
        self.at = at
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, stage: Stage) -> None:
        if stage is self.at:
            self.reached.set()
            assert self.opened.wait(20)


@contextmanager
def held(record: FakeRecord, at: Stage) -> Iterator[Gate]:
    gate = Gate(at)
    record.gate = gate
    try:
        yield gate
    finally:
        gate.opened.set()


async def fill(pilot: Pilot[int], path: Path | str, portion: str = "") -> None:
    """Open the dialog, put a path in, and press Take."""
    await press(pilot, "i")
    dialog = pilot.app.screen
    assert isinstance(dialog, TakeRun)
    dialog.query_one("#file", Input).value = str(path)
    dialog.query_one("#portion", Input).value = portion
    dialog.set_focus(dialog.query_one("#yes"))
    await pilot.press("enter")


async def again(pilot: Pilot[int]) -> None:
    """Press Take once more; a button takes no second press while it shows the first."""
    await pilot.pause(0.25)
    pilot.app.screen.set_focus(pilot.app.screen.query_one("#yes"))
    await press(pilot, "enter")


async def begun(pilot: Pilot[int], gate: Gate) -> None:
    while not gate.reached.is_set():
        await pilot.pause(0.02)
    await pilot.pause()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "jar.jdx"
    path.write_text("x")
    return path


async def test_a_run_is_taken_and_nothing_names_the_substance_before_the_notice(
    running: Running, export: Path
) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "enter")
        await fill(pilot, export, "p1")
        await settle(pilot)
        assert record.acts == [("take_run", "jar.jdx", NUMBER, "p1")]
        shown = screen_text(pilot.app)
        assert "✓ r1 is recorded · a hazard notice may wait" in shown
        assert "cocaine" not in shown
        await press(pilot, "i")
        folder = pilot.app.screen.query_one("#file", Input).value
        assert folder == f"{export.parent}/"


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.RECORD])
async def test_escape_ends_it_at_every_stage_before_it_is_recorded(
    running: Running, export: Path, stage: Stage
) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "enter")
        with held(record, stage) as gate:
            await fill(pilot, export)
            await begun(pilot, gate)
            assert f"{stage.value} ({list(Stage).index(stage) + 1} of 5)" in screen_text(pilot.app)
            await pilot.press("escape")
            await pilot.pause()
            assert f"stopping after {stage.value}" in screen_text(pilot.app)
        await settle(pilot)
        shown = screen_text(pilot.app)
        assert not record.acts
        assert isinstance(pilot.app.screen, SampleScreen)
        is_kept = stage in (Stage.KEEP, Stage.MATCH)
        assert ("bytes are kept" if is_kept else "Nothing was kept or recorded") in shown
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, SampleScreen)


async def test_what_is_being_recorded_is_not_stopped(running: Running, export: Path) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "enter")
        with held(record, Stage.RECORD) as gate:
            await fill(pilot, export)
            await begun(pilot, gate)
            await pilot.press("escape")
            await pilot.pause()
            assert "too late to stop it" in screen_text(pilot.app)
        await settle(pilot)
        assert record.acts
        assert "✓ r1 is recorded" in screen_text(pilot.app)


async def test_the_screen_stays_usable_and_takes_one_at_a_time(
    running: Running, export: Path
) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "enter")
        with held(record, Stage.MATCH) as gate:
            await fill(pilot, export)
            await begun(pilot, gate)
            await pilot.press("i")
            await pilot.pause()
            assert "a run is being taken" in screen_text(pilot.app)
            pilot.app.post_message(Scanned("NOG-26-00002-X"))
            await pilot.pause()
            assert "ignored" in screen_text(pilot.app)
            await pilot.press("f3")
            await pilot.pause(0.1)
            assert "Board" in screen_text(pilot.app)
        await settle(pilot)
        assert record.acts
        assert f"{NUMBER}: r1 is recorded" in screen_text(pilot.app)


async def test_leaving_the_program_asks_and_stops_the_run(running: Running, export: Path) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "enter")
        with held(record, Stage.READ) as gate:
            await fill(pilot, export)
            await begun(pilot, gate)
            await pilot.press("ctrl+q")
            await pilot.pause()
            assert f"a run of {NUMBER} is being taken" in screen_text(pilot.app)
            await pilot.press("tab", "enter")
            await pilot.pause()
    assert not record.acts


async def test_what_the_record_refuses_is_told(
    running: Running, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotFoundError("the file went away", hint="Look again.")

    monkeypatch.setattr(FakeRecord, "take_run", refuse)
    async with running(FakeRecord("ana")) as pilot:
        await press(pilot, "enter")
        await fill(pilot, export)
        await settle(pilot)
        shown = screen_text(pilot.app)
        assert "✗ the file went away" in shown
        assert "of 5" not in shown


async def test_the_dialog_refuses_what_is_not_there_and_escape_takes_nothing(
    running: Running, export: Path
) -> None:
    record = FakeRecord("ana")
    async with running(record) as pilot:
        await press(pilot, "enter")
        await fill(pilot, "")
        await settle(pilot)
        assert "a file is needed" in screen_text(pilot.app)
        dialog = pilot.app.screen
        dialog.query_one("#file", Input).value = str(export.with_name("jam.jdx"))
        await again(pilot)
        assert "nothing is at" in screen_text(pilot.app)
        dialog.query_one("#file", Input).value = f'"{export}"'
        dialog.query_one("#portion", Input).value = "9"
        await again(pilot)
        assert "there is no portion 9" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert not record.acts


async def test_tab_completes_the_path_and_then_moves_on(running: Running, export: Path) -> None:
    (export.parent / "jar 2.jdx").write_text("x")
    async with running(FakeRecord("ana")) as pilot:
        await press(pilot, "enter", "i")
        field = pilot.app.screen.query_one("#file", Input)
        field.value = f"{export.parent}/j"
        field.cursor_position = len(field.value)
        await press(pilot, "tab")
        assert field.value == f"{export.parent}/jar"
        shown = screen_text(pilot.app)
        assert "jar 2.jdx" in shown
        assert "jar.jdx" in shown
        await press(pilot, "full_stop", "tab")
        assert field.value == str(export)
        assert field.has_focus
        await press(pilot, "tab")
        assert not field.has_focus


async def test_a_pasted_control_character_never_reaches_the_terminal(running: Running) -> None:
    async with running(FakeRecord("ana")) as pilot:
        await press(pilot, "enter", "i")
        field = pilot.app.screen.query_one("#file", Input)
        field.value = "/tmp/\x1b]0;owned\x07.jdx"
        await settle(pilot)
        assert "\x1b" not in field.value
        assert "owned" in screen_text(pilot.app)


async def test_the_instrument_is_named_where_the_lab_has_some(
    running: Running, export: Path
) -> None:
    record = FakeRecord("ana")
    record.instruments = ("ftir-1", "raman-1")
    async with running(record) as pilot:
        await press(pilot, "enter", "i")
        assert "Instrument (empty: by the file's serial number): ftir-1" in screen_text(pilot.app)
        dialog = pilot.app.screen
        dialog.query_one("#file", Input).value = str(export)
        dialog.query_one("#instrument", Input).value = "ftir-9"
        await again(pilot)
        assert "✗ there is no instrument ftir-9" in screen_text(pilot.app)
        dialog.query_one("#instrument", Input).value = "FTIR-1"
        await again(pilot)
        await settle(pilot)
    assert record.acts == [("take_run", "jar.jdx", NUMBER, "", "FTIR-1")]
