from __future__ import annotations

import numpy as np
import pytest

from spectra.errors import GridMismatchError, NotComparableError, SpectrumError
from spectra.mass_scores import (
    entropy_similarity,
    hybrid,
    match_factor,
    nist_identity,
    unit_mass,
)
from spectra.peak_hybrid import IMPLIED_SHIFT_COST, IMPLIED_SHIFTS
from spectra.peak_index import PeakIndex
from spectra.spectrum import MassSpectrum

PAIRS = {"cosine": match_factor, "entropy": entropy_similarity, "identity": nist_identity}
N_ROWS = 320


def peaks(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    # Few masses and whole intensities: ties, common peaks and chains of shifted ones all occur.
    mz = rng.choice(np.arange(40, 160), n, replace=False).astype(float)
    return mz, np.floor(rng.lognormal(3.5, 1.5, n)) + 1


@pytest.fixture(scope="module")
def library() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(11)
    rows = [peaks(rng, int(rng.integers(1, 60))) for _ in range(N_ROWS - 20)]
    return rows + [rows[i] for i in range(20)]


@pytest.fixture(scope="module")
def masses() -> list[float | None]:
    rng = np.random.default_rng(12)
    drawn = [float(m) for m in rng.integers(100, 260, N_ROWS - 20)]
    known = [None if i % 7 == 0 else m for i, m in enumerate(drawn)]
    return known + known[:20]


@pytest.fixture(scope="module")
def index(library, masses) -> PeakIndex:
    return PeakIndex.build(library, masses)


@pytest.fixture(scope="module")
def queries(library) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(13)
    return [peaks(rng, 30) for _ in range(6)] + [library[3], library[N_ROWS - 1]]


def as_ranked(truth: np.ndarray, hits, top: int) -> None:
    """The hits are the best rows, and equal scores stand in row order."""
    assert hits.rows.size == top
    np.testing.assert_allclose(hits.scores, np.sort(truth)[::-1][:top], atol=1e-6)
    np.testing.assert_allclose(truth[hits.rows], hits.scores, atol=1e-6)
    for i in range(top - 1):
        assert hits.scores[i] >= hits.scores[i + 1]
        if hits.scores[i] == hits.scores[i + 1]:
            assert hits.rows[i] < hits.rows[i + 1]


@pytest.mark.parametrize("score", sorted(PAIRS))
def test_search_equals_brute_force_with_duplicates(index, library, queries, score):
    units = [unit_mass(*row) for row in library]
    for query in queries:
        truth = np.array([PAIRS[score](unit_mass(*query), unit) for unit in units])
        as_ranked(truth, index.search(query, 12, score), 12)
        np.testing.assert_allclose(index.scores(query, score), truth, atol=1e-6)


def hybrid_truth(query, library, masses, query_mass: float | None) -> np.ndarray:
    unit = unit_mass(*query)
    out = []
    for row, mass in zip(library, masses, strict=True):
        reference = unit_mass(*row)
        if query_mass is not None and mass is not None:
            out.append(hybrid(unit, reference, int(np.floor(query_mass - mass + 0.5))).score)
            continue
        tried = [hybrid(unit, reference, s).score - IMPLIED_SHIFT_COST for s in IMPLIED_SHIFTS]
        out.append(max([hybrid(unit, reference, 0).score, *tried]))
    return np.array(out)


@pytest.mark.parametrize("query_mass", [None, 188.0])
def test_hybrid_search_equals_brute_force(index, library, masses, queries, query_mass):
    for query in queries[:4] + queries[-1:]:
        truth = hybrid_truth(query, library, masses, query_mass)
        as_ranked(truth, index.search(query, 12, "hybrid", query_mass=query_mass), 12)
        scores = index.scores(query, "hybrid", query_mass=query_mass)
        np.testing.assert_allclose(scores, truth, atol=1e-6)


def test_hybrid_finds_a_homologue_and_states_its_shift():
    parent = ([91.0, 146.0, 189.0, 245.0], [300.0, 600.0, 400.0, 999.0])
    other = ([58.0, 91.0], [999.0, 100.0])
    query = (np.array([91.0, 160.0, 203.0, 259.0]), np.array([300.0, 600.0, 400.0, 999.0]))
    index = PeakIndex.build([other, parent], [149.0, 336.0])
    for mass in (350.0, None):
        hits = index.search(query, 1, "hybrid", query_mass=mass)
        assert (hits.rows[0], hits.mass_shifts[0], hits.matched[0]) == (1, 14, 4)
    assert hits.scores[0] == pytest.approx(1 - IMPLIED_SHIFT_COST, abs=2e-3)


def test_exact_masses_round_their_difference():
    row = ([91.0, 245.0], [500.0, 999.0])
    index = PeakIndex.build([row], [586.49])
    hits = index.search(([91.0, 259.0], [500.0, 999.0]), 1, "hybrid", query_mass=600.51)
    assert hits.mass_shifts[0] == 14


def test_shifts_to_try_can_be_given():
    row = ([100.0, 150.0], [500.0, 999.0])
    index = PeakIndex.build([row])
    query = ([177.0, 227.0], [500.0, 999.0])
    assert index.search(query, 1, "hybrid").scores[0] == 0
    hits = index.search(query, 1, "hybrid", mass_shifts=range(-120, 121))
    assert hits.mass_shifts[0] == 77
    assert hits.scores[0] == pytest.approx(1 - IMPLIED_SHIFT_COST, abs=2e-3)


def test_shifts_beyond_the_mass_range_match_nothing():
    index = PeakIndex.build([([50.0, 999.0], [1.0, 1.0])], [10.0])
    hits = index.search(([51.0, 998.0], [1.0, 1.0]), 1, "hybrid", query_mass=9000.0)
    assert hits.scores[0] == 0


@pytest.mark.parametrize("score", ["cosine", "entropy"])
def test_many_queries_give_what_each_alone_gives(index, queries, score):
    for query, hits in zip(queries, index.search_many(queries, 5, score), strict=True):
        alone = index.search(query, 5, score)
        np.testing.assert_array_equal(hits.rows, alone.rows)
        np.testing.assert_array_equal(hits.scores, alone.scores)


@pytest.mark.parametrize("score", ["cosine", "identity", "hybrid"])
def test_the_matrix_holds_the_scores_of_each_query(index, queries, score):
    matrix = index.score_matrix(queries[:3], score)
    assert matrix.shape == (3, N_ROWS)
    for line, query in zip(matrix, queries[:3], strict=True):
        np.testing.assert_allclose(line, index.scores(query, score), atol=1e-6)


def test_too_large_a_matrix_is_refused_before_it_is_made(index):
    class Endless(list):
        def __len__(self) -> int:
            return 10**9

    with pytest.raises(SpectrumError, match="2 GiB"):
        index.score_matrix(Endless())


def test_stored_arrays_give_the_same_index(index, queries, tmp_path):
    for name, array in index.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
    mapped = {name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in index.arrays()}
    again = PeakIndex.from_arrays(mapped)
    for score in ("cosine", "entropy", "identity", "hybrid"):
        a, b = index.search(queries[0], 9, score), again.search(queries[0], 9, score)
        np.testing.assert_array_equal(a.rows, b.rows)
        np.testing.assert_array_equal(a.scores, b.scores)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("offsets", np.array([0, 5])),
        ("mz", np.full(3, 2000, dtype=np.int32)),
        ("order", np.zeros(N_ROWS, dtype=np.int64)),
        ("intensity", np.zeros(3, dtype=np.float64)),
    ],
)
def test_damaged_arrays_are_refused(index, name, value):
    with pytest.raises(SpectrumError, match="index"):
        PeakIndex.from_arrays({**index.arrays(), name: value})
    held = index.arrays()
    del held[name]
    with pytest.raises(SpectrumError, match="lacks"):
        PeakIndex.from_arrays(held)


