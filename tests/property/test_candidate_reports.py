"""Whatever people do in whatever order: only what a second person accepted leaves in a report.

And by whatever way it leaves, a candidate says that it is one and never bears the name of the
substance it resembles.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lims import (
    audit,
    bundle,
    candidate_requests,
    clock,
    conclusion,
    keys,
    records,
    review,
    statements,
    unknown_queries,
)
from lims.errors import RecordError
from lims.lab import Lab
from lims.model import Finding, FindingState
from lims.records import findings
from reports import daily, encode, hub, hub_answers, hub_digest, hub_keys, hub_notes, table
from reports.document import Issue
from tests.lims_builders import a_finding, a_lab, a_sample, an_entry
from tests.unknown_builders import BENZYL, FURAN, an_unknown

PARENT = "acetylfentanyl"
"""The nearest member of the class: evidence, never an identity."""
LIKE_PARENT = {
    "hits": [{"rank": 1, "name": PARENT, "substance": PARENT, "hqi": 0.86, "class": "fentanyl"}],
    "analogue": {
        "class": "fentanyl",
        "candidate_grade": "B",
        "nearest": [{"name": PARENT, "score": 0.86, "mass_shift": 52}],
        "mass_shift": 52,
        "evidence": [f"hybrid similarity 0.86 to {PARENT}"],
    },
}


def a_candidate() -> dict[str, Any]:
    return an_unknown(FURAN, class_name="fentanyl") | LIKE_PARENT


ENTRIES = {
    "candidate": (a_candidate(),),
    "beside": (an_entry("match", "caffeine"), a_candidate()),
    "other": (an_unknown(BENZYL, class_name="nitazene"),),
    "no_match": (an_unknown(BENZYL),),
    "named": (an_entry("match", "heroin"),),
}
ACTS = ("accept", "send_back", "confirm", "dismiss", "send", "answer", "conclude", "leave")
BEGINNINGS = st.tuples(
    *[
        st.sampled_from(
            (("candidate", "accept", "conclude"), ("beside", "accept", "conclude"), ("no_match",))
        )
    ]
    * 2
)
STEPS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from((*ENTRIES, *ACTS, "dismiss", "accept"))),
    min_size=2,
    max_size=14,
)


def step(lab: Lab, folder: Path, sample: str, what: str) -> None:
    held = findings(lab.db, sample)
    if what in ENTRIES:
        a_finding(lab, folder, sample, *ENTRIES[what])
    elif what == "conclude":
        conclusion.conclude(lab, "ana", sample)
    elif held and what in ("accept", "send_back"):
        review.review(lab, "rex", held[-1].id, accept=what == "accept", remark="x")
    elif held and what in ("confirm", "dismiss"):
        confirm = what == "confirm"
        review.judge_candidate(lab, "rex", held[-1].id, confirm=confirm, remark="x")
    elif held and what == "send":
        candidate_requests.send(lab, "ana", held[-1].id, "Regional")
    elif held and what == "answer":
        candidate_requests.answer(lab, "rex", held[-1].id, substance="2-furanylfentanyl")


def stands(finding: Finding) -> bool:
    return finding.state is FindingState.REVIEWED and finding.verdict != "dismissed"


def identified(said: dict[str, Any]) -> set[str]:
    """Every name in a field of a report or digest that says what something is."""
    rows = [*said.get("rows", ()), *said.get("later", ()), *said.get("held", ())]
    found = {name for row in rows for name in row.get("substances", ())}
    for part in ("signals", "first_seen", "series", "shares", "unknowns", "day_counts"):
        found |= {str(each.get("name", "")) for each in said.get(part, ())}
    return found


def confirmed(lab: Lab, sample: str) -> bool:
    return any(
        finding.verdict == "confirmed" and stands(finding) for finding in findings(lab.db, sample)
    )


def check_table(lab: Lab, report) -> None:
    """The CSV: a candidate is one by level and by words, and only a confirmed one is there."""
    for guarded in (False, True):
        text = table.csv(report, guarded=guarded).decode()
        assert PARENT not in text
        for row in csv.DictReader(io.StringIO(text)):
            if row["level"] == "candidate":
                assert "candidate analogue" in row["text"]
                assert row["substances"] == ""
                assert confirmed(lab, row["sample"])


def check_hub(lab: Lab, folder: Path, report) -> None:
    """Digest, partner notices and answers to labs: the parent's name is nowhere in them."""
    hq, number = folder / "hq", f"{lab.site}-{report.header.day}-d"
    hub_keys.enroll(hq, lab.site, lab.public_key)
    body = encode.to_json(daily.issued(report, Issue(report_id=number, sequence=1)))
    path = folder / f"{number}.json"
    path.write_bytes(body)
    beside = {"lab": lab.site, "signature": hub_answers.signature_text(keys.sign(lab, body))}
    path.with_name(path.name + ".sig").write_text(json.dumps(beside))
    [(_, receipt)] = hub.ingest(hq, [path], vocabulary=lambda _: True)
    assert receipt.acknowledged, receipt
    digest = hub_digest.digest(hq, report.header.day)
    told = [hub_digest.to_json(digest).decode(), "\n".join(digest.lines())]
    told += [
        hub_notes.partner_notice(digest, each) for each in (*digest.signals, *digest.first_seen)
    ]
    if report.unknowns:
        told.append(hub_answers.write(hq, lab.site, folder / "answers").path.read_text())
    assert not [text for text in told if PARENT in text]
    for each in digest.candidate_rows:
        assert "candidate analogue" in each.text
        assert confirmed(lab, each.sample)


