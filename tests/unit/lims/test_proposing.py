"""Proposals for a finding on record: made from the kept bytes, kept beside the candidate."""

from __future__ import annotations

import pytest

from lims import audit, clock, examination, proposing, queries, records, review
from lims.conclusion import conclude
from lims.errors import NotFoundError, PermissionDenied, RecordError, StateError
from lims.proposing import MARK, Going
from reports.sections import PROPOSED, candidates
from tests.lims_builders import a_finding, a_match, a_sample, an_entry

TRUTH = "CCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1"
# The ions of the class for it, made from the rule: M less benzyl first.
PEAKS = {263: 999, 207: 350, 164: 700, 220: 250, 176: 150, 150: 160, 96: 200, 57: 220, 95: 150,
         105: 300, 91: 260}  # fmt: skip


def a_candidate(**more: object) -> dict[str, object]:
    entry = an_entry("analogue_candidate", class_name="fentanyl", hazard="H1")
    entry["analogue"] = {
        "class": "fentanyl",
        "candidate_grade": "B",
        "nearest": [{"name": "fentanyl", "score": 0.93, "mass_shift": 18}],
        "mass": {"nominal": 354, "is": "implied by the nearest"},
    } | more
    return entry


@pytest.fixture
def sample(lab):
    return a_sample(lab).number


def ingested(lab, bench, sample, *entries):
    path = bench / "run.msp"
    lines = "\n".join(f"{mz} {height}" for mz, height in sorted(PEAKS.items()))
    path.write_text(f"Name: run\nIonization: EI\nNum Peaks: {len(PEAKS)}\n{lines}\n\n")
    return examination.ingest(lab, "ana", path, sample, match=a_match(*entries))


def structures(found):
    (each,) = found
    return each["proposals"]["structures"]


def test_the_kept_spectrum_gives_structures_marked_as_proposed(lab, bench, sample):
    finding = ingested(lab, bench, sample, a_candidate())
    found = proposing.of_finding(lab, finding.id.lower())
    assert found[0]["position"] == 0
    assert found[0]["proposals"]["mark"] == MARK
    assert found[0]["proposals"]["mass"] == 354
    assert TRUTH in [each["smiles"] for each in structures(found)[:3]]
    assert all(each["mark"] == MARK for each in structures(found))


def test_each_proposal_says_what_law_would_say_with_the_letter_of_its_site(lab, bench, sample):
    found = proposing.of_finding(lab, ingested(lab, bench, sample, a_candidate()).id)
    first = next(each for each in structures(found) if each["smiles"] == TRUTH)
    (rule,) = [each for each in first["legal"] if "fentanyl-related" in each["would_be"]]
    assert rule["letters"] == ["D"]
    assert "aniline" in first["site"]


def test_an_older_finding_without_a_mass_takes_the_one_its_nearest_implies(lab, bench, sample):
    finding = ingested(lab, bench, sample, a_candidate(mass=None))
    assert proposing.of_finding(lab, finding.id)[0]["proposals"]["mass"] == 354


@pytest.mark.parametrize("nearest", [[], [{"name": "no such thing", "score": 0.9}]])
def test_without_a_known_structure_the_reason_is_said(lab, bench, sample, nearest):
    finding = ingested(lab, bench, sample, a_candidate(nearest=nearest))
    (each,) = proposing.of_finding(lab, finding.id)
    assert each["proposals"]["structures"] == []
    assert "no structure is known" in each["proposals"]["reason"]


def test_only_an_analogue_is_asked(lab, bench, sample):
    finding = ingested(lab, bench, sample, an_entry("match", "cocaine"))
    with pytest.raises(StateError, match="no analogue"):
        proposing.of_finding(lab, finding.id)
    with pytest.raises(NotFoundError):
        proposing.of_finding(lab, "NOG-26-S000009-X.F1")


def test_a_curve_has_no_structures(lab, bench):
    finding = a_finding(lab, bench, a_sample(lab).number, a_candidate())
    (each,) = proposing.of_finding(lab, finding.id)
    assert "mass spectra only" in each["proposals"]["reason"]


