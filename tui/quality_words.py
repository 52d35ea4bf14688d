"""What commands and screens say of verifications, controls and holds: one wording for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lims.check_policy import Effect
from lims.instrument_condition import AspectStanding

if TYPE_CHECKING:
    from lims.bench_instruments import Instrument
    from lims.control_record import Control, ControlValue
    from lims.holds import Hold
    from lims.lab import Lab
    from lims.verification import Verification
    from lims.westgard import Baseline

WORTH = {
    Effect.NONE: "",
    Effect.REMARK: "said with each answer",
    Effect.PRESUMPTIVE: "presumptive only",
    Effect.INSUFFICIENT: "nothing is named",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectRow:
    """One aspect of an instrument, as lists show it."""

    instrument: Instrument
    standing: AspectStanding
    days: int
    newest: Verification | None
    calibration: str
    hold: Hold | None

    @property
    def is_bad(self) -> bool:
        """Whether it takes something from later answers, or holds earlier ones."""
        return self.standing.effect is not Effect.NONE or self.hold is not None

    @property
    def due(self) -> datetime | None:
        """When it runs out."""
        return datetime.fromisoformat(self.standing.due_at) if self.standing.due_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """One control, as lists show it."""

    control: Control
    last: ControlValue | None
    n: int
    baseline: Baseline
    basis: str
    hold: Hold | None

    @property
    def state(self) -> str:
        """What the last value was, or that there is none."""
        return "no value yet" if self.last is None else self.last.verdict.value


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow:
    """One line of the screen: an aspect of an instrument, or a control.

    ``asks`` says what is typed to record the next one; ``detail`` what stands below the list where
    there is no chart.
    """

    instrument: str
    what: str
    at: datetime | None
    state: str
    is_bad: bool
    asks: str
    hold: Hold | None = None
    detail: tuple[str, ...] = ()
    control: Control | None = None
    baseline: Baseline | None = None


def quality_rows(lab: Lab) -> list[QualityRow]:
    """Return every aspect of every instrument, then every control."""
    from lims.control_measures import FROM_FILES
    from lims.standard_runs import standards_for

    rows = [
        QualityRow(
            instrument=each.instrument.name,
            what=each.standing.aspect.value,
            at=each.newest.at if each.newest else None,
            state=standing_words(each),
            is_bad=each.is_bad,
            asks=", ".join((*standards_for(each.instrument.kind), "or a substance")),
            hold=each.hold,
            detail=tuple(_aspect_detail(each)),
        )
        for each in aspect_rows(lab)
    ]
    return rows + [
        QualityRow(
            instrument=each.control.instrument,
            what=each.control.name,
            at=each.last.at if each.last else None,
            state=control_state(each),
            is_bad=each.hold is not None or each.state == "warning",
            asks="a number, or a file" if each.control.quantity in FROM_FILES else "a number",
            hold=each.hold,
            control=each.control,
            baseline=each.baseline,
        )
        for each in control_rows(lab)
    ]


def _aspect_detail(row: AspectRow) -> list[str]:
    lines = [row.standing.reason] if row.standing.reason else []
    if row.hold is not None:
        lines.append(hold_words(row.hold))
    if row.newest is None:
        return lines
    lines.append(
        f"verification {row.newest.number} by {row.newest.standard}, "
        f"{'passed' if row.newest.passed else 'FAILED'}, by {row.newest.by}; good for {row.days} "
        "days"
    )
    if row.calibration:
        lines.append(f"axis correction: {row.calibration}")
    for name, found, limits, unit, verdict, note in check_rows(row.newest.checks):
        said = f"{found or '-'} {unit}".strip()
        lines.append(f"  {name}: {said} ({limits or '-'}) {verdict} {note}".rstrip())
    return [*lines, f"after {row.newest.source}"]


def aspect_rows(lab: Lab, name: str = "") -> list[AspectRow]:
    """Return how each aspect of an instrument, or of all, stands now."""
    from lims import bench_instruments, clock, holds, instrument_standing, verification
    from lims.check_policy import Aspect

    devices = (
        [bench_instruments.instrument(lab, name)] if name else bench_instruments.instruments(lab)
    )
    held = {(h.instrument, h.aspect): h for h in holds.holds(lab) if h.aspect}
    rows = []
    for device in devices:
        now = instrument_standing.condition(lab.db, device, clock.now())
        correction = "" if now.calibration is None else str(now.calibration)
        for standing in now.aspects:
            newest = verification.newest(lab.db, device.name, standing.aspect)
            rows.append(
                AspectRow(
                    instrument=device,
                    standing=standing,
                    days=verification.interval(lab.db, device, standing.aspect),
                    newest=newest,
                    calibration=correction if standing.aspect is Aspect.AXIS else "",
                    hold=held.get((device.name, standing.aspect.value)),
                )
            )
    return rows


def control_rows(lab: Lab, instrument: str = "") -> list[ControlRow]:
    """Return each control of an instrument, or of all, with its last value."""
    from lims import controls, holds

    held = {h.control: h for h in holds.holds(lab) if h.control}
    rows = []
    for control in controls.controls(lab, instrument):
        found = controls.values(lab, control.name, limit=1)
        at = controls.baseline(lab, control.name)
        basis = f"provisional, n={at.n}" if at.mean is None else f"mean {at.mean:.6g} s {at.sd:.4g}"
        rows.append(
            ControlRow(
                control=control,
                last=found[-1] if found else None,
                n=controls.count(lab, control.name),
                baseline=at,
                basis=basis,
                hold=held.get(control.name),
            )
        )
    return rows


def standing_words(row: AspectRow) -> str:
    """Return how an aspect stands, and what that takes from later answers."""
    worth = WORTH[row.standing.effect]
    said = row.standing.standing.value + (f": {worth}" if worth else "")
    return f"{said}; hold {row.hold.number}" if row.hold else said


def control_state(row: ControlRow) -> str:
    """Return the last verdict, and the hold there is."""
    return f"{row.state}; hold {row.hold.number}" if row.hold else row.state


def check_rows(checks: Sequence[Mapping[str, Any]]) -> list[list[object]]:
    """Return the checks of a verification as table rows: name, found, limits, unit, verdict."""
    return [
        [
            each["name"],
            "" if each["found"] is None else f"{each['found']:.6g}",
            limits_words(each["lowest"], each["highest"]),
            each["unit"],
            ("ok" if each["found"] is not None else "-") if each["ok"] else "FAILED",
            each["note"],
        ]
        for each in checks
    ]


CHECK_COLUMNS = ("check", "found", "limits", "unit", "verdict", "note")


def limits_words(lowest: float | None, highest: float | None) -> str:
    """Return limits in words, either of which may be missing."""
    if lowest is not None and highest is not None:
        return f"{lowest:g} to {highest:g}"
    if highest is not None:
        return f"at most {highest:g}"
    return "" if lowest is None else f"at least {lowest:g}"


def verdict_words(value: ControlValue, unit: str) -> str:
    """Return a value and its verdict in one line."""
    said = f"{value.value:.6g} {unit}".strip()
    why = f" ({', '.join(value.broken)})" if value.broken else ""
    return f"{value.control}: {said}, {value.verdict.value}{why}; {value.basis}"


def hold_words(hold: Hold) -> str:
    """Return a hold in one line."""
    said = f"hold {hold.number} on {hold.instrument}: {hold.cause}: {hold.detail}"
    if hold.ended_at is not None:
        said += f"; ended by {hold.ended_by}: {hold.end_reason}"
    return said


def verification_words(done: Verification) -> str:
    """Return what came of a verification in one line."""
    said = f"verification {done.number} of {done.instrument} by {done.standard}"
    return f"{said} passed" if done.passed else f"{said} FAILED: {'; '.join(done.reasons)}"


def recorded(lab: Lab, actor: str, name: str, typed: str, *, place: str, note: str) -> ControlValue:
    """Record what a person typed as a control's value: a number, else the name of a file."""
    from lims import control_measures, controls
    from lims.control_record import Observation
    from tui.paths import typed_path

    try:
        value = float(typed.replace(",", "."))
    except ValueError:
        path = typed_path(typed)
        return control_measures.record_file(lab, actor, name, path, place=place, note=note)
    seen = Observation(value=value, place=place, note=note)
    return controls.record_value(lab, actor, name, seen)
