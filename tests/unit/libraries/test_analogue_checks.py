"""What must be ruled out before a candidate is flagged: the library itself, two knowns together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from libraries import analogues, change_facts, search
from libraries.answer import LibraryAnswer
from libraries.change_facts import Unidentified
from libraries.library import Library
from spectra.analogue import AnalogueAssessment, AnalogueState
from spectra.decision import DecisionState
from spectra.mass_scores import UnitSpectrum
from spectra.spectrum import MassSpectrum, Technique
from tests.unit.libraries.reference_builders import a_library, a_mass_spectrum

FIRST = UnitSpectrum(
    mz=np.array([91, 105, 146, 189, 245]), intensity=np.array([9, 20, 60, 30, 99.0])
)
SECOND = UnitSpectrum(
    mz=np.array([55, 67, 82, 109, 194]), intensity=np.array([30, 40, 20, 80, 99.0])
)
NOISE = UnitSpectrum(mz=np.array([43, 57, 71, 85]), intensity=np.array([99, 80, 60, 30.0]))


def both(share: float) -> UnitSpectrum:
    mz = np.concatenate([FIRST.mz, SECOND.mz])
    order = np.argsort(mz)
    height = np.concatenate([FIRST.intensity, share * SECOND.intensity])
    return UnitSpectrum(mz=mz[order], intensity=height[order])


def changed(spectrum: UnitSpectrum, *references: tuple[str, UnitSpectrum]) -> dict[str, object]:
    return change_facts.of(
        Unidentified(
            class_name="fentanyl",
            spectrum=spectrum,
            mass=350,
            mass_is_measured=False,
            nearest=[("fentanyl", "", 14)],
            references=references,
        )
    )


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_two_known_substances_that_explain_it_are_no_candidate(share: float) -> None:
    facts = changed(both(share), ("one", FIRST), ("other", SECOND), ("third", NOISE))
    said = analogues._two_together(facts)
    assert "one" in said
    assert "other" in said
    assert "mixture of known substances is not excluded" in said


def test_one_known_substance_or_half_of_a_mixture_is_not_two() -> None:
    assert analogues._two_together(changed(FIRST, ("one", FIRST), ("other", SECOND))) == ""
    assert analogues._two_together(changed(both(1.0), ("one", FIRST), ("third", NOISE))) == ""
    assert analogues._two_together(changed(both(1.0))) == ""


def test_what_holds_a_candidate_back_leaves_a_class_note_with_the_reason() -> None:
    """The handling hazard follows the class: a note keeps it."""
    found = AnalogueAssessment(
        class_name="fentanyl",
        candidate_grade="A",
        state=AnalogueState.ANALOGUE_CANDIDATE,
        against=("another doubt",),
    )
    noted = analogues._only_noted(found, "a mixture")
    assert noted == replace(
        found,
        state=AnalogueState.CLASS_ONLY,
        candidate_grade=None,
        against=("a mixture", "another doubt"),
    )


def test_what_a_blank_explains_is_not_asked_for_its_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Carry-over and background are ruled out before any flag, not told beside it."""
    asked: list[str] = []

    def noting(answer: LibraryAnswer, _: object, spectrum: MassSpectrum, __: object) -> object:
        asked.append(spectrum.title)
        return answer

    monkeypatch.setattr(search, "_with_class", noting)
    made = a_library(tmp_path, [a_mass_spectrum(seed) for seed in range(60)])
    unknown = [a_mass_spectrum(seed, name=f"unknown {seed}") for seed in (900, 901)]
    with Library(made.folder) as library:
        answers = search.search_many([library], unknown, Technique.GCMS, explained=[True, False])
    assert [each.decision.state for each in answers] == [DecisionState.NO_MATCH] * 2
    assert asked == ["unknown 901"]
