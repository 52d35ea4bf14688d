"""The one source of time.

Tests and a played history set it; nothing else reads the system's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_source: ContextVar[Callable[[], datetime] | None] = ContextVar("fol_clock", default=None)


def now() -> datetime:
    """Return the present moment as an aware UTC datetime."""
    source = _source.get()
    return datetime.now(UTC) if source is None else source().astimezone(UTC)


@contextmanager
def running_from(source: Callable[[], datetime]) -> Iterator[None]:
    """Take the time from ``source`` inside the block; it must return aware datetimes."""
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def stamp(moment: datetime) -> str:
    """Return the one spelling of a moment in the record: UTC, milliseconds, ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
