"""Whatever people do in whatever order: only what a second person accepted leaves in a report."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lims import audit, candidate_requests, clock, conclusion, review, statements, unknown_queries
from lims.errors import RecordError
from lims.lab import Lab
from lims.model import Finding, FindingState
from lims.records import findings
from reports import daily, encode
from tests.lims_builders import a_finding, a_lab, a_sample, an_entry
from tests.unknown_builders import BENZYL, FURAN, an_unknown

ENTRIES = {
    "candidate": (an_unknown(FURAN, class_name="fentanyl"),),
    "beside": (an_entry("match", "caffeine"), an_unknown(FURAN, class_name="fentanyl")),
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
        assert audit.verify(lab).ok
        lab.close()
