"""Clusters of unknowns for lists, screens and reports. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lims import canonical, network_unknowns, records
from lims.errors import NotFoundError
from lims.hub_answer_form import NetworkUnknown
from lims.lab import Lab
from lims.queries import HIDDEN
from lims.unknown_model import (
    Cluster,
    ClusterAct,
    ClusterRecord,
    ClusterState,
    Member,
    parse_code,
)

if TYPE_CHECKING:
    from sqlite_utils import Database

MOST_LISTED = 10_000

_GROUPED = """
SELECT c.*, g.samples, g.techniques, g.origins, g.first, g.last, g.unseen
FROM unknown_cluster c LEFT JOIN (
  SELECT m.code AS code, group_concat(DISTINCT m.sample) AS samples,
         group_concat(DISTINCT m.kind) AS techniques,
         json_group_array(DISTINCT json_extract(p.draft,'$.origin')) AS origins,
         min(m.at) AS first, max(m.at) AS last, sum(s.unacknowledged) AS unseen
  FROM unknown_member m JOIN sample s ON s.number=m.sample
  JOIN shipment p ON p.number=s.shipment JOIN finding f ON f.id=m.finding
  WHERE f.state<>'sent_back' {members} GROUP BY m.code
) g ON g.code=c.code
"""


def listed(
    lab: Lab, *, state: str = "", sample: str = "", limit: int = 1_000
) -> tuple[Cluster, ...]:
    """Return clusters, the one met last first; merged ones only when asked for.

    Parameters
    ----------
    state : str
        ``open``, ``named``, ``merged`` or ``all``; open and named ones when empty.
    sample : str
        Only those this sample is in.
    limit : int

    Raises
    ------
    NotFoundError
        No such sample.
    """
    where, values = ["1"], []
    if state == "":
        where.append("c.state<>'merged'")
    elif state != "all":
        where.append("c.state=?")
        values.append(state)
    if sample:
        values.append(records.sample_row(lab.db, sample)["number"])
        where.append("c.code IN (SELECT code FROM unknown_member WHERE sample=?)")
    # The index alone finds which come first; only those are joined with samples and parcels.
    first = records.rows(
        lab.db,
        f"SELECT c.code AS code FROM unknown_cluster c WHERE {' AND '.join(where)} "
        "ORDER BY coalesce((SELECT max(at) FROM unknown_member m WHERE m.code=c.code), "
        "c.opened_at) DESC, c.serial DESC LIMIT ?",
        *values,
        max(0, min(limit, MOST_LISTED)),
    )
    codes = canonical.dumps([row["code"] for row in first]).decode()
    wanted = "IN (SELECT value FROM json_each(?))"
    found = records.rows(
        lab.db,
        f"{_GROUPED.format(members=f'AND m.code {wanted}')} WHERE c.code {wanted}",
        codes,
        codes,
    )
    places = {row["code"]: at for at, row in enumerate(first)}
    found.sort(key=lambda row: places[row["code"]])
    network = network_unknowns.networks(lab.db, [row["code"] for row in found])
    return tuple(_as_cluster(row, network.get(row["code"])) for row in found)


def show(lab: Lab, code: str) -> ClusterRecord:
    """Return everything about the cluster a code stands for now.

    Raises
    ------
    NotFoundError
    """
    asked = row_of(lab.db, code)
    live = live_row(lab.db, asked)["code"]
    found = records.rows(
        lab.db,
        f"{_GROUPED.format(members='AND m.code=?')} WHERE c.code=?",
        live,
        live,
    )
    return ClusterRecord(
        asked=asked["code"],
        cluster=_as_cluster(found[0], network_unknowns.networks(lab.db, [live]).get(live)),
        members=members(lab.db, live),
        acts=_acts(lab.db, live, hidden=bool(found[0]["unseen"])),
        earlier_codes=_earlier(lab.db, live),
        beside=_beside(lab.db, live),
    )


def row_of(database: Database, code: str) -> dict[str, Any]:
    """Return the row of a typed code, merged or not.

    Raises
    ------
    NotFoundError
        No such code, or the letters belong to another number.
    """
    letters, serial = parse_code(code)
    found = records.rows(database, "SELECT * FROM unknown_cluster WHERE serial=?", serial)
    if not found:
        raise NotFoundError(
            f"there is no unknown {code[:40]!r} in this lab", hint="See fol unknown list."
        )
    if letters and found[0]["code"].split("-")[1] != letters:
        raise NotFoundError(
            f"there is no unknown {code[:40]!r} in this lab",
            hint=f"Number {serial} is {found[0]['code']}.",
        )
    return found[0]


def live_row(database: Database, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row of the cluster that a merged one went into, in the end."""
    # A cluster is merged once and only into one that is not merged, so the chain ends.
    while row["merged_into"]:
        row = records.rows(
            database, "SELECT * FROM unknown_cluster WHERE code=?", row["merged_into"]
        )[0]
    return row


