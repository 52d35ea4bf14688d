"""What formats say of their own end: whole files, files cut anywhere, files still being written."""

import io
import struct

import numpy as np
import pytest

from instruments.endings import Ending, ending, of_stream
from instruments.writers import write
from tests.unit.instruments.measurements import a_mass_spectrum, a_run, an_infrared


def said(data: bytes) -> Ending:
    return of_stream(io.BytesIO(data))


def spc(points: int = 50, subfiles: int = 1, log: bytes = b"") -> bytes:
    """A GRAMS SPC file of version 0x4B with even x."""
    head = bytearray(512)
    head[0], head[1], head[3] = (4 if subfiles > 1 else 0), 0x4B, 0x80
    struct.pack_into("<iddi", head, 4, points, 4000.0, 400.0, subfiles)
    body = (bytes(32) + np.ones(points, "<f4").tobytes()) * subfiles
    if log:
        struct.pack_into("<i", head, 248, 512 + len(body))
        log = struct.pack("<i", 64 + len(log)) + bytes(60) + log
    return bytes(head) + body + log


def spa(points: int = 50) -> bytes:
    """An OMNIC SPA file: a directory of a header and its ordinates."""
    data = bytearray(304 + 32)
    data[:18] = b"Spectral Data File"
    struct.pack_into("<H", data, 294, 2)
    for at, (key, offset, length) in enumerate(((2, 400, 64), (3, 464, 4 * points))):
        data[304 + 16 * at] = key
        struct.pack_into("<II", data, 304 + 16 * at + 2, offset, length)
    return bytes(data) + bytes(464 - len(data)) + np.ones(points, "<f4").tobytes()


def wdf(capacity: int = 1, collected: int = 1) -> bytes:
    head = bytearray(512)
    head[:4] = b"WDF1"
    struct.pack_into("<Q", head, 8, 512)
    struct.pack_into("<QQ", head, 0x40, capacity, collected)
    return bytes(head) + b"DATA" + bytes(4) + struct.pack("<Q", 16 + 400) + b"\x01" * 400


def opus() -> bytes:
    head = bytearray(64)
    head[:4] = b"\x0a\x0a\xfe\xfe"
    struct.pack_into("<III", head, 12, 24, 40, 2)
    struct.pack_into("<III", head, 24, 1, 6, 24)
    struct.pack_into("<III", head, 36, 2, 100, 64)
    return bytes(head) + b"\x01" * 400


