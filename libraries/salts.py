"""Formula and molar mass of a salt from its base: what a label's "hydrochloride" weighs.

Standard atomic weights, abridged (IUPAC), and the masses of the lightest isotopes (AME2020),
for the elements the substances table holds. Knows no structures.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from libraries import substances
from libraries.errors import LibraryError

# Element: (standard atomic weight in u, mass of the most abundant isotope in u).
_ATOMS: Mapping[str, tuple[float, float]] = {
    "H": (1.008, 1.00782503),
    "B": (10.81, 11.00930517),
    "C": (12.011, 12.0),
    "N": (14.007, 14.00307400),
    "O": (15.999, 15.99491462),
    "F": (18.998, 18.99840316),
    "Na": (22.990, 22.98976928),
    "Mg": (24.305, 23.98504170),
    "Si": (28.085, 27.97692653),
    "P": (30.974, 30.97376200),
    "S": (32.06, 31.97207117),
    "Cl": (35.45, 34.96885270),
    "K": (39.098, 38.96370649),
    "Ca": (40.078, 39.96259086),
    "Br": (79.904, 78.91833760),
    "I": (126.904, 126.9044719),
}
_ELEMENT = re.compile(r"([A-Z][a-z]?)(\d*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Salt:
    """A salt of a base.

    Parameters
    ----------
    words : str
        As it follows the base's name on a label.
    formula : str
        Per formula unit, in Hill order.
    molar_mass : float
        In g/mol.
    base_fraction : float
        Mass of the base in a gram of the salt, 0 to 1.
    """

    words: str
    formula: str
    molar_mass: float
    base_fraction: float


def molar_mass(formula: str) -> float:
    """Return the molar mass of a formula in g/mol, from standard atomic weights.

    Raises
    ------
    LibraryError
        It holds an element that no substance here holds.
    """
    return sum(_of(element)[0] * n for element, n in _counted(formula).items())


def monoisotopic_mass(formula: str) -> float:
    """Return the mass in u of a formula, the most abundant isotope of each element."""
    return sum(_of(element)[1] * n for element, n in _counted(formula).items())


def salts_of(substance: substances.Substance) -> tuple[Salt, ...]:
    """Return the common salts of a base; empty for what carries no nitrogen to take an acid."""
    if not substances.count(substance.formula, "N"):
        return ()
    base = _counted(substance.formula)
    found = []
    for words, acid, bases in _acids():
        whole = Counter({element: bases * n for element, n in base.items()})
        whole.update(_counted(acid))
        formula = substances.hill("".join(f"{element}{n}" for element, n in whole.items()))
        mass = molar_mass(formula)
        found.append(
            Salt(
                words=words,
                formula=formula,
                molar_mass=mass,
                base_fraction=bases * molar_mass(substance.formula) / mass,
            )
        )
    return tuple(found)


@cache
def _acids() -> tuple[tuple[str, str, int], ...]:
    path = substances.DATA_FOLDER / "salts.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return tuple((row["words"], row["acid"], int(row["bases_per_acid"])) for row in rows)


def _counted(formula: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for element, number in _ELEMENT.findall(formula):
        counts[element] += int(number or 1)
    return counts


def _of(element: str) -> tuple[float, float]:
    if element not in _ATOMS:
        raise LibraryError(f"no atomic weight for {element!r}", hint=f"Known: {', '.join(_ATOMS)}.")
    return _ATOMS[element]
