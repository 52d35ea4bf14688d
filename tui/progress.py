"""One line on stderr that says how far a long command is; nothing where stderr is no terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from tui.text import clean

_EVERY_S = 0.1
_WIDTH = 24


class ProgressLine:
    """A line that is written over itself, at most ten times a second, and erased at the end."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._next = 0.0
        self._doing = ""

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown and self._doing:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __call__(self, doing: str, done: int, total: int) -> None:
        """Show what is being done, how many are done and how many there are (0: not known)."""
        now = time.monotonic()
        if not self._shown or (doing == self._doing and now < self._next):
            return
        self._doing, self._next = doing, now + _EVERY_S
        sys.stderr.write(f"\r\x1b[K{words(doing, done, total)}")
        sys.stderr.flush()


def words(doing: str, done: int, total: int) -> str:
    """Return the line: ``harmonising [######····]  42 %  1,260 of 3,000``."""
    if total <= 0:
        return f"{clean(doing)} {done:,}" if done else clean(doing)
    share = min(max(done / total, 0.0), 1.0)
    full = round(share * _WIDTH)
    bar = "#" * full + "·" * (_WIDTH - full)
    return f"{clean(doing)} [{bar}] {share:4.0%}  {done:,} of {total:,}"