def chemstation(scans: int = 4, announced: int | None = None) -> bytes:
    head = bytearray(0x160)
    head[:4] = b"\x01\x32\x00\x00"
    head[4:24] = b"\x11GC / MS DATA FILE\0\0"
    struct.pack_into(">H", head, 0x10A, (len(head) + 2) // 2)
    struct.pack_into("<H", head, 0x142, scans if announced is None else announced)
    one = struct.pack(">HI", 20, 1000) + bytes(6) + struct.pack(">H", 3) + bytes(4 + 12 + 10)
    return bytes(head) + one * scans + b"\x01" * 12 * scans


JCAMP = write([an_infrared()], "jcamp")
MARKED = {
    "jcamp": JCAMP,
    "mzml": write([a_mass_spectrum()], "mzml"),
    "xml": b'<?xml version="1.0"?>\n<!-- <a> -->\n<run kind="x">\n<scan/>\n</run>\n',
    "zip": b"PK\x03\x04" + bytes(60) + b"PK\x05\x06" + bytes(18),
    "massbank": b"ACCESSION: X\nPK$PEAK: m/z int.\n  41.0 10 10\n//\n",
}
FITS = {
    "spc": spc(),
    "spc with log": spc(log=b"some words"),
    "spc of many": spc(subfiles=3),
    "spa": spa(),
    "wdf": wdf(),
    "opus": opus(),
    "chemstation": chemstation(),
}


@pytest.mark.parametrize("name", MARKED)
def test_a_file_with_an_end_mark_is_known_to_have_ended(name):
    assert said(MARKED[name]) is Ending.MARKED


@pytest.mark.parametrize("name", FITS)
def test_a_file_of_the_announced_size_is_known_to_fit(name):
    assert said(FITS[name]) is Ending.FITS


@pytest.mark.parametrize("name", [*MARKED, *FITS])
def test_no_cut_file_is_ever_called_whole(name):
    data = (MARKED | FITS)[name]
    wrong = [
        at
        for at in range(
            1, len(data.rstrip()) - (24 if name == "zip" else 8), max(1, len(data) // 97)
        )
        if said(data[:at]) in (Ending.MARKED, Ending.FITS)
    ]
    assert wrong == []


def test_a_compound_file_has_not_ended_with_its_first_part():
    inner = JCAMP.decode()
    whole = f"##TITLE=all\n##JCAMP-DX=4.24\n##DATA TYPE=LINK\n##BLOCKS=2\n{inner}{inner}##END=\n"
    assert said(whole.encode()) is Ending.MARKED
    first = whole[: whole.index("##END=") + 7]
    assert said(first.encode()) is Ending.UNFINISHED
    both = whole[: whole.rindex("##END=")]
    assert said(both.encode()) is Ending.UNFINISHED


def test_an_end_mark_is_seen_whatever_comes_after_it():
    text = JCAMP.decode()
    assert said((text + "\r\n$$ checksum 12\r\n\r\n").encode()) is Ending.MARKED
    assert said(text.replace("##END=", "## end =").encode()) is Ending.MARKED


def test_an_entry_without_its_peaks_is_unfinished_and_a_full_one_may_be_followed():
    entry = b"NAME: x\nNum Peaks: 3\n41 10; 77 99;\n105 3\n"
    assert said(entry) is Ending.UNKNOWN
    assert said(entry + b"\nNAME: y\nNum Peaks: 3\n41 10\n") is Ending.UNFINISHED
    assert said(b"NAME: x\nCOMMENT: y\n") is Ending.UNFINISHED
    assert said(b"BEGIN IONS\nPEPMASS=1\n41 10\n") is Ending.UNFINISHED
    assert said(b"BEGIN IONS\nPEPMASS=1\n41 10\nEND IONS\n") is Ending.UNKNOWN


def test_a_size_reserved_before_it_is_filled_is_left_to_time():
    whole = spc(points=5_000)
    assert said(whole) is Ending.FITS
    assert said(whole[:700] + bytes(len(whole) - 700)) is Ending.UNKNOWN


def test_a_map_still_being_measured_is_unfinished():
    assert said(wdf(capacity=9, collected=4)) is Ending.UNFINISHED


def test_a_run_still_being_acquired_announces_no_scans():
    assert said(chemstation(announced=0)) is Ending.UNFINISHED
    assert said(chemstation(announced=9)) is Ending.UNFINISHED


def test_a_netcdf_run_fits_only_when_every_scan_is_there():
    data = write([a_run()], "andi")
    assert said(data) is Ending.FITS
    assert {said(data[:at]) for at in range(4, len(data) - 8, 40)} == {Ending.UNFINISHED}


@pytest.mark.parametrize("data", [b"1 2\n" * 30, b"\x89HDF\r\n" + bytes(90), b"\xd0\xcf\x11\xe0"])
def test_what_says_nothing_of_its_end_is_left_to_time(data):
    assert said(data) is Ending.UNKNOWN


def test_an_empty_file_has_not_begun(tmp_path):
    path = tmp_path / "x.jdx"
    path.touch()
    assert ending(path) is Ending.UNFINISHED


def test_hostile_counts_end_soon():
    data = bytearray(wdf())
    struct.pack_into("<Q", data, 8, 2**63)
    assert said(bytes(data)) is Ending.UNFINISHED
    struct.pack_into("<Q", data, 8, 0)
    assert said(bytes(data)) is Ending.UNKNOWN
    log = bytearray(spc())
    struct.pack_into("<i", log, 248, 2**31 - 1)
    assert said(bytes(log)) is Ending.UNFINISHED
    assert said(opus()[:12] + struct.pack("<III", 2**31, 0, 900) + bytes(40)) is Ending.UNFINISHED


def test_a_run_folder_says_what_its_data_file_says(tmp_path):
    folder = tmp_path / "a.D"
    folder.mkdir()
    assert ending(folder) is Ending.UNKNOWN
    (folder / "DATA.MS").write_bytes(chemstation())
    assert ending(folder) is Ending.FITS
    (folder / "DATA.MS").write_bytes(chemstation()[:400])
    assert ending(folder) is Ending.UNFINISHED
