"""MassHunter AcqData: tables checked against each other, kinds of scans apart, nothing invented."""

import struct

import numpy as np
import pytest

from instruments import read
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from tests.unit.instruments.vendor_files import SCHEMA, a_masshunter

pytest.importorskip("rainbow")

SCANS = [
    (0.10, [50.0, 51.5, 60.25], [1.0, 2.0, 3.0]),
    (0.20, [131.0], [9.0]),
    (0.30, [], []),
    (0.40, [70.125, 80.0], [4.0, 5.0]),
]


def written(folder, files):
    acqdata = folder / "run.D" / "AcqData"
    acqdata.mkdir(parents=True)
    for name, data in files.items():
        (acqdata / name).write_bytes(data)
    return folder / "run.D"


def test_scans_are_as_stored(tmp_path):
    (run,) = read(written(tmp_path, a_masshunter(SCANS))).spectra
    np.testing.assert_allclose(run.scan_time_s, [6.0, 12.0, 18.0, 24.0])
    assert run.offsets.tolist() == [0, 3, 4, 4, 6]
    assert run.mz.tolist() == [50.0, 51.5, 60.25, 131.0, 70.125, 80.0]
    assert run.stored_tic.tolist() == [6.0, 9.0, 0.0, 9.0]
    assert run.metadata["polarity"] == "positive"
    assert run.ionization == ""
    assert not run.faults


def test_interleaved_kinds_of_scans_are_separate_runs_full_scans_first(tmp_path):
    files = a_masshunter(SCANS, kinds=[2, 1, 2, 1])
    export = read(written(tmp_path, files))
    full, selected = export.spectra
    np.testing.assert_allclose(full.scan_time_s, [12.0, 24.0])
    assert full.mz.tolist() == [131.0, 70.125, 80.0]
    assert not full.faults
    np.testing.assert_allclose(selected.scan_time_s, [6.0, 18.0])
    assert any("SIM" in fault for fault in selected.faults)
    assert any("2 kinds" in warning for warning in export.warnings)


def test_peaks_cut_off_are_counted(tmp_path):
    files = a_masshunter(SCANS)
    files["MSPeak.bin"] = files["MSPeak.bin"][:-16]
    (run,) = read(written(tmp_path, files)).spectra
    assert run.n_scans == 4
    assert any("1 of 4 scans announce peaks" in fault for fault in run.faults)


@pytest.mark.parametrize(
    ("missing", "words"), [("MSPeak.bin", "MSPeak"), ("MSScan.xsd", "MSScan.xsd")]
)
def test_missing_companion_is_named_with_what_to_do(tmp_path, missing, words):
    files = a_masshunter(SCANS)
    del files[missing]
    with pytest.raises(CorruptFileError, match=words) as caught:
        read(written(tmp_path, files))
    assert "whole .D folder" in caught.value.hint


def test_cut_scan_table_is_damage(tmp_path):
    files = a_masshunter(SCANS)
    files["MSScan.bin"] = files["MSScan.bin"][:-5]
    with pytest.raises(CorruptFileError, match="within a record"):
        read(written(tmp_path, files))


def test_count_beyond_all_bounds_is_refused_before_it_is_used(tmp_path):
    files = a_masshunter(SCANS, points=[2**31 - 1, 1, 0, 2])
    with pytest.raises(CorruptFileError, match="more points"):
        read(written(tmp_path, files))


def test_icp_ms_is_refused(tmp_path):
    files = a_masshunter(SCANS) | {"MSScan_XSpecific.bin": b"x"}
    with pytest.raises(RefusedFormatError, match="ICP-MS"):
        read(written(tmp_path, files))


@pytest.mark.parametrize(
    "schema",
    [
        SCHEMA.replace("<xs:schema", '<!DOCTYPE a [<!ENTITY b "c">]><xs:schema', 1),
        SCHEMA.replace("utf-8", "utf-7"),
        SCHEMA.replace('type="SpectrumParamsType"', 'type="ScanRecordType"'),
        SCHEMA.replace("xs:double", "xs:nothing"),
        SCHEMA[:300],
        "<a/>",
        "",
    ],
)
def test_hostile_schema_is_our_error(tmp_path, schema):
    files = a_masshunter(SCANS) | {"MSScan.xsd": schema.encode()}
    with pytest.raises(FormatError):
        read(written(tmp_path, files))


@pytest.mark.parametrize("at", range(0, 0x60 + 4 * 52, 7))
def test_flipped_scan_table_is_a_run_or_our_error(tmp_path, at):
    files = a_masshunter(SCANS)
    table = bytearray(files["MSScan.bin"])
    table[at] ^= 0xFF
    files["MSScan.bin"] = bytes(table)
    try:
        export = read(written(tmp_path, files))
    except FormatError:
        return
    assert sum(run.n_scans for run in export.spectra) > 0


def test_records_point_where_the_table_says(tmp_path):
    files = a_masshunter([(0.1, [50.0], [7.0]), (0.2, [60.0], [8.0])])
    table = bytearray(files["MSScan.bin"])
    size = (len(table) - 0x60) // 2
    # The two scans exchange their peaks: order on disk is not order in time.
    for at, offset in ((0, 16), (1, 0)):
        struct.pack_into("<q", table, 0x60 + at * size + 36, offset)
    files["MSScan.bin"] = bytes(table)
    (run,) = read(written(tmp_path, files)).spectra
    assert run.mz.tolist() == [60.0, 50.0]
