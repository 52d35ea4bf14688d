"""Writers at work together or killed without warning: what was told is in the record, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lims_builders import a_lab

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("FOL_ROUNDS", "200"))
WRITERS = 2

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL"),
]


def said_by(*arguments: object) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.services.forked_writers", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(("journal", "share"), [("wal", 0.75), ("delete", 0.25)])
def test_two_writers_killed_at_any_moment_lose_and_double_nothing(tmp_path, journal, share):
    a_lab(tmp_path / "lab").close()
    seen = said_by("rounds", tmp_path, round(ROUNDS * share), journal)
    told: set[str] = set()
    for number, each in enumerate(seen):
        told |= set(each["told"])
        assert each["ends"] == [-signal.SIGKILL] * WRITERS
        assert each["problems"] == []
        assert len(set(each["kept"])) == len(each["kept"])
        assert told <= set(each["kept"])
        untold = len(each["kept"]) - len(told)
        assert untold <= WRITERS * (number + 1)  # written, and killed before anybody heard
    assert len(told) > len(seen)


def test_eight_writers_with_mixed_acts_lose_double_and_reorder_nothing(tmp_path):
    a_lab(tmp_path / "lab").close()
    (said,) = said_by("together", tmp_path, 8, 18)
    assert said["ends"] == [0] * 8
    assert said["problems"] == []
    assert sorted(said["told"]) == sorted(said["kept"])
    assert len(set(said["kept"])) == 8 * 15
    for writer in range(8):
        own = [key for key in said["kept"] if f"-w{writer}-" in key]
        assert own == [key for key in said["told"] if f"-w{writer}-" in key]
