"""Proof that the record is what was written: the chain, the rows it implies, the files it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lims import audit_apart, audit_rows, canonical, chain, keys, migrate, projections, sqlite
from lims import checkpoints as statements
from lims import events as log
from lims.audit_chain import Stretch, Walk, walk
from lims.audit_files import FILES_NAMED, check_files
from lims.audit_findings import MAX_PROBLEMS, Findings, Progress, silent
from lims.checkpoints import Checkpoint, checkpoint, checkpoints, statement
from lims.errors import AuditBrokenError, BusyError, RecordError
from lims.lab import Lab
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = [
    "FILES_NAMED",
    "MAX_PROBLEMS",
    "AuditReport",
    "Checkpoint",
    "checkpoint",
    "checkpoints",
    "events",
    "follows",
    "one_digest",
    "projected",
    "replay",
    "require_whole",
    "statement",
    "verify",
]


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


def verify(lab: Lab, *, files: bool = True, progress: Progress = silent) -> AuditReport:
    """Check the whole record and name what is wrong.

    Looks for edited, deleted, swapped and inserted events; missing or added triggers and tables;
    rows that do not follow from the events; missing or altered raw files, quarantined files and
    queued documents; checkpoints that no longer fit. A lab opened for inspection will do.

    Parameters
    ----------
    files : bool
        Also hash every file the record names.
    progress : callable
        Told what is being checked, how much is done and how much there is (0: not known).
    """
    proof = _Proof()
    found = proof.found
    try:
        with sqlite.translated(lab.store.path), _one_moment(lab.db):
            _verify_record(lab, proof, progress, files=files)
    except BusyError:
        raise
    except RecordError as error:
        found.problem(f"the record cannot be read further: {error.message}")
    problems = found.all()
    return AuditReport(
        ok=not problems,
        events=proof.walked.events,
        head=proof.walked.head.hex(),
        root=chain.root(proof.walked.frontier).hex(),
        problems=problems,
        notices=tuple(found.notices),
        checkpoints=proof.checkpoints,
        files=proof.files,
    )


@dataclass(slots=True)
class _Proof:
    """What is known so far: a record that cannot be read to its end still ends in a report."""

    found: Findings = field(default_factory=Findings)
    walked: Walk = field(default_factory=Walk)
    checkpoints: int = 0
    files: int = 0


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


def _verify_record(lab: Lab, proof: _Proof, progress: Progress, *, files: bool) -> None:
    found = proof.found
    for fault in migrate.schema_faults(lab.db):
        found.problem(f"schema: {fault}")
    points = {point.size: point for point in statements.stored(lab.db)}
    proof.checkpoints = len(points)
    stretch = Stretch(
        path=lab.store.path,
        read_only=lab.store.read_only,
        lab_id=lab.lab_id,
        last=int(lab.db.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]),
        sizes=frozenset(points),
    )
    rows = Findings()
    with audit_apart.begun(stretch) as walking:
        audit_rows.compare(
            lab.store.path, read_only=lab.store.read_only, found=rows, progress=progress
        )
        progress("walking the chain", 0, 0)
        proof.walked = (walking and walking.result()) or walk(lab.db, stretch)
    found.take(proof.walked.found)
    _verify_head(lab.db, proof.walked, found)
    _verify_checkpoints(lab, points, proof.walked, found)
    found.take(rows)
    if files:
        proof.files = check_files(lab, found, progress)


def _verify_head(database: Database, walked: Walk, found: Findings) -> None:
    count = walked.events
    row = database.execute("SELECT size, head, frontier FROM log_head").fetchone()
    stored = (0, b"", b"") if row is None else (int(row[0]), bytes(row[1]), bytes(row[2]))
    if stored[0] > count:
        found.problem(f"the log was cut: {stored[0]} events were written, {count} are there")
    elif stored[0] < count:
        found.problem(f"events were appended past the record: {stored[0]} written, {count} there")
    elif stored[1:] != (walked.head, walked.frontier):
        found.problem("the log's head or Merkle frontier is not the one the events give")


def _verify_checkpoints(
    lab: Lab, points: dict[int, Checkpoint], walked: Walk, found: Findings
) -> None:
    for size, point in points.items():
        if size > walked.events:
            found.problem(
                f"a checkpoint was signed at {size} events, the log has {walked.events}: "
                "cut or rolled back"
            )
        elif walked.roots.get(size) != (point.head, point.root):
            found.problem(f"the log before event {size + 1} is not the one its checkpoint signed")
        if not keys.verify(lab.public_key, statement(lab, point), point.signature):
            found.problem(f"the checkpoint at {size} events does not carry the lab's signature")


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


def _folded(lab: Lab) -> Iterator[tuple[Event, bytes]]:
    for row in log.everything(lab.db):
        event = log.from_row(row)
        body, key = str(row[5]).encode(), event.key
        yield (
            event,
            log.leaf_of(
                lab.lab_id, event.seq, event.event_id, event.at, event.actor, event.kind, body, key
            ),
        )
