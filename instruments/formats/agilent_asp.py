"""Agilent MicroLab .asp: a column of text. Points, first x, last x, three codes, then ordinates.

Source: checked against a real file and the agilentaspparser package. The ordinate code 2 is
absorbance; no other code is documented, so it is reported.
"""

from __future__ import annotations

import re

import numpy as np

from instruments.checks import curve_faults
from instruments.decoding import numbers
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.limits import AGAIN, SPECTRUM_BYTES, require_points
from spectra import axis
from spectra.axis import XKind, YKind
from spectra.spectrum import Spectrum, Technique

_START = re.compile(
    rb"\s*+\d{1,8}[ \t]*+[\r\n]++(?:[-+]?[\d.]++(?:[eE][-+]?\d++)?+[ \t]*+[\r\n]++){2}"
    rb"(?:\d{1,3}[ \t]*+[\r\n]++){3}[-+\d.]"
)


class AgilentAspReader:
    """Agilent .asp infrared spectra."""

    name = "agilent-asp"
    suffixes = (".asp",)
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.7 for a count, two numbers and three small codes, one to a line."""
        return 0.7 if _START.match(head) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the one spectrum of the file."""
        cells = data.decode("latin-1").split()
        flat = numbers(cells)
        if flat is None or flat.size < 7:
            raise CorruptFileError("a line that is no number", hint=AGAIN)
        announced, first, last = int(flat[0]), float(flat[1]), float(flat[2])
        require_points(announced, "the first line")
        y = flat[6:]
        if y.size < announced:
            raise CorruptFileError(f"{announced} points announced, {y.size} found", hint=AGAIN)
        y = y[:announced]
        x = np.linspace(first, last, announced)
        absorbance = int(flat[4]) == 2
        spectrum = Spectrum(
            title="",
            x=x,
            y=y,
            x_kind=XKind.WAVENUMBER,
            x_unit=axis.UNIT_CM1,
            y_kind=YKind.ABSORBANCE if absorbance else YKind.UNKNOWN,
            y_unit=axis.UNIT_ONE if absorbance else axis.UNIT_UNKNOWN,
            metadata={"codes": " ".join(str(int(code)) for code in flat[3:6])},
            faults=curve_faults(x, y, XKind.WAVENUMBER),
        )
        warnings = () if absorbance else (f"ordinate code {int(flat[4])} is not known",)
        return Reading(spectra=(spectrum,), technique=Technique.FTIR, warnings=warnings)
