from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from spectra.chromatography import find_components
from spectra.peak_windows import non_negative
from spectra.spectrum import MassRun, MassSpectrum
from tests.unit.spectra.gcms_runs import likeness, random_spectrum

SIGMA = 3.0


def test_least_squares_agree_with_a_bounded_solver_ion_by_ion():
    rng = np.random.default_rng(3)
    t = np.arange(30.0)
    shapes = [np.exp(-0.5 * ((t - at) / SIGMA) ** 2) for at in (12.0, 15.0, 19.0)]
    design = np.stack([*shapes, np.ones(30), np.linspace(-1, 1, 30)], axis=1)
    truth = rng.normal(20, 40, (60, 5))
    data = truth @ design.T + rng.normal(0, 1, (60, 30))
    found = non_negative(design, data, 3)
    assert (found[:, :3] >= 0).all()
    low = [0, 0, 0, -np.inf, -np.inf]
    for ion in range(60):
        best = lsq_linear(design, data[ion], bounds=(low, np.inf), tol=1e-12).x
        left, least = (np.sum((data[ion] - design @ x) ** 2) for x in (found[ion], best))
        assert left <= least * (1 + 1e-6)


def pairs_run(
    spectra: list[tuple[MassSpectrum, MassSpectrum]], gap: float, ratio: float, seed: int = 5
) -> MassRun:
    """Pairs 80 scans apart; base peak of the larger 100,000 counts, ion statistics, bleed, skew."""
    rng = np.random.default_rng(seed)
    n_scans, n_mz = 80 * len(spectra) + 80, 450
    values = np.full((n_scans, n_mz), 0.3)
    values[:, 207] += np.linspace(100, 300, n_scans)
    delay = 0.9 * (np.arange(n_mz) / n_mz - 0.5)
    for at, pair in enumerate(spectra):
        apex = 60 + 80 * at + rng.random()
        for which, (each, height) in enumerate(zip(pair, (1e5, 1e5 / ratio), strict=True)):
            near = np.arange(max(int(apex) - 30, 0), int(apex) + 40)
            ions = each.mz.astype(int)
            t = near[:, None] - apex - which * gap - delay[ions]
            part = height * each.intensity / each.intensity.max() * np.exp(-0.5 * (t / SIGMA) ** 2)
            values[np.ix_(near, ions)] += part
    counts = rng.poisson(values).astype(float)
    counts[counts < 3] = 0
    scans, ions = np.nonzero(counts)
    return MassRun(
        title="pairs",
        scan_time_s=np.arange(n_scans, dtype=float),
        offsets=np.searchsorted(scans, np.arange(n_scans + 1)),
        mz=ions.astype(float),
        intensity=counts[scans, ions],
    )


@pytest.mark.parametrize(("gap", "ratio"), [(0.5, 1), (0.7, 5), (0.7, 10), (1.5, 5)])
def test_pairs_nearer_than_their_width_give_their_own_spectra(gap, ratio):
    rng = np.random.default_rng(11)
    spectra = [(random_spectrum(rng), random_spectrum(rng)) for _ in range(12)]
    run = pairs_run(spectra, gap * SIGMA, ratio)
    found = find_components(run)
    assert len(found) == 24
    larger = [max(likeness(c.spectrum, pair[0]) for c in found) for pair in spectra]
    smaller = [max(likeness(c.spectrum, pair[1]) for c in found) for pair in spectra]
    assert np.median(larger) > 0.995
    assert np.median(smaller) > 0.98
    assert min(larger) > 0.98
    assert np.quantile(smaller, 0.2) > 0.95


def test_two_that_share_most_ions_are_found_by_what_one_leaves_unexplained():
    rng = np.random.default_rng(8)
    shared = np.sort(rng.choice(np.arange(50, 300), 30, replace=False)).astype(float)
    pairs = [
        tuple(
            MassSpectrum(title="", mz=shared, intensity=np.ceil(999 * rng.beta(0.6, 2.0, 30)))
            for _ in range(2)
        )
        for _ in range(8)
    ]
    found = find_components(pairs_run(pairs, 0.7 * SIGMA, 3))
    assert len(found) == 16


def test_one_substance_is_not_taken_for_two():
    rng = np.random.default_rng(9)
    empty = MassSpectrum(title="", mz=np.array([60.0]), intensity=np.array([0.001]))
    alone = [(random_spectrum(rng), empty) for _ in range(12)]
    assert len(find_components(pairs_run(alone, 2.0, 1e6))) == 12
