"""``fol shipment``: parcels and conveyances, and what their papers say."""

from __future__ import annotations

from pathlib import Path

import click

from lims.model import ShipmentDraft
from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table
from tui.shipment_csv import drafts_from_csv, faults_in_words, table_of


@click.group(epilog="Example: fol shipment add --declared 'silicon dioxide' --value '10 USD'")
def shipment() -> None:
    """Parcels and conveyances: add, waiting, list, show, weigh."""


@shipment.command(
    "add", epilog="Example: fol shipment add --declared 'silicon dioxide' --origin CN"
)
@click.option("--declared", default="", help="Declared goods, as on the papers.")
@click.option("--value", default="", help='Declared value as typed: "10 USD".')
@click.option("--weight", default="", help='Declared weight as typed: "1.5 kg".')
@click.option("--freight", default="", help='Freight paid as typed: "25 USD".')
@click.option("--gross-weight", default="", help='Declared gross weight as typed: "1.62 kg".')
@click.option("--net-weight", default="", help='Declared net weight as typed: "1.5 kg".')
@click.option("--pieces", default="", help="How many pieces.")
@click.option("--hs", "hs_code", default="", help="HS code.")
@click.option("--hs-edition", default="", help="Edition the code is of: 2017, 2022.")
@click.option("--stream", default="express", show_default=True, help="express, mail, land, sea.")
@click.option("--carrier", default="")
@click.option("--tracking", default="", help="Air waybill, S10 or other tracking number.")
@click.option("--consignor", default="")
@click.option("--consignee", default="")
@click.option("--consignee-address", default="")
@click.option("--notify-party", default="")
@click.option("--origin", default="", help="ISO 3166 country of origin.")
@click.option("--transit", default="")
@click.option("--port-of-loading", default="", help="UN/LOCODE or words.")
@click.option("--port-of-discharge", default="", help="UN/LOCODE or words.")
@click.option("--destination-country", default="", help="ISO 3166 country of destination.")
@click.option("--destination", default="", help="Area of destination in words.")
@click.option("--conveyance", default="", help='Flight, plate, or ship: "IMO 9319466".')
@click.option("--container", default="", help="Freight container, ISO 6346.")
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
    from lims.intake import add_shipment, add_shipments

    if dry_run:
        if not from_csv:
            raise click.UsageError("--dry-run is for --from-csv")
        _preview(Path(from_csv), as_json=as_json)
        return
    one = ShipmentDraft(
        declared_goods=declared, declared_value=value, declared_weight=weight, **rest
    )
    drafts = drafts_from_csv(Path(from_csv)) if from_csv else []
    from lims.case_queries import resemblances
    from tui.office_words import likeness_words

    with opened(lab_path) as lab:
        if from_csv:
            added = add_shipments(lab, acting(person), drafts, key=key)
        else:
            added = (add_shipment(lab, acting(person), one, key=key),)
        met = {item.number: resemblances(lab, item.number) for item in added}
    if as_json:
        matches = [each for found in met.values() for each in found]
        document("shipment.add", {"shipments": added, "case_matches": matches})
        return
    for item in added:
        line(item.number)
        for note in item.notes:
            say(f"note: {note}")
        for each in met[item.number]:
            say(f"case: {likeness_words(each)}")


def _preview(path: Path, *, as_json: bool) -> None:
    """Show what a table would register and all that is wrong with it; write nothing."""
    found = table_of(path)
    if as_json:
        document(
            "shipment.preview",
            {
                "rows": found.rows,
                "ok": found.ok,
                "faults": found.faults,
                "faults_left_out": found.faults_left_out,
                "notes": found.notes,
                "shipments": found.drafts,
            },
        )
    else:
        shown = found.drafts[:20]
        table(
            [[d.declared_goods, d.origin, d.destination, d.tracking, d.stream] for d in shown],
            ["declared", "origin", "destination", "tracking", "stream"],
        )
    for note in found.notes:
        say(f"note: row {note.row}: {note.text}")
    if not found.ok:
        raise click.UsageError(f"{path}: {'; '.join(faults_in_words(found))}")
    say(f"{found.rows} shipments read without a fault; nothing written (--dry-run)")


