"""Compiled loops of the MS/MS index. Importing it imports numba: do so only when it pays."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
from numba import njit

from spectra.peak_kernels import _offer, _rounded
from spectra.peak_tandem_clean import GAP, ROUNDING_DA

ENTROPY = 0
COSINE = 1
STEP = 64
# Single-precision sums of products below 1.
_SLACK = 1e-5
# Rows down to this share of the bound that enough rows reach are scored in the first pass: their
# worst exact score is seldom below it, so that a second pass is seldom needed.
_REACH = 0.85


@njit(cache=True, nogil=True)
def _is_apart(x, n, da, ppm):
    apart = True
    for i in range(1, n):
        apart = apart and x[i] - x[i - 1] > GAP * (da + ppm * 1e-6 * x[i]) + ROUNDING_DA
    return apart


@njit(cache=True, nogil=True)
def _merge(x, y, n, da, ppm):
    """Let each peak, from the tallest down, take in what lies within the gap; return how many."""
    free = np.ones(n, dtype=np.bool_)
    merged_x, merged_y = np.zeros(n), np.zeros(n)
    for at in np.argsort(-y[:n], kind="mergesort"):
        if not free[at]:
            continue
        gap = GAP * (da + ppm * 1e-6 * x[at]) + ROUNDING_DA
        low, high = at, at + 1
        while low > 0 and free[low - 1] and x[at] - x[low - 1] <= gap:
            low -= 1
        while high < n and free[high] and x[high] - x[at] <= gap:
            high += 1
        for i in range(low, high):
            free[i] = False
            merged_y[at] += y[i]
            merged_x[at] += x[i] * y[i]
        merged_x[at] /= merged_y[at]
    found = 0
    for i in range(n):
        if merged_y[i] > 0.0:
            x[found], y[found] = merged_x[i], merged_y[i]
            found += 1
    return found


@njit(cache=True, nogil=True)
def clean_peaks(mz, intensity, highest, da, ppm, noise):
    """Return peaks as `peak_tandem_clean.clean` does."""
    keep = (intensity > 0.0) & (mz > 0.0) & (mz <= highest)
    x, y = mz[keep], intensity[keep]
    n = x.size
    if n == 0:
        return x, y
    order = np.argsort(x, kind="mergesort")
    x, y = x[order], y[order]
    y /= y.max()
    while not _is_apart(x, n, da, ppm):
        n = _merge(x, y, n, da, ppm)
        again = np.argsort(x[:n], kind="mergesort")
        x, y = x[:n][again], y[:n][again]
    least = noise * y[:n].max()
    kept = y[:n] >= least
    x, y = x[:n][kept], y[:n][kept]
    y /= y.sum()
    return x, y


@njit(cache=True, nogil=True)
def entropy_power(share):
    """Return the exponent of entropy weighting."""
    entropy = 0.0
    for i in range(share.size):
        entropy -= share[i] * np.log(share[i])
    return 0.25 + 0.25 * entropy if entropy < 3.0 else 1.0


@njit(cache=True, nogil=True)
def _add_bounds(begins, ends, heights, rows, units, first, last, bounds):
    for i in range(begins.size):
        height = heights[i]
        for at in range(begins[i], ends[i]):
            row = rows[at]
            if first <= row < last:
                bounds[row] += height * units[at]


@njit(cache=True, nogil=True)
def _set_maxima(bounds, first, last, maxima):
    """Set the maximum of each step; as integers, whose order is that of floats not below 0."""
    bits, most_bits = bounds.view(np.int32), maxima.view(np.int32)
    for step in range((last - first + STEP - 1) // STEP):
        part = bits[first + step * STEP : min(first + (step + 1) * STEP, last)]
        most = np.int32(0)
        for i in range(part.size):
            most = max(most, part[i])
        most_bits[step] = most


@njit(cache=True, nogil=True)
def _nth_largest(values, n, wanted):
    """Return the value that ``wanted`` of the first ``n`` reach, 0 where there are fewer."""
    if n < wanted:
        return np.float32(0.0)
    return np.sort(values[:n])[n - wanted]


@njit(cache=True, nogil=True)
def _gain(kind, ours, unit):
    if kind == COSINE:
        return ours * unit
    theirs = unit * unit / 2.0
    both = ours + theirs
    return both * np.log2(both) - ours * np.log2(ours) - theirs * np.log2(theirs)


@njit(cache=True, nogil=True)
def _score_between(
    kind, low, high, begins, ends, exact_heights, rows, units, first, last, bounds, maxima,
    order, exact, pairs, scores, best, shifts, held,
):  # fmt: skip
    """Score the rows whose bound is at least ``low`` and below ``high``, and let them compete."""
    n_steps = (last - first + STEP - 1) // STEP
    for step in range(n_steps):
        if maxima[step] >= low:
            for row in range(first + step * STEP, min(first + (step + 1) * STEP, last)):
                if low <= bounds[row] < high:
                    exact[row] = 0.0
                    pairs[row] = 0
    for i in range(begins.size):
        ours = exact_heights[i]
        for at in range(begins[i], ends[i]):
            row = rows[at]
            if first <= row < last and low <= bounds[row] < high:
                exact[row] += _gain(kind, ours, np.float64(units[at]))
                pairs[row] += 1
    for step in range(n_steps):
        if maxima[step] >= low:
            for row in range(first + step * STEP, min(first + (step + 1) * STEP, last)):
                if low <= bounds[row] < high:
                    score = _rounded(min(max(exact[row], 0.0), 1.0))
                    held = _offer(scores, best, shifts, held, score, row, pairs[row], order)
    return held


@njit(cache=True, nogil=True)
def _place(bin_starts, mz_low, mz, after):
    """Return the place of the first peak at ``mz`` millionths or above, or the first after it."""
    at = mz >> 16
    if at + 1 >= bin_starts.size:
        return mz_low.size
    low, high = np.int64(bin_starts[at]), np.int64(bin_starts[at + 1])
    wanted = mz & 0xFFFF
    while low < high:
        middle = (low + high) // 2
        if mz_low[middle] < wanted or (after and mz_low[middle] == wanted):
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def search_one(
    kind, query_mz, share, da, ppm, bin_starts, mz_low, rows, units, first, last, order,
    bounds, maxima, exact, pairs, scores, best, matched,
):  # fmt: skip
    """Fill the heap of one cleaned query; return how many rows it holds.

    Twice the square root of two heights is a bound for the entropy they add and exact for the
    cosine, so a first pass over the peaks inside the windows bounds every row, a second one scores
    those that can win.
    """
    n = query_mz.size
    begins, ends = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    heights, exact_heights = np.empty(n, dtype=np.float32), np.empty(n)
    power = entropy_power(share) if kind == ENTROPY else 1.0
    total = 0.0
    for i in range(n):
        exact_heights[i] = share[i] if power == 1.0 else share[i] ** power
        total += exact_heights[i]
    for i in range(n):
        part = exact_heights[i] / total
        heights[i] = np.sqrt(part)
        exact_heights[i] = part / 2.0 if kind == ENTROPY else np.sqrt(part)
        reach = da + ppm * 1e-6 * query_mz[i]
        low = np.int64(np.rint(max(query_mz[i] - reach, 0.0) * 1e6))
        high = np.int64(np.rint((query_mz[i] + reach) * 1e6))
        begins[i] = _place(bin_starts, mz_low, low, False)
        ends[i] = _place(bin_starts, mz_low, high, True)
    bounds[first:last] = 0.0
    _add_bounds(begins, ends, heights, rows, units, first, last, bounds)
    _set_maxima(bounds, first, last, maxima)
    n_steps = (last - first + STEP - 1) // STEP
    mark = np.float32(_REACH * _nth_largest(maxima, n_steps, scores.size))
    held = _score_between(
        kind, mark, np.inf, begins, ends, exact_heights, rows, units, first, last, bounds, maxima,
        order, exact, pairs, scores, best, matched, 0,
    )  # fmt: skip
    floor = scores[0] - _SLACK if held == scores.size else 0.0
    if mark > 0.0 and floor < mark:
        held = _score_between(
            kind, max(floor, 0.0), mark, begins, ends, exact_heights, rows, units, first, last,
            bounds, maxima, order, exact, pairs, scores, best, matched, held,
        )  # fmt: skip
    return held
