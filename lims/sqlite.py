"""The SQLite driver, its version gate, and how every connection to ``lab.db`` is opened.

Knows pragmas, error codes and the authorizer; must not know a table's meaning.
"""

from __future__ import annotations

import errno
import importlib
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims.errors import (
    AuditBrokenError,
    BusyError,
    ConfigError,
    DamagedError,
    DiskFailedError,
    RecordError,
    StorageFullError,
)

if TYPE_CHECKING:
    from sqlite_utils import Database


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """Hide optional modules during an import: sqlite-utils takes pandas along (0.2 s) if there."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # the documented way to say "absent"
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


with _without("pandas", "numpy"):
    _library: Any = importlib.import_module("sqlite_utils")
    # pysqlite3 where it is installed, else the standard module; their exceptions are not the same.
    sqlite3: Any = importlib.import_module("sqlite_utils.utils").sqlite3

APPLICATION_ID = 0x464F4C31
"""``FOL1``: marks the file as a lab's record for ``file(1)`` and for us."""

BUSY_MS = 10_000

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ONE_ACT = 1 << 20
"""An act of the record, with its journal, is smaller than this."""

# The WAL-reset fault (3.7.0 to 3.51.2) can lose acknowledged commits when two processes write and
# checkpoint at once. Fixed in 3.51.3, carried back to 3.50.7 and 3.44.6 (sqlite.org/wal.html, 11).
_FIXED = (3, 51, 3)
_FIXED_IN_SERIES = {(3, 50): 7, (3, 44): 6}

_PRAGMAS_TO_READ = frozenset(
    (
        "application_id",
        "user_version",
        "data_version",
        "page_count",
        "page_size",
        "freelist_count",
        "journal_mode",
        "synchronous",
        "foreign_keys",
        "foreign_key_check",
        "integrity_check",
        "quick_check",
        "table_info",
        "recursive_triggers",
        "trusted_schema",
        "max_page_count",
    )
)
_PRAGMAS_WITH_ARGUMENT = frozenset(
    ("foreign_key_check", "integrity_check", "quick_check", "table_info")
)


