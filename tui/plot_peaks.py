"""Which peaks a plot names, and what it shows in words, for those who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spectra.axis import FloatArray
from tui.plot_scale import Window, columns_of, inside, number, scaled

if TYPE_CHECKING:
    from tui.plot import PlotData, PlotOptions, Trace

_FINE = 2_000
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakMark:
    """A peak worth naming: its x, its relative height 0-1 and its column."""

    x: float
    height: float
    column: int


def prominences(values: Sequence[float]) -> list[tuple[int, float]]:
    """Return the local maxima of a row with their topographic prominence, by position.

    A flat top counts once, at its first position. Linear in the length of the row: each maximum is
    compared with the lowest value met since the last higher one, from either side.
    """
    left, right = _saddles(values), _saddles(values[::-1])[::-1]
    found = []
    previous = -np.inf
    for at, value in enumerate(values):
        after = at + 1
        while after < len(values) and values[after] == value:
            after += 1
        following = values[after] if after < len(values) else -np.inf
        if value > previous and value > following:
            found.append((at, float(value - max(left[at], right[after - 1]))))
        previous = value
    return found


def _saddles(values: Sequence[float]) -> list[float]:
    """Return for each place the lowest value back to the last strictly higher one."""
    stack: list[tuple[float, float]] = []
    lowest_since: list[float] = []
    for value in values:
        low = value
        while stack and stack[-1][0] <= value:
            low = min(low, stack.pop()[1])
        lowest_since.append(low)
        stack.append((value, low))
    return lowest_since


def label_peaks(
    x: FloatArray, height: FloatArray, window: Window, columns: int, *, sticks: bool, least: float
) -> list[PeakMark]:
    """Return the peaks worth a label, tallest first (curves: most prominent first).

    Parameters
    ----------
    x, height : ndarray of float, shape (n_points,)
        Heights 0-1 as from `scaled`.
    columns : int
        Peaks that share a column share a label, the tallest one's.
    least : float
        Smallest height of a stick, or prominence of a band, relative to the tallest.
    """
    shown = inside(x, window) & np.isfinite(height)
    if not shown.any():
        return []
    at, value, place = columns_of(x[shown], window, columns), height[shown], x[shown]
    order = np.lexsort((value, at))
    last = np.append(np.flatnonzero(np.diff(at[order])), order.size - 1)
    tallest = order[last]
    marks = [
        PeakMark(x=float(place[i]), height=float(value[i]), column=int(at[i])) for i in tallest
    ]
    if sticks:
        kept = [(mark.height, mark) for mark in marks if mark.height >= least]
    else:
        kept = [
            (prominence, marks[index])
            for index, prominence in prominences([mark.height for mark in marks])
            if prominence >= least
        ]
    return [mark for _, mark in sorted(kept, key=lambda pair: (-pair[0], pair[1].column))]


def trace_peaks(trace: Trace, window: Window, least: float = 0.04) -> list[PeakMark]:
    """Return the peaks of a trace in a window, tallest first, free of the screen's resolution."""
    height = scaled(trace.x, trace.y, window, sticks=trace.sticks)
    return label_peaks(trace.x, height, window, _FINE, sticks=trace.sticks, least=least)


def lacking(
    ours: Sequence[PeakMark], theirs: Sequence[PeakMark], tolerance: float
) -> list[PeakMark]:
    """Return our peaks that have none of theirs within ``tolerance`` on the x axis."""
    places = np.array([mark.x for mark in theirs])
    if places.size == 0:
        return list(ours)
    return [mark for mark in ours if float(np.abs(places - mark.x).min()) > tolerance]


def describe(data: PlotData, options: PlotOptions) -> str:
    """Return what the plot shows, in words: base peaks and what each trace has alone.

    Peaks below 10 % of the tallest are left out. Two peaks count as one within 0.5 m/z, or 0.4 %
    of the window for a curve.
    """
    window = options.window or data.ends
    unit = data.x_unit
    tolerance = 0.5 if data.query.sticks else 0.004 * abs(window[1] - window[0])
    ours = trace_peaks(data.query, window, 0.10)
    said = [_headline("query", ours, unit)]
    if data.reference is not None:
        theirs = trace_peaks(data.reference, window, 0.10)
        said.append(_headline("reference", theirs, unit))
        said.append(_difference("query", "the reference", lacking(ours, theirs, tolerance), unit))
        said.append(_difference("reference", "the query", lacking(theirs, ours, tolerance), unit))
    return "; ".join(part for part in said if part) + "."


def _headline(name: str, marks: Sequence[PeakMark], unit: str) -> str:
    if not marks:
        return f"{name} has no peaks here"
    base = max(marks, key=lambda mark: mark.height)
    return f"{name}: {len(marks)} peaks, base peak {number(base.x)} {unit}".rstrip()


def _difference(name: str, other: str, marks: Sequence[PeakMark], unit: str) -> str:
    if not marks:
        return ""
    places = ", ".join(number(mark.x) for mark in marks[:_MOST_NAMED])
    more = f" and {len(marks) - _MOST_NAMED} more" if len(marks) > _MOST_NAMED else ""
    noun = "peak" if len(marks) == 1 else "peaks"
    return f"{name} has {len(marks)} {noun} {other} lacks: {places}{more} {unit}".rstrip()
