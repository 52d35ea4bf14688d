"""Additive scores of one unit-mass query against rows of a `PeakTable`, without a loop over rows.

Each equals its pair score in `spectra.mass_scores`; the query comes over m/z, as `peak_query`
makes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectra.axis import FloatArray, IntArray
from spectra.mass_scores import Weights, entropy_gain
from spectra.peak_table import N_COLUMNS, PeakTable

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def exact_cosine(
    table: PeakTable, query: FloatArray, rows: IntArray, weights: Weights
) -> FloatArray:
    """Return match factors of some rows with a query of length 1 over m/z, shape (n,)."""
    ladder = np.arange(N_COLUMNS, dtype=np.float64) ** weights.mz_power
    dense = table.dense(rows) ** weights.intensity_power
    dense *= ladder
    norm = np.sqrt((dense * dense).sum(axis=1))
    norm[norm == 0] = 1.0
    cosine = (dense * query).sum(axis=1) / norm
    return np.asarray(np.minimum(cosine, 1.0) ** 2, dtype=np.float64)


def exact_entropy(table: PeakTable, query: FloatArray, rows: IntArray) -> FloatArray:
    """Return entropy similarities of some rows with a query from `entropy_vector`, shape (n,)."""
    p = table.dense(rows)
    total = p.sum(axis=1, keepdims=True)
    p /= np.where(total > 0, total, 1.0)
    entropy = -(p * np.log(p, out=np.zeros_like(p), where=p > 0)).sum(axis=1)
    power = np.where(entropy < 3, 0.25 + 0.25 * entropy, 1.0)
    # Zeros must stay zero; the smallest power is a quarter.
    p **= power[:, None]
    total = p.sum(axis=1, keepdims=True)
    p /= np.where(total > 0, 2 * total, 1.0)
    masses = np.flatnonzero(query)
    theirs = p[:, masses]
    line, at = np.nonzero(theirs)
    gain = np.zeros_like(theirs)
    gain[line, at] = entropy_gain(query[masses][at], theirs[line, at])
    return np.asarray(np.clip(gain.sum(axis=1), 0.0, 1.0), dtype=np.float64)


def entropy_rows(table: PeakTable) -> FloatArray:
    """Return all peaks of the table as `entropy_weighted` makes them, shape (n_peaks,)."""
    out = np.empty(table.mz.size)
    for start, stop in table.blocks():
        part = slice(int(table.offsets[start]), int(table.offsets[stop]))
        lengths = table.lengths(start, stop)
        heights = table.heights(start, stop)

        def per_peak(values: FloatArray, counts: IntArray = lengths) -> FloatArray:
            return np.repeat(values, counts)

        p = heights / per_peak(table.sums(heights, start, stop))
        entropy = -table.sums(p * np.log(p), start, stop)
        power = np.where(entropy < 3, 0.25 + 0.25 * entropy, 1.0)
        p **= per_peak(power)
        out[part] = p / per_peak(table.sums(p, start, stop)) / 2
    return out


def entropy_scores(table: PeakTable, rows_weighted: FloatArray, vector: FloatArray) -> FloatArray:
    """Return the entropy similarity of every stored row with an `entropy_vector`, (n_rows,)."""
    out = np.zeros(table.n_rows)
    for start, stop in table.blocks():
        part = slice(int(table.offsets[start]), int(table.offsets[stop]))
        theirs = vector[table.mz[part]]
        shared = np.flatnonzero(theirs)
        gain = np.zeros(theirs.size)
        gain[shared] = entropy_gain(theirs[shared], rows_weighted[part][shared])
        out[start:stop] = table.sums(gain, start, stop)
    return np.clip(out, 0.0, 1.0)


def unit_matrix(table: PeakTable, weights: Weights) -> csr_array:
    """Return every row weighted and of length 1 in single precision, shape (n_rows, 1001)."""
    from scipy.sparse import csr_array  # costs 0.1 s, so only where a matrix is asked for

    values = np.empty(table.mz.size, dtype=np.float32)
    for start, stop in table.blocks():
        weighted, norms = table.weighted(weights, start, stop)
        values[table.part(start, stop)] = weighted / np.repeat(norms, table.lengths(start, stop))
    shape = (table.n_rows, N_COLUMNS)
    return csr_array((values, table.mz.astype(np.int32), table.offsets), shape=shape)
