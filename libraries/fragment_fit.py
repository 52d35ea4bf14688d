"""How much of a spectrum the single cleavages of a structure explain: a coarse check of any class.

Breaks one bond at a time, outside rings, and compares masses. No energies, no rearrangements but
one hydrogen either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectra.mass_scores import UnitSpectrum

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_LEAST_MZ = 30
# Below a hundredth of the base peak are isotopes and traces.
_LEAST_RELATIVE = 0.01


def explained(molecule: Mol, spectrum: UnitSpectrum) -> float:
    """Return the share of a spectrum at masses that one cleavage of a structure gives, 0 to 1.

    Peaks weigh √I·m; a cleavage counts at its mass, and with one hydrogen more or less.
    """
    kept = (spectrum.mz >= _LEAST_MZ) & (
        spectrum.intensity >= _LEAST_RELATIVE * spectrum.intensity.max(initial=0.0)
    )
    if not kept.any():
        return 0.0
    mz = spectrum.mz[kept]
    weights = np.sqrt(spectrum.intensity[kept]) * mz
    predicted = cleavages(molecule)
    there = np.isin(mz, np.fromiter(predicted, dtype=np.int64, count=len(predicted)))
    return float(weights[there].sum() / weights.sum())


def cleavages(molecule: Mol) -> frozenset[int]:
    """Return the nominal masses of both parts of each single bond broken, ±1 hydrogen, and M."""
    from libraries.change_parts import atom_masses

    masses = atom_masses(molecule)
    whole = sum(masses)
    found = {whole}
    neighbours = [[b.GetIdx() for b in atom.GetNeighbors()] for atom in molecule.GetAtoms()]
    for bond in molecule.GetBonds():
        if bond.IsInRing():
            continue
        begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        part = _side(neighbours, begin, end, masses)
        for mass in (part, whole - part):
            found.update((mass - 1, mass, mass + 1))
    return frozenset(found)


def _side(neighbours: list[list[int]], begin: int, end: int, masses: list[int]) -> int:
    """Return the mass of the part on the side of ``begin`` when begin-end is broken."""
    seen = {begin, end}
    queue = [begin]
    mass = 0
    while queue:
        here = queue.pop()
        mass += masses[here]
        for there in neighbours[here]:
            if there not in seen:
                seen.add(there)
                queue.append(there)
    return mass
