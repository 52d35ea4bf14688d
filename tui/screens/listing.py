"""Feeding a table from a list that the record gives whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from tui.widgets.record_table import RecordTable

Row = TypeVar("Row")


def feed_list(table: RecordTable[Row], rows: Sequence[Row], *, from_top: bool = True) -> None:
    """Show ``rows`` in a table as if they came in pages."""

    async def count() -> int:
        return len(rows)

    async def page(offset: int, limit: int) -> Sequence[Row]:
        return rows[offset : offset + limit]

    table.feed(count, page, from_top=from_top)
