"""Waters .raw folders: packed points against rainbow, index against data, traces by name."""

import struct

import numpy as np
import pytest

from instruments import read
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from instruments.formats.waters_pairs import decode
from spectra.spectrum import Chromatogram, MassRun, Technique
from tests.unit.instruments.vendor_files import a_function, a_functions_table

RANDOM = np.random.default_rng(3)


def six(mz, value, exponent=0):
    """One point of six bytes: m/z below 512, rounded to what 23 bits hold."""
    return struct.pack("<hI", value, round(mz * 2**14) << 9 | 9 << 4 | exponent)


def written(folder, files):
    run = folder / "run.raw"
    run.mkdir()
    for name, data in files.items():
        (run / name).write_bytes(data)
    return run


def a_scan_run(counts=(2, 0, 3), kind=0, **more):
    points = b"".join(six(50.0 + at + 0.25, 10 * (at + 1)) for at in range(sum(counts)))
    return {
        "_FUNC001.DAT": points,
        "_FUNC001.IDX": a_function(counts, 6),
        "_FUNCTNS.INF": a_functions_table([kind]),
        "_HEADER.TXT": b"$$ Version: 01.00\r\n$$ Acquired Date: 20-Sep-2021\r\n",
        **more,
    }


def test_scans_come_back_ragged_in_seconds(tmp_path):
    export = read(written(tmp_path, a_scan_run()))
    (run,) = export.spectra
    assert isinstance(run, MassRun)
    np.testing.assert_allclose(run.scan_time_s, [0.0, 6.0, 12.0], rtol=1e-6)
    assert run.offsets.tolist() == [0, 2, 2, 5]
    assert run.mz.tolist() == [50.25, 51.25, 52.25, 53.25, 54.25]
    assert run.intensity.tolist() == [10, 20, 30, 40, 50]
    assert run.ionization == ""
    assert not run.faults
    assert export.metadata["Acquired Date"] == "20-Sep-2021"


@pytest.mark.parametrize(("polarity", "ionization"), [("EI+", "EI"), ("ES-", "ESI-"), ("XX+", "")])
def test_ion_mode_is_taken_from_the_functions_own_paragraph(tmp_path, polarity, ionization):
    extern = (
        "Instrument Parameters - Function 2:\r\nPolarity\t\t\tES+\r\n\r\n"
        f"Instrument Parameters - Function 1:\r\nPolarity\t\t\t{polarity}\r\n"
    )
    export = read(written(tmp_path, a_scan_run(**{"_extern.inf": extern.encode()})))
    assert export.spectra[0].ionization == ionization
    assert export.technique is Technique.GCMS


def test_calibration_of_the_header_is_applied(tmp_path):
    header = b"$$ Cal Function 1: 0.5,1.0,0.0,T0\r\n"
    (run,) = read(written(tmp_path, a_scan_run(**{"_HEADER.TXT": header}))).spectra
    assert run.mz[0] == pytest.approx(50.75)


def test_unknown_calibration_is_a_fault_and_changes_nothing(tmp_path):
    header = b"$$ Cal Function 1: 0.5,1.0,0.0,T1\r\n"
    (run,) = read(written(tmp_path, a_scan_run(**{"_HEADER.TXT": header}))).spectra
    assert run.mz[0] == 50.25
    assert any("calibration" in fault for fault in run.faults)


def test_daughter_scans_are_never_matched(tmp_path):
    (run,) = read(written(tmp_path, a_scan_run(kind=6))).spectra
    assert any("daughters" in fault for fault in run.faults)


def test_monitored_reactions_are_traces_with_their_masses(tmp_path):
    values = RANDOM.integers(0, 2**16, 6, dtype=np.uint16)
    files = {
        "_FUNC001.DAT": values.astype("<u2").tobytes(),
        "_FUNC001.IDX": a_function((2, 2, 2), 2),
        "_FUNCTNS.INF": a_functions_table([9], [(250.5, 336.25)], [(91.0, 188.0)]),
    }
    first, second = read(written(tmp_path, files)).spectra
    assert isinstance(first, Chromatogram)
    assert first.title == "function 1 MRM 250.50 > 91.00"
    assert second.title == "function 1 MRM 336.25 > 188.00"
    expected = (values >> 3).astype(float) * 4.0 ** (values & 7)
    np.testing.assert_array_equal(first.y, expected[0::2])
    np.testing.assert_array_equal(second.y, expected[1::2])


def test_diode_array_gives_a_trace_for_each_wavelength(tmp_path):
    points = b"".join(six(wl, value) for value in (1, 2, 3) for wl in (210.0, 254.0))
    files = a_scan_run((2, 2, 2), kind=12) | {"_FUNC001.DAT": points}
    traces = read(written(tmp_path, files)).spectra
    assert [trace.title for trace in traces] == ["function 1 210 nm", "function 1 254 nm"]
    assert traces[1].y.tolist() == [1, 2, 3]


