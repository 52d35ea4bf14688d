from __future__ import annotations

import json

import numpy as np
import pytest

from spectra import axis_record
from spectra.axis_standards import standard
from spectra.calibrate_axis import calibrate
from spectra.errors import SpectrumError
from spectra.simulate import Band, raman

RUN = raman(
    "polystyrene",
    [Band(position_cm1=b, width_cm1=8.0, height=20) for b in standard("polystyrene").bands_cm1],
    np.random.default_rng(0),
    shift_cm1=3.0,
)
MADE = calibrate(RUN, standard("polystyrene"))
DOCUMENT = json.loads(axis_record.to_json(MADE))


def test_a_calibration_survives_its_record():
    assert axis_record.from_json(axis_record.to_json(MADE)) == MADE


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "fol.axis_calibration/2"},
        {"axis": "mz"},
        {"standard": "a\nb"},
        {"standard": 5},
        {"coefficients_cm1": []},
        {"coefficients_cm1": [500.0]},
        {"coefficients_cm1": 3.0},
        {"coefficients_cm1": ["1"]},
        {"centre_cm1": None},
        {"centre_cm1": 1e9},
        {"start_cm1": 9000.0},
        {"bands": [[1.0, 2.0]]},
        {"bands": [[1.0, 2.0, True]]},
        {"bands": [[1.0, 2.0, 3.0]] * 201},
        {"note": "x"},
    ],
)
def test_a_record_with_a_fault_is_refused(changes):
    with pytest.raises(SpectrumError):
        axis_record.from_json(json.dumps(DOCUMENT | changes))


def test_a_record_without_a_key_is_refused():
    for key in DOCUMENT:
        kept = {name: value for name, value in DOCUMENT.items() if name != key}
        with pytest.raises(SpectrumError, match="without"):
            axis_record.from_json(json.dumps(kept))
