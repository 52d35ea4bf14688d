"""What we write, other people's packages read back to the same numbers.

Limits of the formats, kept here so that nobody has to guess them: CSV, AFFN JCAMP-DX, MSP and mzML
keep every digit of a float64; so does ANDI, which we write in 64 bits; DIFDUP keeps ten digits.
"""

import contextlib
import csv
import gc
import io

import numpy as np
import pytest

from instruments import read_bytes
from instruments.writers import left_out, write
from tests.unit.instruments.measurements import (
    a_chromatogram,
    a_mass_spectrum,
    a_raman,
    a_run,
    an_infrared,
)

EVIL = 'a"b<c>&d;\n##END=\x1b[2J\u202eName: x $$ =1+1'
NOISE = np.random.default_rng(7)


def exact(n):
    """Return values whose float64 needs every digit."""
    return NOISE.uniform(1e-3, 1e3, n) * np.pi


def run_with_empty_scans():
    return a_run(
        6,
        scan_time_s=exact(6).cumsum(),
        offsets=np.array([0, 0, 3, 3, 5, 5, 5]),
        mz=np.sort(exact(5)),
        intensity=exact(5),
        title=EVIL,
    )


@pytest.fixture
def jcamp_package():
    return pytest.importorskip("jcamp")


def by_jcamp(package, measurements, form="jcamp"):
    text = write(measurements, form).decode("utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        return package.read(io.StringIO(text))


@pytest.mark.parametrize(
    "curve",
    [
        an_infrared(),
        a_raman(title="t", metadata={}),
        an_infrared(y=exact(301)),
        an_infrared(title=EVIL),
    ],
)
def test_jcamp_reads_our_even_curves(jcamp_package, curve):
    read = by_jcamp(jcamp_package, [curve])
    np.testing.assert_array_equal(read["y"], curve.y)
    np.testing.assert_allclose(read["x"], curve.x, rtol=1e-12)
    assert read["npoints"] == curve.x.size
    assert read["xunits"] == "1/CM"


def test_jcamp_reads_our_uneven_curves(jcamp_package):
    curve = a_raman(title="t", x=np.sort(exact(50)), y=exact(50), metadata={})
    read = by_jcamp(jcamp_package, [curve])
    np.testing.assert_array_equal(read["x"], curve.x)
    np.testing.assert_array_equal(read["y"], curve.y)


def test_jcamp_reads_every_block_of_several(jcamp_package):
    curves = [an_infrared(title=name, y=exact(301)) for name in ("one", "two", "three")]
    read = by_jcamp(jcamp_package, curves)
    assert [child["title"] for child in read["children"]] == ["one", "two", "three"]
    for child, curve in zip(read["children"], curves, strict=True):
        np.testing.assert_array_equal(child["y"], curve.y)


def test_jcamp_reads_our_peak_tables(jcamp_package):
    spectrum = a_mass_spectrum()
    read = by_jcamp(jcamp_package, [spectrum])
    np.testing.assert_array_equal(read["x"], spectrum.mz)
    np.testing.assert_array_equal(read["y"], spectrum.intensity)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("run", [a_run(25), run_with_empty_scans()])
def test_pyteomics_reads_every_scan_of_our_mzml_empty_ones_too(run):
    mzml = pytest.importorskip("pyteomics.mzml")
    with mzml.MzML(io.BytesIO(write([run], "mzml")), use_index=False) as source:
        scans = list(source)
    gc.collect()
    assert len(scans) == run.n_scans
    for at, scan in enumerate(scans):
        np.testing.assert_array_equal(scan.get("m/z array", []), run.scan(at).mz)
        np.testing.assert_array_equal(scan.get("intensity array", []), run.scan(at).intensity)
        started = scan["scanList"]["scan"][0]["scan start time"]
        assert (float(started), started.unit_info) == (run.scan_time_s[at], "second")


def test_pymzml_reads_every_scan_of_our_mzml(tmp_path):
    package = pytest.importorskip("pymzml.run")
    run = a_run(25)
    path = tmp_path / "a.mzML"
    path.write_bytes(write([run], "mzml"))
    with contextlib.closing(package.Reader(str(path))) as source:
        scans = [(scan.mz, scan.i) for scan in source]
    assert len(scans) == run.n_scans
    for at, (mz, intensity) in enumerate(scans):
        np.testing.assert_array_equal(mz, run.scan(at).mz)
        np.testing.assert_array_equal(intensity, run.scan(at).intensity)


@pytest.mark.parametrize("run", [a_run(25, stored_tic=exact(25)), run_with_empty_scans()])
def test_scipy_reads_our_andi_to_the_last_bit(run):
    from scipy.io import netcdf_file

    with netcdf_file(io.BytesIO(write([run], "andi")), mmap=False) as source:
        values = source.variables
        for name, own in (
            ("scan_acquisition_time", run.scan_time_s),
            ("mass_values", run.mz),
            ("intensity_values", run.intensity),
            ("scan_index", run.offsets[:-1]),
            ("point_count", np.diff(run.offsets)),
            ("total_intensity", run.tic()),
        ):
            np.testing.assert_array_equal(values[name][:], own)
        assert values["scan_acquisition_time"].units == b"Seconds"


def test_scipy_reads_our_andi_chromatogram():
    from scipy.io import netcdf_file

    curve = a_chromatogram(y=exact(601))
    with netcdf_file(io.BytesIO(write([curve], "andi")), mmap=False) as source:
        np.testing.assert_array_equal(source.variables["ordinate_values"][:], curve.y)
        np.testing.assert_array_equal(source.variables["raw_data_retention"][:], curve.x)
        assert source.retention_unit == b"minutes"


def test_csv_and_numpy_read_our_tables_to_the_last_digit():
    curve = a_raman(x=np.sort(exact(80)), y=exact(80), title=EVIL)
    text = write([curve], "csv").decode("utf-8")
    rows = [row for row in csv.reader(io.StringIO(text)) if row and not row[0].startswith("#")]
    assert rows[0] == ["raman_shift (cm-1)", "raman_intensity (counts)"]
    found = np.array(rows[1:], dtype=np.float64)
    np.testing.assert_array_equal(found, np.column_stack((curve.x, curve.y)))
    above = text.split("raman_shift (cm-1)")[0].count("\n") + 1
    loaded = np.loadtxt(io.StringIO(text), delimiter=",", skiprows=above)
    np.testing.assert_array_equal(loaded, found)


def test_csv_of_a_run_names_scan_and_time_of_every_peak():
    run = run_with_empty_scans()
    text = write([run], "csv").decode("utf-8")
    rows = [row for row in csv.reader(io.StringIO(text)) if row and not row[0].startswith("#")]
    found = np.array(rows[1:], dtype=np.float64)
    assert rows[0] == ["scan", "retention_time_s", "mz", "intensity"]
    np.testing.assert_array_equal(found[:, 2], run.mz)
    np.testing.assert_array_equal(found[:, 0], [2, 2, 2, 4, 4])
    np.testing.assert_array_equal(found[:, 1], run.scan_time_s[[1, 1, 1, 3, 3]])


@pytest.mark.slow
def test_matchms_reads_our_msp_whatever_the_title(tmp_path):
    importing = pytest.importorskip("matchms.importing")
    path = tmp_path / "a.msp"
    spectra = [
        a_mass_spectrum(title=EVIL, mz=np.sort(exact(9)) + 10, intensity=exact(9)),
        a_mass_spectrum(title="second", metadata={"Num Peaks": "99", "Name": "x", "2": "3"}),
    ]
    path.write_bytes(write(spectra, "msp"))
    found = list(importing.load_from_msp(str(path)))
    assert len(found) == 2
    for read, own in zip(found, spectra, strict=True):
        np.testing.assert_array_equal(read.peaks.mz, own.mz)
        np.testing.assert_array_equal(read.peaks.intensities, own.intensity)
    assert found[1].get("compound_name") == "second"


@pytest.mark.parametrize("form", ["csv", "jcamp", "mzml", "andi"])
def test_runs_with_empty_scans_come_back_whole_or_say_what_the_format_left_out(form):
    run = run_with_empty_scans()
    name = {"csv": "a.csv", "jcamp": "a.jdx", "mzml": "a.mzML", "andi": "a.cdf"}[form]
    read = read_bytes(write([run], form), name).spectra[0]
    np.testing.assert_array_equal(read.mz, run.mz)
    np.testing.assert_array_equal(read.intensity, run.intensity)
    assert bool(left_out([run], form)) == (form == "csv")
    if form == "csv":  # one row for each peak: a scan without one has no row
        np.testing.assert_array_equal(read.scan_time_s, run.scan_time_s[[1, 3]])
        return
    np.testing.assert_array_equal(read.scan_time_s, run.scan_time_s)
    np.testing.assert_array_equal(read.offsets, run.offsets)


@pytest.mark.parametrize("form", ["csv", "jcamp", "msp", "mzml", "andi"])
def test_an_evil_title_is_only_a_title(form):
    spectrum = a_mass_spectrum(title=EVIL, metadata={EVIL: EVIL, "##END": "x", "Name": "y"})
    name = {"csv": "a.csv", "jcamp": "a.jdx", "msp": "a.msp", "mzml": "a.mzML", "andi": "a.cdf"}
    export = read_bytes(write([spectrum], form), name[form])
    assert len(export.spectra) == 1
    np.testing.assert_array_equal(export.spectra[0].mz, spectrum.mz)
    assert export.spectra[0].title.isprintable()
