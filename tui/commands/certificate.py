"""``fol report certificate``: reports on one sample or shipment, from draft to withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.certificate_words import state_words
from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table

if TYPE_CHECKING:
    from lims.certificate_model import Certificate, Wanted
    from lims.lab import Lab

EXIT_DATA = 4
Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(epilog="Example: fol report certificate draft NOG-26-S000001-D")
def certificate() -> None:
    """Reports on one sample or shipment: draft, review, issue, amend, withdraw."""


def typed_options(command: Command) -> Command:
    """Let a command take what an author types into a report."""
    for option in (
        click.option("--departure", "departures", multiple=True, help="A departure from a method."),
        click.option("--opinion", "opinions", multiple=True, help="An opinion, marked as one."),
        click.option("--condition", help="Of the items when they came, beyond their seals."),
        click.option("--place", help="Where the work was done, if not in the laboratory."),
        click.option("--reference", help="The customer's own number."),
        click.option("--customer", help="Who asked; else the officer who submitted."),
    ):
        command = option(command)
    return command


def _wanted(typed: dict[str, Any], valid_days: int | None = None) -> Wanted:
    from lims.certificate_model import Wanted

    # Nothing given leaves what the revision before said.
    return Wanted(
        customer=typed["customer"],
        reference=typed["reference"],
        place=typed["place"],
        condition=typed["condition"],
        opinions=typed["opinions"] or None,
        departures=typed["departures"] or None,
        valid_days=valid_days,
    )


@certificate.command(
    epilog="Example: fol report certificate draft NOG-26-S000001-D --reference HSI-42"
)
@click.argument("subject")
@click.option("--preliminary", is_flag=True, help="Marked on every page, with a day it ends on.")
@click.option("--valid-days", type=int, help="Of a preliminary report; 30 when not given.")
@typed_options
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def draft(
    subject: str,
    preliminary: bool,
    valid_days: int | None,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
    **typed: Any,
) -> None:
    """Write the report on a sample or on all of a shipment, or write its draft anew."""
    from lims import certificates

    with opened(lab_path) as lab:
        made = certificates.draft(
            lab,
            acting(person),
            subject,
            _wanted(typed, valid_days),
            preliminary=preliminary,
            key=key,
        )
        _tell(lab, made, as_json)


@certificate.command(
    epilog="Example: fol report certificate amend NOG-26-R000001-U --reason 'wrong reference'"
)
@click.argument("number")
@click.option("--reason", required=True, help="Why; printed in the report.")
@typed_options
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def amend(
    number: str,
    reason: str,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
    **typed: Any,
) -> None:
    """Write the report that will stand in place of an issued one, under a new number."""
    from lims import certificates

    with opened(lab_path) as lab:
        made = certificates.amend(
            lab, acting(person), number, _wanted(typed), reason=reason, key=key
        )
        _tell(lab, made, as_json)


@certificate.command(
    epilog="Example: fol report certificate state R000001-U discrepancy:12 --text 'seal misread'"
)
@click.argument("number")
@click.argument("what")
@click.option("--text", required=True, help="The words the report will carry.")
@acting_option
@json_option
def state(
    number: str, what: str, text: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Accept that something open is stated in a report; then its author drafts it again."""
    from lims import certificates

    with opened(lab_path) as lab:
        made = certificates.state_open(lab, acting(person), number, what, text)
        _tell(lab, made, as_json)


