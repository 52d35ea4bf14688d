from __future__ import annotations

import math

import numpy as np
import pytest

from spectra.curve_classes import FEWEST_OUTSIDE, CurveClass, judge, lead_of, learn
from spectra.curve_index import CurveIndex
from spectra.grid import FTIR_GRID
from tests.unit.spectra.class_curves import a_collection, a_curve


def known(n_members: int, n_others: int) -> tuple[CurveIndex, CurveClass]:
    curves, inside = a_collection(n_members, n_others)
    index = CurveIndex.build(curves, FTIR_GRID)
    (made,) = learn(index, inside.astype(np.int64), np.arange(len(index)))
    return index, made


@pytest.fixture(scope="module")
def made() -> tuple[CurveIndex, CurveClass]:
    return known(20, 150)


def asked(index: CurveIndex, made: CurveClass, curve: np.ndarray, n_members: int) -> bool:
    scores = index.scores(curve[None])[0]
    return judge(made, curve, FTIR_GRID, list(scores[:n_members]), list(scores[n_members:])).speaks


def test_lead_is_the_mean_of_three_members_over_the_best_outside() -> None:
    expected = np.mean(np.arctanh([0.9, 0.8, 0.7])) - np.arctanh(0.5)
    assert lead_of([0.1, 0.7, 0.9, 0.8], [0.5, -0.2]) == pytest.approx(expected)
    assert lead_of([0.9, 0.8], [0.1]) == -math.inf
    assert lead_of([1.0, 1.0, 1.0], []) < 4


def test_unseen_members_are_given_to_the_class_and_others_are_not(
    made: tuple[CurveIndex, CurveClass],
) -> None:
    index, learned = made
    assert learned.calibrated
    assert (learned.n_members, learned.n_outside, learned.asked) == (20, 150, 20)
    new = [asked(index, learned, a_curve(seed, member=True), 20) for seed in range(5000, 5020)]
    others = [asked(index, learned, a_curve(seed, member=False), 20) for seed in range(6000, 6100)]
    assert sum(new) >= 18
    assert sum(others) <= 2


def test_level_is_the_99th_percentile_of_those_left_out(
    made: tuple[CurveIndex, CurveClass],
) -> None:
    index, learned = made
    curves, inside = a_collection(20, 150)
    scores = index.scores(curves).astype(np.float64)
    np.fill_diagonal(scores, -1.0)
    leads = []
    for row in scores[~inside]:
        members = np.sort(np.arctanh(np.clip(row[inside], 0, 0.999)))[-3:]
        leads.append(members.mean() - np.arctanh(np.clip(row[~inside], 0, 0.999)).max())
    # 151 × 0.99 = 149.49: the highest of 150.
    assert learned.level == pytest.approx(max(leads), abs=1e-5)
    assert learned.false == 0


def test_a_lead_without_the_bands_of_the_class_is_no_evidence(
    made: tuple[CurveIndex, CurveClass],
) -> None:
    _, learned = made
    scores = [0.95, 0.95, 0.95]
    of_class, other = a_curve(5000, member=True), a_curve(6000, member=False)
    assert judge(learned, of_class, FTIR_GRID, scores, [0.1]).speaks
    assert not judge(learned, other, FTIR_GRID, scores, [0.1]).speaks
    assert not judge(learned, of_class, FTIR_GRID, scores, [0.96]).speaks


def test_a_small_class_or_too_few_outside_is_not_calibrated() -> None:
    _, small = known(9, 120)
    assert (small.n_members, small.n_outside, small.calibrated) == (9, 0, False)
    _, alone = known(12, FEWEST_OUTSIDE - 1)
    assert (alone.n_outside, alone.calibrated) == (FEWEST_OUTSIDE - 1, False)
    curve = a_curve(5000, member=True)
    assert not judge(alone, curve, FTIR_GRID, [0.99] * 3, [0.0]).speaks
    _, enough = known(12, FEWEST_OUTSIDE)
    assert enough.calibrated


def test_replicates_are_one_member_and_left_out_together() -> None:
    curves, inside = a_collection(9, 120)
    twice = np.vstack([curves, curves[:9]])
    groups = np.concatenate([np.arange(129), np.arange(9)])
    classes = np.concatenate([inside, inside[:9]]).astype(np.int64)
    (few,) = learn(CurveIndex.build(twice, FTIR_GRID), classes, groups)
    assert (few.n_members, few.calibrated) == (9, False)


def test_nothing_is_learned_where_no_class_is_stated() -> None:
    curves, _ = a_collection(2, 4)
    nothing = np.zeros(6, dtype=np.int64)
    assert learn(CurveIndex.build(curves, FTIR_GRID), nothing, np.arange(6)) == ()
