"""Issue and withdrawal of a report with the files that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lims import certificate_copies, certificate_queries, certificate_release
from lims.certificate_model import Certificate, CertificateState
from reports import certificate_files

if TYPE_CHECKING:
    from lims.lab import Lab


def issue(
    lab: Lab, actor: str, number: str, *, remote: str = "", key: str = ""
) -> tuple[Certificate, Mapping[str, Path]]:
    """Issue a report and write its files; the one it amends gets marked copies beside its own.

    Raises
    ------
    ReportError
        The files could not be written; the report is issued, and `published` makes them.
    PermissionDenied, StateError, RecordError, ConfigError
        Nothing was issued.
    """
    made = certificate_release.issue(lab, actor, number, remote=remote, key=key)
    paths = certificate_files.published(lab, made)
    if made.amends:
        base = certificate_queries.certificate(lab, made.amends)
        certificate_files.published(lab, base)
    return made, paths


def withdraw(lab: Lab, actor: str, number: str, *, reason: str = "", key: str = "") -> Certificate:
    """Ask for a withdrawal, or carry out the one asked for; then marked copies are written.

    Raises
    ------
    PermissionDenied, StateError, RecordError, ReportError
    """
    made = certificate_copies.withdraw(lab, actor, number, reason=reason, key=key)
    if made.state is CertificateState.WITHDRAWN:
        certificate_files.published(lab, made)
    return made
