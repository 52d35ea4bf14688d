"""Proposed structures in words: what a table and a detail of them say.

Pure: plain values in, text out. Every text that holds a structure says that it is not identified.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MARK = "proposed, not identified"
HEADINGS = ("", "formula", "structure", "made by", "fit")


def summary(proposals: Mapping[str, Any]) -> str:
    """Return one line: how many, of which mass, and whether the search was ended."""
    structures = _maps(proposals.get("structures"))
    if not structures:
        return f"nothing proposed: {_text(proposals.get('reason')) or 'no structure fits'}"
    count = "1 structure" if len(structures) == 1 else f"{len(structures)} structures"
    said = f"{count} of mass {proposals.get('mass')}, {MARK}"
    tried = proposals.get("candidates")
    if isinstance(tried, int) and tried > len(structures):
        said += f"; the first of {tried} candidates"
    return said if proposals.get("complete", True) else f"{said}; more were not looked at"


def cells(structure: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """Return rank, formula, SMILES, changes and fit, for one line of a table."""
    made = "; ".join(_texts(structure.get("edits")))
    start = _text(structure.get("made_from"))
    fit = structure.get("agreement")
    return (
        _text(structure.get("rank")),
        _text(structure.get("formula")),
        _text(structure.get("smiles")),
        f"{made} (from {start})" if start else made,
        f"{fit:.1f}" if isinstance(fit, (int, float)) else "",
    )


def details(structure: Mapping[str, Any]) -> list[str]:
    """Return everything that is known of one proposal, line by line."""
    rank = _text(structure.get("rank"))
    lines = [
        f"{MARK}: structure {rank}",
        f"SMILES {_text(structure.get('smiles'))}",
        f"formula {_text(structure.get('formula'))}, InChIKey {_text(structure.get('inchikey'))}",
    ]
    start = _text(structure.get("made_from"))
    made = "; ".join(_texts(structure.get("edits")))
    lines.append(f"made from {start} by: {made}" if start else f"made by: {made}")
    if structure.get("site"):
        lines.append(f"differs by {structure['site']}")
    ions = _texts(structure.get("ions"))
    if ions:
        lines.append(f"ions it explains: {', '.join(ions)}")
    lines.extend(law(structure))
    return lines


def law(structure: Mapping[str, Any]) -> list[str]:
    """Return the legal reading of one proposal, were the substance it."""
    said = []
    for each in _maps(structure.get("legal")):
        found = _texts(each.get("letters"))
        letters = ("" if all(len(one) == 1 for one in found) else ", ").join(found)
        by = f", {letters}" if letters else ""
        outcome = "would be" if each.get("outcome") == "applies" else "may be"
        said.append(f"{outcome} {_text(each.get('would_be'))} ({each.get('schedule')}{by})")
    return said or ["no legal rule here would apply to it"]


def _maps(value: object) -> Sequence[Mapping[str, Any]]:
    items = value if isinstance(value, (list, tuple)) else ()
    return [each for each in items if isinstance(each, Mapping)]


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else []


def _text(value: object) -> str:
    return "" if value is None else str(value)
