"""``fol case``: what belongs together, what became of it, and which parcels remind of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.office_words import likeness_words
from tui.output import document, line, say, table
from tui.sample_args import mass_ug

if TYPE_CHECKING:
    from lims.case_model import CaseFile

KINDS = ("arrest", "linked_seizure", "other_items", "prosecution", "none")


@click.group(epilog="Example: fol case open 'pigment sets' --with NOG-26-P000001-R")
def case() -> None:
    """Cases and what became of them: open, link, outcome, matches, list, show, close."""


@case.command("open", epilog="Example: fol case open 'pigment sets' --with NOG-26-P000001-R")
@click.argument("title")
@click.option("--with", "subjects", multiple=True, help="A shipment or sample it starts from.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def case_open(
    title: str,
    subjects: tuple[str, ...],
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Open a case; prints its number."""
    from lims.cases import open_case

    with opened(lab_path) as lab:
        made = open_case(lab, acting(person), title, subjects, key=key)
    _told(made, as_json=as_json)


@case.command("show", epilog="Example: fol case show NOG-26-K000001-C --json")
@click.argument("number")
@lab_option
@json_option
def case_show(number: str, lab_path: str | None, as_json: bool) -> None:
    """Show a case: what is linked, what was written back, and what waits to be looked at."""
    from lims.case_queries import show, waiting

    with opened(lab_path) as lab:
        found = show(lab, number)
        near = [each for each in waiting(lab) if each.case == found.number]
    if as_json:
        document("case.show", {"case": found, "matches": near})
        return
    line(f"{found.number}: {found.title}, {found.state}, opened by {found.opened_by}")
    for link in found.links:
        where = " (seized elsewhere, not counted)" if link.role == "linked_seizure" else ""
        line(f"  {link.subject}{where}: {link.reason}")
    for outcome in found.outcomes:
        about = f" on {outcome.subject}" if outcome.subject else ""
        when = f"{outcome.occurred_on} " if outcome.occurred_on else ""
        line(f"  {when}{outcome.kind}{about}: {outcome.text}")
    for each in near:
        line(f"  to look at: {likeness_words(each)}")
    if found.closed_reason:
        line(f"  closed by {found.closed_by}: {found.closed_reason}")


@case.command("list", epilog="Example: fol case list --all --json")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@lab_option
@json_option
def case_list(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List cases, newest first."""
    from lims.case_queries import listed

    with opened(lab_path) as lab:
        found = listed(lab, everything=everything)
    if as_json:
        document("case.list", {"cases": found})
        return
    table(
        [
            [c.number, c.title, c.state, c.shipments, c.samples, c.linked_seizures,
             ", ".join(c.outcomes), c.to_look_at]
            for c in found
        ],
        ["case", "title", "state", "shipments", "samples", "elsewhere", "outcomes", "to look at"],
    )  # fmt: skip


@case.command("matches", epilog="Example: fol case matches NOG-26-P000002-N --json")
@click.argument("shipment", default="")
@lab_option
@json_option
def case_matches(shipment: str, lab_path: str | None, as_json: bool) -> None:
    """List held parcels that share a party with a case, for a person to judge."""
    from lims.case_queries import resemblances, waiting

    with opened(lab_path) as lab:
        found = resemblances(lab, shipment) if shipment else waiting(lab)
    if as_json:
        document("case.matches", {"matches": found})
        return
    for each in found:
        line(f"{each.shipment}: {likeness_words(each)}")
    if not found:
        say("(none)")


@case.command(epilog="Example: fol case link NOG-26-K000001-C NOG-26-P000002-N --reason 'same man'")
@click.argument("number")
@click.argument("subject")
@click.option("--reason", required=True, help="Why it belongs to the case.")
@click.option("--seized-elsewhere", is_flag=True, help="Not a sample of the port: not counted.")
@acting_option
@json_option
def link(
    number: str,
    subject: str,
    reason: str,
    seized_elsewhere: bool,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Link a shipment or sample to a case."""
    from lims.case_model import LinkRole
    from lims.cases import link as link_subject

    role = LinkRole.LINKED_SEIZURE if seized_elsewhere else LinkRole.PORT
    with opened(lab_path) as lab:
        done = link_subject(lab, acting(person), number, subject, role=role, reason=reason)
    _told(done, as_json=as_json)


@case.command(
    epilog="Example: fol case dismiss NOG-26-K000001-C NOG-26-P000002-N --reason 'a large shop'"
)
@click.argument("number")
@click.argument("shipment")
@click.option("--reason", required=True, help="Why the shared party means nothing.")
@acting_option
def dismiss(
    number: str, shipment: str, reason: str, lab_path: str | None, person: str | None
) -> None:
    """Say, after looking, that a parcel has nothing to do with a case."""
    from lims.cases import dismiss as dismiss_likeness

    with opened(lab_path) as lab:
        done = dismiss_likeness(lab, acting(person), number, shipment, reason=reason)
        line(f"{shipment} has nothing to do with {done.number}")


@case.command(epilog="Example: fol case outcome NOG-26-K000001-C --kind arrest 'one man, Tucson'")
@click.argument("number")
@click.argument("text")
@click.option("--kind", type=click.Choice(KINDS), required=True)
@click.option("--subject", default="", help="The shipment or sample it is about.")
@click.option("--substance", default="", help="Of what was seized elsewhere.")
@click.option("--mass", default="", help='Of what was seized elsewhere: "2 kg".')
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="When it happened.")
@click.option("--source", default="", help="Who told it.")
@acting_option
@json_option
def outcome(
    number: str,
    text: str,
    kind: str,
    subject: str,
    substance: str,
    mass: str,
    day: datetime | None,
    source: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Write back what became of a case; a seizure elsewhere is never counted as a sample."""
    from lims.case_model import Outcome
    from lims.cases import write_outcome

    with opened(lab_path) as lab:
        done = write_outcome(
            lab,
            acting(person),
            number,
            Outcome(kind),
            text,
            subject=subject,
            substance=substance,
            mass_ug=mass_ug(mass),
            occurred_on=day.date() if day else None,
            source=source,
        )
    _told(done, as_json=as_json)


@case.command(epilog="Example: fol case close NOG-26-K000001-C --reason 'tried and sentenced'")
@click.argument("number")
@click.option("--reason", required=True)
@acting_option
@json_option
def close(
    number: str, reason: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Close a case that has an outcome; later parcels still remind of it."""
    from lims.cases import close_case

    with opened(lab_path) as lab:
        done = close_case(lab, acting(person), number, reason=reason)
    _told(done, as_json=as_json)


def _told(found: CaseFile, *, as_json: bool) -> None:
    if as_json:
        document("case", {"case": found})
        return
    line(found.number)
    say(f"{found.title}: {found.state}, {len(found.links)} linked, {len(found.outcomes)} outcomes")
