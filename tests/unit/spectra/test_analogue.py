from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from libraries.ion_rules import ion_rules, mass_changes
from spectra.analogue import (
    AnalogueState,
    MassChange,
    Question,
    ReferenceHit,
    assess,
    explain_shift,
)
from spectra.mass_scores import UnitSpectrum


def unit(peaks: dict[int, float]) -> UnitSpectrum:
    heights = np.array([peaks[m] for m in sorted(peaks)], dtype=float)
    return UnitSpectrum(mz=np.array(sorted(peaks)), intensity=heights)


FENTANYL = unit({42: 277, 91: 160, 105: 230, 146: 665, 189: 377, 202: 118, 245: 999})
BUTYRYL = unit({42: 277, 91: 160, 105: 230, 146: 665, 189: 377, 216: 118, 259: 999})
NITAZENE = unit({86: 999, 58: 90, 72: 30, 107: 60, 135: 30, 77: 20})


def hit(name: str, score: float, class_name: str | None, **more) -> ReferenceHit:
    fields = {"substance": name, "mass": 336.0, "mass_shift": 14, **more}
    return ReferenceHit(name=name, class_name=class_name, score=score, **fields)


PARENT = hit("Fentanyl", 0.93, "fentanyl", spectrum=FENTANYL, class_from_structure=True)
RIVAL = hit("Phenazocine", 0.74, None, mass=321.0, mass_shift=29)
QUESTION = Question(
    spectrum=BUTYRYL,
    mass=350.0,
    hybrid_hits=(PARENT, hit("4-ANPP", 0.80, "fentanyl precursor/impurity"), RIVAL),
    rules=ion_rules().rules,
    changes=mass_changes(),
)


def test_a_homologue_is_a_candidate_with_its_site_and_never_a_name():
    found = assess(QUESTION)
    assert found.state is AnalogueState.ANALOGUE_CANDIDATE
    assert found.candidate_grade == "A"
    assert found.class_name == "fentanyl"
    assert found.text == "not in library: candidate analogue of fentanyl"
    assert found.mass_shift == 14
    assert any("CH2 more" in said for said in found.explanations)
    assert found.site == "acyl group (E), +14"
    assert {146, 189} <= set(found.shared_ions)
    assert 259 in found.shifted_ions
    assert [near.name for near in found.nearest] == ["Fentanyl"]
    assert found.against == ()


def test_the_parents_name_is_never_the_answer():
    other = replace(PARENT, name="Perfectly Unique Parent")
    found = assess(replace(QUESTION, hybrid_hits=(other, RIVAL)))
    assert "Perfectly Unique Parent" not in found.text
    facts = found.to_facts()
    for key, value in facts.items():
        if key != "nearest":
            assert "Perfectly Unique Parent" not in json.dumps(value)


def test_an_implied_mass_gives_grade_b_and_says_so():
    found = assess(replace(QUESTION, mass=None))
    assert found.candidate_grade == "B"
    assert any("only implied" in reason for reason in found.against)


@pytest.mark.parametrize(
    "changed",
    [
        {"quality_reasons": ("signal to noise 4",)},
        {"changes": ()},
        {"hybrid_hits": (replace(PARENT, score=0.70), replace(RIVAL, score=0.5))},
    ],
)
def test_any_doubt_takes_grade_a_away(changed):
    found = assess(replace(QUESTION, **changed))
    assert found.candidate_grade == "B"
    assert found.against


def test_a_close_rival_outside_the_class_leaves_only_a_class_note():
    close = replace(RIVAL, score=0.94)
    found = assess(replace(QUESTION, hybrid_hits=(PARENT, close)))
    assert found.state is AnalogueState.CLASS_ONLY
    assert found.candidate_grade is None
    assert found.text == "not in library: some evidence of the class fentanyl"
    assert any("Phenazocine reaches 0.94" in reason for reason in found.against)


