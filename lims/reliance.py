"""Which findings rest on a library's entries, and the notice when such an entry is withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lims import alerts, matching, records
from lims.act import Act
from lims.model import Finding
from lims.statements import NAMED

if TYPE_CHECKING:
    from sqlite_utils import Database


_FEW = 50
_NAMING = (
    "SELECT * FROM finding WHERE state IN ('submitted','reviewed') AND substances<>'[]' "
    "AND instr(match, ?)>0 ORDER BY rowid"
)


def findings_on(database: Database, library: str, entries: set[str]) -> list[Finding]:
    """Return the findings that stand and name a substance by one of these entries.

    Parameters
    ----------
    database : Database
    library : str
    entries : set of str
        Entry ids.
    """
    found: dict[str, Finding] = {}
    # A text is found without reading it as JSON, one entry at a time; for many, all are read once.
    texts = [f'"{entry}"' for entry in sorted(entries)] if len(entries) <= _FEW else [""]
    for text in texts if entries else ():
        for row in records.rows(database, _NAMING, text):
            finding = records.as_finding(row)
            if any(_rests(answer, library, entries) for answer in matching.answers(finding.match)):
                found[finding.id] = finding
    return list(found.values())


def tell_withdrawn(act: Act, library: str, entries: set[str], reason: str) -> None:
    """Raise one notice for each sample whose answer rests on a withdrawn entry."""
    by_sample: dict[str, list[str]] = {}
    for finding in findings_on(act.db, library, entries):
        by_sample.setdefault(finding.sample, []).append(finding.id)
    for sample, findings in by_sample.items():
        alerts.raise_alert(
            act,
            records.sample_row(act.db, sample),
            kind="withdrawn_reference",
            headline=f"sample {sample}: a reference that its answer rests on was withdrawn",
            detail=f"{', '.join(findings)} rest on an entry of {library}: {reason}. "
            "Look at them again.",
        )


def _rests(answer: Mapping[str, Any], library: str, entries: set[str]) -> bool:
    decision = answer.get("decision") or {}
    if decision.get("state") not in NAMED:
        return False
    names = {*decision.get("substances", ()), *decision.get("isomer_group", ())}
    return any(
        hit.get("entry") in entries
        and hit.get("library") == library
        and {hit.get("substance"), hit.get("name")} & names
        for hit in answer.get("hits") or ()
    )
