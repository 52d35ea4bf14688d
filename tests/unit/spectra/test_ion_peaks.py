from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spectra.ion_peaks import find_apexes, noise_factor, opened, smoothed


@pytest.mark.parametrize("size", [3, 7, 64, 151, 1001])
def test_the_lower_envelope_is_the_morphological_opening(size):
    values = np.random.default_rng(1).random((5, 400)).astype(np.float32)
    width = min(size | 1, 401)
    low = ndimage.minimum_filter1d(values, width, axis=1, mode="nearest")
    expected = ndimage.maximum_filter1d(low, width, axis=1, mode="nearest")
    np.testing.assert_array_equal(opened(values, size), expected)


def brute_apexes(values, noise, baseline_scans, least):
    """One ion and one scan after the other, as the method is described."""
    smooth = smoothed(values)
    size = baseline_scans | 1
    low = ndimage.minimum_filter1d(smooth, size, axis=1, mode="nearest")
    envelope = ndimage.maximum_filter1d(low, size, axis=1, mode="nearest")
    signal = smooth - np.minimum(envelope, smooth)
    found = []
    for row in range(values.shape[0]):
        for scan in range(2, values.shape[1] - 2):
            near = signal[row, max(scan - 3, 0) : scan + 4]
            top = signal[row, scan]
            spread = noise * np.sqrt(smooth[row, scan])
            if top < near.max() or top <= least * spread or signal[row, scan - 1] == top:
                continue
            edge = max(
                signal[row, max(scan - 3, 0)], signal[row, min(scan + 3, values.shape[1] - 1)]
            )
            if top - edge > 2 * spread:
                found.append((row, scan))
    return found


def test_apexes_are_those_of_the_plain_description():
    rng = np.random.default_rng(4)
    scan = np.arange(500)
    values = rng.poisson(40, (12, 500)).astype(np.float32)
    for row in range(12):
        for apex in rng.uniform(20, 480, 4):
            values[row] += rng.uniform(50, 900) * np.exp(-0.5 * ((scan - apex) / 3) ** 2)
    values[7:] *= values[7:] > 60
    baseline, apexes = find_apexes(values, noise=1.0, baseline_scans=101, min_signal_to_noise=6.0)
    found = {
        (int(row), round(float(at))) for row, at in zip(apexes.row, apexes.position, strict=True)
    }
    expected = brute_apexes(values, 1.0, 101, 6.0)
    assert len(expected) > 30
    assert len(found) == len(expected)
    for row, at in expected:
        assert any(r == row and abs(p - at) <= 1 for r, p in found)
    assert (baseline >= 0).all()
    assert (np.diff(apexes.position) >= 0).all()


def test_a_parabola_places_an_apex_between_scans():
    scan = np.arange(60)
    values = (9000 - 90 * (scan - 30.3) ** 2).clip(0)[None].astype(np.float32)
    _, apexes = find_apexes(values, noise=1.0, baseline_scans=59, min_signal_to_noise=6.0)
    assert apexes.position == pytest.approx([30.3], abs=0.01)


@pytest.mark.parametrize("shape", [(0, 100), (3, 0), (3, 1), (3, 6)])
def test_next_to_nothing_has_no_apex(shape):
    values = np.ones(shape, dtype=np.float32)
    assert noise_factor(values) > 0
    _, apexes = find_apexes(values, noise=1.0, baseline_scans=31, min_signal_to_noise=6.0)
    assert apexes.position.size == 0
