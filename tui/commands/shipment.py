"""``fol shipment``: parcels and conveyances, and what their papers say."""

from __future__ import annotations

from pathlib import Path

import click

from lims.model import ShipmentDraft
from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table
from tui.shipment_csv import DRAFT_FIELDS, drafts_from_csv


@click.group(epilog="Example: fol shipment add --declared 'silicon dioxide' --value '10 USD'")
def shipment() -> None:
    """Parcels and conveyances: add, list, show."""


@shipment.command(
    "add", epilog="Example: fol shipment add --declared 'silicon dioxide' --origin CN"
)
@click.option("--declared", default="", help="Declared goods, as on the papers.")
@click.option("--value", default="", help='Declared value as typed: "10 USD".')
@click.option("--weight", default="", help='Declared weight as typed: "1.5 kg".')
@click.option("--freight", default="", help='Freight paid as typed: "25 USD".')
@click.option("--hs", "hs_code", default="", help="HS code.")
@click.option("--stream", default="express", show_default=True, help="express, mail, land, sea.")
@click.option("--carrier", default="")
@click.option("--tracking", default="", help="Air waybill, S10 or other tracking number.")
@click.option("--consignor", default="")
@click.option("--consignee", default="")
@click.option("--consignee-address", default="")
@click.option("--notify-party", default="")
@click.option("--origin", default="", help="ISO 3166 country of origin.")
@click.option("--transit", default="")
@click.option("--destination-country", default="", help="ISO 3166 country of destination.")
@click.option("--destination", default="", help="Area of destination in words.")
@click.option("--conveyance", default="")
@click.option("--concealment", default="")
@click.option("--from-csv", type=click.Path(exists=True, dir_okay=False), help="Many at once.")
@click.option("--dry-run", is_flag=True, help="With --from-csv: check, write nothing.")
@click.option("--key", default="", help="Idempotency key: the same act twice is recorded once.")
@acting_option
@json_option
def shipment_add(
    from_csv: str | None,
    dry_run: bool,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
    declared: str,
    value: str,
    weight: str,
    **rest: str,
) -> None:
    """Log a shipment; declared figures are kept exactly as typed."""
    from lims.intake import add_shipment

    drafts = (
        drafts_from_csv(Path(from_csv))
        if from_csv
        else [
            ShipmentDraft(
                declared_goods=declared, declared_value=value, declared_weight=weight, **rest
            )
        ]
    )
    if dry_run:
        say(f"{len(drafts)} shipments read without a fault; nothing written (--dry-run)")
        return
    with opened(lab_path) as lab:
        added = [
            add_shipment(lab, acting(person), draft, key=f"{key}.{i}" if key and from_csv else key)
            for i, draft in enumerate(drafts)
        ]
    if as_json:
        document("shipment.add", {"shipments": added})
        return
    for item in added:
        line(item.number)
        for note in item.notes:
            say(f"note: {note}")


@shipment.command("list", epilog="Example: fol shipment list --json")
@lab_option
@json_option
def shipment_list(lab_path: str | None, as_json: bool) -> None:
    """List the shipments, newest first."""
    from lims.queries import shipments

    with opened(lab_path) as lab:
        found = shipments(lab)
    if as_json:
        document("shipment.list", {"shipments": found})
        return
    table(
        [
            [s.number, s.state, s.draft.declared_goods, s.draft.origin, s.draft.destination]
            for s in found
        ],
        ["shipment", "state", "declared", "origin", "destination"],
    )


@shipment.command("show", epilog="Example: fol shipment show NOG-26-P000001-R")
@click.argument("number")
@lab_option
@json_option
def shipment_show(number: str, lab_path: str | None, as_json: bool) -> None:
    """Show one shipment with its notes and samples."""
    from lims.queries import samples_of
    from lims.queries import shipment as find_shipment

    with opened(lab_path) as lab:
        found = find_shipment(lab, number)
        inside = samples_of(lab, found.number)
    if as_json:
        document("shipment.show", {"shipment": found, "samples": inside})
        return
    line(f"{found.number}: {found.state}, received {found.received_at:%Y-%m-%d %H:%M} UTC")
    for name in DRAFT_FIELDS:
        value = getattr(found.draft, name)
        if value:
            line(f"  {name.replace('_', ' ')}: {value}")
    for note in found.notes:
        line(f"  note: {note}")
    for item in inside:
        line(f"  sample {item.number}: {item.state}, {item.draft.description}")
