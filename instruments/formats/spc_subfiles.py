"""The subfiles of a GRAMS SPC file -> their numbers in two arrays and where each begins. No units.

Source: Galactic Universal Data Format Specification (SPC.H), Thermo Galactic 1997. Every count is
checked against the file before it is used; the numbers of all subfiles are converted together.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from instruments.errors import CorruptFileError
from instruments.limits import AGAIN, MAX_POINTS, require_bytes, require_points
from spectra.axis import FloatArray
from spectra.spectrum import settled

HEADER_BYTES, _SUBHEADER = 512, 32
Y16, MULTI, OWN_X, EXPLICIT_X = 0x01, 0x04, 0x40, 0x80
FLOAT = -128
_DIRECTORY_ENTRY = 12
# Of a subfile: exponent, index, z, number of points.
_SUBFILE = {order: struct.Struct(order + "xbHf8xi") for order in "<>"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the header of a file says of its subfiles."""

    order: str
    flags: int
    exponent: int
    points: int
    first: float
    last: float
    subfiles: int

    @property
    def is_shared(self) -> bool:
        """Whether all subfiles stand over one x axis."""
        return not self.flags & OWN_X

    def end(self) -> int:
        """Return where the last ordinate ends, or -1 where the header alone does not tell."""
        if not self.is_shared or self.points <= 0:
            return -1
        narrow = self.flags & Y16 and (self.exponent != FLOAT or self.flags & MULTI)
        axis = 4 * self.points if self.flags & EXPLICIT_X else 0
        each = _SUBHEADER + (2 if narrow else 4) * self.points
        return HEADER_BYTES + axis + self.subfiles * each


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """The numbers of all subfiles.

    Parameters
    ----------
    x : ndarray of float, shape (n_points,) where shared, else (n_numbers,)
    y : ndarray of float, shape (n_numbers,)
        One subfile behind the other; both arrays are settled.
    bounds : list of int
        Subfile ``i`` holds the numbers ``bounds[i]:bounds[i + 1]``.
    z : list of float
        Of each subfile, in the file's own unit.
    is_shared : bool
        Whether ``x`` is the axis of every subfile.
    end : int
        Where the last subfile that was read ends in the file.
    notes, damage : tuple of str
        What a person should know, and what shows damage.
    """

    x: FloatArray
    y: FloatArray
    bounds: list[int]
    z: list[float]
    is_shared: bool
    end: int
    notes: tuple[str, ...]
    damage: tuple[str, ...]

    def each(self) -> list[tuple[FloatArray, FloatArray]]:
        """Return x and y of every subfile."""
        spans = zip(self.bounds, self.bounds[1:], strict=False)
        if self.is_shared and len(self.z) == 1:
            return [(self.x, self.y)]
        if self.is_shared:
            return [(self.x, self.y[start:stop]) for start, stop in spans]
        return [(self.x[start:stop], self.y[start:stop]) for start, stop in spans]


@dataclass(slots=True)
class _Places:
    """Where the numbers of the subfiles stand in the file."""

    x: list[int] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    exponents: list[int] = field(default_factory=list)
    z: list[float] = field(default_factory=list)
    end: int = 0
    damage: str = ""


def curves(data: bytes, layout: Layout) -> Curves:
    """Return the numbers of every subfile, in the order of the file or of its directory.

    Raises
    ------
    CorruptFileError
        A count is impossible, or numbers are announced that the file does not hold.
    """
    at = HEADER_BYTES
    starts: list[int] | None = None
    notes: list[str] = []
    shared: FloatArray | None = None
    if layout.is_shared:
        require_points(layout.points, "the header")
        shared = _shared_axis(data, layout)
        at += 4 * layout.points if layout.flags & EXPLICIT_X else 0
    else:
        starts, notes = _directory(data, layout)
    found = _places(data, layout, at, starts)
    return Curves(
        x=shared if shared is not None else _floats(data, layout, found.x, found.counts),
        y=_ordinates(data, layout, found),
        bounds=list(accumulate(found.counts, initial=0)),
        z=found.z,
        is_shared=layout.is_shared,
        end=found.end,
        notes=tuple(notes),
        damage=(found.damage,) if found.damage else (),
    )


def _shared_axis(data: bytes, layout: Layout) -> FloatArray:
    if not layout.flags & EXPLICIT_X:
        return settled(np.linspace(layout.first, layout.last, layout.points))
    require_bytes(len(data), HEADER_BYTES, layout.points, 4, "an array")
    return _floats(data, layout, [HEADER_BYTES], [layout.points])


