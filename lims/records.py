"""Rows of the record as the frozen data of `lims.model`. Reads only; one function per thing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import canonical, ids, sqlite
from lims.errors import NotFoundError
from lims.identifiers import Unverified
from lims.model import (
    Alert,
    Conclusion,
    ConclusionLevel,
    Finding,
    FindingState,
    Lane,
    Person,
    Portion,
    Role,
    Run,
    Sample,
    SampleDraft,
    SampleState,
    Shipment,
    ShipmentDraft,
    ShipmentState,
    Transfer,
)

if TYPE_CHECKING:
    from sqlite_utils import Database

Row = Mapping[str, Any]


def moment(text: str) -> datetime:
    """Return a stamp of the record as an aware UTC datetime."""
    return datetime.fromisoformat(text).astimezone(UTC)


def rows(database: Database, sql: str, *parameters: object) -> list[dict[str, Any]]:
    """Return all rows of a reading statement as dicts."""
    with sqlite.translated(Path("lab.db")):
        return list(database.query(sql, list(parameters)))


def value(database: Database, sql: str, *parameters: object) -> Any:  # a column of SQLite
    """Return the first column of the first row, or None without a row."""
    with sqlite.translated(Path("lab.db")):
        row = database.execute(sql, list(parameters)).fetchone()
    return None if row is None else row[0]


def _one(database: Database, sql: str, parameter: str, what: str) -> dict[str, Any]:
    found = rows(database, sql, parameter)
    if not found:
        raise missing(what, parameter)
    return found[0]


def missing(what: str, number: str) -> NotFoundError:
    """Return the error that there is no such thing."""
    return NotFoundError(f"there is no {what} {number[:60]!r} in this lab's record")


_TABLES = {
    ids.SHIPMENT: ("shipment", "number"),
    ids.SAMPLE: ("sample", "number"),
    ids.ALERT: ("alert", "id"),
    ids.CONTAINER: ("container", "number"),
    ids.CASE: ("case_file", "number"),
    ids.REPORT: ("certificate", "number"),
}


def spelled(database: Database, text: str, kind: str) -> str:
    """Return the one spelling of a number as typed or scanned, whole or short (``S000001-K``).

    Raises
    ------
    NotFoundError
        Mistyped, of another kind, unknown, or short and fitting several years.
    """
    ending = ids.short_ending(text, kind)
    if ending is None:
        return ids.normal(text, kind)
    table, column = _TABLES[kind]
    found = rows(
        database, f"SELECT {column} AS number FROM {table} WHERE {column} LIKE ?", f"%{ending}"
    )
    if len(found) != 1:
        several = ", ".join(row["number"] for row in found[:5])
        raise NotFoundError(
            f"{text[:40]!r} fits {several or 'nothing'} in this lab's record",
            hint="Give the whole number.",
        )
    return str(found[0]["number"])


def person(database: Database, person_id: str) -> Person:
    """Return a person by id.

    Raises
    ------
    NotFoundError
        Nobody of that id.
    """
    return as_person(_one(database, "SELECT * FROM person WHERE id=?", person_id, "person"))


def as_person(row: Row) -> Person:
    """Return the person of a row."""
    return Person(
        id=row["id"],
        name=row["name"],
        roles=frozenset(Role(role) for role in canonical.parsed(row["roles"])),
        active=bool(row["active"]),
    )


def shipment(database: Database, number: str) -> Shipment:
    """Return a shipment by number, as typed or scanned."""
    number = spelled(database, number, ids.SHIPMENT)
    return as_shipment(_one(database, "SELECT * FROM shipment WHERE number=?", number, "shipment"))


def as_shipment(row: Row) -> Shipment:
    """Return the shipment of a row."""
    return Shipment(
        number=row["number"],
        state=ShipmentState(row["state"]),
        draft=ShipmentDraft(**canonical.parsed(row["draft"])),
        received_at=moment(row["received_at"]),
        received_by=row["received_by"],
        notes=tuple(canonical.parsed(row["notes"])),
        unverified=tuple(Unverified(**each) for each in canonical.parsed(row["unverified"])),
    )


def subject(database: Database, number: str) -> str:
    """Return the one spelling of a shipment's or sample's number, as typed or scanned.

    Raises
    ------
    NotFoundError
    """
    if ids.kind_of(number) == ids.SHIPMENT:
        return shipment(database, number).number
    return str(sample_row(database, number)["number"])


def sample_row(database: Database, number: str) -> dict[str, Any]:
    """Return the whole row of a sample by number, as typed or scanned."""
    number = spelled(database, number, ids.SAMPLE)
    return _one(database, "SELECT * FROM sample WHERE number=?", number, "sample")


def sample(database: Database, number: str) -> Sample:
    """Return a sample by number, with its latest conclusion."""
    return as_sample(database, sample_row(database, number))


def as_sample(database: Database, row: Row) -> Sample:
    """Return the sample of a row, with its latest conclusion."""
    return Sample(
        number=row["number"],
        shipment=row["shipment"],
        state=SampleState(row["state"]),
        draft=sample_draft(canonical.parsed(row["draft"])),
        holder=row["holder"],
        seal=row["seal"],
        submitted_at=moment(row["submitted_at"]),
        priority=row["priority"],
        conclusion=None if row["conclusion"] is None else conclusion(database, row["conclusion"]),
        parent=row["parent"],
        container=row["container"],
    )


def sample_draft(values: Mapping[str, Any]) -> SampleDraft:
    """Return a draft from its JSON."""
    return SampleDraft(**{**values, "lane": Lane(values["lane"])})


def conclusion(database: Database, seq: int) -> Conclusion:
    """Return a conclusion by the number of its event."""
    return as_conclusion(rows(database, "SELECT * FROM conclusion WHERE seq=?", seq)[0])


def as_conclusion(row: Row) -> Conclusion:
    """Return the conclusion of a row."""
    return Conclusion(
        sample=row["sample"],
        level=ConclusionLevel(row["level"]),
        text=row["text"],
        substances=tuple(canonical.parsed(row["substances"])),
        classes=tuple(canonical.parsed(row["classes"])),
        findings=tuple(canonical.parsed(row["findings"])),
        missing=tuple(canonical.parsed(row["missing"])),
        rule=row["rule"],
        limitations=tuple(canonical.parsed(row["limitations"])),
        tests=tuple(canonical.parsed(row["tests"])),
        by=row["by"],
        at=moment(row["at"]),
    )


def transfers(database: Database, number: str) -> tuple[Transfer, ...]:
    """Return a sample's chain of custody from the first step."""
    found = rows(database, "SELECT * FROM custody WHERE sample=? ORDER BY seq", number)
    return tuple(
        Transfer(
            seq=row["seq"],
            sample=row["sample"],
            at=moment(row["at"]),
            kind=row["kind"],
            giver=row["giver"],
            taker=row["taker"],
            witness=row["witness"],
            seal_before=row["seal_before"],
            seal_after=row["seal_after"],
            reason=row["reason"],
            confirmed=canonical.parsed(row["confirmed"]),
            on_behalf=bool(row["on_behalf"]),
            occurred_at=moment(row["occurred_at"]) if row["occurred_at"] else None,
            container=row["container"],
        )
        for row in found
    )


