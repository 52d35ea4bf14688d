"""How an instrument stands at a moment, by its verifications, and what its next run gets of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lims import check_policy, clock, records, verification
from lims.bench_instruments import Instrument, instruments
from lims.check_policy import Aspect, CheckRule, Effect
from lims.instrument_condition import UNNAMED, AspectStanding, Condition, Standing
from lims.lab import Lab
from lims.run_context import RunContext, Source
from lims.verification import Verification
from spectra.spectrum import Technique

if TYPE_CHECKING:
    from sqlite_utils import Database

    from instruments.export import Export


def condition(database: Database, device: Instrument, at: datetime) -> Condition:
    """Return in what condition an instrument is at a moment.

    The moment is the record's own, when the run was taken: a date in a file is only what the
    instrument's clock said.

    Parameters
    ----------
    database : Database
    device : Instrument
    at : datetime
        Aware.
    """
    policy = check_policy.current()
    found = (_aspect(database, device, rule, at) for rule in policy.of(device.kind))
    passed = verification.newest(database, device.name, Aspect.AXIS, passed=True)
    return Condition(
        instrument=device.name,
        edition=policy.edition,
        aspects=tuple(each for each in found if each is not None),
        calibration=verification.calibration_of(passed),
    )


def beside(
    lab: Lab, device: Instrument | None, context: RunContext, technique: Technique
) -> RunContext:
    """Return what was run beside a run, with what is known of its instrument.

    A ladder given with the run wins over the instrument's own, which counts only while in date.
    Where a lab verifies its instruments of a technique, a run that names none is told apart: it
    must not be worth more than one that does.
    """
    if device is None:
        return replace(context, condition=_unnamed(lab.db, technique))
    now = condition(lab.db, device, clock.now())
    context = replace(context, condition=now)
    if context.ladder is not None or not _is_current(now, Aspect.RETENTION):
        return context
    passed = verification.newest(lab.db, device.name, Aspect.RETENTION, passed=True)
    if passed is None or not passed.ladder:
        return context
    import numpy as np

    from spectra.retention import Ladder, Phase

    made = Ladder(
        carbons=np.array(passed.ladder["carbons"], dtype=np.float64),
        time_s=np.array(passed.ladder["retention_time_s"], dtype=np.float64),
        phase=Phase(passed.ladder["phase"]),
    )
    source = Source(name=passed.file_name, sha256=passed.raw_sha256)
    return replace(context, ladder=made, ladder_source=source)


def recognised(lab: Lab, export: Export) -> Instrument | None:
    """Return the one instrument of the lab whose serial number a file names, or None.

    Nothing is recognised by its technique alone: a guess would put a run under another
    instrument's verification.
    """
    stated = export.metadata.get("serial", "").strip().casefold()
    if not stated:
        return None
    found = [
        each
        for each in instruments(lab)
        if each.serial.casefold() == stated and export.technique in (each.kind, Technique.OTHER)
    ]
    return found[0] if len(found) == 1 else None


def due_at(database: Database, device: Instrument, found: Verification) -> datetime:
    """Return when a verification runs out, by the interval in force now."""
    days = verification.interval(database, device, Aspect(found.aspect))
    return found.at + timedelta(days=days)


def _unnamed(database: Database, technique: Technique) -> Condition:
    policy = check_policy.current()
    rule = next((rule for rule in policy.of(technique) if rule.required), None)
    known = records.value(
        database,
        "SELECT 1 FROM instrument i WHERE kind=? AND (EXISTS (SELECT 1 FROM verification v "
        "WHERE v.instrument=i.name) OR EXISTS (SELECT 1 FROM control c WHERE c.instrument=i.name))",
        technique.value,
    )
    if rule is None or known is None:
        return UNNAMED
    said = AspectStanding(
        aspect=rule.aspect,
        standing=Standing.UNNAMED,
        effect=rule.overdue,
        reason=f"which {technique} instrument of the lab measured this is not on record",
    )
    return Condition(edition=policy.edition, aspects=(said,))


def _is_current(found: Condition, aspect: Aspect) -> bool:
    return any(a.aspect is aspect and a.standing is Standing.CURRENT for a in found.aspects)


def _aspect(
    database: Database, device: Instrument, rule: CheckRule, at: datetime
) -> AspectStanding | None:
    found = verification.newest(database, device.name, rule.aspect)
    if found is None:
        if not rule.required:
            return None
        return AspectStanding(
            aspect=rule.aspect,
            standing=Standing.NEVER,
            effect=rule.overdue,
            reason=f"{device.name} was never verified ({rule.aspect}); run a standard",
        )
    due = due_at(database, device, found)
    standing, effect, reason = Standing.CURRENT, Effect.NONE, ""
    if not found.passed:
        standing, effect = Standing.FAILED, rule.failed
        why = found.reasons[0] if found.reasons else found.standard
        reason = f"the last {rule.aspect} verification of {device.name} failed ({why})"
    elif at > due or at < found.at:
        standing, effect, reason = Standing.OVERDUE, rule.overdue, _overdue(device, found, due, at)
    return AspectStanding(
        aspect=rule.aspect,
        standing=standing,
        effect=effect,
        standard=found.standard,
        verification=found.number,
        verified_at=clock.stamp(found.at),
        due_at=clock.stamp(due),
        reason=reason,
    )


def _overdue(device: Instrument, found: Verification, due: datetime, at: datetime) -> str:
    if at < found.at:
        return (
            f"the {found.aspect} verification of {device.name} is dated after the run: "
            "check the clock"
        )
    days, allowed = (at - found.at).days, (due - found.at).days
    return (
        f"the {found.aspect} of {device.name} was last verified {days} days before, {allowed} are "
        "allowed; run the standard"
    )
