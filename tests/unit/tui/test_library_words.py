"""What is said of libraries and comparisons: trouble first, a guess never as an identification."""

from __future__ import annotations

from libraries.entry import Section
from libraries.likeness import Apart, Likeness, Verdict
from libraries.nearest import Nearest
from libraries.overview import SectionFacts
from lims.library_care import LabLibrary
from spectra.decision import Decision, DecisionState
from tui.library_words import (
    blind,
    likeness_line,
    neighbour_line,
    promise,
    section_lines,
    state_of,
    verdict_lines,
)


def facts(**changed: object) -> SectionFacts:
    plain = {"section": Section.EI, "entries": 1200, "substances": 900, "n_calibration": 900}
    plain |= {"alpha": 0.05, "note": "", "problems": ()}
    return SectionFacts(**(plain | changed))  # type: ignore[arg-type]


def verdict(section: Section, state: Apart) -> Verdict:
    return Verdict(section=section, state=state, reason="because")


def test_a_calibrated_technique_says_its_numbers_and_another_what_it_will_not_do() -> None:
    assert promise(facts()) == "calibrated n 900, α 0.05"
    assert promise(facts(alpha=None, n_calibration=4)) == (
        "not calibrated: calls nothing a match (n 4)"
    )


def test_a_damaged_index_promises_nothing() -> None:
    lines = section_lines(facts(problems=("x.npy is missing",), substances=None, alpha=None))
    assert "built again" in lines[0]
    assert lines[1] == "  ✗ index: x.npy is missing"


def test_a_version_that_is_only_on_record_says_so() -> None:
    gone = LabLibrary(
        name="a",
        version="1",
        installed=None,
        content_sha256="",
        imported_by="",
        imported_at="",
        problem="not on this disk: import it again",
    )
    assert state_of(gone) == "✗ not on this disk: import it again"


def test_the_blind_technique_is_named_before_the_one_that_sees() -> None:
    both = [verdict(Section.EI, Apart.NOT_TOLD_APART), verdict(Section.FTIR, Apart.TOLD_APART)]
    assert blind(both) == "! ei cannot tell them apart; ftir can"
    assert blind(both[1:]) == "ftir told them apart"
    assert blind([verdict(Section.EI, Apart.UNTESTED)]) == "no technique was tested on repeats"
    assert blind([verdict(Section.EI, Apart.SAME)]) == "two spectra of one substance"


def test_what_was_not_measured_takes_one_line() -> None:
    found = [verdict(each, Apart.NOT_MEASURED) for each in (Section.RAMAN, Section.FTIR)]
    assert verdict_lines([*found, verdict(Section.EI, Apart.UNTESTED)]) == [
        "? ei: not tested (because)",
        "- raman, ftir: not measured for both",
    ]


def test_scores_are_said_with_their_units() -> None:
    curve = Likeness(
        section=Section.FTIR,
        hqi=0.5,
        measures={"shift_cm1": -2.0, "overlap": 0.9, "second_score": 1},
    )
    assert likeness_line(curve) == "HQI 0.500 · correlation 1.000 · shift -2 cm⁻¹ · overlap 90%"
    mass = {"matched_peaks": 3.0, "peaks": 4.0, "reference_peaks": 5.0, "mass_difference": 14.01565}
    said = likeness_line(Likeness(section=Section.EI, hqi=1.0, measures=mass))
    assert said == "HQI 1.000 · 3 of 4 peaks met by 5 · mass +14.0157 Da"


def test_another_substance_in_its_place_is_a_warning() -> None:
    named = Decision(state=DecisionState.MATCH, substances=("b",), statistic=2.0, threshold=1.0)
    other = Nearest(hits=(), decision=named, names_itself=False)
    own = Nearest(hits=(), decision=named, names_itself=True)
    nothing = Nearest(hits=(), decision=Decision(state=DecisionState.NO_MATCH), names_itself=False)
    assert neighbour_line("a", other).startswith("! another substance would be named: a searched")
    assert neighbour_line("a", own) == (
        "a searched, itself left out: match · b (contrast 2.00 > 1.00)"
    )
    assert neighbour_line("a", nothing) == "a searched, itself left out: no match"
