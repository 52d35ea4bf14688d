from __future__ import annotations

import numpy as np
import pytest

from spectra.chromatography import find_components
from spectra.errors import AxisError, SpectrumError
from spectra.ion_matrix import intensity_matrix
from spectra.ion_peaks import noise_factor, smoothed
from spectra.mass_scores import NIST_IDENTITY_FIRST, UnitSpectrum, unit_mass, weighted_cosine
from spectra.spectrum import MassRun

SCAN_S = 0.5
A = {91: 400, 105: 250, 146: 700, 189: 500, 202: 120, 245: 999, 42: 300, 77: 150}
B = {58: 999, 77: 180, 91: 120, 105: 90, 119: 300, 162: 60, 42: 100, 148: 40}
C = {182: 999, 82: 850, 94: 300, 105: 280, 303: 180, 77: 230, 198: 90, 42: 150}


def unit(peaks: dict[int, float]) -> UnitSpectrum:
    heights = np.array([peaks[m] for m in sorted(peaks)], dtype=float)
    return UnitSpectrum(mz=np.array(sorted(peaks)), intensity=heights)


def simulated(
    peaks: list[tuple[dict[int, int], float, float]],
    *,
    n_scans: int = 300,
    sigma: float = 3.0,
    skew: float = 0.0,
    seed: int = 5,
    times: np.ndarray | None = None,
) -> MassRun:
    """A run of Gaussian peaks (spectrum, apex scan, base-peak height), bleed and ion statistics."""
    rng = np.random.default_rng(seed)
    mz = np.arange(40, 320)
    scan = np.arange(n_scans)[:, None]
    delay = skew * (np.arange(mz.size) / (mz.size - 1) - 0.5)
    values = np.full((n_scans, mz.size), 2.0)
    for ion, height in ((73, 150), (207, 300), (281, 100)):
        values[:, ion - 40] += height * (1 + 0.3 * scan[:, 0] / n_scans)
    for spectrum, apex, height in peaks:
        for ion, share in spectrum.items():
            at = ion - 40
            shape = np.exp(-0.5 * ((scan[:, 0] - apex - delay[at]) / sigma) ** 2)
            values[:, at] += height * share / 999 * shape
    counts = rng.poisson(values).astype(float)
    counts[counts < 3] = 0
    present = counts > 0
    scans, columns = np.nonzero(present)
    return MassRun(
        title="run",
        scan_time_s=np.arange(n_scans) * SCAN_S if times is None else times,
        offsets=np.concatenate(([0], np.cumsum(present.sum(axis=1)))),
        mz=mz[columns].astype(float),
        intensity=counts[scans, columns],
    )


def likeness(component, truth: dict[int, int]) -> float:
    found = unit_mass(component.spectrum.mz, component.spectrum.intensity)
    return weighted_cosine(found, unit(truth), NIST_IDENTITY_FIRST)


def test_separate_peaks_are_found_with_time_spectrum_and_area():
    run = simulated([(A, 60.3, 40_000), (B, 130.7, 20_000), (C, 220.0, 5_000)])
    found = find_components(run)
    assert len(found) == 3
    for component, truth, apex in zip(found, (A, B, C), (60.3, 130.7, 220.0), strict=True):
        assert component.retention_time_s == pytest.approx(apex * SCAN_S, abs=0.1 * SCAN_S)
        assert likeness(component, truth) > 0.995
        assert component.n_scans in (7, 8)
        assert component.purity > 0.9
        assert component.spectrum.retention_time_s == component.retention_time_s
    assert sum(c.area_fraction for c in found) == pytest.approx(1.0)
    true_area = 40_000 * sum(A.values()) / 999 * 3.0 * np.sqrt(2 * np.pi) * SCAN_S
    assert found[0].area == pytest.approx(true_area, rel=0.05)


@pytest.mark.parametrize(("gap", "ratio"), [(2, 1), (2, 5), (3, 1), (5, 5)])
def test_overlapping_neighbours_give_their_own_spectra(gap, ratio):
    run = simulated([(A, 100.4, 50_000), (C, 100.4 + gap, 50_000 / ratio)])
    found = find_components(run)
    assert max(likeness(c, A) for c in found) > (0.99 if gap > 2 or ratio > 1 else 0.98)
    assert max(likeness(c, C) for c in found) > 0.98
    assert len(found) == 2


