"""Galactic / GRAMS SPC, new format (0x4B little-endian, 0x4C big-endian).

Source: Galactic Universal Data Format Specification (SPC.H), Thermo Galactic 1997. Exponent 0 is a
real exponent, and every count is checked against the file before it is used.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace

import numpy as np

from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.spc_codes import measurement, technique
from instruments.limits import (
    AGAIN,
    MAX_POINTS,
    MAX_SPECTRA,
    SPECTRUM_BYTES,
    require_bytes,
    require_points,
)
from spectra.axis import UNIT_COUNTS, FloatArray, XKind, YKind
from spectra.spectrum import Measurement, Spectrum, Technique

_HEADER, _SUBHEADER = 512, 32
_Y16, _MULTI, _OWN_X, _EXPLICIT_X = 0x01, 0x04, 0x40, 0x80
_FLOAT = -128


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    order: str
    flags: int
    experiment: int
    exponent: int
    points: int
    first: float
    last: float
    subfiles: int
    x_type: int
    y_type: int
    log_offset: int


class SpcReader:
    """SPC files of versions 0x4B and 0x4C, single and multifile, even and explicit x."""

    name = "spc"
    suffixes = (".spc",)
    size_limit = SPECTRUM_BYTES * 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.8 for a version byte with a header that contradicts nothing."""
        if size < _HEADER or len(head) < _HEADER or head[1] not in (0x4B, 0x4C):
            return 0.0
        found = _head(head)
        sane = math.isfinite(found.first) and math.isfinite(found.last)
        # A count that cannot be right is left to read(), which says so by name.
        return 0.8 if sane and found.subfiles >= 0 and head[2] < 32 else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every subfile, in file order."""
        head = _head(data)
        if head.subfiles > MAX_SPECTRA:
            raise CorruptFileError(f"{head.subfiles} subfiles are announced", hint=AGAIN)
        metadata = _metadata(data, head)
        of = technique(head.x_type, head.experiment)
        spectra: list[Measurement] = []
        title = one_line(data[88:218].split(b"\x00", 1)[0].decode("cp1252", "replace"))
        for at, (x, y, z) in enumerate(_subfiles(data, head)):
            label = title if head.subfiles <= 1 else f"{title} [{at + 1}]".strip()
            own = metadata if at == 0 else {}
            moment = _moment(data, z) if head.subfiles > 1 else None
            spectra.append(measurement(x, y, head.x_type, head.y_type, label, own, of, moment))
        warnings: list[str] = []
        if head.x_type == 0:
            warnings.append("the file does not name its x unit")
        spectra, of = _unmasked(spectra, of, head, warnings)
        return Reading(
            spectra=tuple(spectra), technique=of, metadata=metadata, warnings=tuple(warnings)
        )


def _unmasked(
    spectra: list[Measurement], of: Technique, head: _Head, warnings: list[str]
) -> tuple[list[Measurement], Technique]:
    """Take for Raman what some Raman exporters mark as absorbance over wavenumber.

    Only where the file names no experiment, the axis begins below 350 cm-1 and the ordinates are
    far above any absorbance; the fault stays, so a person has to confirm it.
    """
    first = spectra[0]
    hidden = (
        of is Technique.FTIR
        and head.experiment == 0
        and isinstance(first, Spectrum)
        and min(head.first, head.last) < 350.0
        and float(np.nanmax(np.abs(first.y))) > 10.0
        and head.y_type in (0, 2, 4)
    )
    if not hidden:
        return spectra, of
    warnings.append(
        "marked as infrared, but range and ordinates are those of Raman: please confirm"
    )
    changed: list[Measurement] = [
        replace(
            item,
            x_kind=XKind.RAMAN_SHIFT,
            y_kind=YKind.RAMAN_INTENSITY,
            y_unit=UNIT_COUNTS,
        )
        for item in spectra
        if isinstance(item, Spectrum)
    ]
    return changed, Technique.RAMAN


def _head(data: bytes) -> _Head:
    order = ">" if data[1] == 0x4C else "<"
    points, first, last, subfiles = struct.unpack_from(order + "iddi", data, 4)
    return _Head(
        order=order,
        flags=data[0],
        experiment=data[2],
        exponent=struct.unpack_from("b", data, 3)[0],
        points=points,
        first=first,
        last=last,
        subfiles=max(subfiles, 1) if subfiles >= 0 else subfiles,
        x_type=data[28],
        y_type=data[29],
        log_offset=struct.unpack_from(order + "i", data, 248)[0],
    )


def _moment(data: bytes, z: float) -> float | None:
    """Return a subfile's z in seconds where the z axis is time."""
    unit = data[30]
    if unit == 5:
        return z * 60.0
    return z if unit == 4 else None


