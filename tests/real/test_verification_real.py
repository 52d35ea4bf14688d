"""Real runs of polystyrene and silicon, recorded as verifications of their instruments."""

import numpy as np
import pytest

from instruments import registry, sandbox
from lims import holds, verification
from lims.bench_instruments import add_instrument
from lims.verification import verify
from spectra.axis_standards import standard
from spectra.spectrum import Technique
from tests.lims_builders import a_lab
from tests.real.instrument_files import DATA, needs_data

pytestmark = pytest.mark.real


@pytest.fixture
def lab(tmp_path, monkeypatch):
    needs_data()
    # Reading stays in this process; the guard has its own tests.
    monkeypatch.setattr(sandbox, "read_guarded_bytes", registry.read_bytes)
    made = a_lab(tmp_path / "lab")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("path", "kind", "name", "least"),
    [
        ("raman/bwtek-txt/PST10_iR532_Probe_100_3000msx7.txt", "raman", "polystyrene", 11),
        ("raman/horiba-txt/PST10_iR785_OP01_8000msx8.txt", "raman", "polystyrene", 8),
        ("raman/portable-other/PST02_Zolix785_Probe_070_190ms.txt", "raman", "polystyrene", 7),
        ("raman/witec-txt/PST_WiICV532_Z050OP02_075_800msx10.txt", "raman", "polystyrene", 10),
        ("raman/omnic-spa/cylohex.spa", "raman", "cyclohexane", 11),
        ("ir/bruker-opus/ftir_ps.0", "ftir", "polystyrene", 6),
        ("ir/spc/Ft-ir.spc", "ftir", "polystyrene", 7),
    ],
)
def test_a_real_run_of_a_standard_verifies_its_instrument(lab, path, kind, name, least):
    add_instrument(lab, "ana", "one", Technique(kind))
    done = verify(lab, "ana", "one", DATA / path, name)
    assert done.passed, done.reasons
    made = verification.calibration_of(done)
    assert len(made.bands) >= least
    published = set(standard(done.standard).bands_cm1)
    for band in made.bands:
        assert band.reference_cm1 in published
        corrected = made.corrected(np.array([band.found_cm1]))[0]
        assert corrected == pytest.approx(band.reference_cm1, abs=4.0)


def test_silicon_of_the_same_spectrometer_confirms_its_polystyrene(lab):
    add_instrument(lab, "ana", "ir785", Technique.RAMAN, laser_nm=785)
    first = verify(
        lab, "ana", "ir785", DATA / "raman/horiba-txt/PST10_iR785_OP01_8000msx8.txt", "polystyrene"
    )
    silicon = DATA / "raman/horiba-txt/S0N10_iR785_OP02_25000msx2.txt"
    second = verify(lab, "ana", "ir785", silicon, "silicon")
    # Uncorrected, silicon lies 3.5 cm⁻¹ too high there.
    found = {each["name"]: each for each in second.checks}["band 520.7"]
    assert second.passed
    assert found["found"] == pytest.approx(520.7, abs=1.0)
    assert second.calibration == first.calibration


def test_silicon_of_another_spectrometer_does_not(lab):
    add_instrument(lab, "ana", "ir785", Technique.RAMAN)
    verify(
        lab, "ana", "ir785", DATA / "raman/horiba-txt/PST10_iR785_OP01_8000msx8.txt", "polystyrene"
    )
    other = DATA / "raman/bwtek-txt/S0N02_iRPlus785_Z100_100_3100ms.txt"
    assert not verify(lab, "ana", "ir785", other, "silicon").passed
    assert [each.aspect for each in holds.holds(lab)] == ["axis"]


@pytest.mark.parametrize(
    "run", ["gcms/andi-cdf/agilent-gcms.cdf", "gcms/agilent-D/GC01_0812_066.D"]
)
def test_a_real_run_of_something_else_is_no_ladder_and_no_tune(lab, run):
    """The second holds five alkanes among some hundred other things."""
    add_instrument(lab, "ana", "gc", Technique.GCMS)
    for name in ("alkanes", "dftpp"):
        assert not verify(lab, "ana", "gc", DATA / run, name).passed
