"""The options that name what was run beside a GC-MS sample: its blank and its ladder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from lims.lab import Lab
    from lims.run_context import RunContext

_P = ParamSpec("_P")
_R = TypeVar("_R")

# The words of `spectra.retention.Phase` without their spaces; not imported, for the start-up time.
PHASES = ("semi-standard-non-polar", "standard-non-polar", "polar")


def run_context_options(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Add the options to a command; it takes ``blank, ladder, phase, dead_time_s``."""
    options = (
        click.option("--blank", type=click.Path(exists=True), help="The blank run of a GC-MS run."),
        click.option(
            "--ladder",
            type=click.Path(exists=True),
            help="Its run of n-alkanes, or a table of them: gives retention indices.",
        ),
        click.option(
            "--phase",
            type=click.Choice(PHASES),
            default=PHASES[0],
            show_default=True,
            help="Of the column; indices are compared within it.",
        ),
        click.option(
            "--dead-time-s",
            type=click.FloatRange(min=0),
            help="Of an isothermal run: then Kovats indices.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def context_of(
    blank: str | None, ladder: str | None, phase: str, dead_time_s: float | None
) -> RunContext:
    """Return the blank and the ladder of the options."""
    from lims.run_context import NO_CONTEXT, read_context
    from spectra.retention import Phase

    if dead_time_s is not None and ladder is None:
        raise click.UsageError("--dead-time-s says how a ladder is read: give --ladder too")
    if blank is None and ladder is None:
        return NO_CONTEXT
    words = {each.value.replace(" ", "-"): each for each in Phase}
    return read_context(
        blank=None if blank is None else Path(blank),
        ladder=None if ladder is None else Path(ladder),
        phase=words[phase],
        dead_time_s=dead_time_s,
    )


def keep_beside(lab: Lab, blank: str | None, ladder: str | None) -> None:
    """Keep the bytes of the blank and the ladder that a finding will name."""
    from instruments import raw
    from lims.source_bytes import bytes_of

    for each in (blank, ladder):
        if each is not None:
            raw.keep(lab.raw_folder, bytes_of(Path(each)))
