"""Every screen as plain text, at the smallest and at a wide size, and what must stay visible."""

from __future__ import annotations

import pytest

from tests.pilot.conftest import Running, press
from tests.pilot.fake_lab import NUMBER, FakeRecord
from tests.pilot.screen_text import check_golden, screen_text
from tui import actions

SIZES = ((80, 24), (140, 40))
SEEN = ("a", "tab", "enter")
SCREENS = {
    "worklist": (),
    "sample": ("enter",),
    "hazard": ("enter", "enter"),
    "review": ("enter", "enter", *SEEN),
    "sign-off": ("enter", "enter", *SEEN, "f8"),
    "hand-over": ("enter", "t", "enter"),
    "pick-person": ("enter", "t"),
    "board": ("f3",),
    "alerts": ("f4",),
    "digest": ("f5",),
    "intake": ("f6", "f8"),
    "audit": ("f7", "enter"),
    "quarantine": ("f10", "down"),
    "take-run": ("enter", "i"),
    "link-file": ("f10", "down", "l"),
    "help": ("f1",),
    "keys": ("question_mark",),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", sorted(SCREENS))
async def test_the_screen_looks_as_agreed(running: Running, name: str, size) -> None:
    async with running(FakeRecord("rev"), size) as pilot:
        await press(pilot, *SCREENS[name])
        check_golden(pilot.app, name)


async def test_plot_four_hits_verdict_and_footer_fit_80x24(running: Running) -> None:
    async with running(FakeRecord("rev")) as pilot:
        await press(pilot, *SCREENS["review"])
        shown = screen_text(pilot.app)
        for wanted in (
            NUMBER,
            "ftir",
            "TRAINING",
            "NOG",
            "Rhea Viewer",
            "1711",
            "cm⁻¹ per dot",
            "cocaine HCl",
            "cocaine base",
            "levamisole HCl",
            "lidocaine HCl",
            "Presumptive: cocaine",
            "α 0.05, n 312",
            "Not a confirmation",
            "Accept",
        ):
            assert wanted in shown


async def test_from_110_columns_the_plot_stands_beside_the_hits(running: Running) -> None:
    async with running(FakeRecord("rev"), (110, 30)) as pilot:
        await press(pilot, *SCREENS["review"])
        first = screen_text(pilot.app).splitlines()[1]
        assert "▲ query" in first
        assert "hits" in first


@pytest.mark.parametrize(
    "name",
    ["worklist", "sample", "review", "board", "alerts", "digest", "intake", "audit", "quarantine"],
)
async def test_every_key_listed_for_a_screen_is_bound_there(running: Running, name: str) -> None:
    async with running(FakeRecord("rev")) as pilot:
        await press(pilot, *SCREENS[name])
        bound = {
            (key, active.binding.action) for key, active in pilot.app.screen.active_bindings.items()
        }
        # Enter belongs to a table and "?" to a field that has the focus.
        listed = {
            (key, action.do)
            for action in actions.here(name, "app")
            for key in action.key.split(",")
            if key not in ("enter", "question_mark")
        }
        assert listed <= bound


async def test_no_colour_is_needed(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(FakeRecord("rev")) as pilot:
        await press(pilot, *SCREENS["sample"])
        strips = [s for line in pilot.app.screen._compositor.render_strips() for s in line]
        colours = {
            s.style.color.triplet
            for s in strips
            if s.style and s.style.color and s.style.color.triplet
        }
        assert all(r == g == b for r, g, b in colours)