def test_analogue_channels_follow_with_name_and_unit(tmp_path):
    names = bytes(0x84) + b"System Pressure,1.0,3,0,0,psi".ljust(0x55, b"\x00")
    pairs = np.array([0.1, 5.0, 0.2, 6.0], dtype="<f4").tobytes()
    files = a_scan_run(**{"_CHROMS.INF": names, "_CHRO001.DAT": bytes(0x80) + pairs})
    trace = read(written(tmp_path, files)).spectra[1]
    assert (trace.title, trace.y_unit, trace.x_unit) == ("System Pressure", "psi", "min")
    assert trace.y.tolist() == [5.0, 6.0]


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f | {"_FUNC001.DAT": f["_FUNC001.DAT"][:-3]},
        lambda f: f | {"_FUNC001.DAT": b"\x00"},
        lambda f: f | {"_FUNC001.IDX": f["_FUNC001.IDX"][:-1]},
        lambda f: f | {"_FUNC001.IDX": a_function((0, 0), 6)},
        lambda f: f | {"_FUNC001.IDX": a_function((2**22 - 1, 1), 6)},
        lambda f: f | {"_FUNC001.IDX": struct.pack("<II4xf6x", 2**31, 5, 0.1)},
        lambda f: {k: v for k, v in f.items() if k != "_FUNC001.IDX"},
        lambda f: f | {"_FUNC001.DAT": b"12", "_FUNC001.IDX": a_function((1,), 2)},
    ],
)
def test_index_that_contradicts_the_data_is_damage(tmp_path, change):
    with pytest.raises(CorruptFileError):
        read(written(tmp_path, change(a_scan_run())))


def test_unknown_function_type_is_refused(tmp_path):
    with pytest.raises(RefusedFormatError, match="unknown type"):
        read(written(tmp_path, a_scan_run(kind=31)))


def test_scans_of_an_unstated_kind_are_read_and_not_matched(tmp_path):
    files = a_scan_run()
    del files["_FUNCTNS.INF"], files["_HEADER.TXT"]
    (run,) = read(written(tmp_path, files)).spectra
    assert run.mz[0] == 50.25
    assert any("does not state" in fault for fault in run.faults)


def test_function_zero_borrows_no_other_functions_record(tmp_path):
    files = a_scan_run(kind=0)
    renamed = {name.replace("001", "000"): data for name, data in files.items()}
    (run,) = read(written(tmp_path, renamed)).spectra
    assert any("does not state" in fault for fault in run.faults)


def test_an_empty_function_is_told(tmp_path):
    files = a_scan_run() | {"_FUNC002.DAT": b"", "_FUNC002.IDX": b""}
    export = read(written(tmp_path, files))
    assert len(export.spectra) == 1
    assert any("empty" in warning for warning in export.warnings)


def test_a_damaged_function_does_not_hide_the_others(tmp_path):
    files = a_scan_run() | {
        "_FUNC002.DAT": b"12345",
        "_FUNC002.IDX": a_function((1, 1), 6),
        "_FUNCTNS.INF": a_functions_table([0, 0]),
    }
    export = read(written(tmp_path, files))
    assert [s.metadata["file"] for s in export.spectra] == ["_FUNC001.DAT"]
    assert any("not read: _FUNC002.DAT" in warning for warning in export.warnings)


@pytest.mark.parametrize("seed", range(40))
def test_flipped_files_are_a_run_or_our_error(tmp_path, seed):
    rng = np.random.default_rng(seed)
    files = {name: bytearray(data) for name, data in a_scan_run((3, 4, 5)).items()}
    for _ in range(3):
        data = files[list(files)[int(rng.integers(len(files)))]]
        data[int(rng.integers(len(data)))] = int(rng.integers(256))
    try:
        export = read(written(tmp_path, files))
    except FormatError:
        return
    assert export.spectra


@pytest.mark.parametrize("size", [2, 4, 6, 8])
def test_packed_points_agree_with_rainbow(tmp_path, size):
    """Rainbow sums points into bins; with a bin for every key it gives them back."""
    masslynx = pytest.importorskip("rainbow.waters.masslynx")
    count = 24
    words = RANDOM.integers(0, 256, (count, size), dtype=np.uint8)
    if size == 6:  # keep keys apart and below 2**14, or the package's grid has no room for them
        words = np.frombuffer(
            b"".join(six(60 + 17.3 * at, 100 + at, at % 5) for at in range(count)), np.uint8
        ).reshape(count, size)
    if size == 8:
        keys = 10 << 31 | np.arange(1, count + 1) * 3_000_000
        packed = keys.astype(np.uint64) << np.uint64(28) | np.uint64(12 << 22)
        packed |= RANDOM.integers(0, 1 << 21, count, dtype=np.uint64)
        words = packed.astype("<u8").view(np.uint8).reshape(count, size)
    run = tmp_path
    (run / "_FUNC001.DAT").write_bytes(words.tobytes())
    masses = [tuple(float(100 + at) for at in range(count))]
    (run / "_FUNCTNS.INF").write_bytes(a_functions_table([0], masses))
    reader = getattr(masslynx, f"parse_funcdat{size}")
    counts = np.array([count], dtype=np.uint32)
    labels, data = reader(str(run / "_FUNC001.DAT"), counts, None, 1e-4)
    keys, values = decode(words.tobytes(), size)
    # The package keeps eight-byte values as whole numbers; what is after the point is lost there.
    np.testing.assert_allclose(np.floor(values) if size == 8 else values, data[0], rtol=1e-12)
    if size > 4:
        np.testing.assert_allclose(keys, labels, atol=1e-4)
