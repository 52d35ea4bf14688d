"""One JCAMP-DX data table -> numbers, with every check the standard offers. No policy, no units."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from instruments.errors import CorruptFileError
from instruments.formats import asdf
from instruments.formats.jcamp_records import Block, Table, first_number
from instruments.limits import MAX_POINTS
from spectra.axis import FloatArray

_EVEN = re.compile(r"\(?\s*X\s*\+\+", re.IGNORECASE)
_TUPLE = re.compile(r"\(?\s*([A-Z]+)\s*\.\.", re.IGNORECASE)
_FREE = 100_000
# Ordinates may leave MINY..MAXY by this part of the span: rounding, then sloppy headers.
_RANGE_NOTE = 0.02
_RANGE_FAULT = 0.25
SYMBOL_LABELS = {
    "UNITS": "UNITS",
    "FACTOR": "FACTOR",
    "FIRST": "FIRST",
    "LAST": "LAST",
    "VARNAME": "VARNAME",
}


@dataclass(slots=True)
class Curve:
    """x and y of one table, the units as written, and what was noticed on the way."""

    x: FloatArray
    y: FloatArray
    x_unit: str
    y_unit: str
    announced: int | None
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    even: bool = False
    page: str = ""


@dataclass(slots=True)
class _Header:
    """The numbers around a table, from the block's records or, in NTUPLES, by symbol position."""

    first: float | None
    last: float | None
    delta: float | None
    x_factor: float
    y_factor: float
    first_y: float | None
    points: int | None
    x_unit: str
    y_unit: str
    min_y: float | None
    max_y: float | None
    closed: bool


def decode_table(block: Block, table: Table, *, may_be_empty: bool = False) -> Curve:
    """Return the curve or peak list of one table.

    Parameters
    ----------
    block, table : Block, Table
    may_be_empty : bool
        A scan of a run may hold no peaks when its NPOINTS says so.

    Raises
    ------
    CorruptFileError
        The table is empty, expands beyond reason, or holds what is no number.
    """
    header = _header(block, table)
    if may_be_empty and header.points == 0 and not any(line.strip() for line in table.lines):
        return _empty(header, table)
    curve = _even(table, header) if _EVEN.search(table.form) else _pairs(table, header)
    curve.page = table.records.get("PAGE", "")
    return curve


def _empty(header: _Header, table: Table) -> Curve:
    return Curve(
        x=np.empty(0),
        y=np.empty(0),
        x_unit=header.x_unit,
        y_unit=header.y_unit,
        announced=0,
        page=table.records.get("PAGE", ""),
    )


def _header(block: Block, table: Table) -> _Header:
    def value(label: str) -> float | None:
        own = table.records.get(label)
        return first_number(own) if own is not None else block.value(label)

    points = value("NPOINTS")
    # Records between the tables of a block (NTUPLES pages) belong to the table they precede.
    header = _Header(
        first=value("FIRSTX"),
        last=value("LASTX"),
        delta=value("DELTAX"),
        x_factor=value("XFACTOR") or 1.0,
        y_factor=value("YFACTOR") or 1.0,
        first_y=value("FIRSTY"),
        points=int(points) if points is not None else None,
        x_unit=block.text("XUNITS"),
        y_unit=block.text("YUNITS"),
        min_y=value("MINY"),
        max_y=value("MAXY"),
        closed=block.closed,
    )
    if "SYMBOL" in block.records:
        _by_symbol(block, table, header)
    return header


def columns(block: Block, label: str) -> list[str]:
    """Return the comma-separated cells of an NTUPLES record."""
    return [cell.strip() for cell in block.text(label).split(",")]


def _by_symbol(block: Block, table: Table, header: _Header) -> None:
    symbols = columns(block, "SYMBOL")
    letters = re.findall(r"[A-Z]", table.form.split(")")[0].upper())
    x_symbol = letters[0] if letters else "X"
    y_symbol = next((letter for letter in letters if letter != x_symbol), "Y")

    def cell(label: str, symbol: str) -> str:
        cells = columns(block, label)
        at = symbols.index(symbol) if symbol in symbols else -1
        return cells[at] if 0 <= at < len(cells) else ""

    header.x_unit, header.y_unit = cell("UNITS", x_symbol), cell("UNITS", y_symbol)
    header.x_factor = first_number(cell("FACTOR", x_symbol)) or 1.0
    header.y_factor = first_number(cell("FACTOR", y_symbol)) or 1.0
    header.first = first_number(cell("FIRST", x_symbol))
    header.last = first_number(cell("LAST", x_symbol))
    header.first_y = header.min_y = header.max_y = None
    own_first = table.records.get("FIRST")
    if own_first:
        header.first = first_number(own_first.split(",")[0])
    if header.points is None:
        dimension = first_number(cell("VARDIM", x_symbol))
        header.points = int(dimension) if dimension else None


