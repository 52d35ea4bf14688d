"""``fol hub``: headquarters, where the labs become one picture."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from tui.context import json_option
from tui.output import document, line, say

FOLDER = click.Path(file_okay=False)


@click.group(epilog="Example: fol hub serve --folder hq --port 8443")
def hub() -> None:
    """Headquarters: serve, enroll, digest, missing."""


@hub.command(epilog="Example: fol hub serve --folder hq --host 127.0.0.1 --port 8443")
@click.option("--folder", type=FOLDER, required=True, help="Where the hub keeps its record.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8443, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--lose-acknowledgements",
    default=0,
    type=click.IntRange(0, 1000),
    help="A drill: store this many reports without answering.",
)
def serve(folder: str, host: str, port: int, lose_acknowledgements: int) -> None:
    """Serve HTTPS and take signed reports; makes its certificate on the first start."""
    from reports.hub import serve as serve_hub

    say(f"hub at https://{host}:{port}, record in {folder}; stop with ctrl+c")
    serve_hub(Path(folder), host, port, lose_acknowledgements=lose_acknowledgements)


@hub.command(epilog="Example: fol hub enroll --folder hq --lab-site NOG --key lab.pub")
@click.option("--folder", type=FOLDER, required=True)
@click.option("--lab-site", required=True, help="The lab's site code.")
@click.option("--key", "key_file", type=click.Path(exists=True, dir_okay=False), required=True)
def enroll(folder: str, lab_site: str, key_file: str) -> None:
    """Take a lab's public key on file, after checking it in person."""
    from reports.hub_store import enroll_file

    enroll_file(Path(folder), lab_site, Path(key_file))
    line(f"{lab_site} enrolled")


def _day(text: str) -> date:
    from lims.clock import now

    if not text:
        return now().date()
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day
    except ValueError as error:
        raise click.UsageError(f"{text!r} is not a day; write it as 2026-11-24") from error


@hub.command(epilog="Example: fol hub digest --folder hq --json")
@click.option("--folder", type=FOLDER, required=True)
@click.option("--day", default="", help="ISO day; else today (UTC).")
@json_option
def digest(folder: str, day: str, as_json: bool) -> None:
    """Show all labs as one picture: received, silent, missing; totals, first seen, candidates."""
    from reports.hub_digest import digest as make_digest

    found = make_digest(Path(folder), _day(day))
    if as_json:
        document("hub.digest", {"digest": found})
        return
    for text in found.lines():
        line(text)


@hub.command(epilog="Example: fol hub missing --folder hq")
@click.option("--folder", type=FOLDER, required=True)
@click.option("--day", default="", help="ISO day; else today (UTC).")
@json_option
def missing(folder: str, day: str, as_json: bool) -> None:
    """List the labs whose report is missing, and gaps in their numbers."""
    from reports.hub_digest import missing as find_missing

    found = find_missing(Path(folder), _day(day))
    if as_json:
        document("hub.missing", {"missing": found})
        return
    for lab in found:
        line(lab.line())
    if not found:
        say("none")
