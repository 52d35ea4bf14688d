import csv
import gc
import io

import numpy as np
import pytest

from instruments import read_bytes
from instruments.errors import RefusedFormatError
from instruments.writers import FORMATS, write
from spectra.spectrum import MassRun, MassSpectrum, Technique
from tests.unit.instruments.measurements import (
    a_chromatogram,
    a_mass_spectrum,
    a_raman,
    a_run,
    an_infrared,
)

NAMES = {
    "csv": "a.csv",
    "jcamp": "a.jdx",
    "jcamp-difdup": "a.jdx",
    "msp": "a.msp",
    "mzml": "a.mzML",
    "andi": "a.cdf",
}


def back(measurements, form):
    return read_bytes(write(measurements, form), NAMES[form])


def assert_same(first, second):
    assert type(first) is type(second)
    assert second.title == first.title
    if isinstance(first, MassRun):
        names = ("scan_time_s", "offsets", "mz", "intensity")
    elif isinstance(first, MassSpectrum):
        names = ("mz", "intensity")
    else:
        names = ("x", "y")
        assert (second.x_kind, second.x_unit) == (first.x_kind, first.x_unit)
    for name in names:
        np.testing.assert_allclose(getattr(second, name), getattr(first, name), rtol=1e-13)


@pytest.mark.parametrize(
    ("measurement", "form"),
    [
        (a_raman(), "csv"),
        (a_raman(), "jcamp"),
        (a_raman(title="t", x=np.geomspace(200.0, 900.0, 40), y=np.arange(40.0)), "jcamp"),
        (an_infrared(), "csv"),
        (an_infrared(), "jcamp"),
        (a_mass_spectrum(), "csv"),
        (a_mass_spectrum(), "jcamp"),
        (a_mass_spectrum(), "msp"),
        (a_mass_spectrum(), "andi"),
        (a_run(), "csv"),
        (a_run(3), "jcamp"),
        (a_run(), "jcamp"),
        (a_run(), "mzml"),
        (a_run(), "andi"),
        (a_chromatogram(), "csv"),
        (a_chromatogram(), "jcamp"),
        (a_chromatogram(), "mzml"),
        (a_chromatogram(), "andi"),
    ],
)
def test_written_reads_back_to_the_same_numbers(measurement, form):
    export = back([measurement], form)
    assert len(export.spectra) == 1
    read = export.spectra[0]
    if form == "andi" and isinstance(measurement, MassSpectrum):
        assert isinstance(read, MassRun)
        np.testing.assert_array_equal(read.mz, measurement.mz)
        return
    assert_same(measurement, read)
    assert not read.faults
    assert write([measurement], form) == write([measurement], form)


def test_difdup_keeps_nine_digits():
    measured = an_infrared()
    read = back([measured], "jcamp-difdup").spectra[0]
    np.testing.assert_allclose(read.y, measured.y, atol=1e-9 * measured.y.max())
    np.testing.assert_allclose(read.x, measured.x, rtol=1e-12)
    assert not read.faults
    packed, plain = write([measured], "jcamp-difdup"), write([measured], "jcamp")
    assert len(packed) < len(plain)


def test_several_measurements_come_back_in_order():
    measured = [a_raman(title="one"), a_raman(title="two"), a_raman(title="three")]
    for form in ("csv", "jcamp"):
        export = back(measured, form)
        assert [s.title for s in export.spectra] == ["one", "two", "three"]
        assert export.technique is Technique.RAMAN


def test_mass_spectrum_keeps_what_it_knows_through_msp_and_csv():
    measured = a_mass_spectrum(precursor_mz=337.2)
    for form in ("msp", "csv"):
        read = back([measured], form).spectra[0]
        assert read.precursor_mz == 337.2
        assert read.molecular_mass == measured.molecular_mass
        assert read.retention_time_s == measured.retention_time_s
        assert read.retention_index == measured.retention_index
        assert read.ionization == "EI"


def test_missing_ordinates_stay_missing_in_jcamp():
    measured = an_infrared()
    y = measured.y.copy()
    y[7] = np.nan
    read = back([an_infrared(y=y)], "jcamp").spectra[0]
    assert np.isnan(read.y[7])
    assert np.isnan(read.y).sum() == 1
    assert read.faults


def test_no_cell_of_a_csv_runs_as_a_formula():
    hostile = a_raman(
        title="=HYPERLINK(1)", x_unit="=1+1", metadata={"@k": "+1", "note": 'a,=2,"-3'}
    )
    text = write([hostile], "csv").decode("utf-8")
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            number = cell.replace("e-", "").replace("e+", "").replace(".", "").lstrip("-")
            assert number.isdigit() or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_title_with_labels_cannot_add_a_jcamp_record():
    hostile = a_raman(title="a\n##END=\n##TITLE=b $$ c ##XYDATA=(X++(Y..Y))")
    export = back([hostile], "jcamp")
    assert len(export.spectra) == 1
    assert export.spectra[0].title.startswith("a ##END=")


@pytest.mark.parametrize(
    ("measurement", "form"),
    [(a_raman(), "msp"), (a_raman(), "mzml"), (a_raman(), "andi"), (a_raman(), "docx")],
)
def test_format_that_cannot_hold_a_measurement_says_which_can(measurement, form):
    with pytest.raises(RefusedFormatError) as caught:
        write([measurement], form)
    assert caught.value.hint


def test_every_format_has_a_writer():
    for form in FORMATS:
        with pytest.raises(RefusedFormatError):
            write([], form)


# pyteomics leaves the file of its vocabulary open: collect it here, not in another test.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_mzml_is_read_alike_by_pyteomics():
    mzml = pytest.importorskip("pyteomics.mzml")
    run = a_run(stored_tic=np.arange(25.0) + 1)
    with mzml.MzML(io.BytesIO(write([run], "mzml")), use_index=False) as source:
        scans = list(source)
    gc.collect()
    assert len(scans) == run.n_scans
    for at, scan in enumerate(scans):
        own = run.scan(at)
        np.testing.assert_array_equal(scan["m/z array"], own.mz)
        np.testing.assert_array_equal(scan["intensity array"], own.intensity)
        started = scan["scanList"]["scan"][0]["scan start time"]
        assert (float(started), started.unit_info) == (own.retention_time_s, "second")
        assert scan["total ion current"] == at + 1


def test_andi_is_read_alike_by_scipy():
    from scipy.io import netcdf_file

    run = a_run()
    with netcdf_file(io.BytesIO(write([run], "andi")), mmap=False) as source:
        values = source.variables
        np.testing.assert_array_equal(values["scan_acquisition_time"][:], run.scan_time_s)
        np.testing.assert_array_equal(values["mass_values"][:], run.mz)
        np.testing.assert_array_equal(values["scan_index"][:], run.offsets[:-1])
        np.testing.assert_array_equal(values["point_count"][:], np.diff(run.offsets))


@pytest.mark.slow
def test_msp_is_read_alike_by_matchms(tmp_path):
    importing = pytest.importorskip("matchms.importing")
    path = tmp_path / "a.msp"
    measured = a_mass_spectrum()
    path.write_bytes(write([measured, a_mass_spectrum(title="second")], "msp"))
    spectra = list(importing.load_from_msp(str(path)))
    assert [s.get("compound_name") for s in spectra] == ["Fentanyl", "second"]
    np.testing.assert_allclose(spectra[0].peaks.mz, measured.mz)
    np.testing.assert_allclose(spectra[0].peaks.intensities, measured.intensity)