def portions(database: Database, number: str) -> tuple[Portion, ...]:
    """Return what was prepared from a sample, in order."""
    found = rows(database, "SELECT * FROM portion WHERE sample=? ORDER BY seq", number)
    return tuple(
        Portion(
            id=row["id"],
            sample=row["sample"],
            kind=row["kind"],
            solvents=tuple(canonical.parsed(row["solvents"])),
            mass_ug=row["mass_ug"],
        )
        for row in found
    )


def runs(database: Database, number: str) -> tuple[Run, ...]:
    """Return the runs of a sample, in order."""
    found = rows(database, "SELECT * FROM run WHERE sample=? ORDER BY seq", number)
    return tuple(as_run(row) for row in found)


def as_run(row: Row) -> Run:
    """Return the run of a row."""
    return Run(
        id=row["id"],
        sample=row["sample"],
        portion=row["portion"],
        technique=row["technique"],
        file_name=row["file_name"],
        raw_sha256=row["raw_sha256"],
        format=row["format"],
        reader=row["reader"],
        at=moment(row["at"]),
        by=row["by"],
        warnings=tuple(canonical.parsed(row["warnings"])),
        instrument=row["instrument"],
        mapping_version=row["mapping_version"],
    )


def finding(database: Database, finding_id: str) -> Finding:
    """Return a finding by id."""
    wanted = finding_id.strip().upper()
    return as_finding(_one(database, "SELECT * FROM finding WHERE id=?", wanted, "finding"))


def findings(database: Database, number: str) -> tuple[Finding, ...]:
    """Return the findings of a sample in the order they were submitted."""
    found = rows(database, "SELECT * FROM finding WHERE sample=? ORDER BY at, id", number)
    return tuple(as_finding(row) for row in found)


def as_finding(row: Row) -> Finding:
    """Return the finding of a row."""
    return Finding(
        id=row["id"],
        run=row["run"],
        sample=row["sample"],
        technique=row["technique"],
        state=FindingState(row["state"]),
        headline=row["headline"],
        level=row["level"],
        substances=tuple(canonical.parsed(row["substances"])),
        classes=tuple(canonical.parsed(row["classes"])),
        hazard=row["hazard"],
        match=canonical.parsed(row["match"]),
        by=row["by"],
        at=moment(row["at"]),
        reviewer=row["reviewer"],
        reviewed_at=moment(row["reviewed_at"]) if row["reviewed_at"] else None,
        remark=row["remark"],
        verdict=row["verdict"],
    )


def alert(database: Database, alert_id: str) -> Alert:
    """Return an alert by number."""
    number = spelled(database, alert_id, ids.ALERT)
    return as_alert(_one(database, "SELECT * FROM alert WHERE id=?", number, "alert"))


def as_alert(row: Row) -> Alert:
    """Return the alert of a row."""
    return Alert(
        id=row["id"],
        kind=row["kind"],
        sample=row["sample"],
        shipment=row["shipment"],
        headline=row["headline"],
        where=row["place"],
        detail=row["detail"],
        raised_at=moment(row["raised_at"]),
        acknowledged_by=row["acknowledged_by"],
        acknowledged_at=moment(row["acknowledged_at"]) if row["acknowledged_at"] else None,
    )
