from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra import peak_tandem, peak_tandem_table
from spectra.errors import GridMismatchError, SearchCancelledError, SpectrumError
from spectra.mass_scores import entropy_gain, entropy_weighted
from spectra.peak_tandem import TandemIndex
from spectra.peak_tandem_clean import Cleaning, Tolerance, clean, cleaner
from spectra.spectrum import MassSpectrum

DA = Tolerance(da=0.02)
PPM = Tolerance(ppm=20.0)
N_ROWS = 300


def spectra(seed: int, n: int) -> tuple[list, list]:
    rng = np.random.default_rng(seed)
    rows, precursors = [], []
    for _ in range(n):
        k = int(rng.integers(1, 40))
        nominal = rng.integers(50, 130, k).astype(float)
        mz = nominal + 0.05 * rng.integers(0, 3, k) + rng.normal(0, 0.004, k)
        rows.append((mz, rng.lognormal(2, 1.5, k)))
        precursors.append(None if rng.random() < 0.1 else float(rng.uniform(100, 400)))
    return rows, precursors


@pytest.fixture(scope="module")
def made() -> tuple[list, list]:
    rows, precursors = spectra(2, N_ROWS - 12)
    rows += [*rows[:10], (np.zeros(0), np.zeros(0)), ([60.0], [1.0])]
    return rows, [*precursors, *precursors[:10], 200.0, None]


@pytest.fixture(params=[True, False], ids=["compiled", "numpy"])
def is_compiled(request, monkeypatch) -> bool:
    limit = 0 if request.param else 1 << 60
    monkeypatch.setattr(peak_tandem, "_COMPILED_FROM", limit)
    monkeypatch.setattr(peak_tandem_table, "_COMPILED_SPECTRA", limit)
    return request.param


def truth(query, rows, precursors, cleaning: Cleaning, query_precursor=None) -> dict:
    """Scores by a loop over pairs of peaks, in float64."""
    x, a = clean(*map(np.asarray, query), cleaning, query_precursor)
    entropy, cosine = np.zeros(len(rows)), np.zeros(len(rows))
    for at, (row, precursor) in enumerate(zip(rows, precursors, strict=True)):
        y, b = clean(np.asarray(row[0]), np.asarray(row[1]), cleaning, precursor)
        wa, wb = entropy_weighted(a), entropy_weighted(b)
        for i in range(x.size):
            for j in np.flatnonzero(np.abs(x[i] - y) <= cleaning.tolerance.at(x[i])):
                entropy[at] += float(entropy_gain(wa[i], wb[j]))
                cosine[at] += np.sqrt(a[i] * b[j])
    return {"entropy": entropy, "cosine": cosine}


@pytest.mark.parametrize("tolerance", [DA, PPM], ids=["da", "ppm"])
def test_search_equals_brute_force(made, tolerance, is_compiled):
    rows, precursors = made
    index = TandemIndex.build(rows, precursors, tolerance=tolerance)
    assert len(index) == N_ROWS
    for at in (0, 5, 17, N_ROWS - 12, N_ROWS - 1):
        wanted = truth(rows[at], rows, precursors, Cleaning(tolerance=tolerance))
        for name, scores in wanted.items():
            for top in (1, 10, 2 * N_ROWS):
                hits = index.search(rows[at], top, name)
                # What is stored is single precision.
                best = np.sort(scores)[::-1][:top]
                np.testing.assert_allclose(hits.scores, best, rtol=0, atol=5e-7)
                np.testing.assert_allclose(scores[hits.rows], hits.scores, rtol=0, atol=5e-7)
                assert np.unique(hits.rows).size == hits.rows.size
            equal = np.diff(hits.scores) == 0
            assert (np.diff(hits.rows)[equal] > 0).all()


def test_compiled_and_numpy_find_the_same(made, monkeypatch):
    rows, precursors = made
    index = TandemIndex.build(rows, precursors)
    asked = spectra(9, 25)[0] + rows[:5]
    for at, query in enumerate(asked):
        within = (None, Tolerance(da=1.0))[at % 2]
        found = []
        for limit in (0, 1 << 60):
            monkeypatch.setattr(peak_tandem, "_COMPILED_FROM", limit)
            found += [
                index.search(query, 7, name, precursor_mz=250.0, within=within)
                for name in ("entropy", "cosine")
            ]
        for fast, slow in zip(found[:2], found[2:], strict=True):
            np.testing.assert_allclose(fast.scores, slow.scores, rtol=0, atol=3e-12)
            np.testing.assert_array_equal(fast.rows, slow.rows)
            np.testing.assert_array_equal(fast.matched, slow.matched)


def test_many_queries_give_what_each_alone_gives(made, is_compiled):
    rows, precursors = made
    index = TandemIndex.build(rows, precursors)
    for query, hits in zip(rows[:20], index.search_many(rows[:20], 5), strict=True):
        alone = index.search(query, 5)
        np.testing.assert_array_equal(hits.rows, alone.rows)
        np.testing.assert_array_equal(hits.scores, alone.scores)


def test_only_rows_inside_the_precursor_window_compete(made, is_compiled):
    rows, precursors = made
    index = TandemIndex.build(rows, precursors)
    held = np.array([np.nan if p is None else p for p in precursors])
    query = MassSpectrum(title="q", mz=rows[3][0], intensity=rows[3][1], precursor_mz=220.0)
    hits = index.search(query, 1000, within=Tolerance(da=5.0))
    inside = np.flatnonzero(np.abs(held - 220.0) <= 5.0)
    assert sorted(hits.rows) == inside.tolist()
    np.testing.assert_allclose(hits.precursor_shifts, 220.0 - held[hits.rows])
    open_hits = index.scores(query)
    np.testing.assert_allclose(open_hits[hits.rows], hits.scores)
    assert index.search(query, 5, within=Tolerance(ppm=0.001)).rows.size == 0
    with pytest.raises(SpectrumError, match="precursor"):
        index.search(rows[3], 5, within=Tolerance(da=5.0))


