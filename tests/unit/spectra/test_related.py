from __future__ import annotations

import numpy as np
import pytest

from spectra.peak_index import PeakIndex
from spectra.related import Forms, RelationKind, mixed, of_query

Peaks = tuple[np.ndarray, np.ndarray]


def a_spectrum(seed: int, mass: int) -> Peaks:
    """Twenty fragments and a molecular ion."""
    random = np.random.default_rng(seed)
    mz = np.sort(random.choice(np.arange(80, mass - 20), 20, replace=False))
    height = random.uniform(50, 600, 20)
    return np.append(mz, mass).astype(float), np.append(height, 900.0)


def moved(peaks: Peaks, shift: int, every: int = 2) -> Peaks:
    """The same with the molecular ion and every second fragment heavier."""
    mz = peaks[0].copy()
    mz[-1] += shift
    mz[:-1:every] += shift
    return mz, peaks[1]


def a_library(masses: list[int]) -> tuple[list[Peaks], PeakIndex, Forms]:
    spectra = [a_spectrum(seed, mass) for seed, mass in enumerate(masses)]
    forms = Forms(
        kinds=np.full(len(masses), -1, np.int8),
        parents=np.array(masses, np.int16),
        shifts=np.zeros(len(masses), np.int16),
        reacts=np.ones(len(masses), np.bool_),
    )
    return spectra, PeakIndex.build(spectra), forms


MASSES = [210, 243, 287, 303, 336, 355]


@pytest.mark.parametrize("atoms", [3, 5, 9])
def test_the_parent_of_a_deuterated_standard_is_found_with_its_number_of_atoms(atoms: int) -> None:
    spectra, index, forms = a_library(MASSES)
    best = of_query(index, forms, moved(spectra[4], atoms))[0]
    assert (best.row, best.kind, best.groups) == (4, RelationKind.DEUTERATED, atoms)
    assert best.mass_shift == atoms


def test_a_trimethylsilyl_derivative_is_found_by_its_group_and_its_mass() -> None:
    spectra, index, forms = a_library(MASSES)
    mz, height = moved(spectra[2], 144)
    query = np.append([73.0, 147.0], mz), np.append([900.0, 300.0], height)
    best = of_query(index, forms, query)[0]
    assert (best.row, best.kind) == (2, RelationKind.TRIMETHYLSILYL)
    assert (best.groups, best.mass_shift) == (2, 144)


def test_without_an_ion_of_the_group_no_derivative_is_looked_for() -> None:
    spectra, index, forms = a_library(MASSES)
    mz, height = moved(spectra[2], 144)
    query = np.append([51.0], mz), np.append([900.0], height)
    kinds = {each.kind for each in of_query(index, forms, query)}
    assert RelationKind.TRIMETHYLSILYL not in kinds


def test_what_cannot_be_derivatised_has_no_derivative() -> None:
    spectra, index, forms = a_library(MASSES)
    mz, height = moved(spectra[2], 72)
    query = np.append([73.0], mz), np.append([900.0], height)
    inert = Forms(
        kinds=forms.kinds,
        parents=forms.parents,
        shifts=forms.shifts,
        reacts=np.zeros(len(MASSES), np.bool_),
    )
    assert any(each.kind is RelationKind.TRIMETHYLSILYL for each in of_query(index, forms, query))
    found = of_query(index, inert, query)
    assert not any(each.kind is RelationKind.TRIMETHYLSILYL for each in found)


def test_a_labelled_row_leads_to_its_unlabelled_substance() -> None:
    spectra, _, _ = a_library(MASSES)
    rows = [*spectra[:5], moved(spectra[5], 5)]
    forms = Forms(
        kinds=np.array([-1] * 5 + [0], np.int8),
        parents=np.array(MASSES, np.int16),
        shifts=np.array([0] * 5 + [5], np.int16),
        reacts=np.ones(6, np.bool_),
    )
    best = of_query(PeakIndex.build(rows), forms, spectra[5])[0]
    assert (best.row, best.mass_shift, best.groups) == (5, -5, 5)


def test_nothing_may_stand_above_the_heavier_molecule() -> None:
    spectra, index, forms = a_library(MASSES)
    mz, height = moved(spectra[4], 5)
    query = np.append(mz, 420.0), np.append(height, 500.0)
    assert all(each.row != 4 for each in of_query(index, forms, query))


def test_the_first_hit_stays_first_and_few_forms_are_taken() -> None:
    order = mixed([0.5, 0.4, 0.3, 0.2], [0.9, 0.45, 0.35, 0.34], 10)
    assert order == [
        (False, 0), (True, 0), (True, 1), (False, 1), (True, 2), (False, 2), (False, 3),
    ]  # fmt: skip
    assert len(mixed([0.5, 0.4], [0.45], 2)) == 2
