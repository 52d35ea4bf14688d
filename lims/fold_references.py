"""How own references, releases, trusted labs and searches of stored unknowns become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database

_PROPOSED = (
    "id",
    "sample",
    "run",
    "finding",
    "raw_sha256",
    "position",
    "substance",
    "inchikey",
    "salt",
    "purity",
    "source",
    "licence",
    "library",
)


def _reference_proposed(database: Database, event: Event) -> None:
    folding.insert(
        database,
        "reference",
        **{name: event.body[name] for name in _PROPOSED},
        seq=event.seq,
        state="proposed",
        proposed_at=event.at,
        proposed_by=event.actor,
        proposed_event=event.event_id,
    )


def _reference_approved(database: Database, event: Event) -> None:
    database.conn.execute(
        "UPDATE reference SET state='approved', approved_at=?, approved_by=?, approved_event=? "
        "WHERE id=?",
        (event.at, event.actor, event.event_id, event.body["id"]),
    )


def _reference_entered(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE reference SET state='entered', version=?, entry=?, record_hash=? WHERE id=?",
        (body["version"], body["entry"], body["record_hash"], body["id"]),
    )


def _reference_withdrawn(database: Database, event: Event) -> None:
    database.conn.execute(
        "UPDATE reference SET state='withdrawn', closed_at=?, closed_by=?, reason=? WHERE id=?",
        (event.at, event.actor, event.body["reason"], event.body["id"]),
    )


def _key_trusted(database: Database, event: Event) -> None:
    body = event.body
    # A key that was once withdrawn and is trusted anew is one row again; the log has every step.
    database.conn.execute(
        "INSERT INTO trusted_lab(fingerprint, seq, site, name, public_key, at, by) "
        "VALUES(?,?,?,?,?,?,?) ON CONFLICT(fingerprint) DO UPDATE SET seq=excluded.seq, "
        "site=excluded.site, name=excluded.name, at=excluded.at, by=excluded.by, "
        "withdrawn_at='', withdrawn_by='', reason=''",
        (
            body["fingerprint"],
            event.seq,
            body["site"],
            body["name"],
            body["public_key"],
            event.at,
            event.actor,
        ),
    )


def _key_withdrawn(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE trusted_lab SET withdrawn_at=?, withdrawn_by=?, reason=? WHERE fingerprint=?",
        (event.at, event.actor, body["reason"], body["fingerprint"]),
    )


def _library_released(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "library_release",
        library=body["library"],
        sequence=body["sequence"],
        version=body["version"],
        seq=event.seq,
        sha256=body["sha256"],
        at=event.at,
        by=event.actor,
        body=folding.text(body),
    )


def _searched_again(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "search_again",
        seq=event.seq,
        finding=body["finding"],
        sample=body["sample"],
        was=body["was"],
        now=body["now"],
        headline=body["headline"],
        gain=body["gain"],
        new_finding=body["new_finding"],
        at=event.at,
        by=event.actor,
    )
    for each in body["libraries"]:
        folding.insert(
            database,
            "search_again_library",
            seq=event.seq,
            library=each["name"],
            version=each["version"],
            content_sha256=each["content_sha256"],
            finding=body["finding"],
        )


HANDLERS: Handlers = {
    "reference.proposed": _reference_proposed,
    "reference.approved": _reference_approved,
    "reference.entered": _reference_entered,
    "reference.withdrawn": _reference_withdrawn,
    "library.key_trusted": _key_trusted,
    "library.key_withdrawn": _key_withdrawn,
    "library.released": _library_released,
    "finding.searched_again": _searched_again,
}
