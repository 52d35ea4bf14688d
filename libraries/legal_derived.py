"""The structural test of definitions of the form "derived from X by modification in these ways".

A core with numbered atoms, sites on it, and for each site the groups the definition allows. What
is allowed is data; what it means to hang on a core is in `libraries.legal_groups`. Every heavy atom
of the molecule must be core or allowed, so that a change the text does not list is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from libraries import legal_groups, structure
from libraries.errors import LibraryError
from libraries.legal_fields import only_fields
from libraries.legal_groups import Around, Branch
from libraries.legal_reading import Reading

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_MAX_CORES = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place of a core where a definition allows changes.

    Parameters
    ----------
    name : str
        In words, for reasons.
    atoms : tuple of int
        Numbers of the core's atoms.
    letter : str
        The clause; empty where a group is part of the parent and no modification.
    free, may, open, bridges : tuple of str
        Groups that are no modification, that are one, that the text leaves open, and that may
        hang on two atoms of this site. ``alkyl:6`` is up to six carbons.
    cycle : bool
        The atom may lie in a ring that holds no other atom of the core.
    rings : tuple of str
        What the rest of such a ring may be; anything if empty.
    anything : bool
        Once one listed group is there, further groups of any kind are allowed.
    at_most : int
        The greatest number of groups on the site; 0 for no limit.
    words : str
        Says what a change here is, where the group's own name would not.
    """

    name: str
    atoms: tuple[int, ...]
    letter: str = ""
    free: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    bridges: tuple[str, ...] = ()
    cycle: bool = False
    rings: tuple[str, ...] = ()
    anything: bool = False
    at_most: int = 0
    words: str = ""


class _NotMet(Exception):  # noqa: N818 - control flow inside this module only
    """A match of the core fails; the text says why."""


def read_derived(test: Mapping[str, object], molecule: Mol) -> Reading:
    """Return whether a molecule meets a definition, by which clauses, and why.

    Every core and every match of it is tried. One that is met answers; else one that is left
    open; else the reason of the first that is not met.
    """
    if too_heavy := over_mass(test, molecule):
        return Reading(met=False, letters=(), reasons=(too_heavy,))
    refusals: list[str] = []
    opened: Reading | None = None
    for core in _tables(test, "cores"):
        places = list(_places(str(core["smarts"]), molecule))
        sites = _sites(test, core) if places else ()
        for place in places:
            try:
                found = _at(test, core, sites, Around(molecule=molecule, core=place[1]), place[0])
            except _NotMet as why:
                refusals.append(str(why))
                continue
            if found.met:
                return found
            opened = opened or found
    if opened is not None:
        return opened
    reason = refusals[0] if refusals else str(test["reason_no_core"])
    return Reading(met=False, letters=(), reasons=(reason,))


def over_mass(test: Mapping[str, object], molecule: Mol) -> str:
    """Return why a molecule is too heavy for a test with a greatest mass; empty if it is not."""
    from rdkit.Chem import Descriptors

    largest = test.get("largest_mass")
    if not isinstance(largest, int | float) or not largest:
        return ""
    mass = Descriptors.MolWt(molecule)  # type: ignore[attr-defined]  # set at import
    return f"molecular mass {mass:.1f} above {largest:g}" if mass > largest else ""


def check(test: Mapping[str, object]) -> None:
    """Raise `LibraryError` unless every site and pattern of a test can be asked."""
    if not str(test.get("reason_no_core", "")):
        raise LibraryError("a derived test lacks reason_no_core")
    if not _is_count(test.get("modifications", 1)):
        raise LibraryError("modifications of a derived test must be a whole number")
    cores = _tables(test, "cores")
    if not cores:
        raise LibraryError("a derived test lacks cores")
    for core in cores:
        only_fields(core, {"smarts", "letters", "words", "sites"}, "a core of a derived test")
        letters = core.get("letters", [])
        if not isinstance(letters, list) or not all(isinstance(each, str) for each in letters):
            raise LibraryError("letters of a core must be a list of texts")
    numbers = {n for core in cores for n in _numbers(str(core.get("smarts", ""))) if n}
    for site in {site for core in cores for site in _sites(test, core)}:
        for name in (*site.free, *site.may, *site.open, *site.rings, *site.bridges):
            group, _ = legal_groups.named(name)
            if group.bridge is not (name in site.bridges):
                raise LibraryError(f"{name} of the site {site.name!r}: one bond, or a bridge?")
        if not site.atoms or not set(site.atoms) <= numbers:
            raise LibraryError(f"the site {site.name!r} lies on atoms that no core numbers")


