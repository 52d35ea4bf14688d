"""What can go wrong with documents and their delivery."""

from __future__ import annotations

from spectra.errors import LabError


class ReportError(LabError):
    """A document cannot be made or is not acceptable."""


class DeliveryError(ReportError):
    """Headquarters could not be reached or did not acknowledge; the report stays in the outbox."""
