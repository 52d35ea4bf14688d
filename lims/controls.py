"""Controls and blanks of the instruments: defined, recorded value by value, judged by the rules.

A rejected value holds what the instrument measured since the last good one; a good repeat ends it.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, Any

from lims import bench_instruments, fields, holds, materials, records, westgard
from lims.act import Act
from lims.control_record import (
    Control,
    ControlDraft,
    ControlValue,
    Observation,
    Quantity,
    as_control,
    as_value,
)
from lims.errors import NotFoundError, RecordError, StateError
from lims.lab import Lab
from lims.westgard import Baseline, Judgement, Verdict
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
# Beyond this a number is a slip of the keyboard, and its square overflows.
_LARGEST = 1e15


def add_control(lab: Lab, actor: str, draft: ControlDraft, *, key: str = "") -> Control:
    """Define a control.

    Raises
    ------
    StateError
        The name is taken, or the lot has expired.
    RecordError, NotFoundError, PermissionDenied
    """
    if not _NAME.fullmatch(draft.name):
        raise RecordError(
            f"{draft.name[:60]!r} cannot name a control",
            hint="Letters, digits, '-', '_' and '.', at most 40, for example caffeine-hqi.",
        )
    _check_limits(draft.quantity, draft.expected, draft.lowest, draft.highest)
    texts = fields.lines({"unit": draft.unit, "substance": draft.substance})
    if texts["substance"]:
        from lims.known_substance import named_substance

        texts["substance"] = named_substance(texts["substance"])
    with lab.writing(actor, key) as act:
        act.allow(Verb.DEFINE_CONTROL)
        first = act.repeated("control.added")
        if first is not None:
            return control_of(act.db, str(first.body["name"]))
        device = bench_instruments.instrument(lab, draft.instrument)
        sql = "SELECT name FROM control WHERE lower(name)=lower(?)"
        if records.rows(act.db, sql, draft.name):
            raise StateError(
                f"{draft.name!r} is a control of this lab already",
                hint="Begin a new lot of it with `fol control lot`, or choose another name.",
            )
        body = {
            "name": draft.name,
            "instrument": device.name,
            "quantity": draft.quantity.value,
            **texts,
            **_series(lab, act, draft),
            "serial": 1,
            "reason": "",
        }
        act.append("control.added", body)
        return control_of(act.db, draft.name)


def begin_lot(lab: Lab, actor: str, draft: ControlDraft, *, reason: str, key: str = "") -> Control:
    """Begin a new lot of a control: a new series, with limits and statistics of its own.

    Of the draft only name, material, lot, expected value and limits count.

    Raises
    ------
    StateError
        The lot has expired.
    RecordError, NotFoundError, PermissionDenied
    """
    why = fields.paragraph(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.DEFINE_CONTROL)
        found = control_of(act.db, draft.name)
        if act.repeated("control.series_begun") is not None:
            return found
        _check_limits(found.quantity, draft.expected, draft.lowest, draft.highest)
        body = {
            "control": found.name,
            "serial": found.serial + 1,
            **_series(lab, act, draft),
            "reason": why,
        }
        act.append("control.series_begun", body)
        return control_of(act.db, found.name)


def record_value(
    lab: Lab, actor: str, name: str, seen: Observation, *, key: str = ""
) -> ControlValue:
    """Record one value of a control, with the verdict.

    Rejected: what the instrument measured since the last good value is held. Accepted, also with a
    warning: a hold of this control ends.

    Raises
    ------
    StateError
        Its lot has expired, or the file was recorded for it before.
    RecordError
        Not a number there can be.
    NotFoundError, PermissionDenied
    """
    value = _number(seen.value, "the value")
    texts = fields.lines({"place": seen.place, "note": seen.note})
    with lab.writing(actor, key) as act:
        act.allow(Verb.RECORD_CONTROL)
        first = act.repeated("control.recorded")
        if first is not None:
            return _value(act.db, first.seq)
        control = control_of(act.db, name)
        _require_usable(lab, act, control, seen)
        found = _judged(act.db, control, value)
        event = act.append(
            "control.recorded",
            {
                "control": control.name,
                "serial": control.serial,
                "value": value,
                "verdict": found.verdict.value,
                "broken": list(found.broken),
                "z": None if found.z is None else round(found.z, 6),
                "n": found.baseline.n,
                "mean": found.baseline.mean,
                "sd": found.baseline.sd,
                "file_name": fields.visible(seen.file_name),
                "raw_sha256": seen.raw_sha256,
                "edition": westgard.current().edition,
                **texts,
            },
        )
        if found.verdict is Verdict.REJECTED:
            detail = f"{value:.6g} {control.unit}".strip() + f" broke {', '.join(found.broken)}"
            holds.place(act, control.instrument, control=control.name, detail=detail)
        else:
            holds.end_by_repeat(act, control.instrument, control=control.name)
        return _value(act.db, event.seq)


def controls(lab: Lab, instrument: str = "") -> tuple[Control, ...]:
    """Return the controls of an instrument, or of all, in the order they were defined."""
    wanted = bench_instruments.instrument(lab, instrument).name if instrument else ""
    found = records.rows(lab.db, _CONTROL + "ORDER BY c.seq")
    return tuple(as_control(row) for row in found if wanted in ("", row["instrument"]))


def control(lab: Lab, name: str, *, serial: int | None = None) -> Control:
    """Return a control by name, in any case, with the lot in use or an earlier one.

    Raises
    ------
    NotFoundError
        Names those there are.
    """
    return control_of(lab.db, name, serial)


def values(
    lab: Lab, name: str, *, serial: int | None = None, limit: int = 100_000
) -> tuple[ControlValue, ...]:
    """Return the newest values of a control's lot, oldest first; of the one in use when None."""
    found = control_of(lab.db, name, serial)
    rows = records.rows(
        lab.db,
        "SELECT * FROM control_value WHERE control=? AND serial=? ORDER BY seq DESC LIMIT ?",
        found.name,
        found.serial,
        limit,
    )
    return tuple(as_value(row) for row in reversed(rows))


