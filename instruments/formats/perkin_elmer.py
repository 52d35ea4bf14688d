"""PerkinElmer Spectrum .sp (``PEPE``, 2D constant interval).

Source: the block layout as described by the specio project, https://specio.readthedocs.io, checked
against a real file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from instruments.checks import curve_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.limits import (
    AGAIN,
    MAX_BLOCKS,
    MAX_NESTING,
    SPECTRUM_BYTES,
    require_bytes,
    require_points,
)
from instruments.units import x_axis, y_axis
from spectra.axis import FloatArray
from spectra.spectrum import Spectrum, Technique

_START = 44
_CONTAINER = 120
_RANGE, _Y_RANGE, _POINTS, _X_LABEL, _Y_LABEL = 35698, 35699, 35701, 35703, 35704
_DATA, _ALIAS = 35708, 35713


class PerkinElmerReader:
    """PerkinElmer .sp spectra."""

    name = "perkinelmer-sp"
    suffixes = (".sp",)
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 for the magic."""
        return 0.95 if head.startswith(b"PEPE") else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the one spectrum of the file."""
        members = dict(_members(data, _START, len(data), 0))
        for wanted, what in ((_RANGE, "x range"), (_DATA, "ordinates")):
            if wanted not in members:
                raise CorruptFileError(f"no block with the {what}", hint=AGAIN)
        span = members[_RANGE]
        require_bytes(len(span), 2, 2, 8, "the x range")
        first, last = struct.unpack_from("<dd", span, 2)
        raw = members[_DATA]
        require_bytes(len(raw), 6, 0, 8, "the ordinates")
        (length,) = struct.unpack_from("<i", raw, 2)
        require_points(length // 8, "the data block")
        require_bytes(len(raw), 6, length // 8, 8, "the ordinates")
        y = np.frombuffer(raw, dtype="<f8", count=length // 8, offset=6).astype(np.float64)
        announced = y.size
        if _POINTS in members and len(members[_POINTS]) >= 6:
            (announced,) = struct.unpack_from("<i", members[_POINTS], 2)
        x = np.linspace(first, last, y.size)
        x_label, y_label = _label(members, _X_LABEL), _label(members, _Y_LABEL)
        x_kind, x_unit = x_axis(x_label, Technique.FTIR)
        y_kind, y_unit = y_axis(y_label, y, Technique.FTIR)
        metadata = clean_map(
            {"description": data[4:44].decode("latin-1"), "x label": x_label, "y label": y_label}
        )
        title = _label(members, _ALIAS) or one_line(data[4:44].decode("latin-1"))
        spectrum = Spectrum(
            title=one_line(title),
            x=x,
            y=y,
            x_kind=x_kind,
            x_unit=x_unit,
            y_kind=y_kind,
            y_unit=y_unit,
            metadata=metadata,
            faults=(*curve_faults(x, y, x_kind, announced), *_range_faults(members, y)),
        )
        return Reading(spectra=(spectrum,), technique=Technique.FTIR, metadata=metadata)


def _members(data: bytes, at: int, stop: int, depth: int) -> Iterator[tuple[int, bytes]]:
    if depth > MAX_NESTING:
        raise CorruptFileError("blocks are nested too deeply", hint=AGAIN)
    for _ in range(MAX_BLOCKS):
        if at + 6 > stop:
            return
        block, length = struct.unpack_from("<Hi", data, at)
        at += 6
        require_bytes(stop, at, length, 1, f"block {block}")
        if block == _CONTAINER:
            yield from _members(data, at, at + length, depth + 1)
        else:
            yield block, data[at : at + length]
        at += length


def _range_faults(members: dict[int, bytes], y: FloatArray) -> tuple[str, ...]:
    """Compare the ordinates with the least and largest that the file states."""
    stated = members.get(_Y_RANGE, b"")
    if len(stated) < 18 or not np.isfinite(y).all():
        return ()
    low, high = struct.unpack_from("<dd", stated, 2)
    found = (float(y.min()), float(y.max()))
    if np.allclose(found, (low, high), rtol=1e-6, atol=1e-9):
        return ()
    return (
        f"the file states ordinates from {low:g} to {high:g}, "
        f"they reach from {found[0]:g} to {found[1]:g}: damaged",
    )


def _label(members: dict[int, bytes], key: int) -> str:
    raw = members.get(key, b"")
    return one_line(raw[4:].decode("latin-1")) if len(raw) > 4 else ""
