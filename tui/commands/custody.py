"""``fol custody``, ``seals``, ``hold``, ``disposal``: what custody rests on, and how it ends."""

from __future__ import annotations

from datetime import date, datetime

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, table
from tui.sample_args import confirm_option, confirmations_of, mass_ug, needed_ug


@click.group(epilog="Example: fol custody set quota_per_submitter 20 --reason 'two analysts'")
def custody() -> None:
    """What the lab decides about custody: settings and balances."""


@custody.command("settings", epilog="Example: fol custody settings --json")
@lab_option
@json_option
def settings_(lab_path: str | None, as_json: bool) -> None:
    """Show time limits, quota, window and retention."""
    from lims.custody_settings import SETTINGS, settings

    with opened(lab_path) as lab:
        found = settings(lab)
    if as_json:
        document("custody.settings", {"settings": found})
        return
    table([[n, v, SETTINGS[n].says] for n, v in found.items()], ["setting", "value", "what it is"])


@custody.command(
    "set", epilog="Example: fol custody set handover_minutes 60 --reason 'night shift'"
)
@click.argument("name")
@click.argument("value", type=int)
@click.option("--reason", required=True)
@acting_option
def set_(name: str, value: int, reason: str, lab_path: str | None, person: str | None) -> None:
    """Change a setting, with the reason."""
    from lims.custody_settings import change

    with opened(lab_path) as lab:
        line(f"{name}: {change(lab, acting(person), name, value, reason=reason)}")


@custody.command("balances", epilog="Example: fol custody balances --json")
@lab_option
@json_option
def balances_(lab_path: str | None, as_json: bool) -> None:
    """List the lab's balances with their uncertainties."""
    from lims.weighing import balances

    with opened(lab_path) as lab:
        found = balances(lab)
    if as_json:
        document("custody.balances", {"balances": found})
        return
    names = ("name", "serial", "repeatability_ug", "calibration_ug", "certificate", "due")
    table([[row[name] for name in names] for row in found], names)


