"""Cases read back, and which parcels share a party with one. Reads only."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from lims import canonical, ids, parties, records
from lims.case_model import (
    CaseFile,
    CaseLine,
    CaseLink,
    CaseOutcome,
    LinkRole,
    Outcome,
    Resemblance,
)
from lims.lab import Lab

if TYPE_CHECKING:
    from sqlite_utils import Database

MOST_WAITING = 200
"""Parcels to look at that are shown at once."""


def show(lab: Lab, case: str) -> CaseFile:
    """Return a case by number.

    Raises
    ------
    NotFoundError
    """
    return case_file(lab.db, case)


def listed(lab: Lab, *, everything: bool = False) -> tuple[CaseLine, ...]:
    """Return open cases, newest first; closed ones too when asked."""
    where = "1" if everything else "c.state='open'"
    found = records.rows(
        lab.db,
        "SELECT c.*, "
        "(SELECT count(DISTINCT shipment) FROM case_link l WHERE l.case_number=c.number "
        "  AND l.role='port') AS shipments, "
        "(SELECT count(*) FROM sample s WHERE s.number IN (SELECT subject FROM case_link l "
        "  WHERE l.case_number=c.number AND l.role='port') OR s.shipment IN (SELECT subject "
        "  FROM case_link l WHERE l.case_number=c.number AND l.role='port')) AS samples, "
        "(SELECT count(*) FROM case_link l WHERE l.case_number=c.number "
        "  AND l.role='linked_seizure') AS seized_elsewhere "
        f"FROM case_file c WHERE {where} ORDER BY c.seq DESC",
    )
    kinds = _kinds(lab.db)
    waits: dict[str, int] = {}
    for each in waiting(lab):
        waits[each.case] = waits.get(each.case, 0) + 1
    return tuple(
        CaseLine(
            number=row["number"],
            title=row["title"],
            state=row["state"],
            opened_at=records.moment(row["opened_at"]),
            shipments=row["shipments"],
            samples=row["samples"],
            linked_seizures=row["seized_elsewhere"]
            + kinds.get(row["number"], ()).count(Outcome.LINKED_SEIZURE),
            outcomes=tuple(dict.fromkeys(kinds.get(row["number"], ()))),
            to_look_at=waits.get(row["number"], 0),
        )
        for row in found
    )


def cases_of(lab: Lab, subject: str) -> tuple[CaseFile, ...]:
    """Return the cases a shipment or sample is linked to, itself or through its shipment."""
    number = records.subject(lab.db, subject)
    if ids.kind_of(number) == ids.SAMPLE:
        shipment = str(records.sample_row(lab.db, number)["shipment"])
        wanted = "subject IN (?, ?)"
    else:
        shipment, wanted = number, "(subject=? OR shipment=?)"
    found = records.rows(
        lab.db,
        f"SELECT DISTINCT case_number FROM case_link WHERE {wanted} ORDER BY seq",
        number,
        shipment,
    )
    return tuple(case_file(lab.db, row["case_number"]) for row in found)


def resemblances(lab: Lab, shipment: str) -> tuple[Resemblance, ...]:
    """Return the cases a shipment shares a party with, those linked or dismissed left out."""
    return resemblances_of(lab.db, records.spelled(lab.db, shipment, ids.SHIPMENT))


def resemblances_of(database: Database, shipment: str) -> tuple[Resemblance, ...]:
    """Return what `resemblances` does, by the one spelling of the shipment's number."""
    draft = records.shipment(database, shipment).draft
    typed = {role: getattr(draft, role) for role in parties.ROLES}
    return _met(database, shipment, typed)


def waiting(lab: Lab, limit: int = MOST_WAITING) -> tuple[Resemblance, ...]:
    """Return held parcels that share a party with a case and wait for a person to look."""
    if not records.value(lab.db, "SELECT 1 FROM case_party LIMIT 1"):
        return ()
    found: list[Resemblance] = []
    rows = records.rows(
        lab.db, "SELECT number, draft FROM shipment WHERE state='held' ORDER BY seq DESC"
    )
    known = {row["party_key"] for row in records.rows(lab.db, "SELECT party_key FROM case_party")}
    for row in rows:
        draft = canonical.parsed(row["draft"])
        if known.isdisjoint(parties.keys(draft).values()):
            continue
        found += _met(lab.db, row["number"], draft)
        if len(found) >= limit:
            break
    return tuple(found[:limit])


