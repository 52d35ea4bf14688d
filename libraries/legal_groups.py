"""What hangs on a core, and which of the groups that legal definitions name it is.

Group names and their SMARTS are data (``data/substituents.toml``). Knows no rule and no law.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from libraries import structure, substances
from libraries.errors import LibraryError

if TYPE_CHECKING:
    from rdkit.Chem import Mol


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A substituent as a definition names it; see the head of the data file."""

    name: str
    words: str
    start: str
    only: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    hetero: int | None = None
    bridge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Everything that hangs on one atom of a core by one bond.

    Parameters
    ----------
    site, start : int
        The core's atom and the branch's first atom.
    atoms : frozenset of int
        Of the branch, without the core.
    touches : frozenset of int
        Every core atom it is bound to; more than ``site`` where it closes a ring.
    bonds : int
        How many bonds lead from it to the core.
    """

    site: int
    start: int
    atoms: frozenset[int]
    touches: frozenset[int]
    bonds: int

    @property
    def is_plain(self) -> bool:
        """Whether it hangs on one bond only."""
        return self.bonds == 1

    @property
    def is_cycle(self) -> bool:
        """Whether it comes back to the same atom, as pyrrolidine's carbons do to nitrogen."""
        return self.bonds > 1 and self.touches == {self.site}


@cache
def groups() -> Mapping[str, Group]:
    """Return every named group.

    Raises
    ------
    LibraryError
        The package's own file is missing or damaged.
    """
    path = substances.DATA_FOLDER / "substituents.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            name: Group(
                name=name,
                words=each["words"],
                start=each["start"],
                only=tuple(each.get("only", ())),
                needs=tuple(each.get("needs", ())),
                hetero=each.get("hetero"),
                bridge=each.get("bridge", False),
            )
            for name, each in data.items()
        }
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise LibraryError(
            f"the substituents cannot be read: {fault}", hint="Install fol-lims again."
        ) from fault


def named(text: str) -> tuple[Group, int | None]:
    """Return the group and its greatest number of carbons of ``alkyl`` or ``alkyl:6``.

    Raises
    ------
    LibraryError
        There is no such group, or the number is none.
    """
    name, colon, size = text.partition(":")
    found = groups().get(name)
    if found is None or (colon and not (size.isascii() and size.isdigit() and len(size) < 3)):
        raise LibraryError(
            f"{text[:40]!r} is no group of substituents", hint=f"One of {', '.join(groups())}."
        )
    return found, int(size) if size else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """One molecule around one core: its branches, and what each is. Matches are looked up once."""

    molecule: Mol
    core: frozenset[int]
    _seen: dict[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)

    def branches(self, site: int) -> Iterator[Branch]:
        """Yield what hangs on a core atom, hydrogen left out."""
        for neighbour in self.molecule.GetAtomWithIdx(site).GetNeighbors():
            start = neighbour.GetIdx()
            if start not in self.core and neighbour.GetAtomicNum() > 1:
                yield self._branch(site, start)

    def _branch(self, site: int, start: int) -> Branch:
        atoms, touches, bonds, waiting = {start}, set(), 0, [start]
        while waiting:
            for neighbour in self.molecule.GetAtomWithIdx(waiting.pop()).GetNeighbors():
                index = neighbour.GetIdx()
                if index in self.core:
                    touches.add(index)
                    bonds += 1
                elif index not in atoms:
                    atoms.add(index)
                    waiting.append(index)
        return Branch(
            site=site,
            start=start,
            atoms=frozenset(atoms),
            touches=frozenset(touches),
            bonds=bonds,
        )

    def is_a(self, branch: Branch, text: str) -> bool:
        """Return whether a branch is the group that ``alkyl`` or ``alkyl:6`` names."""
        group, size = named(text)
        heavy = [self.molecule.GetAtomWithIdx(index) for index in branch.atoms]
        carbons = sum(atom.GetAtomicNum() == 6 for atom in heavy)
        hetero = sum(atom.GetAtomicNum() not in (1, 6) for atom in heavy)
        if size is not None and carbons > size:
            return False
        if group.hetero is not None and hetero != group.hetero:
            return False
        if not any(match[0] == branch.start for match in self._matches(group.start)):
            return False
        if group.only and not branch.atoms <= self._atoms(group.only):
            return False
        return all(self._inside(need, branch.atoms) for need in group.needs)

    def _matches(self, smarts: str) -> tuple[tuple[int, ...], ...]:
        if smarts not in self._seen:
            self._seen[smarts] = self.molecule.GetSubstructMatches(
                structure.pattern(smarts), uniquify=False, maxMatches=2000
            )
        return self._seen[smarts]

    def _atoms(self, smarts: tuple[str, ...]) -> set[int]:
        return {match[0] for one in smarts for match in self._matches(one)}

    def _inside(self, smarts: str, atoms: frozenset[int]) -> bool:
        return any(atoms.issuperset(match) for match in self._matches(smarts))
