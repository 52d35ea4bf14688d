"""Read-only pages for screens and reports: indexed, limited, never a whole table into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from lims import canonical, clock, ids, mismatch, records, sqlite
from lims.custody_rules import GONE
from lims.errors import RecordError
from lims.folding import search_text
from lims.lab import Lab
from lims.model import BoardRow, ReportRow, Sample, SampleRecord, Shipment, WorkRow

MAX_PAGE = 100_000

_ORDERS = {
    "queue": "status_rank, priority DESC, submitted_at, seq",
    "newest": "submitted_at DESC, seq DESC",
    "oldest": "submitted_at, seq",
    "number": "number",
}

BOARD_ANSWERED_FOR = timedelta(hours=24)
"""How long an answered sample stays on the officers' board."""

BOARD_LIMIT = 2_000
HIDDEN = "hazard notice not yet acknowledged"
"""What stands in place of an answer until a named person has seen the notice."""


def work_count(lab: Lab, find: str = "") -> int:
    """Return how many samples the work list holds, those that match ``find`` when given."""
    where, values = found_where(find)
    return int(records.value(lab.db, f"SELECT count(*) FROM sample {where}", *values))


def work_page(
    lab: Lab, offset: int = 0, limit: int = 200, find: str = "", order: str = "queue"
) -> list[WorkRow]:
    """Return one page of the scientists' work list.

    Parameters
    ----------
    offset, limit : int
    find : str
        Words that number, description, declared goods, parties or tracking must all hold.
    order : str
        ``queue`` (nearest to an answer, priority, age), ``newest``, ``oldest`` or ``number``.

    Raises
    ------
    RecordError
        An unknown order.
    """
    if order not in _ORDERS:
        raise RecordError(f"unknown order {order!r}", hint=f"One of {', '.join(_ORDERS)}.")
    where, values = found_where(find)
    by = _ORDERS[order]
    # A search looks through an index that holds the words; by number it would fetch every row.
    inner = "+number" if where and order == "number" else by
    # The inner select walks the index alone; only the page's own rows are fetched.
    found = records.rows(
        lab.db,
        f"SELECT s.* FROM sample s JOIN (SELECT rowid AS r FROM sample {where} "
        f"ORDER BY {inner} LIMIT ? OFFSET ?) p ON s.rowid=p.r ORDER BY {by}",
        *values,
        max(0, min(limit, MAX_PAGE)),
        max(0, offset),
    )
    return [work_row(row) for row in found]


def board(lab: Lab) -> list[BoardRow]:
    """Return the officers' board: open samples by age, then those answered in the last day.

    What is under an investigators' embargo is not on it.
    """
    moment = clock.now()
    since = clock.stamp(moment - BOARD_ANSWERED_FOR)
    found = records.rows(
        lab.db,
        f"SELECT * FROM sample WHERE status_rank<4 AND {_NOT_EMBARGOED} "
        "ORDER BY submitted_at, seq LIMIT ?",
        BOARD_LIMIT,
    )
    found += records.rows(
        lab.db,
        "SELECT * FROM sample WHERE status_rank=4 AND concluded_at>=? AND concluded_at<>'' "
        f"AND {_NOT_EMBARGOED} ORDER BY submitted_at, seq LIMIT ?",
        since,
        BOARD_LIMIT - len(found),
    )
    return [_board_row(row, moment) for row in found]


def sample_record(lab: Lab, number: str) -> SampleRecord:
    """Return everything about one sample.

    Raises
    ------
    NotFoundError
    """
    row = records.sample_row(lab.db, number)
    spelled = str(row["number"])
    raised = records.rows(lab.db, "SELECT * FROM alert WHERE sample=? ORDER BY seq", spelled)
    return SampleRecord(
        sample=records.as_sample(lab.db, row),
        shipment=shipment(lab, row["shipment"]),
        custody=records.transfers(lab.db, spelled),
        portions=records.portions(lab.db, spelled),
        runs=records.runs(lab.db, spelled),
        findings=records.findings(lab.db, spelled),
        alerts=tuple(records.as_alert(alert) for alert in raised),
    )


