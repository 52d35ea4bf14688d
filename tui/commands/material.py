"""``fol material``: lots of reagents and reference materials."""

from __future__ import annotations

from datetime import datetime

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, table


@click.group(epilog="Example: fol material list")
def material() -> None:
    """Lots of reagents and reference materials: add, list, end."""


@material.command(
    "add", epilog="Example: fol material add caffeine A1 --expires 2027-06-30 --supplier Lgc"
)
@click.argument("name")
@click.argument("lot")
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day it may be used on."
)
@click.option("--supplier", default="", help="Whose it is.")
@click.option("--certificate", default="", help="Number of its certificate.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def add(
    name: str,
    lot: str,
    expires: datetime | None,
    supplier: str,
    certificate: str,
    key: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Add a lot of a material."""
    from lims.materials import add_lot

    with opened(lab_path) as lab:
        made = add_lot(
            lab,
            acting(person),
            name,
            lot,
            expires=None if expires is None else expires.date(),
            supplier=supplier,
            certificate=certificate,
            key=key,
        )
    line(f"{made.label}: expires {made.expires or 'never'}")


@material.command("list", epilog="Example: fol material list --json")
@click.option("--all", "everything", is_flag=True, help="Also those taken out of use.")
@lab_option
@json_option
def list_(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List the lots in use, with what is wrong with them."""
    from lims import clock
    from lims.materials import lots

    with opened(lab_path) as lab:
        found = lots(lab, everything=everything)
        today = clock.now().astimezone(lab.zone).date()
    if as_json:
        rows = [
            {
                "material": each.material,
                "lot": each.lot,
                "expires": "" if each.expires is None else each.expires.isoformat(),
                "supplier": each.supplier,
                "certificate": each.certificate,
                "problem": each.problem(today),
                "at": each.at,
                "by": each.by,
            }
            for each in found
        ]
        document("material.list", {"lots": rows})
        return
    table(
        [
            [e.material, e.lot, e.expires or "never", e.supplier, e.certificate, e.problem(today)]
            for e in found
        ],
        ["material", "lot", "expires", "supplier", "certificate", "problem"],
    )


@material.command("end", epilog="Example: fol material end caffeine A1 --reason 'used up'")
@click.argument("name")
@click.argument("lot")
@click.option("--reason", required=True, help="Why; kept in the log.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def end(
    name: str, lot: str, reason: str, key: str, lab_path: str | None, person: str | None
) -> None:
    """Take a lot out of use."""
    from lims.materials import end_lot

    with opened(lab_path) as lab:
        done = end_lot(lab, acting(person), name, lot, reason=reason, key=key)
    line(f"{done.label}: out of use")
