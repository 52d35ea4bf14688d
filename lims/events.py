"""The append-only log: how one fact becomes an event, and how events are read back.

`append` is called inside a write transaction only (`lims.lab.Lab.writing`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from lims import canonical, chain, clock, projections
from lims.errors import RecordError
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

PAGE = 10_000
_COLUMNS = "seq, event_id, at, actor, kind, body, key, prev, hash"


def append(
    database: Database,
    *,
    lab_id: str,
    actor: str,
    kind: str,
    body: Mapping[str, Any],
    at: datetime,
    key: str = "",
) -> Event:
    """Add one event to the log, fold it into the projections, and return it.

    Parameters
    ----------
    database : Database
        In a write transaction.
    lab_id : str
        Bound into the hash, so that no lab's event fits another's log.
    actor : str
        Id of the acting person.
    kind : str
        One of `projections.HANDLERS`.
    body : mapping
        JSON; what happened, complete enough to rebuild every projection.
    at : datetime
        When it was recorded, aware.
    key : str
        Idempotency key, unique in the lab; empty for none.

    Raises
    ------
    RecordError
        The body is not JSON, or no projection knows the kind.
    """
    last = database.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    seq, prev = (1, chain.GENESIS) if last is None else (last[0] + 1, bytes(last[1]))
    text = canonical.dumps(body)
    if len(text) > canonical.MAX_BYTES:
        raise RecordError(
            f"an event of {len(text)} bytes is more than the record takes ({canonical.MAX_BYTES})",
            hint="Keep fewer hits, or split the file.",
        )
    event_id, stamp = new_event_id(at), clock.stamp(at)
    leaf = leaf_of(lab_id, seq, event_id, stamp, actor, kind, text, key)
    event = Event(
        seq=seq,
        event_id=event_id,
        at=stamp,
        actor=actor,
        kind=kind,
        body=canonical.parsed(text.decode()),
        prev=prev,
        hash=chain.link(prev, leaf),
        key=key,
    )
    database.conn.execute(
        f"INSERT INTO event({_COLUMNS}) VALUES(?,?,?,?,?,?,?,?,?)",
        (seq, event_id, stamp, actor, kind, text.decode(), key, prev, event.hash),
    )
    projections.fold(database, event, leaf)
    return event


def leaf_of(
    lab_id: str, seq: int, event_id: str, at: str, actor: str, kind: str, body: bytes, key: str
) -> bytes:
    """Return the Merkle leaf: the hash of the canonical event, whose body is canonical already."""
    return chain.leaf_hash(
        canonical_text(lab_id, seq, event_id, at, actor, kind, body.decode(), key)
    )


def canonical_text(
    lab_id: str, seq: int, event_id: str, at: str, actor: str, kind: str, body: str, key: str
) -> bytes:
    """Return the canonical event whose body is canonical text already: what its leaf covers.

    Raises
    ------
    RecordError
        Some text cannot be written as UTF-8.
    """
    quote = encode_basestring
    # Keys in the order RFC 8785 gives them; a test compares this with the whole dumped at once.
    text = (
        f'{{"actor":{quote(actor)},"at":{quote(at)},"body":{body},"event_id":{quote(event_id)},'
        f'"key":{quote(key)},"kind":{quote(kind)},"lab":{quote(lab_id)},"seq":{seq:d}}}'
    )
    try:
        return text.encode()
    except UnicodeError as error:
        raise RecordError(f"cannot be written to the record: {error}") from error


def by_key(database: Database, key: str) -> Event | None:
    """Return the event an idempotency key belongs to, or None."""
    if not key:
        return None
    row = database.execute(f"SELECT {_COLUMNS} FROM event WHERE key=?", [key]).fetchone()
    return None if row is None else _event(row)


def read(database: Database, offset: int = 0, limit: int = 100) -> list[Event]:
    """Return events after number ``offset``, at most ``limit``, in order."""
    rows = database.execute(
        f"SELECT {_COLUMNS} FROM event WHERE seq>? ORDER BY seq LIMIT ?", [offset, limit]
    ).fetchall()
    return [_event(row) for row in rows]


def everything(database: Database) -> Iterator[tuple[Any, ...]]:
    """Yield raw event rows in order, page by page, so that no reader holds the log for long.

    A row is (seq, event_id, at, actor, kind, body, key, prev, hash), as it is stored.
    """
    offset = -(2**62)
    while True:
        rows = database.execute(
            f"SELECT {_COLUMNS} FROM event WHERE seq>? ORDER BY seq LIMIT ?", [offset, PAGE]
        ).fetchall()
        if not rows:
            return
        yield from rows
        offset = rows[-1][0]


def from_row(row: tuple[Any, ...]) -> Event:
    """Return the event of a raw row."""
    return _event(row)


def _event(row: tuple[Any, ...]) -> Event:
    seq, event_id, at, actor, kind, body, key, prev, hash_ = row
    return Event(
        seq=int(seq),
        event_id=str(event_id),
        at=str(at),
        actor=str(actor),
        kind=str(kind),
        body=canonical.parsed(body),
        prev=bytes(prev),
        hash=bytes(hash_),
        key=str(key),
    )


def new_event_id(at: datetime) -> str:
    """Return a UUID version 7 (RFC 9562, 5.7): milliseconds first, the rest random."""
    milliseconds = int(at.timestamp() * 1000) & (2**48 - 1)
    random = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & (2**62 - 1)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
