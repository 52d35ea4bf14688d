"""``fol report``, ``fol trends``, ``fol push``, ``fol outbox``: documents and their delivery."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lims.errors import ConfigError
from spectra.errors import LabError
from tui.commands.certificate import certificate
from tui.commands.report_month import report_month
from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table

if TYPE_CHECKING:
    from lims.hub_answers import Taken
    from lims.lab import Lab

EXIT_RECORD = 3


@click.group(epilog="Example: fol report daily")
def report() -> None:
    """Finished documents: the day, the month, and reports on one sample or shipment."""


report.add_command(certificate)
report.add_command(report_month)


def _day(text: str, timezone: str) -> date:
    from zoneinfo import ZoneInfo

    from lims.clock import now

    if not text:
        return now().astimezone(ZoneInfo(timezone)).date()
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day
    except ValueError as error:
        raise click.UsageError(f"{text!r} is not a day; write it as 2026-11-24") from error


@report.command(epilog="Example: fol report daily --day 2026-11-24")
@click.option("--day", default="", help="ISO day in the lab's time zone; else today.")
@acting_option
@json_option
def daily(day: str, lab_path: str | None, person: str | None, as_json: bool) -> None:
    """Write the daily report (HTML, PDF, JSON, CSV) and put it in the outbox."""
    from reports.publish import publish_daily

    with opened(lab_path) as lab:
        made = publish_daily(lab, acting(person), _day(day, lab.timezone))
    if as_json:
        document(
            "report.daily", {"report_id": made.report_id, "seq": made.seq, "paths": made.paths}
        )
        return
    for kind, path in made.paths.items():
        line(f"{kind:5} {path}")
    say(f"{made.report_id}, number {made.seq}, waits in the outbox; send it with `fol push`")


@click.command(epilog="Example: fol trends --day 2026-11-24 --json")
@click.option("--day", default="", help="ISO day in the lab's time zone; else today.")
@lab_option
@json_option
def trends(day: str, lab_path: str | None, as_json: bool) -> None:
    """Show counts and shares against the weeks before, signals and first-seen notices."""
    from reports.trends import collect

    with opened(lab_path) as lab:
        found = collect(lab, _day(day, lab.timezone))
    if as_json:
        document("trends", {"trends": found})
        return
    for text in found.lines():
        line(text)


@click.command(epilog="Example: fol push --hub https://hq.example:8443 --ca hub-ca.pem")
@click.option("--hub", "url", default="", help="Headquarters' address; kept once given.")
@click.option("--ca", "ca_file", default="", help="Certificate that must have signed the hub's.")
@acting_option
@json_option
def push(url: str, ca_file: str, lab_path: str | None, person: str | None, as_json: bool) -> int:
    """Send what waits in the outbox, in order; nothing leaves the outbox unacknowledged."""
    from reports.delivery import configure
    from reports.delivery import push as push_outbox

    with opened(lab_path) as lab:
        if url or ca_file:
            if not (url and ca_file):
                raise ConfigError(
                    "--hub and --ca belong together",
                    hint="Give the hub's address and its certificate.",
                )
            configure(lab.folder, url, Path(ca_file))
        outcomes = push_outbox(lab, acting(person))
        taken = _answers(lab, acting(person))
    if as_json:
        document("push", {"outcomes": outcomes, "answers": taken})
    else:
        table(
            [[o.seq, o.report_id, o.state, o.tries, o.detail] for o in outcomes],
            ["seq", "report", "state", "tries", "detail"],
        )
        if taken is not None and taken.outcomes:
            from tui.commands.pull import tell

            tell(taken)
    return EXIT_RECORD if any(o.state == "parked" for o in outcomes) else 0


def _answers(lab: Lab, person: str) -> Taken | None:
    """Take headquarters' answers after a push, where its key is trusted; no push fails by it."""
    from lims.hub_answers import trusted
    from reports.hub_pull import pull

    if trusted(lab) is None:
        return None
    try:
        return pull(lab, person)
    except LabError as error:
        say(f"headquarters' answers were not taken: {error.message}")
        return None


@click.group(invoke_without_command=True, epilog="Example: fol outbox --json")
@lab_option
@json_option
@click.pass_context
def outbox(ctx: click.Context, lab_path: str | None, as_json: bool) -> None:
    """Show what was sent, what waits and what needs a person."""
    if ctx.invoked_subcommand is not None:
        return
    from lims.outbox import items

    with opened(lab_path) as lab:
        found = items(lab)
    if as_json:
        document("outbox", {"items": found})
        return
    table(
        [[i.seq, i.report_id, i.kind, i.state, i.tries] for i in found],
        ["seq", "report", "kind", "state", "tries"],
    )


@outbox.command(epilog="Example: fol outbox requeue 7 --reason 'key enrolled anew'")
@click.argument("seq", type=int)
@click.option("--reason", required=True, help="Why it may be sent again; kept in the log.")
@acting_option
def requeue(seq: int, reason: str, lab_path: str | None, person: str | None) -> None:
    """Put a report that headquarters refused back in the queue."""
    from lims.outbox import requeue as requeue_report

    with opened(lab_path) as lab:
        done = requeue_report(lab, acting(person), seq, reason)
        line(f"{done.report_id}: {done.state}")
