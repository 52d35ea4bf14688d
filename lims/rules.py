"""When a substance may be called confirmed: the encoded identification rule, as versioned data.

One pure function decides; everything that is not confirmed by it stays presumptive.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType

from lims.errors import ConfigError
from lims.model import ConclusionLevel

RETENTION = "retention"
"""The second output of GC-MS, where it was compared with a reference measured here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One technique's result for a substance.

    ``substances`` is what the technique leaves open: the substance alone, or a group it cannot
    tell apart. ``verified`` is false for a run of an instrument whose verification was overdue,
    ``resolved`` for a mixture's spectrum that the technique itself did not take apart, ``general``
    true for a test of a class, which narrows nothing. ``outputs`` are further outputs of a
    hyphenated technique that were used. ``portion`` is what it was measured on; empty: not said.
    """

    technique: str
    substances: frozenset[str]
    reviewed: bool
    raw_kept: bool
    verified: bool = True
    positive: bool = True
    resolved: bool = True
    general: bool = False
    outputs: tuple[str, ...] = ()
    portion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a technique counts as in an edition: category A, B or C, and the property it uses."""

    category: str
    property: str


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
    valid_from: date
    technique: Mapping[str, Counted]
    rules: tuple[Rule, ...]
    unresolved: str = "C"
    separate_portions: str = "said"

    @property
    def label(self) -> str:
        """What a conclusion names as its rule."""
        return f"identification rules edition {self.edition} ({self.source})"

    def counted(self, result: Result) -> tuple[Counted, ...]:
        """Return what one result counts as; several for a hyphenated technique fully used."""
        found = self.technique[result.technique]
        if not result.resolved and found.category == "A":
            found = Counted(category=self.unresolved, property=found.property)
        more = (self.technique[name] for name in result.outputs if name in self.technique)
        return (found, *more)


@cache
def editions() -> tuple[Rules, ...]:
    """Return every edition, oldest first.

    Raises
    ------
    ConfigError
        The package's own rule file is missing or damaged.
    """
    try:
        place = resources.files("lims").joinpath("data", "identification_rules.toml")
        data = tomllib.loads(place.read_text("utf-8"))
        shared = {str(name): Counted(**each) for name, each in data["technique"].items()}
        ways = tuple(Rule(**rule) for rule in data["rule"])
        found = [_edition(each, shared, ways) for each in data["edition"]]
        found.sort(key=lambda each: each.valid_from)
        newest = found[-1]
    except (OSError, tomllib.TOMLDecodeError, LookupError, TypeError) as fault:
        raise ConfigError(
            f"the identification rules cannot be read: {fault}", hint="Install fol-lims again."
        ) from fault
    return (*found[:-1], newest)


def in_force(day: date) -> Rules:
    """Return the edition in force on a day; the oldest one before all of them."""
    found = [each for each in editions() if each.valid_from <= day]
    return found[-1] if found else editions()[0]


def current() -> Rules:
    """Return the newest edition."""
    return editions()[-1]


def conclusion_allowed(
    results: Sequence[Result], rules: Rules | None = None
) -> tuple[ConclusionLevel, tuple[str, ...]]:
    """Return what may be said of a substance, and what is missing for confirmed.

    Parameters
    ----------
    results : sequence of Result
        The results that bear on the substance; negative ones never add and stand in the way.
    rules : Rules or None
        The newest edition when None.

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
    held = [r for r in results if r.technique in rules.technique]
    known = [r for r in held if r.positive and r.substances]
    if not any(not r.general for r in known):
        return ConclusionLevel.INCONCLUSIVE, ("a result of a technique that identifies",)
    usable = [r for r in known if r.reviewed and r.raw_kept and r.verified]
    missing: list[str] = []
    best = _by_property(usable, rules)
    if not any(_met(rule, best) for rule in rules.rules):
        missing.append(_what_more(usable, best))
    named = [r.substances for r in usable if not r.general]
    if named and len(frozenset.intersection(*named)) != 1:
        missing.append(f"a technique that tells apart {', '.join(sorted(frozenset.union(*named)))}")
    missing += _conditions(known, held)
    if rules.separate_portions == "required" and _one_portion(usable):
        missing.append("a second technique on a separate portion")
    level = ConclusionLevel.PRESUMPTIVE if missing else ConclusionLevel.CONFIRMED
    return level, tuple(missing)


def limitations(results: Sequence[Result], rules: Rules | None = None) -> tuple[str, ...]:
    """Return what must be said beside a conclusion although it stands. Same input as the rule."""
    rules = current() if rules is None else rules
    used = [r for r in results if r.technique in rules.technique and r.positive and r.substances]
    said = []
    if len({c.property for r in used for c in rules.counted(r)}) > 1 and _one_portion(used):
        portions = {r.portion for r in used if r.portion}
        said.append(
            f"all techniques were applied to one portion ({portions.pop()})"
            if portions
            else "no portion is on record: the techniques may not be independent samplings"
        )
    unresolved = sorted({r.technique for r in used if not r.resolved})
    if unresolved:
        said.append(f"a mixture not taken apart by {', '.join(unresolved)} itself")
    return tuple(said)


def _edition(
    data: Mapping[str, object], shared: Mapping[str, Counted], ways: tuple[Rule, ...]
) -> Rules:
    values = dict(data)
    changed = values.pop("category")
    if not isinstance(changed, dict) or not isinstance(values["valid_from"], date):
        raise TypeError("an edition needs a date and a table of categories")
    technique = {
        name: Counted(category=str(changed.get(name, each.category)), property=each.property)
        for name, each in shared.items()
    }
    return Rules(
        edition=str(values["edition"]),
        source=str(values["source"]),
        valid_from=values["valid_from"],
        technique=MappingProxyType(technique),
        rules=ways,
        unresolved=str(values["unresolved"]),
        separate_portions=str(values["separate_portions"]),
    )


def _by_property(usable: Sequence[Result], rules: Rules) -> dict[str, str]:
    """Return the best category of each property used: one property is one technique."""
    best: dict[str, str] = {}
    for result in usable:
        for each in rules.counted(result):
            best[each.property] = min(each.category, best.get(each.property, "C"))
    return best


def _met(rule: Rule, best: Mapping[str, str]) -> bool:
    kinds = list(best.values())
    return (
        len(kinds) >= rule.techniques
        and kinds.count("B") >= rule.category_b
        and (not rule.needs_category_a or "A" in kinds)
    )


def _what_more(usable: Sequence[Result], best: Mapping[str, str]) -> str:
    if "A" in best.values():
        done = ", ".join(sorted({r.technique for r in usable}))
        return f"a second technique that agrees (so far {done})"
    return "a technique of category A (infrared, Raman or mass spectrum)"


def _conditions(known: Sequence[Result], held: Sequence[Result]) -> list[str]:
    missing = []
    if any(not r.reviewed for r in known):
        missing.append("review of every result by a second person")
    if any(not r.raw_kept for r in known):
        missing.append("the raw file of every result")
    if any(not r.verified for r in known):
        missing.append("a run of every technique on an instrument whose verification is in date")
    against = sorted({r.technique for r in held if not r.positive})
    if against:
        missing.append(f"an explanation of what speaks against it: {', '.join(against)}")
    return missing


def _one_portion(results: Sequence[Result]) -> bool:
    return len({r.portion for r in results if r.portion}) < 2
