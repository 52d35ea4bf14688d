"""Acceptance thresholds learned from a library itself: what an absent substance would have scored.

Every library substance is searched as if it were missing. The contrast its best wrong hit reaches
gives, by split conformal prediction, a threshold with a stated false-accept rate. Serves curves and
mass spectra alike; knows scores and groups, not spectra.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import SpectrumError

if TYPE_CHECKING:
    from spectra.curve_index import CurveIndex
    from spectra.peak_index import PeakIndex
    from spectra.peak_table import Peaks

DEFAULT_ALPHA = 0.05
# The statistic weighs the score itself and its distance to the next ten substances. On infrared
# queries of other specimens it identifies 56 % at 5 % false accepts, the score alone 47 %.
SCORE_WEIGHT = 0.3
CONTRAST_SUBSTANCES = 10
# Scores this close on the Fisher scale (0.990 and 0.991 differ by 0.05) are not told apart by a
# repeat of the same measurement.
TIE_DELTA_Z = 0.05
_LARGEST_SCORE = 1.0 - 1e-6
_BLOCK_CELLS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A threshold on the contrast statistic, valid for one library version and pretreatment.

    Parameters
    ----------
    metric : str
        Which score, for example ``first-derivative correlation``.
    alpha : float
        Accepted share of absent substances that are called a match.
    threshold : float or None
        A match needs a statistic above it; None when ``n`` is too small for ``alpha``.
    n : int
        Leave-substance-out queries behind it.
    pretreatment : str
        Name and version of what prepared the spectra.
    tie_delta_z : float
        Substances within this Fisher-scale distance of the first are one tie.
    residual_limit, gain_limit : float or None
        Largest unexplained share of a known substance, and gain by a further component that a
        pure one stays below; None where no replicate specimens were there to learn them.
    """

    metric: str
    alpha: float
    threshold: float | None
    n: int
    pretreatment: str = ""
    tie_delta_z: float = TIE_DELTA_Z
    residual_limit: float | None = None
    gain_limit: float | None = None

    @property
    def sufficient(self) -> bool:
        """Whether there were enough queries to promise ``alpha``."""
        return self.threshold is not None

    def to_facts(self) -> dict[str, object]:
        """Return plain values for storage."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_facts(cls, facts: Mapping[str, object]) -> Calibration:
        """Return the calibration that `to_facts` described.

        Raises
        ------
        SpectrumError
            A value is missing or not of its kind.
        """
        try:
            return cls(
                metric=str(facts["metric"]),
                alpha=_number(facts["alpha"]),
                threshold=_optional(facts["threshold"]),
                n=int(_number(facts["n"])),
                pretreatment=str(facts["pretreatment"]),
                tie_delta_z=_number(facts["tie_delta_z"]),
                residual_limit=_optional(facts["residual_limit"]),
                gain_limit=_optional(facts["gain_limit"]),
            )
        except KeyError as missing:
            raise SpectrumError(f"calibration without {missing}") from missing


def needed_queries(alpha: float) -> int:
    """Return the fewest leave-substance-out queries that can promise ``alpha``: 1/α − 1."""
    _check_alpha(alpha)
    return math.ceil(1.0 / alpha - 1.0 - 1e-9)


def calibrate(
    absent: npt.ArrayLike,
    alpha: float = DEFAULT_ALPHA,
    *,
    metric: str = "",
    pretreatment: str = "",
    tie_delta_z: float = TIE_DELTA_Z,
) -> Calibration:
    """Return the split-conformal threshold of statistics of absent substances.

    Parameters
    ----------
    absent : array of float, shape (n,)
        From `absent_contrasts`. −inf marks a query with nothing to compare it with; such a one
        teaches nothing and is not counted.
    alpha : float
        Accepted false-accept rate, between 0 and 1.

    Returns
    -------
    Calibration
        Its threshold is the ⌈(n+1)(1−α)⌉-th smallest value; None when n < 1/α − 1.

    Raises
    ------
    SpectrumError
        ``alpha`` is out of range or a statistic is not a number.

    References
    ----------
    Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005; Lei et al., JASA 113
    (2018) 1094, §2.2.
    """
    _check_alpha(alpha)
    values = np.sort(np.asarray(absent, dtype=np.float64).ravel())
    if np.isnan(values).any():
        raise SpectrumError("a calibration statistic is not a number")
    values = values[np.isfinite(values)]
    place = math.ceil((values.size + 1) * (1.0 - alpha) - 1e-9)
    threshold = float(values[place - 1]) if 1 <= place <= values.size else None
    return Calibration(
        metric=metric,
        alpha=alpha,
        threshold=threshold,
        n=int(values.size),
        pretreatment=pretreatment,
        tie_delta_z=tie_delta_z,
    )


def fisher_z(scores: npt.ArrayLike) -> FloatArray:
    """Return atanh of scores, which makes differences comparable at any height; ±1 stay finite."""
    bounded = np.clip(np.asarray(scores, dtype=np.float64), -_LARGEST_SCORE, _LARGEST_SCORE)
    return np.arctanh(bounded)


def statistic(score: float, others: npt.ArrayLike) -> float:
    """Return D = 0.3·atanh s₁ + 0.7·(atanh s₁ − mean atanh s₂…s₁₁).

    Parameters
    ----------
    score : float
        Of the substance in question, −1 to 1.
    others : array of float
        Scores of substances that are not its isomers or ties, any order; the best ten count. With
        none, the score is contrasted with 0.
    """
    z = float(fisher_z(score))
    rest = np.sort(fisher_z(others).ravel())[::-1][:CONTRAST_SUBSTANCES]
    mean = float(rest.mean()) if rest.size else 0.0
    return SCORE_WEIGHT * z + (1.0 - SCORE_WEIGHT) * (z - mean)


def absent_contrasts(
    score_matrix: npt.NDArray[np.floating],
    row_groups: npt.ArrayLike,
    query_groups: npt.ArrayLike,
    *,
    row_families: npt.ArrayLike | None = None,
    query_families: npt.ArrayLike | None = None,
    tie_delta_z: float = TIE_DELTA_Z,
) -> FloatArray:
    """Return the statistic each query would reach if its own substance were not in the library.

    Parameters
    ----------
    score_matrix : ndarray of float, shape (n_queries, n_rows)
        −1 where the two cannot be compared.
    row_groups : array, shape (n_rows,)
        Substance of each library row, numbers or text.
    query_groups : array, shape (n_queries,)
        Substance of each query.
    row_families, query_families : array, same shapes, optional
        Isomers the technique cannot exclude share a family. A decision names the family, so the
        whole family of the query is left out, and the family of the best hit does not count
        against it. By default each substance is a family of its own.
    tie_delta_z : float
        As in `Calibration`.

    Returns
    -------
    ndarray of float, shape (n_queries,)
        −inf where nothing is left to compare with.

    Raises
    ------
    SpectrumError
        The shapes do not belong together.
    """
    scores = np.asarray(score_matrix)
    rows, queries = np.asarray(row_groups), np.asarray(query_groups)
    families = rows if row_families is None else np.asarray(row_families)
    own = queries if query_families is None else np.asarray(query_families)
    if scores.shape != (queries.size, rows.size) or families.shape != rows.shape:
        raise SpectrumError(
            f"scores of shape {scores.shape} for {queries.size} queries and {rows.size} rows"
        )
    if not scores.size:
        return np.full(queries.size, -np.inf)
    order = np.argsort(rows, kind="stable")
    first = np.flatnonzero(np.concatenate(([True], rows[order][1:] != rows[order][:-1])))
    best = np.maximum.reduceat(scores[:, order].astype(np.float64), first, axis=1)
    family = families[order][first]
    # −1 marks what could not be compared at all, not a score.
    gone = (family[None, :] == own[:, None]) | (best <= -1.0)
    z = np.where(gone, -np.inf, fisher_z(best))
    return _contrasts(z, family, tie_delta_z)


def _contrasts(z: FloatArray, family: npt.NDArray[np.generic], tie_delta_z: float) -> FloatArray:
    """Return the statistic of the best column of each row, −inf marking absent columns."""
    top = z.argmax(axis=1)
    first = np.take_along_axis(z, top[:, None], axis=1)[:, 0]
    beside = (family[None, :] == family[top][:, None]) | (z >= (first - tie_delta_z)[:, None])
    rest = np.where(beside, -np.inf, z)
    if rest.shape[1] > CONTRAST_SUBSTANCES:
        rest = np.partition(rest, -CONTRAST_SUBSTANCES, axis=1)[:, -CONTRAST_SUBSTANCES:]
    there = np.isfinite(rest)
    mean = np.where(there, rest, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    present = np.isfinite(first)
    value = SCORE_WEIGHT * first + (1.0 - SCORE_WEIGHT) * (np.where(present, first, 0.0) - mean)
    return np.where(present, value, -np.inf)


def calibrate_curves(
    index: CurveIndex,
    groups: npt.ArrayLike,
    *,
    alpha: float = DEFAULT_ALPHA,
    families: npt.ArrayLike | None = None,
    most_queries: int = 2000,
    pretreatment: str = "",
) -> Calibration:
    """Return the threshold of a curve library from its own entries.

    Parameters
    ----------
    index : CurveIndex
    groups : array, shape (n,)
        Substance of each row.
    families : array, shape (n,), optional
        As ``row_families`` of `absent_contrasts`.
    most_queries : int
        One row per substance is asked; a larger library is sampled evenly.
    """
    labels = np.asarray(groups)
    rows = _query_rows(labels, most_queries)
    kin = labels if families is None else np.asarray(families)
    block = max(1, _BLOCK_CELLS // max(len(index), 1))
    parts = [
        absent_contrasts(
            index.scores(np.stack([index.curve(int(row)) for row in asked])),
            labels,
            labels[asked],
            row_families=kin,
            query_families=kin[asked],
        )
        for asked in (rows[start : start + block] for start in range(0, rows.size, block))
    ]
    return calibrate(
        np.concatenate(parts) if parts else [],
        alpha,
        metric="first-derivative correlation",
        pretreatment=pretreatment,
    )


def calibrate_peaks(
    index: PeakIndex,
    spectra: Sequence[Peaks],
    groups: npt.ArrayLike,
    *,
    score: str = "cosine",
    alpha: float = DEFAULT_ALPHA,
    families: npt.ArrayLike | None = None,
    most_queries: int = 2000,
    pretreatment: str = "",
) -> Calibration:
    """Return the threshold of a mass-spectral library from its own entries.

    Parameters
    ----------
    index : PeakIndex
    spectra : sequence, length n
        The spectra of the index, in its row order.
    groups, families, most_queries
        As in `calibrate_curves`.
    score : str
        One of the index's scores, each 0 to 1.
    """
    labels = np.asarray(groups)
    rows = _query_rows(labels, most_queries)
    kin = labels if families is None else np.asarray(families)
    parts = []
    for start, scores in index.score_blocks([spectra[int(row)] for row in rows], score):
        asked = rows[start : start + scores.shape[0]]
        parts.append(
            absent_contrasts(
                scores, labels, labels[asked], row_families=kin, query_families=kin[asked]
            )
        )
    return calibrate(
        np.concatenate(parts) if parts else [], alpha, metric=score, pretreatment=pretreatment
    )


def _query_rows(groups: npt.NDArray[np.generic], most: int) -> IntArray:
    """Return the first row of each substance, evenly thinned: replicates are not independent."""
    _, first = np.unique(groups, return_index=True)
    rows = np.sort(first).astype(np.int64)
    if rows.size > most:
        rows = rows[np.linspace(0, rows.size - 1, max(most, 1)).round().astype(np.int64)]
    return rows


def _check_alpha(alpha: float) -> None:
    if not 0.0 < alpha < 1.0:
        raise SpectrumError(f"alpha {alpha} is not between 0 and 1")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SpectrumError(f"calibration holds {value!r} where a number belongs")
    return float(value)


def _optional(value: object) -> float | None:
    return None if value is None else _number(value)
