"""Labelled headers over bare pairs: RRUFF text, and the infrared text of Shimadzu LabSolutions.

``##NAMES=`` … lines, ``x, y`` pairs, ``##END=``. Source: the files of https://rruff.info.
"""

from __future__ import annotations

import re

from instruments.checks import curve_faults, text_notes
from instruments.cleaning import clean_map, one_line
from instruments.decoding import decode
from instruments.decoding import lines as split_lines
from instruments.errors import CorruptFileError
from instruments.export import GUESSED, Reading
from instruments.formats import asdf
from instruments.formats.text_columns import guess
from instruments.limits import SPECTRUM_BYTES
from instruments.units import x_axis, y_axis
from spectra.axis import UNIT_CM1, UNIT_COUNTS, UNIT_ONE, FloatArray, XKind, YKind
from spectra.spectrum import Spectrum, Technique

_LABEL = re.compile(r"\s*##([^=]{1,60})=(.*)")
_RRUFF = re.compile(rb"##(?:NAMES|RRUFFID) ?=")
_TABLE = re.compile(rb"##\s*(?:XY ?DATA|XYPOINTS|PEAK|DATA TABLE|NTUPLES|BLOCKS)", re.IGNORECASE)
_BARE = re.compile(rb"[\r\n][-+ \t]*\d+\.\d*[\s,;]+[-+]?\d[\d.eE+-]*\s*[\r\n]")


class RruffReader:
    """RRUFF and LabSolutions infrared text."""

    name = "rruff-txt"
    suffixes = (".txt", ".rruff")
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 for ``##`` labels over bare pairs without a JCAMP-DX data label."""
        if not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"##") or _TABLE.search(head):
            return 0.0
        return 0.95 if _RRUFF.search(head) or _BARE.search(head) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the one curve of the file."""
        text, _ = decode(data)
        labels: dict[str, str] = {}
        rows: list[str] = []
        closed = False
        for line in split_lines(text):
            match = _LABEL.match(line)
            if match is None:
                if line.strip():
                    rows.append(line)
            elif match.group(1).strip().upper() == "END":
                closed = True
                break
            else:
                labels[match.group(1).strip()] = match.group(2)
        pairs, left_over = asdf.decode_pairs(rows)
        if pairs.shape[0] == 0:
            raise CorruptFileError("labels but no data", hint="The file is cut: fetch it again.")
        notes = text_notes(text)
        if "RRUFFID" in labels and not closed:
            notes = (*notes, "the closing ##END= is missing: the file may be cut")
        return _reading(labels, pairs[:, 0], pairs[:, 1], name, left_over, notes)


def _reading(
    labels: dict[str, str],
    x: FloatArray,
    y: FloatArray,
    name: str,
    left_over: bool,
    notes: tuple[str, ...],
) -> Reading:
    words = " ".join((name, *labels.values())).lower()
    guessed = ""
    mineral = "RRUFFID" in labels or "NAMES" in labels
    warnings: list[str] = list(notes)
    if "infrared" in words:
        technique = Technique.FTIR
    elif "raman" in words:
        technique = Technique.RAMAN
    else:
        proposal = guess(x, y)
        technique = proposal.technique
        guessed = f"neither Raman nor infrared is named; {proposal.reason}"
        warnings.append(f"{guessed}: please confirm")
    x_kind, x_unit = x_axis(labels.get("XUNITS", ""), technique)
    if x_kind is XKind.UNKNOWN and technique in (Technique.FTIR, Technique.RAMAN):
        raman = technique is Technique.RAMAN
        x_kind, x_unit = (XKind.RAMAN_SHIFT if raman else XKind.WAVENUMBER), UNIT_CM1
    y_kind, y_unit = y_axis(labels.get("YUNITS", ""), y, technique)
    if y_kind is YKind.UNKNOWN and technique is Technique.FTIR:
        y_kind, y_unit = YKind.ABSORBANCE, UNIT_ONE
    elif y_kind is YKind.UNKNOWN and technique is Technique.RAMAN:
        y_kind, y_unit = YKind.RAMAN_INTENSITY, UNIT_COUNTS
    faults = list(curve_faults(x, y, x_kind))
    if left_over:
        faults.append("the last pair is incomplete")
    metadata = clean_map(labels | ({GUESSED: guessed} if guessed else {}))
    spectrum = Spectrum(
        title=one_line(labels.get("NAMES", "") or labels.get("TITLE", "")),
        x=x,
        y=y,
        x_kind=x_kind,
        x_unit=x_unit,
        y_kind=y_kind,
        y_unit=y_unit,
        metadata=metadata,
        faults=tuple(faults),
    )
    return Reading(
        spectra=(spectrum,),
        technique=technique,
        format="rruff-txt" if mineral else "shimadzu-txt",
        metadata=metadata,
        warnings=tuple(warnings),
    )
