"""The parts of a class's skeleton and the ions that hold each: data for `spectra.change_site`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A part of the class's skeleton.

    Parameters
    ----------
    id, words : str
    letters : tuple of str
        Of the class's legal definition, where it has letters.
    changes : frozenset of int
        Mass differences in Da that substances of the class have shown there.
    side : str
        Sites of one side move the same tall ions; a reading names the side, not the site.
    """

    id: str
    words: str
    letters: tuple[str, ...] = ()
    changes: frozenset[int] = frozenset()
    side: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteIon:
    """An ion and the sites it holds.

    Parameters
    ----------
    words : str
    mz : int
        In the parent's spectrum.
    sites : frozenset of int
        Indices of the sites it holds; a change at any of them moves it.
    seen : float
        Share of the class's spectra that show it, 0 to 1.
    min_relative : float
        Least height as a share of the base peak.
    """

    words: str
    mz: int
    sites: frozenset[int]
    seen: float
    min_relative: float


@dataclass(frozen=True, kw_only=True)
class SiteRule:
    """The sites and ions of one class, with the nominal mass of its parent in Da.

    ``labels`` are the names libraries give the class, lower case; ``source`` says where from.
    ``measured`` says whether it was tried on reference spectra of the class: else nothing is sure.
    """

    class_name: str
    labels: frozenset[str]
    parent: str
    parent_mass: int
    sites: tuple[Site, ...]
    ions: tuple[SiteIon, ...]
    source: str = ""
    measured: bool = True

    @cached_property
    def by_side(self) -> SiteRule:
        """The rule that readings use: sites of one side are one, ions of half a side left out."""
        sides = list(dict.fromkeys(site.side or site.id for site in self.sites))
        members = [
            frozenset(at for at, site in enumerate(self.sites) if (site.side or site.id) == side)
            for side in sides
        ]
        if len(members) == len(self.sites):
            return self
        ions = [ion for ion in self.ions if all(_whole(ion.sites, each) for each in members)]
        return replace(
            self,
            sites=tuple(self._one(each) for each in members),
            ions=tuple(
                replace(
                    ion,
                    sites=frozenset(at for at, each in enumerate(members) if each & ion.sites),
                )
                for ion in ions
            ),
        )

    def _one(self, members: frozenset[int]) -> Site:
        sites = [self.sites[at] for at in sorted(members)]
        if len(sites) == 1:
            return sites[0]
        both = {a + b for a in (0, *sites[0].changes) for b in (0, *sites[1].changes)} - {0}
        return Site(id=sites[0].side, words=f"the {sites[0].side}", changes=frozenset(both))

    def against(self, reference: str, changes: Mapping[int, int]) -> SiteRule:
        """Return the rule as seen from another substance of the class.

        Parameters
        ----------
        reference : str
            What it is called in words.
        changes : mapping of site index to Da
            How it differs from the parent.
        """
        if not changes:
            return replace(self, parent=reference)
        sites = tuple(
            replace(site, changes=frozenset(d - changes.get(at, 0) for d in (0, *site.changes)))
            for at, site in enumerate(self.sites)
        )
        ions = tuple(
            replace(ion, mz=mz) for ion, mz in zip(self.ions, self.moved(changes), strict=True)
        )
        mass = self.parent_mass + sum(changes.values())
        return replace(self, parent=reference, parent_mass=mass, sites=sites, ions=ions)

    def moved(self, changes: Mapping[int, int]) -> tuple[int, ...]:
        """Return the m/z of every ion for changes in Da by site index, in the rule's order."""
        return tuple(ion.mz + sum(changes.get(site, 0) for site in ion.sites) for ion in self.ions)


def _whole(held: frozenset[int], side: frozenset[int]) -> bool:
    return side <= held or not side & held
