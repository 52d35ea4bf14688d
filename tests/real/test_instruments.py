"""Every row of the manifest: read with the facts that hold, or refused with what to do instead."""

import csv
import gc

import numpy as np
import pytest

from instruments import read
from instruments.errors import RefusedFormatError, UnknownFormatError
from instruments.formats import jcamp_records, jcamp_tables
from spectra.axis import XKind, YKind
from spectra.spectrum import MassRun, MassSpectrum, Technique
from tests.real.instrument_files import DATA, manifest, needs_data
from tests.real.manifest_facts import close, facts, is_refused, stated_in_minutes

pytestmark = pytest.mark.real

ROWS = manifest()

TECHNIQUE = {"ir": Technique.FTIR} | {t.value: t for t in Technique}


READ = [row for row in ROWS if not is_refused(row)]
NOT_READ = [row for row in ROWS if is_refused(row)]
# Libraries and records the manifest gives no numbers for, but which are read.
COUNTS = {
    "gcms/amdis-elu/Peaks1.ELU": 1154,
    "ms/amdis-msl/Chromtogram.msl": 279,
    "ms/amdis-msl/DB1.msl": 6,
    "ms/amdis-msl/DB2.msl": 8,
    "ms/mgf/gnps_cleaned.mgf": 5,
    "ms/massbank/MSBNK-UvA_IBED-UI000101.txt": 1,
    "gcms/agilent-D/yellow.D/tic_front.csv": 1,
    "gc/shimadzu-ascii/ladder.txt": 1,
    "gc/chromeleon-txt/chromeleon_period.txt": 1,
    "gc/agilent-report/Report.TXT": 5,
}
# Parts that mean nothing alone are taken as their folder: two runs and a trace, or 15 monitored
# reactions and two analogue channels.
COUNTS |= {row["file"]: 3 for row in ROWS if "/yellow.D/AcqData/" in row["file"]}
COUNTS |= {row["file"]: 17 for row in ROWS if "/white.raw/" in row["file"]}


def test_data_is_whole():
    needs_data()
    missing = [row["file"] for row in ROWS if not (DATA / row["file"]).is_file()]
    assert len(ROWS) > 200
    assert not missing


def arrays(measurement):
    if isinstance(measurement, MassSpectrum):
        return measurement.mz, measurement.intensity
    return measurement.x, measurement.y


@pytest.mark.parametrize("row", READ, ids=[row["file"] for row in READ])
def test_row_reads_to_the_facts(row):
    export = read(DATA / row["file"])
    wanted = facts(row)
    first = export.spectra[0]
    if "opus" in row["format"]:
        wanted.pop("n_spectra", None)  # the manifest counts single beams and interferograms too
    if "n_spectra" in wanted:
        assert len(export.spectra) == int(wanted["n_spectra"])
    if isinstance(first, MassRun):
        check_run(first, wanted, 60.0 if stated_in_minutes(row) else 1.0)
        return
    if "n_points" not in wanted:  # an mzML of chromatograms only
        assert wanted["n_scans"] == "0"
        assert all(s.kind == "chromatogram" for s in export.spectra)
        return
    x, y = arrays(first)
    assert x.size == int(wanted["n_points"])
    for key, value in (("y_min", y.min()), ("y_max", y.max())):
        assert close(value, wanted[key]), key
    if "x_first" in wanted:
        assert close(x[0], wanted["x_first"])
        assert close(x[-1], wanted["x_last"])
    if "x_at_ymax" in wanted:
        assert close(x[int(np.argmax(y))], wanted["x_at_ymax"])


def check_run(run, wanted, factor):
    assert run.n_scans == int(wanted["n_scans"])
    assert close(run.scan_time_s[0] / factor, wanted["rt_first"])
    assert close(run.scan_time_s[-1] / factor, wanted["rt_last"])
    totals = (run.tic().max(), run.summed_tic().max())
    assert any(close(total, wanted["tic_max"]) for total in totals)
    if "mz_min" in wanted:  # no other reader has printed it for the Thermo run
        assert close(run.mz.min(), wanted["mz_min"])
        assert close(run.mz.max(), wanted["mz_max"])


# Files whose text names neither technique nor units, or which are traces of a GC-MS instrument.
NO_TECHNIQUE = ("n_n_solid", "coffhd", "FID1A", "mini.chrom", "Peaks1.ELU")


NAMED = [
    row
    for row in READ
    if row["technique"] != "other" and not any(part in row["file"] for part in NO_TECHNIQUE)
]


@pytest.mark.parametrize("row", NAMED, ids=[row["file"] for row in NAMED])
def test_row_names_its_technique(row):
    assert read(DATA / row["file"]).technique is TECHNIQUE[row["technique"]]


