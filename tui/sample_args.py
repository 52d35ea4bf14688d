"""What several sample commands share: masses and moments as typed, confirmations, acts in words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.output import line

if TYPE_CHECKING:
    from lims.confirmations import Confirmation
    from lims.lab import Lab
    from lims.model import Sample, Transfer

Command = TypeVar("Command", bound=Callable[..., Any])


def mass_ug(text: str) -> int | None:
    """Return a typed mass in micrograms; None where nothing was typed."""
    from lims.declared import weight_ug

    if not text:
        return None
    mass = weight_ug(text)
    if mass is None:
        raise click.UsageError(f"{text!r} is not a weight; write a number and a unit: 12.345 g")
    return mass


def needed_ug(text: str) -> int:
    """Return a typed mass in micrograms that may not be left out."""
    mass = mass_ug(text)
    if mass is None:
        raise click.UsageError("a mass is needed: a number and a unit, such as 12.345 g")
    return mass


def moment(lab: Lab, text: str) -> datetime:
    """Return a typed moment; without an offset it is the lab's own time."""
    from lims.errors import RecordError
    from tui import typed_values

    try:
        return typed_values.moment(text, lab.zone)
    except RecordError as error:
        raise click.UsageError(f"{text!r} is not a moment; write 2026-11-24T21:40") from error


def confirm_option(command: Command) -> Command:
    """Let a command take the people who confirm it beside the acting one."""
    return click.option(
        "--confirm",
        "confirm",
        multiple=True,
        metavar="PERSON",
        help="Who else confirms, here and now; on a terminal they type their own id.",
    )(command)


def both_options(command: Command) -> Command:
    """Let a hand-over be confirmed by the other side, or recorded on behalf of both."""
    on_behalf = click.option(
        "--on-behalf",
        is_flag=True,
        help="A custodian or lead records it for people who do not confirm; needs --reason.",
    )(command)
    return confirm_option(on_behalf)


def confirmations_of(people: Sequence[str]) -> tuple[Confirmation, ...]:
    """Return confirmations; at a terminal each person types their own id first."""
    from lims.confirmations import here

    if sys.stdin.isatty():
        for person in people:
            typed = click.prompt(f"{person}, type your id to confirm", err=True)
            if typed.strip() != person:
                raise click.UsageError(f"{person} did not confirm; nothing was written")
    return here(*people)


def acted(result: Sample) -> None:
    """Print where a sample stands after an act."""
    line(f"{result.number}: {result.state}, held by {result.holder}")


def step_in_words(step: Transfer) -> str:
    """Return one step of custody as a line."""
    words = [f"{step.at:%Y-%m-%d %H:%M} {step.kind}: {step.giver} -> {step.taker}"]
    if step.occurred_at is not None:
        words.append(f"(happened {step.occurred_at:%Y-%m-%d %H:%M})")
    if step.container:
        words.append(f"in {step.container}")
    if step.on_behalf:
        words.append("RECORDED ON THEIR BEHALF")
    if step.reason:
        words.append(step.reason)
    return " ".join(words)
