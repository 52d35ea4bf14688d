"""``fol hub``: headquarters, where the labs become one picture."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from tui.context import json_option
from tui.output import document, line, say, table
from tui.text import clean

EXIT_DATA = 4
FOLDER = click.Path(file_okay=False)


@click.group(epilog="Example: fol hub serve --folder hq --port 8443")
def hub() -> None:
    """Headquarters: reports in, answers out, digests, unknowns, flags, watch list."""


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
    from reports.hub_keys import enroll_file

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
@click.option("--html", type=click.Path(dir_okay=False), help="Also write the digest as HTML.")
@click.option("--pdf", type=click.Path(dir_okay=False), help="Also write the digest as PDF.")
@json_option
def digest(folder: str, day: str, html: str | None, pdf: str | None, as_json: bool) -> None:
    """Show all labs as one picture: received, silent, missing; totals, first seen, candidates."""
    from reports import hub_view
    from reports.hub_digest import digest as make_digest

    found = make_digest(Path(folder), _day(day))
    for path, render in ((html, hub_view.render_html), (pdf, hub_view.render_pdf)):
        if path:
            Path(path).write_bytes(render(found))
            say(path)
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


@hub.command(epilog="Example: fol hub unknowns --folder hq --json")
@click.option("--folder", type=FOLDER, required=True)
@click.option("--day", default="", help="ISO day; else today (UTC).")
@click.option("--several", is_flag=True, help="Only those met at more than one lab.")
@json_option
def unknowns(folder: str, day: str, several: bool, as_json: bool) -> None:
    """List unknowns over all labs: who met the same one, since when, how often."""
    from reports.hub_digest import unknowns as find_unknowns

    found = find_unknowns(Path(folder), _day(day))
    found = tuple(each for each in found if len(each.labs) > 1 or not several)
    if as_json:
        document("hub.unknowns", {"unknowns": found})
        return
    for each in found:
        line(each.line())
    if not found:
        say("none")


@hub.command(epilog="Example: fol hub merge 9 3 --folder hq --by lindqvist --reason 'same ions'")
@click.argument("code")
@click.argument("into")
@click.option("--folder", type=FOLDER, required=True)
@click.option("--by", required=True, help="Who says it.")
@click.option("--reason", required=True, help="Why they are one; kept.")
def merge(code: str, into: str, folder: str, by: str, reason: str) -> None:
    """Say that CODE is the same unknown as INTO; the labs are told with their next answer."""
    from reports.hub_merges import merge as merge_codes

    made = merge_codes(Path(folder), code, into, by, reason)
    line(f"{made.code} leads to {made.into} from now on")


@hub.command(epilog="Example: fol hub apart 9 --folder hq --by lindqvist --reason 'two isomers'")
@click.argument("code")
@click.option("--folder", type=FOLDER, required=True)
@click.option("--by", required=True, help="Who says it.")
@click.option("--reason", required=True, help="Why they are two after all; kept.")
def apart(code: str, folder: str, by: str, reason: str) -> None:
    """Take back that CODE leads to another; the labs are told with their next answer."""
    from reports.hub_merges import tell_apart

    made = tell_apart(Path(folder), code, by, reason)
    line(f"{made.code} stands for itself again")


@hub.command(epilog="Example: fol hub key --folder hq")
@click.option("--folder", type=FOLDER, required=True)
@json_option
def key(folder: str, as_json: bool) -> None:
    """Show the fingerprint of the hub's key, to be read out to labs that take its answers."""
    from reports.hub_keys import fingerprint

    found = fingerprint(Path(folder))
    if as_json:
        document("hub.key", {"fingerprint": found})
        return
    line(found)


