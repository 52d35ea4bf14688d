"""The database that handlers see during a verification: it follows the file in place of copying it.

A statement of a known shape goes to the table it is about (`lims.audit_tables`); a table that meets
another one moves into a database in memory, and SQLite takes it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lims import folding, sqlite
from lims.audit_statements import Insert, Look, Update, understood
from lims.audit_tables import Followed, Strayed

if TYPE_CHECKING:
    from sqlite_utils import Database

Execute = Callable[[Sequence[Any]], Any]


class FollowingStore:
    """Stands for the database of a replay: ``conn.execute`` and ``execute``, as handlers use them.

    Parameters
    ----------
    memory : Database
        Empty tables of this software's schema; sees the file under the name ``kept``.
    tables : iterable of str
        Those that a replay builds.
    """

    def __init__(self, memory: Database, tables: Sequence[str]) -> None:
        self.conn = self
        self.memory = memory
        self.followed: dict[str, Followed] = {}
        for table in tables:
            found = _followed(memory.conn, table)
            if found is not None:
                self.followed[table] = found
        self.moved: list[str] = []
        """Tables that went into memory, in that order."""
        self._runs: dict[str, Execute] = {}
        self._counts: dict[tuple[str, int], int] = {}
        self._runs[folding.COUNT] = self._count

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement of a handler."""
        run = self._runs.get(sql)
        try:
            if run is None:
                run = self._runs[sql] = self._way(sql, values)
            return run(values)
        except Strayed:
            plan = understood(sql)
            self._move(plan.table if plan is not None else "")
            return self.execute(sql, values)

    def differing(self) -> Iterator[str]:
        """Yield the followed tables whose rows are not the file's; asked once, at the end."""
        self._write_counts()
        for name, table in self.followed.items():
            if not table.at_end():
                yield name

    def close(self) -> None:
        """Let go of the file."""
        for table in self.followed.values():
            table.close()

    def _way(self, sql: str, values: Sequence[Any]) -> Execute:
        plan = understood(sql)
        if plan is not None and plan.table in self.followed:
            return _told(self.followed[plan.table], plan)
        for table in self._touched(sql, values):
            if table == "counter":
                self._write_counts()
                self._runs[folding.COUNT] = self._through(folding.COUNT)
            if table in self.followed:
                self._move(table)
        return self._through(sql)

    def _through(self, sql: str) -> Execute:
        execute = self.memory.conn.execute
        return lambda values: execute(sql, values)

    def _touched(self, sql: str, values: Sequence[Any]) -> list[str]:
        """Return the tables that a statement reads or writes, as SQLite's compiler names them."""
        touched: set[str] = set()

        def note(action: int, first: str | None, *_: str | None) -> int:
            if first is not None and action in _ON_TABLES:
                touched.add(first)
            return int(sqlite.sqlite3.SQLITE_OK)

        connection = self.memory.conn
        connection.set_authorizer(note)
        try:
            connection.execute(f"EXPLAIN {sql}", values)
        finally:
            connection.set_authorizer(None)
        return sorted(touched)

    def _move(self, name: str) -> None:
        """Let SQLite keep a table from here on, as it stands now."""
        table = self.followed.pop(name)
        execute = self.memory.conn.execute
        self.moved.append(name)
        columns = ", ".join(table.columns)
        number = "" if _is_number(self.memory.conn, table) else "rowid, "
        execute(
            f"INSERT INTO main.{name}({number}{columns}) SELECT {number}{columns} "
            f"FROM kept.{name} WHERE rowid<=?",
            (table.position,),
        )
        for key, late in table.behind.items():
            sets = ", ".join(f"{table.columns[place]}=?" for place in late)
            execute(f"UPDATE main.{name} SET {sets} WHERE {table.key}=?", (*late.values(), key))
        table.close()
        for sql in [sql for sql in self._runs if (p := understood(sql)) and p.table == name]:
            del self._runs[sql]

    def _count(self, values: Sequence[Any]) -> None:
        kind, year, last = values
        if last > self._counts.get((kind, year), -1):
            self._counts[kind, year] = last

    def _write_counts(self) -> None:
        for (kind, year), last in self._counts.items():
            self.memory.conn.execute(folding.COUNT, (kind, year, last))
        self._counts.clear()


_ON_TABLES = frozenset(
    getattr(sqlite.sqlite3, f"SQLITE_{name}") for name in ("READ", "INSERT", "UPDATE", "DELETE")
)


def _told(table: Followed, plan: Insert | Update | Look) -> Execute:
    if isinstance(plan, Insert):
        return table.inserter(plan)
    if isinstance(plan, Update):
        return table.updater(plan)
    return table.looker(plan)


def _followed(connection: Any, table: str) -> Followed | None:
    """Return a table to be followed; None where it has no single key or no row numbers."""
    facts = connection.execute(f"PRAGMA main.table_info({table})").fetchall()
    keys = [str(fact[1]) for fact in facts if fact[5]]
    kind = connection.execute(f"PRAGMA main.table_list({table})").fetchone()
    if len(keys) != 1 or kind is None or kind[2] != "table" or kind[4]:
        return None
    indexed = set()
    for index in connection.execute(f"PRAGMA main.index_list({table})").fetchall():
        first = connection.execute(f"PRAGMA main.index_info({index[1]})").fetchone()
        if not index[4] and first is not None and first[2] is not None:
            indexed.add(str(first[2]))
    defaults = tuple(
        None if fact[4] is None else connection.execute(f"SELECT {fact[4]}").fetchone()[0]
        for fact in facts
    )
    return Followed(
        connection,
        table,
        columns=tuple(str(fact[1]) for fact in facts),
        key=keys[0],
        defaults=defaults,
        indexed=frozenset(indexed),
    )


def _is_number(connection: Any, table: Followed) -> bool:
    facts = connection.execute(f"PRAGMA main.table_info({table.name})").fetchall()
    return any(fact[1] == table.key and fact[2] == "INTEGER" for fact in facts)
