"""Proof that the record is what was written: the chain, the rows it implies, the files it names."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import canonical, chain, clock, keys, migrate, projections, records, sqlite
from lims import events as log
from lims.errors import AuditBrokenError, BusyError, RecordError
from lims.lab import Lab
from lims.model import Event
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

MAX_PROBLEMS = 50
_CLOCK_TOLERANCE = timedelta(minutes=2)

FILES_NAMED = (
    ("run", "raw", "id"),
    ("photo", "raw", "subject"),
    ("quarantine", "quarantine", "file_name"),
)
"""Tables whose ``raw_sha256`` names a file, the lab's folder that keeps it, and what owns it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement of the log's size and Merkle root (C2SP tlog-checkpoint text)."""

    size: int
    root: bytes
    head: bytes
    fingerprint: str
    at: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What a verification found. ``problems`` is empty exactly when ``ok``."""

    ok: bool
    events: int
    head: str
    """Hash of the last event, hex."""
    root: str
    """RFC 6962 Merkle root over all events, hex."""
    problems: tuple[str, ...]
    notices: tuple[str, ...] = ()
    """What a person should know though nothing was altered, such as a clock set back."""
    checkpoints: int = 0
    files: int = 0


class _Findings:
    """Collects problems up to a limit, so that a wrecked log still ends in a report."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.notices: list[str] = []
        self.left_out = 0
        self.events = 0
        self.head = chain.GENESIS
        self.frontier = b""
        self.checkpoints = 0
        self.files = 0

    def problem(self, text: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(text)
        else:
            self.left_out += 1

    def all(self) -> tuple[str, ...]:
        rest = [f"and {self.left_out} more problems"] if self.left_out else []
        return (*self.problems, *rest)


def events(lab: Lab, offset: int = 0, limit: int = 100) -> list[Event]:
    """Return events after number ``offset``, at most ``limit``, oldest first."""
    with sqlite.translated(lab.store.path):
        return log.read(lab.db, offset, min(max(limit, 0), log.PAGE))


def replay(lab: Lab) -> str:
    """Return one digest, hex, over every projection rebuilt from the log alone.

    Raises
    ------
    RecordError
        An event cannot be folded.
    """
    rebuilt = projections.rebuilt(_folded(lab))
    try:
        return one_digest(projections.digests(rebuilt))
    finally:
        rebuilt.close()


def projected(lab: Lab) -> str:
    """Return the same digest over the projections as they stand in the file."""
    return one_digest(projections.digests(lab.db))


def one_digest(digests: dict[str, str]) -> str:
    """Return SHA-256, hex, over the digests of all tables."""
    text = "\n".join(f"{table} {digest}" for table, digest in sorted(digests.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def verify(lab: Lab, *, files: bool = True) -> AuditReport:
    """Check the whole record and name what is wrong.

    Looks for edited, deleted, swapped and inserted events; missing or added triggers and tables;
    rows that do not follow from the events; missing or altered raw files, quarantined files and
    queued documents; checkpoints that no longer fit. A lab opened for inspection will do.

    Parameters
    ----------
    files : bool
        Also hash every file the record names.
    """
    found = _Findings()
    try:
        with sqlite.translated(lab.store.path), _one_moment(lab.db):
            _verify_record(lab, found, files=files)
    except BusyError:
        raise
    except RecordError as error:
        found.problem(f"the record cannot be read further: {error.message}")
    problems = found.all()
    return AuditReport(
        ok=not problems,
        events=found.events,
        head=found.head.hex(),
        root=chain.root(found.frontier).hex(),
        problems=problems,
        notices=tuple(found.notices[:MAX_PROBLEMS]),
        checkpoints=found.checkpoints,
        files=found.files,
    )


@contextmanager
def _one_moment(database: Database) -> Iterator[None]:
    """See one state of the file throughout, whatever others write meanwhile."""
    if database.conn.in_transaction:
        yield
        return
    database.conn.execute("BEGIN")
    try:
        yield
    finally:
        database.conn.rollback()


def _verify_record(lab: Lab, found: _Findings, *, files: bool) -> None:
    for fault in _damage(lab.db):
        found.problem(f"the file is damaged: {fault}")
    for fault in migrate.schema_faults(lab.db):
        found.problem(f"schema: {fault}")
    roots = {point.size: point for point in _checkpoints(lab.db)}
    found.checkpoints = len(roots)
    _verify_chain(lab, found, roots)
    _verify_head(lab.db, found)
    for size in sorted(size for size in roots if size > found.events):
        found.problem(
            f"a checkpoint was signed at {size} events, the log has {found.events}: "
            "cut or rolled back"
        )
    _verify_projections(lab, found)
    if files:
        found.files = _verify_files(lab, found)


def follows(lab: Lab, event: Event) -> bool:
    """Whether an event's hash is the one that its content and the hash before it give."""
    body = canonical.dumps(event.body)
    leaf = log.leaf_of(
        lab.lab_id, event.seq, event.event_id, event.at, event.actor, event.kind, body, event.key
    )
    return chain.link(event.prev, leaf) == event.hash


