"""What is only like an unknown, or proposed for it, never stands where identified names stand.

Random candidates whose nearest entries, look-alikes and proposals carry marked names go the whole
way: match, finding, conclusion, board, work list, sample screen, report, trends.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lims import clock, conclusion, matching, proposing, queries, records, review
from reports import daily, encode, html, table, trends
from tests.lims_builders import a_finding, a_lab, a_sample, an_entry
from tui import sample_words, verdict

MARK = "zzmarked"
CLASSES = ("fentanyl", "nitazene", "synthetic cathinone")
TEXT = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=12)
NAMES = TEXT.map(lambda text: f"{MARK}{text}")
STRUCTURE = st.fixed_dictionaries(
    {
        "rank": st.integers(1, 20),
        "mark": st.just(proposing.MARK),
        "smiles": NAMES,
        "formula": NAMES,
        "inchikey": NAMES,
        "made_from": NAMES,
        "edits": st.lists(NAMES, max_size=2),
        "site": NAMES,
        "ions": st.lists(NAMES, max_size=2),
        "agreement": st.floats(-10, 10),
        "legal": st.just([]),
    }
)
ANALOGUE = st.fixed_dictionaries(
    {
        "class": st.sampled_from(CLASSES),
        "candidate_grade": st.sampled_from(("A", "B", None)),
        "nearest": st.lists(
            st.fixed_dictionaries({"name": NAMES, "score": st.floats(0, 1)}), max_size=3
        ),
        "isomers": st.lists(
            st.fixed_dictionaries({"formula": NAMES, "names": st.lists(NAMES, max_size=3)}),
            max_size=2,
        ),
        "checks": st.lists(
            st.fixed_dictionaries({"check": NAMES, "outcome": NAMES, "words": NAMES}), max_size=3
        ),
        "site": NAMES,
        "against": st.lists(NAMES, max_size=2),
        "explanations": st.lists(NAMES, max_size=2),
        "mass_shift": st.integers(-60, 60),
    }
)
PROPOSALS = st.lists(STRUCTURE, min_size=1, max_size=3).map(
    lambda structures: {
        "mark": proposing.MARK,
        "mass": 354,
        "complete": True,
        "candidates": len(structures),
        "tried": 9,
        "reason": "",
        "structures": structures,
    }
)
STATES = st.sampled_from(("analogue_candidate", "class_only"))
_CANDIDATES = re.compile(r'<section[^>]*id="candidates".*?</section>', re.DOTALL)


def said(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def without_candidates(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name != "candidates"}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(STATES, ANALOGUE, PROPOSALS, st.booleans())
def test_no_proposal_and_no_relative_is_ever_written_as_identified(
    state, analogue, proposals, is_beside
):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lab = a_lab(folder / "lab")
        sample = a_sample(lab).number
        entry = an_entry(state, class_name=analogue["class"], hits=[{"name": f"{MARK}hit"}])
        entries = [entry | {"analogue": analogue}]
        if is_beside:
            entries.insert(0, an_entry("match", "caffeine"))
        finding = a_finding(lab, folder, sample, *entries)
        kept = [{"position": len(entries) - 1, "proposals": proposals}]
        proposing.record(lab, "ana", finding.id, kept)
        review.review(lab, "rex", finding.id, accept=True)
        made = conclusion.conclude(lab, "rex", sample)
        finding = records.finding(lab.db, finding.id)

        # The match: decisions and headline.
        decisions = [row["decision"] for row in matching.answers(finding.match)]
        assert MARK not in said(decisions)
        assert MARK not in matching.headline(finding.match)
        assert MARK not in finding.headline + said(finding.substances)
        # The record: conclusion, board, work list.
        assert MARK not in made.text + said(made.substances)
        assert set(made.substances) <= {"caffeine"}
        assert MARK not in said(queries.board(lab))
        assert MARK not in said(queries.work_page(lab, 0, 10))
        # The sample screen, and the line a review is headed by.
        record = queries.sample_record(lab, sample)
        assert MARK not in said(sample_words.facts(record, "UTC"))
        assert MARK not in said([sample_words.finding_cells(finding, hidden=False)])
        for answer in verdict.answers(finding.match):
            assert MARK not in verdict.statement(answer)
            for line in verdict.evidence(answer):
                assert not line.startswith(("Presumptive", "consistent"))
        # The report and the trends: only in the candidates' own place, marked.
        day = clock.now().astimezone(lab.zone).date()
        report = daily.collect(lab, day)
        document = json.loads(encode.to_json(report))
        assert MARK not in said(without_candidates(document))
        assert MARK not in table.csv(report).decode()
        page = html.render(report).decode()
        assert MARK not in _CANDIDATES.sub("", page)
        assert MARK not in said(trends.collect(lab, day))
        if state == "analogue_candidate":
            (item,) = document["candidates"]
            assert MARK not in item["statement"] + item["class_name"]
            assert all(text.startswith(proposing.MARK) for text in item["proposed"])
            assert len(item["proposed"]) == len(proposals["structures"])
        lab.close()


def test_the_page_has_a_place_of_its_own_for_candidates(tmp_path):
    """The property above would say nothing if the section were not found."""
    lab = a_lab(tmp_path / "lab")
    day = clock.now().astimezone(lab.zone).date()
    assert _CANDIDATES.search(html.render(daily.collect(lab, day)).decode())
    lab.close()


@pytest.mark.parametrize("mark", [proposing.MARK])
def test_the_three_places_that_word_a_proposal_say_the_same(mark):
    from libraries.proposals import MARK as IN_LIBRARIES
    from reports.sections import PROPOSED
    from tui.proposal_words import MARK as ON_SCREEN

    assert {IN_LIBRARIES, PROPOSED, ON_SCREEN} == {mark}
