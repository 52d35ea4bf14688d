"""What can go wrong with the record."""

from __future__ import annotations

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


class RunCancelledError(RecordError):
    """A person stopped a run before it was recorded."""
