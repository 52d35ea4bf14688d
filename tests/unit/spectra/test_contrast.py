"""The contrast statistic, of absent and of present substances, against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spectra.calibration import calibrate
from spectra.contrast import absent_contrasts, present_contrasts, statistic
from spectra.errors import SpectrumError


def plain_statistic(s1, others):
    """The published formula, term by term."""
    best = sorted(others, reverse=True)[:10]
    mean = sum(math.atanh(min(s, 1 - 1e-6)) for s in best) / len(best) if best else 0.0
    z = math.atanh(min(s1, 1 - 1e-6))
    return 0.3 * z + 0.7 * (z - mean)


def plain_contrast(scores, row_families, row_groups, own, delta):
    best = {}
    for s, g, f in zip(scores, row_groups, row_families, strict=True):
        if f != own and s > -1:
            best[g] = max(best.get(g, (-2, f)), (s, f))
    if not best:
        return -math.inf
    s1, f1 = max(best.values())
    z1 = math.atanh(min(s1, 1 - 1e-6))
    rest = [s for s, f in best.values() if f != f1 and math.atanh(min(s, 1 - 1e-6)) < z1 - delta]
    return plain_statistic(s1, rest)


def test_statistic_is_the_formula():
    others = [0.1, 0.9, 0.5, 0.4, 0.3, 0.8, 0.7, 0.6, 0.2, 0.15, 0.12, 0.05]
    assert statistic(0.97, others) == pytest.approx(plain_statistic(0.97, others))
    assert statistic(0.5, []) == pytest.approx(math.atanh(0.5))
    assert math.isfinite(statistic(1.0, [1.0]))


def test_absent_contrasts_equal_a_plain_loop():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 25, 90)
    families = groups // 2
    asked = rng.integers(0, 28, 40)
    scores = rng.uniform(-0.2, 0.999, (40, 90))
    scores[:, 7] = -1.0
    made = absent_contrasts(scores, groups, asked, row_families=families, query_families=asked // 2)
    plain = [
        plain_contrast(row, families, groups, own // 2, 0.05)
        for row, own in zip(scores, asked, strict=True)
    ]
    assert made == pytest.approx(plain)


def test_replicates_of_the_query_never_answer_for_it():
    scores = np.array([[1.0, 0.99, 0.3]])
    made = absent_contrasts(scores, ["a", "a", "b"], ["a"])
    assert made == pytest.approx([statistic(0.3, [])])


def test_isomers_of_an_absent_substance_are_left_out_with_it():
    scores = np.array([[1.0, 0.98, 0.3]])
    made = absent_contrasts(
        scores, ["a", "b", "c"], ["a"], row_families=["ab", "ab", "c"], query_families=["ab"]
    )
    assert made == pytest.approx([statistic(0.3, [])])


def test_a_query_with_nothing_left_teaches_nothing():
    made = absent_contrasts(np.array([[0.9, -1.0]]), ["a", "b"], ["a"])
    assert made == [-np.inf]
    assert calibrate(np.concatenate((made, np.arange(19.0)))).n == 19


def test_shapes_must_belong_together():
    with pytest.raises(SpectrumError):
        absent_contrasts(np.zeros((2, 3)), [1, 2], [1, 2])


def plain_present(scores, row_families, row_groups, query_row, delta):
    own, family = row_groups[query_row], row_families[query_row]
    best = {}
    for at, (s, g, f) in enumerate(zip(scores, row_groups, row_families, strict=True)):
        if at != query_row and s > -1:
            best[g] = max(best.get(g, (-2, f)), (s, f))
    if own not in best:
        return -math.inf
    z = math.atanh(min(best[own][0], 1 - 1e-6))
    rest = [
        s for s, f in best.values() if f != family and abs(math.atanh(min(s, 1 - 1e-6)) - z) > delta
    ]
    return plain_statistic(best[own][0], rest)


def test_present_contrasts_equal_a_plain_loop_and_never_use_the_query_itself():
    rng = np.random.default_rng(3)
    groups = rng.permutation(np.concatenate([np.repeat(np.arange(20), 3), np.arange(20, 30)]))
    families = groups // 2
    asked = rng.permutation(groups.size)[:40]
    scores = rng.uniform(-0.2, 0.99, (40, groups.size))
    scores[np.arange(40), asked] = 1.0
    scores[:, 5] = -1.0
    made = present_contrasts(scores, groups, groups[asked], asked, row_families=families)
    plain = [
        plain_present(row, families, groups, query, 0.05)
        for row, query in zip(scores, asked, strict=True)
    ]
    np.testing.assert_allclose(made, plain)
    assert np.isinf(made).any()
    assert np.isfinite(made).any()
