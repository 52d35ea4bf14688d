"""Against exact arithmetic, and against a simulated balance."""

import math
import random
from decimal import Decimal, getcontext

from hypothesis import given
from hypothesis import strategies as st

from lims import mass_balance
from lims.mass_balance import Precision

getcontext().prec = 60
ug = st.integers(0, 10**9)
precisions = st.builds(Precision, repeatability_ug=ug, calibration_ug=ug)


@given(st.integers(0, 10**36))
def test_root_is_the_exact_one_rounded_up(square):
    found = mass_balance.root(square)
    assert (found - 1) ** 2 < square <= found**2 if square else found == 0


@given(precisions)
def test_net_mass_is_as_uncertain_as_two_readings(of):
    reading = Decimal(of.repeatability_ug**2 + of.calibration_ug**2).sqrt()
    exact = Decimal(2).sqrt() * reading
    assert exact <= mass_balance.net_uncertainty_ug(of) <= exact + 3


@given(precisions, st.integers(1, 500))
def test_sum_of_n_items_follows_the_published_formula(of, n):
    rep, cal = Decimal(of.repeatability_ug), Decimal(of.calibration_ug)
    exact = (n * (rep**2 + rep**2) + (n * cal) ** 2).sqrt()
    assert exact <= mass_balance.sum_uncertainty_ug(of, n) <= exact + 1


def test_the_formula_is_what_a_balance_does():
    # 20 items weighed gross and tared on one balance: repeatability anew, calibration once.
    of, n, random_ = Precision(repeatability_ug=40, calibration_ug=25), 20, random.Random(7)
    sums = []
    for _ in range(4_000):
        calibration = random_.gauss(0, of.calibration_ug)
        sums.append(
            sum(
                random_.gauss(0, of.repeatability_ug)
                - random_.gauss(0, of.repeatability_ug)
                + calibration
                for _ in range(n)
            )
        )
    seen = math.sqrt(sum(each * each for each in sums) / len(sums))
    assert abs(seen / mass_balance.sum_uncertainty_ug(of, n) - 1) < 0.05


@given(precisions, st.lists(ug, min_size=1, max_size=20), ug, ug)
def test_parts_that_are_the_whole_fit_however_good_the_balance(of, children, residue, consumed):
    whole = sum(children) + residue + consumed
    found = mass_balance.parts_against_whole(
        whole, children, residue_ug=residue, consumed_ug=consumed, precision=of
    )
    assert found.difference_ug == 0
    assert found.fits


@given(precisions, st.integers(0, 10**9), st.integers(-(10**10), 10**10))
def test_a_difference_fits_exactly_up_to_the_tolerance(of, whole, off):
    found = mass_balance.parts_against_whole(
        whole, [whole], residue_ug=0, consumed_ug=0, precision=of
    )
    beyond = mass_balance.parts_against_whole(
        whole, [whole + found.tolerance_ug + 1], residue_ug=0, consumed_ug=0, precision=of
    )
    at = mass_balance.parts_against_whole(
        whole, [whole + found.tolerance_ug], residue_ug=0, consumed_ug=0, precision=of
    )
    assert at.fits
    assert not beyond.fits


def test_weighed_again_within_k_2_and_the_allowance():
    # sqrt(60² + 80²) = 100, k = 2.
    assert mass_balance.weighed_again(1_000_200, 60, 1_000_000, 80).fits
    assert not mass_balance.weighed_again(1_000_201, 60, 1_000_000, 80).fits
    assert mass_balance.weighed_again(1_000_201, 60, 1_000_000, 80, allowance_ug=1).fits
    assert not mass_balance.weighed_again(999_799, 60, 1_000_000, 80).fits
