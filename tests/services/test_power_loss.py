"""The power fails at any moment: what was acknowledged is there, once, and the record is whole.

The lab's real acts run on a disk that keeps a diary; from it come disks as a power failure may
leave them, each opened by the product's own recipe.
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lims import audit, sqlite
from lims import events as log
from lims.lab import open_lab
from spectra.errors import LabError
from tests.services.power_cut import PoweredDisk
from tests.services.watched_disk import NO_SHIM, POSSIBLE, Entry, compiled, diary, run

ACTS = 90
IMAGES = int(os.environ.get("FOL_IMAGES", "1000"))
VERIFIED_EVERY = 10
"""One image in so many is also replayed and its files hashed; all are compared event by event."""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not POSSIBLE, reason=NO_SHIM)]


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("shim"))


@dataclass
class Faults:
    """What a person would have met after the power came back, with the number of the image."""

    lost: list[int] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def recorded(shim: Path, folder: Path, journal: str, synchronous: str = "") -> list[Entry]:
    run(shim, "tests.services.mixed_acts", folder, journal, synchronous, ACTS)
    return list(diary(folder / "diary"))


def after_power_cuts(
    folder: Path, seen: list[Entry], count: int, *, journalled: bool, seed: int = 1
) -> Faults:
    """Cut the power ``count`` times at random places of a diary and look at what is left."""
    dice = random.Random(seed)
    cuts = sorted(dice.choices(range(1, len(seen) + 1), k=count))
    disk = PoweredDisk(folder / "start", folder / "lab", journalled=journalled)
    whole = rows_of(folder / "lab")
    faults, told, at = Faults(), 0, 0
    for number, cut in enumerate(cuts):
        for entry in seen[at:cut]:
            disk.see(entry)
            if entry.what == "m":
                told = int(entry.data)
        at = cut
        verified = number % VERIFIED_EVERY == 0
        image = laid_out(folder / "image", disk.cut(dice), whole_folder=verified)
        _look(image, whole, told, faults, number, verified=verified)
    return faults


def laid_out(folder: Path, files: dict[str, bytes], *, whole_folder: bool) -> Path:
    """Write an image to a folder: all of it, or the record alone."""
    if whole_folder:
        shutil.rmtree(folder, ignore_errors=True)
    for left in folder.glob("lab.db*"):
        left.unlink()
    for name, data in files.items():
        if whole_folder or name.startswith("lab.db"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


def rows_of(folder: Path) -> list[tuple[object, ...]]:
    lab = open_lab(folder)
    try:
        return list(log.everything(lab.db))
    finally:
        lab.close()


def _look(
    image: Path,
    whole: list[tuple[object, ...]],
    told: int,
    faults: Faults,
    number: int,
    *,
    verified: bool,
) -> None:
    """Open one image as the product does: its log must begin as the whole one, and reach ``told``.

    The same rows in the same order leave no room for an event that is changed or there twice.
    """
    try:
        lab = open_lab(image)
    except LabError as error:
        faults.damaged.append(f"{number}: {error.message}")
        return
    try:
        found = list(log.everything(lab.db))
        if found != whole[: len(found)]:
            faults.damaged.append(f"{number}: another history")
        if len(found) < told:
            faults.lost.append(number)
        if verified:
            faults.damaged += [f"{number}: {text}" for text in audit.verify(lab).problems]
    except LabError as error:
        faults.damaged.append(f"{number}: {error.message}")
    finally:
        lab.close()


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_nothing_acknowledged_is_lost_in_a_thousand_power_failures(
    shim, tmp_path, monkeypatch, journal
):
    seen = recorded(shim, tmp_path, journal)
    assert any(entry.path.endswith("-wal") for entry in seen) is (journal == "wal")
    if journal == "delete":
        monkeypatch.setattr(sqlite, "safe_for_wal", lambda _: False)
    for journalled in (True, False):
        found = after_power_cuts(tmp_path, seen, IMAGES // 2, journalled=journalled)
        assert (found.lost, found.damaged) == ([], [])


@pytest.mark.parametrize(("journal", "synchronous"), [("wal", "NORMAL"), ("delete", "FULL")])
def test_weaker_flushing_loses_acts_so_the_test_can_see_it(
    shim, tmp_path, monkeypatch, journal, synchronous
):
    seen = recorded(shim, tmp_path, journal, synchronous)
    if journal == "delete":
        monkeypatch.setattr(sqlite, "safe_for_wal", lambda _: False)
    assert after_power_cuts(tmp_path, seen, 60, journalled=True).lost


def test_no_flushing_at_all_damages_the_file_so_the_test_can_see_it(shim, tmp_path, monkeypatch):
    seen = recorded(shim, tmp_path, "delete", "OFF")
    monkeypatch.setattr(sqlite, "safe_for_wal", lambda _: False)
    assert after_power_cuts(tmp_path, seen, 40, journalled=False).damaged
