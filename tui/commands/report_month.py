"""``fol report month``: the month's field tools, turnaround and exceptions."""

from __future__ import annotations

from datetime import date, datetime

import click

from tui.context import json_option, lab_option, opened
from tui.output import document, line, say, table


@click.command("month", epilog="Example: fol report month --month 2026-11 --json")
@click.option("--month", default="", help="Year and month; else this one.")
@lab_option
@json_option
def report_month(month: str, lab_path: str | None, as_json: bool) -> None:
    """Show what field tools said in a month and what the lab found where they said nothing."""
    from reports.measure_view import (
        exception_line,
        exception_words,
        field_tool_section,
        stage_cells,
    )
    from reports.monthly import collect

    with opened(lab_path) as lab:
        found = collect(lab, _first(month, lab.timezone))
    if as_json:
        document("report.month", {"month": found})
        return
    section = field_tool_section((found.field_tools,) if found.field_tools else ())
    line(section.intro or f"{found.month}: nothing submitted")
    if section.rows:
        table([list(row[1:]) for row in section.rows], ["then", "samples", "of", "by tool"])
    table(
        [list(stage_cells(each)) for each in found.turnaround.stages],
        ["stage", "state", "median", "90 %", "with open", "in target", "oldest open"],
    )
    for each in found.exceptions.lines:
        line(f"{each.sample}: {exception_line(each)}")
    say(exception_words(found.exceptions))


def _first(text: str, timezone: str) -> date:
    from zoneinfo import ZoneInfo

    from lims.clock import now

    if not text:
        return now().astimezone(ZoneInfo(timezone)).date().replace(day=1)
    try:
        first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a calendar month
    except ValueError as error:
        raise click.UsageError(f"{text!r} is not a month; write it as 2026-11") from error
    if not 2000 <= first.year <= 2999:
        raise click.UsageError(f"{text!r} is no month of a laboratory's record")
    return first
