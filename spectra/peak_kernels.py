"""Compiled search loops of the peak index. Importing it imports numba: do so only when it pays.

Every loop works on one block of rows, so that Python can look between blocks whether to go on.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
from numba import njit

from spectra.mass_scores import BASE_PEAK, MZ_MAX

COSINE = 0
ENTROPY = 1
HYBRID = 2
_COLUMNS = MZ_MAX + 1
# Rows whose sums stay in the first cache while eight runs pass by.
_STRETCH = 4096
# Rows that share one maximum.
STEP = 256
# Scores that differ by less than this are equal.
_DIGITS = 1e12
_SLACK = 2e-12


@njit(cache=True, nogil=True)
def _add_eight(runs, starts, weights, at, low, high, sums):
    w0, w1, w2, w3 = weights[at], weights[at + 1], weights[at + 2], weights[at + 3]
    w4, w5, w6, w7 = weights[at + 4], weights[at + 5], weights[at + 6], weights[at + 7]
    a = runs[starts[at] + low : starts[at] + high]
    b = runs[starts[at + 1] + low : starts[at + 1] + high]
    c = runs[starts[at + 2] + low : starts[at + 2] + high]
    d = runs[starts[at + 3] + low : starts[at + 3] + high]
    e = runs[starts[at + 4] + low : starts[at + 4] + high]
    f = runs[starts[at + 5] + low : starts[at + 5] + high]
    g = runs[starts[at + 6] + low : starts[at + 6] + high]
    h = runs[starts[at + 7] + low : starts[at + 7] + high]
    part = sums[low:high]
    for j in range(high - low):
        part[j] = np.uint16(
            part[j] + a[j] * w0 + b[j] * w1 + c[j] * w2 + d[j] * w3
            + e[j] * w4 + f[j] * w5 + g[j] * w6 + h[j] * w7
        )  # fmt: skip


@njit(cache=True, nogil=True)
def _listed_runs(run_starts, masses, weights, n, starts, run_weights):
    """Put the runs of a query's masses into ``starts``, filled up to a multiple of eight."""
    found = 0
    for i in range(n):
        at = run_starts[masses[i]]
        if at >= 0:
            starts[found] = at
            run_weights[found] = weights[i]
            found += 1
    while found % 8:
        starts[found] = starts[found - 1]
        run_weights[found] = 0
        found += 1
    return found


@njit(cache=True, nogil=True)
def _first_at_least(rows, low, high, wanted):
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _add_marks(mark_starts, mark_rows, mark_codes, masses, weights, n, low, high, n_block, sums):
    """Add what lies in the lists of a query's masses for rows ``low:high`` of a block."""
    for i in range(n):
        a, b = mark_starts[masses[i]], mark_starts[masses[i] + 1]
        if low > 0:
            a = _first_at_least(mark_rows, a, b, low)
        if high < n_block:
            b = _first_at_least(mark_rows, a, b, high)
        weight = weights[i]
        for at in range(a, b):
            row = mark_rows[at]
            sums[row] = np.uint16(sums[row] + mark_codes[at] * weight)


