"""The single results of a sample as a report says them: only what a second person accepted.

Of the hits only those that were decided for are named; any other name would read as a finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lims import bench_tests, certificate_wording, clock, records, statements
from lims.certificate_model import Json
from lims.instrument_condition import confirms_nothing
from lims.lab import Lab
from lims.model import Finding, FindingState, Run
from lims.statements import CLASSED, NAMED, Statement

MOST_STATEMENTS = 60
"""Of one run; what a run with more peaks says besides stands in its file."""


def who(lab: Lab, person: str) -> str:
    """Return a person's name with their id; a place or an outsider in words."""
    found = records.rows(lab.db, "SELECT name FROM person WHERE id=?", person)
    if found:
        return f"{found[0]['name']} ({person})"
    kind, mark, name = person.partition(":")
    return f"{kind} {name}" if mark and kind in ("place", "shipment") else person


def results(lab: Lab, number: str, runs: Sequence[Run]) -> Json:
    """Return the results of runs and of tests by hand, what is not used, and holds released."""
    findings = records.findings(lab.db, number)
    of_run = {run.id: run for run in runs}
    reviewed = [each for each in findings if each.state is FindingState.REVIEWED]
    return {
        "results": [_result(lab, each, of_run[each.run]) for each in reviewed],
        "tests": _tests(lab, number),
        "left_out": _left_out(lab, findings),
        "released_holds": _released(lab, [of_run[each.run] for each in reviewed]),
    }


def _result(lab: Lab, finding: Finding, run: Run) -> Json:
    match = finding.match
    rows = [row for name in ("spectra", "peaks") for row in match.get(name) or ()]
    said = list(zip(rows, statements.of_match(match), strict=True))
    telling = [pair for pair in said if pair[1].state in NAMED or pair[1].state in CLASSED]
    shown = telling[:MOST_STATEMENTS] or said[:1]
    return {
        "finding": finding.id,
        "run": run.id,
        "portion": _portion(lab, run),
        "technique": finding.technique,
        "statements": [_stated(row, each, finding.verdict) for row, each in shown],
        "others": len(said) - len(shown),
        "method": {
            "reader": run.reader,
            "mapping_version": run.mapping_version,
            "libraries": [
                {"name": str(each.get("name")), "version": str(each.get("version"))}
                for each in match.get("libraries") or ()
            ],
        },
        "instrument": _instrument(lab, run, match),
        "by": who(lab, finding.by),
        "at": clock.stamp(run.at),
        "reviewed_by": who(lab, finding.reviewer),
        "reviewed_at": "" if finding.reviewed_at is None else clock.stamp(finding.reviewed_at),
    }


def _stated(row: Mapping[str, Any], said: Statement, verdict: str) -> Json:
    decision = row.get("decision") or {}
    names = frozenset(said.substances)
    # Of the hits only those that were decided for: any other name would read as a finding.
    best = next(
        (hit for hit in row.get("hits") or () if {hit.get("substance"), hit.get("name")} & names),
        None,
    )
    seconds = row.get("retention_time_s")
    named = said.state in NAMED
    return {
        "statement": certificate_wording.statement(said, verdict),
        "state": said.state,
        "retention_time_s": seconds,
        "retention_index": row.get("retention_index"),
        "hqi": best.get("hqi") if best and named else None,
        "entry": f"{best.get('library')} {best.get('library_version')}, {best.get('entry')}"
        if best and named
        else "",
        "alpha": decision.get("alpha") if named else None,
        "n_calibration": decision.get("n_calibration") if named else None,
        "likelihood_ratio": decision.get("likelihood_ratio") if named else None,
    }


def _portion(lab: Lab, run: Run) -> str:
    found = [each for each in records.portions(lab.db, run.sample) if each.id == run.portion]
    if not found:
        return "not on record"
    solvents = f" in {', '.join(found[0].solvents)}" if found[0].solvents else ""
    return f"{found[0].id}, {found[0].kind}{solvents}"


def _instrument(lab: Lab, run: Run, match: Mapping[str, Any]) -> Json:
    condition = match.get("instrument") or {}
    name = run.instrument or str(condition.get("name") or "")
    device = records.rows(lab.db, "SELECT * FROM instrument WHERE name=?", name)
    aspects = condition.get("aspects") or ()
    return {
        "name": name or "not stated",
        "device": " ".join(
            str(device[0][key]) for key in ("maker", "model", "serial") if device[0][key]
        )
        if device
        else "",
        "verification": [
            f"{a.get('aspect')} {a.get('standing')}"
            + (f", last {str(a['verified_at'])[:10]}" if a.get("verified_at") else "")
            + (f", due {str(a['due_at'])[:10]}" if a.get("due_at") else "")
            for a in aspects
        ]
        or ["no verification on record"],
        "remark": confirms_nothing(match),
    }


def _tests(lab: Lab, number: str) -> list[Json]:
    return [
        {
            "test": each.id,
            "technique": each.technique,
            "reagent": each.reagent,
            "lot": each.lot,
            "observed": each.observed,
            "indicates": each.indicates,
            "positive": each.positive,
            "controls": each.controls,
            "by": who(lab, each.by),
            "at": clock.stamp(each.at),
            "reviewed_by": who(lab, each.reviewer),
        }
        for each in bench_tests.tests(lab.db, number)
        if each.state is FindingState.REVIEWED
    ]


def _left_out(lab: Lab, findings: Sequence[Finding]) -> list[Json]:
    return [
        {
            "finding": each.id,
            "technique": each.technique,
            "state": each.state.value,
            "reviewed_by": who(lab, each.reviewer),
            "remark": each.remark,
        }
        for each in findings
        if each.state in (FindingState.SENT_BACK, FindingState.SUPERSEDED)
    ]


def _released(lab: Lab, runs: Sequence[Run]) -> list[str]:
    """Return in words the holds that a person released although no repeat had been good."""
    marks = ", ".join("?" * len(runs))
    found = records.rows(
        lab.db,
        "SELECT h.* FROM result_hold h JOIN instrument i ON i.name=h.instrument "
        f"WHERE h.ended_how='release' AND EXISTS (SELECT 1 FROM run r WHERE r.id IN ({marks}) "
        "AND r.seq>h.since AND r.seq<h.ended_seq AND "
        "(r.instrument=h.instrument OR (r.instrument='' AND r.technique=i.kind))) ORDER BY h.seq",
        *(run.id for run in runs),
    )
    return [
        f"hold {row['seq']} of {row['instrument']} ({row['control'] or row['aspect']}: "
        f"{row['detail']}), released by {who(lab, row['ended_by'])}: {row['end_reason']}"
        for row in found
    ]
