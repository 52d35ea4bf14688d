from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from libraries import build, curve_class_models, naming, training
from libraries.answer import LibraryAnswer
from libraries.entry import EntryDraft, Section
from libraries.library import Library, open_library
from libraries.training import TrainingEntry
from lims import match_hazard
from spectra import curve_classes
from spectra.axis import UNIT_CM1, UNIT_ONE, XKind, YKind
from spectra.curve_classes import FEWEST_MEMBERS, FEWEST_OUTSIDE
from spectra.curve_index import CurveIndex
from spectra.decision import DecisionState
from spectra.grid import FTIR_GRID, canonical
from spectra.prepare import vibrational
from spectra.spectrum import Spectrum, Technique
from tests.unit.libraries.reference_builders import SOURCE
from tests.unit.spectra.class_curves import a_curve


def a_spectrum(seed: int, *, member: bool) -> Spectrum:
    noise = 2e-4 * np.random.default_rng(seed + 90_000).normal(size=FTIR_GRID.n_points)
    return Spectrum(
        title=f"substance {seed}",
        x=FTIR_GRID.x,
        y=a_curve(seed, member=member) + noise,
        x_kind=XKind.WAVENUMBER,
        x_unit=UNIT_CM1,
        y_kind=YKind.ABSORBANCE,
        y_unit=UNIT_ONE,
        metadata={"Name": f"substance {seed}"},
    )


def drafts(n_members: int, n_others: int, label: str = "fentanyl") -> list[EntryDraft]:
    made = []
    for seed in range(n_members + n_others):
        draft = build.draft(a_spectrum(seed, member=seed < n_members), SOURCE, {})
        stated = label if seed < n_members else ""
        made.append(replace(draft, identity=replace(draft.identity, compound_class=stated)))
    return made


def built(folder: Path, n_members: int, n_others: int, label: str = "fentanyl") -> Library:
    build.build_library(folder, "made", "1", "CC0", drafts(n_members, n_others, label))
    return open_library("made", folder=folder)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with built(tmp_path_factory.mktemp("classes"), 20, 120) as made:
        yield made


def asked(library: Library, seed: int, *, member: bool) -> LibraryAnswer:
    return library.search(a_spectrum(seed, member=member), Technique.FTIR)


def unnamed(library: Library, *, member: bool) -> list[LibraryAnswer]:
    start = 7000 if member else 8000
    return [asked(library, seed, member=member) for seed in range(start, start + 20)]


def test_a_new_member_is_given_its_class_and_no_name(library: Library) -> None:
    answers = unnamed(library, member=True)
    of_class = [each for each in answers if each.decision.state is DecisionState.CLASS_ONLY]
    assert len(of_class) >= 12
    for each in of_class:
        assert each.decision.substances == ()
        assert each.analogue is not None
        assert each.analogue["class"] == "fentanyl"
        assert each.analogue["candidate_grade"] is None
        assert each.analogue["text"] == "class indicated: fentanyl; substance not identified"
    assert not any(each.decision.state is DecisionState.ANALOGUE_CANDIDATE for each in answers)


def test_what_is_outside_the_class_is_not_given_to_it(library: Library) -> None:
    answers = unnamed(library, member=False)
    assert not any(each.decision.state is DecisionState.CLASS_ONLY for each in answers)


def test_the_reasons_name_score_best_outside_level_and_bands(library: Library) -> None:
    answer = next(each for each in unnamed(library, member=True) if each.analogue)
    said = " | ".join(answer.decision.reasons)
    assert "the 3 nearest are fentanyl, class score" in said
    assert "the best outside it" in said
    assert "held-out substances outside the class" in said
    assert "members" in said
    assert "cm⁻¹ (in " in said
    assert answer.analogue is not None
    json.dumps(answer.analogue)


def test_the_hazard_notice_follows_the_class_at_the_first_flag(library: Library) -> None:
    answer = next(each for each in unnamed(library, member=True) if each.analogue)
    notice = match_hazard.notice(replace(answer, hits=()))
    assert notice is not None
    assert notice["group"] == "H1"


def test_the_length_of_the_hit_list_changes_nothing(library: Library) -> None:
    spectrum = a_spectrum(7001, member=True)
    few, many = (library.search(spectrum, Technique.FTIR, top) for top in (1, 60))
    assert few.decision.state is many.decision.state
    assert few.analogue == many.analogue


def test_a_known_substance_is_named_and_not_classed(library: Library) -> None:
    answer = asked(library, 3, member=True)
    assert answer.decision.substances == ("substance 3",)
    assert answer.analogue is None


def test_a_class_of_few_says_that_it_is_not_calibrated(tmp_path: Path) -> None:
    with built(tmp_path, 8, 60) as library:
        answers = unnamed(library, member=True)
    assert not any(each.analogue for each in answers)
    said = [reason for each in answers for reason in each.decision.reasons]
    assert any("not calibrated, n=8 (10 needed)" in reason for reason in said)


def test_a_class_by_role_gives_no_evidence(tmp_path: Path) -> None:
    with built(tmp_path, 20, 120, "diluent") as library:
        answers = unnamed(library, member=True)
    assert not any(each.analogue for each in answers)


def test_the_model_is_kept_read_again_and_learned_again_when_damaged(library: Library) -> None:
    index = library.section(Section.FTIR)
    assert index is not None
    made = curve_class_models.of_index(library, index)
    curve_class_models.forget()
    again = curve_class_models.of_index(library, index)
    assert again == made
    assert again is not made
    path = library.folder / "class-model-ftir" / "limits.npy"
    path.write_bytes(path.read_bytes()[:-8] + b"damaged!")
    curve_class_models.forget()
    assert curve_class_models.of_index(library, index) == made
    assert library.faults() == []


def test_labels_of_one_rule_are_one_class() -> None:
    assert curve_class_models.label("Fentanyls") == curve_class_models.label("fentanyl")
    assert curve_class_models.label("diluent") == ""
    assert curve_class_models.label("fentanyl precursor/impurity") == ""


@pytest.mark.parametrize("technique", [Technique.FTIR, Technique.RAMAN])
def test_the_training_library_is_too_small_to_calibrate_a_class(
    technique: Technique,
) -> None:
    entries = training.entries(technique)
    curves = [each.measurement for each in entries]
    rows = np.array([vibrational(c, technique).y for c in curves if isinstance(c, Spectrum)])
    groups = np.unique([each.substance for each in entries], return_inverse=True)[1]
    said = [curve_class_models.label(_class_of(each)) for each in entries]
    names = ["", *sorted(set(said) - {""})]
    codes = np.array([names.index(each) for each in said])
    made = curve_classes.learn(CurveIndex.build(rows, canonical(technique)), codes, groups)
    assert {names[each.code] for each in made} == set(names) - {""}
    large = [each for each in made if each.n_members >= FEWEST_MEMBERS]
    assert len(large) == 2
    assert all(each.n_outside < FEWEST_OUTSIDE for each in large)
    assert not any(each.calibrated or each.found or each.false for each in made)


def _class_of(each: TrainingEntry) -> str:
    known = naming.known(each.substance)
    return known.class_name if known is not None else each.class_name
