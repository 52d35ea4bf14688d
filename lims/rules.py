"""When a substance may be called confirmed: the encoded identification rule, as versioned data.

One pure function decides; everything that is not confirmed by it stays presumptive.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from lims.errors import ConfigError
from lims.model import ConclusionLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One technique's positive result for a substance.

    ``substances`` is what the technique leaves open: the substance alone, or a group it cannot
    tell apart.
    """

    technique: str
    substances: frozenset[str]
    reviewed: bool
    raw_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way to a confirmed identification."""

    id: str
    text: str
    needs_category_a: bool
    techniques: int
    category_b: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """An edition of the identification rules."""

    edition: str
    source: str
    category: dict[str, str]
    rules: tuple[Rule, ...]

    @property
    def label(self) -> str:
        """What a conclusion names as its rule."""
        return f"identification rules edition {self.edition} ({self.source})"


@cache
def current() -> Rules:
    """Return the edition in force.

    Raises
    ------
    ConfigError
        The package's own rule file is missing or damaged.
    """
    try:
        text = (
            resources.files("lims").joinpath("data", "identification_rules.toml").read_text("utf-8")
        )
        data = tomllib.loads(text)
        return Rules(
            edition=str(data["edition"]),
            source=str(data["source"]),
            category={str(k): str(v) for k, v in data["technique"].items()},
            rules=tuple(Rule(**rule) for rule in data["rule"]),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise ConfigError(
            f"the identification rules cannot be read: {fault}", hint="Install fol-lims again."
        ) from fault


def conclusion_allowed(
    results: Sequence[Result], rules: Rules | None = None
) -> tuple[ConclusionLevel, tuple[str, ...]]:
    """Return what may be said of a substance, and what is missing for confirmed.

    Parameters
    ----------
    results : sequence of Result
        The positive results that include the substance.
    rules : Rules or None
        The edition in force when None.

    Returns
    -------
    level : ConclusionLevel
        ``CONFIRMED``, ``PRESUMPTIVE``, or ``INCONCLUSIVE`` without a usable result.
    missing : tuple of str
        Empty exactly when confirmed.

    References
    ----------
    SWGDRUG Recommendations, Part IIIB: with a category A technique at least one other technique;
    without, three different techniques of which two are of category B.
    """
    rules = current() if rules is None else rules
    known = [r for r in results if r.technique in rules.category and r.substances]
    if not known:
        return ConclusionLevel.INCONCLUSIVE, ("a result of a technique that identifies",)
    usable = [r for r in known if r.reviewed and r.raw_kept]
    techniques = {r.technique for r in usable}
    missing: list[str] = []
    if not any(_met(rule, techniques, rules.category) for rule in rules.rules):
        missing.append(_what_more(techniques, rules.category))
    if usable and len(frozenset.intersection(*(r.substances for r in usable))) != 1:
        group = sorted(frozenset.union(*(r.substances for r in usable)))
        missing.append(f"a technique that tells apart {', '.join(group)}")
    if any(not r.reviewed for r in known):
        missing.append("review of every result by a second person")
    if any(not r.raw_kept for r in known):
        missing.append("the raw file of every result")
    level = ConclusionLevel.PRESUMPTIVE if missing else ConclusionLevel.CONFIRMED
    return level, tuple(missing)


def _met(rule: Rule, techniques: set[str], category: dict[str, str]) -> bool:
    kinds = [category[t] for t in techniques]
    return (
        len(kinds) >= rule.techniques
        and kinds.count("B") >= rule.category_b
        and (not rule.needs_category_a or "A" in kinds)
    )


def _what_more(techniques: set[str], category: dict[str, str]) -> str:
    if any(category[t] == "A" for t in techniques):
        done = ", ".join(sorted(techniques))
        return f"a second technique that agrees (so far {done})"
    return "a technique of category A (infrared, Raman or mass spectrum)"
