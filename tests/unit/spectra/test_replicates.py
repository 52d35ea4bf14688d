from __future__ import annotations

import numpy as np
import pytest

from spectra.errors import GridMismatchError, SpectrumError
from spectra.replicates import by_replicates
from spectra.simulate import Band, curve

X = np.arange(800.0)


def repeats(seed, n=3, signal_to_noise=200.0):
    """One portion several times: the light changes, fluorescence fades, photons are counted."""
    rng = np.random.default_rng(seed)
    bands = [
        Band(position_cm1=p, width_cm1=rng.uniform(2, 12), height=rng.uniform(0.2, 1))
        for p in rng.uniform(20, 780, 20)
    ]
    clean = curve(bands, X) / 2
    made = []
    for number in range(n):
        background = 2.0 * 0.8**number * np.exp(-(((X - 300) / 400) ** 2))
        light = (clean + background + 0.05) * rng.uniform(0.9, 1.1)
        made.append(light + np.sqrt(light) * rng.normal(size=X.size) / signal_to_noise)
    return np.array(made), clean, rng


@pytest.mark.parametrize("n", [3, 4, 7])
@pytest.mark.parametrize("signal_to_noise", [30.0, 300.0])
def test_repeats_of_one_portion_lose_nothing(n, signal_to_noise):
    edited = sum(by_replicates(repeats(s, n, signal_to_noise)[0]).n_channels for s in range(12))
    assert edited == 0


@pytest.mark.parametrize("n", [3, 5])
def test_every_ray_is_found_and_named_with_its_acquisition(n):
    for seed in range(10):
        stack, _, rng = repeats(seed, n)
        clean = by_replicates(stack).y
        hits = {int(p): int(rng.integers(n)) for p in rng.choice(np.arange(5, 795, 9), 6, False)}
        for place, acquisition in hits.items():
            stack[acquisition, place] += rng.uniform(0.6, 5.0)
        made = by_replicates(stack)
        assert {s.first: s.acquisition for s in made.spikes} == hits
        assert np.abs(made.y - clean).max() < 0.05


def test_a_spike_as_wide_as_a_band_is_found_too():
    stack, _, _ = repeats(1)
    stack[1, 400:406] += 2.0
    (spike,) = by_replicates(stack).spikes
    assert (spike.first, spike.last, spike.acquisition) == (400, 405, 1)


def test_a_new_band_in_two_repeats_is_no_ray():
    stack, _, _ = repeats(2)
    stack[1:, 400:406] += 2.0
    assert by_replicates(stack).spikes == ()


def test_channels_missing_in_one_repeat_are_missing_in_the_mean():
    stack, _, _ = repeats(3)
    stack[2, 10:14] = np.nan
    made = by_replicates(stack)
    assert set(np.flatnonzero(np.isnan(made.y))) == {10, 11, 12, 13}


def test_without_rays_the_mean_is_the_plain_mean():
    stack, _, _ = repeats(4)
    np.testing.assert_allclose(by_replicates(stack).y, stack.mean(axis=0), rtol=1e-12)


def test_bad_input_is_refused():
    stack, _, _ = repeats(5)
    with pytest.raises(SpectrumError, match="at least 3"):
        by_replicates(stack[:2])
    with pytest.raises(GridMismatchError):
        by_replicates([stack[0], stack[1], stack[2][:-1]])
    with pytest.raises(SpectrumError, match="infinite"):
        by_replicates([stack[0], stack[1], np.full(800, np.inf)])
    with pytest.raises(SpectrumError, match="measured in every repeat"):
        by_replicates([stack[0], stack[1], np.full(800, np.nan)])
    assert by_replicates([[], [], []]).y.size == 0
