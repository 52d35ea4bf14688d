"""Signed statements of the log's size, root and head (C2SP tlog-checkpoint text): made and read."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lims import chain, clock, keys, migrate, records
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

    from lims.act import Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement of the log's size and Merkle root (C2SP tlog-checkpoint text)."""

    size: int
    root: bytes
    head: bytes
    fingerprint: str
    at: str
    signature: bytes


def checkpoint(lab: Lab, actor: str) -> Checkpoint:
    """Sign the log's present size, root and head with the lab's key and keep the statement.

    Raises
    ------
    ConfigError
        The key is missing or wrong.
    """
    with lab.writing(actor) as act:
        return made(act)


def made(act: Act) -> Checkpoint:
    """Sign the log as it stands in an act and keep the statement.

    Raises
    ------
    ConfigError, PermissionDenied
    """
    act.allow(Verb.CHECKPOINT_LOG)
    row = act.db.execute("SELECT size, head, frontier FROM log_head").fetchone()
    size, head, root = int(row[0]), bytes(row[1]), chain.root(bytes(row[2]))
    known = [point for point in stored(act.db) if point.size == size]
    if known:
        return known[0]
    point = Checkpoint(
        size=size,
        root=root,
        head=head,
        fingerprint=migrate.fingerprint(act.db),
        at=clock.stamp(act.at),
        signature=b"",
    )
    signature = keys.sign(act.lab, statement(act.lab, point))
    act.db.conn.execute(
        "INSERT INTO checkpoint(size, root, head, fingerprint, at, signature) VALUES(?,?,?,?,?,?)",
        (size, root, head, point.fingerprint, point.at, signature),
    )
    return next(point for point in stored(act.db) if point.size == size)


def checkpoints(lab: Lab) -> tuple[Checkpoint, ...]:
    """Return every signed checkpoint, oldest first."""
    return tuple(stored(lab.db))


def statement(lab: Lab, point: Checkpoint) -> bytes:
    """Return the text a checkpoint's signature covers: origin, size, root, then head and schema."""
    lines = (
        f"lims/{lab.lab_id}",
        str(point.size),
        base64.b64encode(point.root).decode("ascii"),
        point.head.hex(),
        point.fingerprint,
        point.at,
    )
    return ("\n".join(lines) + "\n").encode()


def stored(database: Database) -> Iterator[Checkpoint]:
    """Yield the checkpoints of an open record, oldest first."""
    for row in records.rows(database, "SELECT * FROM checkpoint ORDER BY size"):
        yield Checkpoint(
            size=row["size"],
            root=bytes(row["root"]),
            head=bytes(row["head"]),
            fingerprint=row["fingerprint"],
            at=row["at"],
            signature=bytes(row["signature"]),
        )
