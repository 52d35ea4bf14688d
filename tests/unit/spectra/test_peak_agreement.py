"""Scores of the indexes against matchms and ms_entropy, where they define the same score."""

from __future__ import annotations

import numpy as np
import pytest

from spectra.mass_scores import Weights, unit_mass, weighted_cosine
from spectra.peak_hybrid import HYBRID_WEIGHTS
from spectra.peak_index import COSINE_WEIGHTS, PeakIndex
from spectra.peak_tandem import TandemIndex
from spectra.peak_tandem_clean import Cleaning, Tolerance, clean

N_ROWS = 60


def rows(*, decimals: bool) -> tuple[list, list]:
    rng = np.random.default_rng(31)
    made, masses = [], []
    for _ in range(N_ROWS):
        mz = np.sort(rng.choice(np.arange(45, 110), int(rng.integers(3, 30)), replace=False))
        shift = rng.normal(0, 0.003, mz.size) if decimals else 0.0
        made.append((mz + shift, rng.lognormal(3, 1.2, mz.size)))
        masses.append(float(rng.integers(112, 150)))
    return made, masses


@pytest.mark.slow
def test_cosine_and_hybrid_are_those_of_matchms():
    from matchms import Spectrum
    from matchms.similarity import CosineGreedy, ModifiedCosineGreedy

    made, masses = rows(decimals=False)
    index = PeakIndex.build(made, masses)
    theirs = [
        Spectrum(mz=mz, intensities=h / h.max(), metadata={"precursor_mz": mass})
        for (mz, h), mass in zip(made, masses, strict=True)
    ]
    plain = CosineGreedy(tolerance=0.1, mz_power=1.3, intensity_power=0.53)
    moved = ModifiedCosineGreedy(tolerance=0.1, mz_power=0.5, intensity_power=0.5)
    assert Weights(mz_power=1.3, intensity_power=0.53) == COSINE_WEIGHTS
    assert Weights(mz_power=0.5, intensity_power=0.5) == HYBRID_WEIGHTS
    for at in range(0, N_ROWS, 12):
        cosine = np.array([float(plain.pair(r, theirs[at])["score"]) for r in theirs])
        hits = index.search(made[at], N_ROWS)
        np.testing.assert_allclose(hits.scores, cosine[hits.rows] ** 2, rtol=0, atol=1e-6)
        hybrid = np.array([float(moved.pair(r, theirs[at])["score"]) for r in theirs])
        hits = index.search(made[at], N_ROWS, "hybrid", query_mass=masses[at])
        # A pair of matchms' own order may stand where two products are nearly equal.
        np.testing.assert_allclose(hits.scores, hybrid[hits.rows] ** 2, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_tandem_cosine_is_that_of_matchms():
    from matchms import Spectrum
    from matchms.similarity import CosineGreedy

    made, _ = rows(decimals=True)
    cleaning = Cleaning(tolerance=Tolerance(da=0.02))
    theirs = []
    for mz, heights in made:
        x, share = clean(mz, heights, cleaning)
        theirs.append(Spectrum(mz=x, intensities=share / share.max()))
    greedy = CosineGreedy(tolerance=0.02, mz_power=0.0, intensity_power=0.5)
    index = TandemIndex.build(made)
    for at in range(0, N_ROWS, 12):
        cosine = np.array([float(greedy.pair(r, theirs[at])["score"]) for r in theirs])
        hits = index.search(made[at], N_ROWS, "cosine")
        np.testing.assert_allclose(hits.scores, cosine[hits.rows], rtol=0, atol=1e-6)


def test_entropy_similarity_is_that_of_ms_entropy_on_whole_masses():
    ms_entropy = pytest.importorskip("ms_entropy")
    made, _ = rows(decimals=False)
    index = PeakIndex.build(made)
    peaks = [np.stack(row, axis=1).astype(np.float32) for row in made]
    for at in range(0, N_ROWS, 6):
        theirs = [
            ms_entropy.calculate_entropy_similarity(
                peaks[at], row, ms2_tolerance_in_da=0.02, noise_threshold=0.0
            )
            for row in peaks
        ]
        hits = index.search(made[at], N_ROWS, "entropy")
        np.testing.assert_allclose(hits.scores, np.array(theirs)[hits.rows], rtol=0, atol=1e-6)


def test_tandem_entropy_is_that_of_the_index_of_ms_entropy():
    ms_entropy = pytest.importorskip("ms_entropy")
    made, masses = rows(decimals=True)
    index = TandemIndex.build(made, masses)
    peer = ms_entropy.FlashEntropySearch()
    kept = peer.build_index(
        [
            {"precursor_mz": mass, "peaks": np.stack(row, axis=1).astype(np.float32), "row": at}
            for at, (row, mass) in enumerate(zip(made, masses, strict=True))
        ]
    )
    place = np.array([entry["row"] for entry in kept])
    for at in range(0, N_ROWS, 6):
        asked = peer.clean_spectrum_for_search(
            peaks=np.stack(made[at], axis=1).astype(np.float32), precursor_mz=masses[at]
        )
        theirs = np.zeros(N_ROWS)
        theirs[place] = peer.open_search(peaks=asked, ms2_tolerance_in_da=0.02)
        hits = index.search(made[at], N_ROWS, precursor_mz=masses[at])
        # ms_entropy works in single precision throughout.
        np.testing.assert_allclose(hits.scores, theirs[hits.rows], rtol=0, atol=1e-6)


def test_the_index_keeps_the_pair_score_for_every_weighting_a_coding_can_have():
    made, _ = rows(decimals=False)
    index = PeakIndex.build(made)
    units = [unit_mass(*row) for row in made]
    for at in range(0, N_ROWS, 10):
        truth = np.array([weighted_cosine(units[at], unit, COSINE_WEIGHTS) ** 2 for unit in units])
        hits = index.search(made[at], N_ROWS)
        np.testing.assert_allclose(hits.scores, truth[hits.rows], rtol=0, atol=1e-7)
