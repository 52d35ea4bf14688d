"""The root of every error this software raises on purpose.

::

    LabError(message, *, hint="")
    ├── SpectrumError                       spectra/errors.py
    │   ├── AxisError                         the x axis cannot be what it claims
    │   ├── GridMismatchError                 two arrays that must share a grid do not
    │   ├── FlatSpectrumError                 no variance: a score is undefined
    │   ├── NotComparableError                this kind of ordinate or axis must not reach a matcher
    │   └── SearchCancelledError              whoever asked wants no answer any more
    ├── FormatError                         instruments/errors.py
    │   ├── UnknownFormatError                no reader recognises the bytes
    │   ├── RefusedFormatError                recognised, and refused: says what to export instead
    │   ├── MappingError                      a mapping for an instrument's text cannot be
    │   └── CorruptFileError                  says where, what was expected and what was found
    ├── LibraryError                        libraries/errors.py
    │   ├── LibraryNotFoundError
    │   ├── LibraryVersionError
    │   └── NothingAcceptedError              carries what was turned away
    ├── RecordError                         lims/errors.py
    │   ├── NotFoundError  StateError  CustodyError  PermissionDenied
    │   └── AuditBrokenError  BusyError  StorageFullError
    ├── ReportError                         reports/errors.py
    │   └── DeliveryError
    └── ConfigError                         lims/errors.py

An error is raised where the fact is known and says what was found, what was expected and, in
``hint``, what a person can do. Only the front end turns it into text and an exit code.
"""

from __future__ import annotations


class LabError(Exception):
    """Root of all errors raised on purpose.

    Parameters
    ----------
    message : str
        One line: what was found and what was expected.
    hint : str
        What a person can do about it; may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SpectrumError(LabError):
    """A spectrum cannot be used the way it was asked for."""


class AxisError(SpectrumError):
    """The x axis is not finite, not strictly monotonic, or not in a plausible range."""


class GridMismatchError(SpectrumError):
    """Two arrays that must share one grid differ in length or range."""


class FlatSpectrumError(SpectrumError):
    """A spectrum has no variance, so a similarity is undefined."""


class NotComparableError(SpectrumError):
    """An ordinate or axis that no library can be compared with (single beam, pixel axis, ...)."""


class SearchCancelledError(SpectrumError):
    """Whoever started a search has said that no answer is wanted any more."""
