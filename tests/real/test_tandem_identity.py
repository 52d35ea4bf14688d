"""Drugs measured by two contributors: the compound is found by the other one's MS/MS spectrum."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks import accuracy_msms as msms

pytestmark = [pytest.mark.real, pytest.mark.slow]

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DATA = Path(os.environ.get("FOL_REAL_DATA", _BESIDE))


@pytest.fixture(scope="module")
def spectra():
    if not DATA.is_dir():
        pytest.skip(f"no real data in {DATA}; set FOL_REAL_DATA")
    return msms.load(DATA)


@pytest.fixture(scope="module")
def made(spectra):
    return msms.ranked(spectra)


def test_the_compound_is_first_among_those_of_its_precursor(spectra, made):
    assert spectra.queries.size >= 1_500
    assert np.mean(made.rank == 1) >= 0.89
    assert np.mean(made.rank <= 10) >= 0.99
    several = made.competed > 1
    assert np.mean(made.rank[several] == 1) >= 0.76


def test_absent_formulas_are_rarely_named_and_half_of_the_present_ones_are(spectra, made):
    accepts, identified, asked = msms.open_set(spectra, made, 0.05)
    assert asked >= 500
    assert accepts <= 0.05
    assert identified >= 0.48
