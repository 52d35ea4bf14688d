"""An old unknown that now answers, as the scientist and the officer see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments import registry, sandbox
from lims import again
from tests.lims_builders import a_lab, a_sample
from tests.pilot.conftest import press, settle
from tests.pilot.screen_text import screen_text
from tests.unit.lims.own_references import a_street_library, measured, with_unknown
from tui.app import FolApp
from tui.record import Record


@pytest.fixture
def lab_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sandbox, "read_guarded_bytes", registry.read_bytes)
    bench = tmp_path / "bench"
    bench.mkdir()
    lab = a_lab(tmp_path / "lab")
    a_street_library(lab, bench)
    measured(lab, bench, sample=a_sample(lab, held_by="ana", officer="olga").number)
    with_unknown(lab, bench)
    assert again.search(lab, "ana").found
    lab.close()
    return tmp_path / "lab"


@pytest.mark.parametrize("person", ["ana", "olga"])
async def test_notice_names_nothing_before_the_review(lab_folder: Path, person: str) -> None:
    app = FolApp(
        lab_folder, person, opener=lambda: Record.open(lab_folder, person), glyphs="braille"
    )
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "f4")
        shown = screen_text(app)
        assert "answers to a newer library" in shown
        assert "waits for review" in shown
        assert "xylazine" not in shown
        await press(pilot, "enter")
        assert "NOG-26-S" in screen_text(app)


async def test_review_shows_the_new_finding(lab_folder: Path) -> None:
    app = FolApp(lab_folder, "rex", opener=lambda: Record.open(lab_folder, "rex"), glyphs="braille")
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        assert "to review" in screen_text(app)
        await press(pilot, "enter", "enter")
        assert "xylazine like 77" in screen_text(app)
