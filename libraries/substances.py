"""Facts about substances: names, structure, class, role, hazard group, and how sure each is.

A table of compiled facts read once from the package's own files. Knows no spectra, no law and
no RDKit: everything here answers within a keystroke.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

from libraries import names
from libraries.errors import LibraryError

DATA_FOLDER = Path(__file__).parent / "data"

_INCHIKEY = re.compile(r"[A-Z]{14}(?:-[A-Z]{10}(?:-[A-Z])?)?")
_CAS = re.compile(r"(\d{2,7})-(\d{2})-(\d)")
_ELEMENT = re.compile(r"([A-Z][a-z]?)(\d*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Substance:
    """One substance and what is known of it.

    Parameters
    ----------
    name : str
        The name this software prints.
    synonyms : tuple of str
        Known, not complete.
    class_name : str
        Our grouping, not a legal one; the one spelling every package uses.
    smiles, formula : str
        Neutral molecule, without stereochemistry except ephedrine and pseudoephedrine.
    monoisotopic_mass : float
        In Da.
    nominal_mass : int
    cas : str
        Empty where not sure.
    us_schedule : str
        From memory, not checked against 21 CFR 1308; empty is "not controlled or not known".
    hazard_group : str
        ``H1`` (ultra-potent opioid) to ``H6`` (inert): handling groups of this project.
    role : str
        ``drug``, ``adulterant``, ``diluent`` or ``precursor``.
    inchikey : str
    checks : tuple of str
        Which checks the row passed.
    cas_status : str
    independent_structure_checks : int
        How many sources agree on the structure.
    """

    name: str
    synonyms: tuple[str, ...]
    class_name: str
    smiles: str
    formula: str
    monoisotopic_mass: float
    nominal_mass: int
    cas: str
    us_schedule: str
    hazard_group: str
    role: str
    inchikey: str
    checks: tuple[str, ...]
    cas_status: str
    independent_structure_checks: int

    @property
    def inchikey_block(self) -> str:
        """The first block of the InChIKey: the skeleton, whatever the stereochemistry."""
        return self.inchikey[:14]

    @property
    def is_controlled(self) -> bool | None:
        """True where a United States schedule is noted, None where nothing is known."""
        return True if self.us_schedule else None

    @property
    def confidence(self) -> Mapping[str, str]:
        """How sure each field is, in words a report can print."""
        sources = self.independent_structure_checks
        structure = "high" if sources >= 2 else "high (one source)"
        cas = {"massbank-agrees": "high", "memory+checkdigit": "medium"}.get(self.cas_status, "low")
        return MappingProxyType(
            {
                "name": "high",
                "class_name": "high; a grouping of this project, not a legal one",
                "smiles": structure,
                "formula": structure,
                "cas": cas if self.cas else "not given",
                "us_schedule": "medium to low: from memory, not checked against 21 CFR 1308",
                "hazard_group": "a grouping of this project, not GHS",
            }
        )


class Substances:
    """The table with its ways in. Every answer is a `Substance` or a tuple of them."""

    def __init__(self, rows: tuple[Substance, ...], more_synonyms: Mapping[str, str]) -> None:
        self._rows = rows
        self._more_synonyms = more_synonyms

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Substance]:
        return iter(self._rows)

    @cached_property
    def _by_key(self) -> dict[str, Substance]:
        by_key = {names.key(row.name): row for row in self._rows}
        for row in self._rows:
            for synonym in row.synonyms:
                by_key.setdefault(names.key(synonym), row)
                # "TMF (mixture of cis/trans)" is also met as "TMF".
                by_key.setdefault(names.key(synonym.partition(" (")[0]), row)
        for synonym, name in self._more_synonyms.items():
            by_key.setdefault(names.key(synonym), by_key[names.key(name)])
        by_key.pop("", None)
        return by_key

    @cached_property
    def _by_inchikey(self) -> dict[str, Substance]:
        found: dict[str, Substance] = {row.inchikey: row for row in self._rows}
        for row in self._rows:
            found.setdefault(row.inchikey_block, row)
        return found

    @cached_property
    def _by_cas(self) -> dict[str, Substance]:
        return {row.cas: row for row in self._rows if row.cas}

    @cached_property
    def _by_formula(self) -> dict[str, tuple[Substance, ...]]:
        groups: defaultdict[str, list[Substance]] = defaultdict(list)
        for row in self._rows:
            groups[hill(row.formula)].append(row)
        return {formula: tuple(rows) for formula, rows in groups.items()}

    @property
    def class_names(self) -> tuple[str, ...]:
        """Every class, in the order of the table."""
        return tuple(dict.fromkeys(row.class_name for row in self._rows))

    def find(self, text: str) -> Substance | None:
        """Return the substance of a name, synonym, CAS number or InChIKey, or None.

        Case, spaces, hyphens, Greek letters, ``p-`` for ``para-``, a salt after the name and a
        stereo descriptor before it do not matter. Nothing is guessed: for slips see
        `libraries.substance_search`.
        """
        text = text.strip()
        if _CAS.fullmatch(text):
            return self._by_cas.get(text)
        # "AMINOPHENAZONE" has the shape of an InChIKey's first block: names come second, not never.
        if _INCHIKEY.fullmatch(text) and (found := self.by_inchikey(text)):
            return found
        for key in names.spellings(text):
            if key in self._by_key:
                return self._by_key[key]
        return None

    def by_inchikey(self, inchikey: str) -> Substance | None:
        """Return the substance of an InChIKey, else the first of the same skeleton, or None."""
        inchikey = inchikey.strip().upper()
        return self._by_inchikey.get(inchikey) or self._by_inchikey.get(inchikey[:14])

    def by_formula(self, formula: str) -> tuple[Substance, ...]:
        """Return every substance of a formula, whatever the order its elements are written in."""
        return self._by_formula.get(hill(formula), ())

    def by_mass(self, mass_da: float, tolerance_da: float = 0.01) -> tuple[Substance, ...]:
        """Return the substances within a tolerance of a monoisotopic mass in Da, nearest first."""
        near = [r for r in self._rows if abs(r.monoisotopic_mass - mass_da) <= tolerance_da]
        return tuple(sorted(near, key=lambda row: abs(row.monoisotopic_mass - mass_da)))

    def same_formula(self, substance: Substance) -> tuple[Substance, ...]:
        """Return the isomer group of a substance: the others with its formula."""
        return tuple(row for row in self.by_formula(substance.formula) if row is not substance)

    def same_skeleton(self, substance: Substance) -> tuple[Substance, ...]:
        """Return the others of the table that differ from a substance in stereochemistry only."""
        block = substance.inchikey_block
        return tuple(r for r in self._rows if r.inchikey_block == block and r is not substance)

    def further_names(self) -> Iterator[tuple[str, Substance]]:
        """Yield the synonyms of the second file with their substance."""
        for synonym, name in self._more_synonyms.items():
            yield synonym, self._by_key[names.key(name)]

    def members(self, class_name: str) -> tuple[Substance, ...]:
        """Return every substance of a class, in the order of the table; empty for none."""
        return tuple(row for row in self._rows if row.class_name == class_name)


def hill(formula: str) -> str:
    """Return a formula in Hill order (C, H, then the alphabet), or the text if it is none."""
    formula = formula.strip()
    if not _is_formula(formula):
        return formula
    counts: defaultdict[str, int] = defaultdict(int)
    for element, number in _ELEMENT.findall(formula):
        counts[element] += int(number or 1)
    first = [e for e in ("C", "H") if e in counts] if "C" in counts else []
    order = first + sorted(element for element in counts if element not in first)
    return "".join(f"{e}{counts[e] if counts[e] > 1 else ''}" for e in order)


def count(formula: str, element: str) -> int:
    """Return how many atoms of an element a formula holds."""
    return sum(int(number or 1) for name, number in _ELEMENT.findall(formula) if name == element)


def _is_formula(text: str) -> bool:
    # An upper limit keeps a pasted page from being counted digit by digit.
    return 0 < len(text) <= 60 and re.fullmatch(r"(?:[A-Z][a-z]?\d{0,4})+", text) is not None


def is_valid_cas(text: str) -> bool:
    """Return whether a CAS number has its shape and its check digit.

    References
    ----------
    CAS, "Check Digit Verification of CAS Registry Numbers".
    """
    parts = _CAS.fullmatch(text)
    if not parts:
        return False
    digits = (parts[1] + parts[2])[::-1]
    return sum((at + 1) * int(digit) for at, digit in enumerate(digits)) % 10 == int(parts[3])


def _rows_of(name: str) -> Iterator[dict[str, str]]:
    path = DATA_FOLDER / name
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    except FileNotFoundError as missing:
        raise LibraryError(
            f"the substances table is missing its file {name}", hint="Install fol-lims again."
        ) from missing


def _split(text: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(separator) if part.strip())


def _substance(row: Mapping[str, str], proof: Mapping[str, str]) -> Substance:
    return Substance(
        name=row["name"],
        synonyms=_split(row["synonyms"], ";"),
        class_name=row["class"],
        smiles=row["smiles"],
        formula=row["formula"],
        monoisotopic_mass=float(row["monoisotopic_mass"]),
        nominal_mass=int(row["nominal_mass"]),
        cas=row["cas"],
        us_schedule=row["us_schedule"],
        hazard_group=row["hazard_group"][:2],
        role=row["role"],
        inchikey=proof["inchikey"],
        checks=_split(proof["checks"], "|"),
        cas_status=proof["cas_status"],
        independent_structure_checks=int(proof["independent_structure_checks"] or 0),
    )


@cache
def table() -> Substances:
    """Return the substances table, read once per process.

    Raises
    ------
    LibraryError
        The package's own files are missing or do not fit each other.
    """
    proofs = {row["name"]: row for row in _rows_of("substances_provenance.csv")}
    try:
        rows = tuple(_substance(row, proofs[row["name"]]) for row in _rows_of("substances.csv"))
    except (KeyError, ValueError) as fault:
        raise LibraryError(
            f"the substances table and its provenance do not fit: {fault}",
            hint="Install fol-lims again.",
        ) from fault
    more = {row["synonym"]: row["name"] for row in _rows_of("substance_synonyms.csv")}
    return Substances(rows, more)
