"""Where a molecule differs from the parent of its class, read from the ions that moved.

Each ion of a rule holds some sites of the skeleton, so a change at a site moves these ions and no
others. Every way of placing the mass difference is tried; what the ions do not tell apart is named
together. The rules are data that a caller gives; no class is known here by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from spectra.class_ions import relative_heights
from spectra.mass_scores import UnitSpectrum
from spectra.site_rule import Site, SiteRule

# Farther from the parent than this nothing is said: too many ways lead there.
_MAX_TOTAL = 240
# Each changed site beyond the first must be paid for: two changes fit twice as much by chance.
_COST_OF_SITE = 2.0
# A change that no list names for the site is still read, where the ions insist.
_COST_OF_UNLISTED = 1.5
# Ways closer than this in log-likelihood are not told apart.
_APART = 2.0
# A sure statement rests on this many ions that every other way leaves unexplained.
_IONS_OF_A_SURE_SITE = 2
# An ion that so many spectra of the class show must be there.
_ALWAYS = 0.9
_WINDOW_DA = 20
_LEAST_CHANCE, _MOST_CHANCE = 0.03, 0.8


class Certainty(StrEnum):
    """How far the ions carry a statement about the site."""

    SURE = "sure"
    LIKELY = "likely"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChange:
    """One change: its size in Da and the sites it may sit at, which the ions do not part."""

    change_da: int
    sites: tuple[Site, ...]

    @property
    def letters(self) -> tuple[str, ...]:
        """Letters of the legal definition for these sites, sorted."""
        return tuple(sorted({letter for site in self.sites for letter in site.letters}))

    @property
    def text(self) -> str:
        """The change in words, for example ``+14 at the acyl group (E)``."""
        where = " or ".join(site.words for site in self.sites)
        letters = f" ({' or '.join(self.letters)})" if self.letters else ""
        return f"{self.change_da:+d} at {where}{letters}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReading:
    """What the ions say of the site.

    Parameters
    ----------
    certainty : Certainty
    changes : tuple of SiteChange
        Against the class's parent; empty where nothing is shown, or where nothing changed.
    ions : tuple of (int, str)
        The ions it rests on, as found.
    parent : str
    reason : str
        Why it is not sure, or why nothing is shown.
    support : mapping of site id to float
        Share of the likelihood of the ways that change this site, 0 to 1; for ranking.
    """

    certainty: Certainty
    changes: tuple[SiteChange, ...] = ()
    ions: tuple[tuple[int, str], ...] = ()
    parent: str = ""
    reason: str = ""
    support: Mapping[str, float] = field(default_factory=dict)

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of all changes, sorted; empty where nothing is shown."""
        return tuple(sorted({letter for change in self.changes for letter in change.letters}))

    @property
    def text(self) -> str:
        """One line a person may read."""
        if self.certainty is Certainty.NOT_SHOWN:
            return f"site not shown by the ions: {self.reason}"
        said = "; ".join(change.text for change in self.changes) or "no part changed"
        return f"{self.certainty}: {said}, against {self.parent}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One way of placing the difference, and how well the ions bear it out."""

    changes: tuple[tuple[int, int], ...]
    score: float
    found: frozenset[tuple[int, int]]
    """Each ion that is there: its m/z and its place in the rule."""

    @property
    def masses(self) -> frozenset[int]:
        """The m/z that this way explains."""
        return frozenset(mz for mz, _ in self.found)


def read_site(
    rule: SiteRule, spectrum: UnitSpectrum, mass: int, *, mass_is_measured: bool
) -> SiteReading:
    """Return where a substance of a class differs from the class's parent.

    Parameters
    ----------
    rule : SiteRule
    spectrum : UnitSpectrum
    mass : int
        Nominal molecular mass in Da.
    mass_is_measured : bool
        From a soft source or a molecular ion; nothing is sure where it was only implied.

    Notes
    -----
    A way is scored as a likelihood ratio: an ion found where the way puts it counts
    log(seen / chance), a missing one log((1 - seen) / (1 - chance)), with the chance taken from
    how crowded the spectrum is around that mass.
    """
    rule = rule.by_side
    total = mass - rule.parent_mass
    if abs(total) > _MAX_TOTAL:
        return _silent(rule, f"{total:+d} from {rule.parent} is too far to read")
    heights = relative_heights(spectrum)
    ways = sorted(_ways(rule, heights, total), key=lambda way: (-way.score, way.changes))
    best = ways[0]
    support = _support(rule, ways)
    if best.score <= 0 or not best.found:
        return _silent(rule, "the ions of the class are not there", support)
    near = [way for way in ways if way.score > best.score - _APART]
    merged = _merged(rule, near)
    if merged is None:
        return _silent(rule, "the ions fit more than one way", support)
    reason = "" if rule.measured else "rule only: not tried on reference spectra of the class"
    reason = (
        reason
        or _doubt(best, ways[len(near) :], mass_is_measured=mass_is_measured)
        or _missing(rule, heights, best)
    )
    return SiteReading(
        certainty=Certainty.LIKELY if reason else Certainty.SURE,
        changes=merged,
        ions=_ion_words(rule, best),
        parent=rule.parent,
        reason=reason,
        support=support,
    )


def agreement(rule: SiteRule, spectrum: UnitSpectrum, changes: Mapping[int, int]) -> float:
    """Return how well the ions bear out given changes, as a log-likelihood ratio.

    Parameters
    ----------
    changes : mapping of site index to Da
        Against the class's parent.
    """
    return _judged(rule, relative_heights(spectrum), tuple(sorted(changes.items()))).score


