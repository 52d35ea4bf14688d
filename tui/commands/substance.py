"""``fol substance``: what a substance is, how dangerous it is, what law says."""

from __future__ import annotations

import click

from tui.context import json_option
from tui.output import document, line, table


@click.group(epilog="Example: fol substance show xylazine")
def substance() -> None:
    """Facts, class, hazard group and law."""


@substance.command(epilog="Example: fol substance show 437-38-7 --json")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show one substance by name, synonym, CAS number or InChIKey."""
    from libraries.errors import LibraryNotFoundError
    from libraries.hazards import of_substance
    from libraries.substances import table as substances

    found = substances().find(name)
    if found is None:
        near = ", ".join(item.name for item in substances().search(name, limit=5))
        raise LibraryNotFoundError(
            f"no substance {name!r} in the table", hint=f"Near: {near}" if near else ""
        )
    isomers = [item.name for item in substances().same_formula(found) if item.name != found.name]
    if as_json:
        document("substance.show", {"substance": found, "same_formula": isomers})
        return
    line(f"{found.name} ({found.class_name}), {found.role}")
    line(f"{found.formula}, {found.monoisotopic_mass:.4f} Da, CAS {found.cas or 'not known'}")
    line(f"hazard {of_substance(found).headline}")
    if isomers:
        line(f"same formula: {', '.join(isomers)}")


@substance.command(epilog="Example: fol substance search fentanil")
@click.argument("text")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 500))
@json_option
def search(text: str, limit: int, as_json: bool) -> None:
    """Search names, synonyms, CAS numbers, formulas; forgives typing errors."""
    from libraries.substances import table as substances

    found = substances().search(text, limit=limit)
    if as_json:
        document("substance.search", {"substances": found})
        return
    table(
        [[s.name, s.class_name, s.formula, s.cas, s.hazard_group, s.role] for s in found],
        ["name", "class", "formula", "cas", "hazard", "role"],
    )


@substance.command(
    epilog="Example: fol substance classify 'CCC(=O)N(c1ccccc1)C1CCN(CC1)CCc1ccccc1'"
)
@click.argument("smiles")
@json_option
def classify(smiles: str, as_json: bool) -> None:
    """Say which classes and rules a structure falls under. Not legal advice."""
    from libraries.legal import classify as classify_structure

    result = classify_structure(smiles)
    if as_json:
        document("substance.classify", {"classes": result.classes, "rules": result.rules})
        return
    line(f"classes: {', '.join(result.classes) or 'none known'}")
    for rule in result.rules:
        letters = f" ({', '.join(rule.letters)})" if rule.letters else ""
        line(f"{rule.jurisdiction}: {rule.rule}: {'applies' if rule.applies else 'no'}{letters}")
        for reason in rule.reasons:
            line(f"    {reason}")
    line("Not legal advice.")
