from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from spectra.errors import GridMismatchError, SpectrumError
from spectra.mass_scores import (
    NIST_SIMPLE,
    STEIN_SCOTT,
    UnitSpectrum,
    Weights,
    entropy_similarity,
    hybrid,
    match_factor,
    nist_identity,
    nist_simple,
    unit_mass,
    weighted_cosine,
)

PAIR_SCORES = [match_factor, nist_simple, nist_identity, entropy_similarity]


def unit(peaks: dict[int, float]) -> UnitSpectrum:
    return UnitSpectrum(
        mz=np.array(sorted(peaks), dtype=np.int64),
        intensity=np.array([float(peaks[m]) for m in sorted(peaks)]),
    )


def random_unit(rng: np.random.Generator, n: int = 60) -> UnitSpectrum:
    mz = np.sort(rng.choice(np.arange(40, 300), n, replace=False))
    return unit_mass(mz.astype(float), rng.lognormal(3, 1.5, n))


def test_masses_round_half_up_and_keep_the_tallest():
    got = unit_mass(np.array([90.5, 91.2, 91.49, 91.5]), np.array([10.0, 40.0, 20.0, 20.0]))
    assert got.mz.tolist() == [91, 92]
    assert got.intensity.tolist() == [999.0, 499.5]


def test_peaks_without_intensity_or_outside_the_range_are_dropped():
    got = unit_mass(np.array([0.2, 50.0, 60.0, 1000.6]), np.array([9.0, 0.0, 3.0, 9.0]))
    assert got.mz.tolist() == [60]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(bad):
    with pytest.raises(SpectrumError, match="not a number"):
        unit_mass(np.array([50.0, bad]), np.array([1.0, 1.0]))
    with pytest.raises(SpectrumError, match="not a number"):
        unit_mass(np.array([50.0, 51.0]), np.array([1.0, bad]))


def test_arrays_of_different_length_are_refused():
    with pytest.raises(GridMismatchError):
        unit_mass(np.array([50.0, 51.0]), np.array([1.0]))


def test_extreme_scales_neither_overflow_nor_vanish():
    tiny = unit_mass(np.array([50.0, 60.0]), np.array([5e-324, 1e-323]))
    huge = unit_mass(np.array([50.0, 60.0]), np.array([8e307, 1.6e308]))
    assert tiny.intensity[-1] == huge.intensity[-1] == 999.0


@pytest.mark.parametrize("score", PAIR_SCORES)
def test_a_spectrum_equals_itself_and_nothing_of_another_range(score):
    rng = np.random.default_rng(1)
    a = random_unit(rng)
    assert score(a, a) == pytest.approx(1.0, abs=1e-9)
    far = UnitSpectrum(mz=a.mz + 400, intensity=a.intensity)
    assert score(a, far) == 0.0
    assert score(a, unit({})) == score(unit({}), a) == 0.0


@pytest.mark.parametrize("score", PAIR_SCORES)
def test_scores_are_symmetric_and_between_0_and_1(score):
    rng = np.random.default_rng(2)
    for _ in range(20):
        a, b = random_unit(rng), random_unit(rng)
        assert score(a, b) == pytest.approx(score(b, a), abs=1e-12)
        assert 0.0 <= score(a, b) <= 1.0


def test_simple_match_factor_by_hand():
    a, b = unit({50: 999, 60: 100}), unit({50: 999, 70: 400})
    # Both start at 50: (sqrt(999 * 999))^2 / (1099 * 1399)
    assert nist_simple(a, b) == pytest.approx(999**2 / (1099 * 1399), abs=1e-12)
    assert nist_simple(a, b, reverse=True) == pytest.approx(999 / 1399, abs=1e-12)


def test_comparison_starts_at_the_larger_of_the_lowest_masses():
    a, b = unit({41: 500, 77: 999}), unit({77: 999})
    assert nist_simple(a, b) == 1.0
    assert nist_simple(a, b, mz_min=1) == pytest.approx(999 / 1499, abs=1e-12)


def test_traces_count_only_against_a_real_peak():
    whole = unit({50: 999, 60: 500})
    assert nist_simple(whole, unit({50: 999, 60: 500, 70: 1})) == 1.0
    low = nist_simple(unit({50: 999, 60: 1}), whole)
    assert 0 < low < 1
    assert nist_identity(unit({50: 1, 60: 999}), unit({50: 1, 60: 999})) == 1.0


