"""Scores of one unit-mass query against every row of a `PeakTable`, without a loop over rows.

Each function equals the pair score of the same name in `spectra.mass_scores`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.mass_scores import UnitSpectrum, Weights, entropy_gain, entropy_weighted, weighted
from spectra.peak_table import N_COLUMNS, PeakTable

BoolArray = npt.NDArray[np.bool_]


def unit_vector(query: UnitSpectrum, weights: Weights) -> FloatArray:
    """Return the weighted query of length 1 over m/z, shape (1001,)."""
    vector = np.zeros(N_COLUMNS)
    values = weighted(query, weights)
    vector[query.mz] = values / np.linalg.norm(values)
    return vector


def exact_cosine(
    table: PeakTable, query: UnitSpectrum, rows: IntArray, weights: Weights
) -> FloatArray:
    """Return match factors of some rows in double precision, shape (n,)."""
    ladder = np.arange(N_COLUMNS, dtype=np.float64) ** weights.mz_power
    dense = table.dense(rows) ** weights.intensity_power
    dense *= ladder
    norm = np.sqrt((dense * dense).sum(axis=1))
    norm[norm == 0] = 1.0
    cosine = (dense * unit_vector(query, weights)).sum(axis=1) / norm
    return np.asarray(np.minimum(cosine, 1.0) ** 2, dtype=np.float64)


def matched_peaks(table: PeakTable, query: UnitSpectrum, rows: IntArray) -> IntArray:
    """Return how many masses query and row have in common, shape (n,)."""
    return np.asarray((table.dense(rows)[:, query.mz] > 0).sum(axis=1), dtype=np.int64)


def entropy_rows(table: PeakTable) -> FloatArray:
    """Return all peaks of the table as `entropy_weighted` makes them, shape (n_peaks,)."""
    out = np.empty(table.mz.size)
    for start, stop in table.blocks():
        part = slice(int(table.offsets[start]), int(table.offsets[stop]))
        lengths = table.lengths()[start:stop]
        heights = table.intensity[part].astype(np.float64)

        def per_peak(values: FloatArray, counts: IntArray = lengths) -> FloatArray:
            return np.repeat(values, counts)

        p = heights / per_peak(table.sums(heights, start, stop))
        entropy = -table.sums(p * np.log(p), start, stop)
        power = np.where(entropy < 3, 0.25 + 0.25 * entropy, 1.0)
        p **= per_peak(power)
        out[part] = p / per_peak(table.sums(p, start, stop)) / 2
    return out


def entropy_scores(table: PeakTable, rows_weighted: FloatArray, query: UnitSpectrum) -> FloatArray:
    """Return the entropy similarity of every stored row, shape (n_rows,)."""
    vector = np.zeros(N_COLUMNS)
    vector[query.mz] = entropy_weighted(query.intensity)
    out = np.zeros(table.n_rows)
    for start, stop in table.blocks():
        part = slice(int(table.offsets[start]), int(table.offsets[stop]))
        theirs = vector[table.mz[part]]
        shared = np.flatnonzero(theirs)
        gain = np.zeros(theirs.size)
        gain[shared] = entropy_gain(theirs[shared], rows_weighted[part][shared])
        out[start:stop] = table.sums(gain, start, stop)
    return np.clip(out, 0.0, 1.0)


def identity_scores(table: PeakTable, query: UnitSpectrum) -> FloatArray:
    """Return the NIST Identity match factor of every stored row, shape (n_rows,)."""
    out = np.zeros(table.n_rows)
    for start, stop in table.blocks():
        out[start:stop] = _identity_block(table, query, start, stop)
    return out


def _identity_block(table: PeakTable, query: UnitSpectrum, start: int, stop: int) -> FloatArray:
    n = stop - start
    part = slice(int(table.offsets[start]), int(table.offsets[stop]))
    vector = np.zeros(N_COLUMNS)
    vector[query.mz] = query.intensity
    lines = table.row_of_peak(start, stop)
    mz, theirs = table.mz[part].astype(np.int64), table.intensity[part].astype(np.float64)
    ours = vector[mz]
    # The comparison starts at the larger of the two lowest masses.
    filled = table.lengths()[start:stop] > 0
    low = np.full(n, N_COLUMNS - 1)
    low[filled] = np.maximum(table.mz[table.offsets[start:stop][filled]], query.mz[0])
    matched = (ours > 0) & ~((ours <= 1) & (theirs <= 1))
    told = (matched | ((ours == 0) & (theirs > 1))) & (mz >= low[lines])
    lines, mz, ours, theirs = lines[told], mz[told], ours[told], theirs[told]
    matched = matched[told]

    n_matched = np.bincount(lines[matched], minlength=n).astype(np.float64)
    shared = _add(lines, np.where(matched, mz * np.sqrt(ours * theirs), 0.0), n)
    total_theirs = _add(lines, mz * theirs, n)
    # The query counts with its peaks above trace, and its traces where they matched.
    above = np.where(vector > 1, vector, 0.0) * np.arange(N_COLUMNS)
    from_mass = np.concatenate((np.cumsum(above[::-1])[::-1], [0.0]))
    total_ours = from_mass[low] + _add(lines, np.where(matched & (ours <= 1), mz * ours, 0.0), n)
    scale = total_ours * total_theirs
    first = np.divide(shared**2, scale, out=np.zeros(n), where=(n_matched > 0) & (scale > 0))

    n_pairs, second = _ratio_term(vector, lines, mz, ours, theirs, matched, n)
    count = n_matched + n_pairs
    mean = (n_matched * first + n_pairs * second) / np.maximum(count, 1)
    return np.asarray(np.where(n_matched > 0, mean, 0.0), dtype=np.float64)


def _ratio_term(
    vector: FloatArray,
    lines: IntArray,
    mz: IntArray,
    ours: FloatArray,
    theirs: FloatArray,
    matched: BoolArray,
    n: int,
) -> tuple[FloatArray, FloatArray]:
    """Return number and agreement of neighbouring matched pairs of each row."""
    # How many query peaks above trace lie at or below each mass: none may lie between two partners.
    tall = np.cumsum(vector > 1)
    adjacent = matched[1:] & matched[:-1] & (lines[1:] == lines[:-1])
    adjacent &= tall[mz[1:] - 1] == tall[mz[:-1]]
    at = np.flatnonzero(adjacent) + 1
    ratio = np.sqrt(ours[at] * theirs[at - 1]) / np.sqrt(ours[at - 1] * theirs[at])
    agreement = np.minimum(ratio, 1 / ratio)
    weight = _add(lines[at], mz[at].astype(np.float64), n)
    value = _add(lines[at], np.asarray(mz[at] * agreement), n)
    n_pairs = np.bincount(lines[at], minlength=n).astype(np.float64)
    return n_pairs, np.divide(value, weight, out=np.zeros(n), where=weight > 0)


def _add(lines: IntArray, values: FloatArray, n: int) -> FloatArray:
    return np.asarray(np.bincount(lines, weights=values, minlength=n), dtype=np.float64)
