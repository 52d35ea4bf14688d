"""What every fold needs: one insert, one JSON spelling, counters, and a sample's status."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lims import canonical
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

Handlers = Mapping[str, Callable[["Database", Event], None]]

STATUS_RANKS = {"to conclude": 0, "to review": 1, "running": 2, "waiting": 3, "answered": 4}
"""Work nearest to an answer first; the queue's order is rank, priority, age."""


def insert(database: Database, table: str, **values: object) -> None:
    """Insert one row; column names come from our own code only."""
    database.conn.execute(_insertion(table, tuple(values)), tuple(values.values()))


@lru_cache(maxsize=512)
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table}({', '.join(columns)}) VALUES({marks})"


def text(value: object) -> str:
    """Return the canonical JSON text of something an event's body holds, or of what is made of it.

    Bodies come from the log's own text, before a live act folds them too.
    """
    return canonical.spelled(value)


def parsed(value: str) -> Any:
    """Return the value of JSON text the record wrote."""
    return canonical.parsed(value)


def search_text(*parts: object) -> str:
    """Return what a search looks through: words without case and compatibility forms."""
    words = "\n".join(str(part) for part in parts if part)
    return unicodedata.normalize("NFKC", words).casefold()


def count(database: Database, number: str) -> None:
    """Move the counter past a number that was given out."""
    # Not looked at like a typed one: the record gave it out, as NOG-26-S000001-K.
    _, year, serial, _ = number.split("-")
    database.conn.execute(
        "INSERT INTO counter(kind, year, last) VALUES(?,?,?) "
        "ON CONFLICT(kind, year) DO UPDATE SET last=max(last, excluded.last)",
        (serial[0], 2000 + int(year), int(serial[1:])),
    )


def refresh(database: Database, sample: str) -> None:
    """Set a sample's status from what is on record about it."""
    database.conn.execute(_REFRESH, (sample,))


_STATUS = """
CASE
  WHEN EXISTS(SELECT 1 FROM finding f WHERE f.sample=number AND f.state='submitted')
    THEN 'to review'
  WHEN EXISTS(SELECT 1 FROM finding f WHERE f.sample=number AND f.state='reviewed'
      AND f.seq>(SELECT coalesce(max(c.seq), 0) FROM conclusion c WHERE c.sample=number))
    THEN 'to conclude'
  WHEN concluded_at<>'' THEN 'answered'
  WHEN state IN ('opened', 'checked_out') OR EXISTS(SELECT 1 FROM finding f WHERE f.sample=number)
    THEN 'running'
  ELSE 'waiting'
END"""
_RANKS = " ".join(f"WHEN '{status}' THEN {rank}" for status, rank in STATUS_RANKS.items())
_REFRESH = (
    f"UPDATE sample SET (status, status_rank)=(SELECT s, CASE s {_RANKS} END "
    f"FROM (SELECT {_STATUS} AS s)) WHERE number=?"
)


def set_unacknowledged(database: Database, sample: str) -> None:
    """Set whether a hazard notice of a sample still waits for a named person."""
    database.conn.execute(
        "UPDATE sample SET unacknowledged=(SELECT count(*) FROM alert WHERE sample=? "
        "AND kind='hazard' AND acknowledged_by='') WHERE number=?",
        (sample, sample),
    )
