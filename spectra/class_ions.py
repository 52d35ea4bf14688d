"""What a class of substances shows in an electron-impact spectrum, as rules on ions.

The rules are data that a caller gives; this module says whether a spectrum meets them and which
part of the skeleton has changed. Knows no class by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from spectra.mass_scores import UnitSpectrum


@dataclass(frozen=True, slots=True, kw_only=True)
class IonGroup:
    """Masses of which one must be there.

    Parameters
    ----------
    label : str
        What the ion is, in words.
    mz : tuple of int
        The alternatives.
    min_relative : float
        Least height as a share of the base peak, 0 to 1.
    is_base : bool
        One of them must be the base peak.
    """

    label: str
    mz: tuple[int, ...]
    min_relative: float = 0.02
    is_base: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A part that may be lost: its mass in Da and its name."""

    mass: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentChain:
    """A molecule that falls apart in three known steps: first - second - third ion.

    The first ion is M minus the tail, the second the first minus the branch, the third the second
    minus ``core_loss``. ``unchanged`` gives the three ions and M of the class's parent, so that
    each difference belongs to one site: M - first to the tail, first - second to the branch, the
    third ion to the core.

    Parameters
    ----------
    tails, branches : tuple of Loss
    core_loss : int
    core_changes : frozenset of int
        What substituents can add to the core in Da; another reading is chance.
    early_core_loss : float
        Least height of the first ion less ``core_loss``, which some branches give instead of the
        second and third ion.
    unchanged : tuple of int
        M, first, second and third ion of the parent.
    sites : tuple of str
        Name of tail, branch and core, with the letters of the class definition.
    min_relative : tuple of float
        Least heights of the three ions, shares of the base peak.
    """

    tails: tuple[Loss, ...]
    branches: tuple[Loss, ...]
    core_loss: int
    core_changes: frozenset[int]
    early_core_loss: float
    unchanged: tuple[int, int, int, int]
    sites: tuple[str, str, str]
    min_relative: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class IonRule:
    """What ions speak for one class.

    Parameters
    ----------
    class_name : str
        The class in words, as it is printed.
    labels : frozenset of str
        The names libraries give the class, lower case.
    kin : frozenset of str
        Labels whose hits are no rivals of the class, lower case.
    groups : tuple of IonGroup
    min_groups : int
        How many of the groups must be met; those with ``is_base`` always must.
    chain : FragmentChain or None
        An alternative to the groups.
    measured : bool
        Whether the rule was tried on reference spectra of the class; False is printed as a reason
        against ("rule only").
    alone : bool
        Whether the ions alone may raise a class note when nothing in the library is like it.
    source : str
    """

    class_name: str
    labels: frozenset[str]
    kin: frozenset[str]
    groups: tuple[IonGroup, ...]
    min_groups: int
    chain: FragmentChain | None
    measured: bool
    alone: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFit:
    """The three ions of a chain as found, 0 where absent, and the change at each site in Da.

    ``early`` is the first ion less the core's loss, 0 where absent.
    """

    ions: tuple[int, int, int]
    tail: str
    branch: str
    tail_change: int
    branch_change: int
    core_change: int
    n_found: int
    early: int

    @property
    def complete(self) -> bool:
        """All three ions are there, so that each change has its site."""
        return self.n_found == len(self.ions)


@dataclass(frozen=True, slots=True, kw_only=True)
class IonEvidence:
    """What a spectrum shows of a class.

    Parameters
    ----------
    met : bool
        The rule is satisfied.
    ions : tuple of (int, str)
        m/z and what the ion is, those that were found.
    chain : ChainFit or None
    """

    met: bool
    ions: tuple[tuple[int, str], ...]
    chain: ChainFit | None


def relative_heights(spectrum: UnitSpectrum) -> dict[int, float]:
    """Return m/z to height as a share of the base peak."""
    if not spectrum.mz.size:
        return {}
    shares = spectrum.intensity / spectrum.intensity.max()
    return {int(m): float(share) for m, share in zip(spectrum.mz, shares, strict=True)}


def weigh_ions(rule: IonRule, spectrum: UnitSpectrum, mass: int | None) -> IonEvidence:
    """Return what a spectrum shows of a class.

    Parameters
    ----------
    rule : IonRule
    spectrum : UnitSpectrum
    mass : int or None
        Nominal molecular mass, measured or implied; without it a chain is not followed.
    """
    heights = relative_heights(spectrum)
    if not heights:
        return IonEvidence(met=False, ions=(), chain=None)
    base = max(heights, key=lambda m: heights[m])
    found: list[tuple[int, str]] = []
    n_met, all_bases = 0, True
    for group in rule.groups:
        present = [m for m in group.mz if heights.get(m, 0.0) >= group.min_relative]
        if group.is_base:
            present = [m for m in present if m == base]
            all_bases = all_bases and bool(present)
        if present:
            n_met += 1
            tallest = max(present, key=lambda m: heights[m])
            found.append((tallest, group.label))
    met = bool(rule.groups) and n_met >= rule.min_groups and all_bases
    fit = follow_chain(rule.chain, heights, mass) if rule.chain and mass is not None else None
    if rule.chain is not None and fit is not None:
        labels = ("M less the tail", "then less the branch", "then the ring cleaved", "ring first")
        found += [(m, label) for m, label in zip((*fit.ions, fit.early), labels, strict=True) if m]
        met = met or (fit.ions[0] > 0 and (fit.n_found >= 2 or fit.early > 0))
    return IonEvidence(met=met, ions=tuple(found), chain=fit)


def follow_chain(chain: FragmentChain, heights: dict[int, float], mass: int) -> ChainFit | None:
    """Return the reading of a chain that explains most ions, None if fewer than two are there.

    Equal numbers are decided by the heights, then by the parent's own tail and branch.
    """
    parent_mass, parent_first, parent_second, parent_third = chain.unchanged
    own_tail, own_branch = parent_mass - parent_first, parent_first - parent_second
    best: tuple[int, float, int] | None = None
    best_fit = None
    for tail, branch in product(chain.tails, chain.branches):
        first = mass - tail.mass
        second = first - branch.mass
        third = second - chain.core_loss
        core_change = third - parent_third
        if core_change not in chain.core_changes:
            continue
        shares = [heights.get(m, 0.0) for m in (first, second, third)]
        there = [s >= least for s, least in zip(shares, chain.min_relative, strict=True)]
        early = heights.get(first - chain.core_loss, 0.0) >= chain.early_core_loss
        if sum(there) + early < 2:
            continue
        known = int(tail.mass == own_tail) + int(branch.mass == own_branch)
        merit = (sum(there), sum(s for s, t in zip(shares, there, strict=True) if t), known)
        if best is None or merit > best:
            best = merit
            best_fit = ChainFit(
                ions=(first * there[0], second * there[1], third * there[2]),
                tail=tail.label,
                branch=branch.label,
                tail_change=tail.mass - own_tail,
                branch_change=branch.mass - own_branch,
                core_change=core_change,
                n_found=sum(there),
                early=(first - chain.core_loss) * early,
            )
    return best_fit
