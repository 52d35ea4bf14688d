"""What every fold needs: one insert, one JSON spelling, counters, and a sample's status."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lims import canonical, ids
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

Handlers = Mapping[str, Callable[["Database", Event], None]]

STATUS_RANKS = {"to conclude": 0, "to review": 1, "running": 2, "waiting": 3, "answered": 4}
"""Work nearest to an answer first; the queue's order is rank, priority, age."""


def insert(database: Database, table: str, **values: object) -> None:
    """Insert one row; column names come from our own code only."""
    columns = ", ".join(values)
    marks = ", ".join("?" * len(values))
    database.conn.execute(f"INSERT INTO {table}({columns}) VALUES({marks})", tuple(values.values()))


def text(value: object) -> str:
    """Return the canonical JSON text of a value."""
    return canonical.dumps(value).decode()


def parsed(value: str) -> Any:
    """Return the value of JSON text the record wrote."""
    return canonical.parsed(value)


def search_text(*parts: object) -> str:
    """Return what a search looks through: words without case and compatibility forms."""
    words = "\n".join(str(part) for part in parts if part)
    return unicodedata.normalize("NFKC", words).casefold()


def count(database: Database, number: str) -> None:
    """Move the counter past a number that was given out."""
    parts = ids.parse(number)
    database.conn.execute(
        "INSERT INTO counter(kind, year, last) VALUES(?,?,?) "
        "ON CONFLICT(kind, year) DO UPDATE SET last=max(last, excluded.last)",
        (parts.kind, parts.year, parts.serial),
    )


def refresh(database: Database, sample: str) -> None:
    """Set a sample's status from what is on record about it."""
    submitted, fresh, findings = database.conn.execute(
        "SELECT coalesce(sum(state='submitted'),0), "
        "coalesce(sum(state='reviewed' AND seq>(SELECT coalesce(max(c.seq),0) FROM conclusion c "
        "WHERE c.sample=f.sample)),0), count(*) FROM finding f WHERE sample=?",
        (sample,),
    ).fetchone()
    state, concluded = database.conn.execute(
        "SELECT state, concluded_at FROM sample WHERE number=?", (sample,)
    ).fetchone()
    if submitted:
        status = "to review"
    elif fresh:
        status = "to conclude"
    elif concluded:
        status = "answered"
    elif findings or state in ("opened", "checked_out"):
        status = "running"
    else:
        status = "waiting"
    database.conn.execute(
        "UPDATE sample SET status=?, status_rank=? WHERE number=?",
        (status, STATUS_RANKS[status], sample),
    )


def set_unacknowledged(database: Database, sample: str) -> None:
    """Set whether a hazard notice of a sample still waits for a named person."""
    database.conn.execute(
        "UPDATE sample SET unacknowledged=(SELECT count(*) FROM alert WHERE sample=? "
        "AND kind='hazard' AND acknowledged_by='') WHERE number=?",
        (sample, sample),
    )
