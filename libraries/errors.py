"""What can go wrong with reference libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spectra.errors import LabError

if TYPE_CHECKING:
    from libraries.report_file import Rejection


class LibraryError(LabError):
    """A reference library cannot be used as asked."""


class LibraryNotFoundError(LibraryError):
    """No library, version or entry of that name is installed."""


class LibraryVersionError(LibraryError):
    """The version exists already, or was written by newer software."""


class NothingAcceptedError(LibraryError):
    """Nothing of what was offered can enter a library; no version was made.

    Parameters
    ----------
    rejected : sequence of Rejection
        What was turned away, each with its reason.
    """

    def __init__(self, message: str, *, hint: str = "", rejected: Sequence[Rejection] = ()) -> None:
        super().__init__(message, hint=hint)
        self.rejected = tuple(rejected)
