"""A ladder of n-alkanes as a small table of text: carbon numbers and retention times.

Two columns under a header that names both and the unit of time, or AMDIS' calibration lines
(minutes, then index). Knows no files.
"""

from __future__ import annotations

import re

from spectra.errors import SpectrumError

MOST_LINES = 1_000
"""A ladder has a few dozen alkanes; a longer table is something else."""

_SPLIT = re.compile(r"[,;\t]|\s+")
_TIME = re.compile(r"time|^r\.?t|^t_?r", re.IGNORECASE)
_CARBONS = re.compile(r"carbon|alkane|^c$|^n$", re.IGNORECASE)
_INDEX = re.compile(r"index|^r\.?i", re.IGNORECASE)
_ALKANE = re.compile(r"^c(\d{1,2})$", re.IGNORECASE)
_HINT = "Write a first line such as 'carbons,retention_time_min' (or _s), then one alkane a line."


def looks_like_table(text: str) -> bool:
    """Return whether a text is short, printable and could be a ladder at all."""
    lines = text.splitlines()
    return (
        0 < len(lines) <= MOST_LINES
        and all(len(line) <= 200 for line in lines)
        and ("\x00" not in text and not text.lstrip().startswith(("##", "<", "{")))
    )


def parse(text: str) -> tuple[list[float], list[float]]:
    """Return carbon numbers and retention times in s, ascending by time.

    Raises
    ------
    SpectrumError
        A line that cannot be read, or a header that does not name the columns and the unit.
    """
    lines = [line.strip() for line in text.splitlines()]
    rows = [line for line in lines if line and not line.startswith("#")]
    if not rows:
        raise SpectrumError("the ladder table is empty", hint=_HINT)
    # A unit in brackets belongs to the word before it.
    tight = [re.sub(r"\s+(?=[(\[])", "", row) for row in rows[:1]] + rows[1:]
    # Beside semicolons or tabs a comma is a decimal sign.
    if any(mark in row for row in tight for mark in ";\t"):
        tight = [row.replace(",", ".") for row in tight]
    cells = [[cell for cell in _SPLIT.split(row) if cell] or [""] for row in tight]
    if _number(cells[0][0]) is None and not _ALKANE.match(cells[0][0]):
        found = _with_header(cells)
    else:
        found = _amdis(cells)
    found.sort(key=lambda pair: pair[1])
    return [carbons for carbons, _ in found], [time for _, time in found]


def _with_header(cells: list[list[str]]) -> list[tuple[float, float]]:
    head = cells[0]
    time = _column(head, _TIME)
    carbons, index = _column(head, _CARBONS), _column(head, _INDEX)
    if time is None or (carbons is None and index is None):
        raise SpectrumError(
            f"the ladder table's first line, {' '.join(head)[:60]!r}, does not name carbon numbers "
            "and retention times",
            hint=_HINT,
        )
    unit = head[time].lower()
    if "min" in unit:
        factor = 60.0
    elif re.search(r"(?:_|\(|\[|\b)s(?:ec\w*)?\b", unit):
        factor = 1.0
    else:
        raise SpectrumError(
            f"the ladder table's column {head[time][:40]!r} does not state its unit", hint=_HINT
        )
    for at, row in enumerate(cells[1:], start=2):
        if len(row) > len(head):
            raise SpectrumError(
                f"line {at} of the ladder table has {len(row)} cells under {len(head)} headings",
                hint=f"{_HINT} Where commas are decimal signs, put semicolons between columns.",
            )
    which = carbons if carbons is not None else index
    scale = 1.0 if carbons is not None else 0.01
    return [
        (_value(row, which, at) * scale, _value(row, time, at) * factor)
        for at, row in enumerate(cells[1:], start=2)
    ]


def _amdis(cells: list[list[str]]) -> list[tuple[float, float]]:
    """Read AMDIS' lines: minutes, retention index, and more that is not needed."""
    found = []
    for at, row in enumerate(cells, start=1):
        minutes, index = _value(row, 0, at), _value(row, 1, at)
        if index < 100 or index % 100:
            raise SpectrumError(
                f"line {at} of the ladder table: {index:g} is not the index of an n-alkane",
                hint=_HINT,
            )
        found.append((index / 100.0, minutes * 60.0))
    return found


def _column(head: list[str], pattern: re.Pattern[str]) -> int | None:
    return next((at for at, cell in enumerate(head) if pattern.search(cell)), None)


def _value(row: list[str], at: int | None, line: int) -> float:
    text = row[at] if at is not None and at < len(row) else ""
    alkane = _ALKANE.match(text)
    value = float(alkane[1]) if alkane else _number(text)
    if value is None or not 0 <= value < 1e6:
        raise SpectrumError(
            f"line {line} of the ladder table: {text[:40]!r} is not a number", hint=_HINT
        )
    return value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
