"""Whether a control's newest value is accepted: fixed limits, then the rules of Westgard. Pure.

The rules are versioned data. Knows no control and no record: values in, verdict out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from math import fsum, isfinite, sqrt

from lims.errors import ConfigError

LIMITS = "limits"
"""What a verdict names when a value lies outside the fixed limits."""


class Side(StrEnum):
    """On which sides of the mean the values of a rule lie."""

    EITHER = "either"
    SAME = "same"
    OPPOSITE = "opposite"


class Verdict(StrEnum):
    """What becomes of a control's value."""

    ACCEPTED = "accepted"
    WARNING = "warning"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRule:
    """The newest ``n`` values, each more than ``sd`` standard deviations from the mean."""

    id: str
    n: int
    sd: float
    side: Side
    rejects: bool

    def is_broken(self, z: Sequence[float]) -> bool:
        """Return whether the newest values break the rule; ``z`` oldest first."""
        last = z[-self.n :]
        if len(last) < self.n:
            return False
        above = sum(1 for each in last if each > self.sd)
        below = sum(1 for each in last if each < -self.sd)
        if self.side is Side.SAME:
            return self.n in (above, below)
        if self.side is Side.OPPOSITE:
            return above + below == self.n and above > 0 and below > 0
        return above + below == self.n


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRules:
    """An edition of the rules."""

    edition: str
    source: str
    least_values: int
    rules: tuple[ControlRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Fixed limits of a control; None where a side has none."""

    lowest: float | None
    highest: float | None

    def hold(self, value: float) -> bool:
        """Whether a value lies within; the limits themselves do."""
        above = self.lowest is None or value >= self.lowest
        return above and (self.highest is None or value <= self.highest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Mean and standard deviation of the first accepted values of a lot.

    Parameters
    ----------
    n : int
    mean, sd : float or None
        None while there are too few values, or where they do not vary at all.
    """

    n: int
    mean: float | None = None
    sd: float | None = None

    @property
    def is_provisional(self) -> bool:
        """Whether only the fixed limits can decide."""
        return self.mean is None or self.sd is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on a value and what it rests on.

    Parameters
    ----------
    verdict : Verdict
    broken : tuple of str
        Rules broken, in the edition's order, `LIMITS` first.
    z : float or None
        Standard deviations from the mean.
    baseline : Baseline
    """

    verdict: Verdict
    broken: tuple[str, ...]
    z: float | None
    baseline: Baseline

    @property
    def basis(self) -> str:
        """What the verdict rests on, in words."""
        at = self.baseline
        if at.mean is None or at.sd is None:
            return f"fixed limits, provisional, n={at.n}"
        return f"mean {at.mean:.6g}, s {at.sd:.4g}, n={at.n}"


def baseline(accepted: Sequence[float], rules: ControlRules) -> Baseline:
    """Return mean and standard deviation of the first accepted values of a lot.

    They stay those of the first ones, so that a slow drift is not learnt as normal.

    Parameters
    ----------
    accepted : sequence of float
        Accepted values of one lot on one instrument, oldest first.
    rules : ControlRules
    """
    first = accepted[: rules.least_values]
    if len(first) < rules.least_values:
        return Baseline(n=len(first))
    mean = fsum(first) / len(first)
    sd = sqrt(fsum((each - mean) ** 2 for each in first) / (len(first) - 1))
    # Values that do not vary (rounded too far) say nothing of how far one may stray.
    if not (isfinite(sd) and sd > 1e-12 * max(abs(mean), 1e-300)):
        return Baseline(n=len(first))
    return Baseline(n=len(first), mean=mean, sd=sd)


def judge(
    value: float,
    before: Sequence[float],
    at: Baseline,
    limits: Limits,
    rules: ControlRules,
    *,
    by_statistics: bool = True,
) -> Judgement:
    """Return whether a value is accepted.

    Parameters
    ----------
    value : float
        The newest.
    before : sequence of float
        The values that the rules may look back at, oldest first: those since the last release.
    at : Baseline
    limits : Limits
        Outside them a value is rejected, whatever the statistics say.
    rules : ControlRules
    by_statistics : bool
        False for a blank, whose values crowd at nothing and have no mean to stray from.
    """
    broken = [] if limits.hold(value) else [LIMITS]
    rejected = bool(broken)
    z: float | None = None
    if by_statistics and at.mean is not None and at.sd is not None:
        scores = [(each - at.mean) / at.sd for each in (*before, value)]
        z = scores[-1]
        for rule in rules.rules:
            if rule.is_broken(scores):
                broken.append(rule.id)
                rejected = rejected or rule.rejects
    verdict = Verdict.REJECTED if rejected else Verdict.WARNING if broken else Verdict.ACCEPTED
    return Judgement(verdict=verdict, broken=tuple(broken), z=z, baseline=at)


@cache
def current() -> ControlRules:
    """Return the edition in force.

    Raises
    ------
    ConfigError
        The package's own file is missing or damaged.
    """
    try:
        file = resources.files("lims").joinpath("data", "control_rules.toml")
        data = tomllib.loads(file.read_text("utf-8"))
        rules = tuple(
            ControlRule(
                id=str(each["id"]),
                n=int(each["n"]),
                sd=float(each["sd"]),
                side=Side(each["side"]),
                rejects={"reject": True, "warn": False}[each["action"]],
            )
            for each in data["rule"]
        )
        return ControlRules(
            edition=str(data["edition"]),
            source=str(data["source"]),
            least_values=int(data["least_values"]),
            rules=rules,
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
        raise ConfigError(
            f"the rules for controls cannot be read: {fault}", hint="Install fol-lims again."
        ) from fault
