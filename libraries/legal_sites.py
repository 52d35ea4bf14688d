"""The site-by-site structural test of the United States definition of fentanyl-related substances.

One core, then for each site: is it changed, and is the change one the definition lists? The
letters, lists and words are data; what a site is, is here. Not legal advice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from libraries import structure
from libraries.errors import LibraryError
from libraries.legal_reading import Reading

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Mol


@dataclass(frozen=True, slots=True, kw_only=True)
class _Core:
    """Where the numbered atoms of the core lie in one molecule."""

    acyl: int
    nitrogen: int
    aryl: int
    piperidine: tuple[int, ...]
    ring_nitrogen: int
    ethylene: tuple[int, int]
    tail: int

    @property
    def atoms(self) -> frozenset[int]:
        return frozenset(
            (self.acyl, self.nitrogen, self.aryl, *self.piperidine, *self.ethylene, self.tail)
        )


class _NotMet(Exception):  # noqa: N818 - control flow inside this module only
    """A match of the core fails; the text says why."""


def read_sites(test: Mapping[str, object], molecule: Mol) -> Reading:
    """Return whether a molecule meets the definition, by which letters, and why.

    Every match of the core is tried; the first that meets it answers, else the reason of the
    first that does not.
    """
    refusals: list[str] = []
    for core in _cores(test, molecule):
        try:
            letters = _letters(test, molecule, core)
        except _NotMet as why:
            refusals.append(str(why))
            continue
        if not letters:
            refusals.append("no modification: this is fentanyl's own skeleton")
            continue
        words = cast("Mapping[str, str]", test["letters"])
        reasons = tuple(f"{letter}: {words[letter]}" for letter in letters)
        return Reading(met=True, letters=letters, reasons=reasons)
    reason = refusals[0] if refusals else str(test["reason_no_core"])
    return Reading(met=False, letters=(), reasons=(reason,))


def check(test: Mapping[str, object]) -> None:
    """Raise `LibraryError` unless a test has the core, letters and lists this module reads."""
    numbers = {atom.GetAtomMapNum() for atom in structure.pattern(str(test.get("core"))).GetAtoms()}
    if not set(range(1, 14)) <= numbers:
        raise LibraryError("the core of a test by sites numbers its atoms from 1 to 13")
    for name in ("letters", "lists", "starts"):
        if not isinstance(test.get(name), dict):
            raise LibraryError(f"a test by sites lacks {name}")
    letters = cast("Mapping[str, str]", test["letters"])
    missing = sorted(set("ABCDE") - set(letters))
    if missing or not test.get("reason_no_core"):
        raise LibraryError(f"a test by sites lacks words: {missing or 'reason_no_core'}")
    for which in ("phenethyl", "piperidine"):
        if which not in cast("Mapping[str, object]", test["lists"]):
            raise LibraryError(f"a test by sites lacks the list {which}")
        _starts(test, which)


def _cores(test: Mapping[str, object], molecule: Mol) -> Iterator[_Core]:
    pattern = structure.pattern(str(test["core"]))
    matches = molecule.GetSubstructMatches(pattern, uniquify=True, maxMatches=32)
    if not matches:
        return
    number = {atom.GetAtomMapNum(): atom.GetIdx() for atom in pattern.GetAtoms()}
    for match in matches:
        at = {label: match[index] for label, index in number.items() if label}
        yield _Core(
            acyl=at[1],
            nitrogen=at[3],
            aryl=at[4],
            piperidine=(at[5], at[6], at[7], at[8], at[12], at[13]),
            ring_nitrogen=at[8],
            ethylene=(at[9], at[10]),
            tail=at[11],
        )


def _letters(test: Mapping[str, object], molecule: Mol, core: _Core) -> tuple[str, ...]:
    found = {
        *_tail_letters(test, molecule, core),
        *_piperidine_letters(test, molecule, core),
        *_aniline_letters(molecule, core),
        *_acyl_letters(molecule, core),
    }
    return tuple(sorted(found))


def _tail_letters(test: Mapping[str, object], molecule: Mol, core: _Core) -> Iterator[str]:
    listed = _starts(test, "phenethyl")
    for atom in core.ethylene:
        for start in _substituents(molecule, atom, core.atoms):
            if not _is_listed(molecule, atom, start, listed):
                raise _NotMet("substituent on the ethylene of the phenethyl group not in list B")
            yield "B"
    ring = _monocycle(molecule, core.tail)
    if ring is None:
        raise _NotMet("the ring on the ethylene is not a monocycle")
    if not _is_phenyl_ring(molecule, ring):
        yield "A"
        return
    for atom in ring:
        for start in _substituents(molecule, atom, core.atoms | ring):
            yield "B" if _is_listed(molecule, atom, start, listed) else "A"


def _piperidine_letters(test: Mapping[str, object], molecule: Mol, core: _Core) -> Iterator[str]:
    listed = _starts(test, "piperidine")
    ring = frozenset(core.piperidine)
    for atom in core.piperidine:
        for start in _substituents(molecule, atom, core.atoms):
            if not _is_listed(molecule, atom, start, listed):
                raise _NotMet("substituent on piperidine not in list C")
            if _closes_ring(molecule, start, ring):
                raise _NotMet("the piperidine is fused or bridged to another ring")
            yield "C"


def _aniline_letters(molecule: Mol, core: _Core) -> Iterator[str]:
    ring = _monocycle(molecule, core.aryl)
    if ring is None or not all(molecule.GetAtomWithIdx(a).GetIsAromatic() for a in ring):
        raise _NotMet("the aryl group on the amide nitrogen is not an aromatic monocycle")
    substituted = any(
        next(_substituents(molecule, atom, core.atoms | ring), None) is not None for atom in ring
    )
    if substituted or not _is_phenyl_ring(molecule, ring):
        yield "D"


def _acyl_letters(molecule: Mol, core: _Core) -> Iterator[str]:
    """Yield E unless the acyl group is CH3-CH2-C(=O)."""
    outer = [
        atom
        for atom in molecule.GetAtomWithIdx(core.acyl).GetNeighbors()
        if atom.GetIdx() != core.nitrogen and atom.GetAtomicNum() != 8
    ]
    alpha = outer[0] if len(outer) == 1 else None
    if alpha is None or not _is_alkyl_carbon(alpha, hydrogens=2):
        yield "E"
        return
    beta = [atom for atom in alpha.GetNeighbors() if atom.GetIdx() != core.acyl]
    if len(beta) != 1 or not _is_alkyl_carbon(beta[0], hydrogens=3):
        yield "E"


def _is_alkyl_carbon(atom: Atom, hydrogens: int) -> bool:
    # A deuterium counts as hydrogen: a labelled standard is the same substance in law.
    heavy = sum(neighbour.GetAtomicNum() > 1 for neighbour in atom.GetNeighbors())
    return bool(
        atom.GetAtomicNum() == 6
        and not atom.GetIsAromatic()
        and heavy == 4 - hydrogens
        and atom.GetHybridization().name == "SP3"
    )


def _substituents(molecule: Mol, atom: int, core: frozenset[int]) -> Iterator[int]:
    """Yield the first atom of every substituent on an atom, hydrogen and the core left out."""
    for neighbour in molecule.GetAtomWithIdx(atom).GetNeighbors():
        index = neighbour.GetIdx()
        if index not in core and neighbour.GetAtomicNum() > 1:
            yield index


def _starts(test: Mapping[str, object], which: str) -> list[Mol]:
    lists = cast("Mapping[str, list[str]]", test["lists"])
    starts = cast("Mapping[str, str]", test["starts"])
    unknown = [name for name in lists[which] if name not in starts]
    if unknown:
        raise LibraryError(f"the definition lists groups it does not describe: {unknown}")
    return [structure.pattern(starts[name]) for name in lists[which]]


def _is_listed(molecule: Mol, site: int, start: int, listed: list[Mol]) -> bool:
    """Return whether a substituent begins, at its first atom, as one of the listed groups."""
    return any(
        match[0] == start and site not in match
        for pattern in listed
        for match in molecule.GetSubstructMatches(pattern, uniquify=False)
    )


def _rings_of(molecule: Mol, atom: int) -> list[frozenset[int]]:
    return [frozenset(ring) for ring in molecule.GetRingInfo().AtomRings() if atom in ring]


def _monocycle(molecule: Mol, atom: int) -> frozenset[int] | None:
    """Return the one ring of an atom if it shares no bond with another ring, else None."""
    rings = _rings_of(molecule, atom)
    if len(rings) != 1:
        return None
    others = (frozenset(ring) for ring in molecule.GetRingInfo().AtomRings())
    shares = any(other != rings[0] and len(other & rings[0]) > 1 for other in others)
    return None if shares else rings[0]


def _is_phenyl_ring(molecule: Mol, ring: frozenset[int]) -> bool:
    atoms = [molecule.GetAtomWithIdx(index) for index in ring]
    return len(atoms) == 6 and all(a.GetAtomicNum() == 6 and a.GetIsAromatic() for a in atoms)


def _closes_ring(molecule: Mol, start: int, ring: frozenset[int]) -> bool:
    return any(start in found and len(found & ring) > 1 for found in _rings_of(molecule, start))
