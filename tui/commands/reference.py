"""``fol reference``: the lab's own reference spectra, each signed by two people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, table

if TYPE_CHECKING:
    from lims.references import Reference


@click.group(epilog="Example: fol reference list")
def reference() -> None:
    """References of the lab's own: propose, approve, withdraw, list."""


@reference.command(
    epilog="Example: fol reference propose NOG-26-S000001-D.R1 --substance xylazine "
    "--salt hydrochloride --source 'certified reference, lot 4711'"
)
@click.argument("what")
@click.option("--substance", required=True, help="Name, CAS number or InChIKey.")
@click.option("--inchikey", default="", help="Of a substance the table does not know.")
@click.option("--salt", default="", help="For example hydrochloride; else the base.")
@click.option("--purity", default="", help="As its source states it.")
@click.option("--source", required=True, help="What the identity rests on.")
@click.option("--licence", default="", help="Terms; else it may be passed on to other labs.")
@click.option("--spectrum", default=0, type=click.IntRange(0), help="Which one of several.")
@click.option("--library", "name", default="", help="Which of the lab's own; else own-SITE.")
@acting_option
@json_option
def propose(
    what: str,
    substance: str,
    inchikey: str,
    salt: str,
    purity: str,
    source: str,
    licence: str,
    spectrum: int,
    name: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Propose a reviewed run or finding of a known substance as a reference."""
    from lims.references import Proposal
    from lims.references import propose as propose_reference

    said = Proposal(
        substance=substance,
        inchikey=inchikey,
        salt=salt,
        purity=purity,
        source=source,
        licence=licence,
        position=spectrum,
        library=name,
    )
    with opened(lab_path) as lab:
        made = propose_reference(lab, acting(person), what, said)
    _tell("propose", made, as_json, f"a second person approves it: fol reference approve {made.id}")


@reference.command(epilog="Example: fol reference approve NOG-26-S000001-D.L1 --as okafor")
@click.argument("reference_id", metavar="REFERENCE")
@click.option("--no-again", is_flag=True, help="Leave stored unknowns for `fol again`.")
@acting_option
@json_option
def approve(
    reference_id: str, no_again: bool, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Approve a reference as second person; it enters the next version of its library."""
    from lims.references import approve as approve_reference
    from tui.commands.again import follow_up, tell

    with opened(lab_path) as lab:
        made = approve_reference(lab, acting(person), reference_id)
        _tell("approve", made, as_json, f"in {made.library} {made.version} as entry {made.entry}")
        report = None if no_again else follow_up(lab, acting(person), made.library)
    if report is not None and not as_json:
        tell(report)


@reference.command(
    epilog="Example: fol reference withdraw NOG-26-S000001-D.L1 --reason 'lot was recalled'"
)
@click.argument("reference_id", metavar="REFERENCE")
@click.option("--reason", required=True, help="Why; kept in the log.")
@acting_option
@json_option
def withdraw(
    reference_id: str, reason: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Take a reference back; an entered one leaves with a new library version."""
    from lims.references import withdraw as withdraw_reference

    with opened(lab_path) as lab:
        made = withdraw_reference(lab, acting(person), reference_id, reason)
    _tell("withdraw", made, as_json, f"withdrawn by {made.closed_by}")


@reference.command("list", epilog="Example: fol reference list --all --json")
@click.option("--all", "everything", is_flag=True, help="Also withdrawn ones.")
@lab_option
@json_option
def list_(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List the lab's own references, newest first."""
    from lims.references import references

    with opened(lab_path) as lab:
        found = references(lab, everything)
    if as_json:
        document("reference.list", {"references": found})
        return
    table(
        [
            [
                each.id,
                each.name,
                each.state,
                f"{each.library} {each.version}".strip(),
                each.source,
                each.proposed_by,
                each.approved_by,
                each.reason,
            ]
            for each in found
        ],
        ["reference", "substance", "state", "library", "source", "proposed", "approved", "reason"],
    )


def _tell(verb: str, made: Reference, as_json: bool, more: str) -> None:
    if as_json:
        document(f"reference.{verb}", {"reference": made})
        return
    line(f"{made.id}: {made.name}, {made.state}; {more}")
