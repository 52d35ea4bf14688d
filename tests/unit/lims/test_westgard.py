"""The rules of Westgard against a second, slow implementation written from the paper's words."""

from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import westgard
from lims.westgard import Baseline, Limits, Side, Verdict

RULES = westgard.current()
WIDE = Limits(lowest=None, highest=1e9)
FIXED = Baseline(n=20, mean=100.0, sd=2.0)


def slow(values, m, s):
    """Clin. Chem. 27 (1981) 493, read rule by rule; the newest value is the last."""
    broken = set()
    x = values[-1]
    if x > m + 3 * s or x < m - 3 * s:
        broken.add("1-3s")
    if x > m + 2 * s or x < m - 2 * s:
        broken.add("1-2s")
    if len(values) >= 2:
        before = values[-2]
        if before > m + 2 * s and x > m + 2 * s:
            broken.add("2-2s")
        if before < m - 2 * s and x < m - 2 * s:
            broken.add("2-2s")
        if before > m + 2 * s and x < m - 2 * s:
            broken.add("R-4s")
        if before < m - 2 * s and x > m + 2 * s:
            broken.add("R-4s")
    if len(values) >= 4:
        last = values[-4:]
        if min(last) > m + s or max(last) < m - s:
            broken.add("4-1s")
    if len(values) >= 10:
        last = values[-10:]
        if min(last) > m or max(last) < m:
            broken.add("10x")
    return broken


# Eighths of a standard deviation of 2: every sum and quotient is exact, so that a value that lies
# on a limit lies on it in both.
EIGHTHS = st.integers(-32, 32).map(lambda k: 100.0 + 0.25 * k)
DRIFTING = st.tuples(st.integers(-12, 12), st.lists(st.integers(-16, 16), max_size=14)).map(
    lambda made: [100.0 + 0.25 * (made[0] + k) for k in made[1]]
)


@given(before=st.one_of(st.lists(EIGHTHS, max_size=14), DRIFTING), value=EIGHTHS)
def test_rules_agree_with_the_slow_implementation(before, value):
    found = westgard.judge(value, before, FIXED, WIDE, RULES)
    expected = slow([*before, value], 100.0, 2.0)
    assert set(found.broken) == expected
    rejected = expected - {"1-2s"}
    wanted = Verdict.REJECTED if rejected else Verdict.WARNING if expected else Verdict.ACCEPTED
    assert found.verdict is wanted


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ([106.5], "1-3s"),
        ([93.5], "1-3s"),
        ([104.5, 104.5], "2-2s"),
        ([95.5, 95.0], "2-2s"),
        ([104.5, 95.5], "R-4s"),
        ([95.5, 104.5], "R-4s"),
        ([102.5] * 4, "4-1s"),
        ([97.5] * 4, "4-1s"),
        ([100.5] * 10, "10x"),
        ([99.5] * 10, "10x"),
    ],
)
def test_each_rule_rejects_by_itself(values, rule):
    found = westgard.judge(values[-1], values[:-1], FIXED, WIDE, RULES)
    assert rule in found.broken
    assert found.verdict is Verdict.REJECTED
    shorter = westgard.judge(values[-1], values[1:-1], FIXED, WIDE, RULES)
    assert rule not in shorter.broken or len(values) == 1


@pytest.mark.parametrize("value", [104.5, 95.5])
def test_one_value_beyond_two_deviations_only_warns(value):
    found = westgard.judge(value, [100.0] * 9, FIXED, WIDE, RULES)
    assert (found.verdict, found.broken) == (Verdict.WARNING, ("1-2s",))


@pytest.mark.parametrize("value", [106.0, 94.0, 104.0, 96.0, 102.0])
def test_a_limit_itself_is_within(value):
    found = westgard.judge(value, [], FIXED, WIDE, RULES)
    assert not {"1-3s"} & set(found.broken)
    assert ("1-2s" in found.broken) == (abs(value - 100.0) > 4)


def test_ten_on_one_side_are_ended_by_one_on_the_mean():
    assert "10x" not in westgard.judge(100.0, [100.5] * 12, FIXED, WIDE, RULES).broken


@given(st.lists(st.floats(-1e6, 1e6), min_size=0, max_size=30))
def test_before_twenty_values_only_the_limits_decide(values):
    at = westgard.baseline(values[:19], RULES)
    assert at.is_provisional
    assert at.n == len(values[:19])
    found = westgard.judge(5.0, values, at, Limits(lowest=4.0, highest=6.0), RULES)
    assert (found.verdict, found.broken, found.z) == (Verdict.ACCEPTED, (), None)
    assert f"provisional, n={at.n}" in found.basis


@given(st.lists(st.floats(-1e6, 1e6), min_size=20, max_size=40))
def test_mean_and_deviation_are_those_of_the_first_twenty(values):
    at = westgard.baseline(values, RULES)
    first = values[:20]
    if at.is_provisional:
        # Below 1e-150 the squares of deviations are no numbers any more.
        assert stdev(first) <= max(1e-9 * abs(mean(first)), 1e-150)
        return
    assert at.mean == pytest.approx(mean(first), rel=1e-9, abs=1e-9)
    assert at.sd == pytest.approx(stdev(first), rel=1e-6)


def test_values_that_do_not_vary_give_no_deviation():
    assert westgard.baseline([0.97] * 25, RULES).is_provisional


@given(st.floats(0.0, 2.0), st.lists(EIGHTHS, max_size=12))
def test_outside_the_fixed_limits_is_rejected_whatever_the_statistics(far, before):
    limits = Limits(lowest=98.0, highest=102.0)
    found = westgard.judge(102.0 + far + 1e-6, before, FIXED, limits, RULES)
    assert found.verdict is Verdict.REJECTED
    assert found.broken[0] == westgard.LIMITS


def test_a_blank_is_judged_by_its_limit_alone():
    blank = Limits(lowest=None, highest=500.0)
    calm = westgard.judge(400.0, [0.0] * 12, FIXED, blank, RULES, by_statistics=False)
    assert (calm.verdict, calm.z) == (Verdict.ACCEPTED, None)
    dirty = westgard.judge(500.5, [], FIXED, blank, RULES, by_statistics=False)
    assert dirty.broken == (westgard.LIMITS,)


def test_the_edition_holds_the_six_rules_of_the_paper():
    found = {(r.id, r.n, r.sd, r.side, r.rejects) for r in RULES.rules}
    assert found == {
        ("1-2s", 1, 2.0, Side.EITHER, False),
        ("1-3s", 1, 3.0, Side.EITHER, True),
        ("2-2s", 2, 2.0, Side.SAME, True),
        ("R-4s", 2, 2.0, Side.OPPOSITE, True),
        ("4-1s", 4, 1.0, Side.SAME, True),
        ("10x", 10, 0.0, Side.SAME, True),
    }
    assert RULES.least_values == 20
