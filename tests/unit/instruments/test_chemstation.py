"""ChemStation files: scans against a plain walk, traces of every version, counts before bytes."""

import struct

import numpy as np
import pytest

from instruments import read_bytes
from instruments.errors import CorruptFileError, FormatError
from tests.unit.instruments.vendor_files import (
    a_chemstation,
    a_delta_trace,
    a_diode_array,
    a_double_delta_trace,
    an_fid,
)

RANDOM = np.random.default_rng(11)


def some_scans(count, most=120):
    return [
        (
            1000 * at + 17,
            [
                (float(mz), int(RANDOM.integers(1, 0x3FFF)), int(RANDOM.integers(0, 4)))
                for mz in np.sort(RANDOM.choice(np.arange(40, 600), int(RANDOM.integers(0, most))))
            ],
        )
        for at in range(count)
    ]


def slow_walk(data):
    """The published layout, one number at a time."""
    at = struct.unpack_from(">H", data, 0x10A)[0] * 2 - 2
    scans = []
    while at + 18 <= len(data):
        (milliseconds,) = struct.unpack_from(">I", data, at + 2)
        (count,) = struct.unpack_from(">H", data, at + 12)
        peaks = []
        for peak in range(count):
            mz, packed = struct.unpack_from(">HH", data, at + 18 + 4 * peak)
            peaks.append((mz / 20, (packed & 0x3FFF) * 8 ** (packed >> 14)))
        (tic,) = struct.unpack_from(">I", data, at + 18 + 4 * count + 6)
        scans.append((milliseconds / 1000, peaks, tic))
        at += 28 + 4 * count
    return scans


@pytest.mark.parametrize("gas", [True, False])
def test_scans_agree_with_a_plain_walk(gas):
    data = a_chemstation(some_scans(200), gas=gas)
    (run,) = read_bytes(data, "data.ms").spectra
    slow = slow_walk(data)
    assert run.n_scans == 200
    for at, (seconds, peaks, tic) in enumerate(slow):
        scan = run.scan(at)
        assert run.scan_time_s[at] == seconds
        assert list(zip(scan.mz, scan.intensity, strict=True)) == peaks
        assert run.stored_tic[at] == tic
    assert run.ionization == ("EI" if gas else "")


@pytest.mark.parametrize("cut", [1, 30, 400])
def test_cut_run_keeps_whole_scans_and_says_so(cut):
    whole = a_chemstation(some_scans(40))
    (run,) = read_bytes(whole[:-cut], "data.ms").spectra
    assert run.n_scans < 40
    assert any("40 scans are announced" in fault for fault in run.faults)


def test_scan_that_does_not_advance_ends_the_walk():
    scans = some_scans(5)
    lengths = [(28 + 4 * len(peaks)) // 2 for _, peaks in scans]
    lengths[3] = 0
    (run,) = read_bytes(a_chemstation(scans, lengths=lengths), "data.ms").spectra
    assert run.n_scans == 3
    assert run.faults


def test_scan_shorter_than_its_points_ends_the_walk():
    scans = some_scans(6)
    lengths = [(28 + 4 * len(peaks)) // 2 for _, peaks in scans]
    lengths[2] -= 1
    (run,) = read_bytes(a_chemstation(scans, lengths=lengths), "data.ms").spectra
    assert run.n_scans == 2


def test_more_scans_than_bytes_are_damage():
    with pytest.raises(CorruptFileError, match="announced"):
        read_bytes(a_chemstation(some_scans(3), announced=60_000), "data.ms")


@pytest.mark.parametrize("seed", range(60))
def test_damaged_run_is_a_run_or_our_error(seed):
    rng = np.random.default_rng(seed)
    data = bytearray(a_chemstation(some_scans(20, most=10)))
    if seed % 2:
        del data[int(rng.integers(4, len(data))) :]
    for _ in range(5):
        data[int(rng.integers(4, len(data)))] = int(rng.integers(256))
    try:
        (run,) = read_bytes(bytes(data), "data.ms").spectra
    except FormatError:
        return
    assert run.n_scans


def test_trace_of_version_179():
    (trace,) = read_bytes(an_fid((2.0, 4.0, 6.0)), "FID1A.ch").spectra
    assert trace.y.tolist() == [1.0, 2.0, 3.0]
    assert trace.x.tolist() == [0.0, 0.5, 1.0]
    assert (trace.title, trace.y_unit) == ("Front Signal", "pA")


@pytest.mark.parametrize("cut", [1, 8, 11])
def test_cut_trace_says_so(cut):
    (trace,) = read_bytes(an_fid(range(20))[:-cut], "FID1A.ch").spectra
    assert trace.faults


@pytest.mark.parametrize("made", [a_delta_trace, a_double_delta_trace])
def test_trace_of_differences(made):
    pytest.importorskip("rainbow")
    values = [10, 12, 9_990, 9_980, -400, 7] * 5
    export = read_bytes(made(values), "DAD1A.ch")
    (trace,) = export.spectra
    assert trace.y.tolist() == [value / 2 for value in values]
    # Spread over the minute that the header states, whatever number of times a reader derives.
    np.testing.assert_allclose(trace.x, np.linspace(0, 1, 30))
    assert export.format == ("agilent-ch-130" if made is a_delta_trace else "agilent-ch-181")


def test_jump_of_a_trace_is_a_whole_number():
    pytest.importorskip("rainbow")
    (trace,) = read_bytes(a_delta_trace([10, 100_000, 99_990]), "DAD1A.ch").spectra
    assert trace.y.tolist() == [5.0, 50_000.0, 49_995.0]


def test_diode_array_gives_a_trace_for_each_wavelength():
    pytest.importorskip("rainbow")
    export = read_bytes(a_diode_array([(4, 8, 12, 16), (8, 16, 24, 32)]), "DAD1.UV")
    assert [trace.title for trace in export.spectra] == ["200 nm", "202 nm", "204 nm", "206 nm"]
    assert export.spectra[2].y.tolist() == [3.0, 6.0]
    assert export.spectra[2].x.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    "changes",
    [{"announced": 2**31}, {"announced": 3}, {"step": 0}, {"low": 300, "high": 200}],
)
def test_diode_array_that_contradicts_itself_is_damage(changes):
    with pytest.raises(CorruptFileError):
        read_bytes(a_diode_array([(4, 8, 12, 16)] * 2, **changes), "DAD1.UV")


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("kind", ["130", "181", "uv"])
def test_damaged_trace_is_a_trace_or_our_error(kind, seed):
    rng = np.random.default_rng(seed)
    made = {
        "130": a_delta_trace([10, 12, 100_000] * 20),
        "181": a_double_delta_trace([10, 12, 9_000] * 20),
        "uv": a_diode_array([(4, 8, 12, 16)] * 20),
    }
    data = bytearray(made[kind])
    if seed % 2:
        del data[int(rng.integers(5, len(data))) :]
    start = 5 if seed % 3 else len(data) * 3 // 4
    for _ in range(4):
        data[int(rng.integers(start, len(data)))] = int(rng.integers(256))
    try:
        export = read_bytes(bytes(data), "DAD1.UV" if kind == "uv" else "DAD1A.ch")
    except FormatError:
        return
    assert export.spectra
