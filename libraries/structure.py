"""Structural classes: which family a molecule is built like, by SMARTS kept as data.

A class is a screen for chemists, not a legal test; the law has its own definitions in
`libraries.legal`. RDKit is imported only when a structure is looked at.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from libraries import substances
from libraries.errors import LibraryError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

# Longer than any drug, shorter than a text that would keep the parser busy.
_MAX_SMILES = 500
_MAX_ATOMS = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScreen:
    """One structural screen: any of ``patterns`` and none of ``unless``, all as SMARTS."""

    class_name: str
    screen: str
    patterns: tuple[str, ...]
    unless: tuple[str, ...]
    only_if_none: bool = False


@cache
def screens() -> tuple[ClassScreen, ...]:
    """Return the class screens in the order they are asked."""
    path = substances.DATA_FOLDER / "classes.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        ClassScreen(
            class_name=entry["name"],
            screen=entry["screen"],
            patterns=tuple(entry["patterns"]),
            unless=tuple(entry["unless"]),
            only_if_none=entry.get("only_if_none", False),
        )
        for entry in data["class"]
    )


def parse(smiles: str) -> Mol:
    """Return the largest organic part of a SMILES, charges of a salt taken back.

    Raises
    ------
    LibraryError
        The text is no SMILES, is empty, or is larger than any drug.
    """
    from rdkit import Chem, RDLogger
    from rdkit.Chem.MolStandardize import rdMolStandardize

    text = smiles.strip()
    hint = "Give one structure as SMILES, for example CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1."
    if not text or len(text) > _MAX_SMILES or re.search(r"\s", text):
        raise LibraryError(f"not a SMILES of 1 to {_MAX_SMILES} characters", hint=hint)
    # RDKit explains a bad SMILES on stderr, which belongs to the front end.
    with _quiet(RDLogger):
        molecule = Chem.MolFromSmiles(text)
        if molecule is None or molecule.GetNumAtoms() == 0:  # type: ignore[redundant-expr]  # None: bad SMILES
            raise LibraryError(f"not a structure: {text[:60]!r}", hint=hint)
        if molecule.GetNumAtoms() > _MAX_ATOMS:
            raise LibraryError(
                f"{molecule.GetNumAtoms()} atoms, at most {_MAX_ATOMS} are looked at", hint=hint
            )
        parent = max(
            Chem.GetMolFrags(molecule, asMols=True),
            key=lambda part: (part.GetNumHeavyAtoms(), _carbons(part)),
        )
        return rdMolStandardize.Uncharger().uncharge(parent)


def inchikey(molecule: Mol) -> str:
    """Return the InChIKey of a molecule, or an empty text where InChI gives none."""
    from rdkit import Chem, RDLogger

    with _quiet(RDLogger):
        return str(Chem.MolToInchiKey(molecule))  # type: ignore[no-untyped-call]  # RDKit has no types here


def _carbons(molecule: Mol) -> int:
    return sum(atom.GetAtomicNum() == 6 for atom in molecule.GetAtoms())


class _quiet:  # noqa: N801 - reads as a statement: with _quiet(...)
    """Silence RDKit's own log for the length of a block, for this process only."""

    def __init__(self, logger: object) -> None:
        self._logger = logger

    def __enter__(self) -> None:
        self._logger.DisableLog("rdApp.*")  # type: ignore[attr-defined]

    def __exit__(self, *_: object) -> None:
        self._logger.EnableLog("rdApp.error")  # type: ignore[attr-defined]


@cache
def pattern(smarts: str) -> Mol:
    """Return a compiled SMARTS of this package's own data.

    Raises
    ------
    LibraryError
        The data file holds a pattern RDKit cannot read.
    """
    from rdkit import Chem

    compiled = Chem.MolFromSmarts(smarts)
    if compiled is None:
        raise LibraryError(f"a structural definition is not a SMARTS: {smarts}")
    return compiled


def classes_of(molecule: Mol) -> tuple[str, ...]:
    """Return every class a molecule is built like, the most specific first; empty for none."""
    found: dict[str, None] = {}
    for screen in screens():
        if screen.only_if_none and found:
            continue
        if _fits(molecule, screen):
            found[screen.class_name] = None
    return tuple(found)


def _fits(molecule: Mol, screen: ClassScreen) -> bool:
    if any(molecule.HasSubstructMatch(pattern(smarts)) for smarts in screen.unless):
        return False
    return any(molecule.HasSubstructMatch(pattern(smarts)) for smarts in screen.patterns)


# Labels other collections use, and what this software's substances table calls them.
_LABELS = {
    "fentanyl": "fentanyl",
    "fentanyls": "fentanyl",
    "fentanyl analogue": "fentanyl",
    "fentanyl analog": "fentanyl",
    "fentanyl-related substance": "fentanyl",
    "nitazene": "nitazene",
    "nitazenes": "nitazene",
    "benzimidazole opioid": "nitazene",
    "cathinone": "synthetic cathinone",
    "cathinones": "synthetic cathinone",
    "phenethylamine": "phenethylamine/amphetamine",
    "phenethylamines": "phenethylamine/amphetamine",
    "amphetamine": "phenethylamine/amphetamine",
    "amphetamines": "phenethylamine/amphetamine",
    "2c": "phenethylamine/amphetamine",
    "tryptamines": "tryptamine",
    "benzodiazepines": "benzodiazepine",
    "arylcyclohexylamines": "arylcyclohexylamine",
    "morphinan": "opiate/opioid",
    "opiate": "opiate/opioid",
    "opioid": "opiate/opioid",
    "cocaine": "cocaine family",
    "tropane": "cocaine family",
    "synthetic cannabinoids": "synthetic cannabinoid",
    "phytocannabinoid": "cannabinoid",
    "excipient": "diluent",
    "cutting agent": "diluent",
    "adulterant": "pharmaceutical adulterant",
    "precursor": "chemical precursor",
}


def harmonise_class(label: str, smiles: str = "") -> str:
    """Return the class as the substances table spells it, or an empty text for "other".

    ``cannabinoid`` means the synthetic ones in some collections and the plant's in others: the
    structure decides where it is given.

    Parameters
    ----------
    label : str
        As the collection has it.
    smiles : str
        May be empty.
    """
    plain = re.sub(r"\s+", " ", label.strip().casefold())
    if plain == "cannabinoid" and smiles:
        try:
            found = classes_of(parse(smiles))
        except LibraryError:
            found = ()
        return "cannabinoid" if "cannabinoid" in found else "synthetic cannabinoid"
    known = {name.casefold(): name for name in substances.table().class_names}
    return known.get(plain) or _LABELS.get(plain, "")
