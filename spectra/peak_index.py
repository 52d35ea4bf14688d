"""Ranking of a unit-mass (electron-impact) library for one query or many, exact to the last digit.

A certified scan of every row, then the rows that can still win are scored again in double
precision. Knows no names and no files: rows in, row numbers out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import GridMismatchError, SpectrumError
from spectra.mass_scores import KIM, UnitSpectrum, Weights
from spectra.peak_build import table_of_peaks, table_of_spectra
from spectra.peak_codes import CodeMatrix, Coding, encode
from spectra.peak_compiled import WORKERS, is_loaded, search_kernels, why_not
from spectra.peak_found import (
    REVERSIBLE,
    Check,
    Found,
    always,
    check_top,
    checked_mass,
    go_on,
    kind_of,
    ranked,
    rounded,
)
from spectra.peak_found import PeakHits as PeakHits
from spectra.peak_found import PeakScore as PeakScore
from spectra.peak_hybrid import HYBRID_WEIGHTS, trial_shifts
from spectra.peak_hybrid_search import HybridSearch
from spectra.peak_nist import nist_scores
from spectra.peak_query import entropy_vector, unit_vector
from spectra.peak_scan import Scan, ScanKind
from spectra.peak_scores import entropy_rows, entropy_scores, unit_matrix
from spectra.peak_table import Float32Array, Peaks, PeakTable, unit_query

if TYPE_CHECKING:
    from scipy.sparse import csr_array

COSINE_WEIGHTS: Weights = KIM
"""Of nine scores tried on spectra of one substance from two laboratories this one and NIST Identity
put the substance first most often (0.73 of 800); it is additive, so it is also the fast one."""

INDEX_VERSION = 2
"""Changes whenever stored arrays of the same spectra would differ."""

_MATRIX_LIMIT = 2**31
# Loading the compiled loops costs a third of a second. An index scans in numpy until it has spent
# about as much on it, in bytes of codes: then they pay. Once loaded they pay for nearly every one.
_PRICE_BYTES = 1_500_000_000
_LOADED_FROM_BYTES = 500_000
# What a search costs in numpy, in scans by cosine.
_COSTS = {"cosine": 1, "entropy": 2, "hybrid": 30, "identity": 60, "simple": 60}
_TOGETHER = 64


class PeakIndex:
    """A library of unit-mass spectra, ready to be searched. Build it with `build`."""

    def __init__(self, table: PeakTable, codes: CodeMatrix | None = None) -> None:
        self._table = table
        self._codes = encode(table, Coding(weights=COSINE_WEIGHTS)) if codes is None else codes
        self._spent = 0

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
        cls,
        *,
        offsets: IntArray,
        mz: npt.NDArray[np.number],
        intensity: npt.NDArray[np.number],
        masses: FloatArray,
    ) -> PeakIndex:
        """Return the index of spectra in compressed rows: row i is ``offsets[i]:offsets[i+1]``."""
        return cls(table_of_peaks(offsets=offsets, mz=mz, intensity=intensity, masses=masses))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the named arrays that hold the whole index, for storage."""
        return self._table.arrays() | self._codes.arrays()

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> PeakIndex:
        """Return the index from `arrays`; memory-mapped arrays are used in place.

        Raises
        ------
        SpectrumError
            The arrays are not those of an index, or do not fit each other.
        """
        table = PeakTable.from_arrays(arrays)
        return cls(table, CodeMatrix.from_arrays(arrays, table.n_rows))

    @property
    def n_rows(self) -> int:
        """Number of library spectra."""
        return self._table.n_rows

    def __len__(self) -> int:
        return self.n_rows

    def intensities(self, rows: IntArray) -> FloatArray:
        """Return library spectra over whole m/z, base peak 999, shape (n_rows, 1001)."""
        return self._table.dense(self._places[rows])

    @cached_property
    def _places(self) -> IntArray:
        """Where each row of the caller is stored."""
        places = np.empty(self.n_rows, dtype=np.int64)
        places[self._table.order] = np.arange(self.n_rows)
        return places

    @property
    def engine(self) -> str:
        """What a search runs on: ``compiled``, or ``numpy`` with the reason."""
        if is_loaded() and self._codes.n_bytes >= _LOADED_FROM_BYTES:
            return "compiled"
        return f"numpy: {why_not() or 'so far it costs less than loading what is compiled'}"

    def warm(self) -> str:
        """Load the compiled loops now and return the `engine`.

        A third of a second; several seconds when they were never compiled on this machine.
        """
        if search_kernels() is not None and self.n_rows:
            self.search((np.array([50.0]), np.array([1.0])), 1)
        return self.engine

    def search(
        self,
        query: Peaks,
        top: int = 10,
        score: str = "cosine",
        *,
        query_mass: float | None = None,
        mass_shifts: Sequence[int] | None = None,
        reverse: bool = False,
        check: Check = always,
    ) -> PeakHits:
        """Return the best rows for one query.

        Parameters
        ----------
        query : MassSpectrum or (mz, intensity)
        top : int
        score : {"cosine", "entropy", "identity", "simple", "hybrid"}
        query_mass : float, optional
            Hybrid only: molecular mass in Da. Each row is then compared at its own mass shift.
        mass_shifts : sequence of int, optional
            Hybrid only: the shifts in Da to try where the mass of the query or of a row is not
            known; by default the common single changes. Such a shift costs 0.02 of the score.
        reverse : bool
            Identity and simple only: the query's own extra peaks do not count.
        check : callable
            Asked between blocks of rows; False ends the search.

        Raises
        ------
        SpectrumError
            The query has no peaks, ``top`` is below 1, or the score is unknown.
        NotComparableError
            The query is an MS/MS spectrum.
        SearchCancelledError
            ``check`` said so.
        """
        kind = kind_of(score, reverse=reverse)
        check_top(top)
        peaks = unit_query(query)
        if kind is PeakScore.HYBRID:
            mass, trials = checked_mass(query_mass), trial_shifts(mass_shifts)
            return self._hits(self._hybrid(peaks, top, mass, trials, check))
        if kind in REVERSIBLE:
            return self._hits(self._nist(peaks, top, kind, reverse=reverse, check=check))
        return self._hits(self._scanned([peaks], top, kind, check)[0])

    def search_many(
        self,
        queries: Sequence[Peaks],
        top: int = 10,
        score: str = "cosine",
        *,
        query_masses: Sequence[float | None] | None = None,
        reverse: bool = False,
        check: Check = always,
    ) -> list[PeakHits]:
        """Return the best rows for each of many queries, as `search` would, in batches.

        Parameters
        ----------
        query_masses : sequence of float or None, optional
            Hybrid only: the molecular mass of each query, None where unknown.
        """
        kind = kind_of(score, reverse=reverse)
        check_top(top)
        if query_masses is not None and len(query_masses) != len(queries):
            raise GridMismatchError(f"{len(query_masses)} masses for {len(queries)} queries")
        if kind not in (PeakScore.COSINE, PeakScore.ENTROPY):
            masses = [None] * len(queries) if query_masses is None else query_masses
            return [
                self.search(query, top, score, query_mass=mass, reverse=reverse, check=check)
                for query, mass in zip(queries, masses, strict=True)
            ]
        peaks = [unit_query(query) for query in queries]
        return [self._hits(found) for found in self._scanned(peaks, top, kind, check)]

    def scores(
        self,
        query: Peaks,
        score: str = "cosine",
        *,
        query_mass: float | None = None,
        mass_shifts: Sequence[int] | None = None,
        reverse: bool = False,
    ) -> FloatArray:
        """Return the score of every row in the caller's order, shape (n_rows,).

        Cosine comes from single precision (within 4e-5 of `search`), the others are exact.
        """
        kind = kind_of(score, reverse=reverse)
        peaks = unit_query(query)
        if kind is PeakScore.HYBRID:
            mass, trials = checked_mass(query_mass), trial_shifts(mass_shifts)
            stored = self._hybrid_search.all_scores(peaks, mass, trials)
        elif kind is PeakScore.ENTROPY:
            stored = entropy_scores(self._table, self._entropy_rows, entropy_vector(peaks))
        elif kind is PeakScore.COSINE:
            stored = self._cosine_block([peaks])[0]
        else:
            stored = self._nist_scores(peaks, kind, reverse=reverse, check=always)
        out = np.empty(self.n_rows)
        out[self._table.order] = stored
        return out

    def score_blocks(
        self, queries: Sequence[Peaks], score: str = "cosine", *, block: int = 64
    ) -> Iterator[tuple[int, Float32Array]]:
        """Yield ``(first query, scores (n_block, n_rows))`` for blocks of queries."""
        kind = kind_of(score)
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
    def _entropy_codes(self) -> CodeMatrix:
        return encode(self._table, Coding(weights=COSINE_WEIGHTS, is_entropy=True))

    @cached_property
    def _hybrid_codes(self) -> CodeMatrix:
        return encode(self._table, Coding(weights=HYBRID_WEIGHTS))

    @cached_property
    def _hybrid_search(self) -> HybridSearch:
        return HybridSearch(table=self._table)

    @cached_property
    def _entropy_rows(self) -> FloatArray:
        return entropy_rows(self._table)

    @cached_property
    def _cosine_matrix(self) -> csr_array:
        return unit_matrix(self._table, COSINE_WEIGHTS)

    def _cosine_block(self, queries: Sequence[UnitSpectrum]) -> FloatArray:
        vectors = np.stack([unit_vector(query, COSINE_WEIGHTS) for query in queries], axis=1)
        cosine = np.asarray(self._cosine_matrix @ vectors.astype(np.float32))
        return np.asarray(np.minimum(cosine.T.astype(np.float64), 1.0) ** 2, dtype=np.float64)

    def _is_compiled(self, kind: PeakScore, n_queries: int = 1) -> bool:
        """Return whether the compiled loops are used, and count what is spent without them."""
        n_bytes = self._codes.n_bytes
        if is_loaded() and n_bytes >= _LOADED_FROM_BYTES:
            return True
        self._spent += n_bytes * n_queries * _COSTS[kind]
        return self._spent >= _PRICE_BYTES and search_kernels() is not None

    def _scan(self, kind: PeakScore) -> Scan:
        if kind is PeakScore.ENTROPY:
            codes, exact = self._entropy_codes, ScanKind.ENTROPY
        else:
            codes, exact = self._codes, ScanKind.COSINE
        return Scan(table=self._table, codes=codes, kind=exact, weights=COSINE_WEIGHTS)

    def _scanned(
        self, queries: Sequence[UnitSpectrum], top: int, kind: PeakScore, check: Check
    ) -> list[Found]:
        if not queries or not self.n_rows:
            nothing = np.zeros(0, dtype=np.int64)
            return [Found(nothing, np.zeros(0), nothing, nothing) for _ in queries]
        scan = self._scan(kind)
        asked = [scan.coded(query) for query in queries]
        if not self._is_compiled(kind, len(asked)):
            return [scan.plain(query, top, check) for query in asked]
        size = max(1, min(_TOGETHER, -(-len(asked) // WORKERS)))
        parts = [asked[at : at + size] for at in range(0, len(asked), size)]
        if len(parts) == 1:
            return scan.compiled(asked, top, check)
        with ThreadPoolExecutor(WORKERS) as pool:
            found = list(pool.map(lambda part: scan.compiled(part, top, check), parts))
        return [each for part in found for each in part]

    def _hybrid(
        self, query: UnitSpectrum, top: int, mass: float | None, trials: IntArray, check: Check
    ) -> Found:
        go_on(check)
        if self._is_compiled(PeakScore.HYBRID):
            codes = self._hybrid_codes
            return self._hybrid_search.compiled(codes, query, top, mass, trials, check)
        return self._hybrid_search.plain(query, top, mass, trials, check)

    def _nist_scores(
        self, query: UnitSpectrum, kind: PeakScore, *, reverse: bool, check: Check
    ) -> FloatArray:
        return nist_scores(
            self._table,
            query,
            simple=kind is PeakScore.SIMPLE,
            reverse=reverse,
            compiled=self._is_compiled(kind),
            check=check,
        )

    def _nist(
        self, query: UnitSpectrum, top: int, kind: PeakScore, *, reverse: bool, check: Check
    ) -> Found:
        scores = rounded(self._nist_scores(query, kind, reverse=reverse, check=check))
        mark = -1.0
        if scores.size > top:
            mark = float(np.partition(scores, scores.size - top)[scores.size - top])
        rows = np.flatnonzero(scores >= mark)
        rows = rows[ranked(self._table.order, rows, scores[rows], top)]
        nothing = np.zeros(rows.size, dtype=np.int64)
        both = self._table.dense(rows)[:, query.mz] > 0
        return Found(rows, scores[rows], nothing, both.sum(axis=1, dtype=np.int64))

    def _hits(self, found: Found) -> PeakHits:
        return PeakHits(
            rows=self._table.order[found.rows],
            scores=found.scores,
            mass_shifts=found.shifts,
            matched=found.matched,
        )
