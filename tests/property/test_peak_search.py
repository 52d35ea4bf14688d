from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.mass_scores import (
    UnitSpectrum,
    entropy_similarity,
    hybrid,
    match_factor,
    nist_identity,
)
from spectra.peak_index import PeakIndex, PeakScore
from tests.unit.spectra.peak_libraries import assert_same_hits, use_compiled

SPECTRA = st.dictionaries(st.integers(40, 70), st.integers(1, 999), min_size=1, max_size=20)
MASSES = st.one_of(st.none(), st.integers(50, 90))


def unit(peaks: dict[int, int]) -> UnitSpectrum:
    heights = np.array([peaks[m] for m in sorted(peaks)], dtype=float)
    return UnitSpectrum(mz=np.array(sorted(peaks)), intensity=heights / heights.max() * 999)


def pair(peaks: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(list(peaks), dtype=float), np.array(list(peaks.values()), dtype=float)


@settings(max_examples=150, deadline=None)
@given(SPECTRA, st.lists(st.tuples(SPECTRA, MASSES), min_size=1, max_size=8), st.integers(1, 5))
def test_every_index_score_equals_its_pair_score(query, rows, top):
    index = PeakIndex.build([pair(row) for row, _ in rows], [mass for _, mass in rows])
    for name, score in (
        ("cosine", match_factor),
        ("entropy", entropy_similarity),
        ("identity", nist_identity),
    ):
        truth = np.array([score(unit(query), unit(row)) for row, _ in rows])
        hits = index.search(pair(query), top, name)
        np.testing.assert_allclose(hits.scores, np.sort(truth)[::-1][:top], atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(SPECTRA, st.lists(st.tuples(SPECTRA, st.integers(50, 90)), min_size=1, max_size=8))
def test_hybrid_with_known_masses_equals_its_pair_score(query, rows):
    index = PeakIndex.build([pair(row) for row, _ in rows], [float(mass) for _, mass in rows])
    truth = np.array([hybrid(unit(query), unit(row), 70 - mass).score for row, mass in rows])
    hits = index.search(pair(query), 3, "hybrid", query_mass=70.0)
    # Two products that are equal on paper may differ in the last digit and be paired the other way.
    np.testing.assert_allclose(hits.scores, np.sort(truth)[::-1][:3], atol=2e-3)


@settings(max_examples=150, deadline=None)
@given(
    SPECTRA,
    st.lists(st.tuples(SPECTRA, MASSES), min_size=1, max_size=8),
    st.sampled_from(list(PeakScore)),
    st.one_of(st.none(), st.integers(60, 80)),
)
def test_compiled_and_numpy_agree_on_whatever_is_drawn(query, rows, score, query_mass):
    known = {} if query_mass is None or score != "hybrid" else {"query_mass": float(query_mass)}
    found = []
    for yes in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            use_compiled(patch, yes=yes)
            index = PeakIndex.build([pair(row) for row, _ in rows], [mass for _, mass in rows])
            found.append(index.search(pair(query), 4, score, **known))
    if score == "hybrid":
        # Equal products, or equal scores at two shifts, may be told apart by a last digit.
        np.testing.assert_allclose(found[0].scores, found[1].scores, atol=2e-3)
    else:
        assert_same_hits(*found)


@settings(max_examples=200, deadline=None)
@given(SPECTRA, st.lists(SPECTRA, min_size=1, max_size=6), st.integers(-4, 4))
def test_compiled_chains_of_shifted_pairs_are_taken_greedily(query, rows, shift):
    truth = np.array([hybrid(unit(query), unit(row), shift).score for row in rows])
    with pytest.MonkeyPatch.context() as patch:
        use_compiled(patch, yes=True)
        index = PeakIndex.build([pair(row) for row in rows], [100.0] * len(rows))
        hits = index.search(pair(query), len(rows), "hybrid", query_mass=100.0 + shift)
    np.testing.assert_allclose(hits.scores, np.sort(truth)[::-1], atol=2e-3)
