"""``fol pull``: headquarters' answers about this lab's unknowns, over HTTPS or from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, json_option, opened
from tui.output import document, line, say

if TYPE_CHECKING:
    from lims.hub_answers import Taken


@click.command(epilog="Example: fol pull --file NOG-answers.json")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of answers carried by hand; else headquarters is asked over HTTPS.",
)
@click.option(
    "--trust", default="", help="Headquarters' fingerprint, after they read it out to you."
)
@acting_option
@json_option
def pull(
    file: Path | None, trust: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Take headquarters' codes and names for this lab's unknowns; each answer counts once."""
    from reports import hub_pull

    with opened(lab_path) as lab:
        if file is not None:
            taken = hub_pull.take_file(lab, acting(person), file, trusting=trust)
        else:
            taken = hub_pull.pull(lab, acting(person), trusting=trust)
    if as_json:
        document("pull", {"taken": taken})
        return
    tell(taken)


def tell(taken: Taken) -> None:
    """Say what headquarters answered, one line for each unknown; no name is printed."""
    if taken.newly_trusted:
        line(f"headquarters is trusted from now on: {taken.fingerprint}")
    for outcome in taken.outcomes:
        if outcome.state == "duplicate":
            say(f"answer {outcome.sequence} was here already")
            continue
        line(f"answer {outcome.sequence}: {len(outcome.unknowns)} unknowns")
        for each in outcome.unknowns:
            sites = ", ".join(lab.site for lab in each.labs)
            before = f", before {', '.join(each.earlier)}" if each.earlier else ""
            named = f"; named at {each.named_at}, see fol unknown show" if each.name else ""
            line(
                f"  {each.lab_code} is {each.code}{before}: {each.samples} samples"
                f" at {sites or 'no laboratory in force'}{named}"
            )
        if outcome.told:
            line(f"  told of a name: {', '.join(outcome.told)}")
    if not taken.outcomes:
        say("nothing new")
