"""What can go wrong with reference libraries."""

from __future__ import annotations

from spectra.errors import LabError


class LibraryError(LabError):
    """A reference library cannot be used as asked."""


class LibraryNotFoundError(LibraryError):
    """No library, version or entry of that name is installed."""


class LibraryVersionError(LibraryError):
    """The version exists already, or was written by newer software."""
