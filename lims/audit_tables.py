"""One table while the log is replayed: each row held against the file's as it comes.

The file's rows are how the replayed ones must end. Only where a row is not there yet is something
remembered, so that a log of any length needs little memory. Knows nothing of what rows mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from lims.audit_statements import Given, Insert, Look, Update

Values = Sequence[Any]
Row = tuple[Any, ...]
Late = dict[int, Any]
Find = Callable[[Values], Iterable[tuple[Any, Row]]]
Holds = Callable[[Values, Row, Late | None], bool]

RECENT = 2_000
"""Rows of a table kept at hand, and as many older ones: what is worked on is mostly young."""


class Rows(list[Row]):
    """What a look-up found, as a cursor tells it."""

    __slots__ = ()

    def fetchone(self) -> Row | None:
        """Return the next row, None after the last."""
        return self.pop(0) if self else None

    def fetchall(self) -> list[Row]:
        """Return the rows not told yet."""
        return self


Run = Callable[[Values], Rows]


class Strayed(Exception):  # noqa: N818 - says that SQLite must keep this table, not that it failed
    """A table does not grow like the file's, or is asked what cannot be answered here."""


class Followed:
    """A table whose rows are compared with the file's while they come about.

    Parameters
    ----------
    connection : sqlite3.Connection
        Sees the file under the name ``kept``.
    name : str
    columns : tuple of str
    key : str
        The one column of its primary key.
    defaults : tuple
        What a column holds when an insert does not name it, by column.
    indexed : frozenset of str
        Columns by which the file finds rows without looking at all.
    """

    def __init__(
        self,
        connection: Any,
        name: str,
        *,
        columns: tuple[str, ...],
        key: str,
        defaults: Row,
        indexed: frozenset[str],
    ) -> None:
        self.name, self.columns, self.key = name, columns, key
        self.position = -(2**63)
        """The file's row number up to which rows are there."""
        self.behind: dict[Any, Late] = {}
        """By key: the columns that do not hold yet what the file's row holds in the end."""
        self._place = {column: place for place, column in enumerate(columns)}
        self._key = self._place[key]
        self._defaults, self._indexed = defaults, indexed
        self._looked: set[int] = set()
        self._changed: set[int] = set()
        self._young: dict[Any, Row] = {}
        self._old: dict[Any, Row] = {}
        self._ways: dict[int, _Way] = {}
        every = ", ".join(columns)
        self._execute = connection.execute
        self._next = connection.execute(f"SELECT {every}, rowid FROM kept.{name} ORDER BY rowid")
        self._by_key = f"SELECT {every}, rowid FROM kept.{name} WHERE {key}=?"

    def inserter(self, plan: Insert) -> Run:
        """Return what takes an insert's values.

        Raises
        ------
        Strayed
            Now or later: the file's next row is another one.
        """
        if not set(plan.columns) <= set(self.columns):
            raise Strayed
        places = {column: place for place, column in enumerate(plan.columns)}
        given = len(plan.columns)
        arranged = _picker([places.get(c, given + at) for at, c in enumerate(self.columns)])
        defaults, key, next_row = self._defaults, self._key, self._next.fetchone
        keep, nothing, ways = self._keep, Rows(), self._ways

        def insert(values: Values) -> Rows:
            row = arranged((*values, *defaults))
            kept = next_row()
            if kept is None or kept[key] != row[key]:
                raise Strayed
            number, kept = kept[-1], kept[:-1]
            if row != kept:
                self._differs(row, kept)
            self.position = number
            keep(row[key], kept)
            for place, way in ways.items():
                way.add(kept[place], row[key])
            return nothing

        return insert

    def updater(self, plan: Update) -> Run:
        """Return what takes an update's values."""
        sets = [(self._place_of(column), given) for column, given in plan.sets]
        if any(place == self._key for place, _ in sets):
            raise Strayed
        self._changes(place for place, _ in sets)
        find, holds = self._finder(plan.where)
        places = [place for place, _ in sets]
        final, behind, nothing = _picker(places), self.behind, Rows()

        def update(values: Values) -> Rows:
            for key, kept in find(values):
                late = behind.get(key)
                if holds is not None and not holds(values, kept, late):
                    continue
                now = tuple([_new(given, place, values, kept, late) for place, given in sets])
                if late is None and now == final(kept):
                    continue
                self._sets(key, kept, zip(places, now, strict=True))
            return nothing

        return update

    def looker(self, plan: Look) -> Run:
        """Return what answers a look-up."""
        wanted = [self._place_of(column) for column in plan.columns]
        find, holds = self._finder(plan.where)
        picked, behind = _picker(wanted), self.behind

        def look(values: Values) -> Rows:
            rows = Rows()
            for key, kept in find(values):
                late = behind.get(key)
                if holds is not None and not holds(values, kept, late):
                    continue
                rows.append(picked(kept) if late is None else _present(wanted, kept, late))
            return rows

        return look

    def at_end(self) -> bool:
        """Whether every row is there and none is behind; to be asked once, when all is replayed."""
        return not self.behind and self._next.fetchone() is None

    def close(self) -> None:
        """Let go of the file."""
        self._next.close()

    def _place_of(self, column: str) -> int:
        if column not in self._place:
            raise Strayed
        return self._place[column]

    def _differs(self, row: Row, kept: Row) -> None:
        late = {place: value for place, value in enumerate(row) if value != kept[place]}
        if self._looked and not self._looked.isdisjoint(late):
            raise Strayed
        self.behind[row[self._key]] = late

    def _changes(self, places: Iterable[int]) -> None:
        self._changed.update(places)
        if not self._changed.isdisjoint(self._looked):
            raise Strayed

    def _sets(self, key: Any, kept: Row, values: Iterable[tuple[int, Any]]) -> None:
        late = self.behind.pop(key, {})
        for place, value in values:
            if value == kept[place]:
                late.pop(place, None)
            else:
                late[place] = value
        if late:
            self.behind[key] = late

    def _finder(self, where: tuple[tuple[str, Given], ...]) -> tuple[Find, Holds | None]:
        """Return what finds the rows of a condition, and what else must hold of them."""
        conditions = [(self._place_of(column), given) for column, given in where]
        for which, (place, given) in enumerate(conditions):
            if place == self._key:
                return self._one(given), _holding(conditions[:which] + conditions[which + 1 :])
        for which, (place, given) in enumerate(conditions):
            if self.columns[place] in self._indexed:
                rest = conditions[:which] + conditions[which + 1 :]
                return self._many(place, given), _holding(rest)
        raise Strayed

    def _looks(self, place: int) -> _Way:
        # Rows are found by what the file holds in the end: it must be what they hold all along.
        self._looked.add(place)
        if place in self._changed or any(place in late for late in self.behind.values()):
            raise Strayed
        way = self._ways.get(place)
        if way is None:
            column, to_here = self.columns[place], (self.position,)
            way = self._ways[place] = _Way(
                self._execute,
                f"SELECT {self.key} FROM kept.{self.name} WHERE {column}=? AND rowid<=? "
                "ORDER BY rowid",
                self._execute(f"SELECT {column} FROM kept.{self.name} WHERE rowid<=?", to_here),
            )
        return way

    def _one(self, given: Given) -> Find:
        at, constant, young, row_of = given.place, given.value, self._young, self._row

        def find(values: Values) -> Iterable[tuple[Any, Row]]:
            key = constant if at < 0 else values[at]
            row = young.get(key) or row_of(key)
            return () if row is None else ((key, row),)

        return find

    def _many(self, place: int, given: Given) -> Find:
        at, constant, way, row_of = given.place, given.value, self._looks(place), self._row

        def find(values: Values) -> Iterable[tuple[Any, Row]]:
            found = []
            for key in way.keys(constant if at < 0 else values[at], self.position):
                row = row_of(key)
                if row is None:
                    raise Strayed
                found.append((key, row))
            return found

        return find

    def _row(self, key: Any) -> Row | None:
        """Return the file's row of a key, or None where the replay has none yet."""
        row = self._young.get(key) or self._old.get(key)
        if row is None:
            kept = self._execute(self._by_key, (key,)).fetchone()
            if kept is None or kept[-1] > self.position:
                return None
            row = kept[:-1]
            self._keep(key, row)
        return row

    def _keep(self, key: Any, row: Row) -> None:
        young = self._young
        young[key] = row
        if len(young) >= RECENT:
            self._old = dict(young)
            young.clear()


