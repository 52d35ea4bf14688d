"""MS/MS spectra ranked by substance: those of the query's precursor, and the rest beside them.

What a spectrum may be named by has its precursor and its polarity; spectra of other precursors
only tell how ordinary its fragments are. The same ranking is calibrated and searched with. Knows
rows and groups, no names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spectra import likelihood
from spectra.axis import FloatArray, IntArray
from spectra.calibration import DEFAULT_ALPHA, Calibration, calibrate, query_rows
from spectra.contrast import TIE_DELTA_Z, fisher_z, statistic
from spectra.errors import SpectrumError
from spectra.peak_tandem import DEFAULT_TOLERANCE, TandemHits, TandemIndex
from spectra.peak_tandem_clean import (
    Cleaning,
    TandemPeaks,
    Tolerance,
    clean,
    peaks_and_precursor,
)

WINDOW_DA = 0.02
"""Precursors this near are one, as stated by instruments that measure accurate masses."""

ROUNDED_DA = 0.55
"""The same where either is stated to a tenth of a Da at best: an instrument of unit resolution."""

LEAST_CONTRAST = 0.5
"""No threshold lies below it, about half a fit: where a library's absent substances hardly resemble
anything, what they reach is no measure of an identity."""

FEWEST_FRAGMENTS = 3
"""Fewer tell hardly anything apart: water and ammonia are lost by half of all molecules."""

_OTHERS = 256
_OTHER_SUBSTANCES = 24
WIDEST = Tolerance(da=ROUNDED_DA)
_CLEANING = Cleaning(tolerance=DEFAULT_TOLERANCE, noise=0.01, precursor_da=1.6)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TandemRows:
    """What each row of an MS/MS index is, shape (n_rows,) each.

    Parameters
    ----------
    groups, families : ndarray of int64
        Substance; substances that share a formula.
    precursors : ndarray of float64
        In m/z, NaN where unknown.
    polarities : ndarray of int8
        1, −1, or 0 where not stated.
    """

    groups: IntArray
    families: IntArray
    precursors: FloatArray
    polarities: npt.NDArray[np.int8]

    def agreeing(self, rows: IntArray, precursor: float, polarity: int) -> npt.NDArray[np.bool_]:
        """Return which rows have the precursor of a query, within what either states."""
        theirs = self.precursors[rows]
        reach = np.where(_is_rounded(theirs), ROUNDED_DA, WINDOW_DA)
        if bool(_is_rounded(np.array([precursor]))[0]):
            reach = np.full(rows.size, ROUNDED_DA)
        near = np.abs(theirs - precursor) <= reach
        return np.asarray(near & self.comparable(rows, polarity), dtype=np.bool_)

    def comparable(self, rows: IntArray, polarity: int) -> npt.NDArray[np.bool_]:
        """Return which rows may be compared: of the same polarity, where both state one."""
        theirs = self.polarities[rows].astype(np.int64)
        return np.asarray(theirs * polarity >= 0, dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """The best row of each substance, best first, shape (n,) each.

    Parameters
    ----------
    rows : ndarray of int64
    scores : ndarray of float64
        Entropy similarity, 0 to 1.
    matched : ndarray of int64
    shifts : ndarray of float64
        Precursor of the query less that of the row, in m/z.
    counts : ndarray of int64
        Rows of the substance among those looked at.
    """

    rows: IntArray
    scores: FloatArray
    matched: IntArray
    shifts: FloatArray
    counts: IntArray


def rank(
    index: TandemIndex,
    facts: TandemRows,
    query: TandemPeaks,
    precursor: float,
    polarity: int,
    *,
    without: npt.NDArray[np.bool_] | None = None,
) -> tuple[Ranking, Ranking]:
    """Return the substances of a query's precursor, and the best of all others.

    Parameters
    ----------
    index : TandemIndex
    facts : TandemRows
    query : MassSpectrum or (mz, intensity)
    precursor : float
        In m/z.
    polarity : int
        As in `TandemRows`.
    without : ndarray of bool, shape (n_rows,), optional
        Rows that are left out.

    Raises
    ------
    SpectrumError
        No peak of the query is left below its precursor.
    """
    n = max(len(index), 1)
    near = index.search(query, n, precursor_mz=precursor, within=WIDEST)
    kept = facts.agreeing(near.rows, precursor, polarity)
    wide = index.search(query, min(_OTHERS, n), precursor_mz=precursor)
    rest = facts.comparable(wide.rows, polarity)
    rest &= ~facts.agreeing(wide.rows, precursor, polarity)
    if without is not None:
        kept &= ~without[near.rows]
        rest &= ~without[wide.rows]
    return _collapsed(near, kept, facts), _collapsed(wide, rest, facts, _OTHER_SUBSTANCES)


def fragments(query: TandemPeaks, precursor: float) -> int:
    """Return how many peaks of an MS/MS spectrum take part in a comparison.

    Raises
    ------
    SpectrumError
        It holds what is not a number, or is a profile.
    """
    mz, intensity, _ = peaks_and_precursor(query)
    return int(clean(mz, intensity, _CLEANING, precursor)[0].size)


def calibrate_tandem(
    index: TandemIndex,
    spectra: Sequence[TandemPeaks],
    facts: TandemRows,
    *,
    alpha: float = DEFAULT_ALPHA,
    most_queries: int = 2000,
    pretreatment: str = "",
    asked: IntArray | None = None,
) -> Calibration:
    """Return the threshold of an MS/MS library from its own entries.

    Each substance is asked for as if nothing of its formula were there. Only those queries teach
    something for which a spectrum of their precursor is left: without one nothing can be named.

    Parameters
    ----------
    spectra : sequence, length n
        In the row order of the index.
    most_queries : int
        One row for each substance; a larger library is sampled evenly.
    asked : ndarray of int, optional
        Only these rows are asked.
    """
    absent, present = [], []
    for row in query_rows(facts.groups, most_queries, asked).tolist():
        if not np.isfinite(facts.precursors[row]):
            continue
        family = facts.families == facts.families[row]
        own = np.zeros_like(family)
        own[row] = True
        absent.append(_asked(index, spectra[row], facts, row, family, None))
        present.append(_asked(index, spectra[row], facts, row, own, int(facts.groups[row])))
    made = calibrate(
        absent, alpha, metric="spectral entropy at one precursor", pretreatment=pretreatment
    )
    limit = None if made.threshold is None else max(made.threshold, LEAST_CONTRAST)
    return replace(made, threshold=limit, likelihood=likelihood.fit(present, absent))


def _asked(
    index: TandemIndex,
    query: TandemPeaks,
    facts: TandemRows,
    row: int,
    without: npt.NDArray[np.bool_],
    group: int | None,
) -> float:
    """Return the statistic of the best substance, or of one; −inf where it is not there."""
    precursor, polarity = float(facts.precursors[row]), int(facts.polarities[row])
    try:
        found, others = rank(index, facts, query, precursor, polarity, without=without)
    except SpectrumError:
        return float("-inf")
    groups = facts.groups[found.rows]
    place = np.flatnonzero(groups == group) if group is not None else np.arange(groups.size)
    if not place.size:
        return float("-inf")
    first = int(place[0])
    z = fisher_z(found.scores)
    family = facts.families[found.rows[first]]
    beside = (np.abs(z - z[first]) <= TIE_DELTA_Z) | (facts.families[found.rows] == family)
    foreign = others.scores[facts.families[others.rows] != family]
    rivals = np.concatenate([found.scores[~beside], foreign])
    return statistic(float(found.scores[first]), rivals)


def _collapsed(
    hits: TandemHits, kept: npt.NDArray[np.bool_], facts: TandemRows, most: int | None = None
) -> Ranking:
    places = np.flatnonzero(kept)
    groups = facts.groups[hits.rows[places]]
    _, first, counts = np.unique(groups, return_index=True, return_counts=True)
    order = np.argsort(first, kind="stable")[:most]
    at = places[first[order]]
    return Ranking(
        rows=hits.rows[at],
        scores=hits.scores[at],
        matched=hits.matched[at],
        shifts=hits.precursor_shifts[at],
        counts=counts[order].astype(np.int64),
    )


def _is_rounded(mz: FloatArray) -> npt.NDArray[np.bool_]:
    tenths = mz * 10.0
    return np.asarray(np.abs(tenths - np.rint(tenths)) < 1e-6, dtype=np.bool_)
