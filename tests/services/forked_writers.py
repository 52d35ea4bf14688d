"""Writers of one lab, forked from a process that has everything loaded; they end or are killed.

Prints one JSON line a round: what was told to somebody, and what a fresh opening finds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from lims import audit, sqlite
from lims.lab import open_lab
from tests.services.mixed_acts import Bench

MOST_TOLD, LONGEST_S = 4, 0.02
WRITERS = 2
VERIFIED_EVERY = 10


def rounds(folder: Path, count: int, journal: str) -> None:
    """Let two writers work, kill both at a random moment, and look; so many times."""
    if journal == "delete":
        sqlite.safe_for_wal = lambda _: False
    dice = random.Random(20261124)
    for number in range(count):
        whole = number % VERIFIED_EVERY == 0 or number == count - 1
        reading, writing = os.pipe()
        names = [f"r{number}w{writer}-" for writer in range(WRITERS)]
        killed = [_forked(folder, name, reading, writing) for name in names]
        os.close(writing)
        # By acts told and not by time alone: a loaded machine must be killed in mid-work too.
        heard = _until_told(reading, dice.randint(0, MOST_TOLD))
        time.sleep(dice.uniform(0.0, LONGEST_S))
        for process in killed:
            os.kill(process, signal.SIGKILL)
        ends = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in killed]
        told = (heard + _until_closed(reading)).decode().split()
        _say({"told": told, "ends": ends, **_looked(folder, whole=whole)})


def together(folder: Path, writers: int, turns: int) -> None:
    """Let many writers do all their acts at once, each over a connection of its own."""
    reading, writing = os.pipe()
    names = [f"w{writer}-" for writer in range(writers)]
    working = [_forked(folder, name, reading, writing, turns) for name in names]
    os.close(writing)
    told = _until_closed(reading).decode().split()
    ends = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in working]
    _say({"told": told, "ends": ends, **_looked(folder, whole=True)})


def _say(said: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _forked(folder: Path, name: str, reading: int, writing: int, turns: int = 10_000) -> int:
    process = os.fork()
    if process:
        return process
    try:
        os.close(reading)
        own = folder / f"bench-{name}"
        own.mkdir()
        bench = Bench(open_lab(folder / "lab"), own, name)
        for turn in range(turns):
            key = bench.do(turn)
            if key:  # one write to a pipe this short arrives whole or not at all
                os.write(writing, f"{key}\n".encode())
        bench.lab.close()
        os._exit(0)
    finally:  # only an error leads here
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def _until_told(reading: int, acts: int) -> bytes:
    """Read until so many acts were told, or until no writer is left."""
    heard = b""
    while heard.count(b"\n") < acts and (part := os.read(reading, 65_536)):
        heard += part
    return heard


def _until_closed(reading: int) -> bytes:
    parts = []
    while part := os.read(reading, 65_536):
        parts.append(part)
    os.close(reading)
    return b"".join(parts)


def _looked(folder: Path, *, whole: bool) -> dict[str, object]:
    lab = open_lab(folder / "lab")
    try:
        rows = lab.db.execute("SELECT key FROM event WHERE key<>'' ORDER BY seq").fetchall()
        problems = list(audit.verify(lab).problems) if whole else []
    finally:
        lab.close()
    return {"kept": [row[0] for row in rows], "problems": problems}


if __name__ == "__main__":
    if sys.argv[1] == "rounds":
        rounds(Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        together(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
