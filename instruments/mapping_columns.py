"""The columns of a sample file as a person sees them: numbers from 1, words, ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from instruments.cleaning import one_line
from instruments.formats.text_table import NumberTable

_LISTED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnShown:
    """One column of the sample file, for the person who confirms."""

    number: int
    header: str
    first: float | None
    last: float | None
    low: float | None
    high: float | None
    blank: int


def listed(table: NumberTable) -> str:
    """Return the columns in one line, for a message."""
    first = [shown(table, at) for at in range(min(table.values.shape[1], _LISTED))]
    parts = [
        f"{each.number}"
        + (f" {each.header[:30]!r}" if each.header else "")
        + ("" if each.low is None else f" ({each.first:g} … {each.last:g})")
        for each in first
    ]
    more = table.values.shape[1] - len(first)
    return ", ".join(parts) + (f" and {more} more" if more else "")


def header_word(table: NumberTable, at: int) -> str:
    """Return the words above a column, or an empty text."""
    return one_line(table.names[at], limit=120) if table.names else ""


def shown(table: NumberTable, at: int) -> ColumnShown:
    """Return what a person sees of the column at position ``at``, from 0."""
    values = table.values[:, at]
    known = values[~np.isnan(values)]
    return ColumnShown(
        number=at + 1,
        header=header_word(table, at),
        first=float(known[0]) if known.size else None,
        last=float(known[-1]) if known.size else None,
        low=float(known.min()) if known.size else None,
        high=float(known.max()) if known.size else None,
        blank=int(values.size - known.size),
    )
