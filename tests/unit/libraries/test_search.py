from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from libraries.entry import Section
from libraries.library import Library
from libraries.search import search, search_many
from spectra.axis import FloatArray, XKind, YKind
from spectra.calibration import SHORTLIST
from spectra.consensus import consensus, unit_row
from spectra.mass_scores import unit_mass, weighted_cosine
from spectra.peak_index import COSINE_WEIGHTS
from spectra.spectrum import Chromatogram, MassSpectrum, Technique
from tests.unit.libraries.reference_builders import a_curve, a_library, a_mass_spectrum


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    made = [a_mass_spectrum(seed) for seed in range(60)] + [a_curve(seed) for seed in range(60)]
    made += [a_mass_spectrum(seed, noise=0.1) for seed in range(10)]
    with Library(a_library(tmp_path_factory.mktemp("big"), made).folder) as library:
        yield library


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    made = [a_mass_spectrum(seed) for seed in (3, 200, 201)]
    report = a_library(tmp_path_factory.mktemp("small"), made, name="own", training=True)
    with Library(report.folder) as library:
        yield library


def test_hits_are_substances_with_their_best_replicate(big: Library) -> None:
    answer = big.search(a_mass_spectrum(4, noise=0.02), Technique.MS, 10)
    assert [hit.rank for hit in answer.hits] == list(range(1, 11))
    assert len({hit.substance for hit in answer.hits}) == 10
    assert answer.hits[0].substance == "substance 4"
    assert answer.hits[0].measures["replicates"] == 2.0
    scores = [hit.hqi for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert answer.decision.state.value == "match"
    assert answer.decision.substances == ("substance 4",)


def test_the_ranking_is_that_of_scoring_every_entry_one_by_one(big: Library) -> None:
    query = a_mass_spectrum(11, noise=0.5)
    asked = unit_mass(query.mz, query.intensity)
    best: dict[str, tuple[float, tuple[FloatArray, FloatArray]]] = {}
    for entry in big.entries(Section.EI):
        reference = unit_mass(entry.draft.x, entry.draft.y)
        score = weighted_cosine(asked, reference, COSINE_WEIGHTS) ** 2
        if score > best.get(entry.substance, (0.0,))[0]:
            best[entry.substance] = (score, (entry.draft.x, entry.draft.y))
    short = sorted(best.items(), key=lambda item: -item[1][0])[:SHORTLIST]
    agreed = {
        name: float(consensus(unit_row(query), unit_row(peaks)[None]).score[0])
        for name, (_, peaks) in short
    }
    slow = sorted(agreed.items(), key=lambda item: -item[1])[:8]
    fast = [(hit.substance, hit.hqi) for hit in big.search(query, Technique.MS, 8).hits]
    assert [name for name, _ in fast] == [name for name, _ in slow]
    # The index holds heights in single precision.
    assert [score for _, score in fast] == pytest.approx([score for _, score in slow], abs=1e-6)


def test_curves_are_found_in_either_direction_of_their_axis(big: Library) -> None:
    for descending in (False, True):
        answer = big.search(a_curve(8, noise=0.002, descending=descending), Technique.FTIR)
        assert answer.hits[0].substance == "mineral 8"
        assert answer.decision.state.value == "match"
        assert answer.section is Section.FTIR
        assert answer.steps
    assert "shift_cm1" in answer.hits[0].measures


def test_an_absent_substance_is_no_match_and_still_has_a_hit_list(big: Library) -> None:
    answer = big.search(a_curve(5_000), Technique.FTIR)
    assert answer.decision.state.value == "no_match"
    assert answer.decision.substances == ()
    assert answer.decision.n_calibration == 60
    assert len(answer.hits) == 10


def test_libraries_are_merged_by_substance_and_named(big: Library, small: Library) -> None:
    query = a_mass_spectrum(3)
    together = search([big, small], query, Technique.MS, 80)
    assert [hit.substance for hit in together.hits].count("substance 3") == 1
    assert {hit.library for hit in together.hits} == {"made", "own"}
    swapped = search([small, big], query, Technique.MS, 80)
    assert [(h.entry, h.library) for h in swapped.hits] == [
        (h.entry, h.library) for h in together.hits
    ]
    assert together.libraries == ("made 1", "own 1")


def test_a_best_hit_from_an_uncalibrated_library_is_insufficient(
    big: Library, small: Library
) -> None:
    answer = search([big, small], a_mass_spectrum(200), Technique.MS)
    assert answer.hits[0].library == "own"
    assert answer.hits[0].training
    assert answer.decision.state.value == "insufficient"
    assert "calibrat" in answer.decision.reasons[0]
    assert answer.analogue is None


def test_a_better_replicate_of_the_labs_own_does_not_undo_a_match(
    big: Library, small: Library
) -> None:
    answer = search([big, small], a_mass_spectrum(3, noise=0.01), Technique.MS)
    assert answer.decision.state.value == "match"
    assert answer.decision.substances == ("substance 3",)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (MassSpectrum(title="q", mz=[50.0, 60.0], intensity=[1.0, 1.0]), "2 peaks"),
        (MassSpectrum(title="q", mz=[], intensity=[]), "no peaks"),
        (replace(a_mass_spectrum(1), precursor_mz=337.2), "MS/MS"),
        (replace(a_mass_spectrum(1), ionization="ESI+"), "no m/z of its precursor"),
        (MassSpectrum(title="q", mz=[50.0, np.inf], intensity=[1.0, 1.0]), ""),
        (replace(a_curve(1), y_kind=YKind.INTERFEROGRAM), "interferogram"),
        (replace(a_curve(1), x_kind=XKind.PIXEL), "pixel"),
        (replace(a_curve(1), y=np.zeros(1801)), "flat"),
        (replace(a_curve(1), y=np.full(1801, np.nan)), "usable points"),
        (Chromatogram(title="q", x=[1.0, 2.0], y=[1.0, 2.0]), "not one spectrum"),
    ],
)
def test_what_cannot_be_searched_is_insufficient_with_the_reason(
    big: Library, query: MassSpectrum, reason: str
) -> None:
    answer = search([big], query, Technique.FTIR)
    assert answer.decision.state.value == "insufficient"
    assert any(reason in each for each in answer.decision.reasons)
    assert answer.decision.substances == ()