@custody.command(
    "balance",
    epilog="Example: fol custody balance XP205 --serial B123 --repeatability '30 ug' "
    "--calibration '50 ug' --certificate K-77 --due 2027-06-30",
)
@click.argument("name")
@click.option("--serial", default="")
@click.option("--repeatability", required=True, help="Standard uncertainty (k=1) of one reading.")
@click.option("--calibration", required=True, help="Standard uncertainty (k=1) of its calibration.")
@click.option("--certificate", required=True, help="By its reference.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), default=None, help="Next calibration.")
@acting_option
def balance_(
    name: str,
    serial: str,
    repeatability: str,
    calibration: str,
    certificate: str,
    due: datetime | None,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Record a balance, or its newest calibration certificate."""
    from lims.weighing import grams, record_balance

    with opened(lab_path) as lab:
        made = record_balance(
            lab,
            acting(person),
            name,
            serial=serial,
            repeatability_ug=needed_ug(repeatability),
            calibration_ug=needed_ug(calibration),
            certificate=certificate,
            due=due.date() if due else None,
        )
    line(f"{name}: u of one reading {grams(made.reading_ug)}")


@click.group(epilog="Example: fol seals issue --prefix FB --first 000100 --last 000199")
def seals() -> None:
    """Seals issued to the lab: issue, list, check."""


@seals.command(
    "issue", epilog="Example: fol seals issue --prefix FB --first 000100 --last 000199 --class H"
)
@click.option("--prefix", default="", help="What stands before the digits.")
@click.option("--first", required=True, help="As printed, with leading zeros.")
@click.option("--last", required=True)
@click.option("--class", "iso_class", default="", help="ISO 17712: I, S or H.")
@click.option("--document", "paper", default="", help="Delivery note.")
@acting_option
def issue(
    prefix: str,
    first: str,
    last: str,
    iso_class: str,
    paper: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Record a range of seals that was issued to the lab."""
    from lims import seals as services

    with opened(lab_path) as lab:
        made = services.issue(
            lab,
            acting(person),
            prefix=prefix,
            first=first,
            last=last,
            iso_class=iso_class,
            document=paper,
        )
    line(services.spelled(made))


@seals.command("list", epilog="Example: fol seals list --json")
@lab_option
@json_option
def seals_list(lab_path: str | None, as_json: bool) -> None:
    """List the ranges issued, and what was odd about seals."""
    from lims import seals as services

    with opened(lab_path) as lab:
        ranges, notes = services.ranges(lab), services.notes(lab)
    if as_json:
        document("seals.list", {"ranges": ranges, "notes": notes})
        return
    table(
        [[services.spelled(r), r.iso_class, r.document, r.at, r.by] for r in ranges],
        ["range", "class", "document", "at", "by"],
    )
    for note in notes:
        line(f"{note.subject}: seal {note.seal}: {note.note}")


@seals.command("check", epilog="Example: fol seals check FB000123 --json")
@click.argument("seal")
@lab_option
@json_option
def seals_check(seal: str, lab_path: str | None, as_json: bool) -> None:
    """Say what is odd about a seal: used before, or in no range that was issued."""
    from lims.seals import look

    with opened(lab_path) as lab:
        odd = look(lab, seal)
    if as_json:
        document("seals.check", {"seal": seal, "odd": odd})
        return
    line(f"{seal}: {'; '.join(odd) or 'nothing odd'}")


@click.group(epilog="Example: fol hold set NOG-26-S000001-D --document C-7 --reason trial")
def hold() -> None:
    """Legal holds: set, lift, list."""


@hold.command(
    "set", epilog="Example: fol hold set NOG-26-S000001-D --document C-7/26 --reason 'trial'"
)
@click.argument("number")
@click.option("--document", "paper", required=True, help="The order, by its reference.")
@click.option("--reason", required=True)
@acting_option
def hold_set(
    number: str, paper: str, reason: str, lab_path: str | None, person: str | None
) -> None:
    """Put a shipment or sample, with all that is taken out of it, under legal hold."""
    from lims.legal_hold import set_hold

    with opened(lab_path) as lab:
        made = set_hold(lab, acting(person), number, document=paper, reason=reason)
    line(f"{made.subject}: held by {made.document}")


@hold.command(
    "lift",
    epilog="Example: fol hold lift NOG-26-S000001-D --document C-9/26 --reason 'verdict final'",
)
@click.argument("number")
@click.option("--document", "paper", required=True, help="The paper that allows it.")
@click.option("--of", "of_document", default="", help="Which hold, when there are several.")
@click.option("--reason", required=True)
@acting_option
def hold_lift(
    number: str,
    paper: str,
    of_document: str,
    reason: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Lift a hold; not by the person who set it."""
    from lims.legal_hold import lift_hold

    with opened(lab_path) as lab:
        made = lift_hold(
            lab, acting(person), number, document=paper, reason=reason, of_document=of_document
        )
    line(f"{made.subject}: hold {made.document} lifted")


@hold.command("list", epilog="Example: fol hold list --all --json")
@click.option("--all", "everything", is_flag=True, help="Lifted ones too.")
@lab_option
@json_option
def hold_list(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List the legal holds in force."""
    from lims.legal_hold import holds

    with opened(lab_path) as lab:
        found = holds(lab, everything=everything)
    if as_json:
        document("hold.list", {"holds": found})
        return
    table(
        [[h.subject, h.document, h.reason, h.at, h.by, h.lifted_by] for h in found],
        ["subject", "document", "reason", "since", "by", "lifted by"],
    )


@click.group(epilog="Example: fol disposal order NOG-26-S000001-D --document C-9 --reason final")
def disposal() -> None:
    """The end of evidence: order, cancel, destroy, list."""


@disposal.command(
    "order",
    epilog="Example: fol disposal order NOG-26-S000001-D --document C-9/26 --reason 'case closed'",
)
@click.argument("number")
@click.option("--document", "paper", required=True, help="The order, by its reference.")
@click.option("--reason", required=True)
@click.option("--not-before", type=click.DateTime(["%Y-%m-%d"]), default=None)
@acting_option
def disposal_order(
    number: str,
    paper: str,
    reason: str,
    not_before: datetime | None,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Order that a sample be destroyed; a legal hold forbids it."""
    from lims.disposal import order

    day: date | None = not_before.date() if not_before else None
    with opened(lab_path) as lab:
        made = order(lab, acting(person), number, document=paper, reason=reason, not_before=day)
    line(f"{made.sample}: to be destroyed from {made.not_before} on")


@disposal.command(
    "cancel", epilog="Example: fol disposal cancel NOG-26-S000001-D --reason 'appeal filed'"
)
@click.argument("number")
@click.option("--reason", required=True)
@acting_option
def disposal_cancel(number: str, reason: str, lab_path: str | None, person: str | None) -> None:
    """Take an order back."""
    from lims.disposal import cancel

    with opened(lab_path) as lab:
        line(f"{cancel(lab, acting(person), number, reason=reason).sample}: order cancelled")


@disposal.command(
    "destroy",
    epilog="Example: fol disposal destroy NOG-26-S000001-D --place 'plant 2' "
    "--method incineration --confirm haddad --confirm imai --seal A1",
)
@click.argument("number")
@click.option("--place", required=True)
@click.option("--method", required=True)
@click.option("--seal", default="", help="Seal number as read before.")
@click.option("--gross", default="", help="Gross mass before.")
@click.option("--residual", default="", help="The sub-sample that is kept.")
@click.option("--remark", default="")
@click.option("--key", default="", help="Idempotency key.")
@confirm_option
@acting_option
def disposal_destroy(
    number: str,
    place: str,
    method: str,
    seal: str,
    gross: str,
    residual: str,
    remark: str,
    key: str,
    confirm: tuple[str, ...],
    lab_path: str | None,
    person: str | None,
) -> None:
    """Record a destruction; --confirm names the two witnesses, who confirm it."""
    from lims.disposal import destroy

    with opened(lab_path) as lab:
        made = destroy(
            lab,
            acting(person),
            number,
            place=place,
            method=method,
            witnesses=confirmations_of(confirm),
            seal=seal,
            gross_ug=mass_ug(gross),
            residual=residual,
            remark=remark,
            key=key,
        )
    line(f"{made.sample}: destroyed before {' and '.join(made.witnesses)}")


@disposal.command("list", epilog="Example: fol disposal list --all --json")
@click.option("--all", "everything", is_flag=True, help="Ended ones too.")
@lab_option
@json_option
def disposal_list(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List the orders that wait to be carried out."""
    from lims.disposal import disposals

    with opened(lab_path) as lab:
        found = disposals(lab, everything=everything)
    if as_json:
        document("disposal.list", {"disposals": found})
        return
    table(
        [
            [d.sample, d.document, d.not_before, d.state, d.by, ", ".join(d.witnesses)]
            for d in found
        ],
        ["sample", "document", "not before", "state", "ordered by", "witnesses"],
    )