def case_file(database: Database, case: str) -> CaseFile:
    """Return a case by number, as typed or scanned.

    Raises
    ------
    NotFoundError
    """
    number = records.spelled(database, case, ids.CASE)
    rows = records.rows(database, "SELECT * FROM case_file WHERE number=?", number)
    if not rows:
        raise records.missing("case", number)
    row = rows[0]
    links = records.rows(
        database, "SELECT * FROM case_link WHERE case_number=? ORDER BY seq", number
    )
    outcomes = records.rows(
        database, "SELECT * FROM case_outcome WHERE case_number=? ORDER BY seq", number
    )
    return CaseFile(
        number=number,
        title=row["title"],
        state=row["state"],
        opened_at=records.moment(row["opened_at"]),
        opened_by=row["opened_by"],
        closed_at=records.moment(row["closed_at"]) if row["closed_at"] else None,
        closed_by=row["closed_by"],
        closed_reason=row["closed_reason"],
        links=tuple(
            CaseLink(
                subject=each["subject"],
                shipment=each["shipment"],
                role=LinkRole(each["role"]),
                reason=each["reason"],
                at=records.moment(each["at"]),
                by=each["by"],
            )
            for each in links
        ),
        outcomes=tuple(_outcome(each) for each in outcomes),
    )


def _outcome(row: records.Row) -> CaseOutcome:
    return CaseOutcome(
        kind=Outcome(row["kind"]),
        subject=row["subject"],
        text=row["text"],
        substance=row["substance"],
        mass_ug=row["mass_ug"],
        occurred_on=date.fromisoformat(row["occurred_on"]) if row["occurred_on"] else None,
        source=row["source"],
        at=records.moment(row["at"]),
        by=row["by"],
    )


def _kinds(database: Database) -> dict[str, tuple[Outcome, ...]]:
    found: dict[str, tuple[Outcome, ...]] = {}
    for row in records.rows(database, "SELECT case_number, kind FROM case_outcome ORDER BY seq"):
        kept = found.get(row["case_number"], ())
        found[row["case_number"]] = (*kept, Outcome(row["kind"]))
    return found


def _met(database: Database, shipment: str, typed: dict[str, str]) -> tuple[Resemblance, ...]:
    """Return one line for each case met, by the first party that meets."""
    keys = parties.keys(typed)
    if not keys:
        return ()
    marks = ", ".join("?" * len(keys))
    rows = records.rows(
        database,
        "SELECT p.*, c.title AS title FROM case_party p JOIN case_file c ON c.number=p.case_number "
        f"WHERE p.party_key IN ({marks}) AND p.shipment<>? "
        "AND NOT EXISTS(SELECT 1 FROM case_link l WHERE l.case_number=p.case_number "
        "  AND l.shipment=?) "
        "AND NOT EXISTS(SELECT 1 FROM case_dismissal d WHERE d.case_number=p.case_number "
        "  AND d.shipment=?) ORDER BY p.case_number, p.shipment, p.role",
        *keys.values(),
        shipment,
        shipment,
        shipment,
    )
    kinds = _kinds(database) if rows else {}
    found: dict[tuple[str, str], Resemblance] = {}
    for role, spelled in keys.items():
        # The same role on both papers says most, so it is said first.
        mine = sorted(
            (row for row in rows if row["party_key"] == spelled), key=lambda r: r["role"] != role
        )
        for row in mine:
            found.setdefault(
                (row["case_number"], role),
                Resemblance(
                    shipment=shipment,
                    case=row["case_number"],
                    title=row["title"],
                    says=f"{parties.said(role, row['role'])} {row['shipment']}",
                    typed_here=typed[role],
                    typed_there=row["typed"],
                    outcomes=tuple(dict.fromkeys(kinds.get(row["case_number"], ()))),
                ),
            )
    return tuple(found[each] for each in sorted(found))
