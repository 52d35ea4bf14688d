from __future__ import annotations

import subprocess
import sys

import pytest

import spectra.search


def test_the_public_names_are_the_classes_of_their_homes():
    from spectra.curve_index import CurveIndex
    from spectra.curve_rescore import Hits
    from spectra.peak_index import PeakHits, PeakIndex
    from spectra.peak_tandem import TandemHits, TandemIndex
    from spectra.peak_tandem_clean import Tolerance

    found = [getattr(spectra.search, name) for name in spectra.search.__all__]
    assert found == [CurveIndex, Hits, PeakHits, PeakIndex, TandemHits, TandemIndex, Tolerance]
    with pytest.raises(AttributeError):
        _ = spectra.search.Nothing


def test_a_curve_search_of_a_small_library_imports_nothing_heavy():
    code = """
import sys
import numpy as np
from spectra.search import CurveIndex
x = np.arange(400.0, 800.0, 2.0)
curves = np.random.default_rng(0).normal(size=(5, x.size)).cumsum(axis=1)
assert CurveIndex.build(curves, x).search(curves[3], 1).rows[0] == 3
heavy = {"numba", "matchms", "scipy", "matplotlib", "rdkit"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_mass_search_of_a_small_library_imports_nothing_heavy():
    code = """
import sys
from spectra.search import PeakIndex, TandemIndex
rows = [([50.0, 77.0], [1.0, 9.0]), ([51.0, 77.0, 105.0], [2.0, 5.0, 9.0])]
for index in (PeakIndex.build(rows, [100.0, 120.0]), TandemIndex.build(rows)):
    assert index.search(rows[1], 1).rows[0] == 1
for score in ("entropy", "identity", "simple"):
    assert PeakIndex.build(rows).search(rows[1], 1, score).rows[0] == 1
heavy = {"numba", "matchms", "scipy", "matplotlib", "rdkit", "ms_entropy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
