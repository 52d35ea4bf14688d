"""``fol office``: how cases, notices, other labs, the shift, turnaround and practice stand."""

from __future__ import annotations

import click

from tui.context import acting, acting_option, json_option, opened
from tui.output import document, table


@click.command(epilog="Example: fol office --json")
@acting_option
@json_option
def office(lab_path: str | None, person: str | None, as_json: bool) -> None:
    """Show how each part of the office stands, in a line each; `!` waits for a person."""
    from tui.office_overview import overview

    with opened(lab_path) as lab:
        found = overview(lab, acting(person))
    if as_json:
        document("office", {"parts": found})
        return
    table(
        [["!" if each.is_urgent else "", each.title, each.says] for each in found],
        ["", "office", "how it stands"],
    )
