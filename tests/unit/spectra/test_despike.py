from __future__ import annotations

import numpy as np
import pytest

from spectra.despike import MAX_WIDTH_POINTS, by_shape, width_for
from spectra.errors import SpectrumError
from spectra.simulate import Band, curve

X = np.arange(1000.0)


def a_measurement(seed, widths, signal_to_noise=200.0):
    """Twenty bands with photon noise, in channels."""
    rng = np.random.default_rng(seed)
    bands = [
        Band(
            position_cm1=place,
            width_cm1=rng.uniform(*widths),
            height=rng.uniform(0.2, 1),
            lorentz=rng.uniform(0, 1),
        )
        for place in rng.uniform(20, 980, 20)
    ]
    clean = curve(bands, X)
    clean = clean / clean.max() + 0.5 * np.exp(-(((X - 400) / 500) ** 2))
    return clean + np.sqrt(clean) * rng.normal(size=X.size) / signal_to_noise, rng


def struck(y, rng, n=4):
    places = rng.choice(np.arange(10, 990, 20), n, replace=False)
    spoilt = y.copy()
    for place in places:
        height = rng.uniform(0.3, 2.0)
        spoilt[place] += height
        if rng.random() < 0.4:  # the ray went on into the next channel
            spoilt[place + 1] += height * rng.uniform(0.1, 0.9)
    return spoilt, places


@pytest.mark.parametrize("signal_to_noise", [20.0, 200.0, 2000.0])
def test_no_band_of_a_spectrograph_is_touched(signal_to_noise):
    edited = [
        by_shape(a_measurement(s, (2.5, 12.0), signal_to_noise)[0]).n_channels for s in range(25)
    ]
    assert sum(edited) == 0


@pytest.mark.parametrize(("widths", "share"), [((6.0, 12.0), 0.93), ((2.5, 4.0), 0.85)])
def test_most_spikes_are_found(widths, share):
    found = total = 0
    for seed in range(25):
        y, rng = a_measurement(seed, widths)
        spoilt, places = struck(y, rng)
        spikes = by_shape(spoilt).spikes
        found += sum(any(s.first <= p <= s.last for s in spikes) for p in places)
        total += len(places)
    assert found / total >= share


def test_a_struck_channel_becomes_what_lies_beside_it():
    y = np.linspace(5.0, 9.0, 101) + 1e-3 * np.random.default_rng(0).normal(size=101)
    spoilt = y.copy()
    spoilt[40] += 50.0
    made = by_shape(spoilt)
    np.testing.assert_allclose(made.y, y, atol=0.01)
    (spike,) = made.spikes
    assert (spike.first, spike.last) == (40, 40)
    assert spike.height == pytest.approx(50.0, abs=0.1)


def test_channels_that_are_not_edited_keep_their_bits():
    y, rng = a_measurement(3, (6.0, 12.0))
    spoilt, _ = struck(y, rng)
    made = by_shape(spoilt)
    edited = np.zeros(y.size, dtype=bool)
    for spike in made.spikes:
        edited[spike.first : spike.last + 1] = True
    assert edited.any()
    np.testing.assert_array_equal(made.y[~edited], spoilt[~edited])


@pytest.mark.parametrize("width", [1.75, 2.0, 2.5, 3.0])
@pytest.mark.parametrize("offset", [0.0, 0.25, 0.5])
def test_a_band_as_narrow_as_the_slit_allows_stays(width, offset):
    for lorentz in (0.0, 1.0):
        band = Band(position_cm1=500 + offset, width_cm1=width, height=1.0, lorentz=lorentz)
        y = curve([band], X) + 1e-4 * np.random.default_rng(0).normal(size=X.size)
        assert by_shape(y).spikes == ()


def test_a_wider_limit_takes_narrow_bands_so_the_default_must_not_be_wider():
    band = Band(position_cm1=500.0, width_cm1=2.4, height=1.0, lorentz=0.0)
    y = curve([band], X) + 1e-4 * np.random.default_rng(0).normal(size=X.size)
    assert by_shape(y, max_width_points=2.6).spikes
    assert not by_shape(y, max_width_points=MAX_WIDTH_POINTS).spikes


@pytest.mark.parametrize("photons", [0.05, 0.3, 2.0, 20.0])
def test_single_photons_of_a_dim_spectrum_are_no_rays(photons):
    rng = np.random.default_rng(0)
    edited = sum(by_shape(rng.poisson(photons, 1000)).n_channels for _ in range(20))
    assert edited == 0


def test_coarse_rounding_is_no_ray():
    y, _ = a_measurement(1, (6.0, 12.0), 2000.0)
    for digits in (1, 2, 3):
        assert by_shape(np.round(y, digits)).spikes == ()


def test_a_dip_is_no_cosmic_ray():
    y = np.full(200, 10.0) + 0.01 * np.random.default_rng(1).normal(size=200)
    y[90] = 2.0
    assert by_shape(y).spikes == ()


def test_the_ends_and_the_neighbours_of_gaps_are_left_alone():
    y = 0.01 * np.random.default_rng(2).normal(size=60)
    y[[0, 59, 30]] = 9.0
    y[31] = np.nan
    np.testing.assert_array_equal(by_shape(y).y, y)


def test_the_widest_spike_follows_a_known_resolution():
    assert width_for(8.0, 1.0) == pytest.approx(3.6)
    assert width_for(1.0, 2.0) == 1.2
    with pytest.raises(SpectrumError):
        width_for(0.0, 1.0)


@pytest.mark.parametrize(
    ("y", "changes"),
    [
        (np.ones((2, 9)), {}),
        ([1.0, np.inf, 1.0], {}),
        (np.ones(9), {"max_width_points": 0.0}),
        (np.ones(9), {"max_width_points": 20.0}),
        (np.ones(9), {"min_prominence": np.nan}),
    ],
)
def test_bad_input_is_refused(y, changes):
    with pytest.raises(SpectrumError):
        by_shape(y, **changes)


def test_nothing_to_do_is_no_error():
    for y in ([], [1.0], [np.nan] * 20, [3.0] * 20):
        assert by_shape(y).spikes == ()
