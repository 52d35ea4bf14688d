"""Runs of standards on record: an instrument verified, its axis corrected, its interval set.

A passed verification gives the instrument its correction or its ladder; a failed one holds what it
measured since the last good one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import bench_instruments, canonical, check_policy, fields, holds, records, workflow
from lims.bench_instruments import ConfirmedMapping, Instrument
from lims.check_policy import Aspect, CheckRule, Effect
from lims.errors import RecordError, StateError
from lims.lab import Lab
from lims.originals import keep_original
from lims.source_bytes import bytes_of
from lims.standard_runs import Evaluation, aspect_of, evaluate, standards_for
from lims.workflow import Verb
from spectra.retention import Phase
from spectra.spectrum import Technique

if TYPE_CHECKING:
    from sqlite_utils import Database

    from instruments.export import Export
    from libraries.library import Library
    from spectra.calibrate_axis import AxisCalibration

MOST_DAYS = 3_650
# What a film of polystyrene is called on an infrared instrument.
_SAME_MATERIAL = {(Technique.FTIR, "polystyrene"): "polystyrene-film"}
_MASS = frozenset((Technique.GCMS, Technique.MS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One run of a standard and what came of it.

    ``checks`` are the fields of `lims.standard_runs.StandardCheck`; ``calibration`` is
    ``fol.axis_calibration/1`` text, empty where there is none; ``ladder`` holds ``carbons`` and
    ``retention_time_s``, empty where there is none.
    """

    number: int
    instrument: str
    aspect: str
    standard: str
    lot: str
    passed: bool
    file_name: str
    raw_sha256: str
    reader: str
    checks: tuple[Mapping[str, Any], ...]
    reasons: tuple[str, ...]
    source: str
    calibration: str
    ladder: Mapping[str, Any]
    edition: str
    at: datetime
    by: str


def verify(
    lab: Lab,
    actor: str,
    name: str,
    path: Path,
    standard: str,
    *,
    material: str = "",
    lot: str = "",
    libraries: Sequence[str] = (),
    phase: Phase = Phase.SEMI_STANDARD_NON_POLAR,
    key: str = "",
) -> Verification:
    """Keep a run of a standard, evaluate it and record what it says of its instrument.

    Parameters
    ----------
    lab : Lab
    actor : str
    name : str
        Of the instrument.
    path : Path
        The file, or the folder of the run.
    standard : str
        A standard with published values, or a substance the libraries must name.
    material, lot : str
        The lot of reference material that was measured, where it is on record.
    libraries : sequence of str
        For a substance; all installed ones when empty.
    phase : Phase
        Of the column, for ``alkanes``.
    key : str
        Idempotency key.

    Raises
    ------
    RecordError
        The standard does not fit the instrument, or the file is no run of this instrument.
    StateError
        The file was used before, or the lot has expired. One run proves one day.
    FormatError, PermissionDenied, NotFoundError, LibraryError, BusyError, StorageFullError
    """
    workflow.require(records.person(lab.db, actor), Verb.VERIFY_INSTRUMENT)
    device, confirmed = _device(lab, name)
    standard = _SAME_MATERIAL.get((device.kind, standard.strip().lower()), standard.strip().lower())
    rule = _rule(device, standard)
    used_lot = _lot(lab, lab.db, material, lot)
    data = bytes_of(path)
    digest = hashlib.sha256(data).hexdigest()
    if not (key and _keyed(lab, key)):
        _require_new(lab.db, digest, device.name, rule.aspect.value)
    export = read_as(data, path.name, device, confirmed)
    keep_original(lab.raw_folder, data)
    found = _evaluated(lab, export, standard, rule, device, libraries)
    body = {
        "instrument": device.name,
        "aspect": rule.aspect.value,
        "standard": standard,
        "lot": used_lot,
        "passed": found.passed,
        "file_name": fields.visible(path.name),
        "raw_sha256": digest,
        "reader": f"{export.reader} {export.reader_version}",
        "checks": [_stored(each) for each in found.checks],
        "reasons": [fields.visible(each, 500) for each in found.reasons],
        "source": found.source,
        "calibration": _calibration_text(found),
        "ladder": _ladder_of(found, phase),
        "edition": check_policy.current().edition,
    }
    return _recorded(lab, actor, key, body, rule)


