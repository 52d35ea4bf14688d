"""``fol turnaround``: how long each stage takes, and ``fol sample stop|resume``."""

from __future__ import annotations

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table


@click.command(epilog="Example: fol turnaround --days 90 --json")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3_660))
@lab_option
@json_option
def turnaround(days: int, lab_path: str | None, as_json: bool) -> None:
    """Show how long each stage takes, open work counted in, and how full the lab is."""
    from lims.turnaround import turnaround as measured

    with opened(lab_path) as lab:
        found = measured(lab, days)
    if as_json:
        document("turnaround", {"turnaround": found})
        return
    table(
        [
            [s.name, s.finished, s.open, *map(_time, (s.median, s.p90, s.p95, s.median_with_open)),
             "" if s.within_target is None else f"{s.within_target:.0%} of {_time(s.target)}",
             _time(s.oldest_open)]
            for s in found.stages
        ],
        ["stage", "done", "open", "median", "p90", "p95", "with open", "in target", "oldest open"],
    )  # fmt: skip
    load = found.load
    line(
        f"open {load.open}, received {load.received_per_day:g} and answered "
        f"{load.answered_per_day:g} a day"
        + (f", {load.days_of_work:g} days of work" if load.days_of_work is not None else "")
        + (f", utilisation {load.utilisation:.0%}" if load.utilisation is not None else "")
    )
    for because, minutes in found.stopped.items():
        line(f"stopped for {because.replace('_', ' ')}: {_time(minutes)}")
    if load.warning:
        say(load.warning)


def _time(minutes: float | None) -> str:
    if minutes is None:
        return ""
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 2_880 else f"{minutes / 1_440:.1f} d"


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
