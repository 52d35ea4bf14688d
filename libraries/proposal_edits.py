"""The dictionary of changes that proposals are made from: read, checked, and applied to a molecule.

An edit is a reaction on one molecule with a name, a place in words and how ordinary it is. RDKit is
imported only when an edit is applied.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, cast

from libraries import structure
from libraries.errors import LibraryError

if TYPE_CHECKING:
    from rdkit.Chem import Mol
    from rdkit.Chem.rdChemReactions import ChemicalReaction

_FILE = "proposal_edits.toml"
_HINT = "Reinstall the software; its data files are damaged."
# A product list longer than this comes from symmetry, not from different places.
_MAX_PRODUCTS = 48
RAREST = 3
_Table = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of a molecule.

    Parameters
    ----------
    name : str
        For example ``fluoro for hydrogen``.
    words : str
        Where, as far as the pattern says.
    smarts : str
        Reaction with one reactant and one product.
    ordinary : int
        1 met often, 2 met, 3 rare.
    """

    name: str
    words: str
    smarts: str
    ordinary: int

    @property
    def text(self) -> str:
        """The change and its place in words."""
        return f"{self.name}, {self.words}"


@cache
def edits() -> tuple[Edit, ...]:
    """Return the shipped dictionary, the most ordinary first.

    Raises
    ------
    LibraryError
        The data file does not say what it must.
    """
    return parse_edits(_shipped())


@cache
def unstable() -> tuple[str, ...]:
    """Return the patterns of what falls apart by itself, as SMARTS."""
    patterns = tomllib.loads(_shipped()).get("unstable")
    if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
        raise _wrong("unstable must be a list of patterns")
    return tuple(patterns)


def falls_apart(molecule: Mol) -> bool:
    """Whether a molecule would not last: it is not proposed."""
    return any(molecule.HasSubstructMatch(structure.pattern(smarts)) for smarts in unstable())


def _shipped() -> str:
    shipped = resources.files("libraries").joinpath("data", _FILE)
    return shipped.read_text(encoding="utf-8")


def parse_edits(text: str) -> tuple[Edit, ...]:
    """Return the edits that a TOML text states: groups at places, reactions, parts exchanged.

    Raises
    ------
    LibraryError
        It is no TOML, a field is missing, or a place names a group that is not there.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"it is no TOML: {error}") from error
    groups = {_text(group, "name"): group for group in _tables(data, "group")}
    found: list[Edit] = []
    for place in _tables(data, "place"):
        found += _at_place(place, groups)
    for reaction in _tables(data, "reaction"):
        found.append(
            Edit(
                name=_text(reaction, "name"),
                words=_text(reaction, "words"),
                smarts=_text(reaction, "smarts"),
                ordinary=_ordinary(reaction.get("ordinary")),
            )
        )
    for swap in _tables(data, "swap"):
        found += _exchanged(swap)
    if not found:
        raise _wrong("it holds no change")
    # A stable sort: edits that are equally ordinary keep the order of the file.
    return tuple(sorted(found, key=lambda edit: edit.ordinary))


def apply(edit: Edit, molecule: Mol) -> Iterator[Mol]:
    """Yield every sound molecule that an edit makes of another, not freed of duplicates."""
    from rdkit import Chem

    for products in _reaction(edit.smarts).RunReactants((molecule,), maxProducts=_MAX_PRODUCTS):
        made = products[0]
        if Chem.SanitizeMol(made, catchErrors=True) == Chem.SanitizeFlags.SANITIZE_NONE:
            yield made


@cache
def _reaction(smarts: str) -> ChemicalReaction:
    """Return a compiled edit.

    Raises
    ------
    LibraryError
        It is no reaction of one molecule into one.
    """
    from rdkit import RDLogger
    from rdkit.Chem import rdChemReactions

    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]  # RDKit explains on stderr
    try:
        made = rdChemReactions.ReactionFromSmarts(smarts)
        sound = made.GetNumReactantTemplates() == 1 and made.GetNumProductTemplates() == 1
        if not sound or made.Validate()[1]:
            raise _wrong(f"not a reaction of one molecule into one: {smarts[:120]!r}")
        made.Initialize()
    except ValueError as error:
        raise _wrong(f"not a reaction: {smarts[:120]!r}") from error
    finally:
        RDLogger.EnableLog("rdApp.error")  # type: ignore[attr-defined]
    return made


def _at_place(place: _Table, groups: Mapping[str, _Table]) -> Iterator[Edit]:
    """Yield every group put on, taken off and exchanged at a place."""
    words, at, bare = _text(place, "words"), _text(place, "at"), _text(place, "bare")
    said = place.get("groups")
    if not isinstance(said, dict):
        raise _wrong(f"the place {words!r} lists no groups")
    listed = {str(name): _ordinary(value) for name, value in said.items()}
    unknown = [name for name in listed if name not in groups]
    if unknown:
        raise _wrong(f"the place {words!r} lists {unknown[0]!r}, which is no group")
    for name, ordinary in listed.items():
        new = _text(groups[name], "smiles")
        yield Edit(
            name=f"{name} for hydrogen",
            words=words,
            smarts=f"{at}>>[*:1]{new}",
            ordinary=ordinary,
        )
        has = _text(groups[name], "has")
        yield Edit(
            name=f"hydrogen for {name}",
            words=words,
            smarts=f"{bare}-!@{has}>>[*:1]",
            ordinary=ordinary,
        )
        for other, rank in listed.items():
            if other != name:
                yield Edit(
                    name=f"{other} for {name}",
                    words=words,
                    smarts=f"{bare}-!@{has}>>[*:1]{_text(groups[other], 'smiles')}",
                    ordinary=min(max(ordinary, rank), RAREST),
                )


def _exchanged(swap: _Table) -> Iterator[Edit]:
    part, at, product = _text(swap, "part"), _text(swap, "at"), _text(swap, "product")
    if product.count("{}") != 1:
        raise _wrong(f"the product of {part!r} has no place for the new part")
    for new in _tables(swap, "with"):
        yield Edit(
            name=f"{_text(new, 'name')} as {part}",
            words="the part exchanged as a whole",
            smarts=f"{at}>>{product.replace('{}', _text(new, 'smiles'))}",
            ordinary=_ordinary(new.get("ordinary")),
        )


def _tables(data: _Table, key: str) -> list[_Table]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _wrong(f"{key} must be a list of tables")
    return cast("list[_Table]", value)


def _text(table: _Table, key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(f"{key} must be a text, found {value!r} in {str(table)[:80]}")
    return value


def _ordinary(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= RAREST:
        raise _wrong(f"ordinary must be 1 to {RAREST}, found {value!r}")
    return value


def _wrong(problem: str) -> LibraryError:
    return LibraryError(f"{_FILE}: {problem}", hint=_HINT)
