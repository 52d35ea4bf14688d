"""Several processes on one lab, and processes that die: what was acknowledged is there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lims import audit, intake
from lims.lab import open_lab
from lims.model import ShipmentDraft
from tests.lims_builders import a_lab

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
from pathlib import Path
from lims import intake
from lims.errors import BusyError
from lims.lab import open_lab
from lims.model import ShipmentDraft

folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
lab = open_lab(folder)
for number in range(count):
    try:
        made = intake.add_shipment(
            lab, "olga", ShipmentDraft(declared_goods=name), key=f"{name}-{number}"
        )
    except BusyError:
        continue
    print(f"{name}-{number} {made.number}", flush=True)
lab.close()
"""


def start(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def acknowledged(text: str) -> dict[str, str]:
    # A line cut by the kill was not acknowledged to anybody.
    whole = text[: text.rfind("\n") + 1] if "\n" in text else ""
    return dict(line.split() for line in whole.splitlines())


def recorded(folder: Path) -> dict[str, str]:
    lab = open_lab(folder)
    try:
        assert audit.verify(lab).problems == ()
        events = [e for e in audit.events(lab, 0, 10_000) if e.kind == "shipment.received"]
        return {event.key: event.body["number"] for event in events}
    finally:
        lab.close()


def test_two_processes_write_without_losing_or_repeating_a_number(tmp_path):
    a_lab(tmp_path / "lab").close()
    writers = [start(tmp_path / "lab", name, 40) for name in ("left", "right")]
    said: dict[str, str] = {}
    for writer in writers:
        out, _ = writer.communicate(timeout=60)
        assert writer.returncode == 0
        said |= acknowledged(out)
    assert recorded(tmp_path / "lab") == said
    assert len(set(said.values())) == len(said) == 80


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL here")
def test_killed_in_the_middle_nothing_acknowledged_is_lost(tmp_path):
    folder = tmp_path / "lab"
    a_lab(folder).close()
    dice = random.Random(20261124)
    said: dict[str, str] = {}
    for round_ in range(8):
        writer = start(folder, f"r{round_}", 100_000)
        first = writer.stdout.readline()
        time.sleep(dice.uniform(0.0, 0.4))
        os.kill(writer.pid, signal.SIGKILL)
        rest, _ = writer.communicate(timeout=60)
        said |= acknowledged(first + rest)
        kept = recorded(folder)
        assert said.items() <= kept.items()
        assert len(kept) - len(said) <= round_ + 1  # one act a round may be written but unsaid
    assert len(said) > 8


def test_act_whose_answer_was_lost_can_be_repeated_with_its_key(tmp_path):
    lab = a_lab(tmp_path / "lab")
    draft = ShipmentDraft(declared_goods="pigment")
    first = intake.add_shipment(lab, "olga", draft, key="k")
    lab.close()
    again = open_lab(tmp_path / "lab")
    assert intake.add_shipment(again, "olga", draft, key="k") == first
    again.close()
