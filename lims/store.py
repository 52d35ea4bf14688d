"""The connection to ``lab.db``: opening, one connection a thread, and the write transaction.

The only place that begins or ends a transaction. Knows nothing of what the rows mean.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lims import migrate, sqlite
from lims.errors import AuditBrokenError, ConfigError, DamagedError, RecordError

if TYPE_CHECKING:
    from sqlite_utils import Database

CHECKED_BYTES = 64_000_000
"""Up to this size every page is looked at on opening (0.15 s); beyond, `audit.verify` does."""

LOG_TABLES = frozenset(("event", "document", "checkpoint"))


class Store:
    """One ``lab.db``, for one process and all its threads.

    Parameters
    ----------
    path : Path
    busy_ms : int
        How long a write waits for another program, in milliseconds.
    read_only : bool
        For inspection: nothing can be written, and a read-only medium will do.
    """

    def __init__(
        self, path: Path, *, busy_ms: int = sqlite.BUSY_MS, read_only: bool = False
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._busy_ms = busy_ms
        self._local = threading.local()
        self._all: list[Database] = []
        self._lock = threading.Lock()
        self._closed = False

    @property
    def db(self) -> Database:
        """The calling thread's connection, opened on first use and guarded."""
        if self._closed:
            raise RecordError("the lab was closed", hint="Open it again.")
        found: Database | None = getattr(self._local, "db", None)
        if found is not None:
            return found
        database = sqlite.connect(self.path, busy_ms=self._busy_ms, read_only=self.read_only)
        sqlite.guard(database, LOG_TABLES)
        with self._lock:
            self._all.append(database)
        self._local.db = database
        return database

    def rows(self, sql: str, parameters: list[object] | None = None) -> list[dict[str, object]]:
        """Run one reading statement and return its rows as dicts."""
        with sqlite.translated(self.path):
            return list(self.db.query(sql, parameters or []))

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """Hold the write lock for the block; commit at its end, or leave nothing of it.

        Raises
        ------
        BusyError, StorageFullError, ConfigError, RecordError
            Another writer, a full disk, a read-only medium, a refused change.
        """
        if self.read_only:
            raise ConfigError(
                "the lab is open for inspection only; nothing was written",
                hint="Open it for work to change the record.",
            )
        database = self.db
        if getattr(self._local, "is_writing", False):
            raise RecordError(
                "one act is still being written: an act must not begin inside another"
            )
        with sqlite.translated(self.path):
            # A reading statement whose disk failed twice leaves its savepoint open.
            _leave_nothing_open(database)
            # Deferred transactions upgrade on the first write and fail under contention.
            database.conn.execute("BEGIN IMMEDIATE")
            self._local.is_writing = True
            try:
                yield database
                database.conn.execute("COMMIT")
            finally:
                self._local.is_writing = False
                _leave_nothing_open(database)

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            self._closed = True
            for database in self._all:
                database.close()
            self._all.clear()


def _leave_nothing_open(database: Database) -> None:
    if database.conn.in_transaction:
        database.conn.rollback()


def create(path: Path) -> None:
    """Make a new database file with this software's schema."""
    database = sqlite.create(path)
    try:
        with sqlite.translated(path):
            migrate.apply(database)
    finally:
        database.close()


def open_store(path: Path, *, busy_ms: int = sqlite.BUSY_MS, for_inspection: bool = False) -> Store:
    """Open an existing file: identity, version, schema and pages are looked at first.

    Raises
    ------
    ConfigError
        Not one of our files, or written by newer software.
    RecordError
        The file is damaged.
    AuditBrokenError
        A table or trigger is not as this software made it (not raised for inspection).
    """
    writable = _is_writable(path)
    read_only = for_inspection and not writable
    database = sqlite.connect(path, busy_ms=busy_ms, read_only=read_only)
    try:
        with sqlite.translated(path):
            _check_identity(database, path)
            if not for_inspection:
                migrate.apply(database, backup_folder=path.parent)
                _check_schema(database)
    finally:
        database.close()
    return Store(path, busy_ms=busy_ms, read_only=read_only)


def _is_writable(path: Path) -> bool:
    try:
        with path.open("r+b"):
            return True
    except OSError:
        return False


def _check_identity(database: Database, path: Path) -> None:
    if database.execute("PRAGMA application_id").fetchone()[0] != sqlite.APPLICATION_ID:
        raise ConfigError(
            f"{path} is a SQLite database, but not a lab's record",
            hint="Point --lab or FOL_LAB at a folder made by `fol init`.",
        )
    found = migrate.version_of(database)
    if found > migrate.latest():
        raise ConfigError(
            f"this lab was written by newer software (schema {found}; this one knows "
            f"{migrate.latest()})",
            hint="Install the newer version of fol-lims on this computer.",
        )
    if path.stat().st_size > CHECKED_BYTES:
        return
    faults = [str(row[0]) for row in database.execute("PRAGMA quick_check(3)").fetchall()]
    if faults != ["ok"]:
        raise DamagedError(
            f"{path} is damaged: {faults[0]}",
            hint="Do not write to it. Keep a copy, then restore the last verified backup.",
        )


def _check_schema(database: Database) -> None:
    faults = migrate.schema_faults(database)
    if faults:
        raise AuditBrokenError(
            f"the record's protection was altered: {'; '.join(faults)}",
            hint="Stop work and run `fol audit verify`. The quality manager must decide.",
        )