def count(lab: Lab, name: str) -> int:
    """Return how many values the lot in use has."""
    found = control_of(lab.db, name)
    sql = "SELECT count(*) FROM control_value WHERE control=? AND serial=?"
    return int(records.value(lab.db, sql, found.name, found.serial))


def baseline(lab: Lab, name: str, *, serial: int | None = None) -> Baseline:
    """Return mean and standard deviation that a lot is judged by; the one in use when None."""
    return _baseline(lab.db, control_of(lab.db, name, serial))


def control_of(database: Database, name: str, serial: int | None = None) -> Control:
    """Return a control by name inside an act, with the lot in use or an earlier one."""
    found = records.rows(database, _CONTROL + "WHERE lower(c.name)=lower(?)", name.strip())
    if not found:
        rows = records.rows(database, "SELECT name FROM control ORDER BY seq LIMIT 20")
        there = ", ".join(str(row["name"]) for row in rows)
        raise NotFoundError(
            f"there is no control {name[:60]!r} in this lab",
            hint=f"There are: {there}." if there else "Define it: fol control add NAME …",
        )
    now = as_control(found[0])
    if serial is None or serial == now.serial:
        return now
    earlier = records.rows(database, _EARLIER, now.name, serial)
    if not earlier:
        raise NotFoundError(
            f"{now.name} has no lot number {serial}", hint=f"It has 1 to {now.serial}."
        )
    return as_control(earlier[0])


_COLUMNS = (
    "SELECT c.name, c.instrument, c.quantity, c.unit, c.substance, s.serial, s.material, s.lot, "
    "s.expected, s.lowest, s.highest, s.at, s.by FROM control c JOIN control_series s "
    "ON s.control=c.name "
)
_EARLIER = _COLUMNS + "WHERE c.name=? AND s.serial=?"
_CONTROL = (
    _COLUMNS + "AND s.serial=(SELECT max(t.serial) FROM control_series t WHERE t.control=c.name) "
)