class _Way:
    """A way to find a table's rows: which are there of a column's value, without asking the file.

    Parameters
    ----------
    execute : callable
    sql : str
        Gives the keys of a value's rows up to a row number: for a value long not met.
    there : iterable of tuple
        The values of rows that are there already.
    """

    def __init__(self, execute: Any, sql: str, there: Iterable[Row]) -> None:
        self._execute, self._sql = execute, sql
        # Of what was met only hashes are kept; two that are alike cost one question to the file.
        self._met = {hash(value) for (value,) in there}
        self._young: dict[Any, list[Any]] = {}
        self._old: dict[Any, list[Any]] = {}

    def add(self, value: Any, key: Any) -> None:
        """Take a row that came about."""
        known = self._young.get(value) or self._old.get(value)
        if known is not None:
            known.append(key)
            return
        mark = hash(value)
        if mark not in self._met:
            self._met.add(mark)
            self._keep(value, [key])

    def keys(self, value: Any, position: int) -> list[Any]:
        """Return the keys of a value's rows, in the order they came."""
        known = self._young.get(value) or self._old.get(value)
        if known is None:
            if hash(value) not in self._met or value is None:
                return []
            known = [key for (key,) in self._execute(self._sql, (value, position)).fetchall()]
            self._keep(value, known)
        return known

    def _keep(self, value: Any, keys: list[Any]) -> None:
        if len(self._young) >= RECENT:
            self._old, self._young = self._young, {}
        self._young[value] = keys


def _picker(places: Sequence[int]) -> Callable[[Values], Row]:
    """Return what takes the values at some places out of a row."""
    if len(places) == 1:
        only = places[0]
        return lambda row: (row[only],)
    return itemgetter(*places)


def _new(given: Given, place: int, values: Values, kept: Row, late: Late | None) -> Any:
    value = given.value if given.place < 0 else values[given.place]
    if value is None and given.or_present:
        return late[place] if late and place in late else kept[place]
    return value


def _present(places: Sequence[int], kept: Row, late: Late) -> Row:
    return tuple([late.get(place, kept[place]) for place in places])


def _holding(conditions: list[tuple[int, Given]]) -> Holds | None:
    """Return what says whether all of some conditions hold of a row; None for no conditions."""
    if not conditions:
        return None

    def holds(values: Values, kept: Row, late: Late | None) -> bool:
        for place, given in conditions:
            wanted = given.value if given.place < 0 else values[given.place]
            there = late[place] if late and place in late else kept[place]
            if wanted is None or there is None or wanted != there:
                return False
        return True

    return holds
