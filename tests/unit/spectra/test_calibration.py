from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from spectra.calibration import (
    Calibration,
    calibrate,
    calibrate_curves,
    calibrate_peaks,
    needed_queries,
)
from spectra.consensus import consensus, unit_row
from spectra.contrast import statistic
from spectra.curve_index import CurveIndex
from spectra.errors import SpectrumError
from spectra.grid import Grid
from spectra.likelihood import fit


@pytest.mark.parametrize(
    ("n", "alpha", "place"), [(19, 0.05, 19), (99, 0.05, 95), (99, 0.01, 99), (200, 0.1, 181)]
)
def test_threshold_is_the_conformal_order_statistic(n, alpha, place):
    values = np.random.default_rng(n).permutation(np.arange(1.0, n + 1))
    made = calibrate(values, alpha)
    assert made.threshold == place
    assert made.n == n


@pytest.mark.parametrize(("n", "alpha"), [(0, 0.05), (18, 0.05), (98, 0.01)])
def test_too_few_queries_give_no_threshold(n, alpha):
    made = calibrate(np.arange(float(n)), alpha)
    assert made.threshold is None
    assert not made.sufficient
    assert needed_queries(alpha) > n


def test_needed_queries_suffice():
    for alpha in (0.01, 0.05, 0.1, 0.2, 0.5):
        n = needed_queries(alpha)
        assert calibrate(np.arange(float(n)), alpha).sufficient


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, float("nan")])
def test_alpha_is_a_share(alpha):
    with pytest.raises(SpectrumError):
        calibrate([1.0], alpha)


def test_false_accepts_of_new_absent_substances_stay_at_alpha():
    rng = np.random.default_rng(4)
    rates = [
        np.mean(rng.gumbel(size=400) > calibrate(rng.gumbel(size=200), 0.05).threshold)
        for _ in range(200)
    ]
    assert np.mean(rates) == pytest.approx(0.05, abs=0.006)


def test_a_calibration_survives_storage():
    plain = calibrate(np.arange(30.0), metric="m", pretreatment="p/1")
    learned = replace(plain, likelihood=fit(np.arange(40.0) + 20, np.arange(40.0)))
    assert learned.likelihood is not None
    for made in (plain, learned):
        assert Calibration.from_facts(json.loads(json.dumps(made.to_facts()))) == made


@pytest.mark.parametrize(
    "damage", [{"n": "many"}, {"threshold": True}, {"alpha": None}, {"likelihood": 3}]
)
def test_a_damaged_calibration_is_refused(damage):
    facts = calibrate(np.arange(30.0)).to_facts()
    with pytest.raises(SpectrumError):
        Calibration.from_facts(facts | damage)
    with pytest.raises(SpectrumError):
        Calibration.from_facts({})


def test_curve_libraries_calibrate_on_one_row_per_substance():
    grid = Grid(start_cm1=400.0, stop_cm1=1000.0, step_cm1=2.0)
    rng = np.random.default_rng(2)
    centres = rng.uniform(400, 1000, (30, 6, 1))
    curves = np.exp(-(((grid.x - centres) / 12) ** 2)).sum(axis=1)
    groups = np.repeat(np.arange(30), 2)
    index = CurveIndex.build(np.repeat(curves, 2, axis=0), grid)
    made = calibrate_curves(index, groups)
    assert made.n == 30
    assert made.threshold is not None
    assert made.threshold < statistic(0.999, [0.3] * 10)
    assert calibrate_curves(index, groups, most_queries=21).n == 21


def test_mass_spectral_libraries_calibrate_alike():
    from spectra.peak_index import PeakIndex

    rng = np.random.default_rng(3)
    spectra = [
        (np.sort(rng.choice(np.arange(40.0, 300.0), 20, replace=False)), rng.uniform(1, 999, 20))
        for _ in range(25)
    ]
    index = PeakIndex.build(spectra)
    made = calibrate_peaks(index, spectra, np.arange(25))
    assert made.n == 25
    assert made.metric == "consensus of four"
    own = consensus(unit_row(spectra[0]), index.intensities(np.arange(25))).score
    assert made.threshold < statistic(own[0], np.delete(own, 0))