def _series(lab: Lab, act: Act, draft: ControlDraft) -> dict[str, Any]:
    material = lot = ""
    if draft.material or draft.lot:
        used = materials.usable(lab, act.db, draft.material, draft.lot)
        material, lot = used.material, used.lot
    return {
        "material": material,
        "lot": lot,
        "expected": draft.expected,
        "lowest": draft.lowest,
        "highest": draft.highest,
    }


def _check_limits(
    quantity: Quantity, expected: float | None, lowest: float | None, highest: float | None
) -> None:
    for name, each in (("expected", expected), ("lowest", lowest), ("highest", highest)):
        if each is not None:
            _number(each, f"the {name} value")
            if quantity is Quantity.HQI and not 0 <= each <= 1:
                raise RecordError(f"the {name} value is {each:g}; a hit quality index is 0 to 1")
    if lowest is None and highest is None:
        raise RecordError(
            "a control needs a fixed limit",
            hint="Give --lowest or --highest, or both: they decide until there are 20 values.",
        )
    if quantity.is_blank and highest is None:
        raise RecordError(
            "a blank needs a highest value", hint="Give --highest: above it the blank is not blank."
        )
    low = -_LARGEST if lowest is None else lowest
    high = _LARGEST if highest is None else highest
    if not low <= (low if expected is None else expected) <= high:
        raise RecordError(
            f"limits {low:g} to {high:g} that do not hold the expected value",
            hint="lowest ≤ expected ≤ highest.",
        )


def _number(value: float, what: str) -> float:
    if not (isfinite(value) and abs(value) <= _LARGEST):
        raise RecordError(f"{what} is {value:g}; a control is measured in finite numbers")
    return float(value)


def _require_usable(lab: Lab, act: Act, control: Control, seen: Observation) -> None:
    if control.lot:
        materials.usable(lab, act.db, control.material, control.lot)
    if not seen.raw_sha256:
        return
    before = records.rows(
        act.db,
        "SELECT at FROM control_value WHERE control=? AND raw_sha256=?",
        control.name,
        seen.raw_sha256,
    )
    if before:
        raise StateError(
            f"this file was recorded for {control.name} already ({before[0]['at'][:10]})",
            hint="Measure the control again; one run is one value.",
        )


def _judged(database: Database, control: Control, value: float) -> Judgement:
    # What a person released with a reason is mended: the rules do not look back past it.
    mended = records.value(
        database,
        "SELECT max(ended_seq) FROM result_hold WHERE control=? AND ended_how=?",
        control.name,
        holds.RELEASE,
    )
    rules = westgard.current()
    reach = max((rule.n for rule in rules.rules), default=1) - 1
    before = records.rows(
        database,
        "SELECT value FROM control_value WHERE control=? AND serial=? AND seq>? "
        "ORDER BY seq DESC LIMIT ?",
        control.name,
        control.serial,
        int(mended or 0),
        reach,
    )
    return westgard.judge(
        value,
        [float(row["value"]) for row in reversed(before)],
        _baseline(database, control),
        control.limits,
        rules,
        by_statistics=not control.quantity.is_blank,
    )


def _baseline(database: Database, control: Control) -> Baseline:
    rules = westgard.current()
    if control.quantity.is_blank:
        sql = "SELECT count(*) FROM control_value WHERE control=? AND serial=?"
        return Baseline(n=int(records.value(database, sql, control.name, control.serial)))
    good = records.rows(
        database,
        "SELECT value FROM control_value WHERE control=? AND serial=? AND verdict<>? "
        "ORDER BY seq LIMIT ?",
        control.name,
        control.serial,
        Verdict.REJECTED.value,
        rules.least_values,
    )
    return westgard.baseline([float(row["value"]) for row in good], rules)


def _value(database: Database, number: int) -> ControlValue:
    return as_value(records.rows(database, "SELECT * FROM control_value WHERE seq=?", number)[0])
