"""SPC and mzML of an independent little writer, MSP in every layout: read back to the same."""

import base64
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import read_bytes
from instruments.formats.spc import SpcReader

COUNTS = st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=60)
SMALL = st.lists(st.integers(-(2**15), 2**15 - 1), min_size=1, max_size=60)
SINGLES = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1)
EXPONENTS = st.integers(-20, 40)


def header(version, flags, exponent, points, subfiles, log=0):
    """Return the 512 bytes of SPC.H's SPCHDR, written field by field from the description."""
    order = ">" if version == 0x4C else "<"
    raw = bytearray(512)
    raw[0], raw[1] = flags, version
    struct.pack_into("b", raw, 3, exponent)
    struct.pack_into(order + "i", raw, 4, points)
    struct.pack_into(order + "dd", raw, 8, 4000.0, 400.0)
    struct.pack_into(order + "i", raw, 24, subfiles)
    raw[28], raw[29] = 1, 0
    struct.pack_into(order + "i", raw, 248, log)
    return bytes(raw)


def subheader(order, index, exponent, points=0):
    raw = bytearray(32)
    struct.pack_into("b", raw, 1, exponent)
    struct.pack_into(order + "H", raw, 2, index)
    struct.pack_into(order + "i", raw, 16, points)
    return bytes(raw)


@settings(deadline=None)
@given(COUNTS, EXPONENTS, st.sampled_from([0x4B, 0x4C]))
def test_integers_of_32_bits_with_an_exponent(values, exponent, version):
    order = ">" if version == 0x4C else "<"
    data = header(version, 0, exponent, len(values), 1) + subheader(order, 0, 0)
    data += struct.pack(f"{order}{len(values)}i", *values)
    (found,) = read_bytes(data, "a.spc").spectra
    assert found.y.tolist() == [value * 2.0**exponent / 2.0**32 for value in values]
    np.testing.assert_array_equal(found.x, np.linspace(4000.0, 400.0, len(values)))


@settings(deadline=None)
@given(st.lists(SMALL, min_size=1, max_size=6), st.data(), st.sampled_from([0x4B, 0x4C]))
def test_several_subfiles_of_16_bits_each_with_its_exponent(curves, data, version):
    order = ">" if version == 0x4C else "<"
    points = min(len(curve) for curve in curves)
    curves = [curve[:points] for curve in curves]
    exponents = [data.draw(EXPONENTS) for _ in curves]
    raw = header(version, 0x01 | 0x04, 0, points, len(curves))
    for at, (curve, exponent) in enumerate(zip(curves, exponents, strict=True)):
        raw += subheader(order, at, exponent) + struct.pack(f"{order}{points}h", *curve)
    found = read_bytes(raw, "a.spc").spectra
    assert len(found) == len(curves)
    for spectrum, curve, exponent in zip(found, curves, exponents, strict=True):
        assert spectrum.y.tolist() == [value * 2.0**exponent / 2.0**16 for value in curve]


@settings(deadline=None)
@given(SINGLES, st.sampled_from([0x4B, 0x4C]))
def test_own_x_and_floats_keep_every_bit(values, version):
    order = ">" if version == 0x4C else "<"
    x = [float(np.float32(7 * at + 1)) for at in range(len(values))]
    data = header(version, 0x80, -128, len(values), 1)
    data += struct.pack(f"{order}{len(x)}f", *x) + subheader(order, 0, -128)
    data += struct.pack(f"{order}{len(values)}f", *values)
    (found,) = read_bytes(data, "a.spc").spectra
    assert found.x.tolist() == x
    assert found.y.tolist() == values


@settings(deadline=None)
@given(st.lists(SMALL, min_size=1, max_size=6), st.booleans(), st.randoms())
def test_subfiles_of_their_own_x_are_found_by_their_directory(curves, moved, random):
    """Edited subfiles are appended: only the directory knows the order."""
    places = list(range(len(curves)))
    if moved:
        random.shuffle(places)
    body, entries = b"", {}
    for at in places:
        curve = curves[at]
        part = subheader("<", at, 16, len(curve))
        part += struct.pack(f"<{len(curve)}f", *range(1, len(curve) + 1))
        part += struct.pack(f"<{len(curve)}h", *curve)
        entries[at] = (512 + len(body), len(part))
        body += part
    raw = header(0x4B, 0xC5, 16, 512 + len(body), len(curves)) + body
    raw += b"".join(struct.pack("<IIf", *entries[at], 0.0) for at in range(len(curves)))
    found = read_bytes(raw, "a.spc").spectra
    assert [spectrum.y.tolist() for spectrum in found] == [list(map(float, c)) for c in curves]
    assert not any("damaged" in fault for spectrum in found for fault in spectrum.faults)


@settings(deadline=None)
@given(COUNTS, EXPONENTS)
def test_the_old_format_holds_the_high_word_first(values, exponent):
    raw = bytearray(256)
    raw[1] = 0x4D
    struct.pack_into("<h", raw, 2, exponent)
    struct.pack_into("<fff", raw, 4, len(values), 4000.0, 400.0)
    raw[16], raw[17] = 1, 0
    words = [word for v in values for word in ((v >> 16) & 0xFFFF, v & 0xFFFF)]
    data = bytes(raw) + struct.pack(f"<{len(words)}H", *words)
    (found,) = read_bytes(data, "a.spc").spectra
    assert found.y.tolist() == [value * 2.0**exponent / 2.0**32 for value in values]


