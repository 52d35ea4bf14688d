"""Bring an older ``lab.db`` to this software's schema: numbered SQL, each step one transaction."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from lims import sqlite
from lims.errors import ConfigError

if TYPE_CHECKING:
    from sqlite_utils import Database

_PARTIAL = ".partial"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@cache
def steps() -> tuple[tuple[int, str], ...]:
    """Return the numbered SQL texts in order."""
    return tuple(sorted(_read()))


def _read() -> Iterator[tuple[int, str]]:
    for entry in resources.files("lims").joinpath("migrations").iterdir():
        found = _NAME.fullmatch(entry.name)
        if found:
            yield int(found[1]), entry.read_text(encoding="utf-8")


def latest() -> int:
    """Return the schema version this software writes."""
    return steps()[-1][0]


def version_of(database: Database) -> int:
    """Return the schema version of a file."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def apply(database: Database, *, backup_folder: Path | None = None) -> list[int]:
    """Apply the missing steps to an unguarded connection and return their numbers.

    Parameters
    ----------
    database : Database
    backup_folder : Path or None
        Where to put a whole copy of a database that already holds something, before the first
        step. None only for a database that was just made.

    Raises
    ------
    ConfigError
        The file was written by newer software.
    """
    have = version_of(database)
    if have > latest():
        raise ConfigError(
            f"this lab was written by newer software (schema {have}; this one knows {latest()})",
            hint="Install the newer version of fol-lims on this computer.",
        )
    missing = [(number, text) for number, text in steps() if number > have]
    if missing and have and backup_folder is not None:
        _keep_copy(database, have, backup_folder / f"lab-before-schema-{missing[0][0]:04d}.db")
    done = [number for number, text in missing if _step(database, number, text)]
    if done and backup_folder is not None:
        for left in backup_folder.glob(f"lab-before-schema-*{_PARTIAL}"):
            left.unlink(missing_ok=True)
    return done


def _step(database: Database, number: int, text: str) -> bool:
    """Apply one step in one transaction; False where another program did it meanwhile."""
    execute = database.conn.execute
    execute("BEGIN IMMEDIATE")
    try:
        if version_of(database) >= number:
            return False
        for statement in _statements(text):
            execute(statement)
        execute(f"PRAGMA user_version={number}")
        execute("COMMIT")
        return True
    finally:
        if database.conn.in_transaction:
            database.conn.rollback()


def _statements(text: str) -> Iterator[str]:
    """Split SQL at its ends of statement; ``executescript`` would commit before it begins."""
    statement = ""
    for part in re.split(r"(?<=;)", text):
        statement += part
        if sqlite.sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def _keep_copy(database: Database, have: int, copy: Path) -> None:
    """Keep a whole copy of the file as it is; one that a power cut left half-done is replaced."""
    partial = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}{_PARTIAL}")
    try:
        database.execute("VACUUM INTO ?", [str(partial)])
        kept = sqlite.connect(partial, read_only=True)
        try:
            is_before = version_of(kept) == have  # else another program has migrated meanwhile
        finally:
            kept.close()
        if is_before:
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            with suppress(FileNotFoundError):  # taken away by a program that was done first
                partial.replace(copy)
    finally:
        partial.unlink(missing_ok=True)


def fingerprint(database: Database) -> str:
    """Return SHA-256 over every table, index and trigger definition, as 64 hex digits."""
    rows = database.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema "
        "WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name"
    ).fetchall()
    digest = hashlib.sha256()
    for row in rows:
        digest.update("\x1f".join(str(part) for part in row).encode() + b"\x1e")
    return digest.hexdigest()


@cache
def expected_schema() -> tuple[str, frozenset[tuple[str, str]]]:
    """Return the fingerprint this software's own steps give, and the (type, name) of every part."""
    database = sqlite.memory()
    apply(database)
    parts = database.execute(
        "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ).fetchall()
    result = fingerprint(database), frozenset((str(kind), str(name)) for kind, name in parts)
    database.close()
    return result


def schema_faults(database: Database) -> list[str]:
    """Return what is missing from, added to or changed in a file's schema; empty when whole."""
    wanted, parts = expected_schema()
    if fingerprint(database) == wanted:
        return []
    found = {
        (str(kind), str(name))
        for kind, name in database.execute(
            "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ).fetchall()
    }
    faults = [f"the {kind} {name} is missing" for kind, name in sorted(parts - found)]
    faults += [f"an unknown {kind} {name} was added" for kind, name in sorted(found - parts)]
    return faults or ["a table, index or trigger was redefined"]
