"""Spectra drawn as text: ``render(data, size, options)`` gives lines of styled spans.

Pure: no terminal, no Textual. Query up, reference down from its own zero row; no peak is lost:
every dot column shows the lowest and highest point in it, every stick lights at least one dot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray
from tui.glyphs import Bitmap, Glyphs, GlyphSet, glyph_set
from tui.plot_canvas import GUTTER, Canvas, Ink, Line
from tui.plot_peaks import PeakMark, label_peaks
from tui.plot_scale import columns_of, number, profile, scaled, ticks

SMALLEST = (24, 6)
_LEAST_PROMINENCE = 0.04


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """One spectrum to draw.

    Parameters
    ----------
    label : str
    x, y : ndarray of float, shape (n_points,)
        Any order of x; points that are not finite in y leave a gap in a curve.
    sticks : bool
        True for peaks over m/z, False for a curve.
    """

    label: str
    x: FloatArray
    y: FloatArray
    sticks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlotData:
    """What is drawn: a query, perhaps a reference, and the axis they share.

    ``ends`` are the ends of the full x axis in the order they are drawn, left then right.
    """

    query: Trace
    reference: Trace | None = None
    x_unit: str = ""
    full_scale: float = 1.0
    """What the tallest point is called: 1 for relative intensity, 100 for relative abundance."""
    ends: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotOptions:
    """How it is drawn. ``window`` has its ends in drawing order; None means all."""

    glyphs: Glyphs = Glyphs.AUTO
    window: tuple[float, float] | None = None
    cursor: float | None = None
    overlay: bool = False
    most_labels: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plane:
    """A half of the plot: text rows ``top`` to ``bottom`` (exclusive), growing up or down."""

    top: int
    bottom: int
    upward: bool

    @property
    def rows(self) -> int:
        return self.bottom - self.top


def span_of(*traces: Trace | None) -> tuple[float, float]:
    """Return the lowest and highest finite x of all traces; 0 to 1 when there is none."""
    ends = [t.x[np.isfinite(t.x)] for t in traces if t is not None]
    values = np.concatenate(ends) if ends else np.empty(0)
    if values.size == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def window_of(data: PlotData, options: PlotOptions) -> tuple[float, float]:
    """Return the drawn ends of the x axis, left then right."""
    left, right = options.window or data.ends
    return (left, right) if left != right else (left - 0.5, right + 0.5)


def units_per_dot(data: PlotData, width: int, options: PlotOptions) -> float:
    """Return how much of the x axis one dot column covers: bands closer than that merge."""
    left, right = window_of(data, options)
    return abs(right - left) / max((width - GUTTER) * glyph_set(options.glyphs).columns, 1)


def as_plain(lines: list[Line]) -> list[str]:
    """Return the characters of drawn lines without their inks, trailing blanks removed."""
    return ["".join(span.text for span in line).rstrip() for line in lines]


def trace_bitmap(trace: Trace, window: tuple[float, float], columns: int, rows: int) -> Bitmap:
    """Return the dots of one trace, shape (rows, columns), row 0 at the zero line.

    The tallest point inside the window reaches the last row. A curve is joined from column to
    column; every non-zero stick and every point of a curve lights a dot in its own column.
    """
    height = scaled(trace.x, trace.y, window, sticks=trace.sticks)
    bitmap = np.zeros((rows, columns), dtype=np.bool_)
    low, high = profile(trace.x, height, window, columns, joined=not trace.sticks)
    lit = np.isfinite(high) & ((high > 0) | (not trace.sticks))
    top = np.rint(np.where(lit, high, 0.0) * (rows - 1)).astype(np.int64)
    foot = np.zeros_like(top)
    if not trace.sticks:
        foot = np.rint(np.where(lit, low, 0.0) * (rows - 1)).astype(np.int64)
    levels = np.arange(rows)[:, np.newaxis]
    bitmap[:] = lit & (levels >= foot) & (levels <= top)
    return bitmap


def render(data: PlotData, size: tuple[int, int], options: PlotOptions) -> list[Line]:
    """Return the drawing as ``height`` lines of ``width`` characters.

    Parameters
    ----------
    data : PlotData
    size : tuple of int
        Width and height in characters. Below 24 x 6 the lines say that there is no room.
    options : PlotOptions
    """
    width, height = size
    if width < SMALLEST[0] or height < SMALLEST[1]:
        canvas = Canvas(max(width, 0), max(height, 0))
        canvas.put(0, 0, "no room for the plot", Ink.AXIS)
        return canvas.lines()
    glyphs = glyph_set(options.glyphs)
    canvas = Canvas(width, height)
    window = window_of(data, options)
    mirrored = data.reference is not None and not options.overlay
    upper, lower = _planes(height, mirrored=mirrored)
    _draw_frame(canvas, data, window, upper, lower, glyphs)
    if lower is not None and data.reference is not None:
        _draw_trace(canvas, data.query, window, upper, glyphs, Ink.QUERY)
        _draw_trace(canvas, data.reference, window, lower, glyphs, Ink.REFERENCE)
        _draw_labels(canvas, data.query, window, upper, options)
        _draw_labels(canvas, data.reference, window, lower, options)
    else:
        _draw_over(canvas, data, window, upper, glyphs)
        _draw_labels(canvas, data.query, window, upper, options)
    if options.cursor is not None:
        _draw_cursor(canvas, data, window, options.cursor, glyphs)
    return canvas.lines()


def _planes(height: int, *, mirrored: bool) -> tuple[_Plane, _Plane | None]:
    body = height - 2  # the axis line and its numbers
    if not mirrored:
        return _Plane(top=0, bottom=body, upward=True), None
    half = (body - 1) // 2
    lower_rows = body - 1 - half
    return (
        _Plane(top=0, bottom=half, upward=True),
        _Plane(top=half + 1, bottom=half + 1 + lower_rows, upward=False),
    )


def _headroom(plane: _Plane) -> int:
    """Return the rows kept free above the tallest peak, for its label."""
    return 1 if plane.rows >= 4 else 0


def _draw_frame(
    canvas: Canvas,
    data: PlotData,
    window: tuple[float, float],
    upper: _Plane,
    lower: _Plane | None,
    glyphs: GlyphSet,
) -> None:
    axis = canvas.height - 2
    for row in range(axis):
        canvas.put(row, GUTTER - 1, glyphs.vertical, Ink.AXIS)
    canvas.put(axis, GUTTER - 1, glyphs.corner, Ink.AXIS)
    canvas.put(axis, GUTTER, glyphs.horizontal * (canvas.width - GUTTER), Ink.AXIS)
    zero = axis
    if lower is not None:
        zero = upper.bottom
        canvas.put(zero, GUTTER - 1, glyphs.cross, Ink.AXIS)
        canvas.put(zero, GUTTER, glyphs.horizontal * (canvas.width - GUTTER), Ink.AXIS)
    canvas.put(zero, 0, f"{'0':>{GUTTER - 1}}", Ink.AXIS)
    for plane in (upper, lower):
        if plane is not None:
            _draw_heights(canvas, plane, data.full_scale, glyphs)
    _draw_ticks(canvas, data, window, glyphs)


def _draw_heights(canvas: Canvas, plane: _Plane, full_scale: float, glyphs: GlyphSet) -> None:
    rows = plane.rows - _headroom(plane)
    for share in (1.0, 0.5) if rows >= 7 else (1.0,):
        away = round(share * (rows * glyphs.rows - 1)) // glyphs.rows
        row = plane.bottom - 1 - away if plane.upward else plane.top + away
        canvas.put(row, 0, f"{share * full_scale:>{GUTTER - 1}.3g}", Ink.AXIS)
        canvas.put(row, GUTTER - 1, glyphs.y_tick, Ink.AXIS)


def _draw_ticks(
    canvas: Canvas, data: PlotData, window: tuple[float, float], glyphs: GlyphSet
) -> None:
    columns = canvas.width - GUTTER
    unit = plain_unit(data.x_unit) if glyphs.vertical == "|" else data.x_unit
    unit_at = canvas.width - len(unit)
    taken = 0
    for value, text in ticks(window, most=max(columns // 9, 2)):
        cell = GUTTER + int(columns_of(np.array([value]), window, columns)[0])
        canvas.put(canvas.height - 2, cell, glyphs.x_tick, Ink.AXIS)
        start = min(max(cell - len(text) // 2, 0), canvas.width - len(text))
        stop = start + len(text)
        if start >= taken and stop < unit_at:
            canvas.put(canvas.height - 1, start, text, Ink.AXIS)
            taken = stop + 1
    canvas.put(canvas.height - 1, unit_at, unit, Ink.AXIS)


def _plane_rows(
    trace: Trace, window: tuple[float, float], plane: _Plane, width: int, glyphs: GlyphSet
) -> Bitmap:
    """Return the bitmap of a trace fitted to a plane, row 0 on top."""
    rows = max(plane.rows - _headroom(plane), 1) * glyphs.rows
    dots = trace_bitmap(trace, window, (width - GUTTER) * glyphs.columns, rows)
    return dots[::-1] if plane.upward else dots


def _draw_trace(
    canvas: Canvas,
    trace: Trace,
    window: tuple[float, float],
    plane: _Plane,
    glyphs: GlyphSet,
    ink: Ink,
) -> None:
    top = plane.top + (_headroom(plane) if plane.upward else 0)
    bitmap = _plane_rows(trace, window, plane, canvas.width, glyphs)
    for offset, text in enumerate(glyphs.encode(bitmap)):
        for column, character in enumerate(text):
            if character != " ":
                canvas.put(top + offset, GUTTER + column, character, ink)


def _draw_over(
    canvas: Canvas, data: PlotData, window: tuple[float, float], plane: _Plane, glyphs: GlyphSet
) -> None:
    """Draw both traces in one plane; a cell both use belongs to neither alone."""
    _draw_trace(canvas, data.query, window, plane, glyphs, Ink.QUERY)
    if data.reference is None:
        return
    query = _plane_rows(data.query, window, plane, canvas.width, glyphs)
    reference = _plane_rows(data.reference, window, plane, canvas.width, glyphs)
    rows = zip(*(glyphs.encode(b) for b in (query, reference, query | reference)), strict=True)
    for offset, (first, second, both) in enumerate(rows):
        for column, (a, b, character) in enumerate(zip(first, second, both, strict=True)):
            if b != " ":
                ink = Ink.BOTH if a != " " else Ink.REFERENCE
                canvas.put(plane.top + _headroom(plane) + offset, GUTTER + column, character, ink)


def _draw_labels(
    canvas: Canvas,
    trace: Trace,
    window: tuple[float, float],
    plane: _Plane,
    options: PlotOptions,
) -> None:
    columns = canvas.width - GUTTER
    height = scaled(trace.x, trace.y, window, sticks=trace.sticks)
    marks = label_peaks(
        trace.x, height, window, columns, sticks=trace.sticks, least=_LEAST_PROMINENCE
    )
    placed = 0
    for mark in marks:
        if placed >= options.most_labels:
            break
        placed += _place(canvas, mark, plane, columns, sticks=trace.sticks)


def _place(canvas: Canvas, mark: PeakMark, plane: _Plane, columns: int, *, sticks: bool) -> bool:
    """Write the label of a peak on empty cells next to its top; say whether there was room."""
    text = number(mark.x, whole=not sticks or abs(mark.x - round(mark.x)) < 0.15)
    cell = GUTTER + mark.column
    rows = max(plane.rows - _headroom(plane), 1)
    away = min(int(mark.height * rows), rows - 1) + 1
    for further in range(3):
        offset = away + further
        row = plane.bottom - 1 - offset if plane.upward else plane.top + offset
        if not plane.top <= row < plane.bottom:
            break
        for shift in (0, -1, 1, -2, 2):
            start = min(max(cell - len(text) // 2 + shift, GUTTER), GUTTER + columns - len(text))
            stop = start + len(text)
            left, right = max(start - 1, GUTTER), min(stop + 1, canvas.width)
            if start <= cell < stop and canvas.is_free(row, left, right):
                canvas.put(row, start, text, Ink.LABEL)
                return True
    return False


def _draw_cursor(
    canvas: Canvas, data: PlotData, window: tuple[float, float], cursor: float, glyphs: GlyphSet
) -> None:
    low, high = sorted(window)
    if not low <= cursor <= high:
        return
    columns = canvas.width - GUTTER
    cell = GUTTER + int(columns_of(np.array([cursor]), window, columns)[0])
    for row in range(canvas.height - 2):
        if canvas.text[row][cell] == " ":
            canvas.put(row, cell, glyphs.vertical, Ink.CURSOR)
    text = " " + readout(data, window, cursor)
    if glyphs.vertical == "|":
        text = plain_unit(text)
    canvas.put(canvas.height - 1, max(canvas.width - len(text), 0), text, Ink.CURSOR)


def plain_unit(text: str) -> str:
    """Return a unit in ASCII, for terminals that have nothing else."""
    return text.replace("⁻¹", "-1").replace("µ", "u")


def height_at(trace: Trace, window: tuple[float, float], x: float) -> float | None:
    """Return the relative height (0-1) of a trace at ``x``; None where it was not measured.

    For sticks: the tallest stick within 0.5 m/z, else 0.
    """
    height = scaled(trace.x, trace.y, window, sticks=trace.sticks)
    if trace.sticks:
        near = height[np.abs(trace.x - x) <= 0.5]
        return float(near.max()) if near.size else 0.0
    if trace.x.size == 0:
        return None
    order = np.argsort(trace.x, kind="stable")
    value = float(np.interp(x, trace.x[order], height[order], left=np.nan, right=np.nan))
    return value if np.isfinite(value) else None


def readout(data: PlotData, window: tuple[float, float], x: float) -> str:
    """Return the cursor's place and the height of each trace there, in words."""
    parts = [f"{number(x, whole=abs(window[1] - window[0]) > 20)} {data.x_unit}".strip()]
    for name, trace in (("query", data.query), ("ref", data.reference)):
        if trace is not None:
            height = height_at(trace, window, x)
            shown = "-" if height is None else f"{height * data.full_scale:.3g}"
            parts.append(f"{name} {shown}")
    return "  ".join(parts)
