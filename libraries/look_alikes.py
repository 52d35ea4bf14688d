"""Known substances that would look like an unidentified one: its class, its mass, its ions.

A group to be named together, never an answer: the table holds what has been met, and what has not
been met may look the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from libraries import class_members
from libraries.site_rules import ClassSites
from spectra.change_site import agreement
from spectra.mass_scores import UnitSpectrum

# Log-likelihoods nearer than this are not told apart, as in `spectra.change_site`.
_APART = 2.0
_MOST = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlikes:
    """Substances of one formula that the ions do not part.

    ``names`` in the order of the table; ``agreement`` of the best of them with the ions.
    """

    formula: str
    names: tuple[str, ...]
    agreement: float


def look_alikes(sites: ClassSites, spectrum: UnitSpectrum, mass: int) -> tuple[LookAlikes, ...]:
    """Return the known substances of a class and mass that the ions speak for, by formula.

    Parameters
    ----------
    sites : ClassSites
        Of the class.
    spectrum : UnitSpectrum
    mass : int
        Nominal molecular mass in Da.

    Returns
    -------
    tuple of LookAlikes
        The best first; only those within what the ions tell apart of the best known one, and none
        where the ions speak against all.
    """
    scored = [
        (agreement(sites.rule, spectrum, each.by_site(sites)), each.substance)
        for each in class_members.of_mass(sites.rule.class_name, mass)
    ]
    best = max((score for score, _ in scored), default=0.0)
    if best <= 0:
        return ()
    groups: dict[str, list[tuple[float, str]]] = {}
    for score, substance in scored:
        if score > best - _APART:
            groups.setdefault(substance.formula, []).append((score, substance.name))
    found = [
        LookAlikes(
            formula=formula,
            names=tuple(name for _, name in members[:_MOST]),
            agreement=round(max(score for score, _ in members), 3),
        )
        for formula, members in groups.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.agreement, each.formula)))
