"""In what condition an instrument measured: what was verified, and what its answers are worth.

Plain data that is stored with each answer, and the rule that applies it. Knows no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lims.check_policy import Aspect, Effect

if TYPE_CHECKING:
    from spectra.calibrate_axis import AxisCalibration

Json = dict[str, Any]
_ORDER = tuple(Effect)


class Standing(StrEnum):
    """How one aspect of an instrument stands."""

    CURRENT = "current"
    OVERDUE = "overdue"
    FAILED = "failed"
    NEVER = "never verified"
    UNNAMED = "not named"


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectStanding:
    """How one aspect of an instrument stood at a moment.

    ``verification`` is its number, empty without one; ``due_at`` is a stamp of the record.
    ``reason`` says what is wrong, empty where nothing is.
    """

    aspect: Aspect
    standing: Standing
    effect: Effect
    standard: str = ""
    verification: int = 0
    verified_at: str = ""
    due_at: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Condition:
    """Of one instrument at one moment; with neither name nor aspects nothing is said of a run."""

    instrument: str = ""
    edition: str = ""
    aspects: tuple[AspectStanding, ...] = ()
    calibration: AxisCalibration | None = None

    @property
    def is_said(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.instrument or self.aspects)

    @property
    def effect(self) -> Effect:
        """The gravest effect of all aspects."""
        return max((a.effect for a in self.aspects), key=_ORDER.index, default=Effect.NONE)

    def reasons(self, *effects: Effect) -> list[str]:
        """Return what is said for the aspects with one of these effects."""
        return [a.reason for a in self.aspects if a.effect in effects and a.reason]

    def facts(self) -> Json:
        """Return the condition as it is stored with an answer."""
        calibration: str | None = None
        if self.calibration is not None:
            from spectra.axis_record import to_json

            calibration = to_json(self.calibration)
        return {
            "name": self.instrument,
            "edition": self.edition,
            "effect": self.effect.value,
            "aspects": [
                {
                    "aspect": a.aspect.value,
                    "standing": a.standing.value,
                    "effect": a.effect.value,
                    "standard": a.standard,
                    "verification": a.verification,
                    "verified_at": a.verified_at,
                    "due_at": a.due_at,
                    "reason": a.reason,
                }
                for a in self.aspects
            ],
            "calibration": calibration,
        }


UNNAMED = Condition()
"""Of a run of which nothing is known."""


def of_facts(facts: Mapping[str, Any] | None) -> Condition:
    """Return the condition that a stored answer was made under."""
    if not facts:
        return UNNAMED
    calibration = None
    if facts.get("calibration"):
        from spectra.axis_record import from_json

        calibration = from_json(str(facts["calibration"]))
    return Condition(
        instrument=str(facts.get("name", "")),
        edition=str(facts.get("edition", "")),
        aspects=tuple(
            AspectStanding(
                aspect=Aspect(a["aspect"]),
                standing=Standing(a["standing"]),
                effect=Effect(a["effect"]),
                standard=str(a["standard"]),
                verification=int(a["verification"]),
                verified_at=str(a["verified_at"]),
                due_at=str(a["due_at"]),
                reason=str(a["reason"]),
            )
            for a in facts.get("aspects", ())
        ),
        calibration=calibration,
    )


def told(entry: Json, condition: Condition) -> Json:
    """Return an answer with what the instrument's condition takes from it.

    Failed: nothing is named and the answer is *insufficient*, never *no match*; the nearest
    entries and a hazard notice stay, because a warning may rest on a doubtful axis. Overdue: the
    answer stands, with the reason why it confirms nothing.
    """
    if not condition.is_said:
        return entry
    against = condition.reasons(Effect.INSUFFICIENT)
    if against:
        entry = unnamed(entry, [f"not named: {reason}" for reason in against])
    softly = condition.reasons(Effect.REMARK)
    softly += [f"presumptive only: {r}" for r in condition.reasons(Effect.PRESUMPTIVE)]
    if softly:
        decision = entry["decision"]
        entry = entry | {"decision": decision | {"reasons": [*decision["reasons"], *softly]}}
    return entry


def unnamed(entry: Json, why: list[str]) -> Json:
    """Return an answer that names nothing, for example where what was compared rests on a guess.

    The nearest entries and a hazard notice stay, because a warning may rest on a guess.
    """
    reasons = [*why, *entry["quality"]["reasons"]]
    decision = {"state": "insufficient", "substances": [], "isomer_group": [], "reasons": reasons}
    return entry | {
        "quality": entry["quality"] | {"ok": False, "reasons": reasons},
        "decision": entry["decision"] | decision,
        "analogue": None,
        "mixture": None,
    }


def confirms_nothing(match: Mapping[str, Any]) -> str:
    """Return why a stored answer cannot support a confirmed identification, or an empty text."""
    condition = match.get("instrument") or {}
    if condition.get("effect") not in (Effect.PRESUMPTIVE.value, Effect.INSUFFICIENT.value):
        return ""
    return "; ".join(
        str(a["reason"])
        for a in condition.get("aspects", ())
        if a.get("effect") in (Effect.PRESUMPTIVE.value, Effect.INSUFFICIENT.value)
    )
