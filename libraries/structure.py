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
# Ring perception and matching take longer with every ring; buprenorphine has seven.
_MAX_RINGS = 24
_MAX_PARTS = 8
_NOT_SMILES = re.compile(r"[^A-Za-z0-9@+\-\[\]()=#$:/\\.%]")
# A cage of hetero atoms could have thousands of tautomers; a drug has a handful.
_MAX_TAUTOMERS = 60
_MAX_SMARTS = 1_500
_MAX_RECURSION = 40
_MAX_TAUTOMER_ATOMS = 60


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


@cache
def _partners() -> frozenset[str]:
    """Return the canonical SMILES of acids and solvents that only go along with a drug."""
    from rdkit import Chem

    path = substances.DATA_FOLDER / "classes.toml"
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["partners"]
    return frozenset(
        Chem.MolToSmiles(Chem.MolFromSmiles(smiles), isomericSmiles=False) for smiles in listed
    )


def parse(smiles: str) -> Mol:
    """Return the largest organic part of a SMILES, charges of a salt taken back.

    Raises
    ------
    LibraryError
        The text is no SMILES, is empty, or is larger than any drug.
    """
    return max(_fragments(smiles), key=_size)


def parts(smiles: str) -> tuple[Mol, ...]:
    """Return every different organic part of a SMILES that the law may speak of, largest first.

    Counter-ions and solvents are left out, charges taken back, metals set free and isotope labels
    taken off: a salt, an ion and a labelled standard are the same substance in law.

    Raises
    ------
    LibraryError
        As `parse`, or more than eight parts.
    """
    from rdkit import Chem

    found: dict[str, Mol] = {}
    for fragment in sorted(_fragments(smiles), key=_size, reverse=True):
        plain = _unlabelled(fragment)
        found.setdefault(Chem.MolToSmiles(plain, isomericSmiles=False), plain)
    organic = {s: m for s, m in found.items() if _carbons(m) and s not in _partners()}
    kept = organic or dict([next(iter(found.items()))])
    if len(kept) > _MAX_PARTS:
        raise LibraryError(
            f"{len(kept)} different substances in one SMILES, at most {_MAX_PARTS} are looked at",
            hint="Give each part as a SMILES of its own.",
        )
    return tuple(kept.values())


def tautomer(molecule: Mol) -> Mol | None:
    """Return the canonical tautomer of a molecule, or None where it is that one already.

    Also None for a molecule larger than the drugs that tautomers matter for.
    """
    from rdkit import Chem, RDLogger
    from rdkit.Chem.MolStandardize import rdMolStandardize

    if molecule.GetNumHeavyAtoms() > _MAX_TAUTOMER_ATOMS:
        return None
    enumerator = rdMolStandardize.TautomerEnumerator()
    enumerator.SetMaxTautomers(_MAX_TAUTOMERS)
    enumerator.SetMaxTransforms(_MAX_TAUTOMERS)
    try:
        with _quiet(RDLogger):
            other = enumerator.Canonicalize(molecule)
    except (ValueError, RuntimeError):
        # A tautomer that cannot be drawn: the structure as it was given is all there is to read.
        return None
    same = Chem.MolToSmiles(other, isomericSmiles=False) == Chem.MolToSmiles(
        molecule, isomericSmiles=False
    )
    return None if same else other


def _fragments(smiles: str) -> tuple[Mol, ...]:
    from rdkit import Chem, RDLogger
    from rdkit.Chem.MolStandardize import rdMolStandardize

    hint = "Give one structure as SMILES, for example CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1."
    if len(smiles) > 2 * _MAX_SMILES or not 0 < len(text := smiles.strip()) <= _MAX_SMILES:
        raise LibraryError(f"not a SMILES of 1 to {_MAX_SMILES} characters", hint=hint)
    if strange := _NOT_SMILES.search(text):
        raise LibraryError(f"{strange[0]!r} is no part of a SMILES of one structure", hint=hint)
    # RDKit explains a bad SMILES on stderr, which belongs to the front end.
    with _quiet(RDLogger):
        _check_size(text, hint)
        molecule = Chem.MolFromSmiles(text)
        if molecule is None or molecule.GetNumAtoms() == 0:  # type: ignore[redundant-expr]  # None: bad SMILES
            raise LibraryError(f"not a structure: {text[:60]!r}", hint=hint)
        free = rdMolStandardize.MetalDisconnector().Disconnect(molecule)
        uncharger = rdMolStandardize.Uncharger()
        return tuple(uncharger.uncharge(part) for part in Chem.GetMolFrags(free, asMols=True))


def _check_size(text: str, hint: str) -> None:
    """Count atoms and rings before rings are perceived, which is what takes time."""
    from rdkit import Chem

    rough = Chem.MolFromSmiles(text, sanitize=False)
    if rough is None:
        raise LibraryError(f"not a structure: {text[:60]!r}", hint=hint)
    atoms = rough.GetNumAtoms()
    if atoms > _MAX_ATOMS:
        raise LibraryError(f"{atoms} atoms, at most {_MAX_ATOMS} are looked at", hint=hint)
    rings = rough.GetNumBonds() - atoms + len(Chem.GetMolFrags(rough))
    if rings > _MAX_RINGS:
        raise LibraryError(f"{rings} rings, at most {_MAX_RINGS} are looked at", hint=hint)


def _unlabelled(molecule: Mol) -> Mol:
    from rdkit import Chem

    if not any(atom.GetIsotope() for atom in molecule.GetAtoms()):
        return molecule
    plain = Chem.Mol(molecule)
    for atom in plain.GetAtoms():
        atom.SetIsotope(0)
    return Chem.RemoveHs(plain)


def _size(part: Mol) -> tuple[int, int]:
    return part.GetNumHeavyAtoms(), _carbons(part)


def inchikey(molecule: Mol) -> str:
    """Return the InChIKey of a molecule, or an empty text where InChI gives none."""
    from rdkit import Chem, RDLogger

    with _quiet(RDLogger):
        return str(Chem.MolToInchiKey(molecule))  # type: ignore[no-untyped-call]  # RDKit has no types here


def formula(molecule: Mol) -> str:
    """Return the formula of a molecule in Hill order."""
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    return str(CalcMolFormula(molecule))


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
    """Return a compiled SMARTS of this package's data or of a lab's own rule.

    Raises
    ------
    LibraryError
        It is larger than any definition needs, or none that RDKit can read.
    """
    from rdkit import Chem, RDLogger

    # A lab's own rule may hold anything: nesting is what exhausts a parser.
    if len(smarts) > _MAX_SMARTS or smarts.count("$(") > _MAX_RECURSION:
        raise LibraryError(
            f"a pattern of {len(smarts)} characters, at most {_MAX_SMARTS} with "
            f"{_MAX_RECURSION} nested ones are read"
        )
    with _quiet(RDLogger):
        compiled = Chem.MolFromSmarts(smarts)
    if compiled is None or compiled.GetNumAtoms() == 0:  # type: ignore[redundant-expr]  # bad SMARTS
        raise LibraryError(
            f"a structural definition is not a SMARTS: {smarts[:80]!r}",
            hint="Correct the pattern in the rule's file.",
        )
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