def require_whole(lab: Lab) -> AuditReport:
    """Return the report of `verify` when all is well.

    Raises
    ------
    AuditBrokenError
        With the first problem.
    """
    report = verify(lab)
    if not report.ok:
        raise AuditBrokenError(
            f"the record does not verify: {report.problems[0]}",
            hint="Stop work and run `fol audit verify`. The quality manager must decide.",
        )
    return report


def checkpoint(lab: Lab, actor: str) -> Checkpoint:
    """Sign the log's present size, root and head with the lab's key and keep the statement.

    Raises
    ------
    ConfigError
        The key is missing or wrong.
    """
    with lab.writing(actor) as act:
        act.allow(Verb.CHECKPOINT_LOG)
        row = act.db.execute("SELECT size, head, frontier FROM log_head").fetchone()
        size, head, root = int(row[0]), bytes(row[1]), chain.root(bytes(row[2]))
        known = [point for point in _checkpoints(act.db) if point.size == size]
        if known:
            return known[0]
        point = Checkpoint(
            size=size,
            root=root,
            head=head,
            fingerprint=migrate.fingerprint(act.db),
            at=clock.stamp(act.at),
            signature=b"",
        )
        signature = keys.sign(lab, statement(lab, point))
        act.db.conn.execute(
            "INSERT INTO checkpoint(size, root, head, fingerprint, at, signature) "
            "VALUES(?,?,?,?,?,?)",
            (size, root, head, point.fingerprint, point.at, signature),
        )
        return next(point for point in _checkpoints(act.db) if point.size == size)


def checkpoints(lab: Lab) -> tuple[Checkpoint, ...]:
    """Return every signed checkpoint, oldest first."""
    return tuple(_checkpoints(lab.db))


def statement(lab: Lab, point: Checkpoint) -> bytes:
    """Return the text a checkpoint's signature covers: origin, size, root, then head and schema."""
    lines = (
        f"lims/{lab.lab_id}",
        str(point.size),
        base64.b64encode(point.root).decode("ascii"),
        point.head.hex(),
        point.fingerprint,
        point.at,
    )
    return ("\n".join(lines) + "\n").encode()


def _damage(database: Database) -> list[str]:
    faults = [str(row[0]) for row in database.execute("PRAGMA integrity_check(5)").fetchall()]
    return [] if faults == ["ok"] else faults


def _checkpoints(database: Database) -> Iterator[Checkpoint]:
    for row in records.rows(database, "SELECT * FROM checkpoint ORDER BY size"):
        yield Checkpoint(
            size=row["size"],
            root=bytes(row["root"]),
            head=bytes(row["head"]),
            fingerprint=row["fingerprint"],
            at=row["at"],
            signature=bytes(row["signature"]),
        )


def _verify_chain(lab: Lab, found: _Findings, roots: dict[int, Checkpoint]) -> None:
    """Walk the log; leave its length, last hash and Merkle frontier, from the events, in found."""
    expected, latest = 1, ""
    for row in log.everything(lab.db):
        seq, _, at, _, kind, _, _, stored_prev, stored_hash = row
        if seq != expected:
            lost = "is missing" if seq == expected + 1 else f"to {seq - 1} are missing"
            found.problem(f"event {expected} {lost}" if seq > expected else f"event {seq} is extra")
        leaf = _leaf(lab, row)
        if leaf is None:
            found.problem(f"event {seq} ({kind}): its columns cannot be read as an event")
            leaf = chain.leaf_hash(b"")
        if chain.link(bytes(stored_prev), leaf) != bytes(stored_hash):
            found.problem(f"event {seq} ({kind}) was edited: its hash does not fit its content")
        if bytes(stored_prev) != found.head:
            found.problem(
                f"event {seq} ({kind}) does not follow event {seq - 1}: something was edited, "
                "removed, inserted or swapped here"
            )
        if at < latest and _gone_back(latest, at):
            found.notices.append(f"event {seq}: the clock went back from {latest} to {at}")
        latest = max(latest, at)
        expected = seq + 1
        found.head = bytes(stored_hash)
        found.frontier = chain.grow(found.frontier, found.events, leaf)
        found.events += 1
        if found.events in roots:
            _verify_checkpoint(
                lab, roots[found.events], found.head, chain.root(found.frontier), found
            )