def found_ions(
    rule: SiteRule, spectrum: UnitSpectrum, changes: Mapping[int, int]
) -> tuple[tuple[int, str], ...]:
    """Return the ions that given changes predict and the spectrum shows."""
    way = _judged(rule, relative_heights(spectrum), tuple(sorted(changes.items())))
    return _ion_words(rule, way)


def _silent(rule: SiteRule, reason: str, support: Mapping[str, float] | None = None) -> SiteReading:
    return SiteReading(
        certainty=Certainty.NOT_SHOWN, parent=rule.parent, reason=reason, support=support or {}
    )


def _ways(rule: SiteRule, heights: Mapping[int, float], total: int) -> Iterator[_Way]:
    """Yield every placing of the difference at no, one or two sites."""
    chances: dict[tuple[int, float], float] = {}
    if total == 0:
        yield _judged(rule, heights, (), chances=chances)
    for first, site in enumerate(rule.sites):
        if total:
            cost = 0.0 if total in site.changes else _COST_OF_UNLISTED
            yield _judged(rule, heights, ((first, total),), cost, chances)
        for second in range(first + 1, len(rule.sites)):
            other = rule.sites[second].changes
            for change in sorted(site.changes):
                if change and change != total and total - change in other:
                    both = ((first, change), (second, total - change))
                    yield _judged(rule, heights, both, _COST_OF_SITE, chances)


def _judged(
    rule: SiteRule,
    heights: Mapping[int, float],
    changes: tuple[tuple[int, int], ...],
    cost: float = 0.0,
    chances: dict[tuple[int, float], float] | None = None,
) -> _Way:
    score = -cost
    known = {} if chances is None else chances
    found: set[tuple[int, int]] = set()
    seen_at: set[int] = set()
    for at, (mz, ion) in enumerate(zip(rule.moved(dict(changes)), rule.ions, strict=True)):
        if mz < 2 or mz in seen_at:
            continue
        seen_at.add(mz)
        key = mz, ion.min_relative
        chance = known[key] if key in known else known.setdefault(key, _chance(heights, *key))
        if heights.get(mz, 0.0) >= ion.min_relative:
            found.add((mz, at))
            score += math.log(max(ion.seen, chance) / chance)
        else:
            score += math.log((1.0 - max(ion.seen, chance)) / (1.0 - chance))
    return _Way(changes=changes, score=score, found=frozenset(found))


def _chance(heights: Mapping[int, float], mz: int, least: float) -> float:
    """Return how often a mass near this one is that tall anyway, the mass itself left out."""
    around = range(max(2, mz - _WINDOW_DA), mz + _WINDOW_DA + 1)
    tall = sum(heights.get(m, 0.0) >= least for m in around if m != mz)
    return min(max(tall / len(around), _LEAST_CHANCE), _MOST_CHANCE)


def _support(rule: SiteRule, ways: list[_Way]) -> dict[str, float]:
    best = ways[0].score
    weights = [math.exp(way.score - best) for way in ways]
    whole = sum(weights)
    found = dict.fromkeys((site.id for site in rule.sites), 0.0)
    for way, weight in zip(ways, weights, strict=True):
        for at, _ in way.changes:
            found[rule.sites[at].id] += weight / whole
    return {name: round(share, 4) for name, share in found.items()}


def _merged(rule: SiteRule, near: list[_Way]) -> tuple[SiteChange, ...] | None:
    """Return the ways that are not told apart as one statement, None where they share too little.

    They must have the same changes in Da, each at sites of its own and not at every site.
    """
    sizes = tuple(sorted(change for _, change in near[0].changes))
    if any(tuple(sorted(change for _, change in way.changes)) != sizes for way in near):
        return None
    places: list[set[int]] = [set() for _ in sizes]
    for way in near:
        ordered = sorted(way.changes, key=lambda each: (each[1], each[0]))
        for at, (site, _) in enumerate(ordered):
            places[at].add(site)
    named: set[int] = set().union(*places)
    shared = sum(len(each) for each in places) > len(named)
    if shared or any(len(each) == len(rule.sites) for each in places):
        return None
    return tuple(
        SiteChange(change_da=size, sites=tuple(rule.sites[site] for site in sorted(where)))
        for size, where in zip(sizes, places, strict=True)
    )


def _doubt(best: _Way, others: list[_Way], *, mass_is_measured: bool) -> str:
    """Return why a reading is not sure, or an empty text."""
    if not mass_is_measured:
        return "the molecular mass is only implied"
    for other in others:
        # Ions at places the other way does not predict, less those that only the other explains.
        margin = len(best.masses - other.masses) - len(other.masses - best.masses)
        if margin < _IONS_OF_A_SURE_SITE:
            return f"fewer than {_IONS_OF_A_SURE_SITE} ions tell it from another way"
    return ""


def _missing(rule: SiteRule, heights: Mapping[int, float], best: _Way) -> str:
    """Return which tall ion the best way does not account for, or an empty text."""
    base = max(heights, key=lambda mz: heights[mz])
    if base not in best.masses:
        return f"the base peak, {base}, is none of the ions this reading predicts"
    places = {at for _, at in best.found}
    lacking = [ion for at, ion in enumerate(rule.ions) if ion.seen >= _ALWAYS and at not in places]
    return f"the ion of {lacking[0].words} is missing" if lacking else ""


def _ion_words(rule: SiteRule, way: _Way) -> tuple[tuple[int, str], ...]:
    return tuple((mz, rule.ions[at].words) for mz, at in sorted(way.found, key=lambda e: e[1]))