@hub.command(epilog="Example: fol hub answers --folder hq --lab-site NOG --out NOG-answers.json")
@click.option("--folder", type=FOLDER, required=True)
@click.option("--lab-site", required=True, help="The lab's site code.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--after", default=0, type=click.IntRange(0), help="Only above this number.")
@json_option
def answers(folder: str, lab_site: str, out: Path, after: int, as_json: bool) -> None:
    """Write what the hub knows of a lab's unknowns as a signed file, to be carried by hand."""
    from reports.hub_answers import write

    made = write(Path(folder), lab_site, out, after=after)
    if as_json:
        document("hub.answers", {"answers": made})
        return
    numbers = f"answer {made.first}" if made.first == made.last else f"{made.first} to {made.last}"
    line(f"{made.path}: {numbers} for {made.lab}, {made.unknowns} unknowns")
    line(f"signed with the key {made.fingerprint}")


@hub.command(epilog="Example: fol hub ingest --folder hq NOG-2026-11-24-d.json")
@click.argument("files", nargs=-1, required=True)
@click.option("--folder", type=FOLDER, required=True)
def ingest(files: tuple[str, ...], folder: str) -> int:
    """Take reports carried by hand, each with its .sig beside it; the checks are the same."""
    from reports.hub import ingest as ingest_files

    taken = ingest_files(Path(folder), [Path(file) for file in files])
    for path, receipt in taken:
        line(f"{path.name}: {receipt.status} {receipt.code} {receipt.detail}".rstrip())
    return 0 if all(receipt.acknowledged for _, receipt in taken) else EXIT_DATA


@hub.command(epilog="Example: fol hub flag NOG-26-S000002-B --folder hq --by lindqvist --reason x")
@click.argument("sample")
@click.option("--folder", type=FOLDER, required=True)
@click.option("--by", required=True, help="Who flags it.")
@click.option("--reason", required=True)
def flag(sample: str, folder: str, by: str, reason: str) -> None:
    """Flag a sample and draft the query on its parcel, shipper and receiver."""
    from reports.hub_notes import flag as flag_sample

    click.echo(clean(flag_sample(Path(folder), by, sample, reason).query, multiline=True))


@hub.command(epilog="Example: fol hub accept 'titanium dioxide' --folder hq --by lindqvist")
@click.argument("name")
@click.option("--folder", type=FOLDER, required=True)
@click.option("--by", required=True, help="Who takes the name in.")
def accept(name: str, folder: str, by: str) -> None:
    """Take a substance name into the vocabulary; rows held back for it count from now on."""
    from reports.hub_store import opened as opened_hub

    with opened_hub(Path(folder)) as store:
        store.accept_name(name, by)
    line(f"{name} accepted")


@hub.group(epilog="Example: fol hub watchlist add --folder hq --substance xylazine")
def watchlist() -> None:
    """Outside intelligence: substances and areas that raise an entry in the digest."""


@watchlist.command("add", epilog="Example: fol hub watchlist add --folder hq --substance xylazine")
@click.option("--folder", type=FOLDER, required=True)
@click.option("--substance", default="")
@click.option("--area", "areas", multiple=True, help="A place of destination; repeat for more.")
@click.option("--note", default="")
@click.option("--source", default="", help="Where the intelligence came from.")
def watchlist_add(
    folder: str, substance: str, areas: tuple[str, ...], note: str, source: str
) -> None:
    """Add an item; prints its id."""
    from reports import watch

    added = watch.add(Path(folder), substance=substance, areas=areas, note=note, source=source)
    line(added.id)


@watchlist.command("list", epilog="Example: fol hub watchlist list --folder hq")
@click.option("--folder", type=FOLDER, required=True)
@json_option
def watchlist_list(folder: str, as_json: bool) -> None:
    """List the items."""
    from reports import watch

    found = watch.load(Path(folder))
    if as_json:
        document("hub.watchlist", {"items": found})
        return
    table(
        [[i.id, i.substance, ", ".join(i.areas), i.note, i.source] for i in found],
        ["id", "substance", "areas", "note", "source"],
    )


@watchlist.command("remove", epilog="Example: fol hub watchlist remove W1 --folder hq")
@click.argument("item")
@click.option("--folder", type=FOLDER, required=True)
def watchlist_remove(item: str, folder: str) -> None:
    """Remove an item by its id."""
    from reports import watch

    watch.remove(Path(folder), item)
    line(f"{item} removed")
