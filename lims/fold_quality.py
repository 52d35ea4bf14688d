"""How verifications, materials, controls and holds become rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lims import folding
from lims.folding import Handlers
from lims.model import Event

if TYPE_CHECKING:
    from sqlite_utils import Database


def _verified(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "verification",
        seq=event.seq,
        instrument=body["instrument"],
        number=body["number"],
        aspect=body["aspect"],
        standard=body["standard"],
        lot=body["lot"],
        passed=int(body["passed"]),
        file_name=body["file_name"],
        raw_sha256=body["raw_sha256"],
        reader=body["reader"],
        checks=folding.text(body["checks"]),
        reasons=folding.text(body["reasons"]),
        source=body["source"],
        calibration=body["calibration"],
        ladder=folding.text(body["ladder"]),
        edition=body["edition"],
        at=event.at,
        by=event.actor,
    )


def _interval_set(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "instrument_interval",
        seq=event.seq,
        instrument=body["instrument"],
        aspect=body["aspect"],
        days=body["days"],
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )


def _lot_added(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "material_lot",
        seq=event.seq,
        material=body["material"],
        lot=body["lot"],
        expires=body["expires"],
        supplier=body["supplier"],
        certificate=body["certificate"],
        at=event.at,
        by=event.actor,
    )


def _lot_ended(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE material_lot SET ended_at=?, ended_by=?, end_reason=? WHERE material=? AND lot=?",
        (event.at, event.actor, body["reason"], body["material"], body["lot"]),
    )


def _control_added(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "control",
        name=body["name"],
        seq=event.seq,
        instrument=body["instrument"],
        quantity=body["quantity"],
        unit=body["unit"],
        substance=body["substance"],
        at=event.at,
        by=event.actor,
    )
    _series(database, event, str(body["name"]))


def _series_begun(database: Database, event: Event) -> None:
    _series(database, event, str(event.body["control"]))


def _series(database: Database, event: Event, control: str) -> None:
    body = event.body
    folding.insert(
        database,
        "control_series",
        seq=event.seq,
        control=control,
        serial=body["serial"],
        material=body["material"],
        lot=body["lot"],
        expected=_real(body["expected"]),
        lowest=_real(body["lowest"]),
        highest=_real(body["highest"]),
        reason=body["reason"],
        at=event.at,
        by=event.actor,
    )


def _control_recorded(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "control_value",
        seq=event.seq,
        control=body["control"],
        serial=body["serial"],
        value=_real(body["value"]),
        verdict=body["verdict"],
        broken=folding.text(body["broken"]),
        z=_real(body["z"]),
        n=body["n"],
        mean=_real(body["mean"]),
        sd=_real(body["sd"]),
        file_name=body["file_name"],
        raw_sha256=body["raw_sha256"],
        place=body["place"],
        note=body["note"],
        edition=body["edition"],
        at=event.at,
        by=event.actor,
    )


def _real(value: float | int | None) -> float | None:
    """Return a number as a float: canonical JSON writes 1.0 as 1, and a row must not differ."""
    return None if value is None else float(value)


def _held(database: Database, event: Event) -> None:
    body = event.body
    folding.insert(
        database,
        "result_hold",
        seq=event.seq,
        instrument=body["instrument"],
        control=body["control"],
        aspect=body["aspect"],
        since=body["since"],
        detail=body["detail"],
        at=event.at,
        by=event.actor,
    )


def _hold_ended(database: Database, event: Event) -> None:
    body = event.body
    database.conn.execute(
        "UPDATE result_hold SET ended_seq=?, ended_at=?, ended_by=?, ended_how=?, end_reason=? "
        "WHERE seq=?",
        (event.seq, event.at, event.actor, body["how"], body["reason"], body["hold"]),
    )


HANDLERS: Handlers = {
    "instrument.verified": _verified,
    "instrument.interval_set": _interval_set,
    "material.added": _lot_added,
    "material.ended": _lot_ended,
    "control.added": _control_added,
    "control.series_begun": _series_begun,
    "control.recorded": _control_recorded,
    "results.held": _held,
    "results.freed": _hold_ended,
}