@certificate.command(epilog="Example: fol report certificate review NOG-26-R000001-U --accept")
@click.argument("number")
@click.option("--accept/--send-back", "accept", required=True, help="What comes of the review.")
@click.option(
    "--step",
    type=click.Choice(["technical", "administrative"]),
    help="Which review; else the one it waits for.",
)
@click.option("--remark", default="", help="Needed to send back.")
@click.option("--remote", default="", help="Where the reviewer is, if not in this laboratory.")
@acting_option
@json_option
def review(
    number: str,
    accept: bool,
    step: str | None,
    remark: str,
    remote: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Accept a report as technical or administrative reviewer, or send it back."""
    from lims import certificate_release
    from lims.certificate_model import ReviewStep

    with opened(lab_path) as lab:
        made = certificate_release.review(
            lab,
            acting(person),
            number,
            accept=accept,
            step=ReviewStep(step) if step else None,
            remark=remark,
            remote=remote,
        )
        _tell(lab, made, as_json)


@certificate.command(epilog="Example: fol report certificate issue NOG-26-R000001-U")
@click.argument("number")
@click.option("--remote", default="", help="Where the authoriser is, if not in this laboratory.")
@acting_option
@json_option
def issue(
    number: str, remote: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Authorise the release of a reviewed report: it is signed, and its files are written."""
    from reports import certificate_issue

    with opened(lab_path) as lab:
        made, paths = certificate_issue.issue(lab, acting(person), number, remote=remote)
    if as_json:
        document("report.certificate", {"certificate": made, "paths": paths})
        return
    line(f"{made.number} is issued")
    for kind, path in paths.items():
        line(f"{kind:5} {path}")


@certificate.command(
    epilog="Example: fol report certificate withdraw NOG-26-R000001-U --reason contamination"
)
@click.argument("number")
@click.option("--reason", default="", help="Needed of the first of the two people.")
@acting_option
@json_option
def withdraw(
    number: str, reason: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Withdraw an issued report: quality manager and lead, each by this command."""
    from reports import certificate_issue

    with opened(lab_path) as lab:
        made = certificate_issue.withdraw(lab, acting(person), number, reason=reason)
    if as_json:
        document("report.certificate", {"certificate": made, "paths": {}})
    elif made.withdrawn_at is None:
        line(f"{made.number}: withdrawal asked for")
        say("The other one of quality manager and lead carries it out by the same command.")
    else:
        line(f"{made.number} is withdrawn")
        say(f"Told to {len({copy.recipient for copy in made.copies})} holders of copies.")


@certificate.command(epilog="Example: fol report certificate drop R000001-U --reason 'two drafts'")
@click.argument("number")
@click.option("--reason", required=True)
@acting_option
@json_option
def drop(number: str, reason: str, lab_path: str | None, person: str | None, as_json: bool) -> None:
    """Give up a report that was not issued."""
    from lims import certificates

    with opened(lab_path) as lab:
        made = certificates.drop(lab, acting(person), number, reason=reason)
        _tell(lab, made, as_json)


@certificate.command(
    epilog="Example: fol report certificate give NOG-26-R000001-U --to 'A. Ruiz, prosecutor'"
)
@click.argument("number")
@click.option("--to", "recipient", required=True, help="Who is given the copy.")
@click.option("--form", type=click.Choice(["pdf", "html", "json", "paper"]), default="pdf")
@click.option("--how", default="", help="For example: by hand, encrypted mail.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def give(
    number: str,
    recipient: str,
    form: str,
    how: str,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Record who was given a copy; they are told when it is amended or withdrawn."""
    from lims import certificate_copies, certificate_queries
    from lims.certificate_model import CopyForm

    with opened(lab_path) as lab:
        copy = certificate_copies.give(
            lab, acting(person), number, recipient, form=CopyForm(form), how=how, key=key
        )
        found = certificate_queries.certificate(lab, number)
    if as_json:
        document("report.certificate.copy", {"number": found.number, "copy": copy})
        return
    line(f"copy {copy.number} of {found.number} to {copy.recipient}")


@certificate.command(
    "show", epilog="Example: fol report certificate show NOG-26-R000001-U --to report.pdf"
)
@click.argument("number")
@click.option("--to", "path", type=click.Path(dir_okay=False), help="A .pdf, .html or .json file.")
@lab_option
@json_option
def show(number: str, path: str | None, lab_path: str | None, as_json: bool) -> None:
    """Show a report: what it says, where it stands, and what hinders its issue."""
    from lims import certificate_queries

    with opened(lab_path) as lab:
        found = certificate_queries.certificate(lab, number)
        if path is not None:
            _write(lab, found, Path(path))
        elif as_json:
            from lims.certificate_checks import hindrances

            said = certificate_queries.said(lab, found)
            missing = hindrances(lab, found)
            document(
                "report.certificate.show",
                {"certificate": found, "document": said, "missing": missing},
            )
        else:
            from reports.certificate_text import lines

            for each in lines(lab, found):
                line(each)


@certificate.command("list", epilog="Example: fol report certificate list --of NOG-26-S000001-D")
@click.option("--of", "subject", default="", help="Sample or shipment; then all its reports.")
@click.option("--all", "everything", is_flag=True, help="Amended, withdrawn and dropped too.")
@lab_option
@json_option
def list_(subject: str, everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List reports, newest first."""
    from lims import certificate_queries

    with opened(lab_path) as lab:
        found = certificate_queries.listed(lab, subject=subject, everything=everything)
    if as_json:
        document("report.certificate.list", {"certificates": found})
        return
    table(
        [
            [c.number, c.kind, state_words(c), c.subject, c.revision, c.author, len(c.copies)]
            for c in found
        ],
        ["report", "kind", "state", "of", "revision", "author", "copies"],
    )


@certificate.command(epilog="Example: fol report certificate verify NOG-26-R000001-U.pdf")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--key", default="", help="The laboratory's public key; else that of this lab.")
@lab_option
@json_option
def verify(file: str, key: str, lab_path: str | None, as_json: bool) -> int:
    """Check a report's file against the signature beside it (FILE.minisig)."""
    from contextlib import ExitStack

    from reports.certificate_files import check

    with ExitStack() as stack:
        lab = None if key else stack.enter_context(opened(lab_path))
        found = check(lab, Path(file), key)
    if as_json:
        document("report.certificate.verify", {"checked": found})
    elif found.fits:
        line(f"whole: {found.comment}")
        if found.standing:
            line(f"the report now: {found.standing}")
    else:
        line("NOT WHOLE: the file or its signature was altered, or the key is another one")
    return 0 if found.fits else EXIT_DATA


def _tell(lab: Lab, of: Certificate, as_json: bool) -> None:
    from lims.certificate_checks import hindrances

    if as_json:
        document("report.certificate", {"certificate": of, "paths": {}})
        return
    line(of.number)
    say(f"{state_words(of)}, revision {of.revision}")
    for each in hindrances(lab, of):
        say(f"missing: {each.text}  ({each.hint})")


def _write(lab: Lab, of: Certificate, target: Path) -> None:
    from reports.certificate_files import FORMS, rendered

    form = target.suffix.lower().lstrip(".")
    if form not in FORMS:
        raise click.UsageError(f"{target}: a report is a .pdf, .html or .json file")
    if target.exists():
        raise click.UsageError(f"{target} is there already; nothing was written")
    target.write_bytes(rendered(lab, of, form))
    line(f"{target}: {of.number}, {state_words(of)}")