@shipment.command("waiting", epilog="Example: fol shipment waiting --order hazard --json")
@click.option(
    "--order",
    type=click.Choice(["window", "hazard", "mismatch", "age", "newest"]),
    default="window",
    show_default=True,
)
@click.option("--limit", default=1_000, show_default=True, type=click.IntRange(1, 10_000))
@lab_option
@json_option
def shipment_waiting(order: str, limit: int, lab_path: str | None, as_json: bool) -> None:
    """List registered parcels that wait to be submitted, and how many there are of each kind."""
    from lims.quota import backlog
    from lims.waiting import waiting

    with opened(lab_path) as lab:
        found, counts = waiting(lab, order=order, limit=limit), backlog(lab)
    if as_json:
        document("shipment.waiting", {"order": order, "counts": counts, "parcels": found})
        return
    rows = [
        (p.shipment, p.declared, p.origin, f"{p.minutes_left:.0f}", p.sender_hazard, p.mismatches)
        for p in found
    ]
    table(
        [[*row[:-1], "; ".join(row[-1])] for row in rows],
        ["shipment", "declared", "origin", "min left", "hazard", "mismatch"],
    )
    limited = f", quota {counts.quota} a day for each officer" if counts.quota else ""
    say(
        f"{counts.registered} registered, {counts.submitted} submitted, {counts.waiting} waiting, "
        f"{counts.closed} closed without a sample{limited}"
    )


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
    from lims.case_queries import cases_of, resemblances
    from lims.queries import samples_of
    from lims.queries import shipment as find_shipment
    from lims.shipment_checks import mismatches, weighings
    from tui.office_words import likeness_words
    from tui.shipment_words import figure_lines, paper_lines, weight_lines

    with opened(lab_path) as lab:
        found = find_shipment(lab, number)
        odd, weighed = mismatches(lab, found.number), weighings(lab, found.number)
        inside = samples_of(lab, found.number)
        cases, met = cases_of(lab, found.number), resemblances(lab, found.number)
    if as_json:
        document(
            "shipment.show",
            {
                "shipment": found,
                "samples": inside,
                "cases": cases,
                "case_matches": met,
                "mismatches": odd,
                "weighings": weighed,
            },
        )
        return
    line(f"{found.number}: {found.state}, received {found.received_at:%Y-%m-%d %H:%M} UTC")
    told = [*paper_lines(found), *weight_lines(weighed), *(f"note: {n}" for n in found.notes)]
    for text in (*told, *figure_lines(odd)):
        line(f"  {text}")
    for each in cases:
        line(f"  case {each.number}: {each.title}, {each.state}")
        for outcome in each.outcomes:
            line(f"    {outcome.kind}: {outcome.text}")
    for likeness in met:
        line(f"  case to look at: {likeness_words(likeness)}")
    for item in inside:
        line(f"  sample {item.number}: {item.state}, {item.draft.description}")


@shipment.command(
    "weigh",
    epilog="Example: fol shipment weigh NOG-26-P000001-R --mass '1.62 kg' --balance 'parcel scale'",
)
@click.argument("number")
@click.option("--mass", required=True, help='As read: "1.62 kg".')
@click.option("--balance", required=True, help="A balance of the lab (fol custody balances).")
@click.option("--net", is_flag=True, help="The content alone; else the parcel as it came.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def shipment_weigh(
    number: str,
    mass: str,
    balance: str,
    net: bool,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Record what a whole parcel weighs, and compare it with its papers."""
    from lims.mismatch import Kind, kilograms
    from lims.shipment_checks import mismatches, weigh
    from tui.sample_args import needed_ug

    with opened(lab_path) as lab:
        made = weigh(
            lab,
            acting(person),
            number,
            of="net" if net else "gross",
            mass_ug=needed_ug(mass),
            balance=balance,
            key=key,
        )
        odd = [each for each in mismatches(lab, made.shipment) if each.kind is Kind.WEIGHT]
    if as_json:
        document("shipment.weigh", {"weighing": made, "mismatches": odd})
        return
    line(f"{made.shipment}: {made.of} {kilograms(made.mass_ug)}, u {kilograms(made.u_ug)}")
    for each in odd:
        say(f"note: {each.says}")
