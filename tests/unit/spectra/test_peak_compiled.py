"""The compiled loops against numpy, at every size of block and whatever lies in lists."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from spectra import peak_codes, peak_compiled, peak_index
from spectra.errors import SearchCancelledError, SpectrumError
from spectra.mass_scores import nist_identity, nist_simple, unit_mass
from spectra.peak_build import table_of_spectra
from spectra.peak_codes import CODE_SCALE, RESIDUAL_SCALE, Coding, encode, unit_rows
from spectra.peak_index import COSINE_WEIGHTS, PeakIndex, PeakScore
from spectra.peak_query import coded, unit_vector
from spectra.peak_scan import Scan, ScanKind
from tests.unit.spectra.peak_libraries import (
    Truth,
    assert_same_hits,
    best_of,
    library,
    queries,
    use_compiled,
)

N_ROWS = 1100


@pytest.fixture(params=["one block", "many blocks, mostly lists"])
def layout(request, monkeypatch) -> str:
    if request.param != "one block":
        monkeypatch.setattr(peak_codes, "LARGEST_BLOCK", 256)
        monkeypatch.setattr(peak_codes, "_SPARSE", 0.2)
    return request.param


@pytest.fixture(params=[True, False], ids=["compiled", "numpy"])
def is_compiled(request, monkeypatch) -> bool:
    use_compiled(monkeypatch, yes=request.param)
    return request.param


def test_a_thousand_queries_give_the_ten_rows_of_float64(layout, is_compiled):
    rows, masses = library(N_ROWS)
    index = PeakIndex.build(rows, masses)
    assert (index.engine == "compiled") is is_compiled
    truth = Truth([unit_mass(*row) for row in rows])
    asked = queries(rows, 1000 if is_compiled or layout == "one block" else 150)
    found = index.search_many(asked, 10)
    for query, hits in zip(asked, found, strict=True):
        scores = truth.scores(unit_mass(*query))
        best = best_of(scores, 10)
        np.testing.assert_allclose(hits.scores, scores[best], rtol=0, atol=2e-12)
        for ours, theirs in zip(hits.rows, best, strict=True):
            assert ours == theirs or abs(scores[ours] - scores[theirs]) < 3e-12


@pytest.mark.parametrize("scale", [1.0, 1.37], ids=["whole heights", "decimal heights"])
@pytest.mark.parametrize("score", list(PeakScore))
def test_compiled_and_numpy_find_the_same(layout, score, scale, monkeypatch):
    rows, masses = library(N_ROWS, scale)
    use_compiled(monkeypatch, yes=True)
    index = PeakIndex.build(rows, masses)
    for at, query in enumerate(queries(rows, 12)):
        top = (1, 10, 40, 2 * N_ROWS, 7)[at % 5]
        asked = {"query_mass": (190.0, None, 187.4, 5e3)[at % 4]} if score == "hybrid" else {}
        use_compiled(monkeypatch, yes=True)
        fast = index.search(query, top, score, **asked)
        use_compiled(monkeypatch, yes=False)
        assert_same_hits(fast, index.search(query, top, score, **asked))


@pytest.mark.parametrize("score", ["cosine", "entropy", "hybrid"])
def test_many_compiled_queries_give_what_each_alone_gives(layout, score, monkeypatch):
    use_compiled(monkeypatch, yes=True)
    rows, masses = library(N_ROWS)
    index = PeakIndex.build(rows, masses)
    asked = queries(rows, 150 if score == "cosine" else 12)
    for query, hits in zip(asked, index.search_many(asked, 7, score), strict=True):
        alone = index.search(query, 7, score)
        np.testing.assert_array_equal(hits.rows, alone.rows)
        np.testing.assert_array_equal(hits.scores, alone.scores)
        np.testing.assert_array_equal(hits.matched, alone.matched)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("name", "pair"), [("identity", nist_identity), ("simple", nist_simple)])
def test_nist_scores_of_the_index_are_those_of_the_pairs(is_compiled, name, pair, reverse):
    rows, _ = library(160)
    index = PeakIndex.build(rows)
    units = [unit_mass(*row) for row in rows]
    for query in queries(rows, 8):
        truth = np.array([pair(unit_mass(*query), unit, reverse=reverse) for unit in units])
        np.testing.assert_allclose(index.scores(query, name, reverse=reverse), truth, atol=1e-12)
        hits = index.search(query, 5, name, reverse=reverse)
        np.testing.assert_allclose(hits.scores, np.sort(truth)[::-1][:5], rtol=0, atol=2e-12)


MESSY = [
    ([80.4, 60.2, 60.1, 80.3, 1200.0, 0.2], [5.0, 9.0, 11.0, 2.0, 7.0, 7.0]),
    ([50.0, 51.0, 52.0], [-3.0, 0.0, 4.0]),
    ([], []),
    ([70.0, 71.0], [1e-9, 900.0]),
    ([70.0, 71.0, 72.0], [70_000.0, 2.0, 1.0]),
]


@pytest.mark.parametrize("scaled", [1.0, 0.5])
def test_both_builds_make_the_same_table(scaled, monkeypatch):
    rows = [(np.array(mz, float), scaled * np.array(h, float)) for mz, h in MESSY]
    rows += library(70)[0]
    masses = [100.0, None, -5.0, np.inf, 99.0, *range(60, 130)]
    use_compiled(monkeypatch, yes=True)
    fast = table_of_spectra(rows, masses).arrays()
    use_compiled(monkeypatch, yes=False)
    slow = table_of_spectra(rows, masses).arrays()
    for name, array in slow.items():
        assert fast[name].dtype == array.dtype
        np.testing.assert_array_equal(fast[name], array)


def test_whole_heights_take_two_bytes_and_lose_nothing(is_compiled):
    rows = [([50.0, 60.0], [1.0, 65_535.0]), ([50.0], [7.0])]
    table = table_of_spectra([(np.array(a), np.array(b)) for a, b in rows], None)
    assert table.intensity.dtype == np.uint16
    assert sorted(table.intensity.tolist()) == [1, 7, 65_535]
    decimal = table_of_spectra([(np.array([50.0, 60.0]), np.array([0.5, 1.0]))], None)
    assert decimal.intensity.dtype == np.float32


def test_an_entry_that_is_not_a_number_is_named(is_compiled):
    rows = [*library(70)[0], (np.array([50.0, 60.0]), np.array([1.0, np.nan]))]
    with pytest.raises(SpectrumError, match="entry 71 holds"):
        PeakIndex.build(rows)


@pytest.mark.parametrize("is_entropy", [False, True])
def test_codes_and_residuals_of_both_builds_are_true(layout, is_compiled, is_entropy):
    table = table_of_spectra(*library(N_ROWS))
    coding = Coding(weights=COSINE_WEIGHTS, is_entropy=is_entropy)
    codes = encode(table, coding)
    unit, _ = unit_rows(table, coding, 0, table.n_rows)
    held = np.zeros((table.n_rows, 1001))
    for block, (first, n) in enumerate(codes.blocks):
        for mass in range(1001):
            at = codes.run_starts[block, mass]
            if at >= 0:
                held[first : first + n, mass] = codes.runs[at : at + n]
            a, b = codes.mark_starts[block, mass : mass + 2]
            assert at < 0 or a == b
            held[first + codes.mark_rows[a:b].astype(int), mass] = codes.mark_codes[a:b]
    exact = np.zeros_like(held)
    exact[table.row_of_peak(), table.mz] = unit
    assert np.abs(held - exact * CODE_SCALE).max() <= 0.5 + 1e-9
    missed = np.linalg.norm(held / CODE_SCALE - exact, axis=1)
    assert (missed <= codes.residuals / RESIDUAL_SCALE).all()
    assert (codes.residuals / RESIDUAL_SCALE <= missed + 2 / RESIDUAL_SCALE).all()
    assert np.linalg.norm(held, axis=1).max() <= codes.longest + 1e-6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code_run_starts", 10**9),
        ("code_run_starts", -7),
        ("code_mark_starts", 10**9),
        ("code_mark_starts", -1),
        ("code_mark_rows", 60_000),
        ("code_longest", np.nan),
        ("code_longest", 1e9),
    ],
)
def test_codes_that_point_outside_are_refused(name, value, monkeypatch):
    monkeypatch.setattr(peak_codes, "LARGEST_BLOCK", 256)
    monkeypatch.setattr(peak_codes, "_SPARSE", 0.2)
    arrays = PeakIndex.build(*library(N_ROWS)).arrays()
    assert arrays["code_mark_rows"].size
    broken = arrays[name].copy()
    broken[-1] = value
    with pytest.raises(SpectrumError, match="index"):
        PeakIndex.from_arrays({**arrays, name: broken})
    for missing in ("code_runs", "code_norms"):
        with pytest.raises(SpectrumError, match="lacks"):
            PeakIndex.from_arrays({key: arrays[key] for key in arrays if key != missing})


def test_no_row_exceeds_its_bound_and_no_sum_its_two_bytes(layout):
    rows, masses = library(N_ROWS)
    table = table_of_spectra(rows, masses)
    codes = encode(table, Coding(weights=COSINE_WEIGHTS))
    scan = Scan(table=table, codes=codes, kind=ScanKind.COSINE, weights=COSINE_WEIGHTS)
    for query in queries(rows, 40):
        vector = unit_vector(unit_mass(*query), COSINE_WEIGHTS)
        asked = coded(vector, vector, codes, spread=1.0)
        bounds = scan.bounds(asked).astype(float)
        cosines = np.sqrt(scan.exact(asked, np.arange(N_ROWS)))
        assert (cosines <= bounds / asked.unit + asked.extra).all()
        assert np.median(bounds / asked.unit + asked.extra - cosines) < 0.06
        widest = float(asked.weights.astype(float) @ asked.weights) ** 0.5
        most = codes.residuals.max() * float(asked.factor)
        assert widest * codes.longest + most + 1 < 2**16


@pytest.mark.parametrize("score", list(PeakScore))
def test_a_search_can_be_cancelled_between_blocks(score, is_compiled, monkeypatch):
    monkeypatch.setattr(peak_codes, "LARGEST_BLOCK", 256)
    rows, masses = library(N_ROWS)
    index = PeakIndex.build(rows, masses)
    asked = []

    def twice() -> bool:
        asked.append(1)
        return len(asked) < 2

    with pytest.raises(SearchCancelledError):
        index.search(rows[0], 5, score, check=lambda: False)
    if score == "cosine":
        with pytest.raises(SearchCancelledError):
            index.search(rows[0], 5, score, check=twice)
        assert len(asked) == 2


def test_the_compiled_loops_are_loaded_once_numpy_has_cost_as_much(monkeypatch):
    monkeypatch.setattr(peak_index, "is_loaded", lambda: False)
    monkeypatch.setattr(peak_index, "_PRICE_BYTES", 10**9)
    rows, _ = library(70)
    index = PeakIndex.build(rows)
    n_bytes = index._codes.n_bytes
    assert not index._is_compiled(PeakScore.COSINE)
    assert index._is_compiled(PeakScore.COSINE, 10**9 // n_bytes)
    fresh = PeakIndex.build(rows)
    fresh.search(rows[0], 3)
    assert fresh._spent == n_bytes
    assert fresh.engine.startswith("numpy: so far")


def test_without_a_place_for_compiled_code_everything_is_done_in_numpy(monkeypatch):
    def refuses(name: str) -> object:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr("importlib.import_module", refuses)
    peak_compiled._load.cache_clear()
    try:
        rows, masses = library(70)
        index = PeakIndex.build(rows, masses)
        assert index.warm() == (
            "numpy: compiled code cannot be kept (cannot cache function: no locator available)"
        )
        assert index.search(rows[5], 1).scores[0] == 1.0
    finally:
        peak_compiled._load.cache_clear()


def test_without_numba_the_same_is_found_and_the_reason_said():
    code = """
import sys
sys.modules["numba"] = None
import numpy as np
from spectra import peak_index
peak_index._PRICE_BYTES = peak_index._LOADED_FROM_BYTES = 0
rows = [(np.array([50.0, 77.0]), np.array([1.0, 9.0])), (np.array([51.0]), np.array([2.0]))]
index = peak_index.PeakIndex.build(rows)
assert index.warm().startswith("numpy: numba cannot be imported"), index.engine
for score in peak_index.PeakScore:
    assert index.search(rows[0], 2, score).rows.tolist() == [0, 1]
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
