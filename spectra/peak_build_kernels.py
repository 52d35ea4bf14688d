"""Compiled loops that build a peak index. Importing it imports numba: do so only when it pays."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np
from numba import njit

from spectra.mass_scores import BASE_PEAK, MZ_MAX, SMALLEST_PEAK

DECIMAL = 1
CLEAN = 2
NOT_A_NUMBER = 4
"""What a row is, added up: some height is no small whole number; nothing has to be sorted, merged
or dropped; a value is not finite."""

_COLUMNS = MZ_MAX + 1
_HIGHEST = MZ_MAX + 0.5
_LARGEST_WHOLE = 65535.0


@njit(cache=True, nogil=True)
def _gather(mz, intensity, start, stop, row):
    """Put the tallest peak of each whole mass into ``row``; return lowest, highest, is finite."""
    low, high, finite = _COLUMNS, 0, True
    for at in range(start, stop):
        x, y = np.float64(mz[at]), np.float64(intensity[at])
        if not (np.isfinite(x) and np.isfinite(y)):
            finite = False
        elif y > 0.0 and 0.5 <= x < _HIGHEST:
            whole = int(np.floor(x + 0.5))
            row[whole] = max(row[whole], y)
            low, high = min(low, whole), max(high, whole)
    return low, high, finite


@njit(cache=True, nogil=True)
def _tallest(row, low, high):
    tallest = 0.0
    for whole in range(low, high + 1):
        tallest = max(tallest, row[whole])
    return tallest


@njit(cache=True, nogil=True)
def _clean_kind(mz, intensity, start, stop):
    """Return what a row is when it can be taken as it stands, else -1."""
    before, tallest, lowest, is_whole = 0, 0.0, np.inf, True
    for at in range(start, stop):
        x, y = np.float64(mz[at]), np.float64(intensity[at])
        # What is not a number compares as false.
        if not (0.5 <= x < _HIGHEST and 0.0 < y < np.inf):
            return -1
        whole = int(x + 0.5)
        if whole <= before:
            return -1
        before = whole
        tallest, lowest = max(tallest, y), min(lowest, y)
        is_whole = is_whole and y == np.floor(y)
    if stop > start and lowest / tallest * BASE_PEAK < SMALLEST_PEAK:
        return -1
    return CLEAN if is_whole and tallest <= _LARGEST_WHOLE else CLEAN + DECIMAL


@njit(cache=True, nogil=True)
def count_rows(offsets, mz, intensity, places, start, stop, counts, kinds):
    """Set how many masses each row will have at its place, and what it is.

    Rows are read in the order they are given: a large library does not fit any cache.
    """
    row = np.zeros(_COLUMNS)
    for given in range(start, stop):
        a, b, place = offsets[given], offsets[given + 1], places[given]
        kind = _clean_kind(mz, intensity, a, b)
        if kind >= 0:
            counts[place], kinds[place] = b - a, kind
            continue
        low, high, finite = _gather(mz, intensity, a, b, row)
        tallest = _tallest(row, low, high)
        kind, n = 0, 0
        for whole in range(low, high + 1):
            height = row[whole]
            if height > 0.0:
                row[whole] = 0.0
                if height / tallest * BASE_PEAK >= SMALLEST_PEAK:
                    n += 1
                    if height > _LARGEST_WHOLE or height != np.floor(height):
                        kind = DECIMAL
        counts[place] = n
        kinds[place] = kind if finite else NOT_A_NUMBER


@njit(cache=True, nogil=True)
def fill_rows(offsets, mz, intensity, places, start, stop, starts, kinds, masses, heights, scaled):
    """Write the rows counted by `count_rows`: as they are into integers, else on base peak 999."""
    row = np.zeros(_COLUMNS)
    for given in range(start, stop):
        a, b, place = offsets[given], offsets[given + 1], places[given]
        at, end = starts[place], starts[place + 1]
        if kinds[place] & CLEAN and not scaled:
            for i in range(b - a):
                masses[at + i] = np.uint16(mz[a + i] + 0.5)
                heights[at + i] = intensity[a + i]
            continue
        low, high, _ = _gather(mz, intensity, a, b, row)
        tallest = _tallest(row, low, high)
        for whole in range(low, high + 1):
            height = row[whole]
            if height > 0.0:
                row[whole] = 0.0
                share = height / tallest * BASE_PEAK
                if share >= SMALLEST_PEAK and at < end:
                    masses[at] = whole
                    heights[at] = share if scaled else height
                    at += 1


@njit(cache=True, nogil=True)
def _unit_row(mz, heights, a, b, ladder, powers, power, is_entropy, unit):
    """Put a row as a vector of length 1 into ``unit``; return the length before."""
    tallest = 0.0
    for at in range(a, b):
        tallest = max(tallest, np.float64(heights[at]))
    if tallest == 0.0:
        return 0.0
    if is_entropy:
        return _entropy_row(heights, a, b, unit)
    square = 0.0
    if powers.size > 1:
        scale = (BASE_PEAK / tallest) ** power
        for at in range(a, b):
            value = powers[int(heights[at])] * scale * ladder[mz[at]]
            unit[at - a] = value
            square += value * value
    else:
        for at in range(a, b):
            value = (np.float64(heights[at]) / tallest * BASE_PEAK) ** power * ladder[mz[at]]
            unit[at - a] = value
            square += value * value
    norm = np.sqrt(square)
    for at in range(b - a):
        unit[at] /= norm
    return norm


@njit(cache=True, nogil=True)
def _entropy_row(heights, a, b, unit):
    total, entropy = 0.0, 0.0
    for at in range(a, b):
        total += np.float64(heights[at])
    for at in range(a, b):
        p = np.float64(heights[at]) / total
        unit[at - a] = p
        entropy -= p * np.log(p)
    power = 0.25 + 0.25 * entropy if entropy < 3.0 else 1.0
    square = 0.0
    for at in range(b - a):
        if power < 1.0:
            unit[at] = unit[at] ** power
        square += unit[at]
    for at in range(b - a):
        unit[at] = np.sqrt(unit[at] / square)
    return np.sqrt(square)


@njit(cache=True, nogil=True)
def fill_codes(
    offsets, mz, heights, first, last, ladder, powers, power, is_entropy,
    runs, run_starts, mark_starts, mark_rows, mark_codes, residuals, norms,
):  # fmt: skip
    """Write the codes of the rows of one block; return the length of the longest in codes."""
    unit = np.zeros(_COLUMNS)
    place = mark_starts.copy()
    longest = 0.0
    for row in range(first, last):
        a, b = offsets[row], offsets[row + 1]
        norms[row] = _unit_row(mz, heights, a, b, ladder, powers, power, is_entropy, unit)
        missed, square = 0.0, 0.0
        for at in range(a, b):
            scaled = unit[at - a] * 250.0
            code = np.floor(scaled + 0.5)
            missed += (scaled - code) ** 2
            square += code * code
            mass = mz[at]
            run = run_starts[mass]
            if run >= 0:
                runs[run + row - first] = np.uint8(code)
            else:
                mark_rows[place[mass]] = row - first
                mark_codes[place[mass]] = np.uint8(code)
                place[mass] += 1
        residuals[row] = np.uint8(np.ceil(np.sqrt(missed) / 250.0 * 2048.0 + 1e-3))
        longest = max(longest, square)
    return np.sqrt(longest)


@njit(cache=True, nogil=True)
def count_masses(mz, start, stop, counts):
    """Add up how often each mass occurs among some peaks."""
    for at in range(start, stop):
        counts[mz[at]] += 1
