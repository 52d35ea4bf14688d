"""Damaged and hostile bytes: our error or a spectrum, soon, and never a large allocation."""

import base64
import contextlib
import gzip
import struct
import zlib

import numpy as np
import pytest

from instruments import read_bytes
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from instruments.writers import write
from tests.unit.instruments.measurements import a_run, an_infrared

pytestmark = pytest.mark.timeout(20)


def a_wdf(points=4, collected=1, data_size=None, xlst_size=None):
    header = bytearray(512)
    header[:4] = b"WDF1"
    struct.pack_into("<Q", header, 8, 512)
    struct.pack_into("<I", header, 0x3C, points)
    struct.pack_into("<QQ", header, 0x40, collected, collected)
    struct.pack_into("<f", header, 0x9C, 12738.9)
    y = np.arange(4, dtype="<f4").tobytes()
    x = struct.pack("<II", 1, 1) + np.array([400, 300, 200, 100], dtype="<f4").tobytes()
    data = b"DATA" + struct.pack("<IQ", 0, 16 + len(y) if data_size is None else data_size) + y
    axis = b"XLST" + struct.pack("<IQ", 0, 16 + len(x) if xlst_size is None else xlst_size) + x
    return bytes(header) + data + axis


def test_small_wdf_is_read():
    (spectrum,) = read_bytes(a_wdf(), "a.wdf").spectra
    assert spectrum.x.tolist() == [400, 300, 200, 100]
    assert spectrum.metadata["laser_nm"] == "784.997"


@pytest.mark.parametrize(
    "changes",
    [
        {"data_size": 0},
        {"xlst_size": 0},
        {"data_size": 2**63},
        {"points": 2**31},
        {"points": 0},
        {"collected": 2**40},
        {"collected": 2},
        {"collected": 0},
    ],
)
def test_wdf_that_contradicts_itself_is_corrupt(changes):
    with pytest.raises(CorruptFileError):
        read_bytes(a_wdf(**changes), "a.wdf")


def an_spc(points=4, flags=0, subfiles=1, exponent=-128, version=0x4B):
    order = ">" if version == 0x4C else "<"
    header = bytearray(512)
    header[0], header[1] = flags, version
    struct.pack_into("b", header, 3, exponent)
    struct.pack_into(order + "iddi", header, 4, points, 4000.0, 400.0, subfiles)
    header[28], header[29] = 1, 2
    y = np.array([0.1, 0.2, 0.9, 0.3], dtype=order + "f4").tobytes()
    return bytes(header) + bytes(32) + y


@pytest.mark.parametrize("version", [0x4B, 0x4C])
def test_both_byte_orders_of_spc_read_alike(version):
    (spectrum,) = read_bytes(an_spc(version=version), "a.spc").spectra
    np.testing.assert_allclose(spectrum.y, [0.1, 0.2, 0.9, 0.3], rtol=1e-6)
    assert spectrum.x.tolist() == [4000, 2800, 1600, 400]


@pytest.mark.parametrize(
    "changes",
    [
        {"points": 2**31 - 1},
        {"points": -5},
        {"points": 5},
        {"subfiles": 2**30},
        {"flags": 0x80},
        {"flags": 0x40 | 0x80},
        {"points": 2**31 - 1, "flags": 0x80},
    ],
)
def test_spc_counts_are_checked_against_the_file(changes):
    with pytest.raises(CorruptFileError) as caught:
        read_bytes(an_spc(**changes), "a.spc")
    assert caught.value.hint


def test_mzml_zlib_bomb_is_not_inflated():
    bomb = base64.b64encode(zlib.compress(bytes(50_000_000), 9)).decode()
    good = write([a_run(1)], "mzml").decode()
    start = good.index("<binary>") + len("<binary>")
    stop = good.index("</binary>")
    with pytest.raises(CorruptFileError, match="more than"):
        read_bytes((good[:start] + bomb + good[stop:]).encode(), "a.mzML")


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE m SYSTEM "file:///etc/passwd">',
    ],
)
@pytest.mark.parametrize("root", ["mzML", "mzXML"])
def test_xml_with_entities_is_refused(head, root):
    text = f'<?xml version="1.0"?>{head}<{root} version="1.1.0">&b;</{root}>'
    with pytest.raises(RefusedFormatError):
        read_bytes(text.encode(), "a.xml")


def test_mzml_draft_is_refused():
    text = write([a_run(2)], "mzml").replace(b'version="1.1.0"', b'version="0.99.1"')
    with pytest.raises(RefusedFormatError, match="draft"):
        read_bytes(text, "a.mzML")


