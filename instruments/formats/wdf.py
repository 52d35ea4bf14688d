"""Renishaw WiRE .wdf, by its own block walk: a block that does not advance is damage, not a loop.

Source: the WDF layout published by Renishaw with the renishaw-wdf package, checked on real files.
"""

from __future__ import annotations

import struct
from types import MappingProxyType

import numpy as np

from instruments.checks import faults_of_curves
from instruments.cleaning import one_line
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.limits import (
    AGAIN,
    MAX_BLOCKS,
    MAX_SPECTRA,
    SPECTRUM_BYTES,
    require_bytes,
    require_points,
)
from spectra import axis
from spectra.axis import FloatArray, XKind, YKind
from spectra.spectrum import Spectrum, Technique, settled

_BLOCK_HEAD = 16
_X_UNITS = {
    0: (XKind.UNKNOWN, axis.UNIT_UNKNOWN),
    1: (XKind.RAMAN_SHIFT, axis.UNIT_CM1),
    2: (XKind.WAVENUMBER, axis.UNIT_CM1),
    3: (XKind.WAVELENGTH, axis.UNIT_NM),
    4: (XKind.UNKNOWN, "eV"),
    5: (XKind.WAVELENGTH, axis.UNIT_UM),
}


class WdfReader:
    """Renishaw .wdf: single spectra, series and maps, as far as they were collected."""

    name = "renishaw-wdf"
    suffixes = (".wdf",)
    size_limit = SPECTRUM_BYTES * 20

    def sniff(self, head: bytes, size: int) -> float:
        """Return 1.0 for the magic."""
        return 1.0 if head.startswith(b"WDF1") else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every collected spectrum, in file order."""
        require_bytes(len(data), 0, 1, 512, "the header")
        (points,) = struct.unpack_from("<I", data, 0x3C)
        capacity, collected = struct.unpack_from("<QQ", data, 0x40)
        (laser,) = struct.unpack_from("<f", data, 0x9C)
        require_points(points, "the header")
        if collected == 0:
            raise CorruptFileError("no spectrum was collected", hint="Measure again.")
        if collected > MAX_SPECTRA:
            raise CorruptFileError(f"{collected} spectra are announced", hint=AGAIN)
        blocks = _blocks(data)
        x, x_unit = _axis(data, blocks, points)
        at, size = _required(blocks, "DATA")
        require_bytes(at + size, at, points * collected, 4, "the DATA block")
        values = np.frombuffer(data, dtype="<f4", count=points * collected, offset=at)
        rows = values.reshape(collected, points)
        title = one_line(data[0xF0:0x190].split(b"\x00", 1)[0].decode("utf-8", "replace"))
        metadata = {"collected": f"{collected} of {capacity}"}
        if np.isfinite(laser) and laser > 0:
            metadata["laser_nm"] = f"{1e7 / laser:.3f}"
        x_kind, unit = _X_UNITS.get(x_unit, (XKind.UNKNOWN, f"WDF unit {x_unit}"))
        of_each = MappingProxyType(dict(metadata))
        spectra = tuple(
            Spectrum(
                title=title if collected == 1 else f"{title} [{index + 1}]",
                x=x,
                y=settled(y.astype(np.float64)),
                x_kind=x_kind,
                x_unit=unit,
                y_kind=YKind.RAMAN_INTENSITY,
                y_unit=axis.UNIT_COUNTS,
                metadata=of_each,
                faults=faults,
            )
            for index, (y, faults) in enumerate(
                zip(rows, faults_of_curves(x, rows, x_kind), strict=True)
            )
        )
        warnings: list[str] = []
        if collected < capacity:
            warnings.append(f"{collected} of {capacity} spectra were collected: interrupted")
        return Reading(
            spectra=spectra,
            technique=Technique.RAMAN,
            metadata=metadata | {"title": title},
            warnings=tuple(warnings),
        )


def _blocks(data: bytes) -> dict[bytes, tuple[int, int]]:
    """Return block id -> (offset of its payload, payload size), the first of each id."""
    found: dict[bytes, tuple[int, int]] = {}
    at = 0
    for _ in range(MAX_BLOCKS):
        if at + _BLOCK_HEAD > len(data):
            break
        (size,) = struct.unpack_from("<Q", data, at + 8)
        if size < _BLOCK_HEAD or size > len(data) - at:
            raise CorruptFileError(
                f"block {one_line(data[at : at + 4].decode('latin-1'))} at offset {at} "
                f"announces {size} bytes, {len(data) - at} are left",
                hint=AGAIN,
            )
        found.setdefault(data[at : at + 4], (at + _BLOCK_HEAD, size - _BLOCK_HEAD))
        at += size
    return found


def _required(blocks: dict[bytes, tuple[int, int]], name: str) -> tuple[int, int]:
    if name.encode() not in blocks:
        raise CorruptFileError(f"no {name} block", hint=AGAIN)
    return blocks[name.encode()]


def _axis(data: bytes, blocks: dict[bytes, tuple[int, int]], points: int) -> tuple[FloatArray, int]:
    at, size = _required(blocks, "XLST")
    require_bytes(at + size, at + 8, points, 4, "the XLST block")
    _, unit = struct.unpack_from("<II", data, at)
    x = np.frombuffer(data, dtype="<f4", count=points, offset=at + 8)
    return settled(x.astype(np.float64)), int(unit)