def _places(data: bytes, layout: Layout, at: int, starts: list[int] | None) -> _Places:
    """Return where each subfile's numbers are, every one within the file."""
    unpack = _SUBFILE[layout.order].unpack_from
    size, found, taken = len(data), _Places(), 0
    is_multi, is_narrow = bool(layout.flags & MULTI), bool(layout.flags & Y16)
    is_shared = layout.is_shared
    points, most = layout.points, min(MAX_POINTS, size // 2)
    for index in range(layout.subfiles):
        at = start = starts[index] if starts else at
        if at + _SUBHEADER > size:
            require_bytes(size, at, 1, _SUBHEADER, f"subfile {index + 1}")
        exponent, number, z, own_points = unpack(data, at)
        if number != index & 0xFFFF and layout.subfiles > 1 and not found.damage:
            found.damage = f"subfile {index + 1} calls itself {number + 1}: damaged"
        exponent = exponent if is_multi else layout.exponent
        at += _SUBHEADER
        if not is_shared:
            points = own_points
            if not 0 < points <= most:
                raise CorruptFileError(
                    f"subfile {index + 1} announces {points} points in a file of {size} bytes",
                    hint=AGAIN,
                )
            if at + 4 * points > size:
                require_bytes(size, at, points, 4, "an array")
            found.x.append(at)
            at += 4 * points
        wide = 2 if is_narrow and exponent != FLOAT else 4
        if at + wide * points > size:
            what = "an array" if exponent == FLOAT else "the ordinates"
            require_bytes(size, at, points, wide, what)
        found.y.append(at)
        found.counts.append(points)
        found.exponents.append(exponent)
        found.z.append(z)
        at += wide * points
        taken += at - start
        if taken > size:
            # A directory may point many times at one subfile: a small file would become gigabytes.
            raise CorruptFileError("subfiles share their bytes: damaged or hostile", hint=AGAIN)
    found.end = at
    return found


def _directory(data: bytes, layout: Layout) -> tuple[list[int] | None, list[str]]:
    """Return where each subfile of its own x begins; None where they simply follow each other.

    Software that edits a subfile appends it and changes its entry: the directory is what holds.
    """
    at = layout.points
    if at == 0:
        return None, []
    fits = at >= HEADER_BYTES and at + _DIRECTORY_ENTRY * layout.subfiles <= len(data)
    if fits:
        entries = np.frombuffer(
            data, dtype=layout.order + "u4", count=3 * layout.subfiles, offset=at
        ).reshape(-1, 3)
        starts, sizes = entries[:, 0].astype(np.int64), entries[:, 1].astype(np.int64)
        fits = bool(((starts >= HEADER_BYTES) & (starts + sizes <= len(data))).all())
        fits = fits and bool((sizes > _SUBHEADER).all())
        if fits:
            return [int(start) for start in starts], []
    return None, ["the directory of the subfiles is damaged: they were read one after the other"]


def _anywhere(data: bytes, kind: str) -> npt.NDArray[np.number]:
    """Return a view of which element ``i`` is the number that begins at byte ``i``."""
    size = np.dtype(kind).itemsize
    return np.ndarray((max(len(data) - size + 1, 0),), kind, data, strides=(1,))


def _floats(data: bytes, layout: Layout, at: list[int], counts: list[int]) -> FloatArray:
    view = _anywhere(data, layout.order + "f4")
    runs = [view[a : a + 4 * n : 4] for a, n in zip(at, counts, strict=True)]
    return settled(_joined(runs))


def _joined(runs: Sequence[npt.NDArray[np.number]]) -> FloatArray:
    return runs[0].astype(np.float64) if len(runs) == 1 else np.concatenate(runs, dtype=np.float64)


def _ordinates(data: bytes, layout: Layout, found: _Places) -> FloatArray:
    """Return all ordinates: a whole number is worth 2**(exponent - 32), or - 16 of two bytes.

    A power of two that a double holds scales without rounding, as ``ldexp`` does.
    """
    if found.exponents.count(FLOAT) == len(found.exponents):
        return _floats(data, layout, found.y, found.counts)
    narrow = bool(layout.flags & Y16)
    wide, bits = (2, 16) if narrow else (4, 32)
    whole = _anywhere(data, layout.order + f"i{wide}")
    real = _anywhere(data, layout.order + "f4")
    runs = [
        real[a : a + 4 * n : 4] if exponent == FLOAT else whole[a : a + wide * n : wide]
        for a, n, exponent in zip(found.y, found.counts, found.exponents, strict=True)
    ]
    values = _joined(runs)
    scales = [1.0 if each == FLOAT else 2.0 ** (each - bits) for each in found.exponents]
    if scales.count(scales[0]) == len(scales):
        values *= scales[0]
    else:
        values *= np.repeat(scales, found.counts)
    return settled(values)
