"""How events about samples in hands and places become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import fold_handover, fold_order, fold_weights, folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _sample_received(database: Database, event: Event) -> None:
    body, draft = event.body, event.body["draft"]
    row = database.conn.execute(
        "SELECT draft, search, notes FROM shipment WHERE number=?", (body["shipment"],)
    ).fetchone()
    folding.insert(
        database,
        "sample",
        number=body["number"],
        seq=event.seq,
        shipment=body["shipment"],
        state="received",
        draft=folding.text(draft),
        description=draft["description"],
        declared=folding.parsed(row[0])["declared_goods"],
        lane=draft["lane"],
        officer=draft["officer"],
        holder=body["taker"],
        seal=draft["seal"],
        gross_ug=draft["gross_ug"],
        submitted_at=event.at,
        priority=body["priority"],
        status="waiting",
        status_rank=folding.STATUS_RANKS["waiting"],
        search=folding.search_text(body["number"], draft["description"], draft["officer"], row[1]),
        parent=fold_weights.parent_of(database, body),
        request=fold_order.request(draft),
        odd=fold_order.odd(row[2]),
    )
    fold_order.one_more(database, body["shipment"])
    folding.count(database, body["number"])
    _step(database, event, "received", sample=body["number"], seal_after=draft["seal"])


def _step(
    database: Database, event: Event, kind: str, *, sample: str = "", seal_after: str = ""
) -> None:
    body = event.body
    folding.insert(
        database,
        "custody",
        seq=event.seq,
        sample=sample or body["sample"],
        at=event.at,
        by=event.actor,
        kind=kind,
        giver=body["giver"],
        taker=body["taker"],
        witness=body.get("witness", ""),
        seal_before=body.get("seal_before", ""),
        seal_after=seal_after or body.get("seal_after", ""),
        gross_ug=body.get("gross_ug"),
        reason=body.get("reason", ""),
        confirmed=folding.text(body.get("confirmed", {})),
        on_behalf=int(body.get("on_behalf", False)),
        occurred_at=body.get("occurred_at", ""),
        container=body.get("container", ""),
    )


def _custody_step(database: Database, event: Event) -> None:
    body = event.body
    if "handover" in body:
        fold_handover.close(database, event, body["handover"], "accepted")
    database.conn.execute(
        "UPDATE sample SET holder=?, seal=?, state=?, gross_ug=coalesce(?, gross_ug) "
        "WHERE number=?",
        (
            body["taker"],
            body["seal_after"],
            body["state"],
            body.get("gross_ug"),
            body["sample"],
        ),
    )
    kind = event.kind.partition(".")[2]
    _step(database, event, kind)
    if kind == "opened":
        fold_order.began(database, body["sample"], event.at)
    folding.refresh(database, body["sample"])


def _sample_lost(database: Database, event: Event) -> None:
    _custody_step(database, event)
    database.conn.execute("UPDATE sample SET container='' WHERE number=?", (event.body["sample"],))


def _sample_weighed(database: Database, event: Event) -> None:
    _custody_step(database, event)
    fold_weights.weighed(database, event)


def _discrepancy_raised(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "discrepancy",
        seq=event.seq,
        sample=body["sample"],
        at=event.at,
        by=event.actor,
        what=body["what"],
        expected=body["expected"],
        found=body["found"],
    )
    _freeze(database, body["sample"])


def _discrepancy_resolved(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE discrepancy SET resolved_by=?, resolved_at=?, resolution=? "
        "WHERE sample=? AND resolved_by=''",
        (event.actor, event.at, body["reason"], body["sample"]),
    )
    if body["seal"] is not None:
        database.conn.execute(
            "UPDATE sample SET seal=? WHERE number=?", (body["seal"], body["sample"])
        )
    _freeze(database, body["sample"])


def _freeze(database: Database, sample: str) -> None:
    opened = database.conn.execute(
        "SELECT seq FROM discrepancy WHERE sample=? AND resolved_by=''", (sample,)
    ).fetchall()
    database.conn.execute("UPDATE sample SET frozen=? WHERE number=?", (len(opened), sample))


def _portion_prepared(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "portion",
        id=body["id"],
        seq=event.seq,
        sample=body["sample"],
        kind=body["kind"],
        solvents=folding.text(body["solvents"]),
        mass_ug=body["mass_ug"],
        at=event.at,
        by=event.actor,
    )
    fold_order.began(database, body["sample"], event.at)


def _priority_set(database: Database, event: Event) -> None:
    database.conn.execute(
        "UPDATE sample SET priority=? WHERE number=?",
        (event.body["priority"], event.body["sample"]),
    )


HANDLERS: Handlers = {
    "sample.received": _sample_received,
    "sample.transferred": _custody_step,
    "sample.opened": _custody_step,
    "sample.resealed": _custody_step,
    "sample.weighed": _sample_weighed,
    "sample.late_entry": _custody_step,
    "sample.lost": _sample_lost,
    "sample.found": _custody_step,
    "sample.prioritised": _priority_set,
    "discrepancy.raised": _discrepancy_raised,
    "discrepancy.resolved": _discrepancy_resolved,
    "portion.prepared": _portion_prepared,
}
