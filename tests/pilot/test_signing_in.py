"""The app where people sign in: nothing is seen before, idle screens lock, acts are signed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lims import audit, signing
from lims.lab import open_lab
from tests.lims_builders import a_finding, a_sample, an_entry
from tests.pilot.conftest import press, settle
from tests.pilot.screen_text import screen_text
from tests.signing_builders import PINS, a_lab_with_passwords, password_of, require_sign_in
from tui import actions
from tui.app import FolApp
from tui.messages import Scanned
from tui.screens.base import LabScreen
from tui.screens.sample import SampleScreen
from tui.screens.sign_in import Sign, SignIn


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab in which everybody signs in and one finding waits for review."""
    folder = tmp_path_factory.mktemp("once")
    lab = a_lab_with_passwords(folder / "lab", "lee", "rex", "ana", "olga")
    sample = a_sample(lab)
    a_finding(lab, folder, sample.number, an_entry("match", "cocaine"))
    require_sign_in(lab)
    lab.close()
    return folder / "lab"


@pytest.fixture
def lab_folder(made_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(made_once, tmp_path / "lab")
    return tmp_path / "lab"


def finding_of(folder: Path) -> str:
    lab = open_lab(folder)
    try:
        return str(lab.db.execute("SELECT id FROM finding").fetchone()[0])
    finally:
        lab.close()


class Hand:
    """A hand on the keyboard, and a watch that only it moves."""

    def __init__(self, pilot: Pilot[int]) -> None:
        self.pilot = pilot
        self.now = 0.0

    @property
    def app(self) -> FolApp:
        assert isinstance(self.pilot.app, FolApp)
        return self.pilot.app

    async def types(self, text: str) -> None:
        await self.pilot.press(*text)
        await settle(self.pilot)

    async def enters(self, person: str, secret: str) -> None:
        field = self.app.screen.query_one("#who", Input)
        field.value = person
        self.app.screen.query_one("#secret", Input).focus()
        await settle(self.pilot)
        await self.types(secret)
        await press(self.pilot, "enter")

    async def leaves_it_for(self, seconds: float) -> None:
        self.now += seconds
        self.app.sitting.look()
        await settle(self.pilot)


@asynccontextmanager
async def at_the_app(folder: Path, person: str = "rex") -> AsyncIterator[Hand]:
    app = FolApp(folder, person)
    async with app.run_test(size=(100, 30)) as pilot:
        hand = Hand(pilot)
        app.sitting._moment = lambda: hand.now
        app.sitting.touch()
        await settle(pilot)
        yield hand


def events_of(folder: Path, kind: str) -> list[dict[str, object]]:
    lab = open_lab(folder)
    try:
        return [dict(e.body) for e in audit.events(lab, 0, 10_000) if e.kind == kind]
    finally:
        lab.close()


async def test_nothing_of_the_record_is_seen_before_somebody_signs_in(lab_folder):
    async with at_the_app(lab_folder) as hand:
        assert isinstance(hand.app.screen, SignIn)
        shown = screen_text(hand.app)
        assert "Sign in" in shown
        assert "NOG" not in shown
        assert "cocaine" not in shown
        await press(hand.pilot, "f3", "f7", "ctrl+p", "escape")
        assert isinstance(hand.app.screen, SignIn)


async def test_password_opens_and_the_line_says_who_acts(lab_folder):
    async with at_the_app(lab_folder) as hand:
        await hand.enters("rex", password_of("rex"))
        assert not hand.app.sitting.is_closed
        assert hand.app.identity is not None
        assert hand.app.identity.person.id == "rex"
        assert "Rex" in screen_text(hand.app)


async def test_wrong_password_stays_outside_and_is_counted(lab_folder):
    async with at_the_app(lab_folder) as hand:
        await hand.enters("rex", "not the right words")
        assert isinstance(hand.app.screen, SignIn)
        assert "4 tries are left" in screen_text(hand.app)
        assert "not the right words" not in screen_text(hand.app)
    assert len(events_of(lab_folder, "session.refused")) == 1


async def test_screen_left_alone_locks_and_the_pin_opens_it(lab_folder):
    async with at_the_app(lab_folder) as hand:
        await hand.enters("rex", password_of("rex"))
        await hand.leaves_it_for(119)
        assert not hand.app.sitting.is_closed
        await hand.leaves_it_for(2)
        assert isinstance(hand.app.screen, SignIn)
        assert "Locked" in screen_text(hand.app)
        await hand.enters("rex", PINS["rex"])
        assert not hand.app.sitting.is_closed
    assert [each["because"] for each in events_of(lab_folder, "session.locked")][-1] == "idle"


async def test_key_pressed_keeps_the_screen_open(lab_folder):
    async with at_the_app(lab_folder) as hand:
        await hand.enters("rex", password_of("rex"))
        for _ in range(3):
            hand.now += 90
            await press(hand.pilot, "f3")
            await hand.leaves_it_for(0)
            assert not hand.app.sitting.is_closed


async def test_one_key_changes_the_person_and_nothing_of_the_other_stays_open(lab_folder):
    async with at_the_app(lab_folder) as hand:
        await hand.enters("rex", password_of("rex"))
        await press(hand.pilot, "f2", "enter")
        await press(hand.pilot, "ctrl+y")
        assert isinstance(hand.app.screen, SignIn)
        await hand.enters("olga", password_of("olga"))
        assert hand.app.identity is not None
        assert hand.app.identity.person.id == "olga"
        assert len(hand.app.screen_stack) == 1
        await press(hand.pilot, "ctrl+y")
        await hand.enters("rex", PINS["rex"])
        assert hand.app.identity.person.id == "rex"


async def test_colleague_types_their_own_name_over_the_other(lab_folder):
    async with at_the_app(lab_folder) as hand:
        await hand.enters("rex", password_of("rex"))
        await press(hand.pilot, "ctrl+y")
        await hand.types("olga")
        await press(hand.pilot, "enter")
        await hand.types(password_of("olga"))
        await press(hand.pilot, "enter")
        assert hand.app.seat.person == "olga"
        assert password_of("olga") not in screen_text(hand.app)


async def test_screens_left_open_in_another_mode_are_closed_for_another_person(lab_folder):
    async with at_the_app(lab_folder) as hand:
        await hand.enters("rex", password_of("rex"))
        await press(hand.pilot, "enter")
        assert isinstance(hand.app.screen, SampleScreen)
        await press(hand.pilot, "f4", "ctrl+y")
        await hand.enters("ana", password_of("ana"))
        await press(hand.pilot, "f2")
        assert hand.app.current_mode == "worklist"
        assert not isinstance(hand.app.screen, SampleScreen)
        await press(hand.pilot, "enter", "f4", "f2")
        assert isinstance(hand.app.screen, SampleScreen), "one's own stay where they were"


async def test_badge_names_the_person_and_proves_nothing(lab_folder):
    async with at_the_app(lab_folder) as hand:
        hand.app.post_message(Scanned("PERSON:rex"))
        await settle(hand.pilot)
        assert hand.app.screen.query_one("#who", Input).value == "rex"
        assert isinstance(hand.app.screen, SignIn)
        await hand.types(password_of("rex"))
        await press(hand.pilot, "enter")
        assert hand.app.seat.person == "rex"


async def test_no_key_of_any_screen_works_before_somebody_signs_in(lab_folder):
    """Every key of the registry, at the locked door: nothing opens and nothing is written."""
    keys = sorted({key for a in actions.ACTIONS for key in a.key.split(",")} - {"ctrl+q"})
    before = len(events_of(lab_folder, "finding.reviewed"))
    async with at_the_app(lab_folder) as hand:
        for key in keys:
            await hand.pilot.press(key)
        await settle(hand.pilot)
        assert isinstance(hand.app.screen, SignIn)
        assert hand.app.identity is None
        assert "NOG" not in screen_text(hand.app)
    assert len(events_of(lab_folder, "finding.reviewed")) == before


async def test_accepting_a_finding_asks_for_a_signature_with_its_meaning(lab_folder):
    finding = finding_of(lab_folder)
    async with at_the_app(lab_folder) as hand:
        await hand.enters("rex", password_of("rex"))
        screen, done = hand.app.screen, []
        assert isinstance(screen, LabScreen)
        screen.ask(lambda record: record.review(finding, accept=True, remark=""), done.append)
        await settle(hand.pilot)
        assert isinstance(hand.app.screen, Sign)
        assert "I reviewed this finding as a second person and accept it." in screen_text(hand.app)
        await hand.types("000000")
        await press(hand.pilot, "enter")
        assert isinstance(hand.app.screen, Sign)
        assert not done
        await hand.types(PINS["rex"])
        await press(hand.pilot, "enter")
        assert len(done) == 1
    lab = open_lab(lab_folder)
    reviewed = [e for e in audit.events(lab, 0, 10_000) if e.kind == "finding.reviewed"]
    assert [each["person"] for each in signing.signatures_of(reviewed[0])] == ["rex"]
    assert signing.unbound(reviewed[0], lab.lab_id) == ()
    lab.close()
    assert len(reviewed) == 1


async def test_whose_role_may_not_review_is_refused_before_anything_is_signed(lab_folder):
    """F8 by everybody who sees the finding and is no reviewer: told so, asked for no PIN."""
    async with at_the_app(lab_folder) as hand:
        for person in ("ana", "lee"):
            await hand.enters(person, password_of(person))
            await press(hand.pilot, "enter", "enter", "f8", "tab", "tab", "enter")
            assert not isinstance(hand.app.screen, Sign), person
            assert "may not review" in screen_text(hand.app), person
            await press(hand.pilot, "ctrl+y")
    assert not events_of(lab_folder, "finding.reviewed")
