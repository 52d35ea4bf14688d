"""The arithmetic of a plot: relative heights, dot columns, per-column extremes, 1-2-5 ticks."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray

Window = tuple[float, float]


def inside(x: FloatArray, window: Window) -> npt.NDArray[np.bool_]:
    """Return which points lie in the window, ends included."""
    low, high = sorted(window)
    return np.isfinite(x) & (x >= low) & (x <= high)


def scaled(x: FloatArray, y: FloatArray, window: Window, *, sticks: bool) -> FloatArray:
    """Return heights 0-1 relative to what stands inside the window, shape (n_points,).

    Sticks keep their zero; a curve runs from its lowest to its highest point in the window.
    Points outside may exceed 0-1. A curve without variance is 0 everywhere.
    """
    values = np.where(np.isfinite(y), y, np.nan).astype(np.float64)
    shown = values[inside(x, window)]
    shown = shown[np.isfinite(shown)]
    if shown.size == 0:
        return np.full(values.shape, np.nan)
    low = 0.0 if sticks else float(shown.min())
    high = float(shown.max())
    # Two steps, so that extreme values (1e308 and -1e308) do not overflow in the difference.
    extent = high / 2 - low / 2
    if extent <= 0:
        return np.where(np.isfinite(values), 0.0, np.nan)
    # Heights beyond the window are clipped: a far taller band next door only has to leave the plot.
    return np.asarray(np.clip((values / 2 - low / 2) / extent, -1e6, 1e6), dtype=np.float64)


def columns_of(x: FloatArray, window: Window, columns: int) -> npt.NDArray[np.int64]:
    """Return the column, 0 to ``columns - 1``, of x values that lie inside the window."""
    left, right = window
    share = (x - left) / (right - left)
    return np.clip((share * columns).astype(np.int64), 0, columns - 1)


def profile(
    x: FloatArray, height: FloatArray, window: Window, columns: int, *, joined: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and highest value in each column, each of shape (columns,).

    With ``joined`` a curve's values at the column edges count too, so neighbouring columns meet;
    columns without data are NaN.
    """
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    shown = inside(x, window) & np.isfinite(height)
    at = columns_of(x[shown], window, columns)
    np.minimum.at(low, at, height[shown])
    np.maximum.at(high, at, height[shown])
    if joined and x.size > 1:
        order = np.argsort(x, kind="stable")
        edges = np.linspace(window[0], window[1], columns + 1)
        border = np.interp(edges, x[order], height[order], left=np.nan, right=np.nan)
        border = np.clip(border, 0.0, 1.0)  # inside the window nothing else is drawn
        for value in (border[:-1], border[1:]):
            known = np.isfinite(value)
            low[known] = np.minimum(low[known], value[known])
            high[known] = np.maximum(high[known], value[known])
    empty = ~np.isfinite(high)
    low[empty], high[empty] = np.nan, np.nan
    return low, high


def number(value: float, *, whole: bool = True) -> str:
    """Return a number as a plot shows it: whole, or with two significant decimals."""
    if whole or abs(value) >= 1e5:
        return f"{value:.0f}" if abs(value) < 1e7 else f"{value:.2g}"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def ticks(window: Window, most: int) -> list[tuple[float, str]]:
    """Return at most ``most`` ticks at steps of 1, 2 or 5, in drawing order, with their text."""
    low, high = sorted(window)
    extent = high - low
    if not math.isfinite(extent) or extent <= 0 or extent < 1e-9 * max(abs(low), abs(high)):
        return []
    step = 10.0 ** math.floor(math.log10(extent / max(most, 1)))
    for factor in (1, 2, 5, 10, 20):
        if extent / (step * factor) <= most:
            step *= factor
            break
    decimals = max(-math.floor(math.log10(step) + 1e-9), 0)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    values = [index * step for index in range(first, last + 1)]
    if window[0] > window[1]:
        values.reverse()
    return [(v, f"{v:.{decimals}f}" if abs(v) < 1e7 else f"{v:.3g}") for v in values]
