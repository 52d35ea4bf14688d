from __future__ import annotations

import numpy as np
import pytest

from spectra import quality

X = np.arange(400.0, 4000.0, 2.0)
BANDS = sum(np.exp(-((X - c) ** 2) / 150.0) for c in (700, 1100, 1450, 1720, 2950))


def noisy(level, seed=0):
    return BANDS + level * np.random.default_rng(seed).normal(size=X.size)


def checked(y, **changes):
    return quality.check(y, **({"covered": 1.0, "step_cm1": 2.0, "absorbance": True} | changes))


def test_a_clean_spectrum_passes_without_reasons():
    verdict = checked(noisy(0.01))
    assert verdict.ok
    assert verdict.reasons == ()
    assert not verdict.saturated


@pytest.mark.parametrize("level", [0.01, 0.02, 0.05])
def test_signal_to_noise_is_height_over_noise(level):
    ratio = quality.signal_to_noise(noisy(level), 2.0)
    assert ratio == pytest.approx(1.0 / level, rel=0.3)


def test_a_background_is_not_signal():
    x = np.linspace(-1, 1, X.size)
    tilted = noisy(0.02) + 300 * np.exp(-((x + 1) ** 2))
    assert quality.signal_to_noise(tilted, 2.0) == pytest.approx(50, rel=0.4)


@pytest.mark.parametrize("smoothing", [1, 3])
@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_never_passes(seed, smoothing):
    noise = np.random.default_rng(seed).normal(size=1101)
    noise = np.convolve(noise, np.ones(smoothing) / smoothing, "same")
    verdict = checked(noise, absorbance=False)
    assert not verdict.ok
    assert "signal to noise" in verdict.reasons[0]


@pytest.mark.parametrize("level", [0.0, 5.0, -2.0])
def test_a_flat_spectrum_fails_as_flat(level):
    verdict = checked(np.full(X.size, level), absorbance=False)
    assert verdict.reasons == ("flat: no band in the compared range",)


def test_little_coverage_fails():
    assert "only 10% of the compared range" in checked(noisy(0.01), covered=0.1).reasons[0]


def test_clipped_counts_fail_and_say_what_to_do():
    clipped = np.minimum(noisy(0.002), 0.6) * 65535 / 0.6
    verdict = checked(clipped, absorbance=False)
    assert verdict.saturated
    assert "shorten the exposure" in verdict.reasons[0]


def test_a_broad_band_in_whole_numbers_is_not_clipped():
    broad = np.round(200 * np.exp(-((X - 2000) ** 2) / 2e6) + 5 * BANDS)
    assert "clipped" not in " ".join(checked(broad, absorbance=False).reasons)


def test_one_cut_off_absorbance_band_is_noted_and_tolerated():
    y = noisy(0.0005)
    y[np.abs(X - 1720) < 10] = 3.0
    verdict = checked(y)
    assert verdict.ok
    assert verdict.saturated


def test_missing_tops_of_one_band_are_noted_and_tolerated():
    y = noisy(0.002)
    y[np.argsort(y)[-20:]] = np.nan
    verdict = checked(y)
    assert verdict.ok
    assert verdict.saturated


@pytest.mark.parametrize("mark", [np.nan, 6.0])
def test_much_saturation_fails(mark):
    y = noisy(0.002)
    y[200:300] = mark
    verdict = checked(y)
    assert verdict.saturated
    assert "use less sample" in " ".join(verdict.reasons)


def test_faults_of_the_reader_are_reasons():
    assert checked(noisy(0.01), faults=("two axes disagree",)).reasons == ("two axes disagree",)


def test_all_reasons_are_given_at_once():
    verdict = checked(np.zeros(X.size), covered=0.0, faults=("odd",))
    assert len(verdict.reasons) == 3


def test_nothing_measured_is_insufficient_not_an_error():
    for y in (np.array([]), np.full(50, np.nan), np.array([1.0, 2.0])):
        assert not checked(y, covered=0.0).ok


def test_an_overdue_axis_check_is_a_reason():
    def reasons(days, limit):
        return checked(noisy(0.01), age=quality.CalibrationAge(days=days, limit_days=limit)).reasons

    assert reasons(7.0, 7.0) == ()
    assert "last checked 8 days before, 7 are allowed" in reasons(8.0, 7.0)[0]
    assert "check the clocks" in reasons(-2.0, 7.0)[0]
    assert "check the clocks" in reasons(float("nan"), 7.0)[0]
    assert "never valid" in reasons(1.0, 0.0)[0]


def test_a_clipped_detector_is_seen_through_its_dark_frame():
    rng = np.random.default_rng(0)
    clipped = np.minimum(noisy(0.002), 0.6) * 60000 / 0.6 - rng.normal(100.0, 5.0, X.size)
    assert "clipped" in " ".join(checked(clipped, absorbance=False).reasons)


def test_tops_that_are_only_noise_are_saturated():
    rng = np.random.default_rng(0)
    thick = 8.0 * noisy(0.0005)
    light = np.abs(10.0**-thick + 1e-3 * rng.normal(size=X.size)) + 1e-5
    verdict = checked(-np.log10(light))
    assert verdict.saturated
    assert "use less sample" in " ".join(verdict.reasons)


def test_sharp_lines_of_a_gas_are_not_taken_for_noise():
    lines = 2.5 * sum(np.exp(-(((X - c) / 4.0) ** 2)) for c in np.arange(2600.0, 3100.0, 20.0))
    assert not checked(lines + noisy(0.002)).saturated


def test_a_cosmic_ray_on_noise_is_no_signal():
    noise = np.random.default_rng(0).normal(1000.0, 20.0, X.size)
    noise[[700, 701]] += [3000.0, 800.0]
    verdict = checked(noise, absorbance=False)
    assert not verdict.ok
    assert "signal to noise" in verdict.reasons[0]