@njit(cache=True, nogil=True)
def _set_bounds(sums, residuals, factor, n, maxima):
    """Make sums upper bounds, one added so that 0 can mean done; set the maximum of each step."""
    for step in range((n + STEP - 1) // STEP):
        low, high = step * STEP, min((step + 1) * STEP, n)
        part, missed = sums[low:high], residuals[low:high]
        most = np.uint16(0)
        for j in range(high - low):
            bound = np.uint16(part[j] + missed[j] * factor + 1)
            part[j] = bound
            most = max(most, bound)
        maxima[step] = most


@njit(cache=True, nogil=True)
def _take_largest(bounds, maxima, n):
    """Return the row with the largest bound and that bound, which becomes 0."""
    best, at = np.uint16(0), 0
    for step in range((n + STEP - 1) // STEP):
        if maxima[step] > best:
            best, at = maxima[step], step
    if best == 0:
        return 0, 0
    low, high = at * STEP, min((at + 1) * STEP, n)
    row = low
    while bounds[row] != best:
        row += 1
    bounds[row] = 0
    most = np.uint16(0)
    for j in range(low, high):
        most = max(most, bounds[j])
    maxima[at] = most
    return row, int(best)


@njit(cache=True, nogil=True)
def _is_worse(score, place, other_score, other_place):
    return score < other_score or (score == other_score and place > other_place)


@njit(cache=True, nogil=True)
def _offer(scores, rows, shifts, n, score, row, shift, order):
    """Let a row compete for a place in a heap whose root is the worst; return how many it holds."""
    if n < scores.size:
        at = n
        n += 1
        while at > 0:
            up = (at - 1) // 2
            if not _is_worse(score, order[row], scores[up], order[rows[up]]):
                break
            scores[at], rows[at], shifts[at] = scores[up], rows[up], shifts[up]
            at = up
        scores[at], rows[at], shifts[at] = score, row, shift
        return n
    if not _is_worse(scores[0], order[rows[0]], score, order[row]):
        return n
    at = 0
    while 2 * at + 1 < n:
        down = 2 * at + 1
        right = down + 1
        if right < n and _is_worse(
            scores[right], order[rows[right]], scores[down], order[rows[down]]
        ):
            down = right
        if not _is_worse(scores[down], order[rows[down]], score, order[row]):
            break
        scores[at], rows[at], shifts[at] = scores[down], rows[down], shifts[down]
        at = down
    scores[at], rows[at], shifts[at] = score, row, shift
    return n


@njit(cache=True, nogil=True)
def _tallest(heights, a, b):
    tallest = 0.0
    for at in range(a, b):
        tallest = max(tallest, np.float64(heights[at]))
    return tallest


@njit(cache=True, nogil=True)
def _cosine(row, query, offsets, mz, heights, norms, ladder, power):
    """Return the weighted cosine of a row with a query of length 1."""
    a, b = offsets[row], offsets[row + 1]
    if a == b:
        return 0.0
    tallest = _tallest(heights, a, b)
    total = 0.0
    for at in range(a, b):
        mass = mz[at]
        if mass < _COLUMNS and query[mass] > 0.0:
            height = np.float64(heights[at]) / tallest * BASE_PEAK
            value = np.sqrt(height) if power == 0.5 else height**power
            total += query[mass] * value * ladder[mass]
    return total / norms[row]


@njit(cache=True, nogil=True)
def _entropy(row, query, offsets, mz, heights):
    """Return the entropy similarity of a row with a query whose intensities sum to a half."""
    a, b = offsets[row], offsets[row + 1]
    total, entropy, weight = 0.0, 0.0, 0.0
    for at in range(a, b):
        total += np.float64(heights[at])
    for at in range(a, b):
        p = np.float64(heights[at]) / total
        entropy -= p * np.log(p)
    power = 0.25 + 0.25 * entropy if entropy < 3.0 else 1.0
    for at in range(a, b):
        weight += (np.float64(heights[at]) / total) ** power
    similarity = 0.0
    for at in range(a, b):
        mass = mz[at]
        if mass < _COLUMNS and query[mass] > 0.0:
            x, y = query[mass], (np.float64(heights[at]) / total) ** power / weight / 2.0
            similarity += (x + y) * np.log2(x + y) - x * np.log2(x) - y * np.log2(y)
    return min(max(similarity, 0.0), 1.0)


@njit(cache=True, nogil=True)
def _rounded(score):
    return np.rint(score * _DIGITS) / _DIGITS


@njit(cache=True, nogil=True)
def _contest(
    kind, query, bounds, maxima, n, first, unit, extra,
    offsets, mz, heights, order, norms, ladder, power,
    scores, rows, shifts, held,
):  # fmt: skip
    """Score the rows of a block, largest bound first, until no bound reaches the worst hit."""
    while True:
        row, bound = _take_largest(bounds, maxima, n)
        if bound == 0:
            return held
        if held == scores.size:
            reach = min((bound - 1) / unit + extra, 1.0)
            if kind == COSINE:
                reach *= reach
            if reach < scores[0] - _SLACK:
                return held
        if kind == COSINE:
            score = min(
                _cosine(first + row, query, offsets, mz, heights, norms, ladder, power), 1.0
            )
            score *= score
        else:
            score = _entropy(first + row, query, offsets, mz, heights)
        held = _offer(scores, rows, shifts, held, _rounded(score), first + row, 0, order)


@njit(cache=True, nogil=True)
def search_block(
    kind, first, n,
    runs, run_starts, mark_starts, mark_rows, mark_codes, residuals,
    masses, weights, counts, factors, units, extras, queries,
    offsets, mz, heights, order, norms, ladder, power,
    scores, rows, shifts, held, sums, maxima, stretch,
):  # fmt: skip
    """Let the rows of one block compete for the hits of several queries."""
    n_queries = counts.size
    starts = np.empty((n_queries, masses.shape[1] + 8), dtype=np.int64)
    run_weights = np.empty((n_queries, masses.shape[1] + 8), dtype=np.uint16)
    n_runs = np.empty(n_queries, dtype=np.int64)
    for q in range(n_queries):
        n_runs[q] = _listed_runs(
            run_starts, masses[q], weights[q], counts[q], starts[q], run_weights[q]
        )
        sums[q, :n] = 0
    # All queries pass over a stretch of the block while it lies in the cache.
    for low in range(0, n, stretch):
        high = min(low + stretch, n)
        for q in range(n_queries):
            for at in range(0, n_runs[q], 8):
                _add_eight(runs, starts[q], run_weights[q], at, low, high, sums[q])
    for q in range(n_queries):
        _add_marks(
            mark_starts, mark_rows, mark_codes, masses[q], weights[q], counts[q], 0, n, n, sums[q]
        )
        _set_bounds(sums[q], residuals[first : first + n], factors[q], n, maxima[q])
        held[q] = _contest(
            kind, queries[q], sums[q], maxima[q], n, first, units[q], extras[q],
            offsets, mz, heights, order, norms, ladder, power,
            scores[q], rows[q], shifts[q], held[q],
        )  # fmt: skip


@njit(cache=True, nogil=True)
def score_rows(kind, query, offsets, mz, heights, norms, ladder, power, start, stop, out):
    """Set the exact score of every row of a range."""
    for row in range(start, stop):
        if kind == COSINE:
            cosine = min(_cosine(row, query, offsets, mz, heights, norms, ladder, power), 1.0)
            out[row] = cosine * cosine
        else:
            out[row] = _entropy(row, query, offsets, mz, heights)


@njit(cache=True, nogil=True)
def count_matches(query, rows, offsets, mz, out):
    """Set how many masses of a query each row has."""
    for i in range(rows.size):
        found = 0
        for at in range(offsets[rows[i]], offsets[rows[i] + 1]):
            if mz[at] < _COLUMNS and query[mz[at]] > 0.0:
                found += 1
        out[i] = found
