"""What a structural test found: the one answer of screens and site-by-site tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a structural test found: whether it is met, by which letters, and why."""

    met: bool
    letters: tuple[str, ...]
    reasons: tuple[str, ...]
