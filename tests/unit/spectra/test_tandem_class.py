from __future__ import annotations

import math

import numpy as np
import pytest

from spectra import tandem_class
from spectra.peak_tandem import TandemIndex
from spectra.tandem_class import FEWEST_MEMBERS, FEWEST_OUTSIDE, Known, TandemClass, lead_of
from spectra.tandem_rank import TandemRows

CORE = np.array([105.070, 134.096, 188.143])


def a_member(seed: int) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """Fragments of a common core in place, two that moved with the precursor, some of its own."""
    rng = np.random.default_rng(seed)
    precursor = 300.0 + 2.0 * seed + 0.2
    moved = precursor - np.array([91.054, 149.12])
    own = rng.uniform(50, 250, 3)
    mz = np.concatenate([CORE, moved, own])
    return (mz, np.concatenate([rng.uniform(40, 100, 5), rng.uniform(1, 15, 3)])), precursor


def another(seed: int) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """Fragments of its own; every two share a precursor, so that a library can be calibrated."""
    rng = np.random.default_rng(seed + 50_000)
    return (rng.uniform(50, 290, 9), rng.lognormal(3, 1, 9)), 300.7 + 2.0 * (seed // 2 % 100)


def a_library(n_members: int, n_others: int) -> tuple[TandemIndex, TandemRows, Known]:
    every = [a_member(seed) for seed in range(n_members)]
    every += [another(seed) for seed in range(n_others)]
    rows, precursors = zip(*every, strict=True)
    n = len(every)
    index = TandemIndex.build(rows, precursors)
    facts = TandemRows(
        groups=np.arange(n),
        families=np.arange(n),
        precursors=np.array(precursors),
        polarities=np.ones(n, dtype=np.int8),
    )
    classes = np.array([1] * n_members + [0] * n_others)
    return index, facts, Known.of(classes, facts.groups)


def test_a_class_with_fragments_in_common_is_learned_with_its_level() -> None:
    (made,) = tandem_class.learn(*a_library(15, 150))
    assert (made.n_members, made.asked, made.n_outside) == (15, 15, 150)
    assert made.calibrated
    assert made.found >= 13
    # One of 150 may exceed what at most 1 in 100 exceed.
    assert made.false <= 1


@pytest.mark.parametrize(("n_members", "n_others"), [(9, 150), (15, 98)])
def test_too_few_substances_are_not_calibrated(n_members: int, n_others: int) -> None:
    assert (n_members < FEWEST_MEMBERS) or (n_others < FEWEST_OUTSIDE)
    (made,) = tandem_class.learn(*a_library(n_members, n_others))
    assert not made.calibrated
    assert made.n_members == n_members


def test_a_substance_is_judged_without_its_formula_and_precursor() -> None:
    """Isomers that alone look alike are hidden from one another: nothing is left to lead."""
    index, facts, known = a_library(15, 150)
    one_formula = TandemRows(
        groups=facts.groups,
        families=np.where(known.classes[facts.groups] == 1, 0, facts.families),
        precursors=facts.precursors,
        polarities=facts.polarities,
    )
    (made,) = tandem_class.learn(index, one_formula, known)
    assert made.found == 0


def test_ions_of_the_other_polarity_are_not_compared() -> None:
    index, facts, known = a_library(15, 150)
    half = np.where(np.arange(facts.groups.size) < 3, 1, -1).astype(np.int8)
    mixed = TandemRows(
        groups=facts.groups,
        families=facts.families,
        precursors=facts.precursors,
        polarities=half,
    )
    (made,) = tandem_class.learn(index, mixed, known)
    # The three positive members have only two others to lead with; twelve have eleven.
    assert 10 <= made.found <= 12


def test_the_lead_needs_three_members_that_share_something() -> None:
    assert lead_of([0.9, 0.8], [0.1]) == -math.inf
    assert lead_of([0.9, 0.8, 0.0], [0.1]) == -math.inf
    assert lead_of([0.5, 0.5, 0.5], []) == pytest.approx(math.atanh(0.5))
    assert lead_of([1.0, 1.0, 1.0], [1.0]) == pytest.approx(0.0)


def test_the_best_row_of_each_substance_stands_for_it() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 12, 60)
    scores = np.round(rng.random(60), 1)
    known = Known.of(np.zeros(60, dtype=np.int64), groups)
    best = known.best(scores)
    for at, group in enumerate(np.unique(groups)):
        own = np.flatnonzero(groups == group)
        assert best.scores[at] == scores[own].max()
        assert best.rows[at] == own[scores[own].argmax()]


def test_the_class_in_front_leads_and_kin_is_no_rival_of_it() -> None:
    scores = np.array([0.8, 0.7, 0.6, 0.65, 0.3])
    groups = np.arange(5)
    level = TandemClass(code=1, n_members=3, n_outside=99, level=0.0)
    plain = Known.of(np.array([1, 1, 1, 0, 0]), groups)
    standing = plain.front(plain.best(scores), [level])
    assert standing is not None
    assert standing.speaks
    assert standing.outside == 0.65
    assert standing.rows.tolist() == [0, 1, 2]
    with_kin = Known.of(np.array([1, 1, 1, -1, 0]), groups, {1: frozenset({-1})})
    better = with_kin.front(with_kin.best(scores), [level])
    assert better is not None
    assert better.outside == 0.3
    assert better.lead > standing.lead


def test_a_rival_in_another_library_takes_the_lead_away() -> None:
    known = Known.of(np.array([1, 1, 1, 0]), np.arange(4))
    level = TandemClass(code=1, n_members=3, n_outside=99, level=0.1)
    standing = known.front(known.best(np.array([0.8, 0.7, 0.6, 0.2])), [level])
    assert standing is not None
    assert standing.speaks
    assert standing.beside(0.1, level) is standing
    assert not standing.beside(0.95, level).speaks


def test_nothing_in_front_is_no_standing() -> None:
    known = Known.of(np.array([1, 1, 1, 0]), np.arange(4))
    level = TandemClass(code=1, n_members=3, n_outside=99, level=0.0)
    assert known.front(known.best(np.array([0.3, 0.3, 0.3, 0.9])), [level]) is None
    assert known.front(known.best(np.zeros(4)), [level]) is None
    assert known.front(known.best(np.ones(4)), []) is None
