from __future__ import annotations

import numpy as np
import pytest

from spectra import baseline
from spectra.errors import SpectrumError

N = 400


def a_run(seed=0, n=N):
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, n)
    background = 2.0 * np.exp(-(((x - 0.4) / 0.5) ** 2))
    bands = sum(
        rng.uniform(0.3, 1) * np.exp(-(((x - c) / 0.007) ** 2)) for c in rng.uniform(0, 1, 15)
    )
    return background + bands + 0.01 * rng.normal(size=n), background


def dense_arpls(y, lam, tolerance=1e-3, most=51):
    """The published formulas with dense matrices (Baek 2015, equations 9 to 11)."""
    second = np.diff(np.eye(y.size), 2, axis=0)
    weights = np.ones(y.size)
    for _ in range(most):
        fit = np.linalg.solve(np.diag(weights) + lam * second.T @ second, weights * y)
        left = y - fit
        below = left[left < 0]
        mean, deviation = below.mean(), below.std(ddof=1)
        asked = 1 / (1 + np.exp(2 * (left - (2 * deviation - mean)) / deviation))
        if np.linalg.norm(weights - asked) / np.linalg.norm(weights) < tolerance:
            return fit
        weights = asked
    return fit


def plain_snip(y, half_window):
    """Point by point, with the curve continued by point reflection."""
    before = [2 * y[0] - y[i] for i in range(half_window, 0, -1)]
    after = [2 * y[-1] - y[y.size - 1 - i] for i in range(1, half_window + 1)]
    old = np.concatenate((before, y, after))
    for half in range(half_window, 0, -1):
        new = old.copy()
        for i in range(half, old.size - half):
            new[i] = min(old[i], (old[i - half] + old[i + half]) / 2)
        old = new
    return old[half_window : half_window + y.size]


@pytest.mark.parametrize("lam", [1e2, 1e5, 1e7])
def test_arpls_is_that_of_the_published_formulas(lam):
    y, _ = a_run(n=160)
    made = baseline.arpls(y, lam)
    np.testing.assert_allclose(made.y, dense_arpls(y, lam), atol=1e-6)
    assert made.settled


@pytest.mark.parametrize("lam", [1e2, 1e5, 1e7])
def test_the_compiled_arpls_and_the_banded_one_agree(lam, monkeypatch):
    y, _ = a_run(1)
    y[150:170] = np.nan
    compiled = baseline.arpls(y, lam)
    monkeypatch.setattr(baseline, "_compiled_arpls", lambda: None)
    banded = baseline.arpls(y, lam)
    np.testing.assert_allclose(compiled.y, banded.y, atol=1e-6)
    assert compiled.iterations == banded.iterations


def test_the_compiled_snip_and_the_numpy_one_agree_to_the_last_bit(monkeypatch):
    y, _ = a_run(2)
    compiled = baseline.snip(y, 30)
    monkeypatch.setattr(baseline, "_compiled_snip", lambda: None)
    np.testing.assert_array_equal(compiled, baseline.snip(y, 30))


@pytest.mark.parametrize("half_window", [1, 7, 40])
def test_snip_is_that_of_a_plain_loop(half_window):
    y, _ = a_run(3, 200)
    made = baseline.snip(y, half_window, counts=False)
    np.testing.assert_allclose(made, plain_snip(y, half_window), atol=1e-12)


def test_both_agree_with_an_independent_package():
    pybaselines = pytest.importorskip("pybaselines")
    y, _ = a_run(4)
    other = pybaselines.Baseline(x_data=np.arange(y.size))
    theirs, _ = other.arpls(y, lam=1e5)
    np.testing.assert_allclose(baseline.arpls(y, 1e5).y, theirs, atol=1e-6)
    clipped, _ = other.snip(
        y,
        max_half_window=25,
        decreasing=True,
        pad_kwargs={"mode": "reflect", "reflect_type": "odd"},
    )
    np.testing.assert_allclose(baseline.snip(y, 25, counts=False), clipped, atol=1e-12)


def test_the_background_is_found_under_the_bands():
    y, background = a_run(5)
    made = baseline.arpls(y, 1e6).y
    assert np.sqrt(np.mean((made - background) ** 2)) < 0.03


def test_snip_of_counts_never_lies_above_the_curve():
    y = np.random.default_rng(0).poisson(1000 * a_run(6)[0].clip(0.01))
    assert (baseline.snip(y, 30) <= y + 1e-6 * y.max()).all()


def test_the_period_keeps_its_meaning_on_another_grid():
    x = np.arange(0, 3000.0, 1.0)
    y = np.exp(-(((x - 900) / 10) ** 2)) + 2 * np.exp(-(((x - 1000) / 900) ** 2))
    fine = baseline.arpls(y, baseline.smoothness(600, 1.0)).y
    coarse = baseline.arpls(y[::4], baseline.smoothness(600, 4.0)).y
    assert np.abs(fine[::4] - coarse).max() < 0.02


def test_a_wave_of_the_period_is_followed_by_half():
    n, period = 20_000, 200
    wave = np.sin(2 * np.pi * np.arange(n) / period)
    lam = baseline.smoothness(float(period), 1.0)
    fit = baseline._scipy_arpls(wave, np.ones(n), lam, 0.5, 1)[0]
    middle = slice(5000, 15000)
    assert fit[middle].max() == pytest.approx(0.5, abs=0.01)


def test_a_gap_carries_no_weight():
    y, background = a_run(7)
    spoilt = y.copy()
    spoilt[200:230] = np.nan
    made = baseline.arpls(spoilt, 3e4).y
    assert np.isnan(made[200:230]).all()
    assert np.abs(made - background)[np.isfinite(made)].max() < 0.1


def test_the_result_does_not_depend_on_the_unit():
    y, _ = a_run(8)
    np.testing.assert_array_equal(
        baseline.arpls(y * 2.0**40, 1e5).y, baseline.arpls(y, 1e5).y * 2.0**40
    )
    np.testing.assert_array_equal(
        baseline.snip(y * 2.0**-70, 20, counts=False), baseline.snip(y, 20, counts=False) * 2.0**-70
    )


@pytest.mark.parametrize(
    ("y", "lam"),
    [
        ([], 1e5),
        ([1.0, 2.0, 3.0], 1e5),
        (np.ones((3, 9)), 1e5),
        (np.r_[np.inf, np.ones(50)], 1e5),
        (np.ones(50), 0.0),
        (np.ones(50), np.nan),
        (np.ones(50), 1e20),
    ],
)
def test_what_has_no_baseline_is_refused(y, lam):
    with pytest.raises(SpectrumError):
        baseline.arpls(y, lam)


def test_lengths_that_are_none_are_refused():
    for period, step in ((0.0, 2.0), (500.0, 0.0), (np.inf, 1.0), (1e9, 1.0), (np.nan, 1.0)):
        with pytest.raises(SpectrumError):
            baseline.smoothness(period, step)
    with pytest.raises(SpectrumError):
        baseline.snip(np.ones(50), 0)
