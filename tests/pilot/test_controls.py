"""The screen of instruments and controls: what is wrong is marked, and what is held is released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from lims.control_record import Control, ControlValue, Quantity
from lims.errors import PermissionDenied
from lims.holds import Hold
from lims.westgard import Baseline, Verdict
from tests.pilot.conftest import Running, press
from tests.pilot.fake_lab import NOW, PEOPLE, FakeRecord
from tests.pilot.screen_text import check_golden, screen_text
from tui import actions
from tui.quality_words import QualityRow
from tui.screens.ask_fields import AskFields
from tui.screens.board import Board

CONTROL = Control(
    name="caffeine-hqi", instrument="raman-1", quantity=Quantity.HQI, unit="", substance="caffeine",
    serial=1, material="caffeine", lot="A1", expected=0.97, lowest=0.9, highest=None, at=NOW,
    by="qm",
)  # fmt: skip
HOLD = Hold(
    number=812, instrument="raman-1", control="caffeine-hqi", aspect="", since=700,
    detail="0.87 broke limits, 1-3s", at=NOW, by="ana",
)  # fmt: skip
READINGS = (0.972, 0.968, 0.975, 0.971, 0.966, 0.98, 0.958, 0.87)


def a_value(at: int, value: float) -> ControlValue:
    low, warned = value < 0.9, value < 0.96
    verdict = Verdict.REJECTED if low else Verdict.WARNING if warned else Verdict.ACCEPTED
    broken = ("limits", "1-3s") if low else ("1-2s",) if warned else ()
    return ControlValue(
        number=700 + at, control="caffeine-hqi", serial=1, value=value, verdict=verdict,
        broken=broken, z=(value - 0.97) / 0.005, n=20, mean=0.97, sd=0.005, file_name="",
        raw_sha256="", place="", note="", edition="1", at=NOW + timedelta(minutes=at), by="ana",
    )  # fmt: skip


class Bench(FakeRecord):
    """A laboratory with one instrument, overdue, and one control, rejected."""

    released = False

    def quality(self) -> Sequence[QualityRow]:
        held = None if self.released else HOLD
        return [
            QualityRow(
                instrument="raman-1",
                what="axis",
                at=NOW - timedelta(days=9),
                state="overdue: presumptive only",
                is_bad=True,
                asks="polystyrene, silicon, or a substance",
                detail=(
                    "the axis of raman-1 was last verified 9 days before, 7 are allowed",
                    "  band 1001.4: 1001.62 cm-1 (997.4 to 1005.4) ok measured at 1005.1",
                ),
            ),
            QualityRow(
                instrument="raman-1",
                what="caffeine-hqi",
                at=NOW,
                state="rejected; hold 812" if held else "rejected",
                is_bad=held is not None,
                asks="a number, or a file",
                hold=held,
                control=CONTROL,
                baseline=Baseline(n=20, mean=0.97, sd=0.005),
            ),
        ]

    def control_values(self, name: str) -> Sequence[ControlValue]:
        assert name == "caffeine-hqi"
        return [a_value(at, value) for at, value in enumerate(READINGS)]

    def verify_instrument(self, name: str, file: str, standard: str) -> tuple[bool, str]:
        self.acts.append(("verify", name, file, standard))
        return standard != "silicon", f"verification 4 of {name} by {standard}"

    def record_control(self, name: str, typed: str, *, place: str, note: str) -> tuple[bool, str]:
        self.acts.append(("record", name, typed, place, note))
        return True, f"{name}: {typed}, accepted"

    def release_hold(self, number: int, reason: str) -> None:
        if self.me == "ana":
            raise PermissionDenied("Ana Lyst recorded it", hint="Another releases it.")
        self.acts.append(("release", number, reason))
        self.released = True


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screen_looks_as_agreed(running: Running, size: tuple[int, int]) -> None:
    async with running(Bench("rev"), size) as pilot:
        await press(pilot, "ctrl+g", "down")
        check_golden(pilot.app, "controls")


async def test_what_is_wrong_is_said_above_the_figures(running: Running) -> None:
    async with running(Bench("rev")) as pilot:
        await press(pilot, "ctrl+g")
        shown = screen_text(pilot.app)
        assert "presumptive only" in shown
        assert "9 days before, 7 are allowed" in shown
        assert "band 1001.4" in shown
        await press(pilot, "down")
        shown = screen_text(pilot.app)
        assert "rejected (limits, 1-3s)" in shown
        assert "hold 812 on raman-1" in shown
        assert shown.count("X") >= 1
        assert "band 1001.4" not in shown


async def test_every_key_listed_is_bound(running: Running) -> None:
    async with running(Bench("rev")) as pilot:
        await press(pilot, "ctrl+g")
        bound = set(pilot.app.screen.active_bindings)
        listed = {key for action in actions.here("controls") for key in action.key.split(",")}
        assert listed <= bound


async def test_a_run_of_a_standard_needs_file_and_standard(running: Running) -> None:
    record = Bench("ana")
    async with running(record) as pilot:
        await press(pilot, "ctrl+g", "v", *"ps", "enter", "enter", "tab", "enter")
        assert "it is needed" in screen_text(pilot.app)
        assert not record.acts
        await press(pilot, *"polystyrene", "enter", "tab", "enter")
        assert record.acts == [("verify", "raman-1", "ps", "polystyrene")]
        assert "✓ verification 4" in screen_text(pilot.app)


async def test_a_failed_standard_is_told_as_an_error(running: Running) -> None:
    async with running(Bench("ana")) as pilot:
        await press(pilot, "ctrl+g", "v", *"si", "enter", *"silicon", "enter", "tab", "enter")
        assert "✗ verification 4" in screen_text(pilot.app)


async def test_a_value_is_recorded_with_place_and_note(running: Running) -> None:
    record = Bench("ana")
    async with running(record) as pilot:
        keys = ("ctrl+g", "down", "v", *"97", "enter", *"hood", "enter", *"x", "enter", "tab")
        await press(pilot, *keys, "enter")
        assert record.acts == [("record", "caffeine-hqi", "97", "hood", "x")]


async def test_escape_records_nothing(running: Running) -> None:
    record = Bench("ana")
    async with running(record) as pilot:
        await press(pilot, "ctrl+g", "down", "v", *"97")
        assert isinstance(pilot.app.screen, AskFields)
        await press(pilot, "escape")
        assert not record.acts


async def test_a_hold_is_released_with_a_reason(running: Running) -> None:
    record = Bench("rev")
    async with running(record) as pilot:
        await press(pilot, "ctrl+g", "l")
        assert "nothing is held" in screen_text(pilot.app)
        await press(pilot, "down", "l", *"lamp", "enter", "enter")
        assert record.acts == [("release", 812, "lamp")]
        assert "hold 812 released" in screen_text(pilot.app)


async def test_a_refused_release_is_told(running: Running) -> None:
    async with running(Bench("ana")) as pilot:
        await press(pilot, "ctrl+g", "down", "l", *"lamp", "enter", "enter")
        assert "✗ Ana Lyst recorded it" in screen_text(pilot.app)


@pytest.mark.parametrize("person", sorted(set(PEOPLE) & {"off", "lia"}))
async def test_case_work_is_not_for_officers(running: Running, person: str) -> None:
    async with running(Bench(person)) as pilot:
        await press(pilot, "ctrl+g")
        assert isinstance(pilot.app.screen, Board)


async def test_words_of_a_file_do_not_reach_the_terminal(running: Running) -> None:
    class Hostile(Bench):
        def quality(self) -> Sequence[QualityRow]:
            first = super().quality()[0]
            return [replace(first, detail=("\x1b[2Jgone", "[red]x[/red]"), state="\x1b]0;t\x07")]

    async with running(Hostile("rev")) as pilot:
        await press(pilot, "ctrl+g")
        shown = screen_text(pilot.app)
        assert "\x1b" not in shown
        assert "[red]x[/red]" in shown
