"""How imported legal rules and reviews of findings against the law become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _rule_imported(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "law_rule",
        id=body["id"],
        revision=body["revision"],
        seq=event.seq,
        digest=body["digest"],
        document=folding.text(body["document"]),
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )


def _reviewed(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "law_review",
        seq=event.seq,
        day=body["day"],
        rule_set=body["rule_set"],
        findings=body["findings"],
        changes=folding.text(body["changes"]),
        at=event.at,
        by=event.actor,
    )
    for subject, reading in body["readings"].items():
        database.conn.execute(
            "INSERT INTO law_reading(subject, seq, reading) VALUES(?,?,?) ON CONFLICT(subject) "
            "DO UPDATE SET seq=excluded.seq, reading=excluded.reading",
            (subject, event.seq, folding.text(reading)),
        )


HANDLERS: Handlers = {"law.rule_imported": _rule_imported, "law.reviewed": _reviewed}
