"""Galactic / GRAMS SPC, old format (0x4D). Source: SPC.H, OSPCHDR, Thermo Galactic 1997.

32-bit ordinates are two 16-bit little-endian words with the high word first.
"""

from __future__ import annotations

import math
import struct

import numpy as np

from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.spc_codes import Codes, measurement, technique
from instruments.limits import AGAIN, MAX_SPECTRA, SPECTRUM_BYTES, require_bytes, require_points
from spectra.axis import FloatArray
from spectra.spectrum import Measurement, settled

_FIRST_SUBFILE, _SUBHEADER = 224, 32
_Y16, _MULTI = 0x01, 0x04
_FLOAT = -128


class OldSpcReader:
    """SPC files of version 0x4D."""

    name = "spc-old"
    suffixes = (".spc",)
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.8 for the version byte with a plausible count and finite range."""
        if size < 256 or len(head) < 256 or head[1] != 0x4D:
            return 0.0
        points, first, last = struct.unpack_from("<fff", head, 4)
        sane = math.isfinite(points) and points > 0 and points == int(points)
        return 0.8 if sane and math.isfinite(first) and math.isfinite(last) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every subfile, in file order."""
        (exponent,) = struct.unpack_from("<h", data, 2)
        points, first, last = struct.unpack_from("<fff", data, 4)
        require_points(int(points), "the header")
        n = int(points)
        x = settled(np.linspace(first, last, n))
        of = technique(data[16], 0)
        codes = Codes(x_type=data[16], y_type=data[17], technique=of)
        title = one_line(data[64:194].split(b"\x00", 1)[0].decode("cp1252", "replace"))
        metadata = clean_map({"SPC version": "0x4D", "comment": title})
        curves, left = _subfiles(data, n, exponent, data[0])
        warnings = (f"{left} bytes after the last whole subfile: cut or damaged",) if left else ()
        spectra: list[Measurement] = []
        for at, y in enumerate(curves):
            label = title if len(curves) == 1 else f"{title} [{at + 1}]".strip()
            spectra.append(measurement(x, y, codes, label, metadata if at == 0 else {}))
        return Reading(
            spectra=tuple(spectra),
            technique=of,
            format="spc",
            metadata=metadata,
            warnings=warnings,
        )


def _subfiles(data: bytes, points: int, exponent: int, flags: int) -> tuple[list[FloatArray], int]:
    """Return the ordinates of each subfile, and how many bytes are left over.

    Old files do not state how many subfiles they hold: read while whole ones follow.
    """
    size = 2 if flags & _Y16 else 4
    at = _FIRST_SUBFILE
    found: list[FloatArray] = []
    require_bytes(len(data), at + _SUBHEADER, points, size, "the ordinates")
    while len(data) - at >= _SUBHEADER + points * size and len(found) < MAX_SPECTRA:
        own = struct.unpack_from("b", data, at + 1)[0]
        used = own if flags & _MULTI else exponent  # 0 is a real exponent
        found.append(_ordinates(data, at + _SUBHEADER, points, used, size))
        at += _SUBHEADER + points * size
        if not flags & _MULTI:
            break
    if not found:
        raise CorruptFileError("no whole subfile", hint=AGAIN)
    return found, len(data) - at


def _ordinates(data: bytes, at: int, points: int, exponent: int, size: int) -> FloatArray:
    if exponent == _FLOAT:
        return np.frombuffer(data, dtype="<f4", count=points, offset=at).astype(np.float64)
    if size == 2:
        raw = np.frombuffer(data, dtype="<i2", count=points, offset=at).astype(np.float64)
        return np.ldexp(raw, exponent - 16)
    words = np.frombuffer(data, dtype="<u2", count=2 * points, offset=at).astype(np.int64)
    joined = (words[0::2] << 16) | words[1::2]
    signed = np.where(joined >= 1 << 31, joined - (1 << 32), joined).astype(np.float64)
    return np.ldexp(signed, exponent - 32)