def set_interval(
    lab: Lab, actor: str, name: str, aspect: Aspect, days: int, *, reason: str, key: str = ""
) -> int:
    """Set how many days a verification of one instrument is good for, and return them.

    Raises
    ------
    RecordError
        No number of days there can be, or an aspect instruments of this kind do not have.
    PermissionDenied, NotFoundError
    """
    why = fields.paragraph(reason, "the reason", required=True)
    if isinstance(days, bool) or not 1 <= days <= MOST_DAYS:
        raise RecordError(f"{days} days; 1 to {MOST_DAYS} can be")
    with lab.writing(actor, key) as act:
        act.allow(Verb.SET_INTERVAL)
        found = bench_instruments.instrument(lab, name)
        if check_policy.current().rule(found.kind, aspect) is None:
            there = ", ".join(rule.aspect for rule in check_policy.current().of(found.kind))
            raise RecordError(
                f"a {found.kind} instrument has no {aspect} to verify",
                hint=f"It has: {there or 'nothing'}.",
            )
        if act.repeated("instrument.interval_set") is None:
            act.append(
                "instrument.interval_set",
                {"instrument": found.name, "aspect": aspect.value, "days": days, "reason": why},
            )
        return interval(act.db, found, aspect)


def interval(database: Database, device: Instrument, aspect: Aspect) -> int:
    """Return how many days a verification of an instrument is good for; 0 where it has none."""
    own = records.value(
        database,
        "SELECT days FROM instrument_interval WHERE instrument=? AND aspect=? "
        "ORDER BY seq DESC LIMIT 1",
        device.name,
        aspect.value,
    )
    if own is not None:
        return int(own)
    rule = check_policy.current().rule(device.kind, aspect)
    return 0 if rule is None else rule.days


def verifications(lab: Lab, name: str = "") -> tuple[Verification, ...]:
    """Return the verifications of an instrument, or of all, newest first."""
    where, of = "", []
    if name:
        where, of = "WHERE instrument=? ", [bench_instruments.instrument(lab, name).name]
    found = records.rows(lab.db, f"SELECT * FROM verification {where}ORDER BY seq DESC", *of)
    return tuple(map(_as_verification, found))


def newest(
    database: Database, instrument: str, aspect: Aspect, *, passed: bool = False
) -> Verification | None:
    """Return the newest verification of an aspect, or the newest that passed."""
    found = records.rows(
        database,
        "SELECT * FROM verification WHERE instrument=? AND aspect=? AND passed>=? "
        "ORDER BY seq DESC LIMIT 1",
        instrument,
        aspect.value,
        int(passed),
    )
    return _as_verification(found[0]) if found else None


def calibration_of(found: Verification | None) -> AxisCalibration | None:
    """Return the axis correction that a verification gave, or None."""
    if found is None or not found.calibration:
        return None
    from spectra.axis_record import from_json

    return from_json(found.calibration)


def read_as(
    data: bytes, file_name: str, device: Instrument, confirmed: ConfirmedMapping | None
) -> Export:
    """Return what a file holds, read as one of this instrument.

    Raises
    ------
    RecordError
        The file is of another technique, or names another instrument's serial number or laser.
    FormatError
    """
    from instruments import sandbox

    mapping = None if confirmed is None else confirmed.mapping
    plain = sandbox.read_guarded_bytes(data, file_name, mapping=mapping)
    export = bench_instruments.as_read(plain, device)
    same = device.kind is export.technique or {device.kind, export.technique} <= _MASS
    if device.kind is not Technique.OTHER and not same:
        raise RecordError(
            f"{fields.visible(file_name)} is {export.technique}, {device.name} is {device.kind}",
            hint="Name the instrument that measured it.",
        )
    against = [each for each in export.warnings if each not in plain.warnings]
    if against:
        raise RecordError(
            f"{fields.visible(file_name)} is no run of {device.name}: {against[0]}",
            hint="Name the instrument that measured it, or correct what is on record of it.",
        )
    return export


def opened_libraries(lab: Lab, names: Sequence[str], stack: ExitStack) -> list[Library]:
    """Return the libraries a control may be told by: in casework none made for training."""
    from lims.matching import open_libraries

    opened = [stack.enter_context(each) for each in open_libraries(lab.libraries_folder, names)]
    return [each for each in opened if lab.training or not each.header.training]


def _device(lab: Lab, name: str) -> tuple[Instrument, ConfirmedMapping | None]:
    device, confirmed = bench_instruments.read_by(lab, name.strip())
    if device is None:
        raise RecordError("no instrument is named", hint="See them with `fol instrument list`.")
    return device, confirmed


