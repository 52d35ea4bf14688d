"""The four measures agree with their one-pair definitions, and the consensus behaves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra import mass_scores
from spectra.consensus import consensus
from spectra.errors import GridMismatchError

N = 301


def dense(peaks):
    row = np.zeros(N)
    for m, i in peaks.items():
        row[m] = i
    return row / row.max() * 999 if row.any() else row


def pairs_of(row):
    found = np.flatnonzero(row)
    return mass_scores.unit_mass(found.astype(float), row[found])


spectra = st.dictionaries(
    st.integers(1, N - 1), st.floats(1.5, 999.0), min_size=1, max_size=40
).map(dense)


@given(spectra, st.lists(spectra, min_size=1, max_size=4))
def test_measures_equal_their_one_pair_definitions(query, candidates):
    got = consensus(query, np.stack(candidates))
    for at, row in enumerate(candidates):
        a, b = pairs_of(query), pairs_of(row)
        # Peaks below the trace limit after rescaling are dropped by the one-pair form.
        if a.mz.size != np.count_nonzero(query) or b.mz.size != np.count_nonzero(row):
            continue
        assert got.identity[at] == pytest.approx(mass_scores.nist_identity(a, b), abs=1e-9)
        reverse = mass_scores.nist_identity(a, b, reverse=True)
        assert got.reverse[at] == pytest.approx(reverse, abs=1e-9)
        assert got.entropy[at] == pytest.approx(mass_scores.entropy_similarity(a, b), abs=1e-9)


@given(spectra, spectra)
def test_every_measure_lies_between_0_and_1(query, row):
    got = consensus(query, row[None])
    for name in ("score", "identity", "reverse", "ratio", "entropy", "tilt_free"):
        value = float(getattr(got, name)[0])
        assert -1e-12 <= value <= 1 + 1e-9, name


def test_smooth_mass_discrimination_does_not_count():
    rng = np.random.default_rng(1)
    row = dense({m: rng.uniform(100, 999) for m in range(41, 281, 8)})
    tilted = dense({int(m): row[m] * np.exp(0.009 * m) for m in np.flatnonzero(row)})
    got = consensus(tilted, row[None])
    assert got.tilt_free[0] == pytest.approx(1.0, abs=1e-9)
    plain = mass_scores.match_factor(pairs_of(tilted), pairs_of(row))
    assert plain < 0.98


def test_the_same_spectrum_scores_one():
    row = dense({50: 10, 51: 300, 77: 999, 105: 400})
    assert consensus(row, row[None]).score[0] == pytest.approx(1.0)


def test_a_later_scan_start_does_not_count_against_the_reference():
    reference = dense({29: 999, 30: 200, 77: 800, 105: 900, 182: 400})
    query = dense({77: 800, 105: 900, 182: 400})
    got = consensus(query, reference[None])
    assert got.identity[0] == pytest.approx(1.0)
    assert got.tilt_free[0] == pytest.approx(1.0)


def test_nothing_in_common_is_zero():
    got = consensus(dense({50: 1}), np.stack([dense({60: 1}), np.zeros(N)]))
    assert got.score.tolist() == [0.0, 0.0]
    assert consensus(np.zeros(N), np.zeros((2, N))).score.tolist() == [0.0, 0.0]


def test_different_grids_are_refused():
    with pytest.raises(GridMismatchError):
        consensus(np.zeros(5), np.zeros((2, 6)))
