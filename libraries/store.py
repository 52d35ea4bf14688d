"""One library version's record: `library.db`, the truth that every index is rebuilt from.

Written once through sqlite-utils, then only read, with plain SQL: importing sqlite-utils costs
half a second where pandas is installed, and an answer must not wait for it.
"""

from __future__ import annotations

import hashlib
import importlib
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from libraries import record_rows
from libraries.entry import Entry, EntryDraft, Section
from libraries.errors import LibraryError, LibraryNotFoundError, LibraryVersionError

if TYPE_CHECKING:
    from sqlite_utils import Database

FILE = "library.db"
SCHEMA = 3
_APPLICATION_ID = 0x464F4C4C  # "FOLL"

# All of them stand before the numbers in a row, so that reading them never touches a blob.
_WORDS = "id, section, name, substance, formula, inchikey, cas, compound_class"

_TABLES = """
CREATE TABLE library (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  name TEXT NOT NULL, version TEXT NOT NULL, licence TEXT NOT NULL, created_at TEXT NOT NULL,
  software TEXT NOT NULL, training INTEGER NOT NULL CHECK (training IN (0, 1)),
  entries INTEGER NOT NULL, content_sha256 TEXT NOT NULL CHECK (length(content_sha256) = 64)
) STRICT;
CREATE TABLE entry (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (length(id) = 16),
  section TEXT NOT NULL CHECK (section IN ('raman', 'ftir', 'ei', 'msms')),
  name TEXT NOT NULL, substance TEXT NOT NULL, substance_group TEXT NOT NULL,
  inchikey TEXT NOT NULL, smiles TEXT NOT NULL, formula TEXT NOT NULL, cas TEXT NOT NULL,
  compound_class TEXT NOT NULL, molecular_mass REAL,
  ionization TEXT NOT NULL, retention_index REAL, sampling TEXT NOT NULL,
  x_kind TEXT NOT NULL, x_unit TEXT NOT NULL, y_kind TEXT NOT NULL, y_unit TEXT NOT NULL,
  x BLOB NOT NULL, y BLOB NOT NULL,
  source_file TEXT NOT NULL, source_sha256 TEXT NOT NULL, accession TEXT NOT NULL,
  licence TEXT NOT NULL, instrument TEXT NOT NULL, conditions TEXT NOT NULL, notes TEXT NOT NULL,
  measured TEXT NOT NULL,
  precursor_mz REAL CHECK ((precursor_mz IS NOT NULL) = (section = 'msms')),
  polarity TEXT NOT NULL CHECK (polarity IN ('', '+', '-')),
  collision_energy TEXT NOT NULL, adduct TEXT NOT NULL,
  record_hash TEXT NOT NULL CHECK (length(record_hash) = 64),
  CHECK (length(x) = length(y) AND length(x) % 8 = 0)
) STRICT;
CREATE TABLE seal (
  row INTEGER PRIMARY KEY,
  record_hash TEXT NOT NULL, substance TEXT NOT NULL, substance_group TEXT NOT NULL,
  name TEXT NOT NULL
) STRICT;
CREATE INDEX entry_group ON entry (substance_group);
CREATE INDEX entry_section ON entry (section, row);
CREATE TRIGGER entry_nu BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'read-only'); END;
CREATE TRIGGER entry_nd BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'read-only'); END;
CREATE TRIGGER seal_nu BEFORE UPDATE ON seal BEGIN SELECT RAISE(ABORT, 'read-only'); END;
CREATE TRIGGER seal_nd BEFORE DELETE ON seal BEGIN SELECT RAISE(ABORT, 'read-only'); END;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a library version says of itself."""

    name: str
    version: str
    licence: str
    created_at: str
    software: str
    training: bool
    entries: int
    content_sha256: str
    """SHA-256 over the record hashes, substances and groups in row order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFacts:
    """What an index needs to know of one row besides its numbers."""

    row: int
    substance: str
    group: str
    compound_class: str
    formula: str
    molecular_mass: float | None
    record_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What stood in one row when the version was built; the header's hash covers all of them."""

    row: int
    record_hash: str
    substance: str
    group: str
    name: str


def content_hash(facts: Iterable[tuple[str, str, str]]) -> str:
    """Return the SHA-256 (hex) over (record hash, substance, group) of each row in order."""
    digest = hashlib.sha256()
    for parts in facts:
        digest.update("\x1f".join(parts).encode())
        digest.update(b"\x1e")
    return digest.hexdigest()


