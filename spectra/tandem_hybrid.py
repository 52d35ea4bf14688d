"""MS/MS spectra compared with fragments in place or moved by the difference of the precursors.

What two molecules have in common stands at the same m/z, or at the same distance below the
precursor where the change sits in the charged part. Rows in, scores out; knows no substances.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import SpectrumError
from spectra.mass_scores import entropy_gain, entropy_weighted
from spectra.peak_found import rounded
from spectra.peak_tandem_clean import TandemPeaks, clean, peaks_and_precursor
from spectra.peak_tandem_table import PER_DA, TandemTable

# The loss of a row whose precursor is not known: it meets nothing.
_NO_LOSS = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Partners:
    """Fragments of a query that one row has too, tallest first.

    Parameters
    ----------
    in_place, moved : ndarray of float
        m/z in the query: at the same m/z, and at the same distance below the precursor.
    """

    in_place: FloatArray
    moved: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pairs:
    """Peaks of the query, peaks of the table and their rows that meet, and what each pair adds."""

    ours: IntArray
    theirs: IntArray
    rows: IntArray
    moved: npt.NDArray[np.bool_]


class TandemHybrid:
    """The losses of an MS/MS library beside its fragments, for `scores` and `partners`.

    References
    ----------
    Li et al., Nature Methods 20 (2023) 1475, doi:10.1038/s41592-023-02012-9 (hybrid search).
    """

    def __init__(self, table: TandemTable) -> None:
        self._table = table

    def scores(self, query: TandemPeaks, precursor_mz: float) -> FloatArray:
        """Return the hybrid entropy similarity of a query with every row, shape (n_rows,).

        A fragment that has a partner in place keeps it; what is left on both sides may meet by its
        loss. Where two precursors are equal it is the plain similarity.

        Parameters
        ----------
        query : MassSpectrum or (mz, intensity)
        precursor_mz : float
            Of the query, in m/z.

        Returns
        -------
        ndarray of float, shape (n_rows,)
            0 to 1, in the order the index was built from.

        Raises
        ------
        SpectrumError
            The query holds what is not a number, or a precursor that cannot be.
        """
        return self._in_order(*self._cleaned(query, precursor_mz), precursor_mz)

    def scores_of_row(self, row: int) -> FloatArray:
        """Return the same for one of the library's own rows; all 0 where it has no precursor."""
        place = int(self._places[row])
        precursor = float(self._table.precursors[place])
        peaks = self._by_row[self._row_starts[place] : self._row_starts[place + 1]]
        if not np.isfinite(precursor) or not peaks.size:
            return np.zeros(self._table.n_rows)
        x = self._table.mz[peaks] / PER_DA
        share = self._table.cosine_units[peaks].astype(np.float64) ** 2
        return self._in_order(x, share, precursor)

    def partners(self, query: TandemPeaks, precursor_mz: float, row: int) -> Partners:
        """Return which fragments of a query one row has, and which it has moved."""
        x, share = self._cleaned(query, precursor_mz)
        pairs = self._pairs(x, precursor_mz)
        own = pairs.rows == self._places[row]
        ours, moved = pairs.ours[own], pairs.moved[own]
        order = np.argsort(-share[ours], kind="stable")
        ours, moved = ours[order], moved[order]
        return Partners(in_place=x[ours[~moved]], moved=x[ours[moved]])

    def _cleaned(self, query: TandemPeaks, precursor_mz: float) -> tuple[FloatArray, FloatArray]:
        if not 0 < precursor_mz < np.inf:
            raise SpectrumError(f"a precursor of m/z {precursor_mz} is not possible")
        mz, intensity, _ = peaks_and_precursor(query)
        return clean(mz, intensity, self._table.cleaning, precursor_mz)

    def _in_order(self, x: FloatArray, share: FloatArray, precursor_mz: float) -> FloatArray:
        pairs = self._pairs(x, precursor_mz)
        theirs = self._table.units[pairs.theirs].astype(np.float64) ** 2 / 2.0
        gain = entropy_gain(entropy_weighted(share)[pairs.ours], theirs)
        summed = np.bincount(pairs.rows, gain, self._table.n_rows)
        out = np.empty(self._table.n_rows)
        out[self._table.order] = rounded(np.clip(summed, 0.0, 1.0))
        return out

    def _pairs(self, x: FloatArray, precursor_mz: float) -> _Pairs:
        """Return the pairs. Within the tolerance a peak meets at most one of a row.

        That is so because cleaned peaks stand two and a half tolerances apart.
        """
        table = self._table
        reach = table.cleaning.tolerance.at(x)
        ours, theirs = _windows(
            table.mz,
            np.rint(np.maximum(x - reach, 0.0) * PER_DA).astype(np.uint32),
            np.rint((x + reach) * PER_DA).astype(np.uint32),
        )
        rows = table.rows[theirs].astype(np.int64)
        met = np.zeros((table.n_rows, x.size), dtype=np.bool_)
        met[rows, ours] = True
        taken = np.zeros(table.mz_low.size, dtype=np.bool_)
        taken[theirs] = True
        loss = precursor_mz - x
        lost, places = _windows(
            self._losses[0],
            np.rint((loss - reach) * PER_DA).astype(np.int64),
            np.rint((loss + reach) * PER_DA).astype(np.int64),
        )
        moved = self._losses[1][places]
        moved_rows = table.rows[moved].astype(np.int64)
        free = ~taken[moved] & ~met[moved_rows, lost]
        return _Pairs(
            ours=np.concatenate([ours, lost[free]]),
            theirs=np.concatenate([theirs, moved[free]]),
            rows=np.concatenate([rows, moved_rows[free]]),
            moved=np.repeat([False, True], [ours.size, int(free.sum())]),
        )

    @cached_property
    def _losses(self) -> tuple[npt.NDArray[np.int64], IntArray]:
        """Losses in millionths of a Da, ascending, and the peak of the table that each is of."""
        table = self._table
        precursors = table.precursors[table.rows]
        known = np.isfinite(precursors)
        whole = np.rint(np.where(known, precursors, 0.0) * PER_DA).astype(np.int64)
        loss = np.where(known, whole - table.mz.astype(np.int64), _NO_LOSS)
        peaks = np.argsort(loss, kind="stable").astype(np.int64)
        return loss[peaks], peaks

    @cached_property
    def _places(self) -> IntArray:
        """The stored row of each row in the caller's order."""
        places = np.empty(self._table.n_rows, dtype=np.int64)
        places[self._table.order] = np.arange(self._table.n_rows)
        return places

    @cached_property
    def _by_row(self) -> IntArray:
        """The peaks of the table by stored row, each row's by rising m/z."""
        return np.argsort(self._table.rows, kind="stable").astype(np.int64)

    @cached_property
    def _row_starts(self) -> IntArray:
        counts = np.bincount(self._table.rows, minlength=self._table.n_rows)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _windows(
    values: npt.NDArray[np.integer],
    lows: npt.NDArray[np.integer],
    highs: npt.NDArray[np.integer],
) -> tuple[IntArray, IntArray]:
    """Return which window and which place of ascending values meet, both ends inside."""
    begins = np.searchsorted(values, lows, side="left")
    ends = np.searchsorted(values, highs, side="right")
    lengths = ends - begins
    which = np.repeat(np.arange(lows.size), lengths)
    first = np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
    return which.astype(np.int64), (np.arange(int(lengths.sum())) + first).astype(np.int64)
