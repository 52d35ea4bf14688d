"""The training library's mass spectra, written from published facts, against measured ones."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from libraries import training
from spectra.axis import FloatArray
from spectra.spectrum import MassSpectrum, Technique
from tests.real.mass_data import records

pytestmark = pytest.mark.real

_FILES = ("ei_swgdrug_dev.msp", "ei_nist_fentanyl_dev.msp", "ei_massbank_drugs_dev.msp")
_HEAVIEST = 700


def _weighted(mz: FloatArray, intensity: FloatArray, first: int) -> FloatArray:
    """Return √intensity times m/z on nominal masses, length 1."""
    unit = np.rint(mz).astype(int)
    inside = (unit >= first) & (unit < _HEAVIEST)
    heights = np.bincount(unit[inside], intensity[inside], minlength=_HEAVIEST)
    weighted = np.sqrt(heights) * np.arange(_HEAVIEST)
    return np.asarray(weighted / np.linalg.norm(weighted), dtype=np.float64)


def _likeness() -> dict[str, float]:
    measured = defaultdict(list)
    for name in _FILES:
        for record in records(name):
            measured[record.fields.get("InChIKey", "")[:14]].append(record)
    found: dict[str, float] = {}
    for entry in training.entries(Technique.MS):
        own = entry.measurement
        assert isinstance(own, MassSpectrum)
        for record in measured[entry.inchikey[:14]]:
            # Records that start late are derivatives filed under the parent's name.
            if record.mz.min() > 60:
                continue
            first = max(40, round(float(record.mz.min())))
            score = _weighted(own.mz, own.intensity, first) @ _weighted(*record.peaks, first)
            found[entry.name] = max(found.get(entry.name, 0.0), float(score))
    return found


def test_most_training_spectra_look_like_measured_ones() -> None:
    scores = _likeness()
    assert len(scores) >= 150
    values = np.array(list(scores.values()))
    poor = {name: round(score, 2) for name, score in scores.items() if score < 0.7}
    assert (values >= 0.7).mean() >= 0.95, poor
    assert np.median(values) >= 0.85
    assert values.min() >= 0.5, poor
