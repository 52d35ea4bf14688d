"""What can go wrong with the record."""

from __future__ import annotations

from collections.abc import Sequence

from spectra.errors import LabError


class ConfigError(LabError):
    """The lab folder or a setting is missing or wrong."""


class RecordError(LabError):
    """The record refuses an act."""


class NotFoundError(RecordError):
    """No such shipment, sample, run, finding, alert or person."""


class StateError(RecordError):
    """The act is not allowed in the present state."""


class CustodyError(RecordError):
    """The act contradicts the chain of custody."""


class PermissionDenied(RecordError):  # noqa: N818 - the field's word, and what the reader looks for
    """The acting person may not do what was asked."""


class SessionNeeded(PermissionDenied):
    """Nobody is signed in here, or the session is locked or over."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)


class SignatureNeeded(PermissionDenied):
    """An act waits for somebody's signature; nothing of it was written.

    Parameters
    ----------
    person, name : str
        Id and name of whoever signs.
    meaning : str
        What they put their name under.
    about : sequence of (str, str)
        What it is about: name and value, as the record will have it.
    """

    def __init__(
        self, *, person: str, name: str, meaning: str, about: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(
            f"{name} has not signed: {meaning}",
            hint="Sign with the PIN or the password: at a terminal it is asked for, a script "
            "gives it with `fol --pin-file /dev/fd/3 ...`.",
        )
        self.person = person
        self.name = name
        self.meaning = meaning
        self.about = tuple(about)


class AuditBrokenError(RecordError):
    """The event log does not verify."""


class BusyError(RecordError):
    """Another program holds the record; nothing was written."""


class StorageFullError(RecordError):
    """The disk is full; nothing was written."""


class DamagedError(RecordError):
    """The database cannot be read: its pages, or the disk below them, are damaged."""


class DiskFailedError(RecordError):
    """The disk failed during an act, which may or may not be in the record now."""


class AnswerRefusedError(RecordError):
    """An answer of headquarters was not taken; ``code`` says which check it failed."""

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(f"{code}: {message}", hint=hint)
        self.code = code


class RunCancelledError(RecordError):
    """A person stopped a run before it was recorded."""
