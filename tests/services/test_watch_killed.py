"""A watch that is killed, or not alone: nothing is lost, nothing is there twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lims import audit, quarantine, records
from lims import lab as labs
from tests.lims_builders import a_file, a_lab, a_sample
from tui.commands import watch as watch_command

ROUNDS = 6
ROOT = Path(watch_command.__file__).parents[2]


@pytest.fixture
def exports(tmp_path):
    """A lab, a folder of exports, and what a whole watch of it must leave in the record."""
    lab = a_lab(tmp_path / "lab")
    folder = tmp_path / "exports"
    folder.mkdir()
    samples = [a_sample(lab).number for _ in range(6)]
    lab.close()
    for at in range(24):
        a_file(folder, f"{samples[at % 6]} run {at}.jdx", title=f"run {at}")
    for at in range(0, 24, 4):
        (folder / f"copy {at}.jdx").write_bytes(
            (folder / f"{samples[at % 6]} run {at}.jdx").read_bytes()
        )
    for at in range(6):
        a_file(folder, f"nobody's {at}.jdx", title=f"stray {at}")
        a_file(folder, f"nobody's {at} again.jdx", title=f"stray {at}")
    (folder / f"{samples[0]}.bin").write_bytes(b"\x00\x01junk" * 40)
    return tmp_path / "lab", folder


def started(lab: Path, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tui.cli", "watch", str(folder), "--as", "ana"]
    return subprocess.Popen(
        [*command, "--settle", "0.2", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"FOL_LAB": str(lab)},
        start_new_session=True,
    )


def require_truth(lab_folder: Path) -> None:
    """Each file once: 24 runs of 6 samples, 6 strays and one unreadable file that wait."""
    lab = labs.open_lab(lab_folder)
    try:
        runs = records.rows(lab.db, "SELECT sample, raw_sha256 FROM run")
        assert len(runs) == 24
        assert len({row["raw_sha256"] for row in runs}) == 24
        assert len({row["sample"] for row in runs}) == 6
        assert records.value(lab.db, "SELECT count(*) FROM finding") == 24
        waiting = quarantine.listed(lab, everything=True)
        assert len(waiting) == 7
        assert len({row.raw_sha256 for row in waiting}) == 7
        assert [row.sample != "" for row in waiting].count(True) == 1
        report = audit.verify(lab)
        assert report.ok, report.problems
    finally:
        lab.close()


@pytest.mark.slow
def test_killed_at_any_moment_a_watch_loses_and_doubles_nothing(exports):
    lab, folder = exports
    chance = random.Random(26)
    for _ in range(ROUNDS):
        process = started(lab, folder, "--once", "--json")
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 6)):
            process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.03))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
    assert _runs(lab) > 0
    _, said = started(lab, folder, "--once").communicate(timeout=120)
    assert b"Traceback" not in said
    require_truth(lab)


@pytest.mark.slow
def test_two_watches_of_one_folder_take_each_file_once(exports):
    lab, folder = exports
    both = [started(lab, folder, "--once") for _ in range(2)]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert b"Traceback" not in said
        assert process.returncode in (0, 4), said
    require_truth(lab)


@pytest.mark.slow
def test_a_watch_ends_cleanly_when_it_is_asked_to(exports):
    lab, folder = exports
    process = started(lab, folder)
    assert process.stdout is not None
    process.stdout.readline()
    # As a terminal does: to the whole group, the reading process too.
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert b"runs recorded" in said
    assert b"Traceback" not in said
    _, said = started(lab, folder, "--once").communicate(timeout=120)
    require_truth(lab)


def _runs(folder: Path) -> int:
    lab = labs.open_lab(folder)
    try:
        return int(records.value(lab.db, "SELECT count(*) FROM run"))
    finally:
        lab.close()