def _even(table: Table, header: _Header) -> Curve:
    announced = header.points if header.points is not None and header.points > 0 else None
    limit = MAX_POINTS if announced is None else min(MAX_POINTS, 4 * announced + _FREE)
    found = asdf.decode(table.lines, limit)
    n = len(found.values)
    if n == 0:
        raise CorruptFileError("a data table without a single ordinate")
    y = np.array(found.values, dtype=np.float64) * header.y_factor
    x, off = _axis(header, found, n)
    curve = Curve(x=x, y=y, x_unit=header.x_unit, y_unit=header.y_unit, announced=announced)
    curve.even = True
    whole = announced is None or announced == n
    _judge_checks(curve, found, whole)
    if not whole:
        text = f"the header announces {announced} points, the data hold {n}"
        sound = not found.bad_checks and not off and header.closed
        (curve.warnings if sound else curve.faults).append(text)
    if off:
        where = curve.warnings if whole and not found.bad_checks else curve.faults
        where.append("the abscissae written in the lines do not fit FIRSTX, LASTX and the count")
    _judge_first_y(curve, header)
    _judge_range(curve, header, proven=found.checks > 0 and not found.bad_checks and whole)
    return curve


def _judge_checks(curve: Curve, found: asdf.Ordinates, whole: bool) -> None:
    middle = [line for line in found.bad_checks if line != found.last_line]
    if middle:
        curve.faults.append(
            f"{len(middle)} check points do not repeat the ordinate before them, "
            f"first in data line {middle[0] + 1}: damaged data"
        )
    elif found.bad_checks:
        text = "the check point of the last line does not fit"
        (curve.warnings if whole else curve.faults).append(text)


def _judge_first_y(curve: Curve, header: _Header) -> None:
    if header.first_y is None or not np.isfinite(curve.y[0]):
        return
    span = float(np.nanmax(curve.y) - np.nanmin(curve.y)) or abs(header.first_y)
    if abs(curve.y[0] - header.first_y) > 0.02 * span + 1e-6 * abs(header.first_y):
        curve.warnings.append(
            f"FIRSTY says {header.first_y:g}, the first ordinate is {curve.y[0]:g}"
        )


def _judge_range(curve: Curve, header: _Header, *, proven: bool) -> None:
    """Compare the ordinates with MINY and MAXY, where the header states both.

    Headers are written by other hands than data (percent for fractions, the two exchanged), so only
    a gross difference in data without check points is a fault.
    """
    y = curve.y[np.isfinite(curve.y)]
    if header.min_y is None or header.max_y is None or not y.size:
        return
    low, high = sorted((header.min_y, header.max_y))
    bottom, top = float(y.min()), float(y.max())
    off = _beyond(bottom, top, low, high)
    if off <= _RANGE_NOTE:
        return
    text = f"MINY and MAXY say {low:g} to {high:g}, the ordinates reach from {bottom:g} to {top:g}"
    scaled = min(_beyond(bottom * k, top * k, low, high) for k in (0.01, 100.0)) <= _RANGE_NOTE
    fault = off > _RANGE_FAULT and not scaled and not proven
    (curve.faults if fault else curve.warnings).append(text)


def _beyond(bottom: float, top: float, low: float, high: float) -> float:
    """Return how far a range is from the stated one, in parts of the larger span."""
    span = max(high - low, top - bottom)
    return max(abs(top - high), abs(bottom - low)) / span if span > 0 else 0.0


def _axis(header: _Header, found: asdf.Ordinates, n: int) -> tuple[FloatArray, bool]:
    """Return the abscissae and whether the x written in the lines contradicts them."""
    lines = [(index, x * header.x_factor) for index, x in found.line_x if index < n]
    first = header.first if header.first is not None else lines[0][1]
    candidates: list[FloatArray] = []
    if header.last is not None and header.first is not None:
        candidates.append(np.linspace(first, header.last, n))
    if header.delta:
        candidates.append(first + header.delta * np.arange(n, dtype=np.float64))
    if len(lines) > 1 and lines[-1][0] > lines[0][0]:
        step = (lines[-1][1] - lines[0][1]) / (lines[-1][0] - lines[0][0])
        candidates.append(first + step * np.arange(n, dtype=np.float64))
    if not candidates:
        return first + header.x_factor * np.arange(n, dtype=np.float64), False
    for x in candidates:
        if _fits(x, lines, header.x_factor):
            return x, x is not candidates[0] and header.points not in (None, n)
    return candidates[0], True


def _fits(x: FloatArray, lines: list[tuple[int, float]], factor: float) -> bool:
    index = np.array([at for at, _ in lines])
    written = np.array([value for _, value in lines])
    step = abs(x[-1] - x[0]) / max(x.size - 1, 1)
    # Line abscissae are rounded to a few digits and some writers count in whole XFACTOR steps.
    room = 1.05 * step + 1.05 * abs(factor) + 2e-5 * float(np.abs(x).max())
    return bool((np.abs(x[index] - written) <= room).all())


def _pairs(table: Table, header: _Header) -> Curve:
    match = _TUPLE.search(table.form)
    inner = match.group(1).upper() if match else "XY"
    if table.label == "PEAKASSIGNMENTS":
        raise CorruptFileError("peak assignments are text, not a curve")
    width = max(len(inner), 2)
    rows, left_over = asdf.decode_pairs(table.lines, width)
    if rows.shape[0] == 0:
        raise CorruptFileError("a data table without a single pair")
    x = rows[:, 0] * header.x_factor
    y = rows[:, 1] * header.y_factor
    curve = Curve(
        x=x, y=y, x_unit=header.x_unit, y_unit=header.y_unit, announced=header.points or None
    )
    if left_over:
        curve.faults.append("the last pair is incomplete")
    if header.points and header.points != x.size:
        text = f"the header announces {header.points} points, {x.size} were found"
        (curve.warnings if header.closed else curve.faults).append(text)
    _judge_range(curve, header, proven=False)
    return curve
