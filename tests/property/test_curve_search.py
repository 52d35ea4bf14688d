"""The certified scans against plain float64 arithmetic, on libraries nobody chose by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra import curve_scan
from spectra.curve_index import CurveIndex
from spectra.derivative import first_derivative
from spectra.grid import Grid

GRID = Grid(start_cm1=0.0, stop_cm1=318.0, step_cm1=2.0)


@st.composite
def libraries(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 60))
    curves = rng.normal(size=(n, GRID.n_points)).cumsum(axis=1)
    if draw(st.booleans()):  # near-duplicates: the hard case for a certificate
        curves = curves[:1] + draw(st.sampled_from([0.0, 1e-6, 1e-3])) * curves
    scale = 10.0 ** draw(st.integers(-6, 6))
    return (scale * curves).astype(np.float32), rng


@settings(max_examples=60, deadline=None)
@given(libraries(), st.integers(1, 15), st.booleans())
def test_the_best_rows_are_exactly_those_of_float64(made, top, int8):
    curves, rng = made
    query = curves[0] + np.ptp(curves[0]) * 0.05 * rng.normal(size=GRID.n_points)
    index = CurveIndex.build(curves, GRID)
    slope, exists = first_derivative(np.vstack((query, curves)), 8)
    inner = slope[:, exists[0]]
    inner = inner - inner.mean(axis=1, keepdims=True)
    inner /= np.linalg.norm(inner, axis=1, keepdims=True)
    expected = inner[1:] @ inner[0]
    patched = curve_scan.int8_kernel_pays
    curve_scan.int8_kernel_pays = lambda _: int8
    try:
        hits = index.search(query, top)
    finally:
        curve_scan.int8_kernel_pays = patched
    assert hits.rows.size == min(top, len(curves))
    assert len(set(hits.rows)) == hits.rows.size
    # The index keeps unit derivatives in float32: 1e-6 is their rounding summed over the grid.
    np.testing.assert_allclose(hits.scores, expected[hits.rows], atol=1e-6)
    np.testing.assert_allclose(hits.scores, np.sort(expected)[::-1][:top], atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(libraries(), st.randoms(use_true_random=False))
def test_the_order_of_a_library_does_not_change_who_wins(made, random):
    curves, _ = made
    order = list(range(len(curves)))
    random.shuffle(order)
    straight = CurveIndex.build(curves, GRID).search(curves[0], 5)
    shuffled = CurveIndex.build(curves[order], GRID).search(curves[0], 5)
    np.testing.assert_allclose(shuffled.scores, straight.scores, atol=1e-9)
    for row, score in zip(shuffled.rows, shuffled.scores, strict=True):
        alone = CurveIndex.build(curves[[order[row]]], GRID).search(curves[0], 1)
        np.testing.assert_allclose(alone.scores[0], score, atol=1e-9)
