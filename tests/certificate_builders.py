"""A sample whose report can be issued, and the steps to it: a test says only what matters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lims import (
    alerts,
    certificate_copies,
    certificate_release,
    certificates,
    conclusion,
)
from lims.certificate_model import Certificate, Wanted
from lims.lab import Lab
from tests.lims_builders import a_finding, a_sample, an_entry

AGENT = "Agent Ruiz, Regional Prosecutor"


def a_reportable(lab: Lab, folder: Path, *entries: dict[str, Any], **draft: Any) -> str:
    """A sample with a reviewed finding and a conclusion; its number."""
    draft.setdefault("officer", "olga")
    draft.setdefault("seal", "A1")
    sample = a_sample(lab, **draft).number
    a_finding(lab, folder, sample, *(entries or (an_entry("match", "cocaine"),)), reviewed=True)
    for each in alerts.open_alerts(lab):
        alerts.acknowledge(lab, "olga", each.id)
    conclusion.conclude(lab, "ana", sample)
    return sample


def reviewed(lab: Lab, number: str, *, remote: str = "") -> Certificate:
    """The report after both reviews: rex looked at the results, qm at the file."""
    certificate_release.review(lab, "rex", number, accept=True, remote=remote)
    return certificate_release.review(lab, "qm", number, accept=True)


def issued(
    lab: Lab, subject: str, wanted: Wanted = certificates.NOTHING, **how: Any
) -> Certificate:
    """A report by ana, reviewed by rex and qm, released by lee."""
    made = certificates.draft(lab, "ana", subject, wanted, **how)
    reviewed(lab, made.number)
    return certificate_release.issue(lab, "lee", made.number)


def amended(
    lab: Lab, number: str, wanted: Wanted, reason: str = "the address was wrong"
) -> Certificate:
    """The report that amends another, issued."""
    made = certificates.amend(lab, "ana", number, wanted, reason=reason)
    reviewed(lab, made.number)
    return certificate_release.issue(lab, "lee", made.number)


def withdrawn(lab: Lab, number: str) -> Certificate:
    """The report after quality manager and lead withdrew it."""
    certificate_copies.withdraw(lab, "qm", number, reason="the control was contaminated")
    return certificate_copies.withdraw(lab, "lee", number)
