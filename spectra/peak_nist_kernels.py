"""The compiled loop of the NIST match factors. Importing it imports numba: only when it pays."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
from numba import njit

from spectra.mass_scores import BASE_PEAK, MZ_MAX

_COLUMNS = MZ_MAX + 1


@njit(cache=True, nogil=True)
def _is_told(height, tallest):
    """Return whether a height is more than a trace, as `height / tallest * 999 > 1` rounds it."""
    share = height * BASE_PEAK
    if share > tallest * (1.0 + 1e-9):
        return True
    return share >= tallest * (1.0 - 1e-9) and height / tallest * BASE_PEAK > 1.0


@njit(cache=True, nogil=True)
def _match_factor(
    query, roots, weights, from_mass, tall, first, simple, reverse, mz, heights, a, b
):  # fmt: skip
    """Return the match factor of one row; its heights need no scale, every term is a ratio."""
    tallest = 0.0
    for at in range(a, b):
        tallest = max(tallest, np.float64(heights[at]))
    low = max(int(mz[a]), first)
    n_matched, n_pairs, shared, total_theirs, matched_ours, traces = 0, 0, 0.0, 0.0, 0.0, 0.0
    agreement, pair_weight = 0.0, 0.0
    before, ours_before, theirs_before = -1, 0.0, 0.0
    for at in range(a, b):
        mass = int(mz[at])
        if mass < low or mass >= _COLUMNS:
            continue
        ours, theirs = query[mass], np.float64(heights[at])
        if ours > 0.0:
            if ours <= 1.0 and not _is_told(theirs, tallest):
                continue
            weight, root = weights[mass], np.sqrt(theirs)
            n_matched += 1
            shared += weight * roots[mass] * root
            total_theirs += weight * theirs
            matched_ours += weight * ours
            if ours <= 1.0:
                traces += weight * ours
            if not simple and before >= 0 and tall[mass - 1] == tall[before]:
                one, other = roots[mass] * theirs_before, ours_before * root
                agreement += mass * (min(one, other) / max(one, other))
                pair_weight += mass
                n_pairs += 1
            before, ours_before, theirs_before = mass, roots[mass], root
        elif _is_told(theirs, tallest):
            total_theirs += weights[mass] * theirs
            before = -1
    if n_matched == 0:
        return 0.0
    total_ours = matched_ours if reverse else from_mass[low] + traces
    scale = total_ours * total_theirs
    score = shared * shared / scale if scale > 0.0 else 0.0
    if n_pairs == 0:
        return score
    return (n_matched * score + n_pairs * agreement / pair_weight) / (n_matched + n_pairs)


@njit(cache=True, nogil=True)
def nist_rows(
    query, weights, from_mass, tall, first, simple, reverse, offsets, mz, heights, start, stop, out
):  # fmt: skip
    """Set the match factor of every row of a range."""
    roots = np.sqrt(query)
    for row in range(start, stop):
        a, b = offsets[row], offsets[row + 1]
        if a < b:
            out[row] = _match_factor(
                query, roots, weights, from_mass, tall, first, simple, reverse, mz, heights, a, b
            )
