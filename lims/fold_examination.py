"""How runs, findings, reviews, conclusions, alerts and quarantined files become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import fold_order, folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _run_recorded(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "run",
        id=body["id"],
        seq=event.seq,
        sample=body["sample"],
        portion=body["portion"],
        technique=body["technique"],
        file_name=body["file_name"],
        raw_sha256=body["raw_sha256"],
        size=body["size"],
        format=body["format"],
        reader=body["reader"],
        at=event.at,
        by=event.actor,
        warnings=folding.text(body["warnings"]),
        instrument=body.get("instrument", ""),
        mapping_version=body.get("mapping_version", 0),
    )
    fold_order.began(database, body["sample"], event.at)


def _run_reread(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE run SET technique=?, format=?, reader=?, warnings=?, instrument=?, "
        "mapping_version=? WHERE id=?",
        (
            body["technique"],
            body["format"],
            body["reader"],
            folding.text(body["warnings"]),
            body["instrument"],
            body["mapping_version"],
            body["id"],
        ),
    )


def _finding_submitted(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "finding",
        id=body["id"],
        seq=event.seq,
        run=body["run"],
        sample=body["sample"],
        technique=body["technique"],
        state="submitted",
        headline=body["headline"],
        level=body["level"],
        substances=folding.text(body["substances"]),
        classes=folding.text(body["classes"]),
        hazard=body["hazard"],
        by=event.actor,
        at=event.at,
        match=folding.text(body["match"]),
    )
    if body["supersedes"]:
        database.conn.execute(
            "UPDATE finding SET state='superseded' WHERE id=?", (body["supersedes"],)
        )
    # The highest group ever indicated stays: a later, tamer run does not make a bag safe.
    if body["hazard"]:
        _raise_hazard(database, body["sample"], body["hazard"])
    folding.refresh(database, body["sample"])


def _raise_hazard(database: Database, sample: str, hazard: str) -> None:
    row = database.conn.execute("SELECT hazard FROM sample WHERE number=?", (sample,)).fetchone()
    if row is not None and (not row[0] or hazard < row[0]):
        database.conn.execute("UPDATE sample SET hazard=? WHERE number=?", (hazard, sample))


def _finding_reviewed(database: Database, event: Event) -> None:
    body = event.body
    state = "reviewed" if body["accept"] else "sent_back"
    # ``seq`` becomes the review's own: "newer than the conclusion" counts from the review.
    database.conn.execute(
        "UPDATE finding SET state=?, seq=?, reviewer=?, reviewed_at=?, remark=? WHERE id=?",
        (state, event.seq, event.actor, event.at, body["remark"], body["finding"]),
    )
    if body["accept"]:
        # The same bytes read against a newer library: accepted, it takes the place of the earlier.
        earlier = database.conn.execute(
            "SELECT finding FROM search_again WHERE new_finding=?", (body["finding"],)
        ).fetchall()
        for (finding,) in earlier:
            database.conn.execute("UPDATE finding SET state='superseded' WHERE id=?", (finding,))
    folding.refresh(database, body["sample"])


def _candidate_judged(database: Database, event: Event) -> None:
    body = event.body
    verdict = event.kind.partition(".")[2]
    database.conn.execute(
        "UPDATE finding SET verdict=?, seq=? WHERE id=?", (verdict, event.seq, body["finding"])
    )
    folding.refresh(database, body["sample"])


def _conclusion_made(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "conclusion",
        seq=event.seq,
        sample=body["sample"],
        level=body["level"],
        text=body["text"],
        substances=folding.text(body["substances"]),
        classes=folding.text(body["classes"]),
        findings=folding.text(body["findings"]),
        missing=folding.text(body["missing"]),
        rule=body["rule"],
        basis=folding.text(body["basis"]),
        limitations=folding.text(body.get("limitations", [])),
        tests=folding.text(body.get("tests", [])),
        by=event.actor,
        at=event.at,
    )
    first, began_at = database.conn.execute(
        "SELECT first_concluded_at, began_at FROM sample WHERE number=?", (body["sample"],)
    ).fetchone() or ("", "")
    first = first or event.at
    database.conn.execute(
        "UPDATE sample SET conclusion=?, concluded_at=?, first_concluded_at=?, bench_ms=?, "
        "level=?, answer=? WHERE number=?",
        (
            event.seq,
            event.at,
            first,
            fold_order.bench_ms(began_at, first),
            body["level"],
            body["text"],
            body["sample"],
        ),
    )
    folding.refresh(database, body["sample"])


def _alert_raised(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "alert",
        id=body["id"],
        seq=event.seq,
        kind=body["kind"],
        sample=body["sample"],
        shipment=body["shipment"],
        headline=body["headline"],
        place=body["where"],
        detail=body["detail"],
        raised_at=event.at,
    )
    folding.count(database, body["id"])
    folding.set_unacknowledged(database, body["sample"])


def _alert_acknowledged(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE alert SET acknowledged_by=?, acknowledged_at=? WHERE id=?",
        (event.actor, event.at, body["alert"]),
    )
    folding.set_unacknowledged(database, body["sample"])


# None is ever taken away, so this is their number too, without counting them each time.
_LAST_QUARANTINED = "SELECT coalesce(max(serial), 0) FROM quarantine"


def _file_quarantined(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "quarantine",
        seq=event.seq,
        # Given here, so that files quarantined before they had numbers get the same ones.
        serial=1 + int(database.conn.execute(_LAST_QUARANTINED).fetchone()[0]),
        sample=body["sample"],
        file_name=body["file_name"],
        raw_sha256=body["raw_sha256"],
        size=body["size"],
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )


def _quarantine_linked(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE quarantine SET state='linked', run=?, closed_at=?, closed_by=? WHERE seq=?",
        (body["run"], event.at, event.actor, body["quarantined"]),
    )


def _quarantine_dismissed(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE quarantine SET state='dismissed', remark=?, closed_at=?, closed_by=? WHERE seq=?",
        (body["reason"], event.at, event.actor, body["quarantined"]),
    )


HANDLERS: Handlers = {
    "run.recorded": _run_recorded,
    "run.reread": _run_reread,
    "finding.submitted": _finding_submitted,
    "finding.reviewed": _finding_reviewed,
    "candidate.confirmed": _candidate_judged,
    "candidate.dismissed": _candidate_judged,
    "conclusion.made": _conclusion_made,
    "alert.raised": _alert_raised,
    "alert.acknowledged": _alert_acknowledged,
    "file.quarantined": _file_quarantined,
    "quarantine.linked": _quarantine_linked,
    "quarantine.dismissed": _quarantine_dismissed,
}
