"""Fields of a legal rule's file: what may stand in each, and errors that name file and field.

Knows texts, lists and days; no rule and no chemistry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NoReturn, cast

from libraries.errors import LibraryError

_MAX_TEXT = 6_000


def only_fields(data: Mapping[str, object], known: set[str], what: str) -> None:
    """Raise `LibraryError` where a table holds a field that nobody would read."""
    unknown = sorted({str(name) for name in data} - known)
    if unknown:
        raise LibraryError(
            f"{what} has an unknown field: {', '.join(unknown)[:80]}",
            hint=f"Known: {', '.join(sorted(known))}.",
        )


class Reader:
    """Fields of one file, each checked where it is read; errors name the file."""

    def __init__(self, where: str) -> None:
        self.where = where

    def fail(self, why: str) -> NoReturn:
        """Raise `LibraryError` with the file's name and why."""
        raise LibraryError(
            f"{self.where}: {why}", hint="docs/law.md shows every field of a rule's file."
        )

    def table(
        self, data: object, what: str, required: set[str], optional: set[str]
    ) -> Mapping[str, object]:
        """Return a table that holds all required and no unknown fields."""
        if not isinstance(data, dict):
            self.fail(f"{what} must be a table of named fields")
        names = {str(name) for name in data}
        if missing := sorted(required - names):
            self.fail(f"{what} lacks {', '.join(missing)}")
        if unknown := sorted(names - required - optional):
            self.fail(f"{what} has an unknown field: {', '.join(unknown)[:80]}")
        return cast("Mapping[str, object]", data)

    def text(self, data: Mapping[str, object], name: str) -> str:
        """Return a text that is not empty."""
        value = data[name]
        if not isinstance(value, str) or not value.strip():
            self.fail(f"{name} must be text and not empty")
        if len(value) > _MAX_TEXT:
            self.fail(f"{name} has {len(value)} characters, at most {_MAX_TEXT} are read")
        return value

    def lines(self, data: Mapping[str, object], name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = data[name]
        if not isinstance(value, list) or len(value) > 100:
            self.fail(f"{name} must be a list of texts")
        if not all(isinstance(each, str) and each and len(each) <= _MAX_TEXT for each in value):
            self.fail(f"{name} must be a list of texts")
        return tuple(value)

    def day(self, data: Mapping[str, object], name: str, *, may_be_empty: bool = False) -> str:
        """Return an ISO day."""
        value = data[name]
        if value == "" and may_be_empty:
            return ""
        if not isinstance(value, str) or not is_day(value):
            self.fail(f"{name} must be a day as 2018-02-06, found {value!r:.40}")
        return value


def is_day(text: str) -> bool:
    """Return whether a text is a day of the calendar as ISO 8601 writes it, ``2018-02-06``."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