def test_a_person_can_end_it(lab, bench, sample):
    finding = ingested(lab, bench, sample, a_candidate())
    (each,) = proposing.of_finding(lab, finding.id, Going(is_cancelled=lambda: True))
    assert not each["proposals"]["complete"]


def test_kept_proposals_stand_inside_the_candidate_and_change_nothing_else(lab, bench, sample):
    before = ingested(lab, bench, sample, a_candidate())
    found = proposing.of_finding(lab, before.id)
    proposing.record(lab, "ana", before.id, found, key="once")
    proposing.record(lab, "ana", before.id, found, key="once")
    after = records.finding(lab.db, before.id)
    kept = after.match["spectra"][0]["analogue"].pop("proposals")
    assert kept["structures"][0]["smiles"] == structures(found)[0]["smiles"]
    assert after.match["spectra"][0] == before.match["spectra"][0]
    assert (after.state, after.headline, after.substances, after.level) == (
        before.state, before.headline, before.substances, before.level)  # fmt: skip
    assert audit.verify(lab).ok


def test_they_reach_the_report_only_in_the_candidates_own_place(lab, bench, sample):
    finding = ingested(lab, bench, sample, a_candidate())
    proposing.record(lab, "ana", finding.id, proposing.of_finding(lab, finding.id))
    review.review(lab, "rex", finding.id, accept=True)
    made = conclude(lab, "rex", sample)
    assert made.substances == ()
    rows = list(queries.report_rows(lab, made.at.replace(hour=0), clock.now()))
    (row,) = [each for each in rows if each.sample == sample]
    (item,) = candidates([row])
    assert row.substances == ()
    assert item.proposed
    assert all(text.startswith(PROPOSED) for text in item.proposed)


def test_after_the_review_nothing_is_added_that_no_second_person_saw(lab, bench, sample):
    finding = ingested(lab, bench, sample, a_candidate())
    found = proposing.of_finding(lab, finding.id)
    review.review(lab, "rex", finding.id, accept=True)
    with pytest.raises(StateError, match="reviewed"):
        proposing.record(lab, "ana", finding.id, found)
    assert proposing.of_finding(lab, finding.id) == found


@pytest.mark.parametrize("person", ["olga", "rex", "cus", "qm", "root"])
def test_only_the_bench_keeps_proposals(lab, bench, sample, person):
    finding = ingested(lab, bench, sample, a_candidate())
    found = proposing.of_finding(lab, finding.id)
    with pytest.raises(PermissionDenied):
        proposing.record(lab, person, finding.id, found)


@pytest.mark.parametrize("position", [-1, 1, 99])
def test_proposals_are_kept_at_an_analogue_only(lab, bench, sample, position):
    finding = ingested(lab, bench, sample, a_candidate(), an_entry("match", "cocaine"))
    with pytest.raises(StateError, match="position"):
        proposing.record(lab, "ana", finding.id, [{"position": position, "proposals": {}}])


def test_what_is_not_marked_as_proposed_is_not_kept(lab, bench, sample):
    finding = ingested(lab, bench, sample, a_candidate())
    (each,) = proposing.of_finding(lab, finding.id)
    each["proposals"]["structures"][0]["mark"] = "identified"
    with pytest.raises(RecordError, match=MARK):
        proposing.record(lab, "ana", finding.id, [each])


def test_of_many_analogues_the_candidates_are_asked_first(lab, bench, sample):
    notes = [a_candidate(nearest=[]) | {"decision": an_entry("class_only")["decision"]}] * 5
    entries = [*notes, a_candidate()]
    path = bench / "run.msp"
    block = "\n".join(f"{mz} {height}" for mz, height in sorted(PEAKS.items()))
    one = f"Name: run\nIonization: EI\nNum Peaks: {len(PEAKS)}\n{block}\n\n"
    path.write_text(one * len(entries))
    finding = examination.ingest(lab, "ana", path, sample, match=a_match(*entries))
    found = proposing.of_finding(lab, finding.id)
    assert [each["position"] for each in found] == list(range(6))
    assert found[5]["proposals"]["structures"]
    assert [("more than" in each["proposals"]["reason"]) for each in found] == [
        False, False, False, True, True, False]  # fmt: skip
