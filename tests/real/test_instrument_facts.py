"""Every spectrum of every file, in file order and own direction, with its own units and title.

Judged by slow decoders written here from the formats' descriptions, and by the counts and ranges
that the files themselves state; nothing of the readers is used.
"""

import re
import struct
from functools import cache

import numpy as np
import pytest

from instruments import read
from instruments.errors import FormatError
from instruments.sandbox import read_guarded
from spectra.axis import XKind, YKind
from spectra.spectrum import Chromatogram, MassRun, MassSpectrum, Spectrum
from tests.real.instrument_files import DATA, manifest, needs_data
from tests.real.manifest_facts import is_refused

pytestmark = pytest.mark.real

ROWS = [row for row in manifest() if not is_refused(row)]


@cache
def once(name):
    return read(DATA / name)


# The manifest's words for a unit (the file's own, or its code) and what they may be here.
X_WORDS = {
    "1/CM": (("wavenumber", "cm-1"), ("raman_shift", "cm-1")),
    "1/cm": (("wavenumber", "cm-1"), ("raman_shift", "cm-1")),
    "cm-1": (("wavenumber", "cm-1"), ("raman_shift", "cm-1")),
    "1": (("wavenumber", "cm-1"), ("raman_shift", "cm-1")),
    "WN": (("wavenumber", "cm-1"), ("raman_shift", "cm-1")),
    "Raman cm-1": (("raman_shift", "cm-1"),),
    "32": (("raman_shift", "cm-1"),),
    "2": (("pixel", "1"),),
    "3": (("wavelength", "nm"),),
    "nm": (("wavelength", "nm"),),
    "NANOMETERS": (("wavelength", "nm"),),
    "min": (("time", "min"),),
    "ARBITRARY": (("time", "arbitrary"), ("unknown", "ARBITRARY")),
    "b'seconds'": (("time", "s"),),
    "b'time in seconds'": (("time", "s"),),
    "b''": (("time", "s"),),
}
Y_WORDS = {
    "%T": (("transmittance", "%"),),
    "TRANSMITTANCE": (("transmittance", "%"), ("transmittance", "1")),
    "Transmission": (("transmittance", "%"),),
    "A": (("absorbance", "1"),),
    "ABSORBANCE": (("absorbance", "1"),),
    "Absorbance": (("absorbance", "1"),),
    "17": (("absorbance", "1"),),
    "11": (("reflectance", "%"),),
    "Reflectance": (("reflectance", "1"),),
    "15": (("single_beam", "unknown"),),
    "22": (("interferogram", "V"),),
    "31": (("raman_intensity", "counts"),),
    "6": (("raman_intensity", "counts"),),
    "Counts": (("raman_intensity", "counts"),),
    "KM": (("kubelka_munk", "1"),),
    "b'AU'": (("detector_signal", "AU"),),
    "b'counts'": (("detector_signal", "counts"),),
    "b'uV'": (("detector_signal", "uV"),),
    "pA": (("detector_signal", "pA"),),
}
OTHER_UNITS = {
    # y type 2 (absorbance) over 100..4000 with ordinates of hundreds: atacamite by Raman under the
    # exporter's default codes; read as Raman with a warning that asks for a person.
    "raman/spc/raman_atacamit.spc": "y",
}


def words(row, key):
    stated = row[key]
    table = X_WORDS if key == "x_unit" else Y_WORDS
    known = table.get(stated)
    return None if OTHER_UNITS.get(row["file"]) == key[0] else known


@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_units_are_the_files_own(row):
    first = once(row["file"]).spectra[0]
    if isinstance(first, (MassSpectrum, MassRun)):
        assert row["x_unit"].lower() in ("", "m/z", "mass units")
        return
    for key, found in (
        ("x_unit", (first.x_kind.value, first.x_unit)),
        ("y_unit", (first.y_kind.value, first.y_unit)),
    ):
        wanted = words(row, key)
        if wanted is not None:
            assert found in wanted


# Here the manifest's title is the first line of the text, a block's key or the file type's name.
NO_TITLE = ("txt", "csv", "tsv", "ttt", "portable", "opus", "perkinelmer", "elu")
TITLED = [row for row in ROWS if row["title"] and not any(w in row["file"] for w in NO_TITLE)]


def plain(text):
    """Return a title as the manifest means it: it prints bytes, and cuts them."""
    return " ".join(re.sub(r"^b'(.*?)'?$", r"\1", text).split())


@pytest.mark.parametrize("row", TITLED, ids=[row["file"] for row in TITLED])
def test_title_is_the_files_own(row):
    export = once(row["file"])
    found = export.spectra[0].title
    if len(export.spectra) > 1:
        found = re.sub(r" \[1\]$| \(T= [\d.]+\)$", "", found)
    if row["format"] in ("mzml", "mzxml"):
        return
    assert found.startswith(plain(row["title"])[:60])


def stated(block, label):
    match = re.search(rf"^\s*##\s*{label}\s*=\s*([-+\d.,eE]+)", block, re.MULTILINE | re.IGNORECASE)
    try:
        return float(match.group(1).replace(",", ".")) if match else None
    except ValueError:
        return None


