from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from libraries import class_models
from libraries.entry import Section
from libraries.library import Library, open_library
from spectra.spectrum import MassSpectrum
from tests.unit.libraries.reference_builders import a_library, a_mass_spectrum


def test_a_class_of_few_compounds_is_not_learned():
    rng = np.random.default_rng(0)
    rows = np.zeros((40, 1001))
    for at in range(40):
        rows[at, rng.integers(40, 300, 20)] = rng.integers(5, 999, 20)
    groups = np.arange(40)
    few = class_models.FEWEST_COMPOUNDS - 1
    labels = ["fentanyl"] * few + [""] * (40 - few)
    assert class_models.learn(rows, np.full(40, 300.0), labels, groups) is None
    replicates = np.concatenate([np.zeros(20, dtype=int), groups[20:]])
    assert class_models.learn(rows, np.full(40, 300.0), ["x"] * 20 + [""] * 20, replicates) is None


def test_a_vote_is_not_called_evidence_where_too_few_were_judged():
    rows = np.zeros((30, 1001))
    rows[:15, 146], rows[15:, 77] = 999, 999
    made = class_models.learn(
        rows, np.arange(30) + 200.0, ["fentanyl"] * 15 + [""] * 15, np.arange(30)
    )
    assert made is not None
    _, models = made
    vote = models.votes(([146.0], [999.0]), {"fentanyl": 350.0})["fentanyl"]
    assert vote.n == 15
    assert vote.ahead > 0
    assert not vote.speaks


def fentanyls(n: int) -> list[MassSpectrum]:
    """Spectra of ``n`` substances that a library calls fentanyls, and as many of none."""
    return [
        a_mass_spectrum(seed, CompoundClass="fentanyl" if seed < n else "other")
        for seed in range(2 * n)
    ]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    a_library(tmp_path, fentanyls(12))
    return open_library("made", folder=tmp_path)


def test_a_model_is_kept_beside_the_library_and_read_again(library: Library) -> None:
    index = library.section(Section.EI)
    assert index is not None
    made = class_models.of_index(library, index)
    assert made is not None
    assert made.labels == ("fentanyl",)
    assert made.compounds.tolist() == [12]
    class_models.forget()
    again = class_models.of_index(library, index)
    assert again is not None
    assert again is not made
    assert np.array_equal(again.model.weights, made.model.weights)
    assert library.faults() == []


def test_a_damaged_or_foreign_model_is_learned_again(library: Library) -> None:
    index = library.section(Section.EI)
    assert index is not None
    made = class_models.of_index(library, index)
    assert made is not None
    path = library.folder / "class-model" / "weights.npy"
    path.write_bytes(path.read_bytes()[:-8] + b"damaged!")
    class_models.forget()
    again = class_models.of_index(library, index)
    assert again is not None
    assert np.array_equal(again.model.weights, made.model.weights)
