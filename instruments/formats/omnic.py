"""Thermo OMNIC SPA (one spectrum) and SPG (a group).

Source: the layout as described by the SpectroChemPy project, https://www.spectrochempy.fr, checked
against real files. File order and direction are kept.
"""

from __future__ import annotations

import struct

import numpy as np

from instruments.checks import curve_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.limits import AGAIN, SPECTRUM_BYTES, require_bytes, require_points
from spectra import axis
from spectra.axis import XKind, YKind
from spectra.spectrum import Spectrum, Technique

_MAGIC = b"Spectral Data File"
_DIRECTORY, _ENTRY = 304, 16
_X_CODES = {
    1: (XKind.WAVENUMBER, axis.UNIT_CM1),
    2: (XKind.PIXEL, axis.UNIT_ONE),
    3: (XKind.WAVELENGTH, axis.UNIT_NM),
    4: (XKind.WAVELENGTH, axis.UNIT_UM),
    32: (XKind.RAMAN_SHIFT, axis.UNIT_CM1),
}
_Y_CODES = {
    11: (YKind.REFLECTANCE, axis.UNIT_PERCENT),
    12: (YKind.LOG_1_OVER_R, axis.UNIT_ONE),
    15: (YKind.SINGLE_BEAM, axis.UNIT_UNKNOWN),
    16: (YKind.TRANSMITTANCE, axis.UNIT_PERCENT),
    17: (YKind.ABSORBANCE, axis.UNIT_ONE),
    20: (YKind.KUBELKA_MUNK, axis.UNIT_ONE),
    21: (YKind.LOG_1_OVER_R, axis.UNIT_ONE),
    22: (YKind.INTERFEROGRAM, "V"),
    26: (YKind.PHOTOACOUSTIC, axis.UNIT_ONE),
    31: (YKind.RAMAN_INTENSITY, axis.UNIT_COUNTS),
}
# OMNIC clips absorbance where no light comes through; such points are not a band.
_CLIPPED = 6.0


class OmnicReader:
    """OMNIC SPA and SPG."""

    name = "omnic-spa"
    suffixes = (".spa", ".spg")
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 1.0 for the magic text."""
        return 1.0 if head.startswith(_MAGIC) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every spectrum of the file, in file order."""
        require_bytes(len(data), 0, 1, _DIRECTORY, "the header")
        title = one_line(data[30:285].split(b"\x00", 1)[0].decode("cp1252", "replace"))
        entries = _entries(data)
        headers = [entry for entry in entries if entry[0] == 2]
        arrays = [entry for entry in entries if entry[0] == 3]
        if not headers or len(headers) != len(arrays):
            raise CorruptFileError(
                f"{len(headers)} headers and {len(arrays)} data blocks", hint=AGAIN
            )
        metadata = clean_map({"title": title, "history": _history(data, entries)})
        if sum(array[2] for array in arrays) > len(data):
            raise CorruptFileError("data blocks share their bytes: damaged or hostile", hint=AGAIN)
        warnings: list[str] = []
        spectra: list[Spectrum] = []
        for at, (header, array) in enumerate(zip(headers, arrays, strict=True)):
            label = title if len(headers) == 1 else f"{title} [{at + 1}]"
            spectra.append(_spectrum(data, header[1], array, label, metadata))
        clipped = sum(int((s.y >= _CLIPPED).sum()) for s in spectra if s.y_kind is YKind.ABSORBANCE)
        if clipped:
            warnings.append(f"{clipped} points are clipped at absorbance 6: saturated")
        raman = spectra[0].x_kind is XKind.RAMAN_SHIFT
        return Reading(
            spectra=tuple(spectra),
            technique=Technique.RAMAN if raman else Technique.FTIR,
            format="omnic-spg" if len(spectra) > 1 else "omnic-spa",
            metadata=metadata,
            warnings=tuple(warnings),
        )


def _entries(data: bytes) -> list[tuple[int, int, int]]:
    (count,) = struct.unpack_from("<H", data, 294)
    require_bytes(len(data), _DIRECTORY, count, _ENTRY, "the directory")
    entries: list[tuple[int, int, int]] = []
    for at in range(count):
        start = _DIRECTORY + at * _ENTRY
        offset, length = struct.unpack_from("<II", data, start + 2)
        key = data[start]
        if key in (2, 3):
            require_bytes(len(data), offset, length, 1, f"block {at + 1}")
        entries.append((key, offset, length))
    return entries


def _history(data: bytes, entries: list[tuple[int, int, int]]) -> str:
    for key, offset, length in entries:
        if key == 27 and offset + length <= len(data):
            return data[offset : offset + length].split(b"\x00", 1)[0].decode("cp1252", "replace")
    return ""


def _spectrum(
    data: bytes, header: int, array: tuple[int, int, int], title: str, metadata: dict[str, str]
) -> Spectrum:
    require_bytes(len(data), header, 1, 24, "a spectrum header")
    (points,) = struct.unpack_from("<I", data, header + 4)
    first, last = struct.unpack_from("<ff", data, header + 16)
    require_points(points, "the header")
    offset = array[1]
    require_bytes(offset + array[2], offset, points, 4, "the ordinates")
    y = np.frombuffer(data, dtype="<f4", count=points, offset=offset).astype(np.float64)
    x = np.linspace(first, last, points)
    x_kind, x_unit = _X_CODES.get(data[header + 8], (XKind.UNKNOWN, axis.UNIT_UNKNOWN))
    y_kind, y_unit = _Y_CODES.get(data[header + 12], (YKind.UNKNOWN, axis.UNIT_UNKNOWN))
    faults = list(curve_faults(x, y, x_kind))
    if array[2] // 4 != points:
        faults.append(f"the data block holds {array[2] // 4} points, the header says {points}")
    return Spectrum(
        title=title,
        x=x,
        y=y,
        x_kind=x_kind,
        x_unit=x_unit,
        y_kind=y_kind,
        y_unit=y_unit,
        metadata=metadata,
        faults=tuple(faults),
    )