@pytest.mark.parametrize("row", NOT_READ, ids=[row["file"] for row in NOT_READ])
def test_row_without_facts_is_refused_or_counted(row):
    path = DATA / row["file"]
    if row["file"] in COUNTS:
        assert len(read(path).spectra) == COUNTS[row["file"]]
        return
    with pytest.raises((RefusedFormatError, UnknownFormatError)) as caught:
        read(path)
    assert caught.value.hint


def test_four_asdf_forms_hold_the_same_spectrum():
    needs_data()
    curves = []
    for form in ("fix", "packed", "squeezed", "difdup"):
        path = DATA / "other" / "jcamp-asdf-forms" / f"jcamp-{form}.dx"
        (block,) = jcamp_records.blocks(path.read_text(encoding="latin-1"))
        curves.append(jcamp_tables.decode_table(block, block.tables[0]))
    assert curves[0].y.size == 16384
    for curve in curves:
        assert not curve.faults
        np.testing.assert_array_equal(curve.y, curves[0].y)
        np.testing.assert_allclose(curve.x, curves[0].x)


def test_old_and_new_spc_hold_the_same_data():
    needs_data()
    old = read(DATA / "other" / "spc" / "DEMO_3D.SPC")
    new = read(DATA / "other" / "spc" / "m_evenz.spc")
    assert len(old.spectra) == len(new.spectra) == 32
    for first, second in zip(old.spectra, new.spectra, strict=True):
        np.testing.assert_allclose(first.y, second.y, atol=1e-6)


def test_chemstation_agrees_with_the_vendors_own_csv():
    needs_data()
    folder = DATA / "gcms" / "agilent-D" / "yellow.D"
    scan, sim = read(folder / "data.ms").spectra[0], read(folder / "dataSim.ms").spectra[0]
    with (folder / "tic_front.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [(float(r[0]), float(r[1])) for r in csv.reader(stream) if len(r) == 2]
    vendor = np.array(rows)
    assert vendor.shape[0] == scan.n_scans + sim.n_scans
    ours = np.concatenate([scan.scan_time_s, sim.scan_time_s]) / 60.0
    np.testing.assert_allclose(np.sort(ours), np.sort(vendor[:, 0]), atol=1e-5)
    # The packed intensity keeps 14 bits; the vendor prints the sum before packing.
    np.testing.assert_allclose(np.sort(scan.summed_tic())[-1], vendor[:, 1].max(), rtol=1e-3)


def test_run_folder_is_read_as_one_run():
    needs_data()
    folder = DATA / "gcms" / "agilent-D" / "GC01_0812_066.D"
    assert read(folder).spectra[0].n_scans == 9865
    assert len(read(DATA / "gcms" / "waters-raw" / "white.raw").spectra) == 17


@pytest.mark.parametrize(
    ("name", "y_kind"),
    [
        ("interfero.SPA", YKind.INTERFEROGRAM),
        ("spectre.SPA", YKind.SINGLE_BEAM),
        ("ftir_polyethylene_reflectance_adjustment_not_working.spa", YKind.REFLECTANCE),
    ],
)
def test_what_no_matcher_may_have_is_named(name, y_kind):
    needs_data()
    assert read(DATA / "ir" / "omnic-spa" / name).spectra[0].y_kind is y_kind


def test_stitched_windows_are_a_fault_and_stay_as_they_are():
    needs_data()
    spectrum = read(DATA / "raman" / "renishaw-txt" / "paracetamol.txt").spectra[0]
    assert spectrum.x.size == 4064
    assert any("changes direction" in fault for fault in spectrum.faults)


def test_pixels_are_never_taken_for_wavenumbers():
    needs_data()
    (path,) = (DATA / "raman" / "portable-other").glob("*n_n_solid*")
    assert read(path).spectra[0].x_kind is XKind.PIXEL


# pyteomics leaves the file of its vocabulary open: collect it here, not in another test.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_mzml_agrees_with_pyteomics():
    needs_data()
    mzml = pytest.importorskip("pyteomics.mzml")
    path = DATA / "gcms" / "mzml" / "example.mzML"
    run = read(path).spectra[0]
    with mzml.MzML(str(path), use_index=False) as source:
        for at, scan in enumerate(source):
            own = run.scan(at)
            np.testing.assert_array_equal(own.mz, scan["m/z array"])
            np.testing.assert_array_equal(own.intensity, scan["intensity array"])
            started = scan["scanList"]["scan"][0]["scan start time"]
            assert started.unit_info == "minute"
            assert run.scan_time_s[at] == pytest.approx(float(started) * 60.0)
    gc.collect()
