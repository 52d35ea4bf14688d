"""Bruker OPUS: every result spectrum of a file, by the block directory.

Source: the block layout as described by the brukeropus project, https://joshduran.github.io/brukeropus,
checked on real files. Single beams, interferograms and phases are listed, never offered as results.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from instruments.checks import curve_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.limits import AGAIN, SPECTRUM_BYTES, require_bytes, require_points
from spectra import axis
from spectra.axis import XKind, YKind
from spectra.spectrum import Spectrum, Technique

_MAGIC = b"\x0a\x0a\xfe\xfe"
_ENTRY = 12
_RESULTS: dict[int, tuple[str, YKind, str]] = {
    10: ("ra", YKind.RAMAN_INTENSITY, axis.UNIT_COUNTS),
    4: ("a", YKind.ABSORBANCE, axis.UNIT_ONE),
    5: ("t", YKind.TRANSMITTANCE, axis.UNIT_ONE),
    12: ("r", YKind.REFLECTANCE, axis.UNIT_ONE),
    6: ("km", YKind.KUBELKA_MUNK, axis.UNIT_ONE),
    15: ("logr", YKind.LOG_1_OVER_R, axis.UNIT_ONE),
    17: ("pas", YKind.PHOTOACOUSTIC, axis.UNIT_ONE),
}
# Raman, absorbance, transmittance, reflectance: what a matcher wants first.
_ORDER = tuple(_RESULTS)
_CHANNELS = {1: "single beam", 2: "interferogram", 3: "phase"}
_RAMAN, _DIRECTORY = 10, 13
_X_UNITS = {
    "WN": (XKind.WAVENUMBER, axis.UNIT_CM1),
    "MI": (XKind.WAVELENGTH, axis.UNIT_UM),
    "LGW": (XKind.UNKNOWN, "log10 cm-1"),
    "NM": (XKind.WAVELENGTH, axis.UNIT_NM),
    "PNT": (XKind.PIXEL, axis.UNIT_ONE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    kind: int
    offset: int
    size: int

    @property
    def is_data(self) -> bool:
        return (self.kind >> 4) & 0x3F == 0 and (self.kind >> 10) & 0x7F not in (0, _DIRECTORY)

    @property
    def is_status(self) -> bool:
        return (self.kind >> 4) & 0x3F == 1

    @property
    def spectrum(self) -> int:
        return (self.kind >> 10) & 0x7F

    @property
    def source(self) -> int:
        return (self.kind >> 2) & 3

    @property
    def rest(self) -> int:
        return self.kind & ~(0x3F << 4)


class OpusReader:
    """Bruker OPUS files with at least one result spectrum."""

    name = "bruker-opus"
    suffixes = (".0", ".1", ".0000", ".001")
    size_limit = SPECTRUM_BYTES * 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 1.0 for the magic."""
        return 1.0 if head.startswith(_MAGIC) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return Raman, absorbance, transmittance and reflectance, in this order.

        Raises
        ------
        RefusedFormatError
            The file holds only a background, single beams or interferograms.
        """
        blocks = _directory(data)
        statuses = {block.rest: block for block in blocks if block.is_status}
        results = [b for b in blocks if b.is_data and b.spectrum in _RESULTS and b.rest in statuses]
        others = sorted(
            {_CHANNELS[b.spectrum] for b in blocks if b.is_data and b.spectrum in _CHANNELS}
        )
        if not results:
            raise RefusedFormatError(
                "background only: no absorbance, transmittance, reflectance or Raman spectrum "
                f"(found: {', '.join(others) or 'nothing'})",
                hint="Measure the sample against this background, or export the result spectrum.",
            )
        results.sort(key=lambda b: (_ORDER.index(b.spectrum), (b.kind >> 30) & 3, b.offset))
        metadata = _metadata(data, blocks)
        spectra = tuple(_spectrum(data, b, statuses[b.rest], metadata) for b in results)
        raman = results[0].spectrum == _RAMAN
        warnings = [f"also in the file, not for matching: {', '.join(others)}"] if others else []
        return Reading(
            spectra=spectra,
            technique=Technique.RAMAN if raman else Technique.FTIR,
            metadata=metadata,
            warnings=tuple(warnings),
        )


def _directory(data: bytes) -> list[_Block]:
    require_bytes(len(data), 0, 1, 24, "the header")
    start, _, used = struct.unpack_from("<iii", data, 12)
    require_bytes(len(data), start, used, _ENTRY, "the block directory")
    blocks: list[_Block] = []
    for at in range(used):
        kind, words, offset = struct.unpack_from("<iii", data, start + at * _ENTRY)
        if offset <= 0 or words < 0:
            continue
        blocks.append(_Block(kind=kind & 0xFFFFFFFF, offset=offset, size=4 * words))
    return blocks


def _parameters(data: bytes, block: _Block) -> dict[str, int | float | str]:
    found: dict[str, int | float | str] = {}
    at, stop = block.offset, min(block.offset + block.size, len(data))
    while at + 8 <= stop:
        name = data[at : at + 3].decode("latin-1")
        kind, words = struct.unpack_from("<HH", data, at + 4)
        at += 8
        if name == "END" or at + 2 * words > stop:
            break
        if kind == 0 and words >= 2:
            found[name] = struct.unpack_from("<i", data, at)[0]
        elif kind == 1 and words >= 4:
            found[name] = struct.unpack_from("<d", data, at)[0]
        elif kind in (2, 3, 4):
            text = data[at : at + 2 * words].split(b"\x00", 1)[0]
            found[name] = one_line(text.decode("cp1252", "replace"))
        at += 2 * words
    return found


def _metadata(data: bytes, blocks: list[_Block]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for block in blocks:
        if (block.kind >> 4) & 0x3F in (2, 3, 4, 6, 7, 10) and block.spectrum == 0:
            for key, value in _parameters(data, block).items():
                facts.setdefault(key, f"{value:.10g}" if isinstance(value, float) else str(value))
    return clean_map(facts)


def _spectrum(data: bytes, block: _Block, status: _Block, metadata: dict[str, str]) -> Spectrum:
    values = _parameters(data, status)
    points, first, last = values.get("NPT"), values.get("FXV"), values.get("LXV")
    if not isinstance(points, int) or not isinstance(first, float) or not isinstance(last, float):
        raise CorruptFileError("a data block without NPT, FXV and LXV", hint=AGAIN)
    require_points(points, "NPT")
    there = min(points, block.size // 4)
    require_bytes(len(data), block.offset, there, 4, "a data block")
    scale = values.get("CSF", 1.0)
    y = np.frombuffer(data, dtype="<f4", count=there, offset=block.offset).astype(np.float64)
    y = y * (scale if isinstance(scale, float) else 1.0)
    x = np.linspace(first, last, points)[:there]
    short, y_kind, y_unit = _RESULTS[block.spectrum]
    x_kind, x_unit = _X_UNITS.get(str(values.get("DXU", "WN")), (XKind.UNKNOWN, "unknown"))
    if block.spectrum == _RAMAN:
        x_kind = XKind.RAMAN_SHIFT
    faults = curve_faults(x, y, x_kind, points)
    return Spectrum(
        title=metadata.get("SNM", "") or short,
        x=x,
        y=y,
        x_kind=x_kind,
        x_unit=x_unit,
        y_kind=y_kind,
        y_unit=y_unit,
        metadata=metadata | {"OPUS block": short},
        faults=faults,
    )