def safe_for_wal(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite may use the write-ahead log with several processes."""
    if version >= _FIXED:
        return True
    fixed = _FIXED_IN_SERIES.get(version[:2])
    return fixed is not None and version[2] >= fixed


def library_version() -> tuple[int, int, int]:
    """Return the version of the SQLite in use."""
    major, minor, patch = (int(part) for part in sqlite3.sqlite_version.split(".")[:3])
    return major, minor, patch


def banner(version: tuple[int, int, int] | None = None) -> str:
    """Return what to tell people about this SQLite; empty when nothing needs saying."""
    version = library_version() if version is None else version
    if safe_for_wal(version):
        return ""
    text = ".".join(str(part) for part in version)
    return (
        f"SQLite {text} has the WAL-reset fault: the record runs in the slower DELETE journal "
        "mode. Install pysqlite3 0.6.1 or later for a repaired SQLite."
    )


def connect(path: Path, *, busy_ms: int = BUSY_MS, read_only: bool = False) -> Database:
    """Open a database file by the recipe, without creating it.

    Parameters
    ----------
    path : Path
    busy_ms : int
        How long to wait for another writer before `BusyError`, in milliseconds.
    read_only : bool
        Open unchangeable; works on a read-only medium.

    Raises
    ------
    ConfigError, RecordError, BusyError
        As `translated` says.
    """
    mode = "ro&immutable=1" if read_only else "rw"
    location = f"{path.resolve().as_uri()}?mode={mode}"

    def open_file() -> Any:
        opened = sqlite3.connect(location, uri=True, check_same_thread=False)
        opened.execute(f"PRAGMA busy_timeout={int(busy_ms)}")
        return opened

    with translated(path):
        connection = open_file()
        try:
            if not read_only and _journal_of(connection) != _journal():
                connection.close()
                _change_journal(open_file, _journal(), busy_ms)
                connection = open_file()
            return _prepared(connection, read_only=read_only)
        except UnicodeDecodeError as error:
            # What SQLite quotes of a damaged schema in its message need not be text.
            connection.close()
            raise _ours(sqlite3.DatabaseError("malformed database schema"), path) from error
        except BaseException:
            connection.close()
            raise


def memory() -> Database:
    """Return an empty database in memory, for replay and for the expected schema."""
    database: Database = _library.Database(
        sqlite3.connect("file::memory:", uri=True, check_same_thread=False), execute_plugins=False
    )
    database.execute("PRAGMA foreign_keys=ON")
    return database


def attach(database: Database, path: Path, *, read_only: bool) -> None:
    """Let a database in memory see a file, unchangeable, under the name ``kept``.

    Parameters
    ----------
    database : Database
        Made by `memory`, in no transaction.
    path : Path
    read_only : bool
        As for `connect`: the file lies on a medium that cannot be written.
    """
    mode = "ro&immutable=1" if read_only else "ro"
    with translated(path):
        database.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        database.execute("PRAGMA trusted_schema=OFF")
        database.execute("PRAGMA cell_size_check=ON")
        database.execute("ATTACH ? AS kept", [f"{path.resolve().as_uri()}?mode={mode}"])


def create(path: Path) -> Database:
    """Create a new, empty database file in the journal mode the gate allows."""
    with translated(path):
        connection = sqlite3.connect(str(path), check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA journal_mode={_journal()}")
        return _prepared(connection, read_only=False)


def _journal() -> str:
    return "wal" if safe_for_wal(library_version()) else "delete"


def _journal_of(connection: Any) -> str:
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def _prepared(connection: Any, *, read_only: bool) -> Database:
    execute = connection.execute
    if not read_only:
        execute(f"PRAGMA synchronous={'FULL' if _journal() == 'wal' else 'EXTRA'}")
    execute("PRAGMA foreign_keys=ON")
    execute("PRAGMA recursive_triggers=ON")
    execute("PRAGMA trusted_schema=OFF")
    execute("PRAGMA cell_size_check=ON")
    execute("PRAGMA mmap_size=0")
    # Plug-ins of sqlite-utils are somebody else's code: none may reach the record.
    database: Database = _library.Database(connection, execute_plugins=False)
    return database


def _change_journal(open_file: Callable[[], Any], wanted: str, busy_ms: int) -> None:
    """Change the journal mode of a file, waiting for whoever opens it at the same moment."""
    until = time.monotonic() + busy_ms / 1000
    while True:
        # Whoever has the old mode open bars the change: two that waited would bar each other,
        # so that each lets go of the file before it tries again.
        connection = open_file()
        try:
            if connection.execute(f"PRAGMA journal_mode={wanted}").fetchone()[0] == wanted:
                return
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
        finally:
            connection.close()
        time.sleep(random.uniform(0.005, 0.04))


def guard(database: Database, protected: frozenset[str]) -> None:
    """Forbid, on this connection, whatever could unmake the record.

    No UPDATE or DELETE on ``protected`` tables, no change of schema, no ATTACH, no PRAGMA that
    weakens a promise. Another program with the file is beyond this; the hash chain is for that.
    """
    structural = {
        value
        for name, value in vars(sqlite3).items()
        if name.startswith(("SQLITE_DROP_", "SQLITE_CREATE_", "SQLITE_ALTER_"))
    } | {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}
    changing = {sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
    deny, allow = sqlite3.SQLITE_DENY, sqlite3.SQLITE_OK

    def decide(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action in structural:
            return int(deny)
        if action in changing and first in protected:
            return int(deny)
        if action == sqlite3.SQLITE_PRAGMA:
            readable = first in _PRAGMAS_TO_READ
            return int(
                allow if readable and (not second or first in _PRAGMAS_WITH_ARGUMENT) else deny
            )
        return int(allow)

    database.conn.set_authorizer(decide)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the driver's errors into ours, each with what a person can do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _ours(error, path) from error
    except OSError as error:
        # Other errors come from files that people named and are told where they were named.
        if error.errno in (*_NO_ROOM, errno.EROFS, errno.EIO):
            raise refused_by_system(error, path) from error
        raise


def refused_by_system(error: OSError, path: Path) -> RecordError | ConfigError:
    """Return our error for what the system refused below ``path``, with what a person can do."""
    if error.errno in _NO_ROOM:
        return _full(path)
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return _read_only(path)
    return DiskFailedError(
        f"the disk failed at {error.filename or path}: {error.strerror or error}",
        hint="Look whether the act is in the record before repeating it, and check the disk.",
    )


def _ours(error: Exception, path: Path) -> RecordError | ConfigError:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    text = str(error)
    if code in (5, 6) or "is locked" in text:
        return BusyError(
            "another program is writing; nothing was written",
            hint="Try again in a moment. A backup or a second program may be holding the record.",
        )
    if code == 13 or "database or disk is full" in text:
        return _full(path)
    if code == 8 or "readonly" in text:
        return _read_only(path)
    if code == 14 or "unable to open" in text:
        return ConfigError(
            f"{path} cannot be opened", hint="Check that it exists and that you may read it."
        )
    if (
        code in (11, 26)
        or "decode to UTF-8" in text
        or "malformed" in text
        or "not a database" in text
    ):
        return DamagedError(
            f"{path} is damaged: {text}",
            hint="Do not write to it. Keep a copy, then restore the last verified backup.",
        )
    if code == 10 or "disk I/O error" in text:
        if _may_not_grow(path):
            return _full(path)
        return DiskFailedError(
            f"the disk failed at {path}: {text}",
            hint="The last act may or may not be in the record: look before repeating it.",
        )
    if "append-only" in text or "chain break" in text or "not authorized" in text:
        return AuditBrokenError(f"the record refused a change to what is written: {text}")
    return RecordError(f"the record refused the act: {text}")


def _may_not_grow(path: Path) -> bool:
    """Whether the system's limit on this process's files was met; SQLite says only "I/O error"."""
    try:
        resource: Any = importlib.import_module("resource")
    except ImportError:  # not a POSIX system: no such limit
        return False
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if limit == resource.RLIM_INFINITY:
        return False
    # A journal may be gone by now: the act was already taken back.
    sizes = [each.stat().st_size for each in path.parent.glob(f"{path.name}*") if each.is_file()]
    return bool(max(sizes, default=0) + _ONE_ACT >= limit)


def _read_only(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} cannot be written: the file or its disk is read-only",
        hint="Give this account write permission to the lab folder, or remount the disk.",
    )


def _full(path: Path) -> StorageFullError:
    return StorageFullError(
        f"the disk that holds {path} is full; nothing was written",
        hint="Free space or move the lab folder; everything written before is safe.",
    )