def write(path: Path, header: Header, rows: Sequence[tuple[EntryDraft, str, str]]) -> None:
    """Write a complete record into a new file, in one transaction.

    Parameters
    ----------
    path : Path
        Must not exist yet.
    header : Header
    rows : sequence of (EntryDraft, substance, record hash)
        In row order.
    """
    database_class = _database_class()
    driver = _driver()
    connection = driver.connect(str(path), isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.executescript(_TABLES)
        _insert(database_class(connection, execute_plugins=False), header, rows)
    except (driver.DatabaseError, sqlite3.DatabaseError) as fault:
        raise LibraryError(
            f"the library could not be written: {fault}",
            hint="Check free space; nothing was installed.",
        ) from fault
    finally:
        connection.close()


def _insert(
    database: Database, header: Header, rows: Sequence[tuple[EntryDraft, str, str]]
) -> None:
    # One explicit transaction: insert_all alone commits every hundred rows.
    database.execute("BEGIN IMMEDIATE")
    names = [*header.__slots__]
    facts = {name: getattr(header, name) for name in names}
    database.table("library").insert({"one": 1, **facts, "training": int(header.training)})
    # One prepared statement for all rows: insert_all plans each batch anew and costs three times.
    names = record_rows.COLUMNS.split(", ")
    database.conn.executemany(
        f"INSERT INTO entry ({record_rows.COLUMNS}) VALUES ({','.join('?' * len(names))})",
        (record_rows.to_row(row, *each) for row, each in enumerate(rows)),
    )
    database.conn.executemany(
        "INSERT INTO seal (row, record_hash, substance, substance_group, name) VALUES (?,?,?,?,?)",
        (
            (row, sealed, substance, draft.identity.group, draft.identity.name)
            for row, (draft, substance, sealed) in enumerate(rows)
        ),
    )
    database.execute("COMMIT")


class Record:
    """An open, read-only library record."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise LibraryNotFoundError(
                f"{path.name} is missing in {path.parent.name}",
                hint="This version is incomplete: remove it and import it again.",
            )
        self._driver = _driver()
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        self._connection = self._driver.connect(uri, uri=True, check_same_thread=False)
        self._path = path
        self._prepare()

    def _prepare(self) -> None:
        for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0"):
            self._rows(f"PRAGMA {pragma}")
        ((application,),) = self._rows("PRAGMA application_id")
        ((version,),) = self._rows("PRAGMA user_version")
        if application != _APPLICATION_ID:
            self.close()
            raise LibraryError(f"{self._path} is not a spectral library of this software")
        self.schema = record_rows.whole(version)
        if self.schema > SCHEMA:
            self.close()
            raise LibraryVersionError(
                f"the library was written by newer software (schema {version}, known {SCHEMA})",
                hint="Update this software.",
            )

    def _rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        try:
            return list(self._connection.execute(statement, values))
        except (self._driver.DatabaseError, sqlite3.DatabaseError) as broken:
            raise LibraryError(
                f"{self._path.parent.parent.name} {self._path.parent.name}: "
                f"the record cannot be read ({broken})",
                hint="The file is damaged: remove this version and import it again.",
            ) from broken

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def header(self) -> Header:
        """Return what the library says of itself."""
        rows = self._rows(
            "SELECT name, version, licence, created_at, software, training, entries, "
            "content_sha256 FROM library"
        )
        if len(rows) != 1:
            raise LibraryError("the library has no header", hint="Import it again.")
        name, version, licence, created, software, training, entries, content = rows[0]
        return Header(
            name=str(name),
            version=str(version),
            licence=str(licence),
            created_at=str(created),
            software=str(software),
            training=bool(training),
            entries=record_rows.whole(entries),
            content_sha256=str(content),
        )

    def sections(self) -> dict[Section, int]:
        """Return how many entries each section holds."""
        found = self._rows("SELECT section, count(*) FROM entry GROUP BY section")
        return {record_rows.section(word): record_rows.whole(n) for word, n in found}

    def row_facts(self, section: Section | None = None) -> list[RowFacts]:
        """Return the facts of every row (of one section) in row order."""
        where = "" if section is None else "WHERE section = ?"
        values = () if section is None else (section.value,)
        found = self._rows(
            "SELECT row, substance, substance_group, compound_class, formula, molecular_mass, "
            f"record_hash FROM entry {where} ORDER BY row",
            values,
        )
        return [
            RowFacts(
                row=record_rows.whole(row),
                substance=str(substance),
                group=str(group),
                compound_class=str(kind),
                formula=str(formula),
                molecular_mass=None if mass is None else record_rows.real(mass),
                record_hash=str(sealed),
            )
            for row, substance, group, kind, formula, mass, sealed in found
        ]

    def entries(self, rows: Sequence[int]) -> list[Entry]:
        """Return the entries at these rows, in the order asked; each row must exist."""
        found: dict[int, Entry] = {}
        wanted = sorted(set(rows))
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            for values in self._rows(
                f"SELECT {self._columns} FROM entry WHERE row IN ({marks})", part
            ):
                entry = record_rows.to_entry(values)
                found[entry.row] = entry
        missing = [row for row in wanted if row not in found]
        if missing:
            raise LibraryError(
                f"the index points to row {missing[0]}, which the record does not hold",
                hint="Run `fol library verify` on this library.",
            )
        return [found[row] for row in rows]

    @property
    def _columns(self) -> str:
        return record_rows.columns(self.schema)

    def seals(self) -> list[Seal]:
        """Return what each row held when the version was built; empty for one of schema 1."""
        if self.schema < 2:
            return []
        found = self._rows(
            "SELECT row, record_hash, substance, substance_group, name FROM seal ORDER BY row"
        )
        return [
            Seal(
                row=record_rows.whole(row),
                record_hash=str(sealed),
                substance=str(substance),
                group=str(group),
                name=str(name),
            )
            for row, sealed, substance, group, name in found
        ]

    def all_entries(self, section: Section | None = None) -> Iterator[Entry]:
        """Yield every entry (of one section) in row order, a thousand at a time."""
        rows = [facts.row for facts in self.row_facts(section)]
        for start in range(0, len(rows), 1000):
            yield from self.entries(rows[start : start + 1000])

    def find(self, text: str, limit: int) -> list[int]:
        """Return rows whose id, name, substance, InChIKey, CAS or accession holds the text."""
        like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = ("id", "name", "substance", "inchikey", "cas", "accession", "formula")
        where = " OR ".join(f"{column} LIKE ?1 ESCAPE '\\'" for column in columns)
        found = self._rows(
            f"SELECT row FROM entry WHERE {where} ORDER BY substance, row LIMIT ?2",
            (like, limit),
        )
        return [record_rows.whole(row) for (row,) in found]

    def row_of(self, entry_id: str) -> int | None:
        """Return the row of an entry id, or None."""
        found = self._rows("SELECT row FROM entry WHERE id = ?", (entry_id,))
        return record_rows.whole(found[0][0]) if found else None

    def retention(self, group: str) -> list[tuple[float | None, str]]:
        """Return retention index and conditions of the entries of one substance that state one."""
        found = self._rows(
            "SELECT retention_index, conditions FROM entry WHERE substance_group = ? "
            "AND retention_index IS NOT NULL ORDER BY row LIMIT 500",
            (group,),
        )
        return [(record_rows.real(index), str(conditions)) for index, conditions in found]

    def words(self, first: int, limit: int) -> list[tuple[int, tuple[str, ...]]]:
        """Return (row, what a list shows of it) of rows from ``first`` on, in row order."""
        found = self._rows(
            f"SELECT row, {_WORDS} FROM entry WHERE row >= ? ORDER BY row LIMIT ?", (first, limit)
        )
        return [(record_rows.whole(row), tuple(map(str, words))) for row, *words in found]

    def words_at(self, rows: Sequence[int]) -> list[tuple[int, tuple[str, ...]]]:
        """Return the same of these rows, at most 500, in row order; rows not there are left out."""
        marks = ",".join("?" * len(rows))
        found = self._rows(
            f"SELECT row, {_WORDS} FROM entry WHERE row IN ({marks}) ORDER BY row", rows
        )
        return [(record_rows.whole(row), tuple(map(str, words))) for row, *words in found]

    def rows_of(self, group: str, section: Section, limit: int) -> list[int]:
        """Return the rows of one substance's spectra of one technique, in row order."""
        found = self._rows(
            "SELECT row FROM entry WHERE substance_group = ? AND section = ? ORDER BY row LIMIT ?",
            (group, section.value, limit),
        )
        return [record_rows.whole(row) for (row,) in found]

    def damage(self) -> list[str]:
        """Return what SQLite itself finds wrong with the file."""
        found = [str(row[0]) for row in self._rows("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found


def _database_class() -> type[Database]:
    """Return sqlite-utils' Database, imported without the pandas it would load where installed."""
    hidden = [name for name in ("pandas",) if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # the documented way to say "absent"
    try:
        from sqlite_utils import Database

        return Database
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def _driver() -> ModuleType:
    """Return pysqlite3 where it is installed, else the standard library's SQLite."""
    try:
        return importlib.import_module("pysqlite3")
    except ImportError:
        return sqlite3
