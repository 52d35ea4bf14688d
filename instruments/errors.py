"""What can go wrong between an instrument's file and a spectrum."""

from __future__ import annotations

from spectra.errors import LabError


class FormatError(LabError):
    """A file cannot be read as a spectrum."""


class UnknownFormatError(FormatError):
    """No reader recognises the bytes."""


class RefusedFormatError(FormatError):
    """The format is recognised and refused; the hint says what to export instead."""


class CorruptFileError(FormatError):
    """The format is recognised but the bytes contradict it."""
