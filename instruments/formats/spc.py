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
from instruments.formats.spc_codes import Codes, measurements, technique
from instruments.formats.spc_subfiles import HEADER_BYTES, Layout, curves
from instruments.limits import AGAIN, MAX_SPECTRA, SPECTRUM_BYTES
from spectra.axis import UNIT_COUNTS, XKind, YKind
from spectra.spectrum import Measurement, Spectrum, Technique

_LOG_HEADER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    layout: Layout
    experiment: int
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
        if size < HEADER_BYTES or len(head) < HEADER_BYTES or head[1] not in (0x4B, 0x4C):
            return 0.0
        found = _head(head)
        sane = math.isfinite(found.layout.first) and math.isfinite(found.layout.last)
        # A count that cannot be right is left to read(), which says so by name.
        if not sane or found.layout.subfiles < 0 or head[2] >= 32:
            return 0.0
        return 0.97 if found.layout.end() in (size, found.log_offset) else 0.8

    def read(self, data: bytes, name: str) -> Reading:
        """Return every subfile, in file order."""
        head = _head(data)
        n_subfiles = head.layout.subfiles
        if n_subfiles > MAX_SPECTRA:
            raise CorruptFileError(f"{n_subfiles} subfiles are announced", hint=AGAIN)
        metadata = _metadata(data, head)
        title = one_line(data[88:218].split(b"\x00", 1)[0].decode("cp1252", "replace"))
        of = technique(head.x_type, head.experiment)
        found = curves(data, head.layout)
        damage = found.damage
        if found.is_shared:
            damage += _unread(data, head, found.end)
        one = n_subfiles <= 1
        spectra = measurements(
            found,
            Codes(x_type=head.x_type, y_type=head.y_type, technique=of),
            titles=[title] if one else [f"{title} [{at + 1}]".strip() for at in range(n_subfiles)],
            moments=None if one else _moments(data, found.z),
            metadata=metadata,
            damage=damage,
        )
        warnings = list(found.notes)
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
        and min(head.layout.first, head.layout.last) < 350.0
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
        layout=Layout(
            order=order,
            flags=data[0],
            exponent=struct.unpack_from("b", data, 3)[0],
            points=points,
            first=first,
            last=last,
            subfiles=max(subfiles, 1) if subfiles >= 0 else subfiles,
        ),
        experiment=data[2],
        x_type=data[28],
        y_type=data[29],
        log_offset=struct.unpack_from(order + "i", data, 248)[0],
    )


def _moments(data: bytes, z: list[float]) -> list[float] | None:
    """Return each subfile's z in seconds where the z axis is time."""
    unit = data[30]
    if unit == 5:
        return [each * 60.0 for each in z]
    return z if unit == 4 else None


def _unread(data: bytes, head: _Head, at: int) -> tuple[str, ...]:
    """Say when the last ordinate is not followed by a log or the end of the file."""
    end = head.log_offset if head.log_offset else len(data)
    if at != end:
        return (f"the data end at byte {at}, the log or the end of the file is at {end}: damaged",)
    if head.log_offset and _log_span(data, head) is None:
        return ("no log where the header says: bytes are missing or too many",)
    return ()


def _metadata(data: bytes, head: _Head) -> dict[str, str]:
    date = struct.unpack_from(head.layout.order + "I", data, 32)[0]
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
    if not head.layout.flags & 0x20:
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
    if not HEADER_BYTES <= start <= len(data) - _LOG_HEADER:
        return None
    size, memory, text = struct.unpack_from(head.layout.order + "iii", data, start)
    whole = _LOG_HEADER <= text <= size <= min(memory, len(data) - start)
    return (start + text, start + size) if whole else None