def shipment(lab: Lab, number: str) -> Shipment:
    """Return a shipment by number.

    Raises
    ------
    NotFoundError
    """
    return _guarded(lab, [records.shipment(lab.db, number)])[0]


def shipments(lab: Lab, offset: int = 0, limit: int = 1_000) -> list[Shipment]:
    """Return one page of shipments, newest first."""
    found = records.rows(
        lab.db,
        "SELECT * FROM shipment ORDER BY seq DESC LIMIT ? OFFSET ?",
        max(0, min(limit, MAX_PAGE)),
        max(0, offset),
    )
    return _guarded(lab, [records.as_shipment(row) for row in found])


def samples_of(lab: Lab, shipment: str) -> list[Sample]:
    """Return the samples taken from a shipment, in order."""
    number = records.spelled(lab.db, shipment, ids.SHIPMENT)
    found = records.rows(lab.db, "SELECT * FROM sample WHERE shipment=? ORDER BY seq", number)
    return [records.as_sample(lab.db, row) for row in found]


def remarks(lab: Lab, subject: str) -> list[tuple[datetime, str, str]]:
    """Return the dated notes on a shipment or sample as (at, by, text)."""
    found = records.rows(lab.db, "SELECT * FROM note WHERE subject=? ORDER BY seq", subject)
    return [(records.moment(row["at"]), row["by"], row["text"]) for row in found]


def event_count(lab: Lab) -> int:
    """Return how many events the log holds."""
    return int(records.value(lab.db, "SELECT size FROM log_head") or 0)


def data_version(lab: Lab) -> int:
    """Return a number that grows whenever anything is written; cheap enough to poll."""
    tries = records.value(lab.db, "SELECT coalesce(sum(tries), 0) FROM delivery_attempt")
    return event_count(lab) + int(tries)


def report_rows(lab: Lab, start: datetime, end: datetime) -> Iterator[ReportRow]:
    """Yield one row per sample submitted or concluded in ``[start, end)``, oldest first.

    What was concluded after ``end`` counts as waiting: the row says what was known then.
    """
    first, last = clock.stamp(start), clock.stamp(end)
    with sqlite.translated(lab.store.path):
        found = lab.db.query(
            f"""
            WITH wanted AS (
              SELECT number FROM sample WHERE submitted_at>=:a AND submitted_at<:b
              UNION SELECT sample FROM conclusion WHERE at>=:a AND at<:b
            )
            {_REPORT}
            FROM wanted w JOIN sample s ON s.number=w.number
            JOIN shipment p ON p.number=s.shipment
            LEFT JOIN conclusion c ON c.seq=(
              SELECT max(seq) FROM conclusion WHERE sample=s.number AND at<:b)
            WHERE s.submitted_at<:b
            -- What was seized elsewhere because of a case is no sample of the port.
            AND NOT EXISTS(SELECT 1 FROM case_link k WHERE k.role='linked_seizure' AND k.at<:b
              AND k.subject IN (s.number, s.shipment))
            ORDER BY s.submitted_at, s.seq
            """,
            {"a": first, "b": last},
        )
        for row in found:
            yield _report_row(lab, row, last)


_NOT_EMBARGOED = "number NOT IN (SELECT sample FROM office_notice WHERE embargo=1 AND lifted_at='')"

_REPORT = """
SELECT s.number, s.shipment, s.submitted_at, s.lane, s.hazard, s.draft AS sample_draft,
       p.draft AS shipment_draft, p.notes, p.state, p.state_at, p.unverified,
       c.seq AS conclusion, c.at, c.level, c.substances, c.classes, c.text, c.basis,
       (SELECT min(at) FROM conclusion WHERE sample=s.number) AS first_at
"""


def _guarded(lab: Lab, found: list[Shipment]) -> list[Shipment]:
    """Hide what a note would give away while a hazard notice of the shipment is unseen."""
    unseen = {
        row["shipment"]
        for row in records.rows(lab.db, "SELECT shipment FROM sample WHERE unacknowledged>0")
    }
    return [
        replace(each, notes=tuple(HIDDEN if mismatch.is_found(n) else n for n in each.notes))
        if each.number in unseen
        else each
        for each in found
    ]


