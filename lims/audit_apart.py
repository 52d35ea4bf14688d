"""The walk along a long log in a second process, while the first one replays it.

The child is a fresh interpreter (a connection must not go through a fork) that is told what to walk
on its standard input and answers on its standard output, both JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lims import sqlite
from lims.audit_chain import Stretch, Walk, walk
from lims.audit_findings import Findings
from lims.errors import RecordError

WORTH_IT_FROM = 20_000
"""Events from which a second process pays for its start (about 0.3 s)."""

# The folder of our packages is named and not found: what lies beside the lab must not be imported.
_CHILD_CODE = (
    "import sys; sys.path.insert(0, sys.argv[1]); from lims.audit_apart import main; main()"
)


class Walking:
    """A walk that was begun in another process; `result` waits for it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def result(self) -> Walk | None:
        """Return the walk; None where the child could not make it to the end."""
        answer, _ = self._process.communicate()
        if self._process.returncode != 0:
            return None
        try:
            return _from_json(json.loads(answer))
        except (ValueError, KeyError, TypeError):
            return None


@contextmanager
def begun(stretch: Stretch) -> Iterator[Walking | None]:
    """Begin a walk in another process; None where that does not pay or cannot be had."""
    if stretch.last < WORTH_IT_FROM or (os.cpu_count() or 1) < 2:
        yield None
        return
    root = str(Path(__file__).resolve().parent.parent)
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD_CODE, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="ascii",
        )
    except OSError:
        yield None
        return
    try:
        if process.stdin is not None:
            with suppress(OSError):  # it died at once: `Walking.result` sees its exit code
                process.stdin.write(json.dumps(_to_json(stretch)) + "\n")
                process.stdin.flush()
        yield Walking(process)
    finally:
        process.kill()
        with suppress(OSError, ValueError):
            process.communicate()


def main() -> None:
    """Walk what standard input names, in one moment of the file, and print what was found.

    The log only grows, so the events up to the stretch's last are the same in whichever later
    moment of the file this process sees.
    """
    asked = json.loads(sys.stdin.readline())
    stretch = Stretch(
        path=Path(asked["path"]),
        read_only=asked["read_only"],
        lab_id=asked["lab_id"],
        last=asked["last"],
        sizes=frozenset(asked["sizes"]),
    )
    try:
        database = sqlite.connect(stretch.path, read_only=stretch.read_only)
        with sqlite.translated(stretch.path):
            database.conn.execute("BEGIN")
            done = walk(database, stretch)
    except RecordError:
        sys.exit(3)  # the first process walks itself and says what is wrong
    sys.stdout.write(json.dumps(_walk_to_json(done)))


def _to_json(stretch: Stretch) -> dict[str, object]:
    return asdict(stretch) | {"path": str(stretch.path.resolve()), "sizes": sorted(stretch.sizes)}


def _walk_to_json(done: Walk) -> dict[str, object]:
    return {
        "problems": done.found.problems,
        "notices": done.found.notices,
        "left_out": done.found.left_out,
        "events": done.events,
        "head": done.head.hex(),
        "frontier": done.frontier.hex(),
        "roots": [[size, *(each.hex() for each in pair)] for size, pair in done.roots.items()],
    }


def _from_json(told: dict[str, Any]) -> Walk:
    found = Findings(told["problems"], told["notices"], told["left_out"])
    return Walk(
        found=found,
        events=int(told["events"]),
        head=bytes.fromhex(told["head"]),
        frontier=bytes.fromhex(told["frontier"]),
        roots={
            int(size): (bytes.fromhex(head), bytes.fromhex(root))
            for size, head, root in told["roots"]
        },
    )
