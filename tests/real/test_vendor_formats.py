"""Vendors' formats on real files: against the makers' own numbers, and against other readers."""

import hashlib
import zipfile
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from instruments import folders, read, read_bytes
from instruments.errors import CorruptFileError, FormatError
from instruments.sandbox import read_guarded, read_guarded_bytes
from spectra.convert import to_absorbance
from spectra.spectrum import Chromatogram, MassRun
from tests.real.instrument_files import DATA, needs_data

pytestmark = pytest.mark.real

AGILENT = DATA / "gcms" / "agilent-D"
WATERS = DATA / "gcms" / "waters-raw" / "white.raw"
CHEMSTATION = ("yellow.D/data.ms", "yellow.D/dataSim.ms", "GC01_0812_066.D/DATA.MS")
OPUS_RESULTS = ("ra", "a", "t", "r", "km", "logr", "pas")


def every(folder):
    return sorted(DATA.glob(f"*/{folder}/*"))


def ids(paths):
    return [path.name for path in paths]


@pytest.fixture
def masshunter(tmp_path):
    """The real scan table of a GC-MS run, with peaks put in from the ChemStation file beside it.

    The run was written twice by the instrument; only ``MSPeak.bin`` of one form is left out.
    """
    needs_data()
    theirs = pytest.importorskip("rainbow.agilent.masshunter")
    source = AGILENT / "yellow.D" / "AcqData"
    acqdata = tmp_path / "yellow.D" / "AcqData"
    acqdata.mkdir(parents=True)
    for path in source.iterdir():
        (acqdata / path.name).write_bytes(path.read_bytes())
    scan = read(AGILENT / "yellow.D" / "data.ms").spectra[0]
    selected = read(AGILENT / "yellow.D" / "dataSim.ms").spectra[0]
    types = theirs.parse_scan_xsd(str(source / "MSScan.xsd"))
    records = theirs.read_scan_records(str(source / "MSScan.bin"), types)
    spectra = {1: iter(range(scan.n_scans)), 2: iter(range(selected.n_scans))}
    peaks = bytearray()
    for record in records:
        run = scan if record["ScanType"] == 1 else selected
        one = run.scan(next(spectra[record["ScanType"]]))
        block = record["SpectrumParamValues"]
        assert block["PointCount"] == one.mz.size
        stop = block["SpectrumOffset"] + block["ByteCount"]
        peaks.extend(bytes(max(0, stop - len(peaks))))
        peaks[block["SpectrumOffset"] : stop] = one.mz.tobytes() + one.intensity.tobytes()
    (acqdata / "MSPeak.bin").write_bytes(bytes(peaks))
    return acqdata.parent, scan, selected


def test_masshunter_table_gives_both_kinds_of_scans_of_the_run(masshunter):
    pytest.importorskip("rainbow")
    folder, scan, selected = masshunter
    full, ions = read(folder).spectra
    for found, wanted in ((full, scan), (ions, selected)):
        assert found.n_scans == wanted.n_scans
        np.testing.assert_allclose(found.scan_time_s, wanted.scan_time_s, atol=1e-3)
        np.testing.assert_array_equal(found.offsets, wanted.offsets)
        np.testing.assert_array_equal(found.mz, wanted.mz)
        np.testing.assert_allclose(found.stored_tic, wanted.stored_tic, rtol=2e-4, atol=2)
    assert not full.faults
    assert any("SIM" in fault for fault in ions.faults)


def test_masshunter_without_its_peaks_is_told(masshunter):
    folder, *_ = masshunter
    (folder / "AcqData" / "MSPeak.bin").unlink()
    with pytest.raises(CorruptFileError, match=r"MSPeak\.bin") as caught:
        read(folder)
    assert "whole .D folder" in caught.value.hint


def test_folder_gives_both_runs_and_the_trace_and_names_what_is_missing():
    needs_data()
    export = read(AGILENT / "yellow.D")
    assert [s.metadata["file"] for s in export.spectra] == ["data.ms", "dataSim.ms", "FID1A.ch"]
    assert [type(s) for s in export.spectra] == [MassRun, MassRun, Chromatogram]
    assert [s.n_scans for s in export.spectra[:2]] == [1307, 1309]
    assert any("MSPeak.bin" in warning for warning in export.warnings)