def found_where(find: str) -> tuple[str, list[object]]:
    """Return the condition and its values that hold what a search asks for; empty for all."""
    words = search_text(find[:200]).split()[:8]
    if not words:
        return "", []
    # The longest first, which is likely the rarest: the others are looked for only where it is.
    words.sort(key=len, reverse=True)
    return f"WHERE {' AND '.join('instr(search, ?)>0' for _ in words)}", list(words)


def work_row(row: dict[str, Any]) -> WorkRow:
    """Return a line of the work list; an unseen hazard hides its answer."""
    return WorkRow(
        sample=row["number"],
        shipment=row["shipment"],
        description=row["description"],
        declared=row["declared"],
        lane=row["lane"],
        state=row["state"],
        holder=row["holder"],
        submitted_at=records.moment(row["submitted_at"]),
        priority=row["priority"],
        hazard=row["hazard"],
        unacknowledged=bool(row["unacknowledged"]),
        status=row["status"],
        answer=HIDDEN if row["unacknowledged"] else row["answer"],
        request=canonical.parsed(row["draft"]).get("request", "drug"),
    )


def _board_row(row: dict[str, Any], moment: datetime) -> BoardRow:
    submitted = records.moment(row["submitted_at"])
    first = row["first_concluded_at"]
    # A clock set back between the two must not answer before it was asked.
    spent = (records.moment(first) - submitted).total_seconds() / 60 if first else None
    return BoardRow(
        sample=row["number"],
        shipment=row["shipment"],
        submitted_at=submitted,
        lane=row["lane"],
        status=row["status"],
        answer=_board_answer(row),
        hazard=bool(row["unacknowledged"]) or row["hazard"] in ("H1", "H2"),
        age_minutes=max(0.0, (moment - submitted).total_seconds() / 60),
        answered_minutes=None if spent is None else max(0.0, spent),
    )


def _board_answer(row: dict[str, Any]) -> str:
    if row["unacknowledged"]:
        return HIDDEN
    if not row["answer"]:
        # What is lost or destroyed is not waited for, and nobody should be told so.
        return str(row["state"]) if row["state"] in GONE else "waiting"
    if row["level"] in ("inconclusive", "no_match"):
        return f"cannot say: {row['answer'].removeprefix('cannot say: ')}"
    return str(row["answer"])


def _report_row(lab: Lab, row: dict[str, Any], end: str) -> ReportRow:
    parcel, draft = canonical.parsed(row["shipment_draft"]), canonical.parsed(row["sample_draft"])
    concluded = row["conclusion"] is not None
    basis = canonical.parsed(row["basis"]) if concluded else {}
    submitted = records.moment(row["submitted_at"])
    return ReportRow(
        sample=row["number"],
        shipment=row["shipment"],
        submitted_at=submitted,
        # After a clock set back: else no day's report would count the sample as tested.
        concluded_at=max(submitted, records.moment(row["first_at"])) if concluded else None,
        lane=row["lane"],
        stream=parcel["stream"],
        origin=parcel["origin"],
        destination_country=parcel["destination_country"],
        destination=parcel["destination"],
        declared_goods=parcel["declared_goods"],
        declared_value=parcel["declared_value"],
        declared_weight=parcel["declared_weight"],
        notes=tuple(canonical.parsed(row["notes"])),
        level=row["level"] or "",
        substances=tuple(canonical.parsed(row["substances"])) if concluded else (),
        classes=tuple(canonical.parsed(row["classes"])) if concluded else (),
        text=row["text"] or "",
        candidate=basis.get("candidate"),
        techniques=tuple(basis.get("techniques", ())),
        hazard=row["hazard"],
        shipment_state=row["state"] if row["state_at"] < end else "held",
        field_result=draft["field_result"],
        training=lab.training or bool(basis.get("training")),
        libraries=tuple(basis.get("libraries", ())),
        field_tool=draft["field_tool"],
        unverified=tuple(
            dict.fromkeys(each["field"] for each in canonical.parsed(row["unverified"]))
        ),
    )