def jcamp_rows():
    return [row for row in ROWS if row["format"].startswith("jcamp")]


@pytest.mark.parametrize("row", jcamp_rows(), ids=[row["file"] for row in jcamp_rows()])
def test_every_jcamp_block_has_the_points_and_ends_its_header_states(row):
    needs_data()
    text = (DATA / row["file"]).read_text(encoding="latin-1").replace("\r", "\n")
    text = re.sub(r"\$\$.*", "", text)
    parts = re.split(r"^\s*##\s*TITLE\s*=", text, flags=re.MULTILINE | re.IGNORECASE)[1:]
    data = re.compile(r"^\s*##\s*(XY\s*DATA|XYPOINTS|PEAK TABLE)\s*=", re.MULTILINE | re.IGNORECASE)
    blocks = [part for part in parts if data.search(part)]
    export = once(row["file"])
    if "NTUPLES" in text.upper() or isinstance(export.spectra[0], MassRun):
        pages = len(re.findall(r"##\s*PAGE\s*=", text, re.IGNORECASE))
        pages = pages or len(re.findall(r"##\s*SCAN_NUMBER\s*=", text, re.IGNORECASE))
        first = export.spectra[0]
        assert pages == (first.n_scans if isinstance(first, MassRun) else len(export.spectra))
        return
    assert len(export.spectra) == len(blocks)
    for spectrum, block in zip(export.spectra, blocks, strict=True):
        mass = isinstance(spectrum, MassSpectrum)
        x = spectrum.mz if mass else spectrum.x
        y = spectrum.intensity if mass else spectrum.y
        count = stated(block, "NPOINTS")
        told = [*spectrum.faults, *export.warnings]
        if count and count != x.size:
            assert any(f"{count:.0f} points" in each for each in told)
        first, last, delta = (stated(block, key) for key in ("FIRSTX", "LASTX", "DELTAX"))
        if first is not None and last is not None and not mass and count == x.size:
            room = abs(delta or (last - first) / max(count - 1, 1)) + 1e-4 * abs(first)
            assert abs(x[0] - first) <= room
            assert abs(x[-1] - last) <= room or any("abscissae" in each for each in told)
            assert (x[-1] > x[0]) == (last > first)  # nothing is flipped
        low, high = stated(block, "MINY"), stated(block, "MAXY")
        if low is not None and high is not None:
            span = abs(high - low)
            fits = abs(np.nanmax(y) - max(low, high)) <= 0.02 * span
            assert fits or any("MINY and MAXY" in each for each in told)


def spc_by_hand(data):
    """Decode an SPC file value by value, as SPC.H describes it."""
    flags, version = data[0], data[1]
    if version == 0x4D:
        exponent = struct.unpack_from("<h", data, 2)[0]
        points = int(struct.unpack_from("<f", data, 4)[0])
        at, curves = 224, []
        while at + 32 + 4 * points <= len(data):
            own = struct.unpack_from("<b", data, at + 1)[0] if flags & 4 else exponent
            y = []
            for k in range(points):
                high, low = struct.unpack_from("<hH", data, at + 32 + 4 * k)
                y.append((high * 65536 + low) * 2.0 ** (own - 32))
            curves.append((None, y))
            at += 32 + 4 * points
            if not flags & 4:
                break
        return curves
    exponent = struct.unpack_from("<b", data, 3)[0]
    points, _, _, count = struct.unpack_from("<iddi", data, 4)
    at, shared, curves = 512, None, []
    directory = points if flags & 0x40 else 0
    if flags & 0x80 and not flags & 0x40:
        shared = list(struct.unpack_from(f"<{points}f", data, at))
        at += 4 * points
    for index in range(max(count, 1)):
        if directory:
            at = struct.unpack_from("<I", data, directory + 12 * index)[0]
        own = struct.unpack_from("<b", data, at + 1)[0] if flags & 4 else exponent
        n = struct.unpack_from("<i", data, at + 16)[0] if flags & 0x40 else points
        at += 32
        x = shared
        if flags & 0x40:
            x = list(struct.unpack_from(f"<{n}f", data, at))
            at += 4 * n
        if own == -128:
            y = list(struct.unpack_from(f"<{n}f", data, at))
            at += 4 * n
        elif flags & 1:
            y = [v * 2.0 ** (own - 16) for v in struct.unpack_from(f"<{n}h", data, at)]
            at += 2 * n
        else:
            y = [v * 2.0 ** (own - 32) for v in struct.unpack_from(f"<{n}i", data, at)]
            at += 4 * n
        curves.append((x, y))
    return curves


def rows_of(form):
    return [row for row in ROWS if row["format"].startswith(form)]


@pytest.mark.parametrize("row", rows_of("spc"), ids=[row["file"] for row in rows_of("spc")])
def test_every_spc_subfile_holds_what_a_slow_decoder_finds(row):
    curves = spc_by_hand((DATA / row["file"]).read_bytes())
    spectra = once(row["file"]).spectra
    assert len(spectra) == len(curves)
    for spectrum, (x, y) in zip(spectra, curves, strict=True):
        mass = isinstance(spectrum, MassSpectrum)
        np.testing.assert_array_equal(spectrum.intensity if mass else spectrum.y, y)
        if x is not None:
            np.testing.assert_array_equal(spectrum.mz if mass else spectrum.x, x)


