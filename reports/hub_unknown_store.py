"""The hub's memory of unknowns: what each lab reported of them, and the hub's own codes.

A code is given once, when a lab's cluster first arrives, and never taken back or given twice; two
codes found to be one lead to the older.
Works on the connection of `reports.hub_store`, inside its transactions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from lims.unknown_model import parse_code
from reports import hub_answer_store
from reports.hub_model import HubCode, HubMerge, StoredUnknown
from spectra import unknown_signature
from spectra.errors import SpectrumError
from spectra.unknown_signature import Signature

BY_RULE: Final = "hub"
"""Who merged two codes that one spectrum is alike; a person's merge has the person."""


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
    """Keep a report's unknowns, give a code to each that is new here, and merge what is bridged."""
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
                (lab, each["code"], kept.kind, kept.filed, json.dumps(said, sort_keys=True)),
            )
        _bridge(connection, lab, each, at)


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
    lead = hub_answer_store.leading(_merges(connection))
    own = {
        lead(str(row[0]))
        for row in connection.execute("SELECT code FROM unknown_code WHERE lab=?", (lab,))
    }
    found = [
        (score, code, serial)
        for score, code, serial in _likest(connection, each["signatures"])
        if lead(code) not in own
    ]
    if not found:
        return ("", 0, None)
    # The first of equals is the oldest.
    score, code, serial = max(found, key=lambda item: (item[0], -item[2]))
    return (code, serial, round(score, 4))


def _likest(
    connection: Any, signatures: Sequence[Mapping[str, Any]]
) -> list[tuple[float, str, int]]:
    """Return how alike each code is that is alike enough: likeness, code, serial."""
    best: dict[tuple[str, int], float] = {}
    for said in signatures:
        mine = unknown_signature.parsed(said)
        rows = _candidates(connection, mine)
        others = [unknown_signature.parsed(json.loads(row[2])) for row in rows]
        ruled_out = _ruled_out(mine, rows, others)
        scores = unknown_signature.likeness(mine, others)
        for score, row, other in zip(scores.tolist(), rows, others, strict=True):
            if score >= mine.threshold(other) and row[1] not in ruled_out:
                key = (str(row[0]), int(row[1]))
                best[key] = max(score, best.get(key, 0.0))
    return [(score, code, serial) for (code, serial), score in best.items()]


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


def _candidates(connection: Any, mine: Signature) -> list[tuple[Any, ...]]:
    marks = ",".join("?" * len(mine.looked_up))
    found: list[tuple[Any, ...]] = connection.execute(
        "SELECT c.code, c.serial, s.signature FROM unknown_signature s JOIN unknown_code c "
        f"ON c.lab=s.lab AND c.lab_code=s.lab_code WHERE s.kind=? AND s.base_mz IN ({marks}) "
        "ORDER BY s.id",
        (mine.kind, *mine.looked_up),
    ).fetchall()
    return found


def _bridge(connection: Any, lab: str, each: Mapping[str, Any], at: str) -> None:
    """Make one of the codes that an unknown's MS/MS spectra are alike, at whatever energy.

    The oldest code stays. Codes that one lab holds both of are left apart, and so are those that a
    person at headquarters told apart.
    """
    tandem = [said for said in each["signatures"] if said["kind"] == unknown_signature.MSMS]
    if not tandem:
        return
    merges = _merges(connection)
    lead = hub_answer_store.leading(merges)
    told_apart = {merge.code for merge in merges if not merge.into}
    row = connection.execute(
        "SELECT code FROM unknown_code WHERE lab=? AND lab_code=?", (lab, each["code"])
    ).fetchone()
    alike = {lead(str(row[0]))} | {lead(code) for _, code, _ in _likest(connection, tandem)}
    stays, *others = sorted(alike, key=lambda code: parse_code(code.removeprefix("HQ-"))[1])
    for gone in others:
        if gone in told_apart or _one_lab_has_both(connection, lead, stays, gone):
            continue
        hub_answer_store.write_merge(
            connection,
            HubMerge(
                at=at, by=BY_RULE, code=gone, into=stays,
                reason=f"{lab} {each['code']} has the same precursor and is alike both",
            ),
        )  # fmt: skip
        lead = hub_answer_store.leading(_merges(connection))


def _one_lab_has_both(connection: Any, lead: Callable[[str], str], one: str, two: str) -> bool:
    held: dict[str, set[str]] = {}
    for lab, code in connection.execute("SELECT lab, code FROM unknown_code"):
        held.setdefault(lead(str(code)), set()).add(str(lab))
    return bool(held.get(one, set()) & held.get(two, set()))


def _merges(connection: Any) -> list[HubMerge]:
    rows = connection.execute(
        "SELECT at, by, code, into_code, reason FROM unknown_merge ORDER BY id"
    ).fetchall()
    names = ("at", "by", "code", "into_code", "reason")
    return [hub_answer_store.merge_of(dict(zip(names, row, strict=True))) for row in rows]


def codes(rows: Iterator[Mapping[str, Any]], merges: Sequence[HubMerge]) -> list[HubCode]:
    """Return the hub's codes from rows of ``unknown_code``, each where it leads now."""
    lead = hub_answer_store.leading(merges)
    return [
        HubCode(
            lab=row["lab"],
            lab_code=row["lab_code"],
            code=lead(row["code"]),
            score=row["score"],
            given=row["code"],
        )
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
