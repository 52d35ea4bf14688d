"""``fol control``: controls and blanks of the instruments, their charts, the holds they place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table

if TYPE_CHECKING:
    from tui.quality_words import ControlRow

QUANTITIES = ("hqi", "area", "retention-index", "mass", "position", "blank", "swab", "other")
Command = TypeVar("Command", bound=Callable[..., Any])


def series_options(command: Command) -> Command:
    """Let a command take what a lot of a control has of its own."""
    options = (
        click.option("--material", default="", help="Its reference material, with --lot."),
        click.option("--lot", default="", help="The lot, on record with `fol material add`."),
        click.option("--expected", type=float, help="The value it should have."),
        click.option("--lowest", type=float, help="Fixed limit: below it a value is rejected."),
        click.option("--highest", type=float, help="Fixed limit: above it a value is rejected."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(epilog="Example: fol control list")
def control() -> None:
    """Controls and blanks: add, record, list, chart, holds, release."""


@control.command(
    "add",
    epilog="Example: fol control add caffeine-hqi --instrument raman-1 --quantity hqi "
    "--substance caffeine --expected 0.97 --lowest 0.93",
)
@click.argument("name")
@click.option("--instrument", required=True, help="The instrument it is run on.")
@click.option("--quantity", type=click.Choice(QUANTITIES), required=True, help="What is measured.")
@click.option("--unit", default="", help="For example mg.")
@click.option("--substance", default="", help="What is looked for in a file of it.")
@series_options
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def add(
    name: str,
    instrument: str,
    quantity: str,
    unit: str,
    substance: str,
    material: str,
    lot: str,
    expected: float | None,
    lowest: float | None,
    highest: float | None,
    key: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Define a control, or a blank (--quantity blank or swab, with --highest)."""
    from lims.control_record import ControlDraft, Quantity
    from lims.controls import add_control

    draft = ControlDraft(
        name=name,
        instrument=instrument,
        quantity=Quantity(quantity),
        unit=unit,
        substance=substance,
        material=material,
        lot=lot,
        expected=expected,
        lowest=lowest,
        highest=highest,
    )
    with opened(lab_path) as lab:
        made = add_control(lab, acting(person), draft, key=key)
    line(f"control {made.name} of {made.instrument}: {made.quantity} {made.substance}".rstrip())


@control.command(
    "lot",
    epilog="Example: fol control lot caffeine-hqi --material caffeine --lot B2 --expected 0.97 "
    "--lowest 0.93 --reason 'A1 used up'",
)
@click.argument("name")
@series_options
@click.option("--reason", required=True, help="Why; kept in the log.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def lot_(
    name: str,
    material: str,
    lot: str,
    expected: float | None,
    lowest: float | None,
    highest: float | None,
    reason: str,
    key: str,
    lab_path: str | None,
    person: str | None,
) -> None:
    """Begin a new lot of a control, with limits and statistics of its own."""
    from lims.control_record import ControlDraft
    from lims.controls import begin_lot, control_of

    with opened(lab_path) as lab:
        before = control_of(lab.db, name)
        draft = ControlDraft(
            name=before.name,
            instrument=before.instrument,
            quantity=before.quantity,
            material=material,
            lot=lot,
            expected=expected,
            lowest=lowest,
            highest=highest,
        )
        made = begin_lot(lab, acting(person), draft, reason=reason, key=key)
    line(f"control {made.name}: series {made.serial} begun, lot {made.lot or 'not on record'}")


