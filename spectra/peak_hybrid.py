"""Hybrid (mass-shifted) scores of one query against rows of a `PeakTable`.

A cheap upper bound for all rows, an exact one-to-one greedy score for those that can still win.
Equal to `spectra.mass_scores.hybrid`, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray, IntArray
from spectra.mass_scores import NIST_IDENTITY_FIRST, UnitSpectrum, Weights
from spectra.peak_found import Found, rounded
from spectra.peak_query import unit_vector
from spectra.peak_table import N_COLUMNS, Float32Array, PeakTable

HYBRID_WEIGHTS: Weights = NIST_IDENTITY_FIRST

IMPLIED_SHIFTS = tuple(
    sign * step for step in (2, 12, 14, 16, 18, 28, 30, 34, 42, 44) for sign in (-1, 1)
)
"""Shifts tried where no mass is known: the common single changes, both ways, in Da."""

IMPLIED_SHIFT_COST = 0.02
"""Taken off a score whose shift was tried rather than known: one of twenty fits by chance."""

# Bounds are single-precision sums of at most 1000 products below 1.
_ROUNDING = 2e-5


@dataclass(frozen=True, slots=True, eq=False)
class HybridScores:
    """Exact scores of some rows: score, shift, pairs in place and pairs moved, each (n,)."""

    scores: FloatArray
    shifts: IntArray
    direct: IntArray
    moved: IntArray


def shifted_maximum(vector: FloatArray, shift: int) -> FloatArray:
    """Return at each mass the larger of the query at m and at m + shift, shape (1001,)."""
    moved = np.zeros_like(vector)
    if 0 <= shift < N_COLUMNS:
        moved[: N_COLUMNS - shift] = vector[shift:]
    elif -N_COLUMNS < shift < 0:
        moved[-shift:] = vector[:shift]
    return np.maximum(vector, moved)


def mass_shifts(masses: FloatArray, query_mass: float) -> IntArray:
    """Return the whole-number shift of each row, 0 where its mass is unknown, shape (n,)."""
    difference = np.floor(query_mass - masses + 0.5)
    return np.where(np.isfinite(difference), difference, 0).astype(np.int64)


def known_mass_bounds(
    table: PeakTable, rows_weighted: Float32Array, vector: FloatArray, shifts: IntArray
) -> FloatArray:
    """Return an upper bound of the modified cosine of each row at its own shift, shape (n,)."""
    bounds = np.zeros(shifts.size)
    moved = np.zeros(3 * N_COLUMNS)
    moved[N_COLUMNS : 2 * N_COLUMNS] = vector
    query = moved.astype(np.float32)
    for start, stop in table.blocks(1_000_000):
        if start >= shifts.size:
            break
        stop = min(stop, shifts.size)
        part = slice(int(table.offsets[start]), int(table.offsets[stop]))
        place = table.mz[part] + np.int32(N_COLUMNS)
        # A shift beyond the whole range meets only zeros.
        step = np.clip(shifts[start:stop], -N_COLUMNS, N_COLUMNS).astype(np.int32)
        lengths = table.lengths(start, stop)
        best = np.maximum(query[place], query[place + np.repeat(step, lengths)])
        best *= rows_weighted[part]
        bounds[start:stop] = table.sums(best, start, stop)
    return bounds


class GreedyScorer:
    """Exact greedy one-to-one scores of one query against batches of rows."""

    def __init__(self, table: PeakTable, query: UnitSpectrum, weights: Weights) -> None:
        self._table = table
        self._weights = weights
        self._mz = query.mz
        self._values = unit_vector(query, weights)[query.mz]
        self._ladder = np.arange(N_COLUMNS, dtype=np.float64) ** weights.mz_power
        # Place of each mass among the query's peaks, one past the end where it has none.
        self._place = np.full(N_COLUMNS, query.mz.size, dtype=np.int64)
        self._place[query.mz] = np.arange(query.mz.size)

    def dense(self, rows: IntArray) -> FloatArray:
        """Return rows weighted to length 1, shape (n, 1001)."""
        dense = self._table.dense(rows) ** self._weights.intensity_power
        dense *= self._ladder
        norm = np.sqrt((dense * dense).sum(axis=1))
        norm[norm == 0] = 1.0
        dense /= norm[:, None]
        return dense

    def score(self, dense: FloatArray, shifts: IntArray) -> HybridScores:
        """Return the scores of weighted rows, one shift each.

        Greedy pairing takes the largest product first. On whole masses each query peak has at most
        two partners and each reference peak too, so an edge larger than both its neighbours is
        taken whatever happens elsewhere: all such edges of all rows are taken at once, until none
        is left. Of equal products the pair in place goes first.
        """
        n_peaks = self._mz.size
        lines = np.arange(dense.shape[0])[:, None]
        source = self._mz[None, :] - shifts[:, None]
        inside = (source >= 1) & (source < N_COLUMNS) & (shifts != 0)[:, None]
        source = np.where(inside, source, 0)
        # One column more, always 0, stands for "no such peak".
        in_place = np.zeros((dense.shape[0], n_peaks + 1))
        moved = np.zeros_like(in_place)
        in_place[:, :-1] = dense[:, self._mz] * self._values
        moved[:, :-1] = np.where(inside, dense[lines, source], 0.0) * self._values
        target = self._mz[None, :] + shifts[:, None]
        fits = (target >= 1) & (target < N_COLUMNS) & (shifts != 0)[:, None]
        above = np.where(fits, self._place[np.where(fits, target, 0)], n_peaks)
        below = np.where(inside, self._place[source], n_peaks)
        total = np.zeros(dense.shape[0])
        direct = np.zeros(dense.shape[0], dtype=np.int64)
        shifted = np.zeros_like(direct)
        taken = np.zeros(in_place.shape, dtype=bool)
        taken_moved = np.zeros_like(taken)
        while True:
            here, gone = in_place[:, :-1], moved[:, :-1]
            take = (here > 0) & (here >= gone) & (here >= moved[lines, above])
            take_moved = (gone > 0) & (gone > here) & (gone > in_place[lines, below])
            if not (take.any() or take_moved.any()):
                break
            total += np.where(take, here, 0).sum(axis=1) + np.where(take_moved, gone, 0).sum(axis=1)
            direct += take.sum(axis=1)
            shifted += take_moved.sum(axis=1)
            used = take | take_moved
            taken[:, :-1], taken_moved[:, :-1] = take, take_moved
            here[used | taken_moved[lines, above]] = 0
            gone[used | taken[lines, below]] = 0
        return HybridScores(rounded(np.minimum(total, 1.0) ** 2), shifts, direct, shifted)


def trial_shifts(shifts: Sequence[int] | None) -> IntArray:
    """Return the shifts to try, none first, then small before large, down before up.

    Of equal scores the first of them stands.
    """
    tried = np.array([0, *(IMPLIED_SHIFTS if shifts is None else shifts)], dtype=np.int64)
    tried = np.unique(tried[np.abs(tried) < N_COLUMNS])
    return tried[np.argsort(_turn(tried))]


def _turn(shifts: IntArray) -> IntArray:
    return 2 * np.abs(shifts) + (shifts > 0)


def best_of_shifts(
    scorer: GreedyScorer, dense: FloatArray, vectors: FloatArray, shifts: IntArray, floor: float
) -> HybridScores:
    """Return for each row its best shift and score, the cost of an implied shift taken off.

    Parameters
    ----------
    dense : ndarray, shape (n, 1001)
        Weighted rows.
    vectors : ndarray, shape (1001, n_shifts)
        `shifted_maximum` of the query for each shift.
    shifts : ndarray of int, shape (n_shifts,)
    floor : float
        Shifts that cannot reach this score need not be tried; the direct one always is.
    """
    cost = np.where(shifts == 0, 0.0, IMPLIED_SHIFT_COST)
    bounds = np.minimum(dense @ vectors + _ROUNDING, 1.0) ** 2 - cost
    best = scorer.score(dense, np.zeros(dense.shape[0], dtype=np.int64))
    scores, chosen = best.scores, best.shifts.copy()
    direct, moved = best.direct, best.moved
    ranked = np.argsort(-bounds, axis=1, kind="stable")
    for turn in range(shifts.size):
        column = ranked[:, turn]
        reach = bounds[np.arange(column.size), column]
        open_rows = np.flatnonzero((reach >= np.maximum(scores, floor)) & (shifts[column] != 0))
        if open_rows.size == 0 and (reach < np.maximum(scores, floor)).all():
            break
        if open_rows.size == 0:
            continue
        tried = scorer.score(dense[open_rows], shifts[column[open_rows]])
        value = rounded(tried.scores - IMPLIED_SHIFT_COST)
        # Of equal scores the shift that comes first in the list stands, as in the compiled loop.
        held = scores[open_rows]
        earlier = (value == held) & (_turn(tried.shifts) < _turn(chosen[open_rows]))
        better = (value > held) | earlier
        at = open_rows[better]
        scores[at], chosen[at] = value[better], tried.shifts[better]
        direct[at], moved[at] = tried.direct[better], tried.moved[better]
    return HybridScores(scores, chosen, direct, moved)


@dataclass(frozen=True, slots=True, eq=False)
class HybridPlan:
    """One hybrid query: rows below ``n_known`` have their own shift, the others try all."""

    scorer: GreedyScorer
    vector: FloatArray
    vectors: FloatArray
    trial: IntArray
    shifts: IntArray
    n_known: int

    @classmethod
    def of(
        cls, table: PeakTable, query: UnitSpectrum, mass: float | None, trial: IntArray
    ) -> HybridPlan:
        """Return the plan for a query; without a mass every row tries all shifts."""
        vector = unit_vector(query, HYBRID_WEIGHTS)
        n_known = 0 if mass is None else table.n_known
        return cls(
            scorer=GreedyScorer(table, query, HYBRID_WEIGHTS),
            vector=vector,
            vectors=np.stack([shifted_maximum(vector, int(s)) for s in trial], axis=1),
            trial=trial,
            shifts=mass_shifts(table.masses, 0.0 if mass is None else mass),
            n_known=n_known,
        )

    def score(self, rows: IntArray, floor: float) -> HybridScores:
        """Return exact scores of rows; implied shifts that cannot reach ``floor`` are left out."""
        known = rows < self.n_known
        parts = []
        if known.any():
            dense = self.scorer.dense(rows[known])
            parts.append((known, self.scorer.score(dense, self.shifts[rows[known]])))
        if not known.all():
            dense = self.scorer.dense(rows[~known])
            best = best_of_shifts(self.scorer, dense, self.vectors, self.trial, floor)
            parts.append((~known, best))
        if len(parts) == 1:
            return parts[0][1]
        whole = HybridScores(np.empty(rows.size), *(np.empty(rows.size, np.int64) for _ in "sdm"))
        for where, part in parts:
            whole.scores[where], whole.shifts[where] = part.scores, part.shifts
            whole.direct[where], whole.moved[where] = part.direct, part.moved
        return whole


def joined(rows: Sequence[IntArray], found: Sequence[HybridScores]) -> Found:
    """Return consecutive batches as one, in the order they were scored."""
    nothing = np.zeros(0, dtype=np.int64)
    return Found(
        np.concatenate([nothing, *rows]),
        np.concatenate([np.zeros(0), *(part.scores for part in found)]),
        np.concatenate([nothing, *(part.shifts for part in found)]),
        np.concatenate([nothing, *(part.direct + part.moved for part in found)]),
    )