def _subfiles(data: bytes, head: _Head) -> list[tuple[FloatArray, FloatArray, float]]:
    at = _HEADER
    shared: FloatArray | None = None
    if not head.flags & _OWN_X:
        require_points(head.points, "the header")
        if head.flags & _EXPLICIT_X:
            shared = _floats(data, at, head.points, head.order)
            at += 4 * head.points
        else:
            shared = np.linspace(head.first, head.last, head.points)
    found: list[tuple[FloatArray, FloatArray, float]] = []
    room = len(data) // 2
    for index in range(head.subfiles):
        require_bytes(len(data), at, 1, _SUBHEADER, f"subfile {index + 1}")
        exponent = struct.unpack_from("b", data, at + 1)[0]
        z = struct.unpack_from(head.order + "f", data, at + 4)[0]
        own_points = struct.unpack_from(head.order + "i", data, at + 16)[0]
        at += _SUBHEADER
        if not head.flags & _MULTI:
            exponent = head.exponent
        if shared is None:
            points = own_points
            if not 0 < points <= min(MAX_POINTS, room):
                raise CorruptFileError(
                    f"subfile {index + 1} announces {points} points in a file of {len(data)} bytes",
                    hint=AGAIN,
                )
            x = _floats(data, at, points, head.order)
            at += 4 * points
        else:
            x, points = shared, head.points
        y, used = _ordinates(data, at, points, exponent, head)
        at += used
        found.append((x, y, z))
    return found


def _floats(data: bytes, at: int, count: int, order: str) -> FloatArray:
    require_bytes(len(data), at, count, 4, "an array")
    return np.frombuffer(data, dtype=order + "f4", count=count, offset=at).astype(np.float64)


def _ordinates(
    data: bytes, at: int, points: int, exponent: int, head: _Head
) -> tuple[FloatArray, int]:
    if exponent == _FLOAT:
        return _floats(data, at, points, head.order), 4 * points
    wide = not head.flags & _Y16
    size = 4 if wide else 2
    require_bytes(len(data), at, points, size, "the ordinates")
    kind = head.order + ("i4" if wide else "i2")
    raw = np.frombuffer(data, dtype=kind, count=points, offset=at).astype(np.float64)
    return np.ldexp(raw, exponent - (32 if wide else 16)), size * points


def _metadata(data: bytes, head: _Head) -> dict[str, str]:
    date = struct.unpack_from(head.order + "I", data, 32)[0]
    facts = {
        "SPC version": f"0x{data[1]:02X}",
        "resolution": _string(data[36:45]),
        "instrument": _string(data[45:54]),
        "comment": _string(data[88:218]),
        "axis labels": data[218:248].replace(b"\x00", b" ").decode("cp1252", "replace"),
    }
    if date:
        minute, hour, day = date & 63, (date >> 6) & 31, (date >> 11) & 31
        month, year = (date >> 16) & 15, date >> 20
        facts["date"] = f"{year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}"
    if not head.flags & 0x20:
        facts["axis labels"] = ""
    return clean_map(facts | _log(data, head))


def _string(raw: bytes) -> str:
    return raw.split(b"\x00", 1)[0].decode("cp1252", "replace")


def _log(data: bytes, head: _Head) -> dict[str, str]:
    """Return the ``KEY=VALUE`` lines of the log block; a bad offset only costs the log."""
    start = head.log_offset
    if not _HEADER <= start <= len(data) - 64:
        return {}
    size, _, text_offset = struct.unpack_from(head.order + "iii", data, start)
    if text_offset < 0 or size <= 0 or start + text_offset > len(data):
        return {}
    text = data[start + text_offset : min(start + size, len(data))].decode("cp1252", "replace")
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}
