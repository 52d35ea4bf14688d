"""What reports take from the record, the libraries and the lab folder. The only such place."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import metadata
from typing import TYPE_CHECKING

from lims import (
    audit,
    clock,
    irregular_report,
    library_care,
    queries,
    turnaround,
    unknown_report,
)
from lims.irregular_report import Irregularities
from lims.model import ReportRow
from reports import records, turnaround_lines, watch
from reports.document import Change, LabFacts, SubstanceFact
from reports.errors import ReportError

if TYPE_CHECKING:
    from lims.lab import Lab

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any record: the history behind a report is the whole record."""


def software() -> str:
    """Return name and version of this software."""
    try:
        return f"fol {metadata.version('fol-lims')}"
    except metadata.PackageNotFoundError:
        return "fol (not installed)"


def rows_between(lab: Lab, start: datetime, end: datetime) -> list[ReportRow]:
    """Return the rows submitted or concluded in a period, as they stood at its end."""
    return list(queries.report_rows(lab, start, end))


def lab_facts(lab: Lab, day: date) -> LabFacts:
    """Return what a report of ``day`` says of the laboratory.

    Raises
    ------
    ReportError
        The day has not begun.
    """
    start, end = records.period(day, lab.timezone)
    now = clock.now()
    if start > now:
        raise ReportError(
            f"{day} has not begun in {lab.timezone}", hint="Report a day that is over, or today."
        )
    size, head = _log(lab)
    return LabFacts(
        site=lab.site,
        name=lab.name,
        timezone=lab.timezone,
        locode=lab.locode,
        training=lab.training,
        software=software(),
        log_size=size,
        log_head=head,
        complete=end <= now,
        substances=substance_facts(),
        watch=watch.load(lab.folder),
        changes=changes(lab),
        unknowns=unknown_report.unknowns(lab, start, end),
        requests=unknown_report.requests(lab, start, end),
        turnaround=turnaround_lines.part(
            turnaround.turnaround(
                lab, turnaround_lines.WINDOW_DAYS, at=min(now, end - timedelta(milliseconds=1))
            )
        ),
        exceptions=_exceptions(lab, start, end),
    )


def _exceptions(lab: Lab, start: datetime, end: datetime) -> Irregularities | None:
    found = irregular_report.between(lab, start, end)
    return found if found.lines or found.lost or found.unresolved else None


def substance_facts() -> dict[str, SubstanceFact]:
    """Return the substance table as reports use it, by lower-case name."""
    from libraries import substances

    return {
        each.name.casefold(): SubstanceFact(
            name=each.name,
            class_name=each.class_name,
            role=each.role,
            controlled=each.is_controlled,
            hazard=each.hazard_group,
            synonyms=each.synonyms,
        )
        for each in substances.table()
    }


def changes(lab: Lab) -> tuple[Change, ...]:
    """Return library changes of the record and the marks of the lab folder, oldest first."""
    tz = records.zone(lab.timezone)
    found = list(watch.marks(lab.folder))
    for library in library_care.libraries(lab):
        if library.imported_at:
            moment = datetime.fromisoformat(library.imported_at)
            text = f"{library.name} {library.version} imported"
            found.append(Change(day=moment.astimezone(tz).date(), kind="library", text=text))
    return tuple(sorted(found, key=lambda change: (change.day, change.kind, change.text)))


def _log(lab: Lab) -> tuple[int, str]:
    """Return the number of events and the hash of the last one in hexadecimal."""
    size = queries.event_count(lab)
    last = audit.events(lab, size - 1, 1) if size else []
    return (size, last[0].hash.hex()) if last else (0, "")
