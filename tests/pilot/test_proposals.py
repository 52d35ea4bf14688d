"""Structures proposed from the sample screen: hazard first, told how far, stopped, kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from lims.errors import StateError
from lims.model import SampleRecord
from tests.pilot.conftest import Running, press, settle
from tests.pilot.fake_lab import NUMBER, FakeRecord
from tests.pilot.screen_text import screen_text
from tui.screens.proposals import Proposals
from tui.screens.sample import SampleScreen

STRUCTURE = {
    "rank": 1, "mark": "proposed, not identified", "smiles": "CCC(=O)N(c1ccc(F)cc1)C1CCNCC1",
    "formula": "C14H19FN2O", "inchikey": "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "made_from": "a relative",
    "edits": ["fluoro for hydrogen, on an aromatic ring"], "site": "+18 at the aniline ring",
    "ions": ["263 M less benzyl"], "agreement": 12.3,
    "legal": [{"would_be": "United States: a rule", "outcome": "applies", "letters": ["D"],
               "schedule": "Schedule I"}],
}  # fmt: skip
FOUND = [
    {
        "position": 0, "title": "7.5 min", "class": "fentanyl",
        "proposals": {"mark": "proposed, not identified", "mass": 354, "complete": True,
                      "candidates": 1, "tried": 9, "reason": "", "structures": [STRUCTURE]},
    }
]  # fmt: skip


class WithCandidate(FakeRecord):
    """A sample whose finding is a candidate; proposing waits at a gate."""

    def __init__(self, *, is_analogue: bool = True, seen: bool = True) -> None:
        super().__init__("ana")
        self.is_analogue = is_analogue
        self.acknowledged = "ana" if seen else ""
        self.reached, self.opened_gate = threading.Event(), threading.Event()
        self.opened_gate.set()
        self.cancelled = False

    def sample(self, number: str) -> SampleRecord:
        record = super().sample(number)
        if not self.is_analogue:
            return record
        match = {
            "peaks": [
                {
                    "title": "7.5 min",
                    "decision": {"state": "analogue_candidate"},
                    "analogue": {"class": "fentanyl"},
                }
            ]
        }
        findings = [
            replace(each, match=match, headline="candidate analogue of fentanyl")
            for each in record.findings
        ]
        return replace(record, findings=tuple(findings))

    def propose(
        self,
        finding: str,
        *,
        progress: Callable[[int, int], None],
        is_cancelled: Callable[[], bool],
    ) -> Sequence[dict[str, Any]]:
        progress(640, 12_000)
        self.reached.set()
        assert self.opened_gate.wait(20)
        self.cancelled = is_cancelled()
        return FOUND

    def keep_proposals(self, finding: str, proposed: Sequence[dict[str, Any]]) -> None:
        if self.state.value != "submitted":
            raise StateError("it was reviewed")
        self.acts.append(("keep", len(proposed)))


async def test_they_are_shown_as_proposed_and_kept_after_a_dialog(running: Running) -> None:
    record = WithCandidate()
    async with running(record, (120, 40)) as pilot:
        await press(pilot, "enter", "p")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Proposals)
        shown = screen_text(pilot.app)
        assert "1 structure of mass 354, proposed, not identified" in shown
        assert "C14H19FN2O" in shown
        assert "would be United States: a rule (Schedule I, D)" in shown
        await press(pilot, "k")
        assert "Keep these proposals?" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert not record.acts
        await press(pilot, "k", "tab", "enter")
        assert record.acts == [("keep", 1)]
        assert "✓ kept beside the candidate" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, SampleScreen)


async def test_it_tells_how_far_it_is_and_escape_stops_it(running: Running) -> None:
    record = WithCandidate()
    record.opened_gate.clear()
    async with running(record, (120, 40)) as pilot:
        await press(pilot, "enter")
        await pilot.press("p")
        while not record.reached.is_set():
            await pilot.pause(0.02)
        await pilot.pause()
        assert "making structures: 640 of at most 12,000" in screen_text(pilot.app)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Proposals)
        assert "stopping" in screen_text(pilot.app)
        record.opened_gate.set()
        await settle(pilot)
        assert record.cancelled
        assert "1 structure of mass 354" in screen_text(pilot.app)


async def test_nothing_is_proposed_before_the_hazard_notice_is_seen(running: Running) -> None:
    async with running(WithCandidate(seen=False), (120, 40)) as pilot:
        await press(pilot, "enter", "p")
        assert isinstance(pilot.app.screen, SampleScreen)
        assert "acknowledge the hazard notice first" in screen_text(pilot.app)


async def test_a_finding_without_an_analogue_has_none(running: Running) -> None:
    async with running(WithCandidate(is_analogue=False), (120, 40)) as pilot:
        await press(pilot, "enter", "p")
        assert isinstance(pilot.app.screen, SampleScreen)
        assert "holds no analogue" in screen_text(pilot.app)


async def test_it_fits_the_smallest_screen(running: Running) -> None:
    async with running(WithCandidate(), (80, 24)) as pilot:
        await press(pilot, "enter", "p")
        await settle(pilot)
        assert "proposed, not identified" in screen_text(pilot.app)
        assert NUMBER in screen_text(pilot.app)
