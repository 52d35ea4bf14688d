"""``fol sample`` from hand to hand: transfers both sides sign, returns, late entries, losses."""

from __future__ import annotations

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table
from tui.sample_args import acted, both_options, confirmations_of, moment


@click.command(
    "transfer",
    epilog="Example: fol sample transfer NOG-26-S000001-D --to rivera --confirm rivera --seal A1",
)
@click.argument("number")
@click.option("--to", "taker", required=True, help="Person id, or place:NAME.")
@click.option("--from", "giver", default="", help="Who gives; else who holds it now.")
@click.option("--seal", default="", help="Seal number read at the hand-over.")
@click.option("--witness", default="")
@click.option("--reason", default="")
@click.option("--key", default="", help="Idempotency key.")
@both_options
@acting_option
def transfer(
    number: str,
    taker: str,
    giver: str,
    seal: str,
    witness: str,
    reason: str,
    key: str,
    confirm: tuple[str, ...],
    on_behalf: bool,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Hand a sample over in one act that both sides confirm; a place needs one person only."""
    from lims.custody import transfer as hand_over
    from lims.queries import sample_record

    with opened(lab_path) as lab:
        acted(
            hand_over(
                lab,
                number,
                giver=giver or sample_record(lab, number).sample.holder,
                taker=taker,
                actor=acting(person),
                seal=seal,
                witness=witness,
                reason=reason,
                confirmed=confirmations_of(confirm),
                on_behalf=on_behalf,
                key=key,
            )
        )


@click.command(
    "propose", epilog="Example: fol sample propose NOG-26-S000001-D --to rivera --seal A1"
)
@click.argument("number")
@click.option("--to", "taker", required=True, help="Person id.")
@click.option("--seal", default="", help="Seal number as the giver reads it.")
@click.option("--witness", default="")
@click.option("--reason", default="")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def propose(
    number: str,
    taker: str,
    seal: str,
    witness: str,
    reason: str,
    key: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Offer a sample to somebody who accepts it on their own screen in time, else it lapses."""
    from lims.handover import propose as offer

    with opened(lab_path) as lab:
        made = offer(
            lab,
            acting(person),
            number,
            taker=taker,
            seal=seal,
            witness=witness,
            reason=reason,
            key=key,
        )
        until = made.expires_at.astimezone(lab.zone)
    line(f"{made.sample}: offered to {made.taker} until {until:%Y-%m-%d %H:%M %Z}")


@click.command("accept", epilog="Example: fol sample accept NOG-26-S000001-D --seal A1")
@click.argument("number")
@click.option("--seal", default="", help="Seal number as the taker reads it.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def accept(number: str, seal: str, key: str, lab_path: str | None, person: str | None) -> None:
    """Take over a sample that was offered to you."""
    from lims.handover import accept as take_over

    with opened(lab_path) as lab:
        acted(take_over(lab, acting(person), number, seal=seal, key=key))


@click.command(
    "decline", epilog="Example: fol sample decline NOG-26-S000001-D --reason 'bag is torn'"
)
@click.argument("number")
@click.option("--reason", required=True)
@acting_option
def decline(number: str, reason: str, lab_path: str | None, person: str | None) -> None:
    """Decline a sample that was offered to you, or withdraw your own offer."""
    from lims.handover import decline as refuse

    with opened(lab_path) as lab:
        ended = refuse(lab, acting(person), number, reason=reason)
    line(f"{ended.sample}: {ended.state}")


@click.command("handovers", epilog="Example: fol sample handovers --all --json")
@click.option("--all", "everything", is_flag=True, help="Ended ones too.")
@lab_option
@json_option
def handovers(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List hand-overs that wait for an answer."""
    from lims.handover import handovers as listed

    with opened(lab_path) as lab:
        found = listed(lab, everything=everything)
    if as_json:
        document("sample.handovers", {"handovers": found})
        return
    table(
        [[h.sample, h.giver, h.taker, h.at, h.expires_at, h.state, h.remark] for h in found],
        ["sample", "from", "to", "offered", "until", "state", "remark"],
    )


@click.command(
    "return",
    epilog="Example: fol sample return NOG-26-S000001-D --to haddad --confirm haddad "
    "--reason 'court order 7' --receipt receipt.pdf",
)
@click.argument("number")
@click.option("--to", "taker", required=True, help="Id of the officer who takes it.")
@click.option("--seal", default="", help="Seal number read at the hand-over.")
@click.option("--reason", required=True)
@click.option("--receipt", "receipt_path", type=click.Path(dir_okay=False), help=".pdf or .txt")
@click.option("--key", default="", help="Idempotency key.")
@both_options
@acting_option
def give_back(
    number: str,
    taker: str,
    seal: str,
    reason: str,
    receipt_path: str | None,
    key: str,
    confirm: tuple[str, ...],
    on_behalf: bool,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Return a sample to an officer against a receipt; a legal hold forbids it."""
    from lims.disposal import give_back as returned
    from tui.commands.sample_paper import write_receipt

    with opened(lab_path) as lab:
        after = returned(
            lab,
            acting(person),
            number,
            taker=taker,
            seal=seal,
            reason=reason,
            confirmed=confirmations_of(confirm),
            on_behalf=on_behalf,
            key=key,
        )
        acted(after)
        write_receipt(lab, after.number, 0, receipt_path)


@click.command(
    "late",
    epilog="Example: fol sample late NOG-26-S000001-D --to place:safe --at 2026-11-24T21:40 "
    "--reason 'power was out'",
)
@click.argument("number")
@click.option("--to", "taker", required=True, help="Person id, or place:NAME.")
@click.option("--from", "giver", default="", help="Who gave; else who holds it on record.")
@click.option("--at", "happened", required=True, help="When it happened, in the lab's time.")
@click.option("--reason", required=True, help="Why it is entered late.")
@click.option("--seal", default="", help="Seal number as it reads.")
@click.option("--witness", default="")
@click.option("--key", default="", help="Idempotency key.")
@both_options
@acting_option
def late(
    number: str,
    taker: str,
    giver: str,
    happened: str,
    reason: str,
    seal: str,
    witness: str,
    key: str,
    confirm: tuple[str, ...],
    on_behalf: bool,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Enter a hand-over that already happened, with both times and the reason."""
    from lims.irregular import enter_late
    from lims.queries import sample_record

    with opened(lab_path) as lab:
        acted(
            enter_late(
                lab,
                acting(person),
                number,
                giver=giver or sample_record(lab, number).sample.holder,
                taker=taker,
                occurred_at=moment(lab, happened),
                reason=reason,
                seal=seal,
                witness=witness,
                confirmed=confirmations_of(confirm),
                on_behalf=on_behalf,
                key=key,
            )
        )


@click.command(
    "lost", epilog="Example: fol sample lost NOG-26-S000001-D --says 'not on shelf 2 at 06:00'"
)
@click.argument("number")
@click.option("--says", required=True, help="Where it was last, who noticed, what was searched.")
@acting_option
def lost(number: str, says: str, lab_path: str | None, person: str | None) -> None:
    """Report a sample missing; nothing can be done with it until it is found."""
    from lims.irregular import report_lost

    with opened(lab_path) as lab:
        acted(report_lost(lab, acting(person), number, circumstances=says))


@click.command(
    "found", epilog="Example: fol sample found NOG-26-S000001-D --where 'behind shelf 2' --seal A1"
)
@click.argument("number")
@click.option("--where", required=True)
@click.option("--seal", default="", help="Seal number as it reads now.")
@acting_option
def found(number: str, where: str, seal: str, lab_path: str | None, person: str | None) -> None:
    """Report a lost sample found: it is in your hands, frozen until somebody else resolves it."""
    from lims.irregular import report_found

    with opened(lab_path) as lab:
        acted(report_found(lab, acting(person), number, where=where, seal=seal))
    say("It is frozen: a lead or the quality manager resolves it (fol sample resolve).")


COMMANDS = (transfer, propose, accept, decline, handovers, give_back, late, lost, found)
