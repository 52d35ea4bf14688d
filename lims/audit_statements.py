"""The few shapes of SQL that handlers write rows with, taken apart: insert, update, look up by key.

Text in, plain data out. Whatever has another shape is not understood here and is SQLite's to run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Given:
    """Where a value comes from: a place among the parameters, or the statement's own text."""

    place: int = -1
    """0 for the first ``?``; negative where the value stands in the statement."""
    value: str | int | None = None
    or_present: bool = False
    """``coalesce(?, column)``: NULL leaves what is there."""


@dataclass(frozen=True, slots=True)
class Insert:
    """``INSERT INTO table(columns) VALUES(?, …)``."""

    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """``UPDATE table SET column=…, … WHERE column=… AND …``."""

    table: str
    sets: tuple[tuple[str, Given], ...]
    where: tuple[tuple[str, Given], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """``SELECT columns FROM table WHERE column=… AND …``."""

    table: str
    columns: tuple[str, ...]
    where: tuple[tuple[str, Given], ...]


_VALUE = r"(?:\?|'[^']*'|-?\d+)"
_SET = rf"\w+=(?:{_VALUE}|coalesce\(\?, ?\w+\))"
_CONDITION = rf"\w+={_VALUE}"
_WHERE = rf"WHERE ({_CONDITION}(?: AND {_CONDITION})*)"
_INSERT = re.compile(r"INSERT INTO (\w+)\((\w+(?:, ?\w+)*)\) VALUES\((\?(?:, ?\?)*)\)")
_UPDATE = re.compile(rf"UPDATE (\w+) SET ({_SET}(?:, ?{_SET})*) {_WHERE}")
_LOOK = re.compile(rf"SELECT (\w+(?:, ?\w+)*) FROM (\w+) {_WHERE}")
_ASSIGNMENT = re.compile(rf"(\w+)=(?:({_VALUE})|coalesce\(\?, ?(\w+)\))")


def understood(sql: str) -> Insert | Update | Look | None:
    """Return what a statement does, or None where it is not of a shape known here."""
    if found := _INSERT.fullmatch(sql):
        columns = tuple(re.split(", ?", found[2]))
        return Insert(found[1], columns) if found[3].count("?") == len(columns) else None
    if found := _UPDATE.fullmatch(sql):
        sets = _assignments(found[2], 0)
        if sets is None:
            return None
        where = _assignments(found[3], found[2].count("?"))
        return None if where is None else Update(found[1], sets, where)
    if found := _LOOK.fullmatch(sql):
        where = _assignments(found[3], 0)
        columns = tuple(re.split(", ?", found[1]))
        return None if where is None else Look(found[2], columns, where)
    return None


def _assignments(text: str, place: int) -> tuple[tuple[str, Given], ...] | None:
    result = []
    for column, value, present in _ASSIGNMENT.findall(text):
        if value == "?":
            result.append((column, Given(place)))
            place += 1
        elif value.startswith("'"):
            if "?" in value:  # counted as a parameter above
                return None
            result.append((column, Given(value=value[1:-1])))
        elif value:
            result.append((column, Given(value=int(value))))
        elif present == column:
            result.append((column, Given(place, or_present=True)))
            place += 1
        else:
            return None
    return tuple(result)
