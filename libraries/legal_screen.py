"""The structural test that only looks for a rule's core: the closed lists are not read.

It says "may apply", never more: whoever decides reads the structure against the instrument.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from libraries import structure
from libraries.errors import LibraryError
from libraries.legal_derived import over_mass
from libraries.legal_reading import Reading

if TYPE_CHECKING:
    from rdkit.Chem import Mol


def read_screen(test: Mapping[str, object], molecule: Mol) -> Reading:
    """Return whether a molecule holds any of ``patterns`` and none of ``unless``.

    ``largest_mass`` is in u, without counter-ions; 0 or missing for no limit.
    """
    if too_heavy := over_mass(test, molecule):
        return Reading(met=False, letters=(), reasons=(too_heavy,))
    if not any(molecule.HasSubstructMatch(each) for each in _patterns(test, "patterns")):
        return Reading(met=False, letters=(), reasons=(str(test["reason_not_met"]),))
    if any(molecule.HasSubstructMatch(each) for each in _patterns(test, "unless")):
        reason = str(test.get("reason_unless", test["reason_not_met"]))
        return Reading(met=False, letters=(), reasons=(reason,))
    reasons = (str(test["reason_met"]), "only the core was looked for, not the closed lists")
    return Reading(met=True, letters=(), reasons=reasons)


def check(test: Mapping[str, object]) -> None:
    """Raise `LibraryError` unless every pattern of a test can be asked."""
    if not list(_patterns(test, "patterns")):
        raise LibraryError("a screen needs a list of patterns")
    list(_patterns(test, "unless"))
    largest = test.get("largest_mass", 0)
    if isinstance(largest, bool) or not isinstance(largest, int | float) or largest < 0:
        raise LibraryError("largest_mass of a screen must be a number")
    for name in ("reason_met", "reason_not_met"):
        if not isinstance(test.get(name), str) or not test[name]:
            raise LibraryError(f"a screen lacks {name}")


def _patterns(test: Mapping[str, object], name: str) -> list[Mol]:
    found = test.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise LibraryError(f"a screen needs {name} as a list of SMARTS")
    return [structure.pattern(each) for each in found]