@pytest.mark.parametrize(
    "path", [AGILENT / "yellow.D", AGILENT / "GC01_0812_066.D", WATERS], ids=lambda p: p.name
)
def test_packed_folder_holds_every_byte_and_is_read_again(path, tmp_path):
    needs_data()
    packed = folders.pack(path)
    kept = tmp_path / "kept.zip"
    kept.write_bytes(packed)
    with zipfile.ZipFile(kept) as archive:
        names = [name for name in archive.namelist() if name != folders.MARK]
        assert names == sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file())
        for name in names:
            assert archive.read(name) == (path / name).read_bytes()
    first, again = read(path), read_bytes(packed, path.name)
    assert first.sha256 == again.sha256 == hashlib.sha256(packed).hexdigest()
    assert len(first.spectra) == len(again.spectra)


@pytest.mark.parametrize(
    "path", [AGILENT / "yellow.D", WATERS, DATA / "gcms" / "thermo-raw" / "small.RAW"],
    ids=lambda p: p.name,
)  # fmt: skip
def test_guarded_child_reads_what_needs_files_on_disk(path):
    needs_data()
    direct, guarded = read(path), read_guarded(path)
    assert guarded.sha256 == direct.sha256
    assert [type(s) for s in guarded.spectra] == [type(s) for s in direct.spectra]


def test_guarded_child_reads_a_kept_folder(masshunter):
    folder, scan, _ = masshunter
    export = read_guarded_bytes(folders.pack(folder), "yellow.D")
    np.testing.assert_array_equal(export.spectra[0].mz, scan.mz)


def test_waters_functions_agree_with_rainbow():
    needs_data()
    rainbow = pytest.importorskip("rainbow")
    theirs = rainbow.read(str(WATERS))
    columns = [
        (part.name, part.xlabels, part.data[:, at])
        for part in theirs.datafiles + theirs.analog
        for at in range(part.data.shape[1])
    ]
    ours = read(WATERS).spectra
    assert len(ours) == len(columns) == 17
    for trace, (name, times, values) in zip(ours, columns, strict=True):
        assert trace.metadata["file"] == name
        np.testing.assert_array_equal(trace.x, times)
        np.testing.assert_array_equal(trace.y, values)


def test_waters_reactions_carry_both_masses():
    needs_data()
    first = read(WATERS).spectra[0]
    assert first.title == "function 1 MRM 112.97 > 40.00"


@pytest.mark.parametrize("name", [*CHEMSTATION, "carotenoid_extract.d/MSD1.MS"])
def test_chemstation_scans_agree_with_rainbow(name):
    """Rainbow sums a scan into bins; on the file's own grid of a twentieth nothing is lost."""
    needs_data()
    chemstation = pytest.importorskip("rainbow.agilent.chemstation")
    theirs = chemstation.parse_ms(str(AGILENT / name), 2, 0.05)
    (run,) = read(AGILENT / name).spectra
    np.testing.assert_allclose(run.scan_time_s, theirs.xlabels * 60.0)
    assert run.n_scans == theirs.data.shape[0]
    rows = np.repeat(np.arange(run.n_scans), np.diff(run.offsets))
    columns = np.searchsorted(np.round(theirs.ylabels * 20), np.round(run.mz * 20))
    grid = np.zeros(theirs.data.shape)
    np.add.at(grid, (rows, columns), run.intensity)
    np.testing.assert_array_equal(grid, theirs.data)


def test_trace_agrees_with_rainbow():
    needs_data()
    chemstation = pytest.importorskip("rainbow.agilent.chemstation")
    theirs = chemstation.parse_ch(str(AGILENT / "yellow.D" / "FID1A.ch"))
    (trace,) = read(AGILENT / "yellow.D" / "FID1A.ch").spectra
    np.testing.assert_allclose(trace.x, theirs.xlabels)
    np.testing.assert_array_equal(trace.y, theirs.data[:, 0])


