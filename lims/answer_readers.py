"""Who read an answer, as far as the record knows, and telling them that it turned out otherwise.

A screen leaves no trace of who looked at it: what is known is who submitted, held the notice, acted
on the answer, was notified, and which reports went out with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import alerts, office_notices, records
from lims.act import Act
from lims.model import Conclusion

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlite_utils import Database


def readers(act: Act, sample: records.Row) -> dict[str, str]:
    """Return who read the answer on a sample, and how the record knows it, the officer first.

    Ids of persons of this lab, names of investigators who were notified, and ``headquarters``.
    """
    number, shipment = str(sample["number"]), str(sample["shipment"])
    found: dict[str, str] = {}
    if sample["officer"]:
        found[str(sample["officer"])] = "submitted the sample"
    for sql, value, because in (
        (_RECEIVED, shipment, "took the shipment in"),
        (_SEEN, number, "acknowledged a notice of it"),
        (_REVIEWED, number, "reviewed a finding of it"),
        (_CONCLUDED, number, "concluded it"),
        (_DECIDED, shipment, "released or seized the shipment"),
        (_BUNDLED, number, "took a bundle of it out"),
        (_NOTIFIED, number, "was notified of it"),
    ):
        for row in records.rows(act.db, sql, value):
            found.setdefault(str(row["who"]), because)
    reports = _reports(act.db, sample, act.lab.zone)
    if reports:
        found["headquarters"] = f"report {', '.join(reports)}"
    return found


_RECEIVED = "SELECT received_by AS who FROM shipment WHERE number=?"
_SEEN = (
    "SELECT DISTINCT acknowledged_by AS who FROM alert WHERE sample=? AND acknowledged_by<>'' "
    "ORDER BY 1"
)
_REVIEWED = (
    "SELECT DISTINCT reviewer AS who FROM finding WHERE sample=? AND reviewer<>'' ORDER BY 1"
)
_CONCLUDED = 'SELECT DISTINCT "by" AS who FROM conclusion WHERE sample=? ORDER BY 1'
_DECIDED = (
    'SELECT DISTINCT "by" AS who FROM note WHERE subject=? '
    "AND (text LIKE 'released: %' OR text LIKE 'seized: %') ORDER BY 1"
)
_BUNDLED = (
    "SELECT DISTINCT actor AS who FROM event WHERE kind='bundle.made' "
    "AND json_extract(body, '$.sample')=? ORDER BY 1"
)
_NOTIFIED = (
    "SELECT DISTINCT recipient AS who FROM office_notice WHERE sample=? AND kind='offer' ORDER BY 1"
)


def _reports(database: Database, sample: records.Row, zone: ZoneInfo) -> list[str]:
    """Return the daily reports of the days the sample came and was first answered on."""
    days = {
        records.moment(sample[column]).astimezone(zone).date().isoformat()
        for column in ("submitted_at", "first_concluded_at", "concluded_at")
        if sample[column]
    }
    found = records.rows(
        database,
        "SELECT report_id FROM outbox WHERE queued_at>=? ORDER BY seq",
        sample["submitted_at"],
    )
    return [row["report_id"] for row in found if any(day in row["report_id"] for day in days)]


def is_different(ours: Conclusion, substance: str) -> bool:
    """Whether another lab's answer differs from ours; an empty ``substance`` names nothing.

    A name among ours agrees: a group of isomers that was narrowed down is not another answer.
    """
    return substance not in ours.substances and bool(substance or ours.substances)


def tell_if_different(
    act: Act, sample: records.Row, lab_name: str, substance: str, reference: str
) -> None:
    """Tell the officer and everybody who read our answer when another lab's differs from it."""
    if sample["conclusion"] is None:
        return
    ours = records.conclusion(act.db, sample["conclusion"])
    if not is_different(ours, substance):
        return
    report = f" (report {reference})" if reference else ""
    theirs = f"identified {substance}" if substance else "could not confirm it"
    number = str(sample["number"])
    said = f"We answered: {ours.text}. {lab_name} {theirs}{report}. Both stand on record."
    office_notices.tell_changed(act, number, readers(act, sample), said, leaving_out=act.person.id)
    alerts.raise_alert(
        act,
        dict(sample),
        kind="differs",
        headline=f"{lab_name} answered otherwise on sample {number}",
        detail=said,
    )
