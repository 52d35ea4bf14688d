"""Ranking of a unit-mass (electron-impact) library for one query or many, exact to the last digit.

A fast pass over every row, then the rows that can still win are scored again in double precision.
Knows no names and no files: rows in, row numbers out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import SpectrumError
from spectra.mass_scores import KIM, UnitSpectrum, Weights
from spectra.peak_hybrid import (
    HYBRID_WEIGHTS,
    IMPLIED_SHIFTS,
    HybridPlan,
    HybridScores,
    joined,
    known_mass_bounds,
)
from spectra.peak_scores import (
    entropy_rows,
    entropy_scores,
    exact_cosine,
    identity_scores,
    matched_peaks,
    unit_vector,
)
from spectra.peak_table import (
    N_COLUMNS,
    Float32Array,
    Peaks,
    PeakTable,
    table_of_peaks,
    table_of_spectra,
    unit_query,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

COSINE_WEIGHTS: Weights = KIM
"""Of nine scores tried on spectra of one substance from two laboratories this one and NIST Identity
put the substance first most often (0.73 of 800); it is additive, so it is also the fast one."""

# The fast pass sums at most 1000 single-precision products below 1.
_ROUNDING = 2e-5
_BATCH = 256
_MATRIX_LIMIT = 2**31


class PeakScore(StrEnum):
    """How a query is compared with a library row; each runs from 0 to 1."""

    COSINE = "cosine"
    ENTROPY = "entropy"
    IDENTITY = "identity"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeakHits:
    """The best rows, best first; equal scores in row order.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_hits,)
        Places in the sequence the index was built from.
    scores : ndarray of float64, shape (n_hits,)
        0 to 1, 1 best.
    mass_shifts : ndarray of int64, shape (n_hits,)
        Da by which the query is heavier than the row, as the hybrid score used it; else 0.
    matched : ndarray of int64, shape (n_hits,)
        Peaks of the query that found a partner.
    """

    rows: IntArray
    scores: FloatArray
    mass_shifts: IntArray
    matched: IntArray


class PeakIndex:
    """A library of unit-mass spectra, ready to be searched. Build it with `build`."""

    def __init__(self, table: PeakTable) -> None:
        self._table = table

    @classmethod
    def build(
        cls,
        mass_spectra: Sequence[Peaks],
        masses: Sequence[float | None] | FloatArray | None = None,
    ) -> PeakIndex:
        """Return the index of spectra.

        Parameters
        ----------
        mass_spectra : sequence of MassSpectrum or of (mz, intensity)
            Rounded to whole masses (``floor(mz + 0.5)``, tallest kept), m/z 1 to 1000, base peak
            999. Peaks without a positive intensity are dropped. A row may be empty: it scores 0.
        masses : sequence of float or None, optional
            Molecular mass of each in Da, None or NaN where unknown; by default what each
            `MassSpectrum` states.

        Raises
        ------
        SpectrumError
            A value is not a number.
        NotComparableError
            An MS/MS spectrum, for which whole masses would be wrong.
        """
        return cls(table_of_spectra(mass_spectra, masses))

    @classmethod
    def from_peaks(
        cls, *, offsets: IntArray, mz: FloatArray, intensity: FloatArray, masses: FloatArray
    ) -> PeakIndex:
        """Return the index of spectra in compressed rows: row i is ``offsets[i]:offsets[i+1]``."""
        return cls(table_of_peaks(offsets=offsets, mz=mz, intensity=intensity, masses=masses))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the named arrays that hold the whole index, for storage."""
        return self._table.arrays()

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> PeakIndex:
        """Return the index from `arrays`; memory-mapped arrays are used in place.

        Raises
        ------
        SpectrumError
            The arrays are not those of an index, or do not fit each other.
        """
        return cls(PeakTable.from_arrays(arrays))

    @property
    def n_rows(self) -> int:
        """Number of library spectra."""
        return self._table.n_rows

    def __len__(self) -> int:
        return self.n_rows

    def search(
        self,
        query: Peaks,
        top: int = 10,
        score: str = "cosine",
        *,
        query_mass: float | None = None,
        mass_shifts: Sequence[int] | None = None,
    ) -> PeakHits:
        """Return the best rows for one query.

        Parameters
        ----------
        query : MassSpectrum or (mz, intensity)
        top : int
        score : {"cosine", "entropy", "identity", "hybrid"}
        query_mass : float, optional
            Hybrid only: molecular mass in Da. Each row is then compared at its own mass shift.
        mass_shifts : sequence of int, optional
            Hybrid only: the shifts in Da to try where the mass of the query or of a row is not
            known; by default the common single changes. Such a shift costs 0.02 of the score.

        Raises
        ------
        SpectrumError
            The query has no peaks, ``top`` is below 1, or the score is unknown.
        NotComparableError
            The query is an MS/MS spectrum.
        """
        kind = _kind(score)
        _check_top(top)
        peaks = unit_query(query)
        if kind is PeakScore.HYBRID:
            return self._best_hybrid(peaks, top, _checked_mass(query_mass), mass_shifts)
        return self._rank(peaks, self._stored_scores(peaks, kind), top, kind)

    def search_many(
        self, queries: Sequence[Peaks], top: int = 10, score: str = "cosine"
    ) -> list[PeakHits]:
        """Return the best rows for each of many queries, as `search` would, in blocks."""
        kind = _kind(score)
        _check_top(top)
        peaks = [unit_query(query) for query in queries]
        if kind is not PeakScore.COSINE:
            return [self.search(query, top, score) for query in queries]
        hits = []
        for part in range(0, len(peaks), 16):
            block = peaks[part : part + 16]
            for query, scores in zip(block, self._cosine_block(block), strict=True):
                hits.append(self._rank(query, scores, top, kind))
        return hits

    def scores(
        self,
        query: Peaks,
        score: str = "cosine",
        *,
        query_mass: float | None = None,
        mass_shifts: Sequence[int] | None = None,
    ) -> FloatArray:
        """Return the score of every row in the caller's order, shape (n_rows,).

        Cosine comes from the fast pass (within 4e-5 of `search`), the others are exact.
        """
        kind = _kind(score)
        peaks = unit_query(query)
        if kind is PeakScore.HYBRID:
            mass = _checked_mass(query_mass)
            stored = self._hybrid_of_all(peaks, mass, mass_shifts).scores
        else:
            stored = self._stored_scores(peaks, kind)
        out = np.empty(self.n_rows)
        out[self._table.order] = stored
        return out

    def score_blocks(
        self, queries: Sequence[Peaks], score: str = "cosine", *, block: int = 64
    ) -> Iterator[tuple[int, Float32Array]]:
        """Yield ``(first query, scores (n_block, n_rows))`` for blocks of queries."""
        kind = _kind(score)
        for first in range(0, len(queries), block):
            part = queries[first : first + block]
            if kind is PeakScore.COSINE:
                stored = self._cosine_block([unit_query(query) for query in part])
                scores = np.empty_like(stored, dtype=np.float32)
                scores[:, self._table.order] = stored
            else:
                scores = np.array([self.scores(query, score) for query in part], dtype=np.float32)
            yield first, scores

    def score_matrix(self, queries: Sequence[Peaks], score: str = "cosine") -> Float32Array:
        """Return every score of every query, shape (n_queries, n_rows).

        Raises
        ------
        SpectrumError
            The matrix would be over 2 GiB; use `score_blocks`.
        """
        if len(queries) * self.n_rows * 4 > _MATRIX_LIMIT:
            raise SpectrumError(
                f"{len(queries)} queries against {self.n_rows} rows make a matrix over 2 GiB",
                hint="Go through score_blocks, one block of queries at a time.",
            )
        out = np.empty((len(queries), self.n_rows), dtype=np.float32)
        for first, scores in self.score_blocks(queries, score):
            out[first : first + scores.shape[0]] = scores
        return out

    # What is derived from the stored peaks is made when first needed and kept.

    @cached_property
    def _cosine_matrix(self) -> csr_array:
        return self._sparse(self._table.weighted(COSINE_WEIGHTS).astype(np.float32))

    @cached_property
    def _hybrid_matrix(self) -> csr_array:
        return self._sparse(self._table.weighted(HYBRID_WEIGHTS).astype(np.float32))

    @cached_property
    def _entropy_rows(self) -> FloatArray:
        return entropy_rows(self._table)

    def _sparse(self, values: Float32Array) -> csr_array:
        from scipy.sparse import csr_array  # costs 0.1 s, so only where a search is made

        shape = (self.n_rows, N_COLUMNS)
        return csr_array((values, self._table.mz, self._table.offsets), shape=shape)

    def _stored_scores(self, query: UnitSpectrum, kind: PeakScore) -> FloatArray:
        if kind is PeakScore.IDENTITY:
            return identity_scores(self._table, query)
        if kind is PeakScore.ENTROPY:
            return entropy_scores(self._table, self._entropy_rows, query)
        return np.asarray(self._cosine_block([query])[0], dtype=np.float64)

    def _cosine_block(self, queries: Sequence[UnitSpectrum]) -> FloatArray:
        vectors = np.stack([unit_vector(query, COSINE_WEIGHTS) for query in queries], axis=1)
        cosine = np.asarray(self._cosine_matrix @ vectors.astype(np.float32))
        return np.asarray(np.minimum(cosine.T.astype(np.float64), 1.0) ** 2, dtype=np.float64)

    def _rank(self, query: UnitSpectrum, scores: FloatArray, top: int, kind: PeakScore) -> PeakHits:
        slack = 2 * _ROUNDING if kind is PeakScore.COSINE else 0.0
        rows = _contenders(scores, top, slack)
        if kind is PeakScore.COSINE:
            exact = exact_cosine(self._table, query, rows, COSINE_WEIGHTS)
        else:
            exact = scores[rows]
        best = self._first(rows, exact, top)
        rows = rows[best]
        return PeakHits(
            rows=self._table.order[rows],
            scores=exact[best],
            mass_shifts=np.zeros(rows.size, dtype=np.int64),
            matched=matched_peaks(self._table, query, rows),
        )

    def _first(self, rows: IntArray, scores: FloatArray, top: int) -> IntArray:
        return np.lexsort((self._table.order[rows], -scores))[:top]

    def _trial_shifts(self, shifts: Sequence[int] | None) -> IntArray:
        tried = IMPLIED_SHIFTS if shifts is None else shifts
        return np.array([0, *sorted({int(s) for s in tried} - {0})], dtype=np.int64)

    def _hybrid_bounds(
        self, vector: FloatArray, vectors: FloatArray, shifts: IntArray, n_known: int
    ) -> FloatArray:
        """Upper bounds of the hybrid score: rows of known shift first, the others over all."""
        bounds = np.empty(self.n_rows)
        matrix = self._hybrid_matrix
        own = known_mass_bounds(self._table, matrix.data, vector, shifts[:n_known])
        bounds[:n_known] = np.minimum(own + _ROUNDING, 1.0) ** 2
        for start, stop in self._table.blocks(1_000_000):
            first = max(start, n_known)
            if first < stop:
                cosine = (matrix[first:stop] @ vectors.astype(np.float32)).max(axis=1)
                bounds[first:stop] = np.minimum(cosine + _ROUNDING, 1.0) ** 2
        return bounds

    def _best_hybrid(
        self, query: UnitSpectrum, top: int, mass: float | None, tried: Sequence[int] | None
    ) -> PeakHits:
        plan = HybridPlan.of(self._table, query, mass, self._trial_shifts(tried))
        bounds = self._hybrid_bounds(plan.vector, plan.vectors, plan.shifts, plan.n_known)
        order = np.argsort(-bounds, kind="stable")
        done = np.zeros(0, dtype=np.int64)
        found: list[HybridScores] = []
        scores = np.zeros(0)
        floor = -1.0
        for first in range(0, order.size, _BATCH):
            batch = order[first : first + _BATCH]
            batch = batch[bounds[batch] >= floor]
            if batch.size == 0:
                break
            found.append(plan.score(batch, floor))
            done = np.concatenate((done, batch))
            scores = np.concatenate((scores, found[-1].scores))
            if scores.size >= top:
                floor = float(np.partition(scores, scores.size - top)[scores.size - top])
        best = self._first(done, scores, top)
        shifts, direct, moved = joined(found)
        return PeakHits(
            rows=self._table.order[done[best]],
            scores=scores[best],
            mass_shifts=shifts[best],
            matched=(direct + moved)[best],
        )

    def _hybrid_of_all(
        self, query: UnitSpectrum, mass: float | None, tried: Sequence[int] | None
    ) -> HybridScores:
        plan = HybridPlan.of(self._table, query, mass, self._trial_shifts(tried))
        rows = np.arange(self.n_rows)
        found = [plan.score(rows[i : i + _BATCH], -1.0) for i in range(0, rows.size, _BATCH)]
        scores = np.concatenate([np.zeros(0), *(part.scores for part in found)])
        return HybridScores(scores, *joined(found))


def _contenders(scores: FloatArray, top: int, slack: float) -> IntArray:
    """Return all rows that can be among the best, ties included."""
    if scores.size <= top:
        return np.arange(scores.size)
    threshold = np.partition(scores, scores.size - top)[scores.size - top]
    return np.flatnonzero(scores >= threshold - slack)


def _kind(score: str) -> PeakScore:
    try:
        return PeakScore(score)
    except ValueError:
        raise SpectrumError(
            f"there is no mass-spectral score {score!r}", hint=f"Use {', '.join(PeakScore)}."
        ) from None


def _check_top(top: int) -> None:
    if top < 1:
        raise SpectrumError(f"the number of hits must be at least 1, found {top}")


def _checked_mass(mass: float | None) -> float | None:
    if mass is not None and not (np.isfinite(mass) and 0 < mass <= 10_000):
        raise SpectrumError(f"a molecular mass of {mass} Da is not possible", hint="Leave it out.")
    return mass
