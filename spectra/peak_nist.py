"""NIST match factors of one unit-mass query against every row of a `PeakTable`.

Not sums over masses, so every row is read: compiled where that pays, else in numpy blocks. Equal to
`nist_identity` and `nist_simple` of `spectra.mass_scores`, row by row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.mass_scores import UnitSpectrum
from spectra.peak_compiled import in_parts, nist_kernels
from spectra.peak_found import Check, always, go_on
from spectra.peak_table import N_COLUMNS, PeakTable

BoolArray = npt.NDArray[np.bool_]


def nist_scores(
    table: PeakTable,
    query: UnitSpectrum,
    *,
    simple: bool,
    reverse: bool = False,
    compiled: bool = False,
    check: Check = always,
) -> FloatArray:
    """Return the match factor of every stored row, shape (n_rows,).

    Parameters
    ----------
    simple : bool
        The "Similarity, simple" match factor, else "Identity, EI normal".
    reverse : bool
        Leave the query's own extra peaks out of the count.
    compiled : bool
        Use the compiled loop, where there is one.
    """
    out = np.zeros(table.n_rows)
    vector = np.zeros(N_COLUMNS)
    vector[query.mz] = query.intensity
    weights = np.ones(N_COLUMNS) if simple else np.arange(N_COLUMNS, dtype=np.float64)
    kernels = nist_kernels() if compiled else None
    if kernels is None:
        for start, stop in table.blocks(1_000_000):
            go_on(check)
            told = _told(table, vector, int(query.mz[0]), start, stop)
            out[start:stop] = _block(told, vector, weights, simple=simple, reverse=reverse)
        return out
    above = np.where(vector > 1, vector, 0.0) * weights
    from_mass = np.concatenate((np.cumsum(above[::-1])[::-1], [0.0]))
    tall = np.cumsum(vector > 1)

    def work(start: int, stop: int) -> None:
        go_on(check)
        kernels.nist_rows(
            vector, weights, from_mass, tall, int(query.mz[0]), simple, reverse,
            table.offsets, table.mz, table.intensity, start, stop, out,
        )  # fmt: skip

    in_parts(table.n_rows, work)
    return out


class _Told:
    """The peaks of some rows that count: matched ones and unmatched ones above trace."""

    __slots__ = ("lines", "low", "matched", "mz", "n", "ours", "theirs")

    def __init__(
        self,
        low: IntArray,
        lines: IntArray,
        mz: IntArray,
        ours: FloatArray,
        theirs: FloatArray,
        matched: BoolArray,
    ) -> None:
        self.n = low.size
        self.low = low
        self.lines = lines
        self.mz = mz
        self.ours = ours
        self.theirs = theirs
        self.matched = matched

    def add(self, values: FloatArray) -> FloatArray:
        """Return sums per row."""
        sums = np.bincount(self.lines, weights=values, minlength=self.n)
        return np.asarray(sums, dtype=np.float64)


def _told(table: PeakTable, vector: FloatArray, first: int, start: int, stop: int) -> _Told:
    part = table.part(start, stop)
    lines = table.row_of_peak(start, stop)
    mz, theirs = table.mz[part].astype(np.int64), table.heights(start, stop)
    ours = vector[mz]
    # The comparison starts at the larger of the two lowest masses.
    filled = table.lengths(start, stop) > 0
    low = np.full(stop - start, N_COLUMNS - 1)
    low[filled] = np.maximum(table.mz[table.offsets[start:stop][filled]], first)
    matched = (ours > 0) & ~((ours <= 1) & (theirs <= 1))
    told = (matched | ((ours == 0) & (theirs > 1))) & (mz >= low[lines])
    return _Told(low, lines[told], mz[told], ours[told], theirs[told], matched[told])


def _block(
    told: _Told, vector: FloatArray, weights: FloatArray, *, simple: bool, reverse: bool
) -> FloatArray:
    n, matched, ours, theirs = told.n, told.matched, told.ours, told.theirs
    weight = weights[told.mz]
    n_matched = np.bincount(told.lines[matched], minlength=n).astype(np.float64)
    shared = told.add(np.where(matched, weight * np.sqrt(ours * theirs), 0.0))
    total_theirs = told.add(weight * theirs)
    if reverse:
        total_ours = told.add(np.where(matched, weight * ours, 0.0))
    else:
        # The query counts with its peaks above trace, and its traces where they matched.
        above = np.where(vector > 1, vector, 0.0) * weights
        from_mass = np.concatenate((np.cumsum(above[::-1])[::-1], [0.0]))
        traces = told.add(np.where(matched & (ours <= 1), weight * ours, 0.0))
        total_ours = from_mass[told.low] + traces
    scale = total_ours * total_theirs
    first = np.divide(shared**2, scale, out=np.zeros(n), where=(n_matched > 0) & (scale > 0))
    if simple:
        return np.asarray(first, dtype=np.float64)
    n_pairs, second = _ratio_term(told, vector)
    count = n_matched + n_pairs
    mean = (n_matched * first + n_pairs * second) / np.maximum(count, 1)
    return np.asarray(np.where(n_matched > 0, mean, 0.0), dtype=np.float64)


def _ratio_term(told: _Told, vector: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return number and agreement of neighbouring matched pairs of each row."""
    # How many query peaks above trace lie at or below each mass: none may lie between two partners.
    tall = np.cumsum(vector > 1)
    lines, mz, ours, theirs, n = told.lines, told.mz, told.ours, told.theirs, told.n
    adjacent = told.matched[1:] & told.matched[:-1] & (lines[1:] == lines[:-1])
    adjacent &= tall[mz[1:] - 1] == tall[mz[:-1]]
    at = np.flatnonzero(adjacent) + 1
    ratio = np.sqrt(ours[at] * theirs[at - 1]) / np.sqrt(ours[at - 1] * theirs[at])
    agreement = np.minimum(ratio, 1 / ratio)
    weight = np.bincount(lines[at], weights=mz[at].astype(np.float64), minlength=n)
    value = np.bincount(lines[at], weights=mz[at] * agreement, minlength=n)
    n_pairs = np.bincount(lines[at], minlength=n).astype(np.float64)
    return n_pairs, np.divide(value, weight, out=np.zeros(n), where=weight > 0)
