"""Sampling plans against brute force, the published table, and against chance itself."""

import random
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lims import sampling_plan
from lims.errors import RecordError
from lims.sampling_plan import Method, aim, drawn, proven, proves, units_to_test


def slow_hypergeometric(population, claimed, alpha, negatives):
    """Whole-number arithmetic from the definition, one n after the other."""
    positives = claimed - 1
    for n in range(negatives + 1, population):
        ways = sum(
            comb(positives, n - each) * comb(population - positives, each)
            for each in range(negatives + 1)
        )
        if Fraction(ways, comb(population, n)) <= alpha:
            return n
    return population


@pytest.mark.parametrize("alpha", ["0.05", "0.01"])
@pytest.mark.parametrize("share", ["0.5", "0.7", "0.9", "1"])
def test_hypergeometric_equals_brute_force_for_every_population_to_200(share, alpha):
    for population in range(1, 201):
        for negatives in (0, 1, 2):
            if negatives >= population:
                continue
            wanted = aim(population, proportion=share, alpha=alpha, negatives=negatives)
            if negatives > population - wanted.claimed:
                with pytest.raises(RecordError, match="cannot be positive"):
                    units_to_test(wanted)
                continue
            slow = slow_hypergeometric(population, wanted.claimed, wanted.alpha, negatives)
            assert units_to_test(wanted) == slow, (population, share, alpha, negatives)


# UNODC/ENFSI, Guidelines on representative drug sampling: units to test, confidence 95 %.
PUBLISHED = [
    (10, 0, (3, 5, 8)), (20, 0, (4, 6, 12)), (50, 0, (4, 8, 19)), (100, 0, (5, 8, 23)),
    (250, 0, (5, 9, 26)), (500, 0, (5, 9, 28)), (5_000, 0, (5, 9, 29)),
    (20, 1, (6, 10, 17)), (50, 1, (7, 12, 29)), (100, 1, (7, 13, 36)), (5_000, 1, (8, 14, 46)),
]  # fmt: skip


@pytest.mark.parametrize(("population", "negatives", "units"), PUBLISHED)
def test_hypergeometric_gives_the_published_table(population, negatives, units):
    found = tuple(
        units_to_test(aim(population, proportion=share, negatives=negatives))
        for share in ("0.5", "0.7", "0.9")
    )
    assert found == units


@pytest.mark.parametrize(
    ("method", "alpha", "units"),
    [
        (Method.BINOMIAL, "0.05", (5, 9, 29)),
        (Method.BINOMIAL, "0.01", (7, 13, 44)),
        (Method.BAYES, "0.05", (4, 8, 28)),
        (Method.BAYES, "0.01", (6, 12, 43)),
    ],
)
def test_methods_for_large_populations_give_the_published_figures(method, alpha, units):
    shares = ("0.5", "0.7", "0.9")
    of = [aim(10**6, proportion=s, alpha=alpha, method=method) for s in shares]
    assert tuple(units_to_test(each) for each in of) == units


@pytest.mark.parametrize(("population", "units"), [(1, 1), (4, 2), (5, 3), (99, 10), (100, 10)])
def test_square_root_and_single_unit_claim_nothing_of_the_rest(population, units):
    root = aim(population, method="square root")
    assert units_to_test(root) == units
    assert not proves(root, units, 0)
    assert proven(root, units, 0) == units
    assert units_to_test(aim(population, method="single unit")) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 400),
    st.sampled_from(["0.3", "0.5", "0.75", "0.9", "0.95"]),
    st.sampled_from([Method.HYPERGEOMETRIC, Method.BINOMIAL, Method.BAYES]),
    st.integers(0, 3),
)
def test_smallest_number_proves_and_one_less_does_not(population, share, method, negatives):
    of = aim(population, proportion=share, method=method, negatives=min(negatives, population - 1))
    if of.negatives > population - of.claimed:
        return
    n = units_to_test(of)
    assert proves(of, n, of.negatives) or n == population
    if of.negatives + 1 < n < population:
        assert not proves(of, n - 1, of.negatives)
    assert proven(of, n, of.negatives) >= min(of.claimed, n - of.negatives)


@pytest.mark.parametrize("negatives", [0, 1, 2])
def test_statement_is_false_in_at_most_alpha_of_trials(negatives):
    # The worst population: one positive fewer than is claimed.
    of = aim(60, proportion="0.8", negatives=negatives)
    n, rng = units_to_test(of), random.Random(7)
    units = [True] * (of.claimed - 1) + [False] * (60 - of.claimed + 1)
    trials = 20_000
    fooled = sum(rng.sample(units, n).count(False) <= negatives for _ in range(trials))
    assert fooled / trials <= 0.05 + 3 * (0.05 * 0.95 / trials) ** 0.5


def test_negative_unit_lowers_what_is_proven_and_never_below_what_was_seen():
    of = aim(50)
    assert [proven(of, 19, r) for r in (0, 1, 2)] == [45, 41, 38]
    assert proven(of, 50, 3) == 47
    for tested in range(1, 51):
        for negatives in range(tested + 1):
            assert proven(of, tested, negatives) >= tested - negatives


def test_draw_is_repeated_by_its_seed_and_grows_by_its_end():
    assert drawn("s", 500, 20) == drawn("s", 500, 30)[:20]
    assert drawn("s", 500, 20) != drawn("t", 500, 20)
    assert sorted(drawn("s", 40, 40)) == list(range(1, 41))


def test_every_unit_is_drawn_about_as_often():
    seen = [0] * 11
    for seed in range(2_000):
        for unit in drawn(str(seed), 10, 3):
            seen[unit] += 1
    assert all(abs(count - 600) < 100 for count in seen[1:])


@pytest.mark.parametrize(
    ("population", "more", "words"),
    [
        (0, {}, "1 to"),
        (sampling_plan.MAX_UNITS + 1, {}, "1 to"),
        (10, {"proportion": "0"}, "proportion"),
        (10, {"proportion": "1.5"}, "proportion"),
        (10, {"proportion": "x"}, "not a number"),
        (10, {"proportion": "1e-400000000"}, "not a number"),
        (10, {"alpha": "0.6"}, "at most 0.5"),
        (10, {"alpha": "1/0"}, "not a number"),
        (10, {"negatives": 10}, "negatives"),
        (10, {"negatives": -1}, "negatives"),
        (10, {"prior": (0.0, 1.0)}, "Beta"),
        (10, {"prior": (float("nan"), 1.0)}, "Beta"),
        (10, {"method": "guess"}, "no sampling method"),
    ],
)
def test_figure_out_of_range_is_refused(population, more, words):
    with pytest.raises(RecordError, match=words):
        aim(population, **more)


def test_large_population_is_planned_at_once():
    assert units_to_test(aim(10**6, proportion="0.999", negatives=5)) > 5_000
