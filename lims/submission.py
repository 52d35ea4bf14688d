"""A match becomes a submitted finding with its notices, inside the act that writes it.

The hazard notice is written in the same transaction as the finding, so no screen can show an
identity before its warning exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lims import alerts, fields, ids, mismatch, records, statements, unknown_clusters
from lims.act import Act

_UNTOLD = "The identity is shown once a named person has acknowledged this notice."


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The columns of a finding that come from its match."""

    level: str
    headline: str
    substances: tuple[str, ...]
    classes: tuple[str, ...]
    hazard: str
    must_be_seen: bool


def summary_of(result: Mapping[str, Any]) -> Summary:
    """Return what a match says as a whole.

    Raises
    ------
    RecordError
        It holds no answers, too many, or a decision this record does not know.
    """
    from lims import match_hazard, matching

    found = statements.of_match(result)
    hazard = match_hazard.gravest(each.get("hazard") for each in matching.answers(result)) or {}
    names = (name for each in found for name in each.substances)
    classes = (each.class_name for each in found if each.class_name)
    return Summary(
        level=min((each.state for each in found), key=statements.STATES.index),
        headline=fields.visible(matching.headline(result), limit=500),
        substances=tuple(dict.fromkeys(names)),
        classes=tuple(dict.fromkeys(classes)),
        hazard=str(hazard.get("group", "")),
        must_be_seen=bool(hazard.get("acknowledge")),
    )


def append_finding(
    act: Act,
    number: str,
    run: str,
    technique: str,
    summary: Summary,
    match: Mapping[str, Any],
    *,
    supersedes: str = "",
) -> str:
    """Write a finding of a sample's run and return its id; ``supersedes`` loses its place to it.

    What it leaves unknown joins its clusters at once.
    """
    count = act.db.execute("SELECT count(*) FROM finding WHERE sample=?", [number]).fetchone()[0]
    finding_id = ids.child(number, "F", int(count) + 1)
    act.append(
        "finding.submitted",
        {
            "id": finding_id,
            "run": run,
            "sample": number,
            "technique": technique,
            "headline": summary.headline,
            "level": summary.level,
            "substances": list(summary.substances),
            "classes": list(summary.classes),
            "hazard": summary.hazard,
            "supersedes": supersedes,
            "match": match,
        },
    )
    unknown_clusters.join(act, number, finding_id, match)
    return finding_id


def append_notices(act: Act, row: dict[str, Any], finding: str, summary: Summary) -> None:
    """Write the hazard notice and the declared-against-found notes that a finding asks for."""
    append_hazard(act, row, finding, summary)
    parcel = records.shipment(act.db, row["shipment"])
    for each in mismatch.on_substances(parcel.draft, summary.substances):
        if each.says not in parcel.notes:
            body = {"shipment": parcel.number, "note": each.says, "finding": finding}
            act.append("shipment.noted", body)


def append_hazard(act: Act, row: dict[str, Any], finding: str, summary: Summary) -> None:
    """Write the hazard notice of a finding, once for each group of a sample."""
    if not summary.must_be_seen:
        return
    raised = act.db.execute(
        "SELECT 1 FROM alert WHERE sample=? AND kind='hazard' AND headline LIKE ?",
        [row["number"], f"{summary.hazard} %"],
    ).fetchone()
    if raised is None:
        alerts.raise_hazard(act, row, summary.hazard, f"Finding {finding}. {_UNTOLD}")
