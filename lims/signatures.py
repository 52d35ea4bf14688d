"""Signatures read back, each compared with the event it is bound to. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lims import events, records, signing

if TYPE_CHECKING:
    from lims.lab import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature: whose, under what, how proved, and whether it fits its event."""

    seq: int
    """Number of the event it stands in."""
    at: datetime
    person: str
    kind: str
    meaning: str
    method: str
    session: str
    record: str
    is_bound: bool


def listed(lab: Lab, *, person: str = "", limit: int = 100) -> tuple[Signature, ...]:
    """Return signatures, newest first, of one person or of all."""
    found = records.rows(
        lab.db,
        "SELECT * FROM signature WHERE (?='' OR person=?) ORDER BY seq DESC, person LIMIT ?",
        person,
        person,
        limit,
    )
    return tuple(_read(lab, found))


def _read(lab: Lab, found: list[dict[str, object]]) -> Iterator[Signature]:
    for row in found:
        seq = int(str(row["seq"]))
        event = events.read(lab.db, seq - 1, 1)[0]
        loose = event.seq != seq or row["person"] in signing.unbound(event, lab.lab_id)
        yield Signature(
            seq=seq,
            at=records.moment(str(row["at"])),
            person=str(row["person"]),
            kind=str(row["kind"]),
            meaning=str(row["meaning"]),
            method=str(row["method"]),
            session=str(row["session"]),
            record=str(row["record"]),
            is_bound=not loose,
        )
