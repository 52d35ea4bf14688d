"""What instruments of each kind must show, how often, and what a later run is worth without it.

Versioned data, read from the package; knows no instrument and no record.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from lims.errors import ConfigError
from spectra.spectrum import Technique


class Aspect(StrEnum):
    """What of an instrument a verification is about."""

    AXIS = "axis"
    TUNE = "tune"
    RETENTION = "retention"
    IDENTITY = "identity"


class Effect(StrEnum):
    """What an overdue or failed verification does to the answers of later runs, mildest first."""

    NONE = "none"
    REMARK = "remark"
    PRESUMPTIVE = "presumptive"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRule:
    """What holds for one aspect of the instruments of some kinds.

    Parameters
    ----------
    kinds : frozenset of Technique
    aspect : Aspect
    days : int
        How long a passed verification is good for.
    required : bool
        Never verified counts as overdue.
    overdue, failed : Effect
    most_correction_cm1 : float or None
        Largest correction of an axis that is a drift and no fault.
    """

    kinds: frozenset[Technique]
    aspect: Aspect
    days: int
    required: bool
    overdue: Effect
    failed: Effect
    most_correction_cm1: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPolicy:
    """An edition of the rules."""

    edition: str
    source: str
    rules: tuple[CheckRule, ...]

    def of(self, kind: Technique) -> tuple[CheckRule, ...]:
        """Return the rules for instruments of a kind, in the edition's order."""
        return tuple(rule for rule in self.rules if kind in rule.kinds)

    def rule(self, kind: Technique, aspect: Aspect) -> CheckRule | None:
        """Return the rule for one aspect, or None where a kind has no such aspect."""
        return next((rule for rule in self.of(kind) if rule.aspect is aspect), None)


@cache
def current() -> CheckPolicy:
    """Return the edition in force.

    Raises
    ------
    ConfigError
        The package's own file is missing or damaged.
    """
    # Every match stores how its instrument stood; most need no rules for it.
    import tomllib
    from importlib import resources

    try:
        file = resources.files("lims").joinpath("data", "instrument_checks.toml")
        data = tomllib.loads(file.read_text("utf-8"))
        rules = tuple(
            CheckRule(
                kinds=frozenset(Technique(kind) for kind in each["kinds"]),
                aspect=Aspect(each["aspect"]),
                days=int(each["days"]),
                required=bool(each["required"]),
                overdue=Effect(each["overdue"]),
                failed=Effect(each["failed"]),
                most_correction_cm1=each.get("most_correction_cm1"),
            )
            for each in data["check"]
        )
        return CheckPolicy(edition=str(data["edition"]), source=str(data["source"]), rules=rules)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
        raise ConfigError(
            f"the rules for instrument checks cannot be read: {fault}",
            hint="Install fol-lims again.",
        ) from fault