def members(database: Database, code: str) -> tuple[Member, ...]:
    """Return the members of a cluster in the order they came."""
    found = records.rows(
        database,
        "SELECT m.*, f.state AS finding_state, f.verdict AS verdict FROM unknown_member m "
        "JOIN finding f ON f.id=m.finding WHERE m.code=? ORDER BY m.seq, m.answer",
        code,
    )
    return tuple(
        Member(
            finding=row["finding"],
            answer=row["answer"],
            sample=row["sample"],
            code=row["code"],
            first_code=row["first_code"],
            kind=row["kind"],
            state=row["state"],
            class_name=row["class_name"],
            mass_shift=row["mass_shift"],
            share=row["share"],
            score=row["score"],
            why=row["why"],
            at=records.moment(row["at"]),
            by=row["by"],
            finding_state=row["finding_state"],
            verdict=row["verdict"],
        )
        for row in found
    )


def _acts(database: Database, code: str, *, hidden: bool) -> tuple[ClusterAct, ...]:
    found = records.rows(
        database, "SELECT * FROM unknown_act WHERE code=? OR other=? ORDER BY seq", code, code
    )
    return tuple(
        ClusterAct(
            kind=row["kind"],
            other=row["other"] if row["code"] == code else row["code"],
            name=HIDDEN if hidden and row["name"] else row["name"],
            reason=row["reason"],
            at=records.moment(row["at"]),
            by=row["by"],
        )
        for row in found
    )


def _earlier(database: Database, code: str) -> tuple[str, ...]:
    """Return every code that was merged into this one, directly or through another."""
    found = records.rows(
        database,
        "WITH RECURSIVE gone(code) AS (SELECT code FROM unknown_cluster WHERE merged_into=? "
        "UNION SELECT c.code FROM unknown_cluster c JOIN gone g ON c.merged_into=g.code) "
        "SELECT code FROM gone ORDER BY code",
        code,
    )
    return tuple(row["code"] for row in found)


def _beside(database: Database, code: str) -> tuple[str, ...]:
    found = records.rows(
        database,
        "SELECT DISTINCT o.code AS code FROM unknown_member m JOIN unknown_member o "
        "ON o.sample=m.sample AND o.code<>m.code WHERE m.code=? ORDER BY o.code",
        code,
    )
    return tuple(row["code"] for row in found)


def _as_cluster(row: dict[str, Any], network: NetworkUnknown | None) -> Cluster:
    opened = records.moment(row["opened_at"])
    if network is not None and network.name and row["unseen"]:
        network = replace(network, name=HIDDEN)
    return Cluster(
        code=row["code"],
        class_name=row["class_name"],
        state=ClusterState(row["state"]),
        samples=_parts(row["samples"]),
        techniques=_parts(row["techniques"]),
        origins=_origins(row["origins"]),
        first=records.moment(row["first"]) if row["first"] else opened,
        last=records.moment(row["last"]) if row["last"] else opened,
        split_from=row["split_from"],
        merged_into=row["merged_into"],
        name=HIDDEN if row["name"] and row["unseen"] else row["name"],
        inchikey="" if row["unseen"] else row["inchikey"],
        named_at=records.moment(row["named_at"]) if row["named_at"] else None,
        named_by=row["named_by"],
        named_how=row["named_how"],
        network=network,
    )


def _parts(value: str | None) -> tuple[str, ...]:
    return tuple(sorted(part for part in (value or "").split(",") if part))


def _origins(value: str | None) -> tuple[str, ...]:
    found: Sequence[object] = canonical.parsed(value) if value else ()
    return tuple(sorted({str(each) for each in found if each}))