def test_a_rival_without_a_shift_counts_too():
    found = assess(replace(QUESTION, direct_hits=(replace(RIVAL, score=0.95, mass_shift=0),)))
    assert found.candidate_grade is None


def test_similarity_alone_or_ions_alone_make_no_candidate():
    foreign = replace(QUESTION, spectrum=unit({60: 999, 70: 300, 80: 200}))
    assert assess(foreign).candidate_grade is None
    assert assess(foreign).state is AnalogueState.CLASS_ONLY
    alone = replace(QUESTION, hybrid_hits=(RIVAL,))
    assert assess(alone).state is None
    assert assess(alone).class_name is None


def test_another_technique_is_a_second_kind_of_evidence():
    nothing = unit({60: 999, 70: 300, 80: 200})
    foreign = replace(QUESTION, spectrum=nothing, other_evidence=("Fentanyl",))
    assert assess(foreign).candidate_grade == "B"


def test_a_relative_too_far_in_mass_is_none():
    far = replace(PARENT, mass_shift=200)
    assert assess(replace(QUESTION, hybrid_hits=(far, RIVAL))).state is None


def test_a_weak_leader_is_nothing():
    weak = replace(PARENT, score=0.5)
    assert assess(replace(QUESTION, hybrid_hits=(weak,))).state is None


def test_nitazene_ions_alone_are_a_note_marked_rule_only():
    found = assess(replace(QUESTION, spectrum=NITAZENE, hybrid_hits=(), mass=None))
    assert found.state is AnalogueState.CLASS_ONLY
    assert found.class_name == "nitazene"
    assert any("rule only" in reason for reason in found.against)


def test_a_nitazene_like_a_library_one_is_never_grade_a():
    near = replace(PARENT, name="Etonitazene", class_name="nitazene", spectrum=None)
    found = assess(replace(QUESTION, spectrum=NITAZENE, hybrid_hits=(near, RIVAL)))
    assert found.candidate_grade == "B"
    assert any("rule only" in reason for reason in found.against)


def test_a_class_without_a_rule_can_only_be_a_note():
    near = replace(PARENT, class_name="benzodiazepine")
    found = assess(replace(QUESTION, hybrid_hits=(near, RIVAL)))
    assert (found.class_name, found.candidate_grade) == ("benzodiazepine", None)
    assert any("no ion rule" in reason for reason in found.against)


def test_what_a_relative_is_used_for_is_no_class():
    near = replace(PARENT, class_name="Fentanyl precursor/impurity")
    asked = replace(QUESTION, hybrid_hits=(near, RIVAL), spectrum=unit({91: 999, 106: 300}))
    assert assess(asked).class_name is not None
    assert assess(replace(asked, by_role=ion_rules().by_role)).class_name is None


def test_nothing_in_gives_nothing_out():
    found = assess(Question(spectrum=unit({}), mass=None, hybrid_hits=()))
    assert found.state is None
    assert found.text == "not in library: no class evidence"
    assert found.to_facts()["class"] is None


def test_replicates_of_one_substance_are_named_once():
    again = replace(PARENT, score=0.92, spectrum=None)
    found = assess(replace(QUESTION, hybrid_hits=(PARENT, again, RIVAL)))
    assert len(found.nearest) == 1


def test_shifts_are_explained_by_one_listed_change_before_two():
    changes = (
        MassChange(delta_da=14, change="CH2"),
        MassChange(delta_da=18, change="F"),
        MassChange(delta_da=5, change="five deuterium", caution="a standard"),
    )
    assert explain_shift(14, changes) == ("+14 CH2",)
    assert explain_shift(32, changes) == ("+14 CH2 and +18 F",)
    assert explain_shift(28, changes) == ("+14 CH2 and +14 CH2",)
    assert explain_shift(5, changes) == ("+5 five deuterium (a standard)",)
    assert explain_shift(19, changes) == ()
    assert explain_shift(33, changes) == ()
    assert "isomer" in explain_shift(0, changes)[0]
