"""Drugs measured in two collections: the compound is found by the other collection's spectrum."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks import accuracy_ei as ei
from benchmarks import accuracy_related as related

pytestmark = [pytest.mark.real, pytest.mark.slow]

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DATA = Path(os.environ.get("FOL_REAL_DATA", _BESIDE))


@pytest.fixture(scope="module")
def spectra():
    if not DATA.is_dir():
        pytest.skip(f"no real data in {DATA}; set FOL_REAL_DATA")
    return ei.load(DATA)


@pytest.fixture(scope="module")
def fast(spectra):
    return ei.cosines(spectra, 1.3, 0.53)


@pytest.fixture(scope="module")
def ours(spectra, fast):
    return ei.ranked(spectra, fast, ei.agreed)


def test_four_measures_together_rank_better_than_nist_identity(spectra, fast, ours):
    identity = ei.ranked(spectra, fast, ei.identity)
    assert spectra.queries.size >= 1_000
    assert np.mean(ours.rank == 1) >= 0.75
    assert np.mean(ours.rank == 1) > np.mean(identity.rank == 1) + 0.01
    assert np.mean(ours.rank <= 10) >= 0.88


def test_references_of_the_same_species_are_found(spectra, ours):
    rank = ours.rank[spectra.comparable]
    assert np.mean(rank == 1) >= 0.82
    assert np.mean(rank <= 10) >= 0.96


def test_false_accepts_of_absent_drugs_are_near_alpha_and_present_ones_identified(spectra, ours):
    accepts, identified = ei.open_set(spectra, ours, 0.05)
    assert 0.02 <= accepts <= 0.08
    assert identified >= 0.53


def test_related_forms_bring_the_substance_among_the_first_ten_and_leave_the_first(
    spectra, fast, ours
):
    rank, chosen = related.ranks(related.queries(spectra, fast, ours, 0.05))
    assert np.mean(rank <= 10) >= 0.90
    assert np.mean(rank <= 3) > np.mean(ours.rank <= 3)
    assert np.array_equal(rank == 1, ours.rank == 1)
    # The halves choose much the same, and what the product uses lies between them.
    assert all(0.0 <= label <= 0.2 for label, _ in chosen)
