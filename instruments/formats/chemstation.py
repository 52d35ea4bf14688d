"""Agilent ChemStation ``data.ms`` (and LC ``MSD1.MS``), and ``.ch`` traces of version 179.

Source: the layouts as documented by the rainbow project,
https://rainbow-api.readthedocs.io/en/latest/agilent/ms.html, checked on real files.
"""

from __future__ import annotations

import struct

import numpy as np

from instruments.checks import curve_faults, peak_faults, time_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.limits import AGAIN, RUN_BYTES, require_bytes
from spectra.axis import UNIT_MIN, FloatArray, XKind
from spectra.spectrum import Chromatogram, MassRun, Technique

_MS_MAGIC = b"\x01\x32\x00\x00"
_MS_KINDS = (b"GC / MS DATA FILE", b"MSD SPECTRAL FILE")
_SCAN_HEAD, _SCAN_FOOT = 18, 10
_TRACE_DATA = 6144
_CONVERT = "Export the run as ANDI/netCDF (.cdf) or convert it to mzML (ProteoWizard msconvert)."


class ChemstationReader:
    """Agilent ChemStation mass-spectral runs and detector traces."""

    name = "agilent-ms"
    suffixes = (".ms", ".ch")
    size_limit = RUN_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 for the file type string, of either kind."""
        if head.startswith(_MS_MAGIC) and head[5:24].upper().startswith(_MS_KINDS):
            return 0.95
        return 0.9 if head[:4] in (b"\x03179", b"\x03130", b"\x03131", b"\x03181") else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the run or the trace."""
        if data.startswith(_MS_MAGIC):
            return _run(data)
        if not data.startswith(b"\x03179"):
            raise RefusedFormatError(
                f"this is an Agilent trace of version {data[1:4].decode('latin-1')}", hint=_CONVERT
            )
        return _trace(data)


def _pascal(data: bytes, at: int) -> str:
    return one_line(data[at + 1 : at + 1 + data[at]].decode("latin-1")) if at < len(data) else ""


def _run(data: bytes) -> Reading:
    require_bytes(len(data), 0, 1, 0x150, "the header")
    start = struct.unpack_from(">H", data, 0x10A)[0] * 2 - 2
    gas = data[5:24].upper().startswith(_MS_KINDS[0])
    announced = struct.unpack_from("<H" if gas else ">H", data, 0x142 if gas else 0x118)[0]
    # The fewest bytes a scan can take bound how many there can be.
    require_bytes(len(data), start, announced, _SCAN_HEAD + _SCAN_FOOT, "the scan table")
    times = np.empty(announced)
    tics = np.empty(announced)
    counts = np.zeros(announced, dtype=np.int64)
    pieces: list[bytes] = []
    at, read = start, 0
    while read < announced:
        if at + _SCAN_HEAD > len(data):
            break
        length, moment = struct.unpack_from(">HI", data, at)
        (count,) = struct.unpack_from(">H", data, at + 12)
        size = _SCAN_HEAD + 4 * count + _SCAN_FOOT
        if at + size > len(data) or 2 * length < size - _SCAN_FOOT:
            break
        times[read], counts[read] = moment / 1000.0, count
        pieces.append(data[at + _SCAN_HEAD : at + _SCAN_HEAD + 4 * count])
        (tics[read],) = struct.unpack_from(">I", data, at + size - 4)
        at += max(size, 2 * length)
        read += 1
    if read == 0:
        raise CorruptFileError(f"none of {announced} scans can be read", hint=AGAIN)
    return _mass_run(data, times[:read], tics[:read], counts[:read], pieces, announced)


def _mass_run(
    data: bytes,
    times: FloatArray,
    tics: FloatArray,
    counts: np.ndarray[tuple[int], np.dtype[np.int64]],
    pieces: list[bytes],
    announced: int,
) -> Reading:
    words = np.frombuffer(b"".join(pieces), dtype=">u2").astype(np.int64)
    mz = words[0::2] / 20.0
    packed = words[1::2]
    intensity = (packed & 0x3FFF) * 8.0 ** (packed >> 14)
    faults = [*peak_faults(mz, intensity), *time_faults(times)]
    if times.size != announced:
        faults.append(f"{announced} scans are announced, {times.size} could be read")
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
    gas = data[5:24].upper().startswith(_MS_KINDS[0])
    run = MassRun(
        title=_pascal(data, 0x18),
        scan_time_s=times,
        offsets=np.concatenate(([0], np.cumsum(counts))),
        mz=mz,
        intensity=intensity,
        stored_tic=tics,
        ionization="EI" if gas else "",
        metadata=metadata,
        faults=tuple(faults),
    )
    warnings: list[str] = []
    empty = int((counts == 0).sum())
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
    count = (len(data) - _TRACE_DATA) // 8
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
        faults=curve_faults(x, y, XKind.TIME),
    )
    return Reading(spectra=(curve,), technique=Technique.GC, format="agilent-ch", metadata=metadata)
