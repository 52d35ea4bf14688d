"""Messages that travel between workers, widgets and screens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from tui.taking import Outcome, Taking


class Arrived(Message):
    """A worker has its answer; the screen that asked handles it on its own turn."""

    def __init__(self, then: Callable[[Any], None], value: object) -> None:
        super().__init__()
        self.then = then
        self.value = value


class Failed(Message):
    """A worker could not answer: a message to show and what a person can do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__()
        self.message = message
        self.hint = hint


class Moved(Message):
    """What the record's version is now; another program may have written."""

    def __init__(self, version: object) -> None:
        super().__init__()
        self.version = version


class RunMoved(Message):
    """A run being taken has begun a stage, or ended."""

    def __init__(self, taking: Taking, outcome: Outcome | None = None) -> None:
        super().__init__()
        self.taking = taking
        self.outcome = outcome


class Scanned(Message):
    """A scanner read a code; the app decides what it means here."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code
