"""The parts of a structure that a class's site rules speak of, and what each part weighs.

Tells how a structure differs from the parent of its class, site by site, in whole daltons, so that
ions can be predicted for it by the rules that read spectra. RDKit is imported only when asked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from libraries import structure
from libraries.site_rules import SiteCore

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Mol

_MAX_MATCHES = 32
_NOMINAL = {1: 1, 5: 11, 6: 12, 7: 14, 8: 16, 9: 19, 14: 28, 15: 31, 16: 32, 17: 35, 35: 79}
_NOMINAL |= {53: 127}


def nominal_mass(molecule: Mol) -> int:
    """Return the nominal mass of a molecule in Da, by the commonest isotope of each element.

    The monoisotopic mass rounded: no drug is so rich in hydrogen that this differs.
    """
    from rdkit.Chem.rdMolDescriptors import CalcExactMolWt

    return int(CalcExactMolWt(molecule) + 0.5)


def atom_masses(molecule: Mol) -> list[int]:
    """Return the nominal mass of each atom with its hydrogens, 0 for elements no drug holds."""
    return [_weight(atom) for atom in molecule.GetAtoms()]


def changes_of(core: SiteCore, molecule: Mol) -> dict[int, int] | None:
    """Return how a structure differs from its class's parent: Da by site index, zeros left out.

    None where the structure does not have the core. Of several ways to lay the core on it, the one
    with the fewest changed sites is taken, then the one with the smallest changes.
    """
    parent = _parent_masses(core)
    best: tuple[tuple[int, int], dict[int, int]] | None = None
    for smarts in core.patterns:
        for masses in _laid(core, smarts, molecule):
            changes = {
                at: mass - own
                for at, (mass, own) in enumerate(zip(masses, parent, strict=True))
                if mass != own
            }
            merit = len(changes), sum(abs(change) for change in changes.values())
            if best is None or merit < best[0]:
                best = merit, changes
        if best is not None:
            break
    return None if best is None else best[1]


def sites_of_atoms(core: SiteCore, molecule: Mol) -> dict[int, int] | None:
    """Return the site index of every atom, for the first way the core lies on the structure."""
    for smarts in core.patterns:
        pattern = structure.pattern(smarts)
        match = molecule.GetSubstructMatch(pattern)
        if match:
            return _assigned(core, pattern, match, molecule)
    return None


def _laid(core: SiteCore, smarts: str, molecule: Mol) -> list[list[int]]:
    """Return the mass of each site for every way the core lies on the structure."""
    pattern = structure.pattern(smarts)
    weights = atom_masses(molecule)
    found = []
    for match in molecule.GetSubstructMatches(pattern, uniquify=False, maxMatches=_MAX_MATCHES):
        masses = [0] * len(core.atoms)
        for atom, site in _assigned(core, pattern, match, molecule).items():
            masses[site] += weights[atom]
        found.append(masses)
    return found


def _assigned(
    core: SiteCore, pattern: Mol, match: tuple[int, ...], molecule: Mol
) -> dict[int, int]:
    """Return the site of every atom: the core's own, and what hangs on each, nearest first."""
    by_number = {number: site for site, numbers in enumerate(core.atoms) for number in numbers}
    owner: dict[int, int] = {}
    for at, atom in enumerate(pattern.GetAtoms()):
        site = by_number.get(atom.GetAtomMapNum())
        if site is not None:
            owner[match[at]] = site
    queue = deque(sorted(owner))
    while queue:
        here = queue.popleft()
        for neighbour in molecule.GetAtomWithIdx(here).GetNeighbors():
            there = neighbour.GetIdx()
            if there not in owner:
                owner[there] = owner[here]
                queue.append(there)
    return owner


def _weight(atom: Atom) -> int:
    own = _NOMINAL.get(atom.GetAtomicNum(), 0)
    return own + int(atom.GetTotalNumHs()) if own else 0


@lru_cache(maxsize=64)
def _parent_masses(core: SiteCore) -> tuple[int, ...]:
    molecule = structure.parse(core.parent_smiles)
    for smarts in core.patterns:
        laid = _laid(core, smarts, molecule)
        if laid:
            return tuple(laid[0])
    return tuple(0 for _ in core.atoms)


def words_of(words: Sequence[str], changes: Mapping[int, int]) -> str:
    """Return changes in words; ``words`` names the sites in the rule's order."""
    return "; ".join(f"{change:+d} at {words[at]}" for at, change in sorted(changes.items()))
