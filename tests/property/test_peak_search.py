from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.mass_scores import (
    UnitSpectrum,
    entropy_similarity,
    hybrid,
    match_factor,
    nist_identity,
)
from spectra.peak_index import PeakIndex

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
