"""The walk along the log: does each event fit its hash, and each hash the one before.

Plain data in, plain data out, so that `lims.audit_apart` can run it in a process of its own. Knows
nothing of the rows that events become.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import chain, records
from lims import events as log
from lims.audit_findings import Findings
from lims.errors import RecordError

if TYPE_CHECKING:
    from sqlite_utils import Database

_CLOCK_TOLERANCE = timedelta(minutes=2)
_UNREADABLE = chain.leaf_hash(b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What to walk: one lab's events up to number ``last``, remembering the tree at ``sizes``."""

    path: Path
    read_only: bool
    lab_id: str
    last: int
    sizes: frozenset[int]


@dataclass(slots=True)
class Walk:
    """What a walk found: faults, the log's length, its last hash and its Merkle frontier."""

    found: Findings = field(default_factory=Findings)
    events: int = 0
    head: bytes = chain.GENESIS
    frontier: bytes = b""
    roots: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """Head and Merkle root at each of the sizes asked for."""


def walk(database: Database, stretch: Stretch) -> Walk:
    """Look at every page of the file, then at every event of a stretch, in order."""
    done = Walk()
    for fault in damage(database):
        done.found.problem(f"the file is damaged: {fault}")
    _along(log.everything(database), stretch, done)
    return done


def damage(database: Database) -> list[str]:
    """Return what SQLite itself finds wrong with the file: pages, indexes, broken promises."""
    faults = [str(row[0]) for row in database.execute("PRAGMA integrity_check(5)").fetchall()]
    return [] if faults == ["ok"] else faults


def _along(rows: Iterable[tuple[Any, ...]], stretch: Stretch, done: Walk) -> None:
    found, tree, link = done.found, chain.Tree(), chain.link
    lab_id, last, sizes = stretch.lab_id, stretch.last, stretch.sizes
    expected, latest, head = 1, "", chain.GENESIS
    for row in rows:
        seq, _, at, _, kind, _, _, prev, stored = row
        if seq > last:
            break
        if seq != expected:
            lost = "is missing" if seq == expected + 1 else f"to {seq - 1} are missing"
            found.problem(f"event {expected} {lost}" if seq > expected else f"event {seq} is extra")
        leaf = _leaf(lab_id, row)
        if leaf is None:
            found.problem(f"event {seq} ({kind}): its columns cannot be read as an event")
            leaf, at, prev, stored = _UNREADABLE, str(at), _bytes(prev), _bytes(stored)
        if link(prev, leaf) != stored:
            found.problem(f"event {seq} ({kind}) was edited: its hash does not fit its content")
        if prev != head:
            found.problem(
                f"event {seq} ({kind}) does not follow event {seq - 1}: something was edited, "
                "removed, inserted or swapped here"
            )
        if at < latest and _gone_back(latest, at):
            found.notice(f"event {seq}: the clock went back from {latest} to {at}")
        latest = max(latest, at)
        expected = seq + 1
        head = stored
        tree.add(leaf)
        if tree.size in sizes:
            done.roots[tree.size] = (head, chain.root(tree.frontier))
    done.events, done.head, done.frontier = tree.size, bytes(head), tree.frontier


def _leaf(lab_id: str, row: tuple[Any, ...]) -> bytes | None:
    seq, event_id, at, actor, kind, body, key, prev, stored = row
    if type(prev) is not bytes or type(stored) is not bytes or type(body) is not str:
        return None
    try:
        text = log.canonical_text(lab_id, seq, event_id, at, actor, kind, body, key)
    except (RecordError, ValueError, TypeError):
        return None
    return chain.leaf_hash(text)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def _gone_back(before: str, after: str) -> bool:
    try:
        return records.moment(before) - records.moment(after) > _CLOCK_TOLERANCE
    except ValueError:
        return True