def _leaf(lab: Lab, row: tuple[Any, ...]) -> bytes | None:
    seq, event_id, at, actor, kind, body, key, _, _ = row
    try:
        canonical.parsed(body)
        return log.leaf_of(lab.lab_id, seq, event_id, at, actor, kind, body.encode(), key)
    except (RecordError, ValueError, TypeError, AttributeError):
        return None


def _gone_back(before: str, after: str) -> bool:
    try:
        return records.moment(before) - records.moment(after) > _CLOCK_TOLERANCE
    except ValueError:
        return True


def _verify_checkpoint(
    lab: Lab, point: Checkpoint, head: bytes, root: bytes, found: _Findings
) -> None:
    if point.head != head or point.root != root:
        found.problem(f"the log before event {point.size + 1} is not the one its checkpoint signed")
    if not keys.verify(lab.public_key, statement(lab, point), point.signature):
        found.problem(f"the checkpoint at {point.size} events does not carry the lab's signature")


def _verify_head(database: Database, found: _Findings) -> None:
    count, head, frontier = found.events, found.head, found.frontier
    row = database.execute("SELECT size, head, frontier FROM log_head").fetchone()
    stored = (0, b"", b"") if row is None else (int(row[0]), bytes(row[1]), bytes(row[2]))
    if stored[0] > count:
        found.problem(f"the log was cut: {stored[0]} events were written, {count} are there")
    elif stored[0] < count:
        found.problem(f"events were appended past the record: {stored[0]} written, {count} there")
    elif stored[1:] != (head, frontier):
        found.problem("the log's head or Merkle frontier is not the one the events give")


def _folded(lab: Lab) -> Iterator[tuple[Event, bytes]]:
    for row in log.everything(lab.db):
        event = log.from_row(row)
        leaf = _leaf(lab, row)
        if leaf is None:
            raise RecordError(f"event {event.seq} cannot be read as an event")
        yield event, leaf


def _verify_projections(lab: Lab, found: _Findings) -> None:
    try:
        rebuilt = projections.rebuilt(_folded(lab))
    except (RecordError, KeyError, TypeError, ValueError) as error:
        found.problem(f"the log cannot be replayed: {error}")
        return
    except sqlite.sqlite3.DatabaseError as error:
        found.problem(f"the log cannot be replayed: {error}")
        return
    try:
        wanted, there = projections.digests(rebuilt), projections.digests(lab.db)
    except sqlite.sqlite3.DatabaseError as error:
        found.problem(f"the tables cannot be compared with the log: {error}")
        return
    finally:
        rebuilt.close()
    for table in projections.TABLES:
        if wanted[table] != there[table]:
            found.problem(f"table {table} holds rows that do not follow from the events")


def _verify_files(lab: Lab, found: _Findings) -> int:
    named: dict[tuple[Path, str], str] = {}
    for table, place, column in FILES_NAMED:
        folder = lab.folder / place
        for row in lab.db.query(f"SELECT {column} AS owner, raw_sha256 FROM {table}"):
            named.setdefault((folder, row["raw_sha256"]), f"{table} {row['owner']}")
    for (folder, digest), owner in named.items():
        found_digest = _file_digest(folder / digest[:2] / digest[2:4] / digest)
        if found_digest is None:
            found.problem(f"the raw file of {owner} ({digest[:12]}…) is missing")
        elif found_digest != digest:
            found.problem(f"the raw file of {owner} ({digest[:12]}…) was altered")
    return len(named) + _verify_documents(lab, found)


def _verify_documents(lab: Lab, found: _Findings) -> int:
    count = 0
    for row in lab.db.query(
        "SELECT o.report_id, o.sha256, d.body FROM outbox o LEFT JOIN document d USING(sha256)"
    ):
        count += 1
        if row["body"] is None:
            found.problem(f"the bytes of report {row['report_id']} are missing")
        elif hashlib.sha256(row["body"]).hexdigest() != row["sha256"]:
            found.problem(f"the bytes of report {row['report_id']} were altered")
    return count


def _file_digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