def test_cut_mzml_keeps_what_is_whole_and_says_so():
    whole = write([a_run(25)], "mzml")
    run = read_bytes(whole[: len(whole) // 2], "a.mzML").spectra[0]
    assert 0 < run.n_scans < 25
    assert any("cut" in fault for fault in run.faults)


def test_minutes_are_not_seconds_in_mzml():
    text = write([a_run(2)], "mzml").replace(
        b'unitAccession="UO:0000010" unitName="second"',
        b'unitAccession="UO:0000031" unitName="minute"',
    )
    assert read_bytes(text, "a.mzML").spectra[0].scan_time_s[0] == 120.0 * 60.0


def test_gzip_bomb_is_refused():
    packed = gzip.compress(bytes(120_000_000), 9)
    with pytest.raises(RefusedFormatError, match="inflate"):
        read_bytes(packed, "a.mzML.gz")


def test_gzip_is_opened_whatever_the_name_says():
    data = write([an_infrared()], "jcamp")
    export = read_bytes(gzip.compress(data), "a.bin")
    assert export.format == "jcamp"
    assert export.size != len(data)
    with pytest.raises(CorruptFileError, match="cut"):
        read_bytes(gzip.compress(data)[:-20], "a.jdx.gz")


@pytest.mark.parametrize("cut", [5, 40, 200, 600, -1])
def test_cut_netcdf_is_corrupt_and_never_zeros(cut):
    whole = write([a_run()], "andi")
    with pytest.raises(CorruptFileError):
        read_bytes(whole[:cut] if cut > 0 else whole[:-400], "a.cdf")


def test_netcdf_dimension_is_a_claim():
    whole = bytearray(write([a_run()], "andi"))
    at = whole.index(b"point_number") + len(b"point_number")
    whole[at : at + 4] = struct.pack(">I", 2**31 - 1)
    with pytest.raises(CorruptFileError):
        read_bytes(bytes(whole), "a.cdf")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "pointer"),
        (b"PK\x03\x04" + bytes(60), "zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "OLE2"),
        (b"LabSpec6" + bytes(60), "LabSpec"),
        (b"\x89HDF\r\n\x1a\n" + bytes(60), "netCDF-4"),
        (b"\x01\xa1F\x00i\x00n\x00n\x00i\x00g\x00a\x00n\x00" + bytes(60), "Thermo"),
        (bytes(range(256)) * 4, "not a known"),
    ],
)
def test_every_refusal_names_the_file_and_what_to_do(data, words):
    with pytest.raises(FormatError, match=words) as caught:
        read_bytes(data, "evidence.bin")
    assert caught.value.message.startswith("evidence.bin")
    assert caught.value.hint


