"""The stages of taking a run into the record, told as they begin, so that a person can stop it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Stage(StrEnum):
    """What is being done with a file; in this order.

    Stopped before ``KEEP`` nothing is left, later the bytes in the raw folder, which no run names.
    Once ``RECORD`` has begun it is an act of the record and no longer stopped.
    """

    TAKE = "taking the file's bytes"
    READ = "reading"
    KEEP = "keeping the bytes"
    MATCH = "matching"
    RECORD = "recording"


Going = Callable[[Stage], None]
"""Called as each stage begins; raises `lims.errors.RunCancelledError` to end there."""


def go_on(_: Stage) -> None:
    """Go on, whatever the stage."""
