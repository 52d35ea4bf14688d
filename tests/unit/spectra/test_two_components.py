from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import nnls

from spectra.mass_scores import UnitSpectrum
from spectra.two_components import best_pair


def a_spectrum(seed: int, n: int = 12) -> UnitSpectrum:
    rng = np.random.default_rng(seed)
    mz = np.sort(rng.choice(np.arange(40, 320), n, replace=False)).astype(np.int64)
    return UnitSpectrum(mz=mz, intensity=rng.uniform(20, 999, n))


def mixed(first: UnitSpectrum, second: UnitSpectrum, share: float) -> UnitSpectrum:
    dense = np.zeros(1001)
    dense[first.mz] += share * first.intensity / first.intensity.sum()
    dense[second.mz] += (1 - share) * second.intensity / second.intensity.sum()
    mz = np.flatnonzero(dense)
    return UnitSpectrum(mz=mz.astype(np.int64), intensity=dense[mz] * 999 / dense.max())


REFERENCES = [a_spectrum(seed) for seed in range(9)]


def weighted(spectrum: UnitSpectrum) -> np.ndarray:
    dense = np.zeros(1001)
    dense[spectrum.mz] = spectrum.intensity * np.sqrt(spectrum.mz)
    return dense


def test_the_two_parts_of_a_mixture_are_found_and_explain_all_of_it():
    found = best_pair(mixed(REFERENCES[2], REFERENCES[6], 0.7), REFERENCES)
    assert found is not None
    assert found.rows == (2, 6)
    assert found.explained == pytest.approx(1.0)
    assert found.alone < 0.95
    # Of the signal weighted by mass, so only near the seven tenths that went in.
    assert found.shares[0] == pytest.approx(0.7, abs=0.1)


def test_the_best_pair_is_that_of_a_slow_fit_of_every_pair():
    query = a_spectrum(100, 40)
    target = weighted(query)
    slow = {
        pair: 1 - nnls(np.stack([weighted(REFERENCES[at]) for at in pair], 1), target)[1] ** 2
        / (target @ target)
        for pair in itertools.combinations(range(len(REFERENCES)), 2)
    }  # fmt: skip
    found = best_pair(query, REFERENCES)
    assert found is not None
    assert found.explained == pytest.approx(max(slow.values()), abs=1e-9)


@pytest.mark.parametrize("references", [[], [REFERENCES[0]]])
def test_two_references_are_needed(references):
    assert best_pair(REFERENCES[0], references) is None


def test_a_second_that_adds_nothing_has_no_share():
    found = best_pair(REFERENCES[0], [REFERENCES[0], REFERENCES[0]])
    assert found is not None
    assert found.shares == (1.0, 0.0)
    assert found.explained == found.alone == pytest.approx(1.0)