def test_what_drifts_within_a_scan_is_put_back():
    peaks = [(s, at, 30_000) for at, s in zip(range(40, 280, 30), [A, B, C] * 3, strict=False)]
    found = find_components(simulated(peaks, skew=0.9))
    assert len(found) == len(peaks)
    for component, (truth, _, _) in zip(found, peaks, strict=True):
        assert likeness(component, truth) > 0.99


def test_column_bleed_and_noise_are_no_peaks():
    assert find_components(simulated([])) == []


def test_background_is_not_in_the_spectrum():
    (found,) = find_components(simulated([(B, 150.0, 3_000)]))
    unwanted = np.isin(found.spectrum.mz, (207, 281, 73))
    assert found.spectrum.intensity[unwanted].sum() < 0.02 * found.spectrum.intensity.max()


def test_two_selected_ions_are_enough_in_a_run_of_two():
    run = simulated([({100: 999, 150: 500}, 100.0, 20_000)])
    keep = np.isin(run.mz, (100, 150))
    counts = np.add.reduceat(np.append(keep, False), run.offsets[:-1])
    chosen = MassRun(
        title="sim",
        scan_time_s=run.scan_time_s,
        offsets=np.concatenate(([0], np.cumsum(counts))),
        mz=run.mz[keep],
        intensity=run.intensity[keep],
    )
    (found,) = find_components(chosen)
    assert found.spectrum.mz.tolist() == [100.0, 150.0]


def small_run(n_scans: int, peaks_per_scan: int = 0, **changes) -> MassRun:
    n = n_scans * peaks_per_scan
    fields = {
        "title": "r",
        "scan_time_s": np.arange(n_scans, dtype=float),
        "offsets": np.arange(n_scans + 1) * peaks_per_scan,
        "mz": np.tile(np.arange(50.0, 50.0 + peaks_per_scan), n_scans),
        "intensity": np.ones(n),
    }
    return MassRun(**{**fields, **changes})


@pytest.mark.parametrize(
    "run",
    [
        small_run(0),
        small_run(1, 5),
        small_run(6, 5),
        small_run(100),
        small_run(100, 5),
        small_run(100, 5, intensity=np.zeros(500)),
        small_run(100, 5, mz=np.full(500, 5000.0)),
        small_run(100, 5, scan_time_s=np.zeros(100)),
    ],
)
def test_runs_without_a_peak_give_no_components(run):
    assert find_components(run) == []


def test_a_run_that_cannot_be_is_refused():
    with pytest.raises(AxisError, match="do not rise"):
        find_components(small_run(10, 2, scan_time_s=np.arange(10.0)[::-1]))
    with pytest.raises(AxisError, match="do not rise"):
        find_components(small_run(10, 2, scan_time_s=np.full(10, np.nan)))
    with pytest.raises(SpectrumError, match="not a number"):
        find_components(small_run(10, 2, intensity=np.full(20, np.inf)))
    with pytest.raises(SpectrumError, match="no reading of a detector"):
        find_components(small_run(10, 2, intensity=np.full(20, 1e16)))


def test_a_matrix_beyond_the_limit_is_refused_before_it_is_made():
    run = small_run(100_000, 2, mz=np.tile([1.0, 999.0], 100_000))
    with pytest.raises(SpectrumError, match="cells"):
        intensity_matrix(run)


def test_the_matrix_adds_what_falls_on_one_mass():
    run = small_run(2, 3, mz=np.array([50.0, 50.4, 52.0] * 2), intensity=np.arange(1.0, 7.0))
    matrix = intensity_matrix(run)
    assert matrix.mz.tolist() == [50, 51, 52]
    assert matrix.values.tolist() == [[3, 9], [0, 0], [3, 6]]


def test_smoothing_keeps_parabolas_and_the_noise_factor_is_that_of_ion_statistics():
    t = np.arange(40, dtype=np.float32)
    parabola = (100 + 4 * t - 0.05 * t**2)[None].astype(np.float32)
    np.testing.assert_allclose(smoothed(parabola)[:, 2:-2], parabola[:, 2:-2], rtol=1e-5)
    counts = np.random.default_rng(1).poisson(400, (40, 1300)).astype(np.float32)
    assert noise_factor(counts) == pytest.approx(1.0, rel=0.1)
    assert noise_factor(counts * 9) == pytest.approx(3.0, rel=0.1)
