from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import savgol_filter

from spectra import curve_scan
from spectra.curve_index import CurveIndex
from spectra.curve_rescore import MIN_ENERGY
from spectra.errors import FlatSpectrumError, GridMismatchError
from spectra.grid import Grid
from spectra.similarity import derivative_correlation, projected_correlation

GRID = Grid(start_cm1=400.0, stop_cm1=1398.0, step_cm1=2.0, max_shift_cm1=6.0)
HALF = 8


def a_library(n, *, seed=0, partial=True):
    """Random bands in float32, some rows over part of the range, some with a hole, duplicates."""
    rng = np.random.default_rng(seed)
    x = GRID.x
    curves = np.zeros((n, x.size))
    for _ in range(12):
        centre, width = rng.uniform(400, 1400, (n, 1)), rng.uniform(6, 30, (n, 1))
        curves += rng.exponential(1.0, (n, 1)) * np.exp(-(((x - centre) / width) ** 2))
    curves += 0.003 * rng.normal(size=curves.shape)
    if partial:
        curves[1::5, :120] = np.nan
        curves[2::5, 380:] = np.nan
        curves[3::7, 200:240] = np.nan
    curves[n // 2] = curves[n // 3]
    curves[n - 1] = curves[n // 3]
    return curves.astype(np.float32)


def brute_force(curves, query, top, max_shift, min_overlap=0.3):
    """Every row, one at a time, in float64, by scipy and the textbook formula."""

    def slope(y):
        holes = ~np.isfinite(y)
        d = savgol_filter(np.where(holes, 0.0, y).astype(np.float64), 17, 2, deriv=1)
        d[np.convolve(holes, np.ones(17), "same") > 0] = np.nan
        d[:HALF] = d[-HALF:] = np.nan
        return d

    def moved(d, s):
        out = np.full(d.size, np.nan)
        out[max(s, 0) : d.size + min(s, 0)] = d[max(-s, 0) : d.size - max(s, 0)]
        return out

    q = slope(query)
    shifts = sorted(range(-max_shift, max_shift + 1), key=abs)
    region = np.isfinite([moved(q, s) for s in shifts]).all(axis=0)
    found = []
    for row, curve in enumerate(curves):
        d = slope(curve)
        both = region & np.isfinite(d)
        overlap = both.sum() / max(region.sum(), np.isfinite(d).sum(), 1)
        whole = d[np.isfinite(d)]
        if both.sum() < 30 or overlap < min_overlap or np.ptp(whole) == 0:
            continue
        ref = d[both] - d[both].mean()
        if ref @ ref <= MIN_ENERGY * ((whole - whole.mean()) ** 2).sum():
            continue
        best = (-np.inf, 0)
        for s in shifts:
            mine = moved(q, s)
            inside = mine[region] - mine[region].mean()
            part = mine[both] - mine[both].mean()
            if part @ part <= MIN_ENERGY * (inside @ inside):
                continue
            r = part @ ref / np.sqrt((part @ part) * (ref @ ref))
            if round(r, 12) > round(best[0], 12):
                best = (r, s)
        found.append((-round(best[0], 9), row, best[0], best[1], overlap))
    return sorted(found)[:top]


@pytest.fixture(scope="module")
def library():
    return a_library(400)


@pytest.fixture(scope="module")
def index(library):
    return CurveIndex.build(library, GRID)


def queries(library, n=12, seed=5):
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(library), n, replace=False)
    rows[0] = len(library) // 3  # a duplicated entry
    made = library[rows].astype(np.float64) * rng.uniform(0.5, 20, (n, 1))
    made += 0.2 * np.nanmax(made, axis=1, keepdims=True) * rng.normal(size=made.shape)
    made[3::4, :90] = np.nan
    made[4] = rng.normal(size=GRID.n_points)
    return made


@pytest.mark.parametrize("shift_cm1", [0.0, 6.0])
def test_search_equals_float64_brute_force(library, index, shift_cm1):
    for query in queries(library):
        hits = index.search(query, 10, max_shift_cm1=shift_cm1)
        expected = brute_force(library, query, 10, int(shift_cm1 / 2))
        assert list(hits.rows) == [row for _, row, *_ in expected]
        assert hits.scores == pytest.approx([r for _, _, r, *_ in expected], abs=2e-6)
        assert list(hits.shifts_cm1) == [2.0 * s for *_, s, _ in expected]
        assert hits.overlap == pytest.approx([o for *_, o in expected])


def test_the_int8_scan_gives_the_same_hits(library, index, monkeypatch):
    plain = [index.search(query, 10) for query in queries(library)]
    calls = []
    scan = curve_scan.scan_int8
    monkeypatch.setattr(curve_scan, "int8_kernel_pays", lambda _: True)
    monkeypatch.setattr(curve_scan, "scan_int8", lambda *a: calls.append(1) or scan(*a))
    for query, expected in zip(queries(library), plain, strict=True):
        hits = index.search(query, 10)
        np.testing.assert_array_equal(hits.rows, expected.rows)
        np.testing.assert_array_equal(hits.scores, expected.scores)
    assert len(calls) == len(plain)


def test_the_int8_scan_without_numba_sums_the_same():
    rng = np.random.default_rng(0)
    codes = rng.integers(-127, 128, (50, 333)).astype(np.int8)
    query = rng.integers(-127, 128, (3, 333)).astype(np.int8)
    expected = codes.astype(np.int64) @ query.T.astype(np.int64)
    np.testing.assert_array_equal(curve_scan._numpy_products(codes, query), expected)
    kernel = curve_scan._int8_products()
    if kernel is not None:
        np.testing.assert_array_equal(kernel(codes, query.astype(np.int16)), expected)


def test_quantised_vectors_miss_no_more_than_they_say():
    vectors = np.random.default_rng(1).normal(size=(20, 100))
    vectors[3] = 0.0
    codes, scales, residuals = curve_scan.quantise(vectors)
    missed = np.linalg.norm(vectors - scales[:, None].astype(np.float64) * codes, axis=1)
    assert (missed <= residuals).all()
    assert (residuals <= missed * 1.001 + 1e-9).all()


def test_many_queries_give_what_single_ones_give(library, index):
    asked = queries(library)
    for query, many in zip(asked, index.search_many(asked, 7), strict=True):
        one = index.search(query, 7)
        np.testing.assert_array_equal(many.rows, one.rows)
        assert many.scores == pytest.approx(one.scores, abs=1e-12)


def test_a_score_is_the_plain_derivative_correlation(library, index):
    hits = index.search(library[0], 5, max_shift_cm1=0.0)
    assert hits.rows[0] == 0
    for row, score in zip(hits.rows, hits.scores, strict=True):
        plain = derivative_correlation(library[0].astype(float), library[row].astype(float))
        assert score == pytest.approx(plain, abs=1e-6)


def test_the_second_score_is_the_projected_correlation():
    curves = a_library(30, partial=False)
    index = CurveIndex.build(curves, GRID)
    hits = index.search(curves[0], 3, max_shift_cm1=0.0)
    for row, score in zip(hits.rows, hits.second_scores, strict=True):
        inner = slice(HALF, -HALF)
        a, b = curves[0][inner].astype(float), curves[row][inner].astype(float)
        assert score == pytest.approx(projected_correlation(a, b), abs=1e-6)


@pytest.mark.parametrize("steps", [-3, -1, 2])
def test_a_moved_axis_is_found_and_the_shift_reported(library, index, steps):
    moved = np.full(GRID.n_points, np.nan)
    source = library[0].astype(float)
    if steps > 0:
        moved[steps:] = source[:-steps]
    else:
        moved[:steps] = source[-steps:]
    hits = index.search(moved, 1)
    assert hits.rows[0] == 0
    assert hits.shifts_cm1[0] == -2.0 * steps
    assert hits.scores[0] == pytest.approx(1.0, abs=1e-5)


def test_a_baseline_hardly_moves_the_score(library, index):
    x = np.linspace(-1, 1, GRID.n_points)
    tilted = library[0] + 5 * np.nanmax(library[0]) * (x + 0.5 * x**2)
    assert index.search(tilted, 1).rows[0] == 0
    assert index.search(tilted, 1).second_scores[0] == pytest.approx(1.0, abs=1e-4)


def test_a_query_over_part_of_the_range_says_how_much_was_compared(library, index):
    part = library[0].astype(float)
    part[200:] = np.nan
    hits = index.search(part, 3)
    assert hits.rows[0] == 0
    assert hits.scores[0] == pytest.approx(1.0, abs=1e-5)
    assert hits.overlap[0] == pytest.approx(184 / 484, abs=0.02)
    strict = index.search(part, 400, min_overlap=0.5)
    assert 0 not in strict.rows
    assert (strict.overlap >= 0.5).all()


def test_a_region_without_bands_is_no_evidence():
    curves = np.zeros((2, GRID.n_points))
    curves[0] = np.exp(-(((GRID.x - 500) / 12) ** 2))
    curves[1] = curves[0] + np.exp(-(((GRID.x - 1200) / 12) ** 2))
    index = CurveIndex.build(curves, GRID)
    query = np.where(GRID.x > 900, curves[1], np.nan)
    assert list(index.search(query, 5).rows) == [1]


def test_flat_and_empty_rows_are_kept_in_place_and_never_hit():
    curves = a_library(6, partial=False)
    curves[2] = 0.25
    curves[4] = np.nan
    index = CurveIndex.build(curves, GRID)
    hits = index.search(curves[3], 6)
    assert hits.rows[0] == 3
    assert not {2, 4} & set(hits.rows)
    assert len(index) == 6


def test_equal_rows_tie_in_row_order(library, index):
    n = len(library)
    hits = index.search(library[n // 3], 3)
    assert list(hits.rows) == [n // 3, n // 2, n - 1]


def test_a_library_of_one_curve_over_and_over_gives_the_first_rows():
    curves = np.repeat(a_library(3, partial=False)[:1], 5000, axis=0)
    hits = CurveIndex.build(curves, GRID).search(curves[0], 10)
    assert list(hits.rows) == list(range(10))


def test_scores_are_those_of_search(library, index):
    asked = queries(library)[:3]
    scores = index.scores(asked)
    for query, row in zip(asked, scores, strict=True):
        hits = index.search(query, len(library))
        assert row[hits.rows] == pytest.approx(hits.scores, abs=1e-4)
        missing = np.setdiff1d(np.arange(len(library)), hits.rows)
        assert (row[missing] == -1).all()


def test_stored_arrays_make_the_same_index_without_a_copy(library, index, tmp_path):
    mapped = {}
    for name, array in index.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
        mapped[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    again = CurveIndex.from_arrays(mapped)
    assert np.shares_memory(again.arrays()["derivatives"], mapped["derivatives"])
    assert again.grid == GRID
    query = queries(library)[1]
    np.testing.assert_array_equal(again.search(query).rows, index.search(query).rows)
    np.testing.assert_array_equal(again.search(query).scores, index.search(query).scores)


@pytest.mark.parametrize("name", ["header", "curves", "derivatives", "codes", "masks", "mask_of"])
def test_damaged_arrays_are_refused(index, name):
    whole = index.arrays()
    with pytest.raises(GridMismatchError):
        CurveIndex.from_arrays({key: value for key, value in whole.items() if key != name})
    with pytest.raises(GridMismatchError):
        CurveIndex.from_arrays(whole | {name: whole[name][..., :-1]})
    with pytest.raises(GridMismatchError):
        CurveIndex.from_arrays(whole | {name: whole[name].astype(np.complex128)})


def test_a_mask_number_out_of_range_is_refused(index):
    whole = index.arrays()
    with pytest.raises(GridMismatchError):
        CurveIndex.from_arrays(whole | {"mask_of": whole["mask_of"] + 1000})


def test_queries_that_hold_nothing_are_errors(index):
    with pytest.raises(FlatSpectrumError):
        index.search(np.full(GRID.n_points, 3.0))
    with pytest.raises(FlatSpectrumError):
        index.search(np.linspace(1.0, 2.0, GRID.n_points))
    with pytest.raises(GridMismatchError):
        index.search(np.full(GRID.n_points, np.nan))
    with pytest.raises(GridMismatchError):
        index.search(np.zeros(7))
    with pytest.raises(GridMismatchError):
        CurveIndex.build(np.zeros((2, 7)), GRID)


def test_an_empty_library_has_no_hits(library):
    empty = CurveIndex.build(np.zeros((0, GRID.n_points)), GRID)
    assert len(empty.search(library[0].astype(float)).rows) == 0
    assert empty.search_many(library[:0].astype(float)) == []


def test_a_plain_axis_serves_as_grid_without_shifts(library):
    index = CurveIndex.build(library, GRID.x)
    assert (index.search(library[0]).shifts_cm1 == 0).all()
