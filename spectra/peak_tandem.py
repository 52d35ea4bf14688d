"""Ranking of an MS/MS library within an m/z tolerance, exact to single precision of what is stored.

A query reads the windows around its peaks in one list of all peaks. Knows no names and no files:
rows in, row numbers out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import SpectrumError
from spectra.mass_scores import entropy_gain, entropy_weighted
from spectra.peak_compiled import WORKERS, tandem_kernels
from spectra.peak_found import Check, Found, always, go_on, ranked, rounded
from spectra.peak_table import Float32Array
from spectra.peak_tandem_clean import (
    Cleaning,
    TandemPeaks,
    Tolerance,
    cleaner,
    peaks_and_precursor,
)
from spectra.peak_tandem_table import PER_DA, TandemTable, table_of_spectra
from spectra.tandem_hybrid import TandemHybrid

DEFAULT_TOLERANCE = Tolerance(da=0.02)
# Loading the compiled loops costs a third of a second.
_COMPILED_FROM = 300_000
_STEP = 64


class TandemScore(StrEnum):
    """How a query is compared with a library row; each runs from 0 to 1.

    The entropy similarity weighted by entropy, and the cosine of the square roots of intensities.
    """

    ENTROPY = "entropy"
    COSINE = "cosine"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TandemHits:
    """The best rows, best first. Scores are given to twelve decimals; equal ones in row order.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_hits,)
        Places in the sequence the index was built from.
    scores : ndarray of float64, shape (n_hits,)
    precursor_shifts : ndarray of float64, shape (n_hits,)
        Precursor of the query less that of the row in m/z, NaN where one is unknown.
    matched : ndarray of int64, shape (n_hits,)
        Peaks of the query that found a partner.
    """

    rows: IntArray
    scores: FloatArray
    precursor_shifts: FloatArray
    matched: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Spare:
    """What a compiled search writes to, by row."""

    bounds: Float32Array
    maxima: Float32Array
    exact: FloatArray
    pairs: IntArray

    @classmethod
    def of(cls, n_rows: int) -> _Spare:
        return cls(
            bounds=np.zeros(n_rows, dtype=np.float32),
            maxima=np.zeros(n_rows // _STEP + 2, dtype=np.float32),
            exact=np.zeros(n_rows),
            pairs=np.zeros(n_rows, dtype=np.int64),
        )


class TandemIndex:
    """A library of MS/MS spectra, ready to be searched. Build it with `build`."""

    def __init__(self, table: TandemTable) -> None:
        self._table = table

    @classmethod
    def build(
        cls,
        spectra: Sequence[TandemPeaks],
        precursors: Sequence[float | None] | None = None,
        *,
        tolerance: Tolerance = DEFAULT_TOLERANCE,
        noise: float = 0.01,
        precursor_da: float | None = 1.6,
    ) -> TandemIndex:
        """Return the index of spectra.

        Parameters
        ----------
        spectra : sequence of MassSpectrum or of (mz, intensity)
            A row may be empty, or become so: it scores 0.
        precursors : sequence of float or None, optional
            In m/z; by default what each `MassSpectrum` states.
        tolerance, noise, precursor_da
            As in `Cleaning`; the tolerance is also that of every search.

        Raises
        ------
        SpectrumError
            A spectrum holds what is not a number; the message says which.
        """
        cleaning = Cleaning(tolerance=tolerance, noise=noise, precursor_da=precursor_da)
        return cls(table_of_spectra(spectra, precursors, cleaning))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the named arrays that hold the whole index, for storage."""
        return self._table.arrays()

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> TandemIndex:
        """Return the index from `arrays`; memory-mapped arrays are used in place.

        Raises
        ------
        SpectrumError
            The arrays are not those of an index, or do not fit each other.
        """
        return cls(TandemTable.from_arrays(arrays))

    @property
    def n_rows(self) -> int:
        """Number of library spectra."""
        return self._table.n_rows

    def __len__(self) -> int:
        return self._table.n_rows

    def search(
        self,
        query: TandemPeaks,
        top: int = 10,
        score: str = "entropy",
        *,
        precursor_mz: float | None = None,
        within: Tolerance | None = None,
        check: Check = always,
    ) -> TandemHits:
        """Return the best rows for one query.

        Parameters
        ----------
        query : MassSpectrum or (mz, intensity)
        top : int
        score : {"entropy", "cosine"}
        precursor_mz : float, optional
            By default what the `MassSpectrum` states.
        within : Tolerance, optional
            Only rows whose precursor is that near to the query's compete.
        check : callable
            Asked before the search; False ends it.

        Raises
        ------
        SpectrumError
            The query has no peaks, ``top`` is below 1, the score is unknown, or a precursor window
            is asked for without a precursor.
        SearchCancelledError
            ``check`` said so.
        """
        kind = _kind(score)
        if top < 1:
            raise SpectrumError(f"the number of hits must be at least 1, found {top}")
        go_on(check)
        mz, intensity, own = peaks_and_precursor(query)
        precursor = own if precursor_mz is None else precursor_mz
        if precursor is not None and not 0 < precursor < np.inf:
            raise SpectrumError(f"a precursor of m/z {precursor} is not possible")
        x, share = cleaner(compiled=self._is_compiled())(
            mz, intensity, self._table.cleaning, precursor
        )
        if not x.size:
            raise SpectrumError(
                "no peak of the MS/MS spectrum is left below its precursor",
                hint="Choose a scan with fragments, or export the spectrum again.",
            )
        first, last = self._range(precursor, within)
        found = self._found(x, share, top, kind, first, last)
        ours = np.nan if precursor is None else precursor
        return TandemHits(
            rows=self._table.order[found.rows],
            scores=found.scores,
            precursor_shifts=ours - self._table.precursors[found.rows],
            matched=found.matched,
        )

    def search_many(
        self,
        queries: Sequence[TandemPeaks],
        top: int = 10,
        score: str = "entropy",
        *,
        within: Tolerance | None = None,
        check: Check = always,
    ) -> list[TandemHits]:
        """Return the best rows for each of many queries, as `search` would."""

        def those(part: Sequence[TandemPeaks]) -> list[TandemHits]:
            return [self.search(query, top, score, within=within, check=check) for query in part]

        if len(queries) < 2 * WORKERS or not self._is_compiled():
            return those(queries)
        size = -(-len(queries) // WORKERS)
        parts = [queries[at : at + size] for at in range(0, len(queries), size)]
        with ThreadPoolExecutor(WORKERS) as pool:
            return [hits for found in pool.map(those, parts) for hits in found]

    def scores(self, query: TandemPeaks, score: str = "entropy") -> FloatArray:
        """Return the score of every row in the caller's order, shape (n_rows,)."""
        hits = self.search(query, max(self._table.n_rows, 1), score)
        out = np.zeros(self._table.n_rows)
        out[hits.rows] = hits.scores
        return out

    @cached_property
    def hybrid(self) -> TandemHybrid:
        """The same rows, compared with moved fragments too; losses are sorted when first asked."""
        return TandemHybrid(self._table)

    @cached_property
    def _spare(self) -> list[_Spare]:
        """Room for the sums of searches that are over; fresh memory costs more than a search."""
        return []

    def _is_compiled(self) -> bool:
        return self._table.mz_low.size >= _COMPILED_FROM and tandem_kernels() is not None

    def _range(self, precursor: float | None, within: Tolerance | None) -> tuple[int, int]:
        """Return the stored rows that compete."""
        if within is None:
            return 0, self._table.n_rows
        if precursor is None:
            raise SpectrumError(
                "the precursor of the query is not known", hint="Give it, or search without window."
            )
        reach = float(within.at(np.array([precursor]))[0])
        low = int(np.searchsorted(self._table.precursors, precursor - reach, side="left"))
        return low, int(np.searchsorted(self._table.precursors, precursor + reach, side="right"))

    def _found(
        self, x: FloatArray, share: FloatArray, top: int, kind: TandemScore, first: int, last: int
    ) -> Found:
        is_entropy = kind is TandemScore.ENTROPY
        units = self._table.units if is_entropy else self._table.cosine_units
        top = min(top, last - first)
        if top < 1:
            nothing = np.zeros(0, dtype=np.int64)
            return Found(nothing, np.zeros(0), nothing, nothing)
        kernels = tandem_kernels() if self._is_compiled() else None
        if kernels is None:
            return self._plain(x, share, units, top, is_entropy, first, last)
        try:
            spare = self._spare.pop()
        except IndexError:
            spare = _Spare.of(self._table.n_rows)
        scores, best = np.zeros(top), np.zeros(top, dtype=np.int64)
        matched = np.zeros(top, dtype=np.int64)
        table, tolerance = self._table, self._table.cleaning.tolerance
        held = kernels.search_one(
            kernels.ENTROPY if is_entropy else kernels.COSINE,
            x, share, tolerance.da, tolerance.ppm,
            table.bin_starts, table.mz_low, table.rows, units, first, last, table.order,
            spare.bounds, spare.maxima, spare.exact, spare.pairs, scores, best, matched,
        )  # fmt: skip
        self._spare.append(spare)
        chosen = ranked(self._table.order, best[:held], scores[:held], top)
        return Found(best[chosen], scores[chosen], np.zeros_like(chosen), matched[chosen])

    def _plain(
        self,
        x: FloatArray,
        share: FloatArray,
        units: Float32Array,
        top: int,
        is_entropy: bool,
        first: int,
        last: int,
    ) -> Found:
        exact = entropy_weighted(share) if is_entropy else np.sqrt(share)
        reach = self._table.cleaning.tolerance.at(x)
        lows = np.rint(np.maximum(x - reach, 0.0) * PER_DA).astype(np.uint32)
        highs = np.rint((x + reach) * PER_DA).astype(np.uint32)
        begins = np.searchsorted(self._table.mz, lows, side="left")
        ends = np.searchsorted(self._table.mz, highs, side="right")
        lengths = ends - begins
        at = np.arange(lengths.sum()) + np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
        ours, theirs = np.repeat(exact, lengths), units[at].astype(np.float64)
        gain = entropy_gain(ours, theirs**2 / 2.0) if is_entropy else ours * theirs
        rows = self._table.rows[at].astype(np.int64)
        scores = rounded(np.clip(np.bincount(rows, gain, self._table.n_rows), 0.0, 1.0))[first:last]
        counts = np.bincount(rows, minlength=self._table.n_rows)
        mark = np.partition(scores, scores.size - top)[scores.size - top]
        candidates = np.flatnonzero(scores >= mark) + first
        chosen = candidates[ranked(self._table.order, candidates, scores[candidates - first], top)]
        return Found(chosen, scores[chosen - first], np.zeros_like(chosen), counts[chosen])


def _kind(score: str) -> TandemScore:
    try:
        return TandemScore(score)
    except ValueError:
        raise SpectrumError(
            f"there is no MS/MS score {score!r}", hint=f"Use {', '.join(TandemScore)}."
        ) from None