def test_compressed_rows_build_the_same_index(library, masses, index):
    lengths = [len(mz) for mz, _ in library]
    other = PeakIndex.from_peaks(
        offsets=np.concatenate(([0], np.cumsum(lengths))),
        mz=np.concatenate([mz for mz, _ in library]),
        intensity=np.concatenate([i for _, i in library]),
        masses=np.array([np.nan if m is None else m for m in masses]),
    )
    for name, array in index.arrays().items():
        np.testing.assert_array_equal(array, other.arrays()[name])


def test_rows_without_peaks_score_nothing_and_break_nothing():
    empty = (np.zeros(0), np.zeros(0))
    index = PeakIndex.build([empty, ([50.0, 60.0], [1.0, 2.0]), empty], [None, 100.0, 5.0])
    for score in ("cosine", "entropy", "identity", "hybrid"):
        hits = index.search(([50.0, 60.0], [1.0, 2.0]), 10, score)
        assert hits.rows.tolist() == [1, 0, 2]
        assert hits.scores[1:].tolist() == [0.0, 0.0]


def test_an_empty_index_has_no_hits():
    index = PeakIndex.build([])
    for score in ("cosine", "entropy", "identity", "hybrid"):
        assert index.search(([50.0], [1.0]), 5, score).rows.size == 0
        assert index.scores(([50.0], [1.0]), score).size == 0


def test_spectra_bring_their_own_masses_and_are_not_changed():
    one = MassSpectrum(title="a", mz=[50.0, 91.2], intensity=[5.0, 7.0], molecular_mass=120.0)
    index = PeakIndex.build([one])
    hits = index.search(one, 1, "hybrid", query_mass=134.0)
    assert hits.mass_shifts[0] == 14


def test_tandem_spectra_are_refused_with_the_index_that_takes_them():
    tandem = MassSpectrum(title="q", mz=[50.0], intensity=[1.0], precursor_mz=337.2)
    with pytest.raises(NotComparableError, match=r"MS/MS") as caught:
        PeakIndex.build([tandem])
    assert "TandemIndex" in caught.value.hint
    with pytest.raises(NotComparableError):
        PeakIndex.build([([50.0], [1.0])]).search(tandem)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"query": (np.zeros(0), np.zeros(0))}, "no peaks"),
        ({"query": ([50.0], [-1.0])}, "no peaks"),
        ({"query": ([50.0], [np.nan])}, "not a number"),
        ({"top": 0}, "at least 1"),
        ({"score": "euclid"}, "no mass-spectral score"),
        ({"score": "hybrid", "query_mass": np.nan}, "not possible"),
        ({"score": "hybrid", "query_mass": -3.0}, "not possible"),
    ],
)
def test_impossible_questions_get_a_clear_error(index, arguments, message):
    asked = {"query": ([50.0, 60.0], [1.0, 1.0]), **arguments}
    with pytest.raises(SpectrumError, match=message):
        index.search(**asked)


def test_a_bad_library_entry_is_named():
    with pytest.raises(SpectrumError, match="entry 2"):
        PeakIndex.build([([50.0], [1.0]), ([50.0], [np.inf])])
    with pytest.raises(GridMismatchError, match="entry 1"):
        PeakIndex.build([([50.0, 51.0], [1.0])])
    with pytest.raises(GridMismatchError, match="molecular masses"):
        PeakIndex.build([([50.0], [1.0])], [1.0, 2.0])
