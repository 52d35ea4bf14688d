from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import comb, exp, lgamma, log, log10

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom, nbinom

from reports import signals
from reports.signals import Novelty, SignalKind

DAY = date(2026, 11, 23)


def slow_gamma_poisson(z: int, n: int, k: int, m: int) -> float:
    """The negative binomial tail, summed term by term from its definition."""
    size, p = k + 0.5, m / (m + n)
    below = sum(
        exp(lgamma(j + size) - lgamma(size) - lgamma(j + 1) + size * log(p) + j * log(1 - p))
        for j in range(z)
    )
    return max(0.0, -log10(1 - below))


@pytest.mark.parametrize(
    ("z", "n", "k", "m"), [(1, 40, 0, 500), (3, 280, 0, 3640), (5, 200, 10, 2600), (2, 9, 7, 31)]
)
def test_gamma_poisson_is_the_sum_of_its_terms(z, n, k, m):
    assert signals.gamma_poisson_score(z, n, k, m) == pytest.approx(
        slow_gamma_poisson(z, n, k, m), abs=1e-6
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 900), st.integers(0, 300), st.integers(1, 9000))
def test_gamma_poisson_is_the_negative_binomial_tail(z, n, k, m):
    expected = -nbinom.logsf(z - 1, k + 0.5, m / (m + n)) / log(10)
    assert signals.gamma_poisson_score(z, n, k, m) == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_first_detection_by_hand():
    # P(Z >= 1) = 1 - p^0.5 with p = 300 / 400.
    assert signals.gamma_poisson_score(1, 100, 0, 300) == pytest.approx(-log10(1 - 0.75**0.5))


def test_score_says_nothing_without_baseline_or_tests():
    assert signals.gamma_poisson_score(5, 100, 0, 0) == 0.0
    assert signals.gamma_poisson_score(0, 100, 3, 50) == 0.0
    assert signals.gamma_poisson_score(0, 0, 3, 50) == 0.0


def test_extreme_counts_stay_finite():
    assert signals.gamma_poisson_score(5_000, 5_000, 0, 10**7) == signals.LARGEST_SCORE


def test_more_workload_alone_raises_nothing():
    # Ten times the samples at the same share.
    assert signals.gamma_poisson_score(50, 500, 130, 1_300) < 1.0


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match="negative"):
        signals.gamma_poisson_score(-1, 3, 3, 3)


@pytest.mark.parametrize(("z", "n", "f", "t"), [(3, 3, 0, 10), (1, 8, 0, 40), (4, 9, 2, 30)])
def test_origin_score_is_the_beta_binomial_tail(z, n, f, t):
    a, b = 0.025 + f, 0.475 + (t - f)
    expected = -betabinom.logsf(z - 1, n, a, b) / log(10)
    assert signals.origin_score(z, n, f, t) == pytest.approx(expected, rel=1e-9)


def test_origin_score_by_hand():
    # One new sample: P = alpha / (alpha + beta) = 0.025 / 10.5.
    assert signals.origin_score(1, 1, 0, 10) == pytest.approx(-log10(0.025 / 10.5))
    assert comb(1, 1) == Fraction(1)


def test_few_earlier_samples_give_only_a_notice_of_origin():
    (change,) = signals.origin_changes({"MX": 5}, {"CN": 9})
    assert change.kind is SignalKind.ORIGIN_NEW


def test_thirty_earlier_samples_and_five_from_a_new_country_are_a_shift():
    changes = signals.origin_changes({"MX": 5, "CN": 5}, {"CN": 26, "HK": 4})
    assert [(c.origin, c.kind) for c in changes] == [("MX", SignalKind.ORIGIN_SHIFT)]


def test_known_origin_at_its_usual_share_is_silent():
    assert signals.origin_changes({"CN": 9, "HK": 1}, {"CN": 90, "HK": 10}) == ()
    assert signals.origin_changes({"": 4}, {"CN": 50}) == ()
    assert signals.origin_changes({"CN": 1}, {}) == ()


def test_never_seen_is_new_and_first_here_when_another_lab_has_it():
    assert signals.novelty([], DAY).kind is Novelty.FIRST_SEEN
    assert signals.novelty([], DAY, known_elsewhere=True).kind is Novelty.FIRST_HERE
    assert signals.novelty([DAY], DAY).kind is Novelty.FIRST_SEEN


def test_reemergence_needs_104_weeks():
    gap = timedelta(weeks=104)
    again = signals.novelty([DAY - gap, DAY - gap - timedelta(days=30)], DAY)
    assert again.kind is Novelty.RE_EMERGENCE
    assert (again.gap_months, again.earlier_count) == (23, 2)
    assert signals.novelty([DAY - gap + timedelta(days=1)], DAY).kind is Novelty.KNOWN


def test_gap_in_months_counts_whole_months():
    assert signals.months_between(date(2023, 4, 24), DAY) == 42
    assert signals.months_between(date(2023, 4, 23), DAY) == 43
    assert signals.months_between(date(2024, 1, 31), date(2024, 2, 29)) == 0


def ten_a_day(days: int) -> dict[date, int]:
    return {DAY - timedelta(days=back): 10 for back in range(days)}


def test_tier_b_counts_windows_by_their_edges():
    seen = [DAY, DAY - timedelta(days=27), DAY - timedelta(days=28), DAY - timedelta(days=391)]
    seen.append(DAY - timedelta(days=392))
    result = signals.tier_b(seen, ten_a_day(500), DAY, signals.TIER_B)
    assert (result.window_count, result.baseline_count) == (2, 2)
    assert (result.window_total, result.baseline_total) == (280, 3640)


def test_second_detection_within_thirteen_weeks_is_raised_on_its_day_only():
    seen = [DAY, DAY - timedelta(days=90)]
    assert signals.tier_b(seen, ten_a_day(400), DAY, signals.LAB_DAILY).second_detection
    later = signals.tier_b(seen, ten_a_day(400), DAY + timedelta(days=1), signals.LAB_DAILY)
    assert not later.second_detection


def test_second_detection_after_thirteen_weeks_is_not_raised():
    seen = [DAY, DAY - timedelta(days=91)]
    assert not signals.tier_b(seen, ten_a_day(400), DAY, signals.LAB_DAILY).raised


def test_third_detection_is_not_a_second():
    seen = [DAY, DAY - timedelta(days=10), DAY - timedelta(days=20)]
    assert not signals.tier_b(seen, ten_a_day(400), DAY, signals.LAB_DAILY).second_detection


def test_two_at_once_of_something_new_are_a_second_detection():
    assert signals.tier_b([DAY, DAY], ten_a_day(400), DAY, signals.LAB_DAILY).second_detection
