"""A report as lines of plain text, for a terminal and for the preview on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lims import certificate_queries
from lims.certificate_checks import hindrances
from lims.certificate_model import Certificate
from reports import certificate
from reports.layout import NONE, Section

if TYPE_CHECKING:
    from lims.lab import Lab


def lines(lab: Lab, of: Certificate) -> list[str]:
    """Return what a report says, where it stands, and what hinders its issue, line by line.

    Raises
    ------
    AuditBrokenError
        Its bytes are missing or were altered.
    """
    view = certificate.build(certificate_queries.said(lab, of), certificate.standing(of))
    found = [view.title, *(text for text in (view.training, view.mark, view.banner) if text), ""]
    missing = hindrances(lab, of)
    if missing:
        found += ["Missing for its issue", *(f"  {m.text}  → {m.hint}" for m in missing), ""]
    found += [f"{label + ':':<22}{text}" for label, text in view.facts]
    for section in view.sections:
        found += ["", section.heading, *_section(section)]
    found += ["", *_copies(of), view.end_mark]
    return found


def _section(section: Section) -> Iterator[str]:
    if section.intro:
        yield f"  {section.intro}"
    for notice in section.notices:
        yield f"  {notice.mark}: {notice.text}"
    for row in section.rows:
        told = (
            f"{column.label}: {cell}"
            for column, cell in zip(section.columns[1:], row[1:], strict=True)
            if cell != NONE
        )
        yield f"  {row[0]}"
        yield from (f"    {each}" for each in told)
    yield from (f"  - {each}" for each in section.items)
    if section.empty and not (section.notices or section.rows or section.items):
        yield f"  {section.empty}"


def _copies(of: Certificate) -> list[str]:
    if not of.copies:
        return []
    told = [
        f"  copy {copy.number} ({copy.form}) to {copy.recipient}, {copy.at:%Y-%m-%d} by {copy.by}"
        + (f", {copy.how}" if copy.how else "")
        for copy in of.copies
    ]
    return ["Copies given", *told, ""]
