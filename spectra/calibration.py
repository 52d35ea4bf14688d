"""Acceptance thresholds learned from a library itself: what an absent substance would have scored.

Every library substance is searched as if it were missing. The contrast its best wrong hit reaches
gives, by split conformal prediction, a threshold with a stated false-accept rate. Serves curves and
mass spectra alike; knows scores and groups, not spectra.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spectra import likelihood
from spectra.axis import FloatArray, IntArray
from spectra.consensus import consensus, unit_row
from spectra.contrast import TIE_DELTA_Z, absent_contrasts, present_contrasts
from spectra.errors import SpectrumError
from spectra.likelihood import LikelihoodModel

if TYPE_CHECKING:
    from spectra.curve_index import CurveIndex
    from spectra.peak_index import PeakIndex
    from spectra.peak_table import Peaks

DEFAULT_ALPHA = 0.05
SHORTLIST = 34
"""Substances of a mass-spectral search that are ranked by all measures."""
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
    instrument_class : str
        Kind of instrument whose spectra it was learned from; empty for all of them together.
    likelihood : LikelihoodModel or None
        How much more often a contrast is reached when the substance is there; None where too few
        substances have a second spectrum to learn it from.
    """

    metric: str
    alpha: float
    threshold: float | None
    n: int
    pretreatment: str = ""
    tie_delta_z: float = TIE_DELTA_Z
    residual_limit: float | None = None
    gain_limit: float | None = None
    likelihood: LikelihoodModel | None = None
    instrument_class: str = ""

    @property
    def sufficient(self) -> bool:
        """Whether there were enough queries to promise ``alpha``."""
        return self.threshold is not None

    def to_facts(self) -> dict[str, object]:
        """Return plain values for storage."""
        facts = {name: getattr(self, name) for name in self.__slots__}
        return facts | {"likelihood": self.likelihood and self.likelihood.to_facts()}

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
                likelihood=_model(facts["likelihood"]),
                instrument_class=str(facts.get("instrument_class", "")),
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


def calibrate_curves(
    index: CurveIndex,
    groups: npt.ArrayLike,
    *,
    alpha: float = DEFAULT_ALPHA,
    families: npt.ArrayLike | None = None,
    most_queries: int = 2000,
    pretreatment: str = "",
    asked: IntArray | None = None,
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
    asked : ndarray of int, optional
        Only these rows are asked, for example those of one kind of instrument.
    """
    labels = np.asarray(groups)
    rows = query_rows(labels, most_queries, asked)
    block = max(1, _BLOCK_CELLS // max(len(index), 1))
    score_blocks = (
        (start, index.scores(np.stack([index.curve(int(row)) for row in rows[start:][:block]])))
        for start in range(0, rows.size, block)
    )
    absent, present = _contrasts_of(score_blocks, rows, labels, families)
    made = calibrate(
        absent, alpha, metric="first-derivative correlation", pretreatment=pretreatment
    )
    return replace(made, likelihood=likelihood.fit(present, absent))


def calibrate_peaks(
    index: PeakIndex,
    spectra: Sequence[Peaks],
    groups: npt.ArrayLike,
    *,
    alpha: float = DEFAULT_ALPHA,
    families: npt.ArrayLike | None = None,
    most_queries: int = 2000,
    pretreatment: str = "",
    shortlist: int = SHORTLIST,
    asked: IntArray | None = None,
) -> Calibration:
    """Return the threshold of a mass-spectral library from its own entries.

    Parameters
    ----------
    index : PeakIndex
    spectra : sequence, length n
        The spectra of the index, in its row order.
    groups, families, most_queries, asked
        As in `calibrate_curves`.
    shortlist : int
        Substances that the fast score hands on to be ranked by all measures, as in a search; the
        statistic of a query needs a dozen of them.
    """
    labels = np.asarray(groups)
    rows = query_rows(labels, most_queries, asked)
    kin = labels if families is None else np.asarray(families)
    absent, present = [np.zeros(0)], [np.zeros(0)]
    for start, scores in index.score_blocks([spectra[int(row)] for row in rows]):
        for row, line in zip(rows[start:], scores, strict=False):
            own = np.flatnonzero(labels == labels[row])
            near = _leading(np.where(kin == kin[row], -1.0, line), labels, shortlist)
            met = np.concatenate([near, own[own != row]])
            fit = consensus(unit_row(spectra[int(row)]), index.intensities(met))
            of = (fit.score[None, :], labels[met], labels[[row]])
            beside = {"row_families": kin[met]}
            absent.append(absent_contrasts(*of, **beside, query_families=kin[[row]]))
            present.append(present_contrasts(*of, **beside))
    made = calibrate(
        np.concatenate(absent), alpha, metric="consensus of four", pretreatment=pretreatment
    )
    return replace(made, likelihood=likelihood.fit(np.concatenate(present), np.concatenate(absent)))


def _leading(
    scores: npt.NDArray[np.floating], labels: npt.NDArray[np.generic], count: int
) -> IntArray:
    """Return the best row of each of the best ``count`` substances that can be compared."""
    most = min(scores.size, 8 * count)
    rows = np.argpartition(-scores, most - 1)[:most]
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    rows = rows[scores[rows] > -1.0]
    _, first = np.unique(labels[rows], return_index=True)
    leading: IntArray = rows[np.sort(first)[:count]]
    return leading


def _contrasts_of(
    score_blocks: Iterable[tuple[int, npt.NDArray[np.floating]]],
    rows: IntArray,
    labels: npt.NDArray[np.generic],
    families: npt.ArrayLike | None,
) -> tuple[FloatArray, FloatArray]:
    """Return the statistics of absent and of present substances over blocks of scores.

    ``score_blocks`` gives the first place in ``rows`` of each block, and its scores.
    """
    kin = labels if families is None else np.asarray(families)
    absent, present = [np.zeros(0)], [np.zeros(0)]
    for start, scores in score_blocks:
        asked = rows[start : start + scores.shape[0]]
        own = labels[asked]
        absent.append(
            absent_contrasts(scores, labels, own, row_families=kin, query_families=kin[asked])
        )
        present.append(present_contrasts(scores, labels, own, asked, row_families=kin))
    return np.concatenate(absent), np.concatenate(present)


def query_rows(
    groups: npt.NDArray[np.generic], most: int, asked: IntArray | None = None
) -> IntArray:
    """Return the first row of each substance, evenly thinned: replicates are not independent.

    Parameters
    ----------
    asked : ndarray of int, optional
        Rows to choose from; all by default.
    """
    among = np.arange(groups.size) if asked is None else np.sort(asked)
    _, first = np.unique(groups[among], return_index=True)
    rows = among[np.sort(first)].astype(np.int64)
    if rows.size > most:
        rows = rows[np.linspace(0, rows.size - 1, max(most, 1)).round().astype(np.int64)]
    return np.asarray(rows, dtype=np.int64)


def _check_alpha(alpha: float) -> None:
    if not 0.0 < alpha < 1.0:
        raise SpectrumError(f"alpha {alpha} is not between 0 and 1")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SpectrumError(f"calibration holds {value!r} where a number belongs")
    return float(value)


def _model(value: object) -> LikelihoodModel | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise SpectrumError(f"calibration holds {value!r} where a likelihood model belongs")
    return LikelihoodModel.from_facts(value)


def _optional(value: object) -> float | None:
    return None if value is None else _number(value)
