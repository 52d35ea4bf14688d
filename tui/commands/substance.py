"""``fol substance``: what a substance is, how dangerous it is, what law says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.context import json_option, lab_option
from tui.output import document, line, say, table

if TYPE_CHECKING:
    from libraries.legal import Classification, RuleResult
    from libraries.substances import Substance


@click.group(epilog="Example: fol substance show xylazine")
def substance() -> None:
    """Facts, class, hazard group and law."""


@substance.command(epilog="Example: fol substance show 437-38-7 --json")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show one substance by name, synonym, CAS number or InChIKey."""
    from libraries import salts, stereo, substances
    from libraries.hazards import of_substance

    found = _found(name)
    isomers = [item.name for item in substances.table().same_formula(found)]
    group = stereo.stereo_group(found.inchikey)
    hazard = of_substance(found)
    forms = salts.salts_of(found)
    if as_json:
        facts = {
            "substance": found,
            "same_formula": isomers,
            "stereo_group": group and {"name": group.name, "why": group.why},
            "hazard": hazard,
            "salts": forms,
            "confidence": found.confidence,
        }
        document("substance.show", facts)
        return
    line(f"{found.name} ({found.class_name}), {found.role}")
    if found.synonyms:
        line(f"also: {', '.join(found.synonyms)}")
    line(f"{found.formula}, {found.monoisotopic_mass:.4f} Da, CAS {found.cas or 'not known'}")
    line(f"InChIKey {found.inchikey}")
    line(f"hazard {hazard.headline}")
    line(
        f"United States schedule: {found.us_schedule or 'none noted'} (from memory, to be checked)"
    )
    if group:
        line(f"stereoisomers: {group.name}; {group.why}")
    if isomers:
        line(f"same formula: {', '.join(isomers)}")
    for form in forms[:1]:
        line(
            f"{form.words}: {form.formula}, {form.molar_mass:.2f} g/mol, "
            f"{100 * form.base_fraction:.1f} % base"
        )


def _found(name: str) -> Substance:
    from libraries.errors import LibraryNotFoundError
    from libraries.substance_search import search as find
    from libraries.substances import table as substances

    found = substances().find(name)
    if found is not None:
        return found
    answer = find(name, limit=5)
    near = ", ".join(each.substance.name for each in answer.found)
    hint = " ".join((*answer.notes, f"Near: {near}." if near else "")).strip()
    raise LibraryNotFoundError(f"no substance {name[:60]!r} in the table", hint=hint)


@substance.command(epilog="Example: fol substance search 'para fluoro fentanil'")
@click.argument("text")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 500))
@click.option(
    "--tolerance",
    default=None,
    type=click.FloatRange(0.0, 50.0),
    metavar="DA",
    help="For a mass, in Da; else by its digits.",
)
@json_option
def search(text: str, limit: int, tolerance: float | None, as_json: bool) -> None:
    """Search by name (slips allowed), CAS, InChIKey, formula, mass or SMILES; says why."""
    from libraries.substance_search import search as find

    answer = find(text, limit=limit, tolerance_da=tolerance)
    if as_json:
        facts = {
            "read_as": answer.read_as,
            "substances": [each.substance for each in answer.found],
            "why": [
                {"name": each.substance.name, "score": each.score, "why": each.why}
                for each in answer.found
            ],
            "notes": answer.notes,
        }
        document("substance.search", facts)
        return
    table(
        [
            [s.name, s.class_name, s.formula, s.cas, s.hazard_group, s.role, each.why]
            for each in answer.found
            for s in (each.substance,)
        ],
        ["name", "class", "formula", "cas", "hazard", "role", "why"],
    )
    for note in answer.notes:
        say(note)


@substance.command(
    epilog="Example: fol substance classify 'CCC(=O)N(c1ccccc1)C1CCN(CC1)CCc1ccccc1'"
)
@click.argument("smiles")
@click.option("--on", "day", default="", metavar="DAY", help="As on 2018-01-01; today.")
@lab_option
@json_option
def classify(smiles: str, day: str, lab_path: str | None, as_json: bool) -> None:
    """Say which classes and rules a structure falls under on a day. Not legal advice."""
    from libraries.legal import classify as classify_structure
    from tui.commands.law import chosen_day, rules_in_use

    on = chosen_day(day)
    result = classify_structure(smiles, day=on, rules=rules_in_use(lab_path))
    if as_json:
        document("substance.classify", _facts(result))
        return
    line(f"classes: {', '.join(result.classes) or 'none known'}")
    if len(result.parts) > 1:
        line(f"{len(result.parts)} parts: {', '.join(result.parts)}")
    for rule in _telling(result):
        letters = f" ({', '.join(rule.letters)})" if rule.letters else ""
        line(f"{rule.jurisdiction}: {rule.rule}: {rule.outcome}{letters}")
        for reason in rule.reasons:
            line(f"    {reason}")
    quiet = len(result.rules) - len(_telling(result))
    if quiet:
        line(f"{quiet} other rules say no (all with --json)")
    line(f"Read for {on}. {result.advice}")


def _facts(result: Classification) -> dict[str, Any]:
    return {
        "classes": result.classes,
        "rules": result.rules,
        "inchikey": result.inchikey,
        "parts": result.parts,
        "on": result.on,
        "rule_set": result.rule_set,
        "advice": result.advice,
    }


def _telling(result: Classification) -> list[RuleResult]:
    """Return the rules that say something: all but a plain no outside the structure's class."""
    from libraries.legal import Outcome

    silent = (Outcome.NO, Outcome.NOT_YET, Outcome.ENDED)
    return [
        rule
        for rule in result.rules
        if rule.outcome not in silent or rule.meets_structure or rule.id == "us-fentanyl-related"
    ]
