"""The library browser by keyboard: lists, search while typing, plots, comparisons, neighbours."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from textual.widgets import Input

from libraries import store
from tests.pilot.conftest import Running, press, settle
from tests.pilot.fake_lab import FakeRecord
from tests.pilot.reference_shelf import LibraryRecord, write_libraries
from tests.pilot.screen_text import check_golden, screen_text
from tui import actions
from tui.screens.compare import Compare, Neighbours
from tui.screens.library import Libraries
from tui.screens.library_entries import LibraryEntries
from tui.widgets.spectrum_plot import SpectrumPlot

SIZES = ((80, 24), (140, 40))
BENCH = ("ctrl+l", "down", "enter")
# The list begins with butyrylfentanyl, cocaine base, isobutyrylfentanyl.
ISOMERS = (*BENCH, "m", "down", "down", "c")
SCREENS = {
    "libraries": ("ctrl+l", "down"),
    "library-entries": (*BENCH, "slash", *"bu"),
    "library-found-nothing": (*BENCH, "slash", *"zz"),
    "library-nearest": (*BENCH, "enter"),
    "library-compare": ISOMERS,
}
# What differs from another screen by its plot alone.
ONLY_SMALL = {("library-found-nothing", SIZES[1])}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lab") / "libraries"
    write_libraries(made)
    return made


@pytest.mark.parametrize(
    ("name", "size"),
    [(name, size) for name in sorted(SCREENS) for size in SIZES if (name, size) not in ONLY_SMALL],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}x{value[1]}",
)
async def test_the_screen_looks_as_agreed(
    running: Running, folder: Path, name: str, size: tuple[int, int]
) -> None:
    async with running(LibraryRecord(folder), size) as pilot:
        await press(pilot, *SCREENS[name])
        check_golden(pilot.app, name)


@pytest.mark.parametrize(
    ("place", "keys"),
    [
        ("library", ("ctrl+l",)),
        ("entries", BENCH),
        ("compare", ISOMERS),
        ("neighbours", (*BENCH, "enter")),
    ],
)
async def test_every_key_listed_is_bound_there(
    running: Running, folder: Path, place: str, keys: tuple[str, ...]
) -> None:
    async with running(LibraryRecord(folder)) as pilot:
        await press(pilot, *keys)
        assert place == pilot.app.screen.PLACE  # type: ignore[attr-defined]
        bound = {
            (key, active.binding.action) for key, active in pilot.app.screen.active_bindings.items()
        }
        listed = {
            (key, action.do)
            for action in actions.here(place, "app")
            for key in action.key.split(",")
            if key not in ("enter", "question_mark")
        }
        assert listed <= bound


async def test_a_damaged_version_is_told_and_not_opened(running: Running, folder: Path) -> None:
    async with running(LibraryRecord(folder)) as pilot:
        await press(pilot, "ctrl+l", "end")
        assert "✗" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Libraries)
        assert "practice 1 cannot be read" in screen_text(pilot.app)


async def test_a_lab_without_libraries_says_how_to_get_one(
    running: Running, tmp_path: Path
) -> None:
    async with running(LibraryRecord(tmp_path)) as pilot:
        await press(pilot, "ctrl+l", "enter")
        assert isinstance(pilot.app.screen, Libraries)
        assert "no library installed: fol library import" in screen_text(pilot.app)


async def test_a_search_follows_the_typing_and_the_arrows_go_through_it(
    running: Running, folder: Path
) -> None:
    async with running(LibraryRecord(folder)) as pilot:
        await press(pilot, *BENCH, "slash", "b", "u")
        screen = pilot.app.screen
        assert isinstance(screen, LibraryEntries)
        assert screen.table.total == 2
        assert "▲ butyrylfentanyl" in screen_text(pilot.app)
        await press(pilot, "down")
        assert isinstance(screen.focused, Input)
        assert "▲ isobutyrylfentanyl" in screen_text(pilot.app)
        await press(pilot, *"zz")
        assert "nothing found" in screen_text(pilot.app)
        await press(pilot, "escape", "escape")
        assert screen.table.total == 34
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, Libraries)


async def test_the_last_letter_typed_decides_whatever_order_answers_come_in(
    running: Running, folder: Path
) -> None:
    async with running(LibraryRecord(folder)) as pilot:
        await press(pilot, *BENCH, "slash")
        await pilot.press(*"isobu")
        await settle(pilot)
        assert pilot.app.screen.table.total == 1  # type: ignore[attr-defined]
        assert "▲ isobutyrylfentanyl" in screen_text(pilot.app)


async def test_provenance_says_where_an_entry_comes_from(running: Running, folder: Path) -> None:
    async with running(LibraryRecord(folder), (140, 40)) as pilot:
        await press(pilot, *BENCH)
        shown = screen_text(pilot.app)
        for wanted in (
            "bench.msp",
            "5e5e5e5e5e5e",
            "CC0",
            "GC-MS 1",
            "hash verified now",
            "bench 2",
        ):
            assert wanted in shown


async def test_an_altered_entry_is_neither_drawn_nor_described(
    running: Running, tmp_path: Path
) -> None:
    write_libraries(tmp_path)
    connection = sqlite3.connect(tmp_path / "bench" / "2" / store.FILE)
    connection.execute("DROP TRIGGER entry_nu")
    connection.execute("UPDATE entry SET formula = 'C1' WHERE name = 'butyrylfentanyl'")
    connection.commit()
    connection.close()
    async with running(LibraryRecord(tmp_path)) as pilot:
        await press(pilot, *BENCH)
        shown = screen_text(pilot.app)
        assert "does not match its recorded hash" in shown
        assert "not drawn" in shown
        assert pilot.app.screen.query_one(SpectrumPlot).data is None
        await press(pilot, "down")
        assert "hash verified now" in screen_text(pilot.app)


async def test_what_a_technique_cannot_tell_apart_is_said_first(
    running: Running, folder: Path
) -> None:
    async with running(LibraryRecord(folder), (140, 40)) as pilot:
        await press(pilot, *ISOMERS)
        shown = screen_text(pilot.app)
        assert "! ei cannot tell them apart" in shown
        assert "isomers (C23H30N2O)" in shown
        assert "▲ butyrylfentanyl  ▼ isobutyrylfentanyl" in shown


async def test_comparing_needs_a_mark_and_another_entry(running: Running, folder: Path) -> None:
    async with running(LibraryRecord(folder)) as pilot:
        await press(pilot, *BENCH, "c")
        assert "nothing is marked" in screen_text(pilot.app)
        await press(pilot, "m", "c")
        assert "this is the marked entry" in screen_text(pilot.app)
        await press(pilot, "m", "down", "c")
        assert "nothing is marked" in screen_text(pilot.app)


async def test_a_mark_outlives_the_library_it_was_made_in(running: Running, folder: Path) -> None:
    async with running(LibraryRecord(folder)) as pilot:
        await press(pilot, *BENCH, "m", "escape", "up", "enter")
        screen = pilot.app.screen
        assert isinstance(screen, LibraryEntries)
        assert "bench 1" in screen_text(pilot.app)
        await press(pilot, "end", "c")
        assert isinstance(pilot.app.screen, Compare)
        assert "HQI" in screen_text(pilot.app)


async def test_two_techniques_are_refused_with_what_to_do(running: Running, folder: Path) -> None:
    async with running(LibraryRecord(folder)) as pilot:
        await press(pilot, *BENCH, "m", "down", "c")
        shown = screen_text(pilot.app)
        assert "ei and ftir spectra cannot be compared" in shown
        assert "Choose two entries" in shown


async def test_a_neighbour_can_be_compared(running: Running, folder: Path) -> None:
    async with running(LibraryRecord(folder)) as pilot:
        await press(pilot, *BENCH, "enter")
        screen = pilot.app.screen
        assert isinstance(screen, Neighbours)
        assert "searched, itself left out" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, Compare)


async def test_looking_at_a_library_changes_nothing_on_the_disk(
    running: Running, folder: Path
) -> None:
    def content() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    before = content()
    async with running(LibraryRecord(folder)) as pilot:
        await press(pilot, *ISOMERS)
    assert content() == before


async def test_officers_may_look_too(running: Running, folder: Path) -> None:
    async with running(LibraryRecord(folder, "off")) as pilot:
        await press(pilot, "ctrl+l")
        assert isinstance(pilot.app.screen, Libraries)


async def test_the_libraries_are_not_read_before_somebody_looks(running: Running) -> None:
    record = FakeRecord("ana")
    record.libraries = lambda: pytest.fail("asked too early")  # type: ignore[method-assign]
    async with running(record) as pilot:
        await press(pilot, "enter", "f3")
