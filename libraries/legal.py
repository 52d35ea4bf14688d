"""Legal class definitions as dated data, and what a structure meets. Not legal advice.

Definitions change, so they are files with dates, source and text; the kinds of structural test
they may ask for are the code here and in `libraries.legal_sites`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from libraries import substances
from libraries.errors import LibraryError
from libraries.legal_reading import Reading

if TYPE_CHECKING:
    from pathlib import Path

    from rdkit.Chem import Mol

NOT_ADVICE = (
    "Not legal advice: a structural reading by software. A chemist decides on the structure, "
    "a lawyer on the law."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excepted:
    """A substance a definition takes out by name."""

    name: str
    inchikey_block: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One legal definition in force between two dates.

    Parameters
    ----------
    jurisdiction, rule, schedule : str
        The rule's name in words.
    classes : tuple of str
        Classes of the substances table that it is about.
    valid_from, valid_to : str
        ISO dates; ``valid_to`` is empty while in force.
    source, text, pointer : str
    history, open_questions : tuple of str
    test : mapping
        ``kind`` is ``sites`` or ``screen``; the rest is the test's own data.
    excepted : tuple of Excepted
    """

    jurisdiction: str
    rule: str
    schedule: str
    classes: tuple[str, ...]
    valid_from: str
    valid_to: str
    source: str
    text: str
    pointer: str
    history: tuple[str, ...]
    open_questions: tuple[str, ...]
    test: Mapping[str, object]
    excepted: tuple[Excepted, ...]

    def in_force(self, day: str) -> bool:
        """Return whether it was in force on an ISO date."""
        return self.valid_from <= day and (not self.valid_to or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What one definition says of one structure.

    ``applies`` is the answer; ``meets_structure`` is the test before the exceptions by name, so
    that a separately listed drug shows both. ``letters`` are the modifications found.
    """

    jurisdiction: str
    rule: str
    schedule: str
    valid_from: str
    valid_to: str
    applies: bool
    meets_structure: bool
    letters: tuple[str, ...]
    reasons: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Classes a structure is built like, what each legal definition says of it, and the caution."""

    classes: tuple[str, ...]
    rules: tuple[RuleResult, ...]
    inchikey: str
    advice: str = NOT_ADVICE


@cache
def definitions() -> tuple[Definition, ...]:
    """Return every legal definition, the United States first, then by file name."""
    paths = sorted((substances.DATA_FOLDER / "legal").glob("*.toml"))
    if not paths:
        raise LibraryError("the legal definitions are missing", hint="Install fol-lims again.")
    found = [_definition(path) for path in paths]
    return tuple(sorted(found, key=lambda one: one.jurisdiction != "United States"))


def _definition(path: Path) -> Definition:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        return Definition(
            jurisdiction=data["jurisdiction"],
            rule=data["rule"],
            schedule=data["schedule"],
            classes=tuple(data["classes"]),
            valid_from=data["valid_from"],
            valid_to=data["valid_to"],
            source=data["source"],
            text=data["text"].strip(),
            pointer=data["pointer"],
            history=tuple(data["history"]),
            open_questions=tuple(data["open_questions"]),
            test=data["test"],
            excepted=tuple(_excepted(entry) for entry in data.get("excepted", ())),
        )
    except KeyError as missing:
        raise LibraryError(f"{path.name}: the definition lacks {missing}") from missing


def _excepted(entry: Mapping[str, str]) -> Excepted:
    row = substances.table().find(entry["name"])
    if row is None:
        raise LibraryError(f"an excepted substance stands in no table: {entry['name']}")
    return Excepted(name=row.name, inchikey_block=row.inchikey_block, reason=entry["reason"])


def pointer(class_name: str) -> str:
    """Return, without looking at any structure, which definitions a class may fall under.

    For candidates, whose structure is not known. Empty where no definition here is about it.
    """
    found = [one.pointer for one in definitions() if class_name in one.classes]
    return "; ".join(found) + ". Not legal advice." if found else ""


def classify(smiles: str, *, day: str = "") -> Classification:
    """Return the classes and the legal reading of one structure.

    Parameters
    ----------
    smiles : str
        Salts are reduced to their largest organic part.
    day : str
        ISO date; only definitions in force on it are read. All of them if empty.

    Raises
    ------
    LibraryError
        Not a structure, or larger than any drug.
    """
    from libraries import structure

    molecule = structure.parse(smiles)
    inchikey = structure.inchikey(molecule)
    rules = tuple(
        _result(one, molecule, inchikey) for one in definitions() if not day or one.in_force(day)
    )
    return Classification(classes=structure.classes_of(molecule), rules=rules, inchikey=inchikey)


def _result(one: Definition, molecule: Mol, inchikey: str) -> RuleResult:
    found = _read(one, molecule)
    reasons = found.reasons
    out = [e for e in one.excepted if inchikey.startswith(e.inchikey_block)]
    if out:
        reasons = (*reasons, f"excepted: {out[0].name}, {out[0].reason}")
    return RuleResult(
        jurisdiction=one.jurisdiction,
        rule=one.rule,
        schedule=one.schedule,
        valid_from=one.valid_from,
        valid_to=one.valid_to,
        applies=found.met and not out,
        meets_structure=found.met,
        letters=found.letters,
        reasons=reasons,
        source=one.source,
    )


def _read(one: Definition, molecule: Mol) -> Reading:
    from libraries import legal_sites

    kind = one.test.get("kind")
    if kind == "sites":
        return legal_sites.read_sites(one.test, molecule)
    if kind == "screen":
        return _read_screen(one.test, molecule)
    raise LibraryError(f"{one.rule}: there is no structural test of kind {kind!r}")


def _read_screen(test: Mapping[str, object], molecule: Mol) -> Reading:
    from rdkit.Chem import Descriptors

    from libraries import structure

    patterns = test["patterns"]
    if not isinstance(patterns, list):
        raise LibraryError("a screen needs a list of patterns")
    met = any(molecule.HasSubstructMatch(structure.pattern(str(p))) for p in patterns)
    largest = test.get("largest_mass")
    if isinstance(largest, float):
        met = met and Descriptors.MolWt(molecule) <= largest  # type: ignore[attr-defined]  # set at import
    return Reading(
        met=met,
        letters=(),
        reasons=(str(test["reason_met" if met else "reason_not_met"]),),
    )
