"""The rows that follow from the log, made once more, and where the file's differ.

The handlers are those of a live act. What is done differently here only saves time and memory:
where the outcome is not the file's, the log is replayed again without it, and that replay decides.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lims import canonical, migrate, projections, sqlite
from lims import events as log
from lims.audit_findings import Findings, Progress, silent
from lims.audit_store import FollowingStore
from lims.errors import RecordError
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

WHOLE: Mapping[str, str] = {"finding.submitted": "match", "law.rule_imported": "document"}
"""Members of bodies that handlers store as they are: large, and not taken apart for a replay."""

NAMED = 3
"""Rows that a problem names, of those that differ."""

_TOLD_EVERY = 4_096
_CACHE_KIB = 64 * 1024
"""Many tables are read side by side; by default SQLite keeps 2 MB of the file at hand."""
_COLUMNS = "seq, event_id, at, actor, kind, body, key, prev, hash"


class _NotTaken(Exception):  # noqa: N818 - says that a short cut was not taken, not that it failed
    """An event is not of the shape that the short cut needs."""


class _Told:
    """What handlers ask of an event. One object tells them all: making a million costs seconds."""

    __slots__ = ("actor", "at", "body", "event_id", "kind", "seq")

    seq: int
    event_id: str
    at: str
    actor: str
    kind: str
    body: Mapping[str, Any]


def compare(path: Path, *, read_only: bool, found: Findings, progress: Progress = silent) -> None:
    """Replay the log of a file and name the tables, and some rows, that do not follow from it.

    Parameters
    ----------
    path : Path
        A lab's database; seen through a connection of this function's own, as one moment.
    read_only : bool
        It lies on a medium that cannot be written.
    found : Findings
    progress : callable
    """
    try:
        with _collecting_nothing():
            if _follows(path, read_only, progress):
                return
    except (
        _NotTaken,
        RecordError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        sqlite.sqlite3.DatabaseError,
    ):
        pass  # said below, by the replay that takes no short cut
    try:
        differing = _differing(path, read_only, progress)
    except (RecordError, KeyError, TypeError, ValueError, sqlite.sqlite3.DatabaseError) as error:
        found.problem(f"the log cannot be replayed: {error}")
        return
    for table, rows in differing.items():
        told = f" ({', '.join(rows)})" if rows else ""
        found.problem(f"table {table} holds rows that do not follow from the events{told}")


def _follows(path: Path, read_only: bool, progress: Progress) -> bool:
    """Whether every row follows from the log, found without keeping what the file keeps."""
    with _replaying(path, read_only) as database:
        database.conn.execute("PRAGMA foreign_keys=OFF")  # looked at once, in the file
        database.conn.execute("BEGIN")
        store = FollowingStore(database, _tables())
        try:
            told = cast("Database", store)
            for event in _counted(database, _events_in_part(database), progress):
                projections.handle(told, event)
            progress("comparing tables", 0, 0)
            differing = next(store.differing(), None)
            broken = database.execute("PRAGMA kept.foreign_key_check").fetchone()
        finally:
            store.close()
        if differing is not None or broken is not None:
            return False
        return all(_table(database, t) is None for t in _tables() if t not in store.followed)


def _differing(path: Path, read_only: bool, progress: Progress) -> dict[str, list[str]]:
    """Return the tables that do not follow, and some of their rows, by a replay of everything."""
    with _replaying(path, read_only) as database:
        database.conn.execute("BEGIN")
        for event in _counted(database, _events(database), progress):
            projections.handle(database, event)
        progress("comparing tables", 0, 0)
        return {t: rows for t in _tables() if (rows := _table(database, t)) is not None}


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Let Python look for no cycles meanwhile: a replay makes none, and the looking takes time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _tables() -> list[str]:
    return [table for table in projections.TABLES if table != "log_head"]


@contextmanager
def _replaying(path: Path, read_only: bool) -> Iterator[Database]:
    """Give empty tables in memory, beside the file's."""
    database = sqlite.memory()
    try:
        migrate.apply(database)
        sqlite.attach(database, path, read_only=read_only)
        database.execute(f"PRAGMA kept.cache_size=-{_CACHE_KIB}")
        yield database
    finally:
        database.close()


def _counted(database: Database, events: Iterator[Event], progress: Progress) -> Iterator[Event]:
    total = int(database.execute("SELECT count(*) FROM kept.event").fetchone()[0])
    for done, event in enumerate(events):
        if done % _TOLD_EVERY == 0:
            progress("replaying the log", done, total)
        yield event


def _events(database: Database) -> Iterator[Event]:
    for row in database.conn.execute(f"SELECT {_COLUMNS} FROM kept.event ORDER BY seq"):
        yield log.from_row(row)


def _events_in_part(database: Database) -> Iterator[Event]:
    """Yield the events with the members of `WHOLE` cut out, as they are spelled, by SQLite."""
    body = " ".join(f"WHEN '{k}' THEN json_remove(body, '$.{m}')" for k, m in WHOLE.items())
    length = " ".join(f"WHEN '{k}' THEN length(body)" for k in WHOLE)
    member = " ".join(f"WHEN '{k}' THEN body -> '$.{m}'" for k, m in WHOLE.items())
    rows = database.conn.execute(
        f"SELECT seq, event_id, at, actor, kind, CASE kind {body} ELSE body END, "
        f"CASE kind {member} END, CASE kind {length} END FROM kept.event ORDER BY seq"
    )
    parsed, told = canonical.parsed, _Told()
    for row in rows:
        told.seq, told.event_id, told.at, told.actor, told.kind, text, whole, length = row
        content = parsed(text)
        if whole is not None:
            name = WHOLE[told.kind]
            # Cut out and put back it must be the body again; a name that stands twice is not.
            if name in content or len(text) + len(whole) + len(name) + len('"":,') != length:
                raise _NotTaken(f"event {told.seq}")
            content[name] = canonical.Spelled(whole)
        told.body = content
        yield cast("Event", told)


def _table(database: Database, table: str) -> list[str] | None:
    """Return some rows of a table that differ, spelled by their keys; None when none does."""
    facts = database.execute(f"PRAGMA main.table_info({table})").fetchall()
    columns = [str(fact[1]) for fact in facts]
    keys = [str(fact[1]) for fact in facts if fact[5]]
    same_key = " AND ".join(f"a.{key}=b.{key}" for key in keys)
    same = " AND ".join(f"a.{column} IS b.{column}" for column in columns if column not in keys)
    both = f"main.{table} a JOIN kept.{table} b ON {same_key}"
    counts = database.execute(
        f"SELECT (SELECT count(*) FROM main.{table}), (SELECT count(*) FROM kept.{table}), "
        f"(SELECT count(*) FROM {both} WHERE {same or '1'})"
    ).fetchone()
    if counts[0] == counts[1] == counts[2]:
        return None
    return [
        " ".join(str(value) for value in row)[:60]
        for row in database.execute(_unlike(table, columns, keys)).fetchall()
    ]


def _unlike(table: str, columns: list[str], keys: list[str]) -> str:
    every, key = ", ".join(columns), ", ".join(keys)
    wanted, there = (f"SELECT {every} FROM {side}.{table}" for side in ("main", "kept"))
    return (
        f"SELECT DISTINCT {key} FROM (SELECT * FROM ({wanted} EXCEPT {there}) "
        f"UNION ALL SELECT * FROM ({there} EXCEPT {wanted})) LIMIT {NAMED}"
    )
