"""How weighings of whole parcels become rows."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _weighed(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "shipment_weighing",
        seq=event.seq,
        shipment=body["shipment"],
        of=body["of"],
        mass_ug=body["mass_ug"],
        u_ug=body["u_ug"],
        balance=body["balance"],
        at=event.at,
        by=event.actor,
    )


HANDLERS: Handlers = MappingProxyType({"shipment.weighed": _weighed})
