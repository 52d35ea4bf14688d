"""How clusters of unknowns and requests for confirmation become rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _open(database: Database, event: Event, code: str, class_name: str, split_from: str) -> None:
    folding.insert(
        database,
        "unknown_cluster",
        code=code,
        serial=event.body["serial"],
        seq=event.seq,
        class_name=class_name,
        state="open",
        opened_at=event.at,
        opened_by=event.actor,
        split_from=split_from,
    )


def _joined(database: Database, event: Event) -> None:
    body = event.body
    if body["opened"]:
        _open(database, event, body["code"], body["class_name"], "")
    elif body["class_name"]:
        database.conn.execute(
            "UPDATE unknown_cluster SET class_name=? WHERE code=? AND class_name=''",
            (body["class_name"], body["code"]),
        )
    folding.insert(
        database,
        "unknown_member",
        finding=body["finding"],
        answer=body["answer"],
        seq=event.seq,
        code=body["code"],
        first_code=body["code"],
        sample=body["sample"],
        kind=body["kind"],
        state=body["state"],
        class_name=body["class_name"],
        mass_shift=body["mass_shift"],
        signature="" if body["signature"] is None else folding.text(body["signature"]),
        base_mz=_filed_under(body["signature"] or {}),
        share=float(body["share"]),
        attracts=int(body["attracts"]),
        score=None if body["score"] is None else float(body["score"]),
        why=body["why"],
        at=event.at,
        by=event.actor,
    )


def _filed_under(signature: Mapping[str, Any]) -> int:
    """Return the whole mass that later spectra look under: of the tallest ion or the precursor."""
    if "precursor_mz" in signature:
        return int(signature["precursor_mz"])
    ions = signature.get("ions") or [[0, 0]]
    return int(ions[0][0])


def _act(database: Database, event: Event, kind: str, *, other: str = "", name: str = "") -> None:
    folding.insert(
        database,
        "unknown_act",
        seq=event.seq,
        code=event.body["code"],
        kind=kind,
        other=other,
        name=name,
        reason=event.body["reason"],
        at=event.at,
        by=event.actor,
    )


def _merged(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE unknown_cluster SET state='merged', merged_into=?, closed_at=? WHERE code=?",
        (body["into"], event.at, body["code"]),
    )
    database.conn.execute(
        "UPDATE unknown_cluster SET class_name=(SELECT class_name FROM unknown_cluster "
        "WHERE code=?) WHERE code=? AND class_name=''",
        (body["code"], body["into"]),
    )
    database.conn.execute(
        "UPDATE unknown_member SET code=? WHERE code=?", (body["into"], body["code"])
    )
    _act(database, event, "merged", other=body["into"])


def _split(database: Database, event: Event) -> None:
    body = event.body
    _open(database, event, body["new_code"], body["class_name"], body["code"])
    for finding, answer in body["members"]:
        database.conn.execute(
            "UPDATE unknown_member SET code=? WHERE finding=? AND answer=? AND code=?",
            (body["new_code"], finding, answer, body["code"]),
        )
    _act(database, event, "split", other=body["new_code"])


def _named(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE unknown_cluster SET state='named', name=?, inchikey=?, named_at=?, named_by=?, "
        "named_how=? WHERE code=?",
        (body["name"], body["inchikey"], event.at, event.actor, body["how"], body["code"]),
    )
    _act(database, event, "named", name=body["name"])


def _sent(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "candidate_request",
        finding=body["finding"],
        number=body["number"],
        seq=event.seq,
        sample=body["sample"],
        sent_to=body["to"],
        remark=body["remark"],
        at=event.at,
        by=event.actor,
    )


def _answered(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE candidate_request SET answer=?, substance=?, reference=?, answer_remark=?, "
        "answered_at=?, answered_by=? WHERE finding=? AND number=?",
        (
            body["answer"],
            body["substance"],
            body["reference"],
            body["remark"],
            event.at,
            event.actor,
            body["finding"],
            body["number"],
        ),
    )


HANDLERS: Handlers = {
    "unknown.joined": _joined,
    "unknown.merged": _merged,
    "unknown.split": _split,
    "unknown.named": _named,
    "candidate.sent": _sent,
    "candidate.answered": _answered,
}
