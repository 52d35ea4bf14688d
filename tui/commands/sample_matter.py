"""``fol sample`` as matter: dividing, weighing again, using up, and setting its record right."""

from __future__ import annotations

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, table
from tui.sample_args import mass_ug, needed_ug


@click.command(
    "divide",
    epilog="Example: fol sample divide NOG-26-S000001-D --part '2.0 g' --part '3.0 g' "
    "--gross '12 g' --packaging '2 g' --residue '5 g' --balance XP205",
)
@click.argument("number")
@click.option("--part", "parts", multiple=True, required=True, help='Net mass: "2.0 g". Repeat.')
@click.option("--seal", "part_seals", multiple=True, help="Seal of each part, in their order.")
@click.option("--description", default="sub-sample", show_default=True)
@click.option("--gross", required=True, help="The parent's gross mass before.")
@click.option("--packaging", required=True, help="The parent's packaging alone.")
@click.option("--residue", required=True, help="Net mass of what stays in the parent.")
@click.option("--consumed", default="", help="Net mass used up on the way.")
@click.option("--balance", required=True, help="A balance of the lab (fol custody balances).")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def divide(
    number: str,
    parts: tuple[str, ...],
    part_seals: tuple[str, ...],
    description: str,
    gross: str,
    packaging: str,
    residue: str,
    consumed: str,
    balance: str,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Divide an open sample into numbered sub-samples that add up to it."""
    from lims.division import Part
    from lims.division import divide as take_apart

    if part_seals and len(part_seals) != len(parts):
        raise click.UsageError(f"{len(parts)} parts and {len(part_seals)} seals; one for each")
    seals = part_seals or ("",) * len(parts)
    made = [
        Part(description=description, net_ug=needed_ug(part), seal=seal)
        for part, seal in zip(parts, seals, strict=True)
    ]
    with opened(lab_path) as lab:
        division, children = take_apart(
            lab,
            acting(person),
            number,
            made,
            balance=balance,
            gross_ug=needed_ug(gross),
            packaging_ug=needed_ug(packaging),
            residue_ug=needed_ug(residue),
            consumed_ug=mass_ug(consumed) or 0,
            key=key,
        )
    if as_json:
        document("sample.divide", {"division": division, "samples": children})
        return
    for child in children:
        line(child.number)


@click.command("tree", epilog="Example: fol sample tree NOG-26-S000001-D --json")
@click.argument("number")
@lab_option
@json_option
def tree(number: str, lab_path: str | None, as_json: bool) -> None:
    """Show a sample and all that was taken out of it, with how the masses add up."""
    from lims.division import divisions
    from lims.division import tree as below
    from lims.weighing import grams

    with opened(lab_path) as lab:
        found = below(lab, number)
        balances = {item.number: divisions(lab, item.number) for _, item in found}
    if as_json:
        items = [{"depth": depth, "sample": item} for depth, item in found]
        document(
            "sample.tree",
            {"items": items, "divisions": [each for made in balances.values() for each in made]},
        )
        return
    for depth, item in found:
        line(f"{'  ' * depth}{item.number}: {item.draft.description}, {item.state}, {item.holder}")
        for made in balances[item.number]:
            line(
                f"{'  ' * depth}  net {grams(made.net_ug)}: {len(made.children)} parts "
                f"{grams(sum(made.children.values()))}, residue {grams(made.residue_ug)}, consumed "
                f"{grams(made.consumed_ug)}, difference {grams(made.difference_ug)} ± "
                f"{grams(made.tolerance_ug)}"
            )


@click.command(
    "reweigh",
    epilog="Example: fol sample reweigh NOG-26-S000001-D --gross '11.9 g' --balance XP205 "
    "--occasion return",
)
@click.argument("number")
@click.option("--gross", required=True, help='As read from the balance: "11.9 g".')
@click.option("--balance", required=True, help="A balance of the lab (fol custody balances).")
@click.option(
    "--occasion",
    type=click.Choice(["receipt", "return", "opening", "closing", "disposal", "check"]),
    default="check",
    show_default=True,
)
@click.option("--allowance", default="", help="For moisture; needs --reason.")
@click.option("--reason", default="")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def reweigh(
    number: str,
    gross: str,
    balance: str,
    occasion: str,
    allowance: str,
    reason: str,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Weigh on a known balance and compare with the record; what does not agree freezes it."""
    from lims.weighing import grams, weigh_again

    with opened(lab_path) as lab:
        made = weigh_again(
            lab,
            acting(person),
            number,
            gross_ug=needed_ug(gross),
            balance=balance,
            occasion=occasion,
            allowance_ug=mass_ug(allowance) or 0,
            reason=reason,
            key=key,
        )
    if as_json:
        document("sample.reweigh", {"weighing": made})
        return
    if made.expected_ug is None or made.tolerance_ug is None:
        line(f"{made.sample}: {grams(made.gross_ug)}, nothing to compare with {made.remark}")
        return
    line(
        f"{made.sample}: {grams(made.gross_ug)}, expected {grams(made.expected_ug)} ± "
        f"{grams(made.tolerance_ug)}: agrees"
    )


@click.command(
    "authorise",
    epilog="Example: fol sample authorise NOG-26-S000001-D --document 'C-2231/26' "
    "--limit '50 mg' --reason 'all of it is needed'",
)
@click.argument("number")
@click.option("--document", required=True, help="The authority's letter, by its reference.")
@click.option("--limit", default="", help="At most this much; else all of it.")
@click.option("--reason", required=True)
@acting_option
def authorise(
    number: str,
    document: str,
    limit: str,
    reason: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Record the prior permission to use a sample up; prints its number."""
    from lims.consumption import authorise as permit

    with opened(lab_path) as lab:
        made = permit(
            lab, acting(person), number, document=document, limit_ug=mass_ug(limit), reason=reason
        )
    line(f"{made.seq}")


@click.command(
    "consume",
    epilog="Example: fol sample consume NOG-26-S000001-D --authority 117 --mass '20 mg' "
    "--purpose GC-MS --reviewer imai",
)
@click.argument("number")
@click.option("--authority", required=True, type=int, help="As `fol sample authorise` printed it.")
@click.option("--mass", required=True, help='What was used up: "20 mg".')
@click.option("--purpose", required=True)
@click.option("--reviewer", required=True, metavar="PERSON", help="Who confirms, here and now.")
@click.option("--all", "everything", is_flag=True, help="Nothing is left: the sample ends here.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def consume(
    number: str,
    authority: int,
    mass: str,
    purpose: str,
    reviewer: str,
    everything: bool,
    key: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Record what was used up under an authority, confirmed by a reviewer."""
    from lims.consumption import consume as use_up
    from lims.weighing import grams
    from tui.sample_args import confirmations_of

    with opened(lab_path) as lab:
        made = use_up(
            lab,
            acting(person),
            number,
            authority=authority,
            purpose=purpose,
            reviewer=confirmations_of([reviewer])[0],
            mass_ug=needed_ug(mass),
            everything=everything,
            key=key,
        )
    ended = ", nothing left" if made.everything else ""
    line(f"{made.sample}: {grams(made.mass_ug)} consumed, confirmed by {made.reviewer}{ended}")


@click.command(
    "correct",
    epilog="Example: fol sample correct NOG-26-S000001-D --field description "
    "--to 'brown powder' --reason 'typed for another bag'",
)
@click.argument("number")
@click.option("--field", default="", help="Field of the sample's or shipment's intake.")
@click.option("--event", "event", type=int, default=0, help="Or: the event that was wrong.")
@click.option("--to", "to", required=True, help="What it should say.")
@click.option("--reason", required=True)
@acting_option
def correct(
    number: str,
    field: str,
    event: int,
    to: str,
    reason: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Set the record of a sample or shipment right by an event that names what it corrects."""
    from lims import corrections

    if bool(field) == bool(event):
        raise click.UsageError("name either --field or --event")
    with opened(lab_path) as lab:
        if field:
            made = corrections.correct(lab, acting(person), number, field, to, reason=reason)
        else:
            made = corrections.correct_event(lab, acting(person), number, event, to, reason=reason)
    line(f"{made.subject}: {made.field} is now {made.now!r}, corrects event {made.corrects}")


@click.command("history", epilog="Example: fol sample history NOG-26-S000001-D --json")
@click.argument("number")
@lab_option
@json_option
def history(number: str, lab_path: str | None, as_json: bool) -> None:
    """Show hand-overs, weighings, consumption, holds, corrections, odd seals and files."""
    from lims.sample_history import history as history_of
    from lims.sample_history import told

    with opened(lab_path) as lab:
        found = history_of(lab, number)
    if as_json:
        document("sample.history", {"history": found})
        return
    table(told(found), ["at", "what", "detail"])


COMMANDS = (divide, tree, reweigh, authorise, consume, correct, history)