@control.command(
    "record",
    epilog="Example: fol control record caffeine-hqi today.wdf; fol control record bench-swab "
    "--value 0 --place 'bench 2'",
)
@click.argument("name")
@click.argument("file", required=False, type=click.Path(exists=True))
@click.option("--value", type=float, help="The value, where it is not taken from FILE.")
@click.option("--place", default="", help="Where a swab was taken.")
@click.option("--note", default="", help="A remark.")
@click.option("--library", "-l", "names", multiple=True, help="For FILE; else all installed.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
@json_option
def record(
    name: str,
    file: str | None,
    value: float | None,
    place: str,
    note: str,
    names: tuple[str, ...],
    key: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Record one value of a control, typed or taken from FILE, with the verdict.

    A rejected value is recorded too (exit code 0) and holds the results since the last good one.
    """
    from lims.control_measures import record_file
    from lims.control_record import Observation
    from lims.controls import control_of, record_value
    from lims.holds import holds
    from tui.quality_words import hold_words, verdict_words

    if (file is None) == (value is None):
        raise click.UsageError("give a FILE or --value, one of the two")
    with opened(lab_path) as lab:
        if value is None:
            source = Path(str(file))
            done = record_file(
                lab, acting(person), name, source, libraries=names, place=place, note=note, key=key
            )
        else:
            seen = Observation(value=value, place=place, note=note)
            done = record_value(lab, acting(person), name, seen, key=key)
        unit = control_of(lab.db, name).unit
        held = [each for each in holds(lab) if each.control == done.control]
    if as_json:
        document("control.record", {"value": done, "holds": held})
        return
    line(verdict_words(done, unit))
    for each in held:
        say(hold_words(each))


@control.command("list", epilog="Example: fol control list --json")
@click.option("--instrument", default="", help="Only of this instrument.")
@lab_option
@json_option
def list_(instrument: str, lab_path: str | None, as_json: bool) -> None:
    """List the controls with their last values and what they are judged by."""
    from tui.quality_words import control_rows, control_state, limits_words

    with opened(lab_path) as lab:
        rows = control_rows(lab, instrument)
    if as_json:
        document("control.list", {"controls": [_row(row) for row in rows]})
        return
    table(
        [
            [
                r.control.name,
                r.control.instrument,
                r.control.quantity,
                r.control.lot,
                r.last.value if r.last else None,
                limits_words(r.control.lowest, r.control.highest),
                r.last.at if r.last else None,
                r.basis,
                control_state(r),
            ]
            for r in rows
        ],
        ["name", "instrument", "quantity", "lot", "last", "limits", "at", "judged by", "state"],
    )


def _row(row: ControlRow) -> dict[str, Any]:
    return {
        "control": row.control,
        "last": row.last,
        "n": row.n,
        "basis": row.basis,
        "hold": row.hold.number if row.hold else None,
    }


@control.command("chart", epilog="Example: fol control chart caffeine-hqi")
@click.argument("name")
@click.option("--series", type=click.IntRange(1), help="Of an earlier lot; else the one in use.")
@lab_option
@json_option
def chart_(name: str, series: int | None, lab_path: str | None, as_json: bool) -> None:
    """Draw a control's values over time (Levey-Jennings), with the lines of the rules."""
    from lims.controls import baseline, values
    from lims.controls import control as of_name
    from tui.control_chart import LEGEND, chart
    from tui.quality_words import verdict_words
    from tui.show import width

    with opened(lab_path) as lab:
        found = of_name(lab, name, serial=series)
        shown = values(lab, name, serial=series)
        at = baseline(lab, name, serial=series)
    if as_json:
        document("control.chart", {"control": found, "baseline": at, "values": shown})
        return
    for each in chart(found, shown, at, width=width()):
        line(each)
    line(LEGEND)
    if shown:
        line(verdict_words(shown[-1], found.unit))


@control.command("holds", epilog="Example: fol control holds --json")
@click.option("--all", "everything", is_flag=True, help="Also those that have ended.")
@lab_option
@json_option
def holds_(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List what is held: whose results wait, since when, and why."""
    from lims.holds import holds

    with opened(lab_path) as lab:
        found = holds(lab, everything=everything)
    if as_json:
        document("control.holds", {"holds": found})
        return
    table(
        [[h.number, h.instrument, h.cause, h.at, h.by, h.detail, h.end_reason] for h in found],
        ["hold", "instrument", "cause", "at", "by", "what", "ended"],
    )


@control.command(
    "release", epilog="Example: fol control release 812 --reason 'lamp replaced, control good'"
)
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why the results may stand; kept in the log.")
@click.option("--key", default="", help="Idempotency key.")
@acting_option
def release_(number: int, reason: str, key: str, lab_path: str | None, person: str | None) -> None:
    """Release held results, as quality manager, with the reason."""
    from lims.holds import release
    from tui.quality_words import hold_words

    with opened(lab_path) as lab:
        line(hold_words(release(lab, acting(person), number, reason=reason, key=key)))
