"""How instruments and the confirmed mappings of their texts become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _instrument_added(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "instrument",
        name=body["name"],
        seq=event.seq,
        kind=body["kind"],
        maker=body["maker"],
        model=body["model"],
        serial=body["serial"],
        laser_nm=body["laser_nm"],
        at=event.at,
        by=event.actor,
    )


def _mapping_confirmed(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "instrument_mapping",
        instrument=body["instrument"],
        version=body["version"],
        seq=event.seq,
        mapping=folding.text(body["mapping"]),
        sample_sha256=body["sample_sha256"],
        sample_name=body["sample_name"],
        origin=body["origin"],
        at=event.at,
        by=event.actor,
    )


HANDLERS: Handlers = {
    "instrument.added": _instrument_added,
    "instrument.mapping_confirmed": _mapping_confirmed,
}