def wdf_by_hand(data):
    points, collected = (
        struct.unpack_from("<I", data, 0x3C)[0],
        struct.unpack_from("<Q", data, 72)[0],
    )
    blocks, at = {}, struct.unpack_from("<Q", data, 8)[0]
    while at + 16 <= len(data):
        size = struct.unpack_from("<Q", data, at + 8)[0]
        blocks.setdefault(data[at : at + 4], at)
        at += size
    x = struct.unpack_from(f"<{points}f", data, blocks[b"XLST"] + 24)
    y = struct.unpack_from(f"<{points * collected}f", data, blocks[b"DATA"] + 16)
    return x, [y[k * points : (k + 1) * points] for k in range(collected)]


@pytest.mark.parametrize(
    "row", rows_of("renishaw-wdf"), ids=[row["file"] for row in rows_of("renishaw-wdf")]
)
def test_every_wdf_spectrum_holds_what_a_slow_decoder_finds(row):
    x, curves = wdf_by_hand((DATA / row["file"]).read_bytes())
    spectra = once(row["file"]).spectra
    assert len(spectra) == len(curves)
    for spectrum, y in zip(spectra, curves, strict=True):
        np.testing.assert_array_equal(spectrum.x, x)
        np.testing.assert_array_equal(spectrum.y, y)


@pytest.mark.parametrize("row", rows_of("omnic"), ids=[row["file"] for row in rows_of("omnic")])
def test_every_omnic_spectrum_holds_what_a_slow_decoder_finds(row):
    data = (DATA / row["file"]).read_bytes()
    entries = [
        struct.unpack_from("<BxII", data, 304 + 16 * k)
        for k in range(struct.unpack_from("<H", data, 294)[0])
    ]
    heads = [offset for key, offset, _ in entries if key == 2]
    values = [offset for key, offset, _ in entries if key == 3]
    spectra = once(row["file"]).spectra
    assert len(spectra) == len(heads) == len(values)
    for spectrum, head, at in zip(spectra, heads, values, strict=True):
        points = struct.unpack_from("<I", data, head + 4)[0]
        first, last = struct.unpack_from("<ff", data, head + 16)
        np.testing.assert_array_equal(spectrum.y, struct.unpack_from(f"<{points}f", data, at))
        assert (spectrum.x[0], spectrum.x[-1]) == (first, last)


@pytest.mark.parametrize("row", rows_of("msp"), ids=[row["file"] for row in rows_of("msp")])
def test_every_msp_entry_holds_as_many_peaks_as_it_announces(row):
    text = (DATA / row["file"]).read_text(encoding="latin-1")
    counts = [int(n) for n in re.findall(r"(?im)^\s*num[ _]?peaks\s*:\s*(\d+)", text)]
    export = once(row["file"])
    found = [spectrum.mz.size for spectrum in export.spectra]
    told = export.warnings
    if counts and len(counts) == len(found):
        for spectrum, count in zip(export.spectra, counts, strict=True):
            assert spectrum.mz.size == count or spectrum.faults
    else:
        assert told


# The manifest took this from a reader that turns falling axes round: the first number in the
# file's row of abscissae is 2844.97.
TURNED = ("raman/horiba-xml/jobinyvon_test_spec_3s_cm-1.xml",)


def test_no_reader_flips_or_sorts_an_axis():
    needs_data()
    rising = falling = 0
    for row in ROWS:
        if not (row["x_first"] and row["x_last"]):
            continue
        try:
            first = once(row["file"]).spectra[0]
        except FormatError:
            continue
        x = first.mz if isinstance(first, MassSpectrum) else getattr(first, "x", None)
        if x is None or x.size < 2 or row["x_first"] == row["x_last"]:
            continue
        up = (float(row["x_last"]) > float(row["x_first"])) ^ (row["file"] in TURNED)
        assert (x[-1] > x[0]) == up, row["file"]
        rising, falling = rising + up, falling + (not up)
    assert rising > 20
    assert falling > 20


def test_kinds_stay_in_their_closed_lists():
    assert {kind for pairs in X_WORDS.values() for kind, _ in pairs} <= {k.value for k in XKind}
    assert {kind for pairs in Y_WORDS.values() for kind, _ in pairs} <= {k.value for k in YKind}


@pytest.mark.slow
def test_the_guarded_child_gives_the_same_answer_for_every_file():
    needs_data()
    for row in manifest():
        path = DATA / row["file"]
        if path.stat().st_size < 100_000:
            assert answer(read_guarded, path) == answer(read, path)


def answer(reader, path):
    try:
        export = reader(path)
    except FormatError as error:
        return type(error).__name__, error.message, error.hint
    first = export.spectra[0]
    values = first.y if isinstance(first, (Spectrum, Chromatogram)) else first.intensity
    return export.sha256, export.warnings, len(export.spectra), values.tobytes(), first.faults
