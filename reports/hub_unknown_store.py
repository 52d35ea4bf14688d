"""The hub's memory of unknowns: what each lab reported of them, and the hub's own codes.

A code is given once, when a lab's cluster first arrives, and never taken back or given twice.
Works on the connection of `reports.hub_store`, inside its transactions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lims.unknown_model import parse_code
from reports.hub_model import HubCode, StoredUnknown
from spectra import unknown_signature
from spectra.errors import SpectrumError
from spectra.unknown_signature import Signature


def problems(unknowns: Sequence[Mapping[str, Any]]) -> str:
    """Return what is wrong with the unknowns of a report beyond its schema, or nothing."""
    codes = [str(each["code"]) for each in unknowns]
    if len(set(codes)) != len(codes):
        return "an unknown is listed twice"
    for each in unknowns:
        for said in each["signatures"]:
            try:
                unknown_signature.parsed(said)
            except SpectrumError as error:
                return f"{each['code']}: {error.message}"
    return ""


def add(
    connection: Any, report: int, lab: str, unknowns: Sequence[Mapping[str, Any]], at: str
) -> None:
    """Keep a report's unknowns, and give a code to each that is new here."""
    for position, each in enumerate(unknowns):
        connection.execute(
            "INSERT INTO unknown_row(report, position, code, body) VALUES(?,?,?,?)",
            (report, position, each["code"], json.dumps(each, ensure_ascii=False)),
        )
        _give_code(connection, lab, each, at)
        for said in each["signatures"]:
            kept = unknown_signature.parsed(said)
            connection.execute(
                "INSERT OR IGNORE INTO unknown_signature(lab, lab_code, kind, base_mz, signature) "
                "VALUES(?,?,?,?,?)",
                (lab, each["code"], kept.kind, kept.base_mz, json.dumps(said, sort_keys=True)),
            )


def _give_code(connection: Any, lab: str, each: Mapping[str, Any], at: str) -> None:
    known = connection.execute(
        "SELECT 1 FROM unknown_code WHERE lab=? AND lab_code=?", (lab, each["code"])
    ).fetchone()
    if known is not None:
        return
    code, serial, score = _alike(connection, lab, each)
    if not code:
        row = connection.execute("SELECT coalesce(max(serial),0) FROM unknown_code").fetchone()
        serial = int(row[0]) + 1
        code = f"HQ-UNK-{parse_code(str(each['code']))[0]}-{serial:04d}"
    connection.execute(
        "INSERT INTO unknown_code(lab, lab_code, code, serial, at, score) VALUES(?,?,?,?,?,?)",
        (lab, each["code"], code, serial, at, score),
    )


def _alike(connection: Any, lab: str, each: Mapping[str, Any]) -> tuple[str, int, float | None]:
    """Return code, serial and likeness of the unknown most alike, or an empty code.

    A lab that keeps two clusters apart has its reasons: they are not made one here.
    """
    best: tuple[str, int, float | None] = ("", 0, None)
    for said in each["signatures"]:
        mine = unknown_signature.parsed(said)
        rows = _candidates(connection, lab, mine)
        others = [unknown_signature.parsed(json.loads(row[2])) for row in rows]
        ruled_out = _ruled_out(mine, rows, others)
        for score, row in zip(unknown_signature.likeness(mine, others), rows, strict=True):
            good = score >= mine.threshold and row[1] not in ruled_out
            if good and (best[2] is None or score > best[2]):
                best = (str(row[0]), int(row[1]), round(float(score), 4))
    return best


def _ruled_out(
    mine: Signature, rows: Sequence[tuple[Any, ...]], others: Sequence[Signature]
) -> set[int]:
    """Return the serials that retention speaks against."""
    held: dict[int, list[Signature]] = {}
    for row, other in zip(rows, others, strict=True):
        held.setdefault(int(row[1]), []).append(other)
    return {
        serial for serial, each in held.items() if unknown_signature.retention_differs(mine, each)
    }


def _candidates(connection: Any, lab: str, mine: Signature) -> list[tuple[Any, ...]]:
    marks = ",".join("?" * max(len(mine.tallest), 1))
    found: list[tuple[Any, ...]] = connection.execute(
        "SELECT c.code, c.serial, s.signature FROM unknown_signature s JOIN unknown_code c "
        "ON c.lab=s.lab AND c.lab_code=s.lab_code "
        f"WHERE s.kind=? AND s.base_mz IN ({marks}) "
        "AND c.serial NOT IN (SELECT serial FROM unknown_code WHERE lab=?) ORDER BY s.id",
        (mine.kind, *(mine.tallest or (0,)), lab),
    ).fetchall()
    return found


def codes(rows: Iterator[Mapping[str, Any]]) -> list[HubCode]:
    """Return the hub's codes from rows of ``unknown_code``."""
    return [
        HubCode(lab=row["lab"], lab_code=row["lab_code"], code=row["code"], score=row["score"])
        for row in rows
    ]


IN_FORCE = (
    "SELECT r.lab AS lab, r.day AS day, u.body AS body "
    "FROM (SELECT lab, day, max(sequence) AS top FROM report WHERE day<=? "
    "GROUP BY lab, day) f JOIN report r ON r.lab=f.lab AND r.sequence=f.top "
    "JOIN unknown_row u ON u.report=r.id ORDER BY r.day, r.lab, u.position"
)
"""What was said of unknowns in the reports in force up to a day."""


def stored(rows: Iterator[Mapping[str, Any]]) -> list[StoredUnknown]:
    """Return what labs said of their unknowns, from rows of `IN_FORCE`."""
    return [
        StoredUnknown(lab=row["lab"], day=row["day"], body=json.loads(row["body"])) for row in rows
    ]
