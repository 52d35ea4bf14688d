"""``fol sample`` on paper and in files: labels, receipts, attachments, intake by three scans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table

if TYPE_CHECKING:
    from lims.lab import Lab


@click.command("label", epilog="Example: fol sample label NOG-26-S000001-D --to label.pdf")
@click.argument("number")
@click.option("--to", "path", required=True, type=click.Path(dir_okay=False), help=".pdf .png .zpl")
@lab_option
def label(number: str, path: str, lab_path: str | None) -> None:
    """Make the label of a sample, shipment or container, with its number as a QR code."""
    from lims.label import label as label_of
    from reports.label import FORMATS, render

    target = Path(path)
    form = target.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise click.UsageError(f"{path}: a label is a .pdf, .png or .zpl file")
    with opened(lab_path) as lab:
        made = label_of(lab, number)
    target.write_bytes(render(made, form))
    line(f"{target}: {made.number}")


@click.command("receipt", epilog="Example: fol sample receipt NOG-26-S000001-D --to receipt.pdf")
@click.argument("number")
@click.option("--event", default=0, help="Number of the step's event; else the latest step.")
@click.option("--to", "path", type=click.Path(dir_okay=False), help=".pdf or .txt; else printed.")
@lab_option
@json_option
def receipt(number: str, event: int, path: str | None, lab_path: str | None, as_json: bool) -> None:
    """Print the receipt of a step of custody: a paper that outlives a rewritten log."""
    from lims.receipt import receipt as receipt_of

    with opened(lab_path) as lab:
        if as_json:
            document("sample.receipt", {"receipt": receipt_of(lab, number, event=event)})
            return
        write_receipt(lab, number, event, path)


def write_receipt(lab: Lab, number: str, event: int, path: str | None) -> None:
    """Print a receipt, or write it to a file whose ending says how."""
    from lims.receipt import receipt as receipt_of
    from reports import receipt as papers

    made = receipt_of(lab, number, event=event)
    if path is None:
        for each in papers.text(made, lab.timezone).splitlines():
            line(each)
        return
    target = Path(path)
    if target.suffix.lower() == ".pdf":
        target.write_bytes(papers.pdf(made, lab.timezone))
    else:
        target.write_text(papers.text(made, lab.timezone), encoding="utf-8")
    line(f"{target}: {made.event_code} {made.root_code}")


@click.command(
    "attach", epilog="Example: fol sample attach NOG-26-S000001-D order.pdf --what 'court order'"
)
@click.argument("number")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--what", required=True, help="What it is, in words.")
@acting_option
def attach(number: str, file: str, what: str, lab_path: str | None, person: str | None) -> None:
    """Keep a file of any kind with a sample or shipment, by its hash; prints the hash."""
    from lims.attachments import MAX_BYTES
    from lims.attachments import attach as keep

    path = Path(file)
    with path.open("rb") as source:
        data = source.read(MAX_BYTES + 1)
    with opened(lab_path) as lab:
        line(keep(lab, acting(person), number, path.name, data, what=what).raw_sha256)


@click.command("files", epilog="Example: fol sample files NOG-26-S000001-D --json")
@click.argument("number")
@lab_option
@json_option
def files(number: str, lab_path: str | None, as_json: bool) -> None:
    """List the files kept with a sample or shipment."""
    from lims.attachments import attachments

    with opened(lab_path) as lab:
        found = attachments(lab, number)
    if as_json:
        document("sample.files", {"files": found})
        return
    table(
        [[f.at, f.by, f.what, f.file_name, f.size, f.raw_sha256[:16]] for f in found],
        ["at", "by", "what", "name", "bytes", "sha256"],
    )


@click.command("file", epilog="Example: fol sample file 315d429b7714cedb --to order.pdf")
@click.argument("sha256")
@click.option("--to", "path", required=True, type=click.Path(dir_okay=False))
@lab_option
def file_(sha256: str, path: str, lab_path: str | None) -> None:
    """Give a kept file back, byte for byte, under a name you choose."""
    from lims.attachments import content

    target = Path(path)
    if target.exists():
        raise click.UsageError(f"{path} is there already; nothing was written")
    with opened(lab_path) as lab:
        found, data = content(lab, sha256)
    target.write_bytes(data)
    line(f"{target}: {found.what}, {found.size} bytes")


@click.command(
    "scan", epilog="Example: fol sample scan haddad NOG-26-P000001-R FB000123 --description jar"
)
@click.argument("codes", nargs=-1, required=True)
@click.option("--description", default="parcel contents", show_default=True)
@click.option("--declared", default="", help="Declared goods, when the parcel is not registered.")
@click.option("--lane", type=click.Choice(["quick", "full"]), default="quick", show_default=True)
@click.option("--beyond-quota", default="", metavar="REASON", help="A lead takes more than that.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def scan(
    codes: tuple[str, ...],
    description: str,
    declared: str,
    lane: str,
    beyond_quota: str,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Take a parcel in by three scans in any order: officer's badge, its bar code, the seal."""
    from lims.model import Lane
    from lims.scan_intake import take_in

    with opened(lab_path) as lab:
        shipment, sample, scanned = take_in(
            lab,
            acting(person),
            codes,
            description=description,
            declared_goods=declared,
            lane=Lane(lane),
            beyond_quota=beyond_quota,
            key=key,
        )
    if as_json:
        document("sample.scan", {"shipment": shipment, "sample": sample, "scanned": scanned})
        return
    line(sample.number)
    for warning in scanned.warnings:
        say(f"note: {warning}")


COMMANDS = (label, receipt, attach, files, file_, scan)