def _rule(device: Instrument, standard: str) -> CheckRule:
    rule = check_policy.current().rule(device.kind, aspect_of(standard))
    if rule is None:
        known = ", ".join(standards_for(device.kind)) or "none with values of its own"
        raise RecordError(
            f"{standard[:40]!r} says nothing of {device.name}, which is {device.kind}",
            hint=f"Standards for it: {known}.",
        )
    return rule


def _lot(lab: Lab, database: Database, material: str, lot: str) -> str:
    if not material and not lot:
        return ""
    from lims import materials

    return materials.usable(lab, database, material, lot).label


def _keyed(lab: Lab, key: str) -> bool:
    from lims import events

    return events.by_key(lab.db, key) is not None


def _require_new(database: Database, digest: str, instrument: str, aspect: str) -> None:
    """One run may say several things of one instrument, each once, and nothing of another."""
    found = records.rows(
        database,
        "SELECT instrument, number, at FROM verification WHERE raw_sha256=? "
        "AND (instrument<>? OR aspect=?)",
        digest,
        instrument,
        aspect,
    )
    if found:
        row = found[0]
        raise StateError(
            f"this file was used for verification {row['number']} of {row['instrument']} "
            f"({row['at'][:10]}) already",
            hint="Measure the standard again; one run proves one day.",
        )


def _evaluated(
    lab: Lab,
    export: Export,
    standard: str,
    rule: CheckRule,
    device: Instrument,
    names: Sequence[str],
) -> Evaluation:
    in_force = calibration_of(newest(lab.db, device.name, Aspect.AXIS, passed=True))
    with ExitStack() as stack:
        opened: list[Library] = []
        if rule.aspect is Aspect.IDENTITY:
            opened = opened_libraries(lab, names, stack)
        return evaluate(export, standard, rule, in_force=in_force, libraries=opened)


def _recorded(
    lab: Lab, actor: str, key: str, body: Mapping[str, Any], rule: CheckRule
) -> Verification:
    name, aspect = str(body["instrument"]), str(body["aspect"])
    with lab.writing(actor, key) as act:
        act.allow(Verb.VERIFY_INSTRUMENT)
        first = act.repeated("instrument.verified")
        if first is not None:
            return _numbered(act.db, str(first.body["instrument"]), int(first.body["number"]))
        _require_new(act.db, str(body["raw_sha256"]), name, aspect)
        before = records.value(
            act.db, "SELECT max(number) FROM verification WHERE instrument=?", name
        )
        number = int(before or 0) + 1
        act.append("instrument.verified", {**body, "number": number})
        if body["passed"]:
            holds.end_by_repeat(act, name, aspect=aspect)
        elif rule.failed in (Effect.PRESUMPTIVE, Effect.INSUFFICIENT):
            detail = f"{body['standard']} failed: {'; '.join(body['reasons'])}"
            holds.place(act, name, aspect=aspect, detail=detail)
        return _numbered(act.db, name, number)


def _stored(check: Any) -> dict[str, Any]:
    return asdict(check)


def _calibration_text(found: Evaluation) -> str:
    if found.calibration is None:
        return ""
    from spectra.axis_record import to_json

    return to_json(found.calibration)


def _ladder_of(found: Evaluation, phase: Phase) -> dict[str, Any]:
    if found.ladder is None:
        return {}
    return {
        "carbons": found.ladder.carbons.tolist(),
        "retention_time_s": [round(t, 3) for t in found.ladder.time_s.tolist()],
        "phase": phase.value,
    }


def _numbered(database: Database, instrument: str, number: int) -> Verification:
    sql = "SELECT * FROM verification WHERE instrument=? AND number=?"
    return _as_verification(records.rows(database, sql, instrument, number)[0])


def _as_verification(row: Mapping[str, Any]) -> Verification:
    return Verification(
        number=row["number"],
        instrument=row["instrument"],
        aspect=row["aspect"],
        standard=row["standard"],
        lot=row["lot"],
        passed=bool(row["passed"]),
        file_name=row["file_name"],
        raw_sha256=row["raw_sha256"],
        reader=row["reader"],
        checks=tuple(canonical.parsed(row["checks"])),
        reasons=tuple(canonical.parsed(row["reasons"])),
        source=row["source"],
        calibration=row["calibration"],
        ladder=canonical.parsed(row["ladder"]),
        edition=row["edition"],
        at=records.moment(row["at"]),
        by=row["by"],
    )
