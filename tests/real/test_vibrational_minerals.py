"""Infrared spectra of minerals (RRUFF): another specimen of the same mineral must be found."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks import accuracy_ftir as ftir

pytestmark = [pytest.mark.real, pytest.mark.slow]

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DATA = Path(os.environ.get("FOL_REAL_DATA", _BESIDE))


@pytest.fixture(scope="module")
def data():
    if not DATA.is_dir():
        pytest.skip(f"no real data in {DATA}; set FOL_REAL_DATA")
    return ftir.load(DATA)


@pytest.fixture(scope="module")
def index(data):
    return ftir.build(data)


def test_another_specimen_is_found_clean_and_with_a_tall_baseline(data, index):
    tilted = data.curves + ftir.baselines(data.curves)
    clean = data.correct(index.scores(data.curves))
    with_baseline = np.mean(data.correct(index.scores(tilted)))
    plain = np.mean(data.correct(ftir.plain_correlation(data.curves, data.curves)))
    plain_with_baseline = np.mean(data.correct(ftir.plain_correlation(tilted, data.curves)))
    assert clean.size >= 200
    assert np.mean(clean) >= 0.81
    assert with_baseline >= 0.79
    assert np.mean(clean) > plain + 0.05
    assert with_baseline > plain_with_baseline + 0.6


@pytest.mark.parametrize(("spikes", "least"), [(False, 0.79), (True, 0.77)])
def test_another_specimen_is_found_in_a_worn_spectrum(data, index, spikes, least):
    worn = ftir.worn(data.curves, spikes=spikes)
    assert np.mean(data.correct(index.scores(worn))) >= least


def test_search_agrees_with_the_score_matrix(data, index):
    scores = index.scores(data.curves[:40])
    for number, hits in enumerate(index.search_many(data.curves[:40], 10)):
        assert hits.rows[0] == number
        assert hits.scores == pytest.approx(np.sort(scores[number])[::-1][:10], abs=1e-4)


def test_false_accepts_of_absent_minerals_are_near_alpha_and_known_ones_are_identified(data, index):
    made = ftir.open_set(data, index)
    assert 0.02 <= made.false_accepts <= 0.08
    assert made.identified >= 0.56
    assert made.cost <= 0.5
    assert made.misleading <= 0.01


@pytest.mark.parametrize(("shares", "least"), [((0.8, 0.2), 0.88), ((0.5, 0.3, 0.2), 0.78)])
def test_all_minerals_of_a_mixture_are_named(data, index, shares, least):
    assert ftir.mixtures_named(data, index, shares) >= least


def test_absent_minerals_are_not_called_mixtures(data, index):
    assert ftir.absent_called_mixture(data, index) <= 0.05
