"""Agilent detector traces that rainbow decodes: ``.ch`` of version 30, 130, 181, and ``.uv``.

No real file of these versions was at hand here, so the reader is the one that was tested on some;
the counts and sizes are checked before and after.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from instruments.checks import curve_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.formats.borrowed import guarded, on_disk, package
from instruments.limits import AGAIN, MAX_POINTS, require_bytes
from spectra.axis import UNIT_MIN, FloatArray, XKind
from spectra.spectrum import Chromatogram, Technique

if TYPE_CHECKING:
    from rainbow.datafile import DataFile

CHANNELS = (b"\x0230", b"\x03130", b"\x03181")
SPECTRA = (b"\x0231", b"\x03131")
_LONGEST_HEADER = {b"\x0230": 0x400, b"\x0231": 0x200, b"\x03131": 0x1000}
_HEADER = 0x1800
_MOST_WAVELENGTHS = 2000
_SPECTRUM_HEAD = 22
_INSTEAD = "export the trace as ANDI/netCDF (.cdf) or CSV from the instrument's software."
_CONVERT = "Export the trace as ANDI/netCDF (.cdf) or CSV from the instrument's software."


def read_channel(data: bytes, magic: bytes) -> Reading:
    """Return a one-channel trace.

    Raises
    ------
    CorruptFileError
        Cut, or its times and values do not belong together.
    """
    require_bytes(len(data), 0, 1, _LONGEST_HEADER.get(magic, _HEADER) + 2, "the header")
    found = _read(data, "trace.ch")
    count = found.data.shape[0]
    # Values by rainbow; times by the header: for version 181 it derives another number of them.
    first, last = struct.unpack_from(">ff" if magic == b"\x03181" else ">ii", data, 0x11A)
    minutes = np.linspace(first / 60_000.0, last / 60_000.0, count)
    return Reading(
        spectra=(_curve(found, 0, minutes),),
        technique=_technique(found),
        format=f"agilent-ch-{magic[1:].decode('ascii')}",
        metadata=_facts(found),
    )


def read_spectra(data: bytes, magic: bytes) -> Reading:
    """Return one trace for each wavelength of a diode-array file.

    Raises
    ------
    CorruptFileError
        Cut, or it announces more spectra than it has bytes.
    """
    start = _LONGEST_HEADER[magic]
    require_bytes(len(data), start, 1, _SPECTRUM_HEAD, "the first spectrum")
    (announced,) = struct.unpack_from(">I", data, 0x116)
    low, high, step = (each // 20 for each in struct.unpack_from("<HHH", data, start + 8))
    if step == 0 or not 0 <= high - low <= step * _MOST_WAVELENGTHS:
        raise CorruptFileError(f"wavelengths from {low} to {high} by {step} nm", hint=AGAIN)
    width = (high - low) // step + 1
    require_bytes(len(data), start, announced, _SPECTRUM_HEAD + 2 * width, "the spectra")
    if announced * width > MAX_POINTS:
        raise RefusedFormatError(f"{announced} spectra of {width} points", hint=_CONVERT)
    found = _read(data, "trace.uv")
    times, wavelengths = found.data.shape
    if announced and times != announced:
        raise CorruptFileError(f"{announced} spectra announced, {times} found", hint=AGAIN)
    minutes = np.asarray(found.xlabels, dtype=np.float64)
    warnings = [] if announced else ["the acquisition was not finished: no count in the header"]
    return Reading(
        spectra=tuple(_curve(found, at, minutes) for at in range(wavelengths)),
        technique=Technique.OTHER,
        format=f"agilent-uv-{magic[1:].decode('ascii')}",
        metadata=_facts(found),
        warnings=tuple(warnings),
    )


def _read(data: bytes, name: str) -> DataFile:
    chemstation = package("rainbow.agilent.chemstation", "rainbow-api", "", _INSTEAD)
    with on_disk({name: data}) as folder, guarded("rainbow", "an Agilent trace"):
        found: DataFile | None = chemstation.parse_file(str(folder / name))
    if found is None or found.data.size == 0:
        raise CorruptFileError("a trace without points", hint=AGAIN)
    return found


def _facts(found: DataFile) -> dict[str, str]:
    return clean_map({str(key): str(value) for key, value in found.metadata.items()})


def _technique(found: DataFile) -> Technique:
    return Technique.GC if found.detector == "FID" else Technique.OTHER


def _curve(found: DataFile, column: int, x: FloatArray) -> Chromatogram:
    facts = _facts(found)
    y = np.asarray(found.data[:, column], dtype=np.float64)
    if x.size != y.size:
        raise CorruptFileError(f"{x.size} times and {y.size} values", hint=AGAIN)
    label = found.ylabels[column]
    named = f"{float(label):g} nm" if found.data.shape[1] > 1 else facts.get("signal", "")
    return Chromatogram(
        title=one_line(named),
        x=x,
        y=y,
        x_unit=UNIT_MIN,
        y_unit=facts.get("unit", "") or "unknown",
        metadata=facts,
        faults=curve_faults(x, y, XKind.TIME),
    )