def test_identity_by_hand_and_broken_by_an_unmatched_peak():
    a, b = unit({50: 999, 60: 400}), unit({50: 999, 60: 100})
    first = (50 * 999 + 60 * math.sqrt(400 * 100)) ** 2
    first /= (50 * 999 + 60 * 400) * (50 * 999 + 60 * 100)
    assert nist_identity(a, b) == pytest.approx((2 * first + 0.5) / 3, abs=1e-12)
    # A further query peak between the two: no neighbours are left, only the first term remains.
    c = unit({50: 999, 55: 300, 60: 400})
    alone = (50 * 999 + 60 * math.sqrt(400 * 100)) ** 2
    alone /= (50 * 999 + 55 * 300 + 60 * 400) * (50 * 999 + 60 * 100)
    assert nist_identity(c, b) == pytest.approx(alone, abs=1e-12)


def test_entropy_similarity_by_hand():
    # Two equal peaks, one in common: weights stay equal, so half of the information is shared.
    assert entropy_similarity(unit({50: 999, 60: 999}), unit({50: 999, 70: 999})) == pytest.approx(
        0.5, abs=1e-12
    )


def test_weights_follow_their_formula():
    a, b = unit({50: 4, 100: 9}), unit({50: 1, 100: 16})
    w = Weights(mz_power=1.0, intensity_power=0.5)
    expected = (100 * 50 + 300 * 400) / math.sqrt((100**2 + 300**2) * (50**2 + 400**2))
    assert weighted_cosine(a, b, w) == pytest.approx(expected, abs=1e-12)
    assert match_factor(a, b, w) == pytest.approx(expected**2, abs=1e-12)


def test_hybrid_without_shift_is_the_match_factor():
    rng = np.random.default_rng(3)
    a, b = random_unit(rng), random_unit(rng)
    assert hybrid(a, b, 0, STEIN_SCOTT).score == pytest.approx(match_factor(a, b, STEIN_SCOTT))


def test_hybrid_finds_a_homologue_whole():
    parent = unit({91: 300, 146: 600, 189: 400, 245: 999})
    homologue = unit({91: 300, 160: 600, 203: 400, 259: 999})
    found = hybrid(homologue, parent, 14, NIST_SIMPLE)
    assert found.score == pytest.approx(1.0)
    assert found.direct_mz == (91,)
    assert found.shifted_mz == (160, 203, 259)


def test_hybrid_uses_each_peak_once():
    # The query's 100 and 114 both want the reference's 100: the larger product gets it.
    query, reference = unit({100: 100, 114: 900}), unit({100: 900})
    found = hybrid(query, reference, 14, NIST_SIMPLE)
    assert (found.direct_mz, found.shifted_mz) == ((), (114,))
    assert found.score == pytest.approx(0.9)


@pytest.mark.slow
def test_cosine_scores_agree_with_matchms():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from matchms import Spectrum as Theirs
        from matchms import set_matchms_logger_level
        from matchms.similarity import CosineGreedy, ModifiedCosineGreedy

        set_matchms_logger_level("ERROR")
        rng = np.random.default_rng(4)
        for trial in range(25):
            a, b = random_unit(rng, 40), random_unit(rng, 40)
            shift = int(rng.integers(-60, 61))
            theirs = [
                Theirs(
                    mz=s.mz.astype(float),
                    intensities=s.intensity / 999,
                    metadata={"precursor_mz": 400.0 + add, "charge": 1},
                )
                for s, add in ((b, 0), (a, shift))
            ]
            w = Weights(mz_power=0.5, intensity_power=0.5)
            options = {"tolerance": 0.1, "mz_power": 0.5, "intensity_power": 0.5}
            plain = CosineGreedy(**options).pair(*theirs)
            moved = ModifiedCosineGreedy(**options).pair(*theirs)
            assert weighted_cosine(a, b, w) == pytest.approx(float(plain["score"]), abs=1e-6), trial
            ours = math.sqrt(hybrid(a, b, shift, w).score)
            assert ours == pytest.approx(float(moved["score"]), abs=1e-6), trial
