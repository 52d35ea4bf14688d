"""Cosine and entropy search over a `CodeMatrix`: a certified scan, then exact scores of the few.

Compiled where that pays, else in numpy; both find the same rows with the same scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.mass_scores import UnitSpectrum, Weights
from spectra.peak_codes import CodeMatrix, block_rows
from spectra.peak_compiled import search_kernels
from spectra.peak_found import Check, Found, always, go_on, ranked, rounded
from spectra.peak_query import CodedQuery, coded, entropy_vector, unit_vector
from spectra.peak_scores import exact_cosine, exact_entropy
from spectra.peak_table import N_COLUMNS, PeakTable, UInt16Array

_STEP = 256
# Rows that pass together: their sums stay in the first cache; in a batch their codes in the second.
_STRETCH = 4096
_SHARED_STRETCH = 2048
# Rows that are scored at once: a megabyte or four of dense float64.
_BATCH = 512
# A partition of so many bounds is quicker than the maxima of their steps.
_FEW_ROWS = 200_000
_SLACK = 2e-12


class ScanKind(IntEnum):
    """What the exact score of a scanned row is; the numbers are those of the compiled loops."""

    COSINE = 0
    ENTROPY = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """A coded library and the exact score behind the codes."""

    table: PeakTable
    codes: CodeMatrix
    kind: ScanKind
    weights: Weights

    def coded(self, query: UnitSpectrum) -> CodedQuery:
        """Return a query as this scan reads it."""
        if self.kind is ScanKind.ENTROPY:
            vector = entropy_vector(query)
            # Σ 2√(ab) is never below the entropy similarity: binary entropy H(p) ≤ 2√(p(1 - p)).
            return coded(np.sqrt(2.0 * vector), vector, self.codes, spread=1.0)
        vector = unit_vector(query, self.weights)
        return coded(vector, vector, self.codes, spread=1.0)

    def compiled(self, queries: Sequence[CodedQuery], top: int, check: Check) -> list[Found]:
        """Return the best rows for each query through the compiled loops."""
        kernels = search_kernels()
        if kernels is None:
            return [self.plain(query, top, check) for query in queries]
        table, codes = self.table, self.codes
        n, k = len(queries), min(top, table.n_rows)
        longest = max(query.masses.size for query in queries)
        masses = np.zeros((n, longest), dtype=np.int64)
        weights = np.zeros((n, longest), dtype=np.uint16)
        for q, query in enumerate(queries):
            masses[q, : query.masses.size] = query.masses
            weights[q, : query.masses.size] = query.weights
        counts = np.array([query.masses.size for query in queries])
        factors = np.array([query.factor for query in queries], dtype=np.uint16)
        units = np.array([query.unit for query in queries])
        extras = np.array([query.extra for query in queries])
        vectors = np.stack([query.vector for query in queries])
        ladder = np.arange(N_COLUMNS, dtype=np.float64) ** self.weights.mz_power
        rows = np.zeros((n, k), dtype=np.int64)
        shifts = np.zeros((n, k), dtype=np.int64)
        scores = np.zeros((n, k))
        held = np.zeros(n, dtype=np.int64)
        size = block_rows(table.n_rows)
        sums = np.empty((n, size), dtype=np.uint16)
        maxima = np.empty((n, -(-size // _STEP)), dtype=np.uint16)
        for block, (first, n_block) in enumerate(codes.blocks):
            go_on(check)
            kernels.search_block(
                int(self.kind), first, n_block,
                codes.runs, codes.run_starts[block], codes.mark_starts[block],
                codes.mark_rows, codes.mark_codes, codes.residuals,
                masses, weights, counts, factors, units, extras, vectors,
                table.offsets, table.mz, table.intensity, table.order, codes.norms, ladder,
                self.weights.intensity_power,
                scores, rows, shifts, held, sums, maxima, _STRETCH if n == 1 else _SHARED_STRETCH,
            )  # fmt: skip
        matched = np.zeros(k, dtype=np.int64)
        out = []
        for q in range(n):
            best = ranked(table.order, rows[q], scores[q], k)
            chosen = rows[q, best]
            kernels.count_matches(vectors[q], chosen, table.offsets, table.mz, matched)
            out.append(Found(chosen, scores[q, best], shifts[q], matched.copy()))
        return out

    def plain(self, query: CodedQuery, top: int, check: Check = always) -> Found:
        """Return the best rows for one query through numpy."""
        rows, scores = best_first(
            self.bounds(query, check),
            top,
            lambda chosen: self.exact(query, chosen),
            lambda score: query.least_sum(self._cosine_of(score - _SLACK)),
            check,
        )
        best = ranked(self.table.order, rows, scores, top)
        chosen = rows[best]
        matched = (self.table.dense(chosen)[:, query.vector > 0] > 0).sum(axis=1, dtype=np.int64)
        return Found(chosen, scores[best], np.zeros(best.size, dtype=np.int64), matched)

    def exact(self, query: CodedQuery, rows: IntArray) -> FloatArray:
        """Return the exact scores of some rows, shape (n,)."""
        if self.kind is ScanKind.COSINE:
            return exact_cosine(self.table, query.vector, rows, self.weights)
        return exact_entropy(self.table, query.vector, rows)

    def _cosine_of(self, score: float) -> float:
        """Return the smallest cosine of coded vectors that allows a score."""
        return float(np.sqrt(max(score, 0.0))) if self.kind is ScanKind.COSINE else score

    def bounds(self, query: CodedQuery, check: Check = always) -> UInt16Array:
        """Return for each row a sum that its own cannot exceed, shape (n_rows,)."""
        codes = self.codes
        out = codes.residuals * np.uint16(query.factor)
        product = np.empty(block_rows(codes.n_rows), dtype=np.uint16)
        for block, (first, n) in enumerate(codes.blocks):
            go_on(check)
            sums = out[first : first + n]
            part = product[:n]
            for mass, weight in zip(query.masses, query.weights, strict=True):
                at = codes.run_starts[block, mass]
                if at >= 0:
                    np.multiply(codes.runs[at : at + n], weight, out=part)
                    np.add(sums, part, out=sums)
                else:
                    listed = slice(*codes.mark_starts[block, mass : mass + 2])
                    sums[codes.mark_rows[listed]] += codes.mark_codes[listed] * weight
        return out


def best_first(
    bounds: UInt16Array,
    top: int,
    exact: Callable[[IntArray], FloatArray],
    least: Callable[[float], float],
    check: Check = always,
) -> tuple[IntArray, FloatArray]:
    """Score rows until no other can be among the best; return those scored and their scores.

    Parameters
    ----------
    bounds : ndarray of uint16, shape (n_rows,)
        Rises with what the score of a row cannot exceed.
    exact : callable
        Exact scores of given rows.
    least : callable
        The bound below which no row reaches a score.
    """
    if bounds.size <= top:
        rows = np.arange(bounds.size)
        return rows, _in_batches(rows, exact, check)
    mark = _likely_mark(bounds, top)
    rows = np.flatnonzero(bounds >= mark)
    scores = _in_batches(rows, exact, check)
    floor = float(np.partition(scores, scores.size - top)[scores.size - top])
    others = np.flatnonzero((bounds < mark) & (bounds >= least(floor)))
    # The best of them come first, so that the floor may rise before the rest is scored.
    others = others[np.argsort(bounds[others], kind="stable")[::-1]]
    for at in range(0, others.size, _BATCH):
        batch = others[at : at + _BATCH]
        batch = batch[bounds[batch] >= least(floor)]
        if not batch.size:
            break
        rows = np.concatenate((rows, batch))
        scores = np.concatenate((scores, _in_batches(batch, exact, check)))
        floor = float(np.partition(scores, scores.size - top)[scores.size - top])
    return rows, scores


def _likely_mark(bounds: UInt16Array, top: int) -> int:
    """Return a mark that at least ``top`` rows reach and not many more."""
    n_steps = bounds.size // _STEP
    if bounds.size <= _FEW_ROWS or n_steps < 4 * top:
        return int(np.partition(bounds, bounds.size - top)[bounds.size - top])
    maxima = bounds[: n_steps * _STEP].reshape(n_steps, _STEP).max(axis=1)
    return int(np.partition(maxima, n_steps - top)[n_steps - top])


def _in_batches(
    rows: IntArray, exact: Callable[[IntArray], FloatArray], check: Check
) -> FloatArray:
    scores: list[npt.NDArray[np.float64]] = [np.zeros(0)]
    for at in range(0, rows.size, _BATCH):
        go_on(check)
        scores.append(rounded(exact(rows[at : at + _BATCH])))
    return np.concatenate(scores)
