"""Despiking, axis calibration and the display pipelines on real Raman and infrared exports."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from instruments import read
from spectra.axis_standards import standard
from spectra.calibrate_axis import calibrate
from spectra.despike import by_shape
from spectra.errors import LabError, SpectrumError
from spectra.spectrum import Spectrum
from spectra.standard_pipelines import STANDARD_PIPELINES
from tests.real.instrument_files import DATA, needs_data

pytestmark = pytest.mark.real

# Single-channel rays that can be seen in the file by eye, by file and spectrum: first channel.
RAYS = {
    ("spc/LabRam-1.spc", 4): {600},
    ("renishaw-wdf/renishaw_test_spectrum.wdf", 0): {13},
    ("jcamp/tannic_acid.jdx", 0): {740, 1163},
    ("princeton-spe/S0N_50x.spe", 0): {207},
}
# A portable instrument with hot pixels over a pixel axis: not a Raman spectrum yet.
_SPECTRA_OF_A_FILE = 20
NOT_RAMAN = {"2024-10-04_acetonitrile_n_n_solid_10000_0_5.csv"}


@cache
def spectra_of(folder):
    needs_data()
    found = []
    for path in sorted((DATA / folder).rglob("*")):
        if not path.is_file() or path.name in NOT_RAMAN:
            continue
        try:
            measured = read(path).spectra[:_SPECTRA_OF_A_FILE]
        except LabError:  # readers have their own tests
            continue
        for number, spectrum in enumerate(measured):
            if isinstance(spectrum, Spectrum) and np.isfinite(spectrum.y).any():
                found.append((path.relative_to(DATA / folder).as_posix(), number, spectrum))
    return tuple(found)


def one(path):
    needs_data()
    spectrum = read(DATA / path).spectra[0]
    assert isinstance(spectrum, Spectrum)
    return spectrum


def test_despiking_touches_no_band_of_any_real_raman_file():
    edited, seen = {}, 0
    for name, number, spectrum in spectra_of("raman"):
        seen += 1
        spikes = by_shape(np.where(np.isfinite(spectrum.y), spectrum.y, np.nan)).spikes
        if spikes:
            edited[name, number] = {spike.first for spike in spikes}
    assert seen >= 60
    assert edited.items() <= RAYS.items()
    assert len(edited) >= 3


def test_rays_put_into_real_raman_files_are_found():
    rng = np.random.default_rng(0)
    found = total = 0
    for _, number, spectrum in spectra_of("raman"):
        y = spectrum.y.copy()
        if number or y.size < 500 or not np.isfinite(y).all():
            continue
        height = float(np.ptp(y))
        places = rng.choice(np.arange(20, y.size - 20, 25), 5, replace=False)
        y[places] += height * rng.uniform(0.2, 1.5, 5)
        spikes = by_shape(y).spikes
        found += sum(any(s.first <= p <= s.last for s in spikes) for p in places)
        total += 5
    assert total >= 100
    assert found / total >= 0.95


@pytest.mark.parametrize(
    ("path", "name", "bands", "offset"),
    [
        ("raman/bwtek-txt/PST10_iR532_Probe_100_3000msx7.txt", "polystyrene", 11, 0.0),
        ("raman/horiba-txt/PST10_iR785_OP01_8000msx8.txt", "polystyrene", 8, 3.7),
        ("raman/portable-other/PST02_Zolix785_Probe_070_190ms.txt", "polystyrene", 7, -4.0),
        ("raman/witec-txt/PST_WiICV532_Z050OP02_075_800msx10.txt", "polystyrene", 10, 4.0),
        ("raman/omnic-spa/cylohex.spa", "cyclohexane", 11, 0.7),
        ("raman/horiba-txt/acetonitrile_473nm.txt", "acetonitrile", 4, 10.8),
        ("raman/horiba-txt/S0N10_iR785_OP02_25000msx2.txt", "silicon", 1, 3.5),
        ("raman/bwtek-txt/S0N02_iRPlus785_Z100_100_3100ms.txt", "silicon", 1, -0.1),
        ("ir/bruker-opus/ftir_ps.0", "polystyrene-film", 6, -0.3),
        ("ir/spc/Ft-ir.spc", "polystyrene-film", 7, -0.3),
    ],
)
def test_a_real_run_of_a_standard_calibrates_its_axis(path, name, bands, offset):
    known = standard(name)
    made = calibrate(one(path), known)
    assert len(made.bands) == bands
    assert made.rms_cm1 <= known.tolerance_cm1
    # How far the axis is off near 1000 cm⁻¹ (or at the only band).
    assert -made.correction(np.array([1000.0]))[0] == pytest.approx(offset, abs=1.0)


def test_no_other_real_file_passes_for_a_run_of_a_raman_standard():
    names = {
        "polystyrene": ("PST", "polystyrene"),
        "cyclohexane": ("cylohex", "RAMAN.SPC"),
        "paracetamol": ("paracetamol",),
        "acetonitrile": ("acetonitrile",),
        "silicon": ("S0N", "Si-wafer", "Witec-Map"),  # the map was taken on a wafer
    }
    passed = []
    for path, number, spectrum in spectra_of("raman"):
        if number:
            continue
        for name, own in names.items():
            if any(part in path for part in own):
                continue
            try:
                calibrate(spectrum, standard(name))
            except SpectrumError:
                continue
            passed.append((path, name))
    assert not passed


def test_every_real_curve_is_displayed_or_refused_in_words():
    shown, reasons = 0, set()
    for folder, name in (("raman", "raman-display/1"), ("ir", "ftir-atr-display/1")):
        for _, number, spectrum in spectra_of(folder):
            if not number:
                try:
                    made = STANDARD_PIPELINES[name].apply(spectrum)
                except SpectrumError as refused:
                    reasons.add(refused.message)
                    continue
                shown += 1
                assert np.nanmax(made.y) == pytest.approx(1.0)
    assert shown >= 60
    assert all(reasons)
