"""What long lists sort by, kept in the rows as events come: odd papers, kind of work, bench time.

The record would hold the same without them; only the lists would be slow.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlite_utils import Database

ODD_NOTES = ("freight above goods value", ", found ", "unverified")
"""What a shipment's notes say when its papers do not fit; a sample counts how many are there."""

_MILLISECOND = timedelta(milliseconds=1)


def request(draft: Mapping[str, Any]) -> str:
    """Return what a sample was submitted for."""
    return str(draft.get("request") or "drug")


def odd(notes: str) -> int:
    """Return how many of `ODD_NOTES` a shipment's notes hold, as they stand in its row."""
    return sum(words in notes for words in ODD_NOTES)


def set_odd(database: Database, shipment: str, notes: str) -> None:
    """Let the samples of a shipment say how odd its papers are now."""
    count = odd(notes)
    samples = database.conn.execute("SELECT number FROM sample WHERE shipment=?", (shipment,))
    for (number,) in samples.fetchall():
        database.conn.execute("UPDATE sample SET odd=? WHERE number=?", (count, number))


def one_more(database: Database, shipment: str) -> None:
    """Count a sample of a shipment."""
    row = database.conn.execute(
        "SELECT samples FROM shipment WHERE number=?", (shipment,)
    ).fetchone()
    if row is not None:
        database.conn.execute(
            "UPDATE shipment SET samples=? WHERE number=?", (row[0] + 1, shipment)
        )


def began(database: Database, sample: str, at: str) -> None:
    """Take a step of work at the bench: the earliest is when the work began."""
    row = database.conn.execute(
        "SELECT began_at, first_concluded_at FROM sample WHERE number=?", (sample,)
    ).fetchone()
    if row is not None and (not row[0] or at < row[0]):
        database.conn.execute(
            "UPDATE sample SET began_at=?, bench_ms=? WHERE number=?",
            (at, bench_ms(at, row[1]), sample),
        )


def bench_ms(began_at: str, first_concluded_at: str) -> int | None:
    """Return the milliseconds from the first step to the first answer; None without both."""
    if not began_at or not first_concluded_at:
        return None
    spent = datetime.fromisoformat(first_concluded_at) - datetime.fromisoformat(began_at)
    return max(0, spent // _MILLISECOND)
