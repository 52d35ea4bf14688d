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
from instruments.export import GUESSED, Reading
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
from spectra.spectrum import Measurement, Spectrum, Technique, settled

_HEADER, _SUBHEADER = 512, 32
_Y16, _MULTI, _OWN_X, _EXPLICIT_X = 0x01, 0x04, 0x40, 0x80
_FLOAT = -128
_DIRECTORY_ENTRY, _LOG_HEADER = 12, 64
# Of a subfile: exponent, index, z, number of points.
_SUBFILE = {order: struct.Struct(order + "xbHf8xi") for order in "<>"}
_Curve = tuple[FloatArray, FloatArray, float]


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
        """Return 0.8 for a version byte with a header that contradicts nothing.

        More where what the header announces fills the file, or ends at its log, to the byte.
        """
        if size < _HEADER or len(head) < _HEADER or head[1] not in (0x4B, 0x4C):
            return 0.0
        found = _head(head)
        sane = math.isfinite(found.first) and math.isfinite(found.last)
        # A count that cannot be right is left to read(), which says so by name.
        if not sane or found.subfiles < 0 or head[2] >= 32:
            return 0.0
        return 0.97 if _end(found) in (size, found.log_offset) else 0.8

    def read(self, data: bytes, name: str) -> Reading:
        """Return every subfile, in file order."""
        head = _head(data)
        if head.subfiles > MAX_SPECTRA:
            raise CorruptFileError(f"{head.subfiles} subfiles are announced", hint=AGAIN)
        metadata = _metadata(data, head)
        of = technique(head.x_type, head.experiment)
        spectra: list[Measurement] = []
        title = one_line(data[88:218].split(b"\x00", 1)[0].decode("cp1252", "replace"))
        curves, warnings, damage = _subfiles(data, head)
        for at, (x, y, z) in enumerate(curves):
            label = title if head.subfiles <= 1 else f"{title} [{at + 1}]".strip()
            own = metadata if at == 0 else {}
            moment = _moment(data, z) if head.subfiles > 1 else None
            found = measurement(x, y, head.x_type, head.y_type, label, own, of, moment)
            spectra.append(replace(found, faults=(*damage, *found.faults)) if damage else found)
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
    far above any absorbance; a guess, and marked as one: no name rests on it.
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
            metadata={**item.metadata, GUESSED: warnings[-1]},
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


def _end(head: _Head) -> int:
    """Return where the last ordinate ends, or -1 where the header alone does not tell."""
    if head.flags & _OWN_X or head.points <= 0:
        return -1
    narrow = head.flags & _Y16 and (head.exponent != _FLOAT or head.flags & _MULTI)
    shared = 4 * head.points if head.flags & _EXPLICIT_X else 0
    return _HEADER + shared + head.subfiles * (_SUBHEADER + (2 if narrow else 4) * head.points)


def _moment(data: bytes, z: float) -> float | None:
    """Return a subfile's z in seconds where the z axis is time."""
    unit = data[30]
    if unit == 5:
        return z * 60.0
    return z if unit == 4 else None


def _subfiles(data: bytes, head: _Head) -> tuple[list[_Curve], list[str], tuple[str, ...]]:
    """Return the curves of all subfiles, what was noticed, and what shows damage."""
    at = _HEADER
    shared: FloatArray | None = None
    if not head.flags & _OWN_X:
        require_points(head.points, "the header")
        if head.flags & _EXPLICIT_X:
            shared = _floats(data, at, head.points, head.order)
            at += 4 * head.points
        else:
            shared = settled(np.linspace(head.first, head.last, head.points))
    places, warnings = _directory(data, head) if shared is None else (None, [])
    found: list[_Curve] = []
    damage: list[str] = []
    taken = 0
    for index in range(head.subfiles):
        at = places[index] if places else at
        require_bytes(len(data), at, 1, _SUBHEADER, f"subfile {index + 1}")
        own = _SUBFILE[head.order].unpack_from(data, at)
        if head.subfiles > 1 and own[1] != index & 0xFFFF and not damage:
            damage.append(f"subfile {index + 1} calls itself {own[1] + 1}: damaged")
        curve, used = _subfile(data, at, head, shared, index, own)
        at += used
        taken += used
        if taken > len(data):
            # A directory may point many times at one subfile: a small file would become gigabytes.
            raise CorruptFileError("subfiles share their bytes: damaged or hostile", hint=AGAIN)
        found.append(curve)
    if places is None and shared is not None:
        damage.extend(_unread(data, head, at))
    return found, warnings, tuple(damage)


