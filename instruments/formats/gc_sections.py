"""Chromatography texts in sections -> traces and tables of rows, before their numbers are read.

Used by the readers of Chromeleon and Shimadzu exports. No units, no spectra here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from instruments.formats.gc_peaks import Signs
from spectra.axis import FloatArray


@dataclass(slots=True)
class Section:
    """Lines under one heading."""

    heading: str
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """Key lines, then the names of columns, then rows of cells."""

    pairs: dict[str, str]
    names: list[str]
    rows: list[list[str]]


def blocks(section: Section, delimiter: str, first_words: tuple[str, ...]) -> Iterator[Block]:
    """Yield each table of a section with the key lines before it.

    Parameters
    ----------
    section : Section
    delimiter : str
    first_words : tuple of str
        How the first cell of a line of column names begins, lower case.
    """
    pairs: dict[str, str] = {}
    open_block: Block | None = None
    for line in section.lines:
        cells = [cell.strip() for cell in line.split(delimiter)]
        first = cells[0].lower()
        if len(cells) > 1 and first.startswith(first_words) and not _is_numeric(cells[1]):
            if open_block is not None:
                yield open_block
                pairs = {}
            open_block = Block(pairs=pairs, names=cells, rows=[])
        elif open_block is not None and line.strip() and _is_numeric(cells[0]):
            open_block.rows.append(cells)
        elif open_block is not None and line.strip() and open_block.rows:
            yield open_block
            open_block, pairs = None, dict([_pair(cells)])
        elif line.strip():
            key, value = _pair(cells)
            pairs.setdefault(key, value)
    if open_block is not None:
        yield open_block


def leftover_pairs(section: Section, delimiter: str) -> dict[str, str]:
    """Return the key lines of a section that holds no table."""
    pairs: dict[str, str] = {}
    for line in section.lines:
        if line.strip():
            key, value = _pair([cell.strip() for cell in line.split(delimiter)])
            pairs.setdefault(key, value)
    return pairs


def trace(
    block: Block, y_at: int, signs: Signs, seconds_per_unit: float
) -> tuple[FloatArray, FloatArray, int]:
    """Return times in seconds and values of a block's rows, and how many rows hold no value."""
    times: list[float] = []
    values: list[float] = []
    lost = 0
    for row in block.rows:
        time = signs.value(row[0])
        value = signs.value(row[y_at]) if len(row) > y_at else None
        if time is None or value is None:
            lost += 1
            continue
        times.append(time)
        values.append(value)
    x = np.array(times, dtype=np.float64) * seconds_per_unit
    return x, np.array(values, dtype=np.float64), lost


def numbers_of(found: Iterable[Block]) -> Iterator[str]:
    """Yield every cell of some blocks, for finding their decimal sign."""
    for block in found:
        for row in block.rows:
            yield from row


def _pair(cells: list[str]) -> tuple[str, str]:
    return cells[0], " ".join(cell for cell in cells[1:] if cell)


def _is_numeric(cell: str) -> bool:
    body = cell.lstrip("+-")
    return bool(body) and body[0].isdigit() and body.isascii()
