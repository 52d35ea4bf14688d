"""From events to rows: one handler per event kind, the same for a live act and for a replay.

A handler sees the database and the event and nothing else (no clock, no files, no settings), so
replaying the log from nothing gives the same rows byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from lims import (
    chain,
    fold_bench_tests,
    fold_cases,
    fold_certificates,
    fold_containers,
    fold_custody,
    fold_examination,
    fold_handover,
    fold_holds,
    fold_hub,
    fold_instruments,
    fold_law,
    fold_office,
    fold_proposals,
    fold_quality,
    fold_references,
    fold_sampling,
    fold_shifts,
    fold_shipments,
    fold_signing,
    fold_unknowns,
    fold_weights,
    migrate,
    sqlite,
)
from lims.errors import RecordError
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

Handler = Callable[["Database", Event], None]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        **fold_office.HANDLERS,
        **fold_custody.HANDLERS,
        **fold_handover.HANDLERS,
        **fold_containers.HANDLERS,
        **fold_weights.HANDLERS,
        **fold_holds.HANDLERS,
        **fold_examination.HANDLERS,
        **fold_instruments.HANDLERS,
        **fold_references.HANDLERS,
        **fold_unknowns.HANDLERS,
        **fold_hub.HANDLERS,
        **fold_law.HANDLERS,
        **fold_proposals.HANDLERS,
        **fold_quality.HANDLERS,
        **fold_sampling.HANDLERS,
        **fold_bench_tests.HANDLERS,
        **fold_cases.HANDLERS,
        **fold_shifts.HANDLERS,
        **fold_signing.HANDLERS,
        **fold_shipments.HANDLERS,
        **fold_certificates.HANDLERS,
    }
)

TABLES = (
    "log_head",
    "lab",
    "counter",
    "person",
    "shipment",
    "sample",
    "custody",
    "discrepancy",
    "note",
    "photo",
    "portion",
    "run",
    "finding",
    "conclusion",
    "alert",
    "quarantine",
    "library",
    "outbox",
    "instrument",
    "instrument_mapping",
    "reference",
    "trusted_lab",
    "library_release",
    "search_again",
    "search_again_library",
    "unknown_cluster",
    "unknown_member",
    "unknown_act",
    "candidate_request",
    "trusted_hub",
    "hub_answer",
    "network_unknown",
    "sampling_plan",
    "sampling_unit",
    "bench_test",
    "law_rule",
    "law_review",
    "law_reading",
    "handover",
    "custody_setting",
    "seal_range",
    "seal_note",
    "container",
    "container_step",
    "container_discrepancy",
    "balance",
    "weighing",
    "division",
    "consumption_authority",
    "consumption",
    "legal_hold",
    "disposal",
    "correction",
    "attachment",
    "verification",
    "instrument_interval",
    "material_lot",
    "control",
    "control_series",
    "control_value",
    "result_hold",
    "case_file",
    "case_link",
    "case_outcome",
    "case_party",
    "case_dismissal",
    "shift_calendar",
    "cover",
    "lab_transfer",
    "office_notice",
    "clock_stop",
    "certificate",
    "certificate_sample",
    "certificate_revision",
    "certificate_review",
    "certificate_statement",
    "certificate_copy",
    "credential",
    "session",
    "sign_in_refusal",
    "sign_in_setting",
    "two_person_act",
    "signature",
    "shipment_weighing",
)
"""Every table that is rebuilt from the log. ``credential_secret`` is not: the log holds digests."""


def fold(database: Database, event: Event, leaf: bytes) -> None:
    """Bring every projection up to ``event``, inside the transaction that wrote it.

    Raises
    ------
    RecordError
        No handler knows this kind of event.
    """
    handle(database, event)
    row = database.conn.execute("SELECT size, frontier FROM log_head").fetchone()
    size, frontier = (0, b"") if row is None else (int(row[0]), bytes(row[1]))
    _set_head(database, size + 1, event.hash, chain.grow(frontier, size, leaf))


def handle(database: Database, event: Event) -> None:
    """Bring the projections up to ``event``, all but the log's own head.

    Raises
    ------
    RecordError
        No handler knows this kind of event.
    """
    handler = HANDLERS.get(event.kind)
    if handler is None:
        raise RecordError(
            f"this software does not know events of kind {event.kind!r}",
            hint="A newer version may have written it.",
        )
    handler(database, event)
    if fold_signing.FIELD in event.body:
        fold_signing.signatures(database, event)


def _set_head(database: Database, size: int, head: bytes, frontier: bytes) -> None:
    database.conn.execute(
        "INSERT INTO log_head(one, size, head, frontier) VALUES(1,?,?,?) "
        "ON CONFLICT(one) DO UPDATE SET size=excluded.size, head=excluded.head, "
        "frontier=excluded.frontier",
        (size, head, frontier),
    )


def rebuilt(events: Iterator[tuple[Event, bytes]]) -> Database:
    """Return a database in memory whose projections come from the events alone.

    Parameters
    ----------
    events : iterator of (Event, leaf hash)
    """
    database = sqlite.memory()
    migrate.apply(database)
    tree, head = chain.Tree(), chain.GENESIS
    database.conn.execute("BEGIN")
    for event, leaf in events:
        handle(database, event)
        tree.add(leaf)
        head = event.hash
    if tree.size:
        _set_head(database, tree.size, head, tree.frontier)
    database.conn.execute("COMMIT")
    return database


def digests(database: Database) -> dict[str, str]:
    """Return SHA-256 of each projection's rows, types and all, as hex by table."""
    return {table: _digest(database, table) for table in TABLES}


def _digest(database: Database, table: str) -> str:
    digest = hashlib.sha256()
    columns = [str(row[1]) for row in database.execute(f"PRAGMA table_info({table})").fetchall()]
    keys = ", ".join(columns)
    for row in database.execute(f"SELECT {keys} FROM {table} ORDER BY 1, 2"):
        # The spelling of a tuple of texts, whole numbers, bytes and None tells types and bounds.
        digest.update(repr(row).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()
