"""Cases, notices, other labs, shift, turnaround, tests by hand and practice, over a real lab."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from lims import audit, case_queries, conclusion, office_notices, other_labs, queries, shifts
from lims.lab import Lab, open_lab
from tests.lims_builders import a_finding, a_lab, a_sample, an_entry
from tests.pilot.conftest import press, settle
from tests.pilot.screen_text import screen_text
from tui.app import FolApp
from tui.screens.ask_fields import AskFields
from tui.screens.by_hand import ByHand
from tui.screens.office import Office
from tui.screens.practice import Practice
from tui.widgets.choice import Choice

MARKUP = "[@click=app.leave]x[/]"


@dataclass(frozen=True)
class Place:
    folder: Path
    sample: str
    shipment: str


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A lab with one concluded sample."""
    lab = a_lab(tmp_path / "lab")
    sample = a_sample(lab)
    a_finding(lab, tmp_path, sample.number, an_entry("match", "cocaine"), reviewed=True)
    conclusion.conclude(lab, "ana", sample.number)
    lab.close()
    return Place(tmp_path / "lab", sample.number, sample.shipment)


@asynccontextmanager
async def at_office(
    place: Place, number: str, person: str = "lee", size: tuple[int, int] = (100, 30)
) -> AsyncIterator[Pilot[int]]:
    app = FolApp(place.folder, person)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+r", *([number] if number else []))
        yield pilot


async def answer(pilot: Pilot[int], **typed: str) -> None:
    """Fill the form that is open and press its button."""
    form = pilot.app.screen
    assert isinstance(form, AskFields), screen_text(pilot.app)
    for name, value in typed.items():
        widget = form.query_one(f"#{name}")
        assert isinstance(widget, (Input, Choice))
        widget.value = value
    form.query_one("#yes", Button).press()
    await settle(pilot)


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[Lab]:
    lab = open_lab(place.folder)
    try:
        assert audit.verify(lab).problems == ()
        yield lab
    finally:
        lab.close()


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_every_part_of_the_office_opens_by_its_number_and_fits(place, size):
    async with at_office(place, "", size=size) as pilot:
        assert isinstance(pilot.app.screen, Office)
        for number in "123456":
            await press(pilot, number)
            assert not isinstance(pilot.app.screen, Office)
            assert "✗" not in screen_text(pilot.app)
            assert max(map(len, screen_text(pilot.app).splitlines())) <= size[0]
            await press(pilot, "escape")
            assert isinstance(pilot.app.screen, Office)


async def test_officer_finds_no_case_detail_in_the_office(place):
    async with at_office(place, "1", person="olga") as pilot:
        assert "cocaine" not in screen_text(pilot.app)


async def test_case_is_opened_linked_and_its_outcome_written_back(place):
    async with at_office(place, "1") as pilot:
        await press(pilot, "n")
        await answer(pilot, title="Pigment ring", subject=place.shipment)
        assert "Pigment ring" in screen_text(pilot.app)
        await press(pilot, "o")
        await answer(pilot, kind="arrest", text="two people at the address", day="2026-11-20")
        assert "arrest" in screen_text(pilot.app)
    async with opened(place) as lab:
        (line,) = case_queries.listed(lab)
        found = case_queries.show(lab, line.number)
        assert [each.subject for each in found.links] == [place.shipment]
        assert [str(each.kind) for each in found.outcomes] == ["arrest"]


async def test_markup_in_the_title_of_a_case_is_text_and_runs_nothing(place):
    async with at_office(place, "1") as pilot:
        await press(pilot, "n")
        await answer(pilot, title=MARKUP)
        assert MARKUP in screen_text(pilot.app)
        await pilot.click("RecordTable", offset=(20, 1))
        await settle(pilot)
        assert pilot.app.is_running


async def test_control_characters_in_a_title_are_refused(place):
    async with at_office(place, "1") as pilot:
        await press(pilot, "n")
        await answer(pilot, title="x\x1b]0;owned\x07")
        assert "✗" in screen_text(pilot.app)
    async with opened(place) as lab:
        assert case_queries.listed(lab) == ()


async def test_form_left_by_escape_writes_nothing(place):
    async with opened(place) as lab:
        before = audit.verify(lab).events
    async with at_office(place, "1") as pilot:
        await press(pilot, "n", "x", "escape")
    async with opened(place) as lab:
        assert audit.verify(lab).events == before


async def test_offer_to_investigators_counts_down_and_is_declined_with_a_reason(place):
    async with at_office(place, "2") as pilot:
        await press(pilot, "n")
        await answer(pilot, sample=place.sample, to="Unit 7", until="45")
        assert "min" in screen_text(pilot.app)
        await press(pilot, "d")
        form = pilot.app.screen
        form.query_one("#yes", Button).press()
        await settle(pilot)
        assert pilot.app.screen is form  # a refusal needs its reason
        await answer(pilot, reason="no car free")
    async with opened(place) as lab:
        (notice,) = office_notices.listed(lab, everything=True)
        assert (str(notice.state), notice.reason) == ("declined", "no car free")


async def test_windows_of_the_week_are_set_on_the_shift_screen(place):
    async with at_office(place, "3") as pilot:
        await press(pilot, "w")
        await answer(pilot, windows="mon-sun 00:00-23:59", reason="every night")
        assert "mon-sun" in screen_text(pilot.app).lower()
    async with opened(place) as lab:
        assert shifts.shift_clock(lab).windows


async def test_answer_of_another_lab_stands_beside_ours(place):
    async with at_office(place, "5") as pilot:
        await press(pilot, "s")
        await answer(pilot, sample=place.sample, to="Regional lab")
        assert "Regional lab" in screen_text(pilot.app)
        await press(pilot, "a")
        await answer(pilot, substance="lidocaine", reference="R-1")
        await press(pilot, "x")
        assert "DIFFERS" in screen_text(pilot.app)
    async with opened(place) as lab:
        (away,) = other_labs.listed(lab, everything=True)
        assert away.substance == "lidocaine"
        sample = queries.sample_record(lab, place.sample).sample
        assert sample.conclusion is not None
        assert sample.conclusion.substances == ("cocaine",)


async def test_turnaround_tells_each_stage(place):
    async with at_office(place, "4") as pilot:
        assert "presumptive" in screen_text(pilot.app)


async def test_test_made_by_hand_is_accepted_by_a_second_person_only(place):
    async with at_office(place, "", person="ana") as pilot:
        await press(pilot, "f2", "enter", "h")
        if not isinstance(pilot.app.screen, ByHand):
            pytest.fail(screen_text(pilot.app))
        await press(pilot, "n")
        await answer(
            pilot,
            observed="turned blue",
            indicates="cocaine",
            outcome="positive",
            controls="passed",
        )
        assert "turned blue" in screen_text(pilot.app)
        await press(pilot, "f8")
        pilot.app.screen.query_one("#yes", Button).press()
        await settle(pilot)
        assert "✗" in screen_text(pilot.app)


async def test_practice_writes_nothing_to_the_record(place):
    async with opened(place) as lab:
        before = audit.verify(lab).events
    async with at_office(place, "6") as pilot:
        assert isinstance(pilot.app.screen, Practice)
        await press(pilot, "m")
    async with opened(place) as lab:
        assert audit.verify(lab).events == before
