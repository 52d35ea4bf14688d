"""How headquarters' keys and answers become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _key_trusted(database: Database, event: Event) -> None:
    # One key at a time: a lost one is replaced, and what it signs from then on is not taken.
    database.conn.execute(
        "UPDATE trusted_hub SET replaced_at=? WHERE replaced_at='' AND fingerprint<>?",
        (event.at, event.body["fingerprint"]),
    )
    database.conn.execute(
        "INSERT INTO trusted_hub(fingerprint, seq, public_key, at, by) VALUES(?,?,?,?,?) "
        "ON CONFLICT(fingerprint) DO UPDATE SET seq=excluded.seq, at=excluded.at, "
        "by=excluded.by, replaced_at=''",
        (
            event.body["fingerprint"],
            event.seq,
            event.body["public_key"],
            event.at,
            event.actor,
        ),
    )


def _answered(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "hub_answer",
        fingerprint=body["fingerprint"],
        sequence=body["sequence"],
        seq=event.seq,
        sha256=body["sha256"],
        previous=body["previous"],
        made_at=body["made_at"],
        unknowns=len(body["unknowns"]),
        at=event.at,
        by=event.actor,
    )
    for each in body["unknowns"]:
        database.conn.execute(
            "INSERT INTO network_unknown(lab_code, code, name, said, fingerprint, sequence, at) "
            "VALUES(?,?,?,?,?,?,?) ON CONFLICT(lab_code) DO UPDATE SET code=excluded.code, "
            "name=excluded.name, said=excluded.said, fingerprint=excluded.fingerprint, "
            "sequence=excluded.sequence, at=excluded.at",
            (
                each["lab_code"],
                each["code"],
                each["name"],
                folding.text(each),
                body["fingerprint"],
                body["sequence"],
                event.at,
            ),
        )


HANDLERS: Handlers = {"hub.key_trusted": _key_trusted, "hub.answered": _answered}
