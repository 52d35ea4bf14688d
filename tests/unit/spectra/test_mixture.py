from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import nnls

from spectra.calibration import Calibration
from spectra.curve_index import CurveIndex
from spectra.decision import DecisionState, SubstanceHits, decide
from spectra.errors import SpectrumError
from spectra.grid import Grid
from spectra.mixture import beam_fits, calibrate_components, explain

GRID = Grid(start_cm1=400.0, stop_cm1=1600.0, step_cm1=2.0, max_shift_cm1=4.0)
RNG = np.random.default_rng(7)


def substances(n=40):
    centres, heights = RNG.uniform(400, 1600, (n, 8, 1)), RNG.exponential(1.0, (n, 8, 1))
    return (heights * np.exp(-(((GRID.x - centres) / 14) ** 2))).sum(axis=1)


PURE = substances()
INDEX = CurveIndex.build(PURE, GRID)
GROUPS = np.arange(len(PURE))


def noisy(curve, level=0.003, seed=0):
    return curve + level * np.ptp(curve, axis=-1, keepdims=True) * np.random.default_rng(
        seed
    ).normal(size=curve.shape)


def unit(row):
    return PURE[row] / np.linalg.norm(PURE[row])


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_two_components_are_found_whatever_the_baseline(share):
    x = np.linspace(-1, 1, GRID.n_points)
    mixed = noisy(share * unit(3) + (1 - share) * unit(17)) + 0.05 * x**2
    found = explain(INDEX, mixed, GROUPS)
    assert set(found.fits[1].rows) == {3, 17}
    assert found.agreed[1] or share > 0.8  # the second fit is weaker on small shares
    assert found.gain(2) > 0.8
    assert found.residual < 0.02


def test_three_components_are_found():
    mixed = noisy(0.5 * unit(1) + 0.3 * unit(2) + 0.2 * unit(30))
    found = explain(INDEX, mixed, GROUPS)
    assert set(found.fits[2].rows) == {1, 2, 30}
    named = found.component_fit(str, gain_limit=0.4)
    assert set(named.substances) == {"1", "2", "30"}
    assert named.substances[0] == "1"
    assert sum(named.shares) == pytest.approx(1.0)


def test_an_absent_component_stays_unexplained():
    mixed = noisy(0.5 * unit(5) + 0.5 * unit(6))
    assert explain(INDEX, mixed, GROUPS, without=[6]).residual > 0.2
    assert 6 not in explain(INDEX, mixed, GROUPS, without=[6]).fits[-1].rows


def test_replicates_are_never_two_components():
    curves = np.vstack((PURE[:10], PURE[:10] * 1.2 + noisy(PURE[:10] * 0.01)))
    index = CurveIndex.build(curves, GRID)
    groups = np.array([f"substance {row % 10}" for row in range(20)])
    for fit in explain(index, noisy(PURE[4]), groups).fits:
        assert len({groups[row] for row in fit.rows}) == len(fit.rows)


def test_a_wide_beam_equals_all_pairs_solved_by_nnls():
    vectors = np.abs(RNG.normal(size=(12, 30)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query = 0.6 * vectors[2] + 0.5 * vectors[9] + 0.3 * RNG.normal(size=30)
    query /= np.linalg.norm(query)
    gram = vectors @ vectors.T
    fits, _ = beam_fits(vectors @ query, lambda rows: gram[:, rows], np.arange(12), most=2, beam=12)
    explained = {
        pair: 1 - nnls(vectors[list(pair)].T, query)[1] ** 2 for pair in combinations(range(12), 2)
    }
    best = max(explained, key=explained.__getitem__)
    assert set(fits[1].rows) == set(best)
    assert fits[1].explained == pytest.approx(explained[best])
    weights, _ = nnls(vectors[list(fits[1].rows)].T, query)
    assert fits[1].weights == pytest.approx(weights)


def test_a_moved_axis_moves_all_components_together():
    mixed = np.roll(noisy(0.6 * unit(8) + 0.4 * unit(9)), 2)
    mixed[:2] = np.nan
    assert set(explain(INDEX, mixed, GROUPS).fits[1].rows) == {8, 9}


def test_nothing_comparable_explains_nothing():
    empty = CurveIndex.build(np.full((3, GRID.n_points), np.nan), GRID)
    found = explain(empty, PURE[0], np.arange(3))
    assert found.fits == ()
    assert found.residual == 1.0
    assert found.component_fit(str, 0.4) is None


def test_groups_must_fit_the_library():
    with pytest.raises(SpectrumError):
        explain(INDEX, PURE[0], GROUPS[:-1])


def calibrated():
    curves = np.vstack([noisy(PURE, 0.004, seed) for seed in (1, 2)])
    index = CurveIndex.build(curves, GRID)
    groups = np.concatenate((GROUPS, GROUPS))
    bare = Calibration(metric="m", alpha=0.05, threshold=0.5, n=40)
    return index, groups, calibrate_components(index, groups, bare)


def test_limits_come_from_replicates_and_make_mixture_and_unexplained_real():
    index, groups, calibration = calibrated()
    assert 0 < calibration.residual_limit < 0.3
    assert 0 < calibration.gain_limit < 1

    def decided(curve, without=()):
        found = explain(index, curve, groups, without=without)
        fit = found.component_fit(lambda row: str(groups[row]), calibration.gain_limit)
        hits = SubstanceHits(substances=("top",), scores=np.array([0.99]))
        return decide(hits, calibration, fit=fit)

    mixed = noisy(0.7 * unit(3) + 0.3 * unit(17))
    assert decided(noisy(PURE[3], 0.004, 9)).state is DecisionState.MATCH
    assert decided(mixed).substances == ("3", "17")
    assert decided(mixed).state is DecisionState.MIXTURE
    assert decided(mixed, without=[17, 57]).state is DecisionState.UNEXPLAINED


def test_without_replicates_the_gates_stay_shut():
    bare = Calibration(metric="m", alpha=0.05, threshold=0.5, n=40)
    made = calibrate_components(INDEX, GROUPS, bare)
    assert made.residual_limit is None
    assert made.gain_limit is None