def check_bundle(lab: Lab, folder: Path, sample: str) -> None:
    """The bundle's readable page: a candidate is called one, by class."""
    made = bundle.write_bundle(lab, "lee", sample, folder / f"{sample}.zip")
    with zipfile.ZipFile(made.path) as archive:
        name = next(each for each in archive.namelist() if each.endswith("summary.txt"))
        summary = archive.read(name).decode()
    concluded = next(line for line in summary.splitlines() if line.startswith("Conclusion:"))
    headlines = [line for line in summary.splitlines() if f"{sample}-" in line or ".F" in line]
    assert PARENT not in concluded
    assert not [line for line in headlines if PARENT in line]
    row = records.sample_row(lab.db, sample)
    if row["conclusion"] is not None:
        held = records.conclusion(lab.db, row["conclusion"])
        if held.level == "candidate":
            assert "candidate analogue" in concluded


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(BEGINNINGS, STEPS)
def test_only_accepted_candidates_and_unknowns_leave_in_the_report(beginnings, steps):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lab = a_lab(folder / "lab")
        samples = [a_sample(lab).number for _ in range(2)]
        begun = [(at, what) for at, acts in enumerate(beginnings) for what in acts]
        for at, what in (*begun, *steps):
            try:
                step(lab, folder, samples[at], what)
            except RecordError:
                continue  # refused: nothing was written
        report = daily.collect(lab, clock.now().astimezone(lab.zone).date())
        said = json.loads(encode.to_json(report))
        for candidate in said["candidates"]:
            accepted = [f for f in findings(lab.db, candidate["sample"]) if stands(f)]
            assert any(statements.candidate(f.match) is not None for f in accepted)
            assert all(f.verdict == "confirmed" for f in accepted if statements.candidate(f.match))
        for row in said["rows"]:
            for code in row.get("unknowns", ()):
                members = unknown_queries.show(lab, code).members
                mine = [m.finding for m in members if m.sample == row["sample"]]
                assert any(stands(f) for f in findings(lab.db, row["sample"]) if f.id in mine)
        for line in said.get("unknowns", ()):
            allowed = [
                f.match[key]
                for member in unknown_queries.show(lab, line["code"]).members
                for f in findings(lab.db, member.sample)
                if f.id == member.finding and stands(f)
                for key in ("spectra",)
            ]
            there = [entry.get("signature") for spectra in allowed for entry in spectra]
            assert all(signature in there for signature in line["signatures"])
        assert PARENT not in identified(said)
        check_table(lab, report)
        check_hub(lab, folder, report)
        check_bundle(lab, folder, samples[0])
        assert audit.verify(lab).ok
        lab.close()
