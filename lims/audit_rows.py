"""The rows that follow from the log, made once more in memory, and where the file's differ.

The handlers are those of a live act. What is done differently here only saves time: where the
outcome is not the file's, the log is replayed again without it, and that replay decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lims import canonical, migrate, projections, sqlite
from lims import events as log
from lims.audit_findings import Findings, Progress, silent
from lims.errors import RecordError
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

WHOLE: Mapping[str, str] = {"finding.submitted": "match", "law.rule_imported": "document"}
"""Members of bodies that handlers store as they are: large, and not taken apart for a replay."""

ONLY_FOR_LISTS = (
    "sample_queue",
    "sample_submitted",
    "sample_concluded",
    "sample_officer",
    "sample_unseen",
    "shipment_seq",
    "shipment_sender",
    "finding_state",
    "outbox_open",
    "alert_open",
)
"""Indexes that no handler looks through; a replay does without them."""

NAMED = 3
"""Rows that a problem names, of those that differ."""

_TOLD_EVERY = 4_096
_COLUMNS = "seq, event_id, at, actor, kind, body, key, prev, hash"


class _NotTaken(Exception):  # noqa: N818 - says that a short cut was not taken, not that it failed
    """An event is not of the shape that the short cut needs."""


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
        if not _differing(path, read_only, progress, short_cuts=True):
            return
    except (_NotTaken, RecordError, KeyError, TypeError, ValueError, sqlite.sqlite3.DatabaseError):
        pass  # said below, by the replay that takes no short cut
    try:
        differing = _differing(path, read_only, progress, short_cuts=False)
    except (RecordError, KeyError, TypeError, ValueError, sqlite.sqlite3.DatabaseError) as error:
        found.problem(f"the log cannot be replayed: {error}")
        return
    for table, rows in differing.items():
        told = f" ({', '.join(rows)})" if rows else ""
        found.problem(f"table {table} holds rows that do not follow from the events{told}")


def _differing(
    path: Path, read_only: bool, progress: Progress, *, short_cuts: bool
) -> dict[str, list[str]]:
    database = sqlite.memory()
    try:
        migrate.apply(database)
        if short_cuts:
            database.conn.execute("PRAGMA foreign_keys=OFF")  # looked at once, when all is there
            for index in ONLY_FOR_LISTS:
                database.conn.execute(f"DROP INDEX {index}")
        sqlite.attach(database, path, read_only=read_only)
        database.conn.execute("BEGIN")
        total = int(database.execute("SELECT count(*) FROM kept.event").fetchone()[0])
        events = _events_in_part(database) if short_cuts else _events(database)
        for done, event in enumerate(events):
            if done % _TOLD_EVERY == 0:
                progress("replaying the log", done, total)
            projections.handle(database, event)
        broken = database.execute("PRAGMA main.foreign_key_check").fetchone()
        if broken is not None:
            raise RecordError(f"a row of {broken[0]} points at none of {broken[2]}")
        progress("comparing tables", 0, 0)
        tables = [table for table in projections.TABLES if table != "log_head"]
        return {t: rows for t in tables if (rows := _table(database, t)) is not None}
    finally:
        database.close()


def _events(database: Database) -> Iterator[Event]:
    for row in database.conn.execute(f"SELECT {_COLUMNS} FROM kept.event ORDER BY seq"):
        yield log.from_row(row)


def _events_in_part(database: Database) -> Iterator[Event]:
    """Yield the events with the members of `WHOLE` cut out, as they are spelled, by SQLite."""
    body = " ".join(f"WHEN '{k}' THEN json_remove(body, '$.{m}')" for k, m in WHOLE.items())
    member = " ".join(f"WHEN '{k}' THEN body -> '$.{m}'" for k, m in WHOLE.items())
    rows = database.conn.execute(
        f"SELECT seq, event_id, at, actor, kind, CASE kind {body} ELSE body END, key, prev, hash, "
        f"CASE kind {member} END, length(body) FROM kept.event ORDER BY seq"
    )
    parsed = canonical.parsed
    for seq, event_id, at, actor, kind, text, key, prev, hash_, whole, length in rows:
        content = parsed(text)
        if whole is not None:
            name = WHOLE[kind]
            # Cut out and put back it must be the body again; a name that stands twice is not.
            if name in content or len(text) + len(whole) + len(name) + len('"":,') != length:
                raise _NotTaken(f"event {seq}")
            content[name] = canonical.Spelled(whole)
        yield Event(
            seq=seq,
            event_id=event_id,
            at=at,
            actor=actor,
            kind=kind,
            body=content,
            prev=prev,
            hash=hash_,
            key=key,
        )


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
