"""Compiled loops of the hybrid search. Importing it imports numba: do so only when it pays."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
from numba import njit

from spectra.mass_scores import BASE_PEAK, MZ_MAX
from spectra.peak_kernels import (
    _SLACK,
    _STRETCH,
    _add_eight,
    _add_marks,
    _listed_runs,
    _offer,
    _rounded,
    _set_bounds,
    _take_largest,
    _tallest,
)

_COLUMNS = MZ_MAX + 1


@njit(cache=True, nogil=True)
def _shifted_weights(query_weights, shift, masses, weights):
    """Put the larger of the query at m and at m + shift of each mass into a list."""
    found = 0
    for mass in range(1, _COLUMNS):
        weight = query_weights[mass]
        other = mass + shift
        if 0 < other < _COLUMNS:
            weight = max(weight, query_weights[other])
        if weight > 0:
            masses[found] = mass
            weights[found] = weight
            found += 1
    return found


@njit(cache=True, nogil=True)
def _sum_range(
    runs, run_starts, mark_starts, mark_rows, mark_codes, query_weights, shift,
    low, high, n, sums, masses, weights, starts, run_weights,
):  # fmt: skip
    """Set the sums of rows ``low:high`` of a block for one shift."""
    found = _shifted_weights(query_weights, shift, masses, weights)
    n_runs = _listed_runs(run_starts, masses, weights, found, starts, run_weights)
    for a in range(low, high, _STRETCH):
        b = min(a + _STRETCH, high)
        sums[a:b] = 0
        for at in range(0, n_runs, 8):
            _add_eight(runs, starts, run_weights, at, a, b, sums)
    _add_marks(mark_starts, mark_rows, mark_codes, masses, weights, found, low, high, n, sums)


@njit(cache=True, nogil=True)
def _chain(query, row, mass, shift, products, moved):
    """Put the products along one chain of possible pairs into a list.

    A reference peak can meet the query in place and at ``shift``, a query peak likewise: pairs that
    exclude each other form chains that alternate between in place and moved.
    """
    n = 0
    if query[mass] > 0.0:
        products[n], moved[n] = query[mass] * row[mass], False
        n += 1
    while True:
        other = mass + shift
        if other < 1 or other >= _COLUMNS or query[other] <= 0.0:
            return n
        products[n], moved[n] = query[other] * row[mass], True
        n += 1
        if row[other] <= 0.0:
            return n
        products[n], moved[n] = query[other] * row[other], False
        n += 1
        mass = other


@njit(cache=True, nogil=True)
def _precedes(products, moved, a, b):
    """Return whether of two neighbours in a chain ``a`` is taken before ``b``."""
    return products[a] > products[b] or (products[a] == products[b] and not moved[a])


@njit(cache=True, nogil=True)
def _take_greedily(products, moved, n, taken):
    """Take the largest product of a chain, drop its neighbours, and so on; return sum and count.

    A pair is taken unless a neighbour that goes before it was: so every climb is settled from its
    summit, every descent likewise, and a valley last.
    """
    total, count, at = 0.0, 0, 0
    while at < n:
        summit = at
        while summit + 1 < n and _precedes(products, moved, summit + 1, summit):
            summit += 1
        if summit > at:
            taken[summit] = True
            for k in range(summit - 1, at - 1, -1):
                taken[k] = not taken[k + 1]
        else:
            taken[at] = True
        if at > 0 and taken[at - 1]:
            taken[at] = False
        k = summit + 1
        while k < n and not (k + 1 < n and _precedes(products, moved, k + 1, k)):
            taken[k] = not taken[k - 1]
            k += 1
        at = k
    for k in range(n):
        if taken[k]:
            total += products[k]
            count += 1
    return total, count


@njit(cache=True, nogil=True)
def _pairs(query, row, mz, a, b, shift, products, moved, taken):
    """Return the sum of the greedy one-to-one pairs of a row, and their number."""
    total, count = 0.0, 0
    for at in range(a, b):
        mass = mz[at]
        if mass >= _COLUMNS:
            continue
        if shift == 0:
            if query[mass] > 0.0:
                total += query[mass] * row[mass]
                count += 1
            continue
        before = mass - shift
        if query[mass] > 0.0 and 0 < before < _COLUMNS and row[before] > 0.0:
            continue  # inside a chain that began earlier
        n = _chain(query, row, mass, shift, products, moved)
        part, taken_pairs = _take_greedily(products, moved, n, taken)
        total += part
        count += taken_pairs
    return total, count


@njit(cache=True, nogil=True)
def _spread(mz, heights, a, b, ladder, power, row):
    """Put the weighted peaks of a row over m/z."""
    tallest = _tallest(heights, a, b)
    for at in range(a, b):
        if mz[at] < _COLUMNS:
            height = np.float64(heights[at]) / tallest * BASE_PEAK
            row[mz[at]] = (np.sqrt(height) if power == 0.5 else height**power) * ladder[mz[at]]


@njit(cache=True, nogil=True)
def _clear(mz, a, b, row):
    for at in range(a, b):
        if mz[at] < _COLUMNS:
            row[mz[at]] = 0.0


@njit(cache=True, nogil=True)
def _reach(query, row, mz, a, b, shift):
    """Return what the pairs of a row cannot exceed: each of its peaks with its better partner."""
    total = 0.0
    for at in range(a, b):
        mass = mz[at]
        if mass < _COLUMNS:
            partner = query[mass]
            other = mass + shift
            if 0 < other < _COLUMNS:
                partner = max(partner, query[other])
            total += partner * row[mass]
    return total


@njit(cache=True, nogil=True)
def _best_of_trials(
    query, row, mz, a, b, scale, trials, cost, floor, products, moved, taken
):  # fmt: skip
    """Return the best score over shifts and its shift; those that cannot reach are passed over."""
    total, _ = _pairs(query, row, mz, a, b, 0, products, moved, taken)
    best, chosen = _rounded(min(total / scale, 1.0) ** 2), 0
    for i in range(trials.size):
        shift = trials[i]
        if shift == 0:
            continue
        reach = min(_reach(query, row, mz, a, b, shift) / scale + 1e-12, 1.0)
        if reach * reach - cost < max(best, floor) - _SLACK:
            continue
        total, _ = _pairs(query, row, mz, a, b, shift, products, moved, taken)
        score = _rounded(min(total / scale, 1.0) ** 2 - cost)
        if score > best:
            best, chosen = score, shift
    return best, chosen


@njit(cache=True, nogil=True)
def _hybrid_contest(
    query, bounds, maxima, n, first, unit, extra, range_lows, range_shifts, n_known, trials, cost,
    offsets, mz, heights, order, norms, ladder, power, scores, rows, shifts, held,
):  # fmt: skip
    row = np.zeros(_COLUMNS)
    products, moved = np.empty(2 * _COLUMNS), np.empty(2 * _COLUMNS, dtype=np.bool_)
    taken = np.zeros(2 * _COLUMNS, dtype=np.bool_)
    while True:
        place, bound = _take_largest(bounds, maxima, n)
        if bound == 0:
            return held
        floor = -2.0
        if held == scores.size:
            floor = scores[0]
            reach = min((bound - 1) / unit + extra, 1.0)
            if reach * reach < floor - _SLACK:
                return held
        a, b = offsets[first + place], offsets[first + place + 1]
        score, shift = 0.0, 0
        if place < n_known:
            shift = range_shifts[np.searchsorted(range_lows, place, side="right") - 1]
        if a < b:
            scale = norms[first + place]
            _spread(mz, heights, a, b, ladder, power, row)
            if place < n_known:
                total, _ = _pairs(query, row, mz, a, b, shift, products, moved, taken)
                score = _rounded(min(total / scale, 1.0) ** 2)
            else:
                score, shift = _best_of_trials(
                    query, row, mz, a, b, scale, trials, cost, floor, products, moved, taken
                )
            _clear(mz, a, b, row)
        held = _offer(scores, rows, shifts, held, score, first + place, shift, order)


@njit(cache=True, nogil=True)
def hybrid_block(
    first, n, runs, run_starts, mark_starts, mark_rows, mark_codes, residuals,
    query_weights, factor, unit, extra, query, range_lows, range_shifts, n_known, trials, cost,
    worth, offsets, mz, heights, order, norms, ladder, power,
    scores, rows, shifts, held, sums, trial_sums, maxima,
):  # fmt: skip
    """Let the rows of one block compete: the first ``n_known`` at their own shift, others at all.

    ``range_lows`` are where the rows of one shift begin; ``worth`` turns the sum of a trial shift
    into the sum a row would need in place for the same score.
    """
    masses, weights = np.empty(_COLUMNS, dtype=np.int64), np.empty(_COLUMNS, dtype=np.uint16)
    starts = np.empty(_COLUMNS + 8, dtype=np.int64)
    run_weights = np.empty(_COLUMNS + 8, dtype=np.uint16)
    for i in range(range_lows.size):
        high = range_lows[i + 1] if i + 1 < range_lows.size else n_known
        _sum_range(
            runs, run_starts, mark_starts, mark_rows, mark_codes, query_weights, range_shifts[i],
            range_lows[i], high, n, sums, masses, weights, starts, run_weights,
        )  # fmt: skip
    if n_known < n:
        for i in range(trials.size):
            into = sums if i == 0 else trial_sums
            _sum_range(
                runs, run_starts, mark_starts, mark_rows, mark_codes, query_weights, trials[i],
                n_known, n, n, into, masses, weights, starts, run_weights,
            )  # fmt: skip
            if i > 0:
                for j in range(n_known, n):
                    sums[j] = max(sums[j], worth[trial_sums[j]])
    _set_bounds(sums, residuals[first : first + n], factor, n, maxima)
    return _hybrid_contest(
        query, sums, maxima, n, first, unit, extra, range_lows, range_shifts, n_known, trials,
        cost, offsets, mz, heights, order, norms, ladder, power, scores, rows, shifts, held,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def hybrid_pairs(query, chosen, shifts, offsets, mz, heights, ladder, power, out):
    """Set how many pairs chosen rows make at their shifts."""
    row = np.zeros(_COLUMNS)
    products, moved = np.empty(2 * _COLUMNS), np.empty(2 * _COLUMNS, dtype=np.bool_)
    taken = np.zeros(2 * _COLUMNS, dtype=np.bool_)
    for i in range(chosen.size):
        a, b = offsets[chosen[i]], offsets[chosen[i] + 1]
        out[i] = 0
        if a < b:
            _spread(mz, heights, a, b, ladder, power, row)
            _, out[i] = _pairs(query, row, mz, a, b, shifts[i], products, moved, taken)
            _clear(mz, a, b, row)
