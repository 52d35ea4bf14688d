"""How tests without an instrument's file, and their reviews, become rows."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from lims import fold_order, folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _recorded(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "bench_test",
        id=body["id"],
        seq=event.seq,
        sample=body["sample"],
        portion=body["portion"],
        technique=body["technique"],
        reagent=body["reagent"],
        lot=body["lot"],
        observed=body["observed"],
        indicates=body["indicates"],
        positive=int(body["positive"]),
        controls=int(body["controls"]),
        raw_sha256=body["raw_sha256"],
        state="submitted",
        at=event.at,
        by=event.actor,
    )
    fold_order.began(database, body["sample"], event.at)


def _reviewed(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE bench_test SET state=?, reviewer=?, reviewed_at=?, remark=? WHERE id=?",
        (
            "reviewed" if body["accept"] else "sent_back",
            event.actor,
            event.at,
            body["remark"],
            body["test"],
        ),
    )


HANDLERS: Handlers = MappingProxyType({"test.recorded": _recorded, "test.reviewed": _reviewed})
