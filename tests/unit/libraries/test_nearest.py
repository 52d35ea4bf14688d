"""A library searched with its own entry: the same ranking as a search of all the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from libraries.browse import Listing
from libraries.library import Library
from libraries.nearest import nearest
from spectra.decision import DecisionState
from spectra.spectrum import MassSpectrum, Spectrum, Technique
from tests.unit.libraries.reference_builders import a_curve, a_library, a_mass_spectrum


def opened(folder: Path, made: list[MassSpectrum | Spectrum], name: str = "made") -> Library:
    return Library(a_library(folder, made, name=name).folder)


@pytest.mark.parametrize("kind", ["ei", "ftir"])
def test_the_ranking_is_that_of_a_library_without_the_entry(tmp_path: Path, kind: str) -> None:
    make = a_mass_spectrum if kind == "ei" else a_curve
    made: list[MassSpectrum | Spectrum] = [make(seed) for seed in range(40)]
    whole = opened(tmp_path, made)
    entry = Listing(whole.folder).resolve("substance 7" if kind == "ei" else "mineral 7")
    rest = opened(tmp_path, [each for at, each in enumerate(made) if at != 7], "rest")
    technique = Technique.MS if kind == "ei" else Technique.FTIR
    expected = rest.search(entry.draft.measurement(), technique, 10)
    found = nearest(whole, entry, 10)
    assert [hit.name for hit in found.hits] == [hit.name for hit in expected.hits]
    scores = [hit.hqi for hit in found.hits]
    np.testing.assert_allclose(scores, [hit.hqi for hit in expected.hits], atol=1e-9)
    assert entry.id not in {hit.entry for hit in found.hits}
    assert not found.names_itself


def test_a_replicate_of_the_entry_is_found_and_named(tmp_path: Path) -> None:
    made = [a_mass_spectrum(seed, name=f"substance {seed}") for seed in range(40)]
    made.append(a_mass_spectrum(7, name="substance 7", noise=0.02))
    library = opened(tmp_path, [*made])
    entries = [e for e in library.entries() if e.name == "substance 7"]
    assert len(entries) == 2
    found = nearest(library, entries[0])
    assert found.hits[0].entry == entries[1].id
    assert found.names_itself
    assert found.decision.state is DecisionState.MATCH


def test_a_lookalike_is_named_in_the_place_of_a_single_spectrum(tmp_path: Path) -> None:
    # Enough others that the two lookalikes are within the share the threshold forgives.
    made = [a_mass_spectrum(seed) for seed in range(70)]
    made.append(a_mass_spectrum(7, name="lookalike", noise=0.02))
    library = opened(tmp_path, [*made])
    found = nearest(library, Listing(library.folder).resolve("substance 7"))
    assert found.decision.substances == ("lookalike",)
    assert not found.names_itself


def test_nothing_is_named_by_a_library_that_is_too_small(tmp_path: Path) -> None:
    library = opened(tmp_path, [a_curve(seed) for seed in range(3)])
    found = nearest(library, Listing(library.folder).resolve("mineral 1"))
    assert found.decision.state is DecisionState.INSUFFICIENT
    assert len(found.hits) == 2


def test_a_library_of_one_has_no_neighbours(tmp_path: Path) -> None:
    library = opened(tmp_path, [a_curve(1)])
    found = nearest(library, Listing(library.folder).resolve("mineral 1"))
    assert found.hits == ()
    assert found.decision.state is DecisionState.INSUFFICIENT


def test_rows_are_asked_for_until_there_are_enough_substances(tmp_path: Path) -> None:
    made = [a_mass_spectrum(1, name="crowd", noise=0.001 * n) for n in range(300)]
    made += [a_mass_spectrum(seed) for seed in range(2, 30)]
    library = opened(tmp_path, [*made])
    entry = next(e for e in library.entries() if e.name == "crowd")
    found = nearest(library, entry)
    assert found.hits[0].name == "crowd"
    assert len(found.hits) == 10
