"""Eight writers, a write refused by the system, a killed writer: what was said is there, once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from lims import audit
from lims.lab import open_lab
from tests.lims_builders import a_lab

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
from pathlib import Path
from lims import intake
from lims.errors import LabError
from lims.lab import open_lab
from lims.model import ShipmentDraft

folder, name, count, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
lab = open_lab(folder)
if limit:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
for number in range(count):
    try:
        made = intake.add_shipment(
            lab, "olga", ShipmentDraft(declared_goods=name), key=f"{name}-{number}"
        )
    except LabError as error:
        print(f"! {type(error).__name__}", flush=True)
        break
    print(f"{name}-{number} {made.number}", flush=True)
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs kill and resource limits")


def start(folder: Path, name: str, count: int, limit: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count), str(limit)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def acknowledged(text: str) -> dict[str, str]:
    whole = text[: text.rfind("\n") + 1]  # a line cut by the kill was said to nobody
    return dict(line.split() for line in whole.splitlines() if not line.startswith("!"))


def recorded(folder: Path) -> dict[str, str]:
    lab = open_lab(folder)
    try:
        assert audit.verify(lab).problems == ()
        made = [e for e in audit.events(lab, 0, 10_000) if e.kind == "shipment.received"]
        assert len({event.key for event in made}) == len(made)
        return {event.key: event.body["number"] for event in made}
    finally:
        lab.close()


def test_eight_writers_lose_and_double_nothing(tmp_path):
    folder = tmp_path / "lab"
    a_lab(folder).close()
    said: dict[str, str] = {}
    for writer in [start(folder, f"w{number}", 15) for number in range(8)]:
        out, _ = writer.communicate(timeout=60)
        assert writer.returncode == 0
        said |= acknowledged(out)
    assert len(said) == len(set(said.values())) == 120
    assert recorded(folder) == said


def test_file_that_may_not_grow_is_told_as_a_full_disk_and_loses_nothing(tmp_path):
    folder = tmp_path / "lab"
    a_lab(folder).close()
    limit = (folder / "lab.db").stat().st_size + 65_536
    out, _ = start(folder, "full", 100_000, limit).communicate(timeout=60)
    assert out.splitlines()[-1] == "! StorageFullError"
    said = acknowledged(out)
    assert said
    kept = recorded(folder)
    assert kept == said


def test_writer_killed_after_a_said_act_loses_none(tmp_path):
    folder = tmp_path / "lab"
    a_lab(folder).close()
    dice = random.Random(20261124)
    said: dict[str, str] = {}
    for round_ in range(5):
        writer = start(folder, f"r{round_}", 100_000)
        first = "".join(writer.stdout.readline() for _ in range(dice.randrange(1, 12)))
        writer.kill()
        rest, _ = writer.communicate(timeout=60)
        said |= acknowledged(first + rest)
        kept = recorded(folder)
        assert said.items() <= kept.items()
        assert len(kept) - len(said) <= round_ + 1