@pytest.mark.parametrize("path", every("bruker-opus"), ids=ids(every("bruker-opus")))
def test_opus_agrees_with_brukeropus_at_every_point(path):
    brukeropus = pytest.importorskip("brukeropus")
    held = brukeropus.OPUSFile(str(path))
    theirs = []
    for short, suffix in product(OPUS_RESULTS, ("", "_2", "_3")):
        block = getattr(held, short + suffix, None)
        if block is not None and hasattr(block, "y"):
            theirs.append((short, np.asarray(block.x), np.asarray(block.y)))
    if not theirs:
        with pytest.raises(FormatError, match="background only"):
            read(path)
        return
    ours = [(s.metadata["OPUS block"], s.x, s.y) for s in read(path).spectra]
    order = lambda block: (block[0], float(block[2][0]))  # noqa: E731
    assert len(ours) == len(theirs)
    for mine, other in zip(sorted(ours, key=order), sorted(theirs, key=order), strict=True):
        assert mine[0] == other[0]
        np.testing.assert_allclose(mine[1], other[1], rtol=1e-12)
        np.testing.assert_array_equal(mine[2].astype(np.float32), other[2].astype(np.float32))


@pytest.mark.parametrize("path", every("renishaw-wdf"), ids=ids(every("renishaw-wdf")))
def test_wdf_agrees_with_renishaws_own_reader_at_every_point(path):
    wdf = pytest.importorskip("wdf")
    ours = read(path).spectra
    with wdf.Wdf(str(path)) as theirs:
        assert len(ours) == theirs.hdr.ncollected
        axis = np.array(theirs.xlist(), dtype=np.float32)
        for at, spectrum in enumerate(ours):
            np.testing.assert_array_equal(spectrum.x.astype(np.float32), axis)
            np.testing.assert_array_equal(
                spectrum.y.astype(np.float32), np.array(theirs[at], dtype=np.float32)
            )


def test_thermo_profile_agrees_with_its_conversion_by_the_vendors_library():
    """The first scan was also converted to mzML, with zeros between and its edges left out."""
    needs_data()
    opentfraw = pytest.importorskip("opentfraw")
    path = DATA / "gcms" / "thermo-raw" / "small.RAW"
    (run,) = read(path).spectra
    converted = read(DATA / "gcms" / "mzml" / "test.mzML").spectra[0].scan(0)
    assert run.scan_time_s[0] == pytest.approx(converted.retention_time_s, abs=1e-9)
    stored = dict(
        zip(*(each.tolist() for each in opentfraw.RawFile(str(path)).profile(1)), strict=True)
    )
    seen = converted.intensity > 0
    assert seen.sum() > 10_000
    found = [stored.get(mz) for mz in converted.mz[seen].tolist()]
    assert found == converted.intensity[seen].tolist()


def test_thermo_scans_without_picked_peaks_give_their_profile():
    needs_data()
    pytest.importorskip("opentfraw")
    (run,) = read(DATA / "gcms" / "thermo-raw" / "small.RAW").spectra
    sizes = np.diff(run.offsets)
    assert sizes[1] == 19_800
    assert (sizes > 0).all()
    profiles = sizes == 19_800
    np.testing.assert_allclose(run.summed_tic()[profiles], run.stored_tic[profiles], rtol=1e-4)
    assert not run.faults


def test_silicon_stands_where_it_should_in_a_princeton_file():
    """The file states its laser line, so its nanometres become the silicon band at 520.5 cm-1."""
    needs_data()
    spectrum = read(DATA / "raman" / "princeton-spe" / "S0N_50x.spe").spectra[0]
    shifted, step = to_absorbance(spectrum)
    assert shifted.x[int(np.argmax(shifted.y))] == pytest.approx(520.5, abs=1.0)
    assert "531.988" in step


def test_labspec_xml_holds_what_it_states_of_itself():
    needs_data()
    (path,) = every("horiba-xml")
    (spectrum,) = read(path).spectra
    assert (spectrum.y.min(), spectrum.y.max()) == pytest.approx(
        (83.3333358764648, 166.33332824707), rel=1e-5
    )
    assert spectrum.metadata["Laser (nm)"] == "632.817"


def test_workbook_is_the_sheet_with_the_spectrum():
    needs_data()
    pytest.importorskip("python_calamine")
    export = read(DATA / "raman" / "xls" / "Bri Bri Board.xls")
    (spectrum,) = export.spectra
    assert spectrum.title == "Bri Bri Board"
    assert any("sheet Results" in warning for warning in export.warnings)


def test_nothing_is_left_behind_in_the_temporary_folder(tmp_path, monkeypatch):
    needs_data()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read(DATA / "gcms" / "thermo-raw" / "small.RAW")
    assert list(Path(tmp_path).iterdir()) == []
