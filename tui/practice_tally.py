"""How a person did in practice, kept beside the program's log: never in the lab's record.

One line of JSON for each answer. A line that cannot be read is passed over.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lims.practice import Verdict
from tui.output import state_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lims.practice import Exercise

MOST_BYTES = 4_000_000
"""What is older than this many bytes from the end is no longer counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was answered so far, the codes in order, and how it went."""

    codes: tuple[str, ...]
    counts: dict[Verdict, int]
    trouble: str = ""
    """Why the last answer could not be kept; empty when it was."""

    @property
    def answered(self) -> int:
        """How many answers were given."""
        return sum(self.counts.values())


def place(site: str, person: str) -> Path:
    """Return the file of one person's answers in one lab."""
    safe = re.sub(r"[^A-Za-z0-9-]", "_", f"{site}-{person}")[:60]
    mark = hashlib.sha256(f"{site}\n{person}".encode()).hexdigest()[:8]
    return state_folder() / f"practice-{safe}-{mark}.jsonl"


def read(path: Path) -> Tally:
    """Return the tally of a file; an empty one where there is none."""
    codes: list[str] = []
    counts = Counter(dict.fromkeys(Verdict, 0))
    for line in _lines(path):
        try:
            row = json.loads(line)
            verdict, code = Verdict(row["verdict"]), str(row["code"])
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        codes.append(code[:20])
        counts[verdict] += 1
    return Tally(codes=tuple(codes), counts=dict(counts))


def add(path: Path, code: str, verdict: Verdict) -> Tally:
    """Write one answer and return the tally with it; where it cannot be kept, that is said."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as kept:
            kept.write(json.dumps({"code": code, "verdict": verdict.value}) + "\n")
    except OSError as error:
        return replace(read(path), trouble=error.strerror or type(error).__name__)
    return read(path)


def following(exercises: Sequence[Exercise], done: Tally, person: str) -> str:
    """Return the exercise that comes next; empty where there is none.

    Each person has an order of their own, in which no date shows; what was answered comes again
    when everything was, the longest ago first.
    """
    last = {code: at for at, code in enumerate(done.codes)}

    def rank(code: str) -> tuple[int, bytes]:
        mixed = hashlib.sha256(f"{person}\n{code}".encode()).digest()
        return last.get(code, -1), mixed

    return min((each.code for each in exercises), key=rank, default="")


def _lines(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as kept:
            kept.seek(max(0, path.stat().st_size - MOST_BYTES))
            return kept.read(MOST_BYTES).splitlines()
    except OSError:  # none yet, or not for this account to read: practice goes on without
        return []
