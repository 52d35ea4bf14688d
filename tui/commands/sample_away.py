"""``fol sample priority|send|arrived|answer|away``: its place in the queue, and other labs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, table
from tui.sample_args import acted

if TYPE_CHECKING:
    from lims.other_labs import LabTransfer


@click.command("priority", epilog="Example: fol sample priority NOG-26-S000001-D 50 --reason court")
@click.argument("number")
@click.argument("priority", type=click.IntRange(-1_000, 1_000))
@click.option("--reason", required=True)
@acting_option
def sample_priority(
    number: str, priority: int, reason: str, lab_path: str | None, person: str | None
) -> None:
    """Move a sample up or down the queue, with the reason on record."""
    from lims.intake import set_priority

    with opened(lab_path) as lab:
        acted(set_priority(lab, acting(person), number, priority, reason=reason))


@click.command("send", epilog="Example: fol sample send NOG-26-S000001-D --to-lab 'Southwest'")
@click.argument("number")
@click.option("--to-lab", "to", required=True, help="The regional or sister lab.")
@click.option("--remark", default="", help="What it is asked.")
@acting_option
@json_option
def sample_send(
    number: str, to: str, remark: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Send a sample to another lab: to be confirmed when concluded here, else to be worked on."""
    from lims.other_labs import send

    with opened(lab_path) as lab:
        _told(send(lab, acting(person), number, to, remark=remark), as_json=as_json)


@click.command("arrived", epilog="Example: fol sample arrived NOG-26-S000001-D --with 'J. Ruiz'")
@click.argument("number")
@click.option("--with", "received_by", required=True, help="Who received it there.")
@acting_option
@json_option
def sample_arrived(
    number: str, received_by: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Record that the other lab has the sample."""
    from lims.other_labs import arrived

    with opened(lab_path) as lab:
        done = arrived(lab, acting(person), number, received_by=received_by)
        _told(done, as_json=as_json)


@click.command("answer", epilog="Example: fol sample answer NOG-26-S000001-D --substance xylazine")
@click.argument("number")
@click.option("--substance", default="", help="What it identified; left out where it could not.")
@click.option("--reference", default="", help="Number of its report.")
@click.option("--remark", default="", help="Its words; needed where it named nothing.")
@acting_option
@json_option
def sample_answer(
    number: str,
    substance: str,
    reference: str,
    remark: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Record what the other lab answered, beside ours; earlier readers hear of a difference."""
    from lims.other_labs import answer

    with opened(lab_path) as lab:
        done = answer(
            lab, acting(person), number, substance=substance, reference=reference, remark=remark
        )
        _told(done, as_json=as_json)


@click.command("away", epilog="Example: fol sample away --all --json")
@click.option("--all", "everything", is_flag=True, help="Also those that were answered.")
@lab_option
@json_option
def sample_away(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List what is at other labs, the longest away first; an answer that differs is marked."""
    from lims import other_labs, outside_answers
    from tui.office_words import outside_words

    with opened(lab_path) as lab:
        found = outside_answers.listed(lab, everything=everything)
        sent = other_labs.listed(lab, everything=everything)
    if as_json:
        document("sample.away", {"transfers": sent, "outside": found})
        return
    table(
        [
            [t.sample, t.to_lab, t.purpose, f"{t.days:.0f}", "overdue" if t.overdue else "",
             outside_words(t), f"DIFFERS from ours: {t.ours}" if t.differs else ""]
            for t in found
        ],
        ["sample", "lab", "purpose", "days", "", "answer", "ours"],
    )  # fmt: skip


def in_words(found: LabTransfer) -> str:
    """Return what another lab said, in words."""
    if found.closed_at is None:
        return "none yet" if found.arrived_at else "not arrived yet"
    said = found.substance or f"not identified: {found.answer}"
    return f"{said} (report {found.reference})" if found.reference else said


def _told(done: LabTransfer, *, as_json: bool) -> None:
    if as_json:
        document("sample.send", {"transfer": done})
        return
    line(f"{done.sample}: at {done.to_lab} ({done.purpose.replace('_', ' ')}): {in_words(done)}")


COMMANDS = (sample_priority, sample_send, sample_arrived, sample_answer, sample_away)
