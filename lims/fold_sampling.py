"""How sampling plans and the results of their units become rows."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _planned(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "sampling_plan",
        id=body["id"],
        seq=event.seq,
        sample=body["sample"],
        population=body["population"],
        counted=body["counted"],
        look=body["look"],
        proportion=body["proportion"],
        alpha=body["alpha"],
        method=body["method"],
        negatives=body["negatives"],
        prior=folding.text(body["prior"]),
        units=body["units"],
        seed=body["seed"],
        algorithm=body["algorithm"],
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )


def _enlarged(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE sampling_plan SET units=?, negatives=? WHERE id=?",
        (body["units"], body["negatives"], body["plan"]),
    )


def _unit_recorded(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "sampling_unit",
        seq=event.seq,
        plan=body["plan"],
        unit=body["unit"],
        positive=int(body["positive"]),
        net_ug=body["net_ug"],
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )


HANDLERS: Handlers = MappingProxyType(
    {
        "sampling.planned": _planned,
        "sampling.enlarged": _enlarged,
        "sampling.unit_recorded": _unit_recorded,
    }
)
