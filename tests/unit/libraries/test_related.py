from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from libraries import build
from libraries.derivatives import form_of
from libraries.library import Library
from lims.match_hazard import notice
from spectra.related import RelationKind
from spectra.spectrum import MassSpectrum, Technique
from tests.unit.libraries.reference_builders import SOURCE, a_library, a_mass_spectrum

# Name, formula and nominal mass of drugs whose spectra are made up here.
DRUGS = {
    1: ("fentanyl", "C22H28N2O", 336),
    2: ("cocaine", "C17H21NO4", 303),
    3: ("diazepam", "C16H13ClN2O", 284),
}


def a_drug(seed: int, shift: int = 0) -> MassSpectrum:
    """A made-up spectrum with its molecular ion; a shift moves that and most fragments."""
    name, formula, mass = DRUGS[seed]
    made = a_mass_spectrum(seed)
    inside = made.mz < mass - 20
    mz, height = made.mz[inside], made.intensity[inside]
    mz = np.where(np.arange(mz.size) % 6 != 0, mz + shift, mz)
    return replace(
        made,
        title=name,
        mz=np.append(mz, mass + shift).astype(float),
        intensity=np.append(height, height.max()),
        metadata={"Name": name, "Formula": formula},
    )


@pytest.fixture
def library(tmp_path: Path):
    made = [*(a_drug(seed) for seed in DRUGS), *(a_mass_spectrum(s) for s in range(50, 110))]
    with Library(a_library(tmp_path, made).folder) as opened:
        yield opened


def test_a_deuterated_standard_shows_its_substance_and_is_not_named(library: Library) -> None:
    answer = library.search(a_drug(1, shift=5), Technique.MS, 10)
    assert answer.decision.substances == ()
    hit = next(hit for hit in answer.hits if hit.relation is not None)
    assert hit.substance == hit.name == "fentanyl, deuterated (d5)"
    assert hit.rank > 1
    assert hit.relation is not None
    assert (hit.relation.kind, hit.relation.groups) == ("deuterated", 5)
    assert any("another form of a substance" in each for each in answer.decision.reasons)


def test_the_hazard_of_the_substance_is_that_of_its_form(library: Library) -> None:
    answer = library.search(a_drug(1, shift=5), Technique.MS, 10)
    found = notice(answer)
    assert found is not None
    assert found["group"] == "H1"


def test_where_a_substance_is_named_no_other_form_is_shown(library: Library) -> None:
    answer = library.search(a_drug(1), Technique.MS, 10)
    assert answer.decision.substances == ("fentanyl",)
    assert all(hit.relation is None for hit in answer.hits)


def test_the_decision_is_that_without_related_forms(library: Library) -> None:
    query = a_drug(2, shift=3)
    answer = library.search(query, Technique.MS, 10)
    plain = [hit for hit in answer.hits if hit.relation is None]
    assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))
    assert plain[0].rank == 1
    assert answer.decision.state.value in ("no_match", "class_only", "analogue_candidate")


@pytest.mark.parametrize(
    ("name", "formula", "kind", "parent", "shift"),
    [
        ("Fentanyl", "C22H28N2O", None, 336, 0),
        ("Fentanyl-d5", "C22H23D5N2O", RelationKind.DEUTERATED, 336, 5),
        ("Fentanyl-d5", "C22H28N2O", RelationKind.DEUTERATED, 336, 5),
        ("Morphine 2TMS", "C23H35NO3Si2", RelationKind.TRIMETHYLSILYL, 285, 144),
        ("Amphetamine, permethylated", "C11H17N", RelationKind.OTHER, 163, 0),
    ],
)
def test_the_form_of_an_entry_is_told_by_name_and_formula(
    name: str, formula: str, kind: RelationKind | None, parent: int, shift: int
) -> None:
    made = replace(a_mass_spectrum(1), metadata={"Name": name, "Formula": formula})
    form = form_of(build.draft(made, SOURCE, {}))
    assert (form.kind, form.parent, form.shift) == (kind, parent, shift)
