"""Princeton Instruments ``.spe``: version 2 with its binary header, version 3 with an XML footer.

Source: the vendor's "SPE 3.0 File Format Specification" and the WinView header of version 2. The
axis is wavelength or pixel; without a laser line in the file it can never become a Raman shift.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from instruments.checks import curve_faults
from instruments.cleaning import clean_map, one_line
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.formats.xml_runs import require_plain
from instruments.limits import (
    AGAIN,
    MAX_SPECTRA,
    SPECTRUM_BYTES,
    require_bytes,
    require_points,
)
from spectra import axis
from spectra.axis import FloatArray, XKind, YKind
from spectra.spectrum import Spectrum, Technique

if TYPE_CHECKING:
    from lxml.etree import _Element

_HEADER = 4100
_TYPES = {0: "<f4", 1: "<i4", 2: "<i2", 3: "<u2", 5: "<f8", 6: "<u1", 8: "<u4"}
_PIXELS = {
    "MonochromeUnsigned16": "<u2",
    "MonochromeUnsigned32": "<u4",
    "MonochromeFloating32": "<f4",
}
_FOOTER, _VERSION = 678, 1992
_END_MARK = 0x5555  # the constant every version of the writer puts at 4098
_NM_UNIT = 1
_IMAGE = "Bin the rows of the camera to one spectrum, or export the spectrum as CSV."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frames:
    """What is stored: rows of pixels, an axis, and what the file says about itself."""

    rows: FloatArray
    x: FloatArray
    x_kind: XKind
    x_unit: str
    metadata: dict[str, str]


class PrincetonSpeReader:
    """Princeton Instruments WinSpec (2.x) and LightField (3.0) spectra."""

    name = "princeton-spe"
    suffixes = (".spe",)
    size_limit = SPECTRUM_BYTES * 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.7 for a header that describes bytes the file has."""
        if len(head) < 2000 or size < _HEADER:
            return 0.0
        (version,) = struct.unpack_from("<f", head, _VERSION)
        kind, width, height, frames = _shape(head)
        if not 1.0 <= version < 4.0 or kind not in _TYPES or min(width, height, frames) < 1:
            return 0.0
        needed = width * height * frames * np.dtype(_TYPES[kind]).itemsize
        return 0.7 if needed <= size - _HEADER else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every frame.

        Raises
        ------
        RefusedFormatError
            Camera images rather than spectra.
        """
        require_bytes(len(data), 0, 1, _HEADER, "the header")
        (version,) = struct.unpack_from("<f", data, _VERSION)
        found = _version_3(data) if version >= 3.0 else _version_2(data)
        n_rows = found.rows.shape[0]
        raman = "laser_nm" in found.metadata
        spectra = tuple(
            Spectrum(
                title="" if n_rows == 1 else f"frame {at + 1}",
                x=found.x,
                y=row,
                x_kind=found.x_kind,
                x_unit=found.x_unit,
                y_kind=YKind.RAMAN_INTENSITY if raman else YKind.UNKNOWN,
                y_unit=axis.UNIT_COUNTS,
                metadata=found.metadata,
                faults=curve_faults(found.x, row, found.x_kind),
            )
            for at, row in enumerate(found.rows)
        )
        if raman:
            warnings = ["the laser line is the one a person typed in; 0.1 nm is 3 cm-1 at 532 nm"]
        else:
            warnings = ["no laser line in the file: for looking only, not comparable"]
        return Reading(
            spectra=spectra,
            technique=Technique.RAMAN if raman else Technique.OTHER,
            format=f"princeton-spe-{int(version)}",
            metadata=found.metadata,
            warnings=tuple(warnings),
        )


def _shape(head: bytes) -> tuple[int, int, int, int]:
    """Return data type, width, height and number of frames as the binary header states them."""
    (kind,) = struct.unpack_from("<h", head, 108)
    (width,) = struct.unpack_from("<H", head, 42)
    (height,) = struct.unpack_from("<H", head, 656)
    (frames,) = struct.unpack_from("<i", head, 1446)
    return kind, width, height, frames


def _rows(data: bytes, dtype: str, width: int, height: int, frames: int, stride: int) -> FloatArray:
    require_points(width, "the header")
    if height != 1:
        raise RefusedFormatError(f"camera images of {width} x {height} pixels", hint=_IMAGE)
    if not 1 <= frames <= MAX_SPECTRA or stride < width * np.dtype(dtype).itemsize:
        raise CorruptFileError(f"{frames} frames of {stride} bytes are announced", hint=AGAIN)
    require_bytes(len(data), _HEADER, frames, stride, "the frames")
    used = width * np.dtype(dtype).itemsize
    raw = np.frombuffer(data, dtype=np.uint8, count=frames * stride, offset=_HEADER)
    pixels = np.ascontiguousarray(raw.reshape(frames, stride)[:, :used])
    return pixels.view(dtype).astype(np.float64)


def _version_2(data: bytes) -> _Frames:
    kind, width, height, frames = _shape(data)
    if kind not in _TYPES:
        raise CorruptFileError(f"pixels of an unknown type ({kind})", hint=AGAIN)
    size = width * height * np.dtype(_TYPES[kind]).itemsize
    rows = _rows(data, _TYPES[kind], width, height, frames, size)
    pixel = np.arange(1, width + 1, dtype=np.float64)
    x, x_kind, x_unit = pixel, XKind.PIXEL, axis.UNIT_ONE
    unit, valid, order = data[3016], data[3098], data[3101]
    if valid == 1 and 1 <= order <= 5:
        coefficients = struct.unpack_from(f"<{order + 1}d", data, 3263)
        x = np.asarray(np.polynomial.polynomial.polyval(pixel, coefficients), dtype=np.float64)
        known = unit == _NM_UNIT
        x_kind = XKind.WAVELENGTH if known else XKind.UNKNOWN
        x_unit = axis.UNIT_NM if known else f"SPE unit {unit}"
    (laser,) = struct.unpack_from("<d", data, 3311)
    facts = {
        "date": data[20:30].split(b"\x00", 1)[0].decode("latin-1"),
        "exposure_s": f"{struct.unpack_from('<f', data, 10)[0]:g}",
        "comment": data[200:280].split(b"\x00", 1)[0].decode("cp1252", "replace"),
    }
    if 200.0 <= laser <= 1100.0:
        facts["laser_nm"] = f"{laser:g}"
    return _Frames(rows=rows, x=x, x_kind=x_kind, x_unit=x_unit, metadata=clean_map(facts))


def _version_3(data: bytes) -> _Frames:
    from lxml import etree

    (start,) = struct.unpack_from("<Q", data, _FOOTER)
    if not _HEADER <= start < len(data):
        raise CorruptFileError(f"the XML footer should begin at byte {start}", hint=AGAIN)
    footer = data[start:]
    require_plain(footer)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(footer, parser)
    except etree.XMLSyntaxError as error:
        raise CorruptFileError(f"the XML footer is damaged ({error})", hint=AGAIN) from error
    frame = next(root.iter("{*}DataBlock"), None)
    if frame is None or frame.get("pixelFormat") not in _PIXELS:
        raise CorruptFileError("the XML footer describes no frames", hint=AGAIN)
    regions = [each for each in frame if each.get("type") == "Region"]
    if len(regions) != 1:
        raise RefusedFormatError(f"{len(regions)} regions of the camera in one frame", hint=_IMAGE)
    region = regions[0]
    width, height = _count(region, "width"), _count(region, "height")
    frames, stride = _count(frame, "count"), _count(frame, "stride")
    dtype = _PIXELS[str(frame.get("pixelFormat"))]
    rows = _rows(data[:start], dtype, width, height, frames, stride)
    return _with_axis(root, rows, width)


def _with_axis(root: _Element, rows: FloatArray, width: int) -> _Frames:
    mapping = next(root.iter("{*}WavelengthMapping"), None)
    x = np.arange(1, width + 1, dtype=np.float64)
    x_kind, x_unit = XKind.PIXEL, axis.UNIT_ONE
    facts: dict[str, str] = {}
    if mapping is not None:
        listed = next(mapping.iter("{*}Wavelength"), None)
        words = (listed.text or "").split(",") if listed is not None else []
        if len(words) != width:
            raise CorruptFileError(f"{len(words)} wavelengths for {width} pixels", hint=AGAIN)
        x, x_kind, x_unit = _floats(words), XKind.WAVELENGTH, axis.UNIT_NM
        if mapping.get("laserLine"):
            facts["laser_nm"] = str(mapping.get("laserLine"))
    created = next(root.iter("{*}FileInformation"), None)
    if created is not None:
        facts["created"] = str(created.get("created", ""))
    for tag in ("ExposureTime", "CenterWavelength"):
        found = next(root.iter(f"{{*}}{tag}"), None)
        if found is not None and found.text:
            facts[tag] = one_line(found.text, limit=100)
    return _Frames(rows=rows, x=x, x_kind=x_kind, x_unit=x_unit, metadata=clean_map(facts))


def _floats(words: list[str]) -> FloatArray:
    try:
        return np.array(words, dtype=np.float64)
    except ValueError as error:
        raise CorruptFileError("the wavelengths are not numbers", hint=AGAIN) from error


def _count(element: _Element, name: str) -> int:
    text = element.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise CorruptFileError(f"the XML footer gives no {name}", hint=AGAIN)
    return int(text)
