"""How events about balances, weighings, divisions and consumption become rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def parent_of(database: Database, body: Mapping[str, Any]) -> str:
    """Return the sample that a sub-sample was taken out of.

    The event names the division, not the parent, so that a sub-sample's own events can be shown
    in court without telling of another item.
    """
    if "division" not in body:
        return ""
    row = database.conn.execute(
        "SELECT parent, children FROM division WHERE seq=?", (body["division"],)
    ).fetchone()
    children = {**folding.parsed(row[1]), body["number"]: body["net_ug"]}
    database.conn.execute(
        "UPDATE division SET children=? WHERE seq=?", (folding.text(children), body["division"])
    )
    return str(row[0])


def weighed(database: Database, event: Event) -> None:
    """Keep a weighing that says on which balance it was made."""
    body = event.body
    if "balance" not in body:
        return
    folding.insert(
        database,
        "weighing",
        seq=event.seq,
        sample=body["sample"],
        occasion=body["occasion"],
        gross_ug=body["gross_ug"],
        balance=body["balance"],
        u_ug=body["u_ug"],
        expected_ug=body["expected_ug"],
        tolerance_ug=body["tolerance_ug"],
        remark=body["remark"],
        at=event.at,
        by=event.actor,
    )


def _balance(database: Database, event: Event) -> None:
    body = event.body
    names = ("serial", "repeatability_ug", "calibration_ug", "certificate", "due")
    database.conn.execute(
        f"INSERT INTO balance(name, seq, at, by, {', '.join(names)}) VALUES(?,?,?,?,?,?,?,?,?) "
        "ON CONFLICT(name) DO UPDATE SET seq=excluded.seq, at=excluded.at, by=excluded.by, "
        + ", ".join(f"{name}=excluded.{name}" for name in names),
        (body["name"], event.seq, event.at, event.actor, *(body[name] for name in names)),
    )


def _divided(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "division",
        seq=event.seq,
        parent=body["sample"],
        balance=body["balance"],
        net_ug=body["net_ug"],
        children="{}",
        residue_ug=body["residue_ug"],
        consumed_ug=body["consumed_ug"],
        difference_ug=body["difference_ug"],
        tolerance_ug=body["tolerance_ug"],
        at=event.at,
        by=event.actor,
    )
    folding.insert(
        database,
        "weighing",
        seq=event.seq,
        sample=body["sample"],
        occasion="division",
        gross_ug=body["gross_ug"],
        balance=body["balance"],
        u_ug=body["u_ug"],
        expected_ug=None,
        tolerance_ug=None,
        remark=f"net {body['net_ug']} µg before it was divided",
        at=event.at,
        by=event.actor,
    )
    database.conn.execute(
        "UPDATE sample SET gross_ug=? WHERE number=?", (body["gross_ug"], body["sample"])
    )


def _authorised(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "consumption_authority",
        seq=event.seq,
        sample=body["sample"],
        document=body["document"],
        limit_ug=body["limit_ug"],
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )


def _consumed(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "consumption",
        seq=event.seq,
        sample=body["sample"],
        authority=body["authority"],
        mass_ug=body["mass_ug"],
        everything=int(body["everything"]),
        purpose=body["purpose"],
        analyst=event.actor,
        reviewer=body["reviewer"],
        confirmed=folding.text(body["confirmed"]),
        at=event.at,
    )
    if body["everything"]:
        database.conn.execute(
            "UPDATE sample SET state='consumed' WHERE number=?", (body["sample"],)
        )


HANDLERS: Handlers = {
    "balance.recorded": _balance,
    "sample.divided": _divided,
    "consumption.authorised": _authorised,
    "sample.consumed": _consumed,
}
