"""What every fold needs: one insert, one JSON spelling, counters, and a sample's status."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
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
    columns = tuple(values)
    known = _INSERTIONS.get(table)
    if known is None or known[0] != columns:
        known = _INSERTIONS[table] = columns, _insertion(table, columns)
    database.conn.execute(known[1], tuple(values.values()))


_INSERTIONS: dict[str, tuple[tuple[str, ...], str]] = {}
"""By table: the columns last named and their statement; a handler names the same ones always."""


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
    words = "\n".join([str(part) for part in parts if part])
    if words.isascii():
        return words.lower()  # the same there, and most texts are
    return unicodedata.normalize("NFKC", words).casefold()


def count(database: Database, number: str) -> None:
    """Move the counter past a number that was given out."""
    # Not looked at like a typed one: the record gave it out, as NOG-26-S000001-K.
    _, year, serial, _ = number.split("-")
    database.conn.execute(COUNT, (serial[0], 2000 + int(year), int(serial[1:])))


COUNT = (
    "INSERT INTO counter(kind, year, last) VALUES(?,?,?) "
    "ON CONFLICT(kind, year) DO UPDATE SET last=max(last, excluded.last)"
)
"""The greatest number wins, so a verification may count many and write one."""


def refresh(database: Database, sample: str) -> None:
    """Set a sample's status from what is on record about it."""
    status = _status(database, sample)
    database.conn.execute(
        "UPDATE sample SET status=?, status_rank=? WHERE number=?",
        (status, STATUS_RANKS[status], sample),
    )


def _status(database: Database, sample: str) -> str:
    execute = database.conn.execute
    findings = execute("SELECT state, seq FROM finding WHERE sample=?", (sample,)).fetchall()
    reviewed = 0
    for state, seq in findings:
        if state == "submitted":
            return "to review"
        if state == "reviewed" and seq > reviewed:
            reviewed = seq
    if reviewed:
        made = execute("SELECT seq FROM conclusion WHERE sample=?", (sample,)).fetchall()
        if all(seq < reviewed for (seq,) in made):
            return "to conclude"
    row = execute("SELECT state, concluded_at FROM sample WHERE number=?", (sample,)).fetchone()
    if row is None:
        return "waiting"
    if row[1]:
        return "answered"
    return "running" if findings or row[0] in ("opened", "checked_out") else "waiting"


def set_unacknowledged(database: Database, sample: str) -> None:
    """Set whether a hazard notice of a sample still waits for a named person."""
    unseen = database.conn.execute(
        "SELECT id FROM alert WHERE sample=? AND kind='hazard' AND acknowledged_by=''", (sample,)
    ).fetchall()
    database.conn.execute(
        "UPDATE sample SET unacknowledged=? WHERE number=?", (len(unseen), sample)
    )