def test_peaks_at_and_above_the_precursor_do_not_count(is_compiled):
    row = ([80.0, 150.0, 200.0], [10.0, 20.0, 900.0])
    query = ([80.0, 150.0], [10.0, 20.0])
    assert TandemIndex.build([row], [200.5]).search(query, 1).scores[0] == pytest.approx(1.0)
    assert TandemIndex.build([row]).search(query, 1).scores[0] < 0.6
    kept = TandemIndex.build([row], [200.5], precursor_da=None)
    assert kept.search(query, 1, precursor_mz=200.5).scores[0] < 0.6


def test_stored_arrays_give_the_same_index(made, tmp_path, is_compiled):
    rows, precursors = made
    index = TandemIndex.build(rows, precursors, tolerance=PPM, noise=0.0, precursor_da=None)
    for name, array in index.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
    mapped = {name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in index.arrays()}
    again = TandemIndex.from_arrays(mapped)
    for name in ("entropy", "cosine"):
        a, b = index.search(rows[4], 9, name), again.search(rows[4], 9, name)
        np.testing.assert_array_equal(a.rows, b.rows)
        np.testing.assert_array_equal(a.scores, b.scores)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rows", np.zeros(3, dtype=np.uint32)),
        ("order", np.zeros(N_ROWS, dtype=np.int64)),
        ("bin_starts", np.zeros(5, dtype=np.uint32)),
        ("units", np.zeros(3, dtype=np.float64)),
        ("cleaning", np.zeros(4)),
    ],
)
def test_damaged_arrays_are_refused(made, name, value):
    arrays = TandemIndex.build(*made).arrays()
    with pytest.raises(SpectrumError):
        TandemIndex.from_arrays({**arrays, name: value})
    del arrays[name]
    with pytest.raises(SpectrumError, match="lacks"):
        TandemIndex.from_arrays(arrays)


def test_rows_that_point_outside_are_refused(made):
    arrays = TandemIndex.build(*made).arrays()
    arrays["rows"] = arrays["rows"] + np.uint32(N_ROWS)
    with pytest.raises(SpectrumError, match="outside"):
        TandemIndex.from_arrays(arrays)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"query": (np.zeros(0), np.zeros(0))}, "no peak"),
        ({"query": ([50.0], [-1.0])}, "no peak"),
        ({"query": ([5000.0], [1.0])}, "no peak"),
        ({"query": ([50.0], [np.nan])}, "not a number"),
        ({"query": (np.ones(100_001), np.ones(100_001))}, "at most 100000"),
        ({"query": ([60.0], [1.0]), "top": 0}, "at least 1"),
        ({"query": ([60.0], [1.0]), "score": "euclid"}, "no MS/MS score"),
        ({"query": ([60.0], [1.0]), "precursor_mz": -2.0}, "not possible"),
        ({"query": ([60.0], [1.0]), "precursor_mz": np.nan}, "not possible"),
        ({"query": ([60.0], [1.0]), "precursor_mz": 60.0}, "no peak"),
    ],
)
def test_impossible_questions_get_a_clear_error(made, arguments, message, is_compiled):
    index = TandemIndex.build(made[0][:20])
    with pytest.raises(SpectrumError, match=message):
        index.search(**arguments)


def test_a_search_can_be_cancelled(made):
    with pytest.raises(SearchCancelledError):
        TandemIndex.build(made[0][:20]).search(made[0][0], check=lambda: False)


def test_bad_entries_and_tolerances_are_named():
    with pytest.raises(SpectrumError, match="entry 2"):
        TandemIndex.build([([50.0], [1.0]), ([50.0], [np.inf])])
    with pytest.raises(GridMismatchError, match="entry 1"):
        TandemIndex.build([([50.0, 51.0], [1.0])])
    with pytest.raises(SpectrumError, match="2 precursors"):
        TandemIndex.build([([50.0], [1.0])], [1.0, 2.0])
    for wrong in ({}, {"da": 0.1, "ppm": 5.0}, {"da": -1.0}, {"da": np.nan}):
        with pytest.raises(SpectrumError, match="tolerance"):
            Tolerance(**wrong)
    for wide in (Tolerance(da=1.5), Tolerance(ppm=1e4)):
        with pytest.raises(SpectrumError, match="too wide"):
            TandemIndex.build([], tolerance=wide)


def test_an_empty_index_has_no_hits(is_compiled):
    index = TandemIndex.build([])
    assert index.search(([50.0], [1.0]), 5).rows.size == 0
    assert index.scores(([50.0], [1.0])).size == 0


PEAKS = st.lists(st.tuples(st.floats(50.0, 52.0), st.floats(1e-3, 1e6)), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(PEAKS, st.sampled_from([DA, PPM, Tolerance(da=0.3)]))
def test_clean_peaks_are_apart_sum_to_one_and_both_ways_are_one(drawn, tolerance):
    mz, heights = (np.array(part) for part in zip(*drawn, strict=True))
    cleaning = Cleaning(tolerance=tolerance)
    x, share = clean(mz, heights, cleaning)
    assert (np.diff(x) > 2 * tolerance.at(x[1:])).all()
    assert share.sum() == pytest.approx(1.0)
    assert share.min() >= 0.01 * share.max() * (1 - 1e-12)
    fast_x, fast_share = cleaner(compiled=True)(mz, heights, cleaning, None)
    np.testing.assert_allclose(fast_x, x, rtol=0, atol=1e-9)
    np.testing.assert_allclose(fast_share, share, rtol=0, atol=1e-9)
