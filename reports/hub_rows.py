"""Rows of reports in force as trends count them, those held back, and where unknowns were met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from lims.model import ReportRow
from reports.hub_model import StoredRow
from reports.hub_unknowns import Met


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A row held back because a substance name is not in the vocabulary."""

    lab: str
    report_id: str
    sample: str
    names: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """What counts: one row for each laboratory and sample. ``training`` are sites."""

    rows: tuple[ReportRow, ...]
    held: tuple[Held, ...]
    training: tuple[str, ...]
    met: tuple[Met, ...]


def usable(in_force: Iterable[StoredRow], accepted: frozenset[str]) -> Usable:
    """Return the rows that count, those held back, sites with training rows, where unknowns are."""
    codes: dict[tuple[str, str], tuple[str, ...]] = {}
    held: list[Held] = []
    training: set[str] = set()
    latest: dict[tuple[str, str], ReportRow] = {}
    for stored in in_force:
        body = stored.body
        if body["training"]:
            training.add(stored.lab)
        names = [name for name in stored.quarantined.split(", ") if name]
        if any(name.casefold() not in accepted for name in names):
            held.append(
                Held(
                    lab=stored.lab,
                    report_id=stored.report_id,
                    sample=body["sample"],
                    names=stored.quarantined,
                )
            )
            continue
        row, before = _row(stored), latest.get((stored.lab, body["sample"]))
        if before is not None and before.concluded_at is not None:
            # Confirmed later: it says what is known now, and counts on the day it was first known.
            row = replace(row, concluded_at=before.concluded_at)
        latest[stored.lab, body["sample"]] = row
        codes[stored.lab, body["sample"]] = tuple(body.get("unknowns", ()))
    return Usable(
        rows=tuple(latest.values()),
        held=tuple(held),
        training=tuple(sorted(training)),
        met=tuple(
            Met(row=row, lab=key[0], codes=codes[key]) for key, row in latest.items() if codes[key]
        ),
    )


def _row(stored: StoredRow) -> ReportRow:
    """Return the row as trends count it: concluded on the local day it was reported for."""
    body = stored.body
    noon = datetime.combine(date.fromisoformat(stored.day), time(12), tzinfo=UTC)
    number = body["sample"]
    return ReportRow(
        sample=number if number.startswith(stored.lab) else f"{stored.lab}:{number}",
        shipment=body["shipment"],
        submitted_at=noon,
        concluded_at=noon if stored.concluded else None,
        lane=body["lane"],
        stream=body["stream"],
        origin=body["origin"],
        destination_country=body["destination_country"],
        destination=body["destination"],
        declared_goods=body["declared_goods"],
        declared_value=body["declared_value"],
        declared_weight=body["declared_weight"],
        notes=tuple(body["notes"]),
        level=body["level"] if stored.concluded else "",
        substances=tuple(body["substances"]) if stored.concluded else (),
        classes=tuple(body["classes"]) if stored.concluded else (),
        text=body["text"],
        candidate=None,
        techniques=tuple(body["techniques"]),
        hazard=body["hazard"],
        shipment_state=body["shipment_state"],
        field_result=body["field_result"],
        training=body["training"],
        field_tool=body.get("field_tool", ""),
        unverified=tuple(body.get("unverified", ())),
    )
