"""How the demonstration talks: a title for each step, what happened, how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tui.output import line


class Teller:
    """Prints steps with their times; ``night_s`` adds up those that belong to the night."""

    def __init__(self) -> None:
        self.night_s = 0.0

    @contextmanager
    def step(self, title: str, *, night: bool = True) -> Iterator[None]:
        """Say a step's title, run it, say its time."""
        line("")
        line(title)
        started = time.perf_counter()
        yield
        took = time.perf_counter() - started
        if night:
            self.night_s += took
        line(f"  {took:.2f} s")

    def say(self, text: str) -> None:
        """Say one fact of the step."""
        line(f"  {text}")
