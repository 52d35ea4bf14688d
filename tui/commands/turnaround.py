"""``fol turnaround``: how long each stage takes, and ``fol sample stop|resume``."""

from __future__ import annotations

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.office_words import load_words, stopped_words, target_words, time_words
from tui.output import document, line, say, table


@click.command(epilog="Example: fol turnaround --days 90 --json")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3_660))
@click.option("--by-lane", is_flag=True, help="The quick and the full lane apart.")
@lab_option
@json_option
def turnaround(days: int, by_lane: bool, lab_path: str | None, as_json: bool) -> None:
    """Show how long each stage takes, open work counted in, and how full the lab is."""
    from lims.turnaround import turnaround as measured

    with opened(lab_path) as lab:
        found = measured(lab, days)
    if as_json:
        document("turnaround", {"turnaround": found})
        return
    stages = found.stages if not by_lane else ()
    rows = [("", each) for each in stages]
    rows += [(lane, each) for lane, ones in found.lanes.items() for each in ones if by_lane]
    table(
        [
            [each.name, *([lane] if by_lane else ()), each.finished, each.open,
             *map(time_words, (each.median, each.p90, each.p95, each.median_with_open)),
             target_words(each), time_words(each.oldest_open)]
            for lane, each in rows
        ],
        ["stage", *(["lane"] if by_lane else ()), "done", "open", "median", "p90", "p95",
         "with open", "in target", "oldest open"],
    )  # fmt: skip
    load = found.load
    line(load_words(load))
    for said in stopped_words(found.stopped):
        line(said)
    if load.warning:
        say(load.warning)


@click.command("stop", epilog="Example: fol sample stop NOG-26-S000001-D --because officer")
@click.argument("number")
@click.option(
    "--because",
    type=click.Choice(["officer", "court", "instrument", "reference_material"]),
    required=True,
    help="Whom the lab waits for.",
)
@click.option("--remark", default="")
@acting_option
def sample_stop(
    number: str, because: str, remark: str, lab_path: str | None, person: str | None
) -> None:
    """Stop the clock of a sample while the lab waits for somebody else."""
    from lims.stopped import Because, stop

    with opened(lab_path) as lab:
        stop(lab, acting(person), number, Because(because), remark=remark)
        line(f"{number}: the clock stands still, waiting for {because.replace('_', ' ')}")


@click.command("resume", epilog="Example: fol sample resume NOG-26-S000001-D")
@click.argument("number")
@acting_option
def sample_resume(number: str, lab_path: str | None, person: str | None) -> None:
    """Let the clock of a sample run again."""
    from lims.stopped import resume

    with opened(lab_path) as lab:
        resume(lab, acting(person), number)
        line(f"{number}: the clock runs")


COMMANDS = (sample_stop, sample_resume)