@pytest.mark.parametrize("extra", [-4, -1, 1, 4, 100])
def test_bytes_too_few_or_too_many_are_never_silent(extra):
    data = header(0x4B, 0, -128, 50, 1) + subheader("<", 0, -128)
    data += np.linspace(0.1, 0.9, 50, dtype="<f4").tobytes()
    assert not read_bytes(data, "a.spc").spectra[0].faults
    if extra < 0:
        with pytest.raises(Exception, match="announced"):
            read_bytes(data[:extra], "a.spc")
        return
    assert read_bytes(data + bytes(extra), "a.spc").spectra[0].faults


LAYOUTS = {
    "semicolons": ("{} {}; ", 5),
    "blanks": ("{} {}\n", 1),
    "brackets": ("({},{}) ", 4),
    "colons": ("{}:{} ", 7),
    "tabs": ("{}\t{}\n", 1),
    "comments": ('{}\t{}\t"C7H7 1/1"\n', 1),
    "commas": ("{},{}\n", 1),
}
PEAKS = st.lists(
    st.tuples(st.integers(10, 9999), st.integers(1, 999)), min_size=1, max_size=40, unique=True
)


@settings(deadline=None)
@given(st.lists(PEAKS, min_size=1, max_size=5), st.sampled_from(sorted(LAYOUTS)), st.booleans())
def test_every_layout_of_msp_peaks_reads_alike(entries, layout, windows):
    cell, per_line = LAYOUTS[layout]
    text = ""
    for at, peaks in enumerate(entries):
        text += f"Name: entry {at}\nFormula: C{at}\nNum Peaks: {len(peaks)}\n"
        for start in range(0, len(peaks), per_line):
            text += "".join(cell.format(*peak) for peak in peaks[start : start + per_line])
            text = text.rstrip("\n") + "\n"
        text += "\n"
    data = (text.replace("\n", "\r\n") if windows else text).encode()
    export = read_bytes(data, "a.msp")
    assert [s.title for s in export.spectra] == [f"entry {at}" for at in range(len(entries))]
    for spectrum, peaks in zip(export.spectra, entries, strict=True):
        assert list(zip(spectrum.mz, spectrum.intensity, strict=True)) == peaks
        assert not spectrum.faults


@settings(deadline=None)
@given(
    st.lists(st.lists(st.floats(1, 1000, width=32), max_size=20), min_size=1, max_size=6),
    st.booleans(),
    st.booleans(),
)
def test_mzml_of_32_and_64_bits_compressed_or_not(scans, double, packed):
    kind = "<f8" if double else "<f4"
    terms = (
        ("MS:1000523" if double else "MS:1000521"),
        ("MS:1000574" if packed else "MS:1000576"),
    )

    def array(values, meaning):
        raw = np.array(values, dtype=kind).tobytes()
        text = base64.b64encode(zlib.compress(raw) if packed else raw).decode()
        inner = "".join(f'<cvParam accession="{term}"/>' for term in (*terms, meaning))
        return f"<binaryDataArray>{inner}<binary>{text}</binary></binaryDataArray>"

    parts = [f'<mzML version="1.1.0"><run><spectrumList count="{len(scans)}">']
    for at, values in enumerate(scans):
        parts.append(f'<spectrum index="{at}" defaultArrayLength="{len(values)}"><scan>')
        parts.append(
            f'<cvParam accession="MS:1000016" value="{at * 0.5}" unitAccession="UO:0000031"/>'
            "</scan>"
        )
        parts += [array(values, "MS:1000514"), array(values[::-1], "MS:1000515"), "</spectrum>"]
    parts.append("</spectrumList></run></mzML>")
    (run,) = read_bytes("".join(parts).encode(), "a.mzML").spectra
    assert run.scan_time_s.tolist() == [at * 30.0 for at in range(len(scans))]
    assert [run.scan(at).mz.tolist() for at in range(run.n_scans)] == scans
    assert [run.scan(at).intensity.tolist()[::-1] for at in range(run.n_scans)] == scans


@pytest.mark.parametrize("version", [0x4B, 0x4C])
@pytest.mark.parametrize("log", [0, 512 + 32 + 4 * 5])
def test_spc_is_certain_only_where_its_counts_fill_the_file(version, log):
    order = ">" if version == 0x4C else "<"
    data = header(version, 0, -128, 5, 1, log) + subheader(order, 0, 0)
    data += struct.pack(f"{order}5f", *range(5)) + b"log" * bool(log)
    reader = SpcReader()
    assert reader.sniff(data[:4096], len(data)) > 0.95
    if not log:
        assert 0 < reader.sniff(data[:4096], len(data) + 1) < 0.95
        assert 0 < reader.sniff(data[:4096], len(data) - 1) < 0.95
