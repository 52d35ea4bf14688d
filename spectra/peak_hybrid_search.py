"""Hybrid (mass-shifted) search of a `PeakTable`: bounds for every row, exact scores of the few.

Compiled where that pays, else in numpy; both find the same rows with the same scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.mass_scores import UnitSpectrum
from spectra.peak_codes import CodeMatrix, block_rows
from spectra.peak_compiled import hybrid_kernels
from spectra.peak_found import Check, Found, always, go_on, ranked
from spectra.peak_hybrid import (
    HYBRID_WEIGHTS,
    IMPLIED_SHIFT_COST,
    HybridPlan,
    HybridScores,
    joined,
    known_mass_bounds,
    mass_shifts,
)
from spectra.peak_query import CodedQuery, coded, unit_vector
from spectra.peak_scores import unit_matrix
from spectra.peak_table import N_COLUMNS, PeakTable, UInt16Array

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_STEP = 256
_BATCH = 256
# Bounds of the numpy search are single-precision sums of at most 1000 products below 1.
_ROUNDING = 2e-5
_SLACK = 2e-12
# At a shift each element of the query may stand at two masses.
_SPREAD = float(np.sqrt(2.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class HybridSearch:
    """A table to be searched with mass shifts; codes are only needed by the compiled search."""

    table: PeakTable

    @cached_property
    def _mass_runs(self) -> tuple[FloatArray, IntArray]:
        """The different masses that are known, rising, and the first row of each."""
        known = self.table.masses[: self.table.n_known]
        starts = np.flatnonzero(np.diff(known, prepend=-1.0))
        return known[starts], starts

    @cached_property
    def _matrix(self) -> csr_array:
        return unit_matrix(self.table, HYBRID_WEIGHTS)

    def compiled(
        self,
        codes: CodeMatrix,
        query: UnitSpectrum,
        top: int,
        mass: float | None,
        trials: IntArray,
        check: Check = always,
    ) -> Found:
        """Return the best rows through the compiled loops."""
        kernels = hybrid_kernels()
        if kernels is None:
            return self.plain(query, top, mass, trials, check)
        table = self.table
        k = min(top, table.n_rows)
        vector = unit_vector(query, HYBRID_WEIGHTS)
        asked = coded(vector, vector, codes, spread=_SPREAD)
        weights = asked.dense_weights()
        ladder = np.arange(N_COLUMNS, dtype=np.float64) ** HYBRID_WEIGHTS.mz_power
        scores, rows = np.zeros(k), np.zeros(k, dtype=np.int64)
        shifts = np.zeros(k, dtype=np.int64)
        size = block_rows(table.n_rows)
        sums, trial_sums = np.empty(size, dtype=np.uint16), np.empty(size, dtype=np.uint16)
        maxima = np.empty(-(-size // _STEP), dtype=np.uint16)
        n_known = 0 if mass is None else table.n_known
        starts, own = self._shift_runs(mass)
        worth = _worth(asked, codes) if n_known < table.n_rows else np.zeros(1, dtype=np.uint16)
        held = 0
        for block, (first, n) in enumerate(codes.blocks):
            go_on(check)
            lows, at_lows = _inside(starts, own, first, min(first + n, n_known))
            held = kernels.hybrid_block(
                first, n,
                codes.runs, codes.run_starts[block], codes.mark_starts[block],
                codes.mark_rows, codes.mark_codes, codes.residuals,
                weights, np.uint16(asked.factor), asked.unit, asked.extra, vector,
                lows, at_lows, min(max(n_known - first, 0), n), trials, IMPLIED_SHIFT_COST, worth,
                table.offsets, table.mz, table.intensity, table.order, codes.norms,
                ladder, HYBRID_WEIGHTS.intensity_power,
                scores, rows, shifts, held, sums, trial_sums, maxima,
            )  # fmt: skip
        best = ranked(table.order, rows, scores, k)
        chosen, moved_by = rows[best], shifts[best]
        matched = np.zeros(k, dtype=np.int64)
        kernels.hybrid_pairs(
            vector, chosen, moved_by, table.offsets, table.mz, table.intensity,
            ladder, HYBRID_WEIGHTS.intensity_power, matched,
        )  # fmt: skip
        return Found(chosen, scores[best], moved_by, matched)

    def _shift_runs(self, mass: float | None) -> tuple[IntArray, IntArray]:
        """Return the first row of each run of rows with one shift, and that shift."""
        if mass is None:
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing
        masses, starts = self._mass_runs
        shifts = mass_shifts(masses, mass)
        new = np.flatnonzero(np.diff(shifts, prepend=shifts[:1] + 1))
        return starts[new], shifts[new]

    def plain(
        self,
        query: UnitSpectrum,
        top: int,
        mass: float | None,
        trials: IntArray,
        check: Check = always,
    ) -> Found:
        """Return the best rows through numpy."""
        plan = HybridPlan.of(self.table, query, mass, trials)
        bounds = self._bounds(plan, check)
        order = np.argsort(-bounds, kind="stable")
        done: list[IntArray] = []
        found: list[HybridScores] = []
        scores = np.zeros(0)
        floor = -1.0
        for first in range(0, order.size, _BATCH):
            go_on(check)
            batch = order[first : first + _BATCH]
            batch = batch[bounds[batch] >= floor - _SLACK]
            if batch.size == 0:
                break
            found.append(plan.score(batch, floor))
            done.append(batch)
            scores = np.concatenate((scores, found[-1].scores))
            if scores.size >= top:
                floor = float(np.partition(scores, scores.size - top)[scores.size - top])
        whole = joined(done, found)
        best = ranked(self.table.order, whole.rows, whole.scores, top)
        return Found(whole.rows[best], whole.scores[best], whole.shifts[best], whole.matched[best])

    def all_scores(
        self, query: UnitSpectrum, mass: float | None, trials: IntArray, check: Check = always
    ) -> FloatArray:
        """Return the exact score of every row, shape (n_rows,)."""
        plan = HybridPlan.of(self.table, query, mass, trials)
        rows = np.arange(self.table.n_rows)
        out = np.zeros(rows.size)
        for first in range(0, rows.size, _BATCH):
            go_on(check)
            out[first : first + _BATCH] = plan.score(rows[first : first + _BATCH], -1.0).scores
        return out

    def _bounds(self, plan: HybridPlan, check: Check) -> FloatArray:
        """Return what the score of each row cannot exceed; the rows of known shift come first."""
        bounds = np.empty(self.table.n_rows)
        matrix = self._matrix
        own = known_mass_bounds(self.table, matrix.data, plan.vector, plan.shifts[: plan.n_known])
        bounds[: plan.n_known] = np.minimum(own + _ROUNDING, 1.0) ** 2
        vectors = plan.vectors.astype(np.float32)
        for start, stop in self.table.blocks(1_000_000):
            go_on(check)
            first = max(start, plan.n_known)
            if first < stop:
                cosine = (matrix[first:stop] @ vectors).max(axis=1)
                bounds[first:stop] = np.minimum(cosine + _ROUNDING, 1.0) ** 2
        return bounds


def _inside(starts: IntArray, shifts: IntArray, first: int, stop: int) -> tuple[IntArray, IntArray]:
    """Return the runs that lie in rows ``first:stop``, counted from ``first``."""
    if stop <= first:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing
    a = int(np.searchsorted(starts, first, side="right")) - 1
    b = int(np.searchsorted(starts, stop, side="left"))
    lows = np.maximum(starts[a:b], first) - first
    return lows.astype(np.int64), shifts[a:b].astype(np.int64)


def _worth(query: CodedQuery, codes: CodeMatrix) -> UInt16Array:
    """Return for each sum of a trial shift the sum that a row in place needs for the same score.

    The cost of a trial is taken off the squared cosine; the slack of the row is given in full, so
    that the answer is never too small.
    """
    slack = query.extra + float(codes.residuals.max(initial=0)) * query.factor / query.unit
    sums = np.arange(2**16, dtype=np.float64)
    cosine = sums / query.unit + slack
    in_place = np.sqrt(np.maximum(cosine**2 - IMPLIED_SHIFT_COST, 0.0)) - slack
    needed: npt.NDArray[np.float64] = np.ceil(in_place * query.unit)
    return np.clip(needed, 0, 2**16 - 1).astype(np.uint16)