SMALL = {
    "a.jdx": write([an_infrared()], "jcamp"),
    "b.jdx": write([an_infrared()], "jcamp-difdup"),
    "run.jdx": write([a_run(25)], "jcamp"),
    "a.csv": write([an_infrared()], "csv"),
    "run.mzML": write([a_run(6)], "mzml"),
    "run.cdf": write([a_run(6)], "andi"),
    "run.msp": write([a_run(6)], "msp"),
    "a.wdf": a_wdf(),
    "a.spc": an_spc(),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", SMALL)
def test_flipped_and_cut_bytes_give_a_spectrum_or_our_error(name):
    random = np.random.default_rng(20261124)
    whole = SMALL[name]
    for turn in range(120):
        damaged = bytearray(whole)
        if turn % 3 == 0:
            del damaged[int(random.integers(0, len(whole))) :]
        for at in random.integers(0, max(len(damaged), 1), int(random.integers(1, 9))):
            if damaged:
                damaged[at % len(damaged)] = int(random.integers(0, 256))
        try:
            export = read_bytes(bytes(damaged), name)
        except FormatError:
            continue
        else:
            assert export.spectra
            assert all(value.isprintable() for value in export.metadata.values())


BEGINNINGS = {
    "a.jdx": "##TITLE=x\n##XYDATA=(X++(Y..Y))\n",
    "p.jdx": "##TITLE=x\n##XYPOINTS=(XY..XY)\n",
    "title.jdx": "##TITLE=",
    "a.msp": "Name: x\nNum Peaks: 3\n",
    "bare.msp": "Name: x\n",
    "a.mgf": "BEGIN IONS\nTITLE=x\n",
    "a.csv": "",
    "a.asp": "1798\n4000\n600\n1\n2\n4\n",
    "a.rod": "data_x\nloop_\n_raman_spectrum.raman_shift\n_raman_spectrum.intensity\n",
    "a.txt": "##NAMES=x\n##RRUFFID=1\n",
    "b.txt": "ACCESSION: x\nRECORD_TITLE: y\nPK$PEAK: m/z int. rel.int.\n  ",
    "a.mzML": '<?xml version="1.0"?><mzML version="1.1.0"><run>',
}


@pytest.mark.parametrize("unit", ["1", "1 ", " ", "1,", "A", "(", '"', "##", "0E0", "a="])
def test_one_endless_line_takes_time_in_proportion(unit):
    """A pattern that tries every split of such a line would need hours here, not a second."""
    for name, beginning in BEGINNINGS.items():
        text = beginning + unit * (300_000 // len(unit))
        with contextlib.suppress(FormatError):
            read_bytes(text.encode(), name)


def test_ten_megabytes_on_one_line_of_ordinates_are_read():
    ordinates = " ".join(["1", "2", "3", "2"] * 1_250_000)
    text = f"##TITLE=x\n##DATA TYPE=INFRARED SPECTRUM\n##XYDATA=(X++(Y..Y))\n400 {ordinates}\n"
    (spectrum,) = read_bytes(text.encode(), "a.jdx").spectra
    assert spectrum.y.size == 5_000_000


def test_zip_bomb_inside_an_array_of_pairs_is_not_inflated():
    """The announced length is the cap, in mzXML as in mzML."""
    bomb = base64.b64encode(zlib.compress(bytes(30_000_000), 9)).decode()
    text = (
        '<?xml version="1.0"?><mzXML><msRun scanCount="1"><scan num="1" msLevel="1" '
        'peaksCount="3" retentionTime="PT1S"><peaks precision="32" byteOrder="network" '
        f'compressionType="zlib" compressedLen="{len(bomb)}" contentType="m/z-int">{bomb}'
        "</peaks></scan></msRun></mzXML>"
    )
    with pytest.raises(CorruptFileError, match="more than"):
        read_bytes(text.encode(), "a.mzXML")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda y: y * 1e20, "not a measurement"),
        (lambda y: y * 1e-20, "not a measurement"),
        (lambda y: np.where(np.arange(y.size) == 40, 1e9, y), "damaged"),
    ],
)
def test_numbers_no_instrument_gives_are_a_fault(make, words):
    data = write([an_infrared(y=make(an_infrared().y))], "csv")
    (spectrum,) = read_bytes(data, "a.csv").spectra
    assert any(words in fault for fault in spectrum.faults)


def test_a_directory_that_points_many_times_at_one_subfile_is_no_amplifier():
    points, entries = 20_000, 5_000
    body = bytearray(32) + np.arange(2 * points, dtype="<f4").tobytes()
    struct.pack_into("<b", body, 1, -128)
    struct.pack_into("<i", body, 16, points)
    header = bytearray(an_spc()[:512])
    header[0] = 0x40 | 0x80 | 0x04
    struct.pack_into("<i", header, 4, 512 + len(body))
    struct.pack_into("<i", header, 24, entries)
    data = bytes(header) + bytes(body) + struct.pack("<IIf", 512, len(body), 0.0) * entries
    with pytest.raises(CorruptFileError, match="share their bytes"):
        read_bytes(data, "a.spc")


def test_blocks_of_a_group_that_overlap_are_no_amplifier():
    points, entries = 20_000, 5_000
    start = 304 + 32 * entries
    entry = struct.pack("<BxIIxxxxxx", 2, start, 64) + struct.pack(
        "<BxIIxxxxxx", 3, start + 64, 4 * points
    )
    head = bytearray(64)
    struct.pack_into("<I", head, 4, points)
    head[8], head[12] = 1, 17
    struct.pack_into("<ff", head, 16, 4000.0, 400.0)
    data = bytearray(b"Spectral Data File".ljust(304, b"\x00")) + entry * entries + head
    struct.pack_into("<H", data, 294, 2 * entries)
    with pytest.raises(CorruptFileError, match="share their bytes"):
        read_bytes(bytes(data) + bytes(4 * points), "a.spg")


def test_repetitions_in_many_tables_add_up():
    table = (
        "##TITLE=t\n##NPOINTS=2500000\n##FIRSTX=1\n##DELTAX=1\n##XYDATA=(X++(Y..Y))\n1A{}\n##END=\n"
    )
    with pytest.raises(CorruptFileError, match="beyond what it can hold"):
        read_bytes(("".join([table.format("T500000")] * 500)).encode(), "a.jdx")
