"""Real infrared and Raman exports through reader and preparation: judged or refused, in words."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from instruments import read
from spectra.errors import NotComparableError
from spectra.prepare import vibrational
from spectra.spectrum import Spectrum, Technique

pytestmark = pytest.mark.real

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DATA = Path(os.environ.get("FOL_REAL_DATA", _BESIDE)) / "instruments"


def prepared(path, technique):
    if not DATA.is_dir():
        pytest.skip(f"no real data in {DATA}; set FOL_REAL_DATA")
    spectrum = read(DATA / path).spectra[0]
    assert isinstance(spectrum, Spectrum)
    return vibrational(spectrum, technique)


@pytest.mark.parametrize(
    ("path", "points"),
    [
        ("ir/jcamp/PE1800.DX", 1565),
        ("ir/jcamp/toluene.jdx", 1500),
        ("ir/jcamp/isopropanol_ASDF.jdx", 1700),
        ("ir/jcamp/SPECFILE.DX", 1715),
        ("ir/spc/BENZENE.SPC", 1690),
        ("ir/spc/TOLUENE.SPC", 1500),
        ("ir/bruker-dpt/peach_juice.dpt", 1600),
        ("ir/perkinelmer-sp/single_PE_spectrum.sp", 1500),
    ],
)
def test_good_infrared_files_are_fit_for_a_search(path, points):
    made = prepared(path, Technique.FTIR)
    assert made.quality.ok, made.quality.reasons
    assert made.covered.sum() >= points
    assert np.isfinite(made.y[made.covered]).all()


@pytest.mark.parametrize(
    ("path", "points"),
    [
        ("raman/spc/RAMAN.SPC", 1101),
        ("raman/spc/PST_Reflex532_Z050_010_10000msx2.spc", 1101),
        ("raman/spc/PST10_iR532_Probe_100_3000msx7.spc", 1101),
        ("raman/jcamp/tannic_acid.jdx", 1101),
    ],
)
def test_good_raman_files_are_fit_for_a_search(path, points):
    made = prepared(path, Technique.RAMAN)
    assert made.quality.ok, made.quality.reasons
    assert made.covered.sum() >= points


def test_saturated_transmittance_is_insufficient():
    made = prepared("ir/jcamp/fixdec1.jdx", Technique.FTIR)
    assert not made.quality.ok
    assert made.quality.saturated
    assert "use less sample" in made.quality.reasons[0]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("ir/jcamp/fitr_nitrocellulose.jdx", "reflectance"),
        ("ir/omnic-spa/spectre.SPA", "single_beam"),
        ("ir/omnic-spa/interfero.SPA", "pixel"),
    ],
)
def test_what_cannot_be_compared_is_refused(path, word):
    with pytest.raises(NotComparableError, match=word):
        prepared(path, Technique.FTIR)
