"""``fol instrument verify``, ``checks``, ``interval``: runs of standards, how long each is good."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table
from tui.run_options import PHASES

if TYPE_CHECKING:
    from lims.verification import Verification
    from tui.quality_words import AspectRow

ASPECTS = ("axis", "tune", "retention", "identity")


@click.command(
    "verify", epilog="Example: fol instrument verify raman-1 today.wdf --standard polystyrene"
)
@click.argument("name")
@click.argument("file", type=click.Path(exists=True))
@click.option(
    "--standard",
    required=True,
    help="polystyrene, silicon, cyclohexane, paracetamol, acetonitrile (Raman); polystyrene "
    "(FTIR); dftpp, bfb, alkanes (GC-MS); or a substance the libraries must name: caffeine.",
)
@click.option("--material", default="", help="The reference material measured, with --lot.")
@click.option("--lot", default="", help="Its lot, on record with `fol material add`.")
@click.option("--library", "-l", "names", multiple=True, help="For a substance; else all.")
@click.option(
    "--phase",
    type=click.Choice(PHASES),
    default=PHASES[0],
    show_default=True,
    help="Of the column, for alkanes.",
)
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def verify(
    name: str,
    file: str,
    standard: str,
    material: str,
    lot: str,
    names: tuple[str, ...],
    phase: str,
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Record FILE, a run of a standard, with what it says of the instrument.

    A passed one gives the instrument its axis correction or its ladder; a failed one is recorded
    too (exit code 0), holds the results since the last good one, and later runs name nothing.
    """
    from lims import verification
    from spectra.retention import Phase

    words = {each.value.replace(" ", "-"): each for each in Phase}
    with opened(lab_path) as lab:
        done = verification.verify(
            lab,
            acting(person),
            name,
            Path(file),
            standard,
            material=material,
            lot=lot,
            libraries=names,
            phase=words[phase],
            key=key,
        )
    if as_json:
        document("instrument.verify", {"verification": as_document(done)})
        return
    _print(done)


@click.command("checks", epilog="Example: fol instrument checks raman-1 --json")
@click.argument("name", default="")
@click.option("--history", is_flag=True, help="Every verification, newest first.")
@lab_option
@json_option
def checks(name: str, history: bool, lab_path: str | None, as_json: bool) -> None:
    """Show how instruments stand: what was verified, when it is due, what answers are worth."""
    from lims.verification import verifications
    from tui.quality_words import aspect_rows, standing_words

    with opened(lab_path) as lab:
        rows = aspect_rows(lab, name)
        past = verifications(lab, name) if history else ()
    if as_json:
        shown = {
            "aspects": [_standing(row) for row in rows],
            "verifications": [as_document(each) for each in past],
        }
        document("instrument.checks", shown)
        return
    table(
        [
            [
                r.instrument.name,
                r.standing.aspect,
                r.standing.standard,
                r.newest.at if r.newest else None,
                r.due,
                r.days,
                standing_words(r),
            ]
            for r in rows
        ],
        ["instrument", "aspect", "standard", "verified", "due", "days", "stands"],
    )
    for row in rows:
        if row.calibration:
            line(f"{row.instrument.name} axis: {row.calibration}")
        if row.standing.reason:
            say(row.standing.reason)
    for each in past:
        line("")
        _print(each)


@click.command(
    "interval",
    epilog="Example: fol instrument interval raman-1 axis 3 --reason 'moved every day'",
)
@click.argument("name")
@click.argument("aspect", type=click.Choice(ASPECTS))
@click.argument("days", type=int)
@click.option("--reason", required=True, help="Why; kept in the log.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def interval(
    name: str,
    aspect: str,
    days: int,
    reason: str,
    key: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Set how many days a verification of one instrument is good for."""
    from lims.check_policy import Aspect
    from lims.verification import set_interval

    with opened(lab_path) as lab:
        now = set_interval(lab, acting(person), name, Aspect(aspect), days, reason=reason, key=key)
    line(f"{name} {aspect}: every {now} days")


def as_document(each: Verification) -> dict[str, Any]:
    """Return a verification as its JSON shows it: the axis correction as an object."""
    import json

    from tui.output import plain

    shown = plain(each)
    return {**shown, "calibration": json.loads(each.calibration) if each.calibration else None}


def _standing(row: AspectRow) -> dict[str, Any]:
    standing = row.standing
    return {
        "instrument": row.instrument.name,
        "kind": row.instrument.kind,
        "aspect": standing.aspect,
        "standing": standing.standing,
        "effect": standing.effect,
        "standard": standing.standard,
        "verification": standing.verification,
        "verified_at": standing.verified_at,
        "due_at": standing.due_at,
        "days": row.days,
        "reason": standing.reason,
        "hold": row.hold.number if row.hold else None,
    }


def _print(done: Verification) -> None:
    from lims.verification import calibration_of
    from tui.quality_words import CHECK_COLUMNS, check_rows

    verdict = "passed" if done.passed else "FAILED"
    line(
        f"verification {done.number} of {done.instrument}: {done.aspect} by {done.standard}, "
        f"{verdict} ({done.at.astimezone():%Y-%m-%d %H:%M}, {done.by})"
    )
    table(check_rows(done.checks), CHECK_COLUMNS)
    for reason in done.reasons:
        line(f"  failed: {reason}")
    made = calibration_of(done)
    if made is not None:
        line(f"  axis correction: {made}")
    line(f"  after {done.source}")
