"""What a watch of a folder is done with, remembered across restarts so that nothing is read again.

Only a saving of time: the record knows every file by its hash, and this memory may be deleted. It
is not believed where the record does not hold what it held when the memory was written.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from instruments.watch import Mark
from lims import records
from lims.lab import Lab

FOLDER = "watching"
MOST = 100_000
_SCHEMA = "fol.watching/1"
_MOST_BYTES = 50_000_000


def remembered(lab: Lab, folder: Path) -> dict[str, Mark]:
    """Return what was done with in a folder; nothing when in doubt."""
    path = _place(lab, folder)
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["schema"] != _SCHEMA or kept["lab"] != lab.lab_id:
            return {}
        if _hash(lab, int(kept["events"])) != kept["head"]:
            return {}  # an older record was restored: it may not hold these files
        return {
            str(name): Mark(size=int(size), mtime_ns=int(moment))
            for name, (size, moment) in kept["done"].items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def remember(lab: Lab, folder: Path, done: Mapping[str, Mark]) -> None:
    """Write down what is done with; that it cannot be written is no error."""
    events = int(records.value(lab.db, "SELECT coalesce(max(seq), 0) FROM event"))
    newest = sorted(done.items(), key=lambda item: item[1].mtime_ns)[-MOST:]
    text = json.dumps(
        {
            "schema": _SCHEMA,
            "lab": lab.lab_id,
            "folder": str(folder),
            "events": events,
            "head": _hash(lab, events),
            "done": {name: [mark.size, mark.mtime_ns] for name, mark in newest},
        }
    )
    path = _place(lab, folder)
    # Two watches of one folder write here: the last one wins, and both are right.
    temporary = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError, UnicodeEncodeError):
        path.parent.mkdir(exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


def _place(lab: Lab, folder: Path) -> Path:
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return lab.folder / FOLDER / f"{name}.json"


def _hash(lab: Lab, seq: int) -> str:
    found: Any = records.value(lab.db, "SELECT hash FROM event WHERE seq=?", seq)
    return "" if found is None else bytes(found).hex()
