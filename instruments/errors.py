"""What can go wrong between an instrument's file and a spectrum."""

from __future__ import annotations

from instruments.cleaning import one_line
from spectra.errors import LabError


class FormatError(LabError):
    """A file cannot be read as a spectrum.

    File names and words of the file stand in its message, so it is cleaned to one printable line.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(one_line(message), hint=one_line(hint))


class UnknownFormatError(FormatError):
    """No reader recognises the bytes."""


class RefusedFormatError(FormatError):
    """The format is recognised and refused; the hint says what to export instead."""


class CorruptFileError(FormatError):
    """The format is recognised but the bytes contradict it."""


class MappingError(FormatError):
    """A mapping for an instrument's text contradicts itself or is not the JSON it must be."""
