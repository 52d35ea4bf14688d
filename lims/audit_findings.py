"""What a verification gathers, up to a limit: a wrecked log still ends in a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

MAX_PROBLEMS = 50

Progress = Callable[[str, int, int], None]
"""Told what is being checked, how much is done and how much there is (0: not known)."""


def silent(doing: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Findings:
    """Problems and notices in the order they were found, each up to `MAX_PROBLEMS`."""

    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    left_out: int = 0

    def problem(self, text: str) -> None:
        """Add a problem, or count it where there are many already."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(text)
        else:
            self.left_out += 1

    def notice(self, text: str) -> None:
        """Add what a person should know though nothing was altered."""
        if len(self.notices) < MAX_PROBLEMS:
            self.notices.append(text)

    def take(self, other: Findings) -> None:
        """Add what another part of the verification found."""
        for text in other.problems:
            self.problem(text)
        for text in other.notices:
            self.notice(text)
        self.left_out += other.left_out

    def all(self) -> tuple[str, ...]:
        """Return every problem, and how many more there were."""
        rest = [f"and {self.left_out} more problems"] if self.left_out else []
        return (*self.problems, *rest)