def _subfile(
    data: bytes,
    at: int,
    head: _Head,
    shared: FloatArray | None,
    index: int,
    own: tuple[int, int, float, int],
) -> tuple[_Curve, int]:
    """Return one subfile and the bytes it takes, its 32-byte header included."""
    start = at
    exponent, _, z, points = own
    at += _SUBHEADER
    if not head.flags & _MULTI:
        exponent = head.exponent
    if shared is None:
        if not 0 < points <= min(MAX_POINTS, len(data) // 2):
            raise CorruptFileError(
                f"subfile {index + 1} announces {points} points in a file of {len(data)} bytes",
                hint=AGAIN,
            )
        x = _floats(data, at, points, head.order)
        at += 4 * points
    else:
        x, points = shared, head.points
    y, used = _ordinates(data, at, points, exponent, head)
    return (x, y, z), at + used - start


def _directory(data: bytes, head: _Head) -> tuple[list[int] | None, list[str]]:
    """Return where each subfile of its own x begins; None where they simply follow each other.

    Software that edits a subfile appends it and changes its entry: the directory is what holds.
    """
    if head.points == 0:
        return None, []
    fits = head.points >= _HEADER and (head.points + _DIRECTORY_ENTRY * head.subfiles <= len(data))
    if fits:
        entries = np.frombuffer(
            data, dtype=head.order + "u4", count=3 * head.subfiles, offset=head.points
        ).reshape(-1, 3)
        starts, sizes = entries[:, 0].astype(np.int64), entries[:, 1].astype(np.int64)
        fits = bool(((starts >= _HEADER) & (starts + sizes <= len(data))).all())
        fits = fits and bool((sizes > _SUBHEADER).all())
        if fits:
            return [int(start) for start in starts], []
    return None, ["the directory of the subfiles is damaged: they were read one after the other"]


def _unread(data: bytes, head: _Head, at: int) -> list[str]:
    """Say when the last ordinate is not followed by a log or the end of the file."""
    end = head.log_offset if head.log_offset else len(data)
    if at == end:
        lost = head.log_offset and _log_span(data, head) is None
        return ["no log where the header says: bytes are missing or too many"] if lost else []
    return [f"the data end at byte {at}, the log or the end of the file is at {end}: damaged"]


def _floats(data: bytes, at: int, count: int, order: str) -> FloatArray:
    require_bytes(len(data), at, count, 4, "an array")
    values = np.frombuffer(data, dtype=order + "f4", count=count, offset=at)
    return settled(values.astype(np.float64))


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
    return settled(np.ldexp(raw, exponent - (32 if wide else 16))), size * points


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
    span = _log_span(data, head)
    if span is None:
        return {}
    text = data[span[0] : span[1]].decode("cp1252", "replace")
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _log_span(data: bytes, head: _Head) -> tuple[int, int] | None:
    """Return where the text of the log begins and ends, or None where no log stands."""
    start = head.log_offset
    if not _HEADER <= start <= len(data) - _LOG_HEADER:
        return None
    size, memory, text = struct.unpack_from(head.order + "iii", data, start)
    whole = _LOG_HEADER <= text <= size <= min(memory, len(data) - start)
    return (start + text, start + size) if whole else None
