"""The list of unknowns over a real record: looked at, merged, split, named; candidates judged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lims import candidate_requests, unknown_queries
from tests.lims_builders import a_finding, a_lab, a_sample
from tests.pilot.conftest import press, settle
from tests.pilot.screen_text import screen_text
from tests.unknown_builders import BENZYL, FURAN, an_unknown
from tui.app import FolApp
from tui.screens.unknowns import Unknowns, WhatAndWhy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lab = a_lab(tmp_path / "lab")
    for ions in (FURAN, FURAN, BENZYL):
        entry = an_unknown(ions, class_name="fentanyl", hits=[])
        a_finding(lab, tmp_path, a_sample(lab).number, entry, reviewed=True)
    lab.close()
    return tmp_path / "lab"


@asynccontextmanager
async def opened(folder: Path, person: str) -> AsyncIterator[Pilot[int]]:
    app = FolApp(folder, person)
    async with app.run_test(size=(110, 34)) as pilot:
        await settle(pilot)
        yield pilot


async def fill(pilot: Pilot[int], what: str, reason: str) -> None:
    assert isinstance(pilot.app.screen, WhatAndWhy)
    pilot.app.screen.query_one("#what", Input).value = what
    pilot.app.screen.query_one("#reason", Input).value = reason
    await press(pilot, "enter", "enter", "enter")


def codes(folder: Path) -> list[tuple[str, int]]:
    from lims.lab import open_lab

    lab = open_lab(folder)
    found = [(each.code, len(each.samples)) for each in unknown_queries.listed(lab)]
    lab.close()
    return sorted(found)


async def test_the_list_shows_codes_samples_class_and_why(folder: Path) -> None:
    async with opened(folder, "ana") as pilot:
        await press(pilot, "ctrl+n")
        shown = screen_text(pilot.app)
        assert "UNK-FEN-0001" in shown
        assert "UNK-FEN-0002" in shown
        assert "not identified" in shown
        await press(pilot, "down")
        assert "alike" in screen_text(pilot.app)


async def test_merging_splitting_and_naming_need_what_and_why(folder: Path) -> None:
    async with opened(folder, "rex") as pilot:
        await press(pilot, "ctrl+n", "m")
        await press(pilot, "enter", "enter", "enter")
        assert "both fields are needed" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert codes(folder) == [("UNK-FEN-0001", 2), ("UNK-FEN-0002", 1)]
        await press(pilot, "m")
        await fill(pilot, "1", "the same powder")
        assert codes(folder) == [("UNK-FEN-0001", 3)]
        await press(pilot, "n")
        await fill(pilot, "furanylfentanyl", "certified reference")
        assert "named 2-furanylfentanyl" in screen_text(pilot.app)


async def test_who_may_not_is_told_and_nothing_changes(folder: Path) -> None:
    async with opened(folder, "ana") as pilot:
        await press(pilot, "ctrl+n", "n")
        await fill(pilot, "furanylfentanyl", "looks like it")
        assert "may not name an unknown" in screen_text(pilot.app)


async def test_an_officer_does_not_see_the_list(folder: Path) -> None:
    async with opened(folder, "olga") as pilot:
        await press(pilot, "ctrl+n")
        assert not isinstance(pilot.app.screen, Unknowns)


async def test_a_candidate_is_sent_or_dismissed_from_the_review(folder: Path) -> None:
    async with opened(folder, "rex") as pilot:
        await press(pilot, "ctrl+n", "enter", "v", "s")
        pilot.app.screen.query_one("#reason", Input).value = "Southwest Regional"
        await press(pilot, "enter", "enter")
        assert "sent for confirmation to Southwest Regional" in screen_text(pilot.app)
    from lims.lab import open_lab

    lab = open_lab(folder)
    [request] = candidate_requests.listed(lab)
    assert (request.sent_to, request.by) == ("Southwest Regional", "rex")
    lab.close()
