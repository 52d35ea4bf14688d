"""A mass difference explained by known changes: which, and which atoms came and went.

The changes are data that a caller gives. Nominal masses: several changes may share one, and the
text says all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

_MOST = 6
_ATOM = re.compile(r"([+-])((?:[A-Z][a-z]?\d*)+)")
_ELEMENT = re.compile(r"([A-Z][a-z]?)(\d*)")
NOMINAL: Mapping[str, int] = {
    "H": 1, "D": 2, "B": 11, "C": 12, "N": 14, "O": 16, "F": 19, "Si": 28, "P": 31, "S": 32,
    "Cl": 35, "Br": 79, "I": 127,
}  # fmt: skip
"""Mass number of the lightest common isotope of the elements met in drugs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomChange:
    """A known change: what it may be in words, and the atoms as in ``+C +H2`` or ``-H +F``."""

    words: str
    atoms: str
    caution: str = ""

    @property
    def delta_da(self) -> int:
        """Nominal mass difference in Da."""
        return sum(NOMINAL[element] * n for element, n in counts(self.atoms).items())


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftReading:
    """One way to explain a mass difference.

    Parameters
    ----------
    changes : tuple of str
        One or two, in words.
    atoms : str
        What came and went in all, for example ``+C2H4`` or ``+F -H``.
    cautions : tuple of str
    """

    changes: tuple[str, ...]
    atoms: str
    cautions: tuple[str, ...] = ()


def explain(shift: int, changes: Sequence[AtomChange]) -> tuple[ShiftReading, ...]:
    """Return how one listed change, or else two, make a mass difference.

    Parameters
    ----------
    shift : int
        In Da.
    changes : sequence of AtomChange
    """
    single = [_reading(change) for change in changes if change.delta_da == shift]
    if single or not shift:
        return tuple(single[:_MOST])
    pairs = [
        (one, other)
        for one, other in combinations_with_replacement(changes, 2)
        if one.delta_da + other.delta_da == shift and not (one.caution or other.caution)
    ]
    # The least detour first: two changes the same way before one each way.
    pairs.sort(key=lambda pair: abs(pair[0].delta_da) + abs(pair[1].delta_da))
    return tuple(_reading(*pair) for pair in pairs[:_MOST])


def _reading(*changes: AtomChange) -> ShiftReading:
    total: dict[str, int] = {}
    for change in changes:
        for element, number in counts(change.atoms).items():
            total[element] = total.get(element, 0) + number
    return ShiftReading(
        changes=tuple(change.words for change in changes),
        atoms=written(total),
        cautions=tuple(change.caution for change in changes if change.caution),
    )


def counts(atoms: str) -> dict[str, int]:
    """Return element to number, negative for what went, of a text like ``-H +OCH3``.

    Raises
    ------
    ValueError
        The text is none, or names an element no drug holds.
    """
    found: dict[str, int] = {}
    rest = _ATOM.sub("", atoms).strip()
    if rest or not atoms.strip():
        raise ValueError(f"no change of atoms: {atoms!r}")
    for sign, group in _ATOM.findall(atoms):
        for element, number in _ELEMENT.findall(group):
            if element not in NOMINAL:
                raise ValueError(f"{element!r} is no element that is met in drugs")
            step = int(number or 1) * (1 if sign == "+" else -1)
            found[element] = found.get(element, 0) + step
    return {element: number for element, number in found.items() if number}


def written(total: Mapping[str, int]) -> str:
    """Return a change of atoms as text: what came in Hill order, then what went."""

    def side(sign: int) -> str:
        there = {element: n * sign for element, n in total.items() if n * sign > 0}
        order = sorted(there, key=lambda e: (e != "C", e != "H" or "C" not in there, e))
        return "".join(f"{e}{there[e] if there[e] > 1 else ''}" for e in order)

    parts = [f"+{side(1)}" if side(1) else "", f"-{side(-1)}" if side(-1) else ""]
    return " ".join(part for part in parts if part) or "none"
