"""Agilent ChemStation ``data.ms`` (and LC ``MSD1.MS``), ``.ch`` traces and ``.uv`` spectra.

Source: the layouts as documented by the rainbow project,
https://rainbow-api.readthedocs.io/en/latest/agilent/ms.html, checked on real files.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instruments.checks import curve_faults, peak_faults, time_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.formats import agilent_traces
from instruments.limits import AGAIN, RUN_BYTES, require_bytes
from spectra.axis import UNIT_MIN, FloatArray, IntArray, XKind
from spectra.spectrum import Chromatogram, MassRun, Technique

WordArray = npt.NDArray[np.uint16]

_MS_MAGIC = b"\x01\x32\x00\x00"
_MS_KINDS = (b"GC / MS DATA FILE", b"MSD SPECTRAL FILE")
_SCAN_HEAD, _SCAN_FOOT = 18, 10
_TRACE = b"\x03179"
_TRACE_DATA = 6144
_CONVERT = "Export the run as ANDI/netCDF (.cdf) or convert it to mzML (ProteoWizard msconvert)."
# Intensities are a mantissa of 14 bits and an exponent to the base 8 of two.
_SCALE = 8.0 ** np.arange(4)
# A full scan covers hundreds of masses; selected-ion methods monitor a few tens at most.
_SELECTED_IONS, _SELECTED_SCANS = 60, 20


class ChemstationReader:
    """Agilent ChemStation mass-spectral runs and detector traces."""

    name = "agilent-ms"
    suffixes = (".ms", ".ch", ".uv")
    size_limit = RUN_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 for the file type string, of either kind."""
        if head.startswith(_MS_MAGIC) and head[5:24].upper().startswith(_MS_KINDS):
            return 0.95
        return 0.9 if _trace_magic(head) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the run or the trace.

        Raises
        ------
        RefusedFormatError
            Another version of the format.
        """
        if data.startswith(_MS_MAGIC) and data[5:24].upper().startswith(_MS_KINDS):
            return _run(data)
        magic = _trace_magic(data)
        if magic in agilent_traces.CHANNELS:
            return agilent_traces.read_channel(data, magic)
        if magic in agilent_traces.SPECTRA:
            return agilent_traces.read_spectra(data, magic)
        if magic != _TRACE:
            # A folder hands over what its name says; the content may say otherwise.
            raise RefusedFormatError(
                f"an unknown kind of Agilent data file (begins {data[:4].hex(' ')})", hint=_CONVERT
            )
        return _trace(data)


def _trace_magic(head: bytes) -> bytes:
    """Return the length byte and version a trace begins with, or nothing."""
    known = (_TRACE, *agilent_traces.CHANNELS, *agilent_traces.SPECTRA)
    # A two-letter version is a weak sign alone: the file type must follow, empty bytes between.
    return next(
        (m for m in known if head.startswith(m) and head[len(m) : 4] in (b"", b"\x00")), b""
    )


def _pascal(data: bytes, at: int) -> str:
    return one_line(data[at + 1 : at + 1 + data[at]].decode("latin-1")) if at < len(data) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scans:
    """Times in s, stored total ion currents, points of each scan, and the points as words."""

    times: FloatArray
    tics: FloatArray
    counts: IntArray
    words: WordArray


def _run(data: bytes) -> Reading:
    require_bytes(len(data), 0, 1, 0x150, "the header")
    start = struct.unpack_from(">H", data, 0x10A)[0] * 2 - 2
    gas = data[5:24].upper().startswith(_MS_KINDS[0])
    announced = struct.unpack_from("<H" if gas else ">I", data, 0x142 if gas else 0x116)[0]
    # The fewest bytes a scan can take bound how many there can be.
    require_bytes(len(data), start, announced, _SCAN_HEAD + _SCAN_FOOT, "the scan table")
    places = _places(data, start, announced)
    if places.size == 0:
        raise CorruptFileError(f"none of {announced} scans can be read", hint=AGAIN)
    return _mass_run(data, _scans(data, places), announced, gas=gas)


def _places(data: bytes, start: int, announced: int) -> IntArray:
    """Return the byte offset of each scan that is whole; each says how many words it has."""
    words = np.frombuffer(data, dtype=">u2", offset=start, count=(len(data) - start) // 2)
    lengths = memoryview(words.astype(np.uint16).tobytes()).cast("H")
    found: list[int] = []
    at, last = 0, len(lengths) - _SCAN_HEAD // 2
    while len(found) < announced and at <= last and lengths[at]:
        found.append(at)
        at += lengths[at]
    places = np.array(found, dtype=np.int64)
    # A scan is whole where its length holds its points and its foot, and the file holds it all.
    sizes = _SCAN_HEAD + 4 * words[places + 6].astype(np.int64) + _SCAN_FOOT
    whole = (2 * words[places].astype(np.int64) >= sizes) & (
        start + 2 * places + sizes <= len(data)
    )
    return start + 2 * places[: int(np.argmin(whole))] if not whole.all() else start + 2 * places


def _scans(data: bytes, places: IntArray) -> _Scans:
    """Gather every scan at once; all numbers are big-endian words of 16 or 32 bits."""
    raw = np.frombuffer(data, dtype=np.uint8)

    def wide(at: IntArray) -> IntArray:
        parts = raw[at[:, None] + np.arange(4)].astype(np.int64)
        return np.asarray(parts @ np.array([1 << 24, 1 << 16, 1 << 8, 1]), dtype=np.int64)

    high, low = raw[places + 12].astype(np.int64), raw[places + 13].astype(np.int64)
    counts = (high << 8) | low
    starts = places + _SCAN_HEAD
    return _Scans(
        times=wide(places + 2) / 1000.0,
        tics=wide(starts + 4 * counts + _SCAN_FOOT - 4).astype(np.float64),
        counts=counts,
        words=_pairs(data, starts, counts),
    )


def _pairs(data: bytes, starts: IntArray, counts: IntArray) -> WordArray:
    """Return the points of all scans in a row, two words each."""
    base = int(starts[0])
    size = int(starts[-1]) - base + 4 * int(counts[-1])
    words = np.frombuffer(data, dtype=">u2", offset=base, count=size // 2)
    # Scans do not overlap: one step up where points begin, one down where they end.
    steps = np.zeros(words.size + 1, dtype=np.int8)
    first = (starts - base) // 2
    steps[first] += 1
    steps[first + 2 * counts] -= 1
    inside = np.cumsum(steps[:-1], dtype=np.int8).view(np.bool_)
    return words[inside].astype(np.uint16)


def _mass_run(data: bytes, scans: _Scans, announced: int, *, gas: bool) -> Reading:
    mz = scans.words[0::2] / 20.0
    packed = scans.words[1::2]
    intensity = (packed & 0x3FFF) * _SCALE[packed >> 14]
    faults = [*peak_faults(mz, intensity), *time_faults(scans.times)]
    if scans.times.size != announced:
        faults.append(f"{announced} scans are announced, {scans.times.size} could be read")
    seen = np.zeros(1 << 16, dtype=np.bool_)
    seen[scans.words[0::2]] = True
    ions = int(seen.sum())
    if scans.times.size >= _SELECTED_SCANS and 0 < ions <= _SELECTED_IONS:
        faults.append(f"selected ions ({ions} masses in the whole run): not full mass spectra")
    metadata = clean_map(
        {
            "file type": _pascal(data, 0x4),
            "sample": _pascal(data, 0x18),
            "operator": _pascal(data, 0x94),
            "date": _pascal(data, 0xB2),
            "instrument": _pascal(data, 0xD0),
            "method": _pascal(data, 0xE4),
            "time unit in file": "ms",
        }
    )
    run = MassRun(
        title=_pascal(data, 0x18),
        scan_time_s=scans.times,
        offsets=np.concatenate(([0], np.cumsum(scans.counts))),
        mz=mz,
        intensity=intensity,
        stored_tic=scans.tics,
        ionization="EI" if gas else "",
        metadata=metadata,
        faults=tuple(faults),
    )
    warnings: list[str] = []
    empty = int((scans.counts == 0).sum())
    if empty:
        warnings.append(f"{empty} scans hold no peaks")
    if gas:
        warnings.append("the file does not state its ionization: taken for EI")
    return Reading(
        spectra=(run,), technique=Technique.GCMS, metadata=metadata, warnings=tuple(warnings)
    )


def _wide(data: bytes, at: int) -> str:
    size = 2 * data[at]
    return one_line(data[at + 1 : at + 1 + size].decode("utf-16-le", "replace"))


def _trace(data: bytes) -> Reading:
    require_bytes(len(data), 0, 1, _TRACE_DATA, "the header")
    first, last = struct.unpack_from(">ff", data, 0x11A)
    (factor,) = struct.unpack_from(">d", data, 0x127C)
    (announced,) = struct.unpack_from(">I", data, 0x116)
    count, left = divmod(len(data) - _TRACE_DATA, 8)
    if count == 0:
        raise CorruptFileError("a trace without points", hint=AGAIN)
    y = np.frombuffer(data, dtype="<f8", count=count, offset=_TRACE_DATA) * factor
    x = np.linspace(first / 60_000.0, last / 60_000.0, count)
    metadata = clean_map(
        {
            "sample": _wide(data, 0x35A),
            "date": _wide(data, 0x957),
            "method": _wide(data, 0xA0E),
            "signal": _wide(data, 0x1075),
        }
    )
    curve = Chromatogram(
        title=_wide(data, 0x1075),
        x=x,
        y=y,
        x_unit=UNIT_MIN,
        y_unit=_wide(data, 0x104C) or "unknown",
        metadata=metadata,
        faults=(
            *curve_faults(x, y, XKind.TIME, announced),
            *(["the file ends within a value: it is cut or damaged"] if left else []),
        ),
    )
    return Reading(spectra=(curve,), technique=Technique.GC, format="agilent-ch", metadata=metadata)