def test_a_library_without_the_technique_is_insufficient_and_says_so(small: Library) -> None:
    answer = search([small], a_curve(1), Technique.FTIR)
    assert answer.decision.state.value == "insufficient"
    assert answer.hits == ()
    assert "ftir" in answer.decision.reasons[0]
    assert search([], a_mass_spectrum(1), Technique.MS).decision.state.value == "insufficient"


def test_a_batch_answers_as_one_by_one(big: Library) -> None:
    queries = [a_mass_spectrum(seed, noise=0.2) for seed in range(5)]
    queries.insert(2, MassSpectrum(title="poor", mz=[41.0], intensity=[3.0]))
    batch = search_many([big], queries, Technique.GCMS)
    for query, answer in zip(queries, batch, strict=True):
        alone = search([big], query, Technique.GCMS)
        assert alone.decision.state == answer.decision.state
        assert [(h.entry, round(h.hqi, 9)) for h in alone.hits] == [
            (h.entry, round(h.hqi, 9)) for h in answer.hits
        ]


def test_isomers_that_fit_alike_come_back_as_a_group(tmp_path: Path) -> None:
    made = [a_mass_spectrum(seed) for seed in range(60)]
    for name, noise in (("butyryl", 0.0), ("isobutyryl", 0.004)):
        made.append(a_mass_spectrum(77, name=f"{name}zorbium", noise=noise, Formula="C23H30N2O"))
    with Library(a_library(tmp_path, made).folder) as library:
        decision = library.search(a_mass_spectrum(77, noise=0.01), Technique.MS).decision
    assert decision.state.value == "match_group"
    assert set(decision.isomer_group) == {"butyrylzorbium", "isobutyrylzorbium"}


def test_two_substances_of_one_name_stay_two(tmp_path: Path) -> None:
    made = [
        a_mass_spectrum(1, name="Twin", InChIKey="AAAAAAAAAAAAAA-AAAAAAAAAA-N"),
        a_mass_spectrum(2, name="Twin", InChIKey="BBBBBBBBBBBBBB-AAAAAAAAAA-N"),
    ]
    with Library(a_library(tmp_path, made).folder) as library:
        names = [hit.substance for hit in library.search(a_mass_spectrum(1), Technique.MS).hits]
    assert names == ["Twin", "Twin [BBBBBBBBBBBBBB]"]


def test_a_mixture_of_two_known_minerals_is_one_and_names_both(tmp_path: Path) -> None:
    # Two specimens of each, so that the library can learn what a pure one leaves unexplained.
    made = [a_curve(seed, noise=0.002 * copy) for seed in range(40) for copy in (0, 1)]
    with Library(a_library(tmp_path, made).folder) as library:
        first, second = a_curve(4), a_curve(9)
        both = replace(first, title="both", y=0.55 * first.y + 0.45 * second.y)
        answer = library.search(both, Technique.FTIR)
        pure = library.search(a_curve(4, noise=0.001), Technique.FTIR)
    assert answer.decision.state.value == "mixture"
    assert set(answer.decision.substances) == {"mineral 4", "mineral 9"}
    assert answer.mixture is not None
    assert answer.mixture["agreed"] is True
    assert min(answer.mixture["shares"]) > 0.3
    assert pure.decision.state.value == "match"
    assert pure.mixture is None
