import json
from dataclasses import replace

import pytest

from lims import conclusion, drawn
from lims.drawn import Evidence
from lims.model import ConclusionLevel as Level
from tests.lims_builders import a_finding, a_sample, an_entry


def vibrational(*members, class_name="fentanyl"):
    return an_entry(
        "class_only",
        analogue={
            "class": class_name,
            "candidate_grade": None,
            "nearest": [{"name": each, "score": 0.8, "mass_shift": None} for each in members],
            "members": [each.lower() for each in members],
            "evidence": [],
        },
    )


def mass(state="class_only", grade=None, supported="B", class_name="fentanyl"):
    return an_entry(
        state,
        analogue={
            "class": class_name,
            "candidate_grade": grade,
            "grade_if_supported": supported,
            "nearest": [],
            "evidence": ["hybrid similarity 0.80 to a fentanyl"],
        },
    )


@pytest.fixture
def drawn_of(lab, bench):
    """Draw a conclusion from (technique, entry, …) without a record of the instrument."""

    def draw(*runs, verdict=""):
        sample = a_sample(lab).number
        findings = []
        for technique, *entries in runs:
            kind = technique if technique in ("ftir", "raman") else "ftir"
            made = a_finding(lab, bench, sample, *entries, kind=kind, reviewed=True)
            findings.append(replace(made, technique=technique, verdict=verdict))
        return drawn.draw(Evidence(findings=findings))

    return draw


@pytest.mark.parametrize("first", ["ftir", "gcms"])
def test_mass_class_and_vibrational_class_together_are_a_candidate(drawn_of, first):
    runs = [("gcms", mass()), ("ftir", vibrational("a", "b"))]
    made = drawn_of(*(runs if first == "gcms" else reversed(runs)))
    assert made.level is Level.CANDIDATE
    assert made.text == "not in library: candidate analogue of fentanyl"
    assert made.substances == ()
    assert made.classes == ("fentanyl",)
    (said,) = made.limitations
    assert "two kinds of evidence: mass spectrum" in said
    assert "infrared" in said


@pytest.mark.parametrize(
    "runs",
    [
        [("ftir", vibrational("a"))],
        [("gcms", mass())],
        [("gcms", mass()), ("ms", mass())],
        [("ftir", vibrational("a")), ("ftir", vibrational("b"))],
        # The same bonds seen twice: that the two libraries hold other members says nothing of them.
        [("ftir", vibrational("a", "b")), ("raman", vibrational("B", "c"))],
        [("ftir", vibrational("a", "b")), ("raman", vibrational("c"))],
        [("gcms", mass()), ("ftir", vibrational("a", class_name="nitazene"))],
        # Only its ions were there: the class does not lead among whole spectra.
        [("gcms", mass(supported=None)), ("ftir", vibrational("a"))],
        # A finding of an older edition does not say which members it rests on.
        [("ftir", an_entry("class_only", class_name="fentanyl")), ("raman", vibrational("b"))],
        [("gcms", an_entry("class_only", class_name="fentanyl")), ("raman", vibrational("b"))],
    ],
)
def test_one_kind_of_evidence_stays_a_class_note(drawn_of, runs):
    made = drawn_of(*runs)
    assert made.level is Level.INCONCLUSIVE
    assert "class indicated: fentanyl" in made.text
    assert made.limitations == ()


@pytest.mark.parametrize("shared", [True, False])
def test_infrared_and_raman_never_make_a_candidate_however_many_they_are(drawn_of, shared):
    runs = [
        (technique, vibrational("a" if shared else f"{technique}{at}", class_name="fentanyl"))
        for technique in ("ftir", "raman")
        for at in range(3)
    ]
    made = drawn_of(*runs)
    assert made.level is Level.INCONCLUSIVE
    assert made.classes == ("fentanyl",)


def test_support_is_kept_with_the_conclusion_and_the_same_again(lab, bench, monkeypatch):
    sample = a_sample(lab).number
    a_finding(lab, bench, sample, mass(), kind="ftir", reviewed=True)
    a_finding(lab, bench, sample, vibrational("a", "b"), kind="raman", reviewed=True)
    # Every run of these tests is a curve's file; the first stands for a mass spectrum's.
    monkeypatch.setattr("lims.class_support._MASS", frozenset(("ftir",)))
    monkeypatch.setattr("lims.class_support._VIBRATIONAL", {"raman": "Raman"})
    made = conclusion.conclude(lab, "ana", sample)
    assert made.level is Level.CANDIDATE
    assert made.substances == ()
    kept = lab.db.execute("SELECT basis FROM conclusion WHERE sample=?", [sample]).fetchone()[0]
    candidate = json.loads(kept)["candidate"]
    assert candidate["candidate_grade"] == "B"
    assert "two kinds of evidence" in candidate["evidence"][-1]
    assert conclusion.conclude(lab, "ana", sample) == made


def test_a_candidate_keeps_its_grade_and_says_what_supports_it(drawn_of):
    made = drawn_of(("gcms", mass("analogue_candidate", grade="A")), ("raman", vibrational("a")))
    assert made.level is Level.CANDIDATE
    assert made.text == "not in library: candidate analogue of fentanyl"
    assert len(made.limitations) == 1


def test_a_dismissed_candidate_is_not_brought_back_by_another_technique(drawn_of):
    candidate = mass("analogue_candidate", grade="B")
    made = drawn_of(("gcms", candidate, mass()), ("ftir", vibrational("a")), verdict="dismissed")
    assert made.level is Level.INCONCLUSIVE


def test_a_named_cut_does_not_hide_the_candidate_beside_it(drawn_of):
    made = drawn_of(("gcms", an_entry("match", "caffeine"), mass()), ("ftir", vibrational("a")))
    assert made.level is Level.CANDIDATE
    assert made.text.startswith("not in library: candidate analogue of fentanyl")
    assert made.substances == ()


def test_an_instrument_that_confirms_nothing_supports_nothing(drawn_of, monkeypatch):
    monkeypatch.setattr("lims.class_support.confirms_nothing", lambda _match: True)
    made = drawn_of(("gcms", mass()), ("ftir", vibrational("a")))
    assert made.level is Level.INCONCLUSIVE


@pytest.mark.parametrize("damaged", [None, "x", 3, [None], {"a": 1}])
def test_damaged_facts_raise_nothing(drawn_of, damaged):
    odd = vibrational("a")
    odd["analogue"] |= {"members": damaged, "nearest": damaged, "evidence": damaged}
    grade = mass()
    grade["analogue"]["grade_if_supported"] = damaged
    made = drawn_of(("gcms", grade), ("ftir", odd), ("raman", odd))
    assert made.level is Level.INCONCLUSIVE