def _tables(test: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    found = test.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise LibraryError(f"a derived test needs {name} as a list of tables")
    return cast("list[Mapping[str, object]]", found)


_FIELDS = frozenset(Site.__dataclass_fields__)


def _sites(test: Mapping[str, object], core: Mapping[str, object]) -> tuple[Site, ...]:
    """Return the sites of a core: its own before those of every core."""
    own = core.get("sites", [])
    whole = [*cast("list[Mapping[str, object]]", own), *_tables(test, "sites")]
    return tuple(_site(each) for each in whole)


def _site(entry: Mapping[str, object]) -> Site:
    unknown = {str(name) for name in entry} - _FIELDS
    if unknown or "name" not in entry or "atoms" not in entry:
        raise LibraryError(f"a site of a derived test is not one: {sorted(map(str, entry))}"[:200])

    def many(name: str) -> tuple[str, ...]:
        value = entry.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise LibraryError(f"{name} of a site must be a list of groups")
        return tuple(value)

    atoms = entry["atoms"]
    if not isinstance(atoms, list) or not all(isinstance(each, int) for each in atoms):
        raise LibraryError("atoms of a site must be a list of numbers")
    at_most = entry.get("at_most", 0)
    if not _is_count(at_most) or not isinstance(at_most, int):
        raise LibraryError("at_most of a site must be a whole number")
    return Site(
        name=str(entry["name"]),
        atoms=tuple(atoms),
        letter=str(entry.get("letter", "")),
        free=many("free"),
        may=many("may"),
        open=many("open"),
        bridges=many("bridges"),
        cycle=entry.get("cycle") is True,
        rings=many("rings"),
        anything=entry.get("anything") is True,
        at_most=at_most,
        words=str(entry.get("words", "")),
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 100


@lru_cache(maxsize=512)
def _numbers(smarts: str) -> tuple[int, ...]:
    return tuple(atom.GetAtomMapNum() for atom in structure.pattern(smarts).GetAtoms())


def _places(smarts: str, molecule: Mol) -> Iterator[tuple[dict[int, int], frozenset[int]]]:
    """Yield where a core lies: its numbered atoms, and all its atoms."""
    numbers = _numbers(smarts)
    for match in molecule.GetSubstructMatches(
        structure.pattern(smarts), uniquify=False, maxMatches=_MAX_CORES
    ):
        at = {number: match[index] for index, number in enumerate(numbers) if number}
        yield at, frozenset(match)


def _at(
    test: Mapping[str, object],
    core: Mapping[str, object],
    sites: tuple[Site, ...],
    around: Around,
    at: Mapping[int, int],
) -> Reading:
    _no_bond_across(str(core["smarts"]), around)
    letters = {str(each) for each in cast("list[str]", core.get("letters", []))}
    words: list[str] = [str(core["words"])] if core.get("words") else []
    questions: list[str] = []
    where = {at[number]: number for number in at}
    for atom in sorted(around.core):
        here = [site for site in sites if where.get(atom) in site.atoms]
        for branch in around.branches(atom):
            said = _judged(here, around, branch, at)
            letters |= {said.letter} - {""}
            words += [said.words] if said.words else []
            questions += [said.question] if said.question else []
    _check_anything(sites, around, at)
    _check_number(sites, around, at)
    if questions:
        return Reading(met=False, open=True, letters=_order(letters), reasons=_once(questions))
    needed = test.get("modifications", 1)
    if isinstance(needed, int) and len(letters) < needed:
        raise _NotMet(str(test.get("reason_parent", "no modification that the definition lists")))
    return Reading(
        met=True, letters=_order(letters), reasons=_once(words) or ("the parent itself",)
    )


def _order(letters: set[str]) -> tuple[str, ...]:
    return tuple(sorted(letters))


def _once(words: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


@dataclass(frozen=True, slots=True)
class _Said:
    letter: str = ""
    words: str = ""
    question: str = ""


def _judged(here: list[Site], around: Around, branch: Branch, at: Mapping[int, int]) -> _Said:
    """Return what the sites of an atom say of what hangs on it; raise where none allows it."""
    for site in here:
        name = _allowed(site, around, branch, at)
        if name is not None:
            told = f"{site.letter}: " if site.letter else ""
            what = site.words or f"{name} at {site.name}"
            return _Said(site.letter, f"{told}{what}" if site.letter else "")
    for site in here:
        if branch.is_plain and any(around.is_a(branch, name) for name in site.free):
            return _Said()
    for site in here:
        for name in site.open:
            if around.is_a(branch, name):
                words = legal_groups.named(name)[0].words
                return _Said("", "", f"open: {words} at {site.name} is not settled by the text")
    if any(site.anything for site in here) and branch.is_plain:
        return _Said()
    raise _NotMet(_refusal(here, branch, at))


def _refusal(here: list[Site], branch: Branch, at: Mapping[int, int]) -> str:
    if not here:
        return "a group at a place of the core that the definition leaves unchanged"
    own = {at[number] for site in here for number in site.atoms if number in at}
    what = "a group"
    if branch.is_cycle:
        what = "a ring"
    elif not branch.is_plain:
        within = branch.touches <= own
        what = "a fused ring" if within else "a ring to another part of the core"
    return f"{what} at {here[0].name} is not among the listed changes"


def _allowed(site: Site, around: Around, branch: Branch, at: Mapping[int, int]) -> str | None:
    """Return the words of the listed group a branch is, or None."""
    own = {at[number] for number in site.atoms if number in at}
    if branch.is_cycle:
        fits = not site.rings or _first(around, branch, site.rings) is not None
        return "a ring" if site.cycle and fits else None
    if not branch.is_plain:
        if not branch.touches <= own:
            return None
        return _first(around, branch, site.bridges)
    if any(around.is_a(branch, name) for name in site.free):
        return None
    return _first(around, branch, site.may)


def _first(around: Around, branch: Branch, names: tuple[str, ...]) -> str | None:
    found = (name for name in names if around.is_a(branch, name))
    return next((legal_groups.named(name)[0].words for name in found), None)


def _check_anything(sites: tuple[Site, ...], around: Around, at: Mapping[int, int]) -> None:
    """Raise where a site holds only groups that are allowed beside a listed one, and none of it."""
    for site in sites:
        if not site.anything:
            continue
        branches = [b for n in site.atoms if n in at for b in around.branches(at[n])]
        if branches and all(
            _allowed(site, around, b, at) is None
            and not any(around.is_a(b, name) for name in (*site.free, *site.open))
            for b in branches
        ):
            raise _NotMet(f"no group at {site.name} is among the listed changes")


def _check_number(sites: tuple[Site, ...], around: Around, at: Mapping[int, int]) -> None:
    for site in sites:
        count = sum(len(list(around.branches(at[n]))) for n in site.atoms if n in at)
        if site.at_most and count > site.at_most:
            raise _NotMet(f"{count} groups at {site.name}, the definition has {site.at_most}")


def _no_bond_across(smarts: str, around: Around) -> None:
    """Raise where two core atoms are bound to each other in a way the core does not show."""
    pattern = structure.pattern(smarts)
    shown = pattern.GetNumBonds()
    bonds = sum(
        bond.GetBeginAtomIdx() in around.core and bond.GetEndAtomIdx() in around.core
        for bond in around.molecule.GetBonds()
    )
    if bonds > shown:
        raise _NotMet("parts of the core are bound to each other in another way")
