"""Whatever people do in whatever order: no report names what was not decided and accepted."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instruments import registry, sandbox
from lims import (
    alerts,
    audit,
    bundle,
    candidate_requests,
    certificate_copies,
    certificate_queries,
    certificate_release,
    certificates,
    conclusion,
    review,
)
from lims.certificate_model import Certificate, Wanted
from lims.errors import RecordError
from lims.lab import Lab
from lims.model import FindingState
from lims.records import findings
from reports import certificate, certificate_text, html, schema
from tests.lims_builders import a_finding, a_lab, a_sample, an_entry

NEAREST, HIT, ISOMER = "nearestamine", "otherhitamine", "lookalikeamine"
"""Names that a search brought up and nobody decided for: they must reach no report."""
SHAPE = schema.load("fol.certificate/1")


def with_hits(entry, named=""):
    names = [named, HIT, NEAREST] if named else [HIT, NEAREST]
    hits = [
        {"rank": at, "name": name, "substance": name, "library": "street", "library_version": "3",
         "entry": f"e{at}", "hqi": 0.9}
        for at, name in enumerate(names, 1)
    ]  # fmt: skip
    analogue = entry["analogue"]
    if analogue is not None:
        analogue |= {
            "nearest": [{"name": NEAREST, "score": 0.9, "mass_shift": 14}],
            "isomers": [{"formula": "C", "names": [ISOMER], "agreement": 0.9}],
            "text": f"like {NEAREST}",
            "site": f"against {NEAREST}",
        }
    return {**entry, "hits": hits}


ENTRIES = {
    "candidate": (with_hits(an_entry("analogue_candidate", class_name="fentanyl", hazard="H1")),),
    "beside": (
        with_hits(an_entry("match", "caffeine"), "caffeine"),
        with_hits(an_entry("analogue_candidate", class_name="fentanyl")),
    ),
    "class_note": (with_hits(an_entry("class_only", class_name="cathinone")),),
    "no_match": (with_hits(an_entry("no_match")),),
    "insufficient": (with_hits(an_entry("insufficient")),),
    "named": (with_hits(an_entry("match", "heroin"), "heroin"),),
}
ACTS = (
    "accept", "send_back", "dismiss", "send", "answer", "conclude", "see",
    "draft", "draft_preliminary", "technical", "administrative", "issue", "amend",
    "withdraw", "give",
)  # fmt: skip
BEGINNINGS = st.sampled_from(
    (
        ("candidate", "see", "accept", "conclude", "draft"),
        ("beside", "accept", "conclude", "draft", "technical", "administrative", "issue"),
        ("named", "accept", "conclude", "draft", "technical"),
    )
)
STEPS = st.lists(st.sampled_from((*ENTRIES, *ACTS)), min_size=3, max_size=16)


def newest(lab: Lab, sample: str) -> Certificate | None:
    found = certificate_queries.listed(lab, subject=sample)
    return found[0] if found else None


def examined(lab: Lab, folder: Path, sample: str, what: str) -> None:
    held = findings(lab.db, sample)
    if what in ENTRIES:
        a_finding(lab, folder, sample, *ENTRIES[what])
    elif what == "see":
        for each in alerts.open_alerts(lab):
            alerts.acknowledge(lab, "olga", each.id)
    elif what == "conclude":
        conclusion.conclude(lab, "ana", sample)
    elif held and what in ("accept", "send_back"):
        review.review(lab, "rex", held[-1].id, accept=what == "accept", remark="x")
    elif held and what == "dismiss":
        review.judge_candidate(lab, "rex", held[-1].id, confirm=False, remark="x")
    elif held and what == "send":
        candidate_requests.send(lab, "ana", held[-1].id, "Regional")
    elif held and what == "answer":
        candidate_requests.answer(lab, "rex", held[-1].id, substance="regionalol")


def reported(lab: Lab, sample: str, what: str) -> None:
    made = newest(lab, sample)
    if what in ("draft", "draft_preliminary"):
        certificates.draft(lab, "ana", sample, preliminary=what != "draft")
    elif made is None:
        return
    elif what == "technical":
        certificate_release.review(lab, "rex", made.number, accept=True)
    elif what == "administrative":
        certificate_release.review(lab, "qm", made.number, accept=True)
    elif what == "issue":
        certificate_release.issue(lab, "lee", made.number)
    elif what == "amend":
        certificates.amend(lab, "ana", made.number, Wanted(reference="2"), reason="x")
    elif what == "withdraw":
        certificate_copies.withdraw(lab, "qm", made.number, reason="x")
        certificate_copies.withdraw(lab, "lee", made.number)
    elif what == "give":
        certificate_copies.give(lab, "lee", made.number, "somebody")


def check_report(lab: Lab, sample: str, of: Certificate) -> None:
    said = certificate_queries.said(lab, of)
    page = html.render_view(certificate.build(said, certificate.standing(of))).decode()
    text = "\n".join(certificate_text.lines(lab, of))
    for told in (json.dumps(said), page, text):
        assert not [name for name in (NEAREST, HIT, ISOMER) if name in told]
    if "issued" in said:
        assert schema.problems(said, SHAPE) == []
        signed = {each["as"]: each["person"] for each in said["signatures"]}
        assert len({signed["author"], signed["technical"]}) == 2
        assert len({signed["author"], signed["administrative"]}) == 2
    stand = {f.id for f in findings(lab.db, sample) if f.state is FindingState.REVIEWED}
    for item in said["items"]:
        assert {each["finding"] for each in item["results"]} <= stand
        made = item["conclusion"]
        if made is None:
            continue
        assert made["statement"].startswith("Identified") is (made["level"] == "confirmed")
        if made["level"] == "candidate":
            assert made["substances"] == []
            assert made["statement"].startswith("Not identified")
        # What another laboratory said stands under its own heading and nowhere else.
        rest = {key: value for key, value in item.items() if key != "external"}
        assert "regionalol" not in json.dumps(rest)


@pytest.fixture(autouse=True, scope="module")
def read_here():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "read_guarded_bytes", registry.read_bytes)
        yield


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(BEGINNINGS, STEPS)
def test_no_report_names_what_nobody_decided_for(beginning, steps):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lab = a_lab(folder / "lab")
        sample = a_sample(lab, officer="olga").number
        for what in (*beginning, *steps):
            try:
                examined(lab, folder, sample, what)
                reported(lab, sample, what)
            except RecordError:
                continue  # refused: nothing was written
        for each in certificate_queries.listed(lab, subject=sample):
            check_report(lab, sample, each)
        assert audit.verify(lab).problems == ()
        lab.close()


def test_a_bundle_says_candidate_and_its_reports_name_nothing_else(tmp_path):
    lab = a_lab(tmp_path / "lab")
    sample = a_sample(lab, officer="olga").number
    for what in ("candidate", "see", "accept", "conclude"):
        examined(lab, tmp_path, sample, what)
    for what in ("draft", "technical", "administrative", "issue"):
        reported(lab, sample, what)
    made = newest(lab, sample)
    assert made is not None
    data = certificate_queries.document_bytes(lab, made.document_sha256, made.number)
    bundle.write_bundle(lab, "ana", sample, tmp_path / "b.zip")
    assert data in (tmp_path / "b.zip").read_bytes()
    assert NEAREST.encode() not in data
    assert b"candidate analogue of fentanyl" in data
    lab.close()
