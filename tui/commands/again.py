"""``fol again``: stored unknowns searched again when a library has grown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, is_terminal, say, table

if TYPE_CHECKING:
    from lims.again import Again, AgainReport, Progress
    from lims.lab import Lab

EXIT_DATA = 4


@click.group(
    invoke_without_command=True,
    epilog="Example: fol again --library street --executor 4; fol again list",
)
@click.option("--library", "name", default="", help="Only what its newest version is new for.")
@click.option(
    "--executor", default="", help="Number of processes, or dask:ADDRESS; else this process."
)
@acting_option
@json_option
@click.pass_context
def again(
    ctx: click.Context,
    name: str,
    executor: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> int:
    """Search stored unknowns again in libraries they were not compared with; list what now answers.

    Each that does is submitted for review and told by a notice.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from lims.again import search
    from tui.executors import chosen

    with opened(lab_path) as lab, chosen(executor) as pool:
        report = search(
            lab, acting(person), library=name, executor=pool, progress=_progress(as_json)
        )
    if as_json:
        document("again", {"report": report})
    else:
        tell(report)
    return EXIT_DATA if report.problems else 0


@again.command("list", epilog="Example: fol again list --library own-TIJ --json")
@click.option("--library", "name", default="", help="Only searches in this library.")
@click.option("--all", "everything", is_flag=True, help="Also those that brought nothing.")
@click.option("--limit", default=1_000, show_default=True, type=click.IntRange(1, 100_000))
@lab_option
@json_option
def list_(name: str, everything: bool, limit: int, lab_path: str | None, as_json: bool) -> None:
    """List what earlier searches of stored unknowns brought, newest first."""
    from lims.again import listed

    with opened(lab_path) as lab:
        found = listed(lab, name, everything, limit=limit)
    if as_json:
        document("again.list", {"searches": found})
        return
    _table(found)


def tell(report: AgainReport) -> None:
    """Print what one round of searching brought."""
    if report.found:
        _table(report.found)
    for each in report.problems:
        say(f"{each.finding} could not be searched: {each.problem}")
    left = f", {report.left} left" if report.left else ""
    named = sum(1 for each in report.found if each.new_finding)
    leads = len(report.found) - named
    also = f", {leads} with a lead" if leads else ""
    say(f"{report.searched} stored unknowns searched again, {named} answer now{also}{left}")
    if named:
        say("The new findings wait for review (fol review); the notices stand in fol alerts.")


def follow_up(lab: Lab, person: str, library: str) -> AgainReport | None:
    """Search stored unknowns in a library that was just added, or say who can.

    None where nothing waits or the person may not.
    """
    from lims import people, unknowns, workflow
    from lims.again import search

    count = len(unknowns.waiting(lab, library))
    if not count:
        return None
    if not workflow.may(people.person(lab, person), workflow.Verb.SEARCH_AGAIN):
        say(f"{count} stored unknowns wait for it: an analyst runs `fol again`")
        return None
    return search(lab, person, library=library, progress=_progress(False))


def _progress(quiet: bool) -> Progress | None:
    if quiet or not is_terminal():
        return None

    def shown(done: int, total: int) -> None:
        if done == total or done % 25 == 0:
            say(f"{done} of {total}")

    return shown


def _table(found: Sequence[Again]) -> None:
    table(
        [
            [
                each.sample,
                each.shipment,
                each.disposition,
                f"{each.days:.0f}",
                each.was,
                each.now,
                each.new_finding or each.gain,
                ", ".join(each.libraries),
            ]
            for each in found
        ],
        ["sample", "shipment", "is", "days", "before", "now", "finding", "libraries"],
    )
