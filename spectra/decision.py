"""What a search supports: a calibrated, open-set decision over substances, never over rows.

Serves curves and mass spectra alike. A threshold comes only from a `Calibration`; without a
sufficient one nothing is ever called a match.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.calibration import (
    DEFAULT_ALPHA,
    Calibration,
    calibrate,
    calibrate_curves,
    calibrate_peaks,
    needed_queries,
)
from spectra.contrast import absent_contrasts, fisher_z, present_contrasts, statistic
from spectra.errors import SpectrumError
from spectra.quality import Quality


class DecisionState(StrEnum):
    """What may be said."""

    MATCH = "match"
    MATCH_GROUP = "match_group"
    MIXTURE = "mixture"
    ANALOGUE_CANDIDATE = "analogue_candidate"
    CLASS_ONLY = "class_only"
    UNEXPLAINED = "unexplained"
    NO_MATCH = "no_match"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SubstanceHits:
    """Substances, best first, each with the best score of its rows.

    Parameters
    ----------
    substances : tuple of str
        Each once. Ask the index for enough rows that a dozen substances beside the isomers of the
        first are among them: fewer make the decision stricter, not looser.
    scores : ndarray of float, shape (n,)
        −1 to 1, descending.
    second_scores : ndarray of float, shape (n,), or None
        An independent metric of the same substances, NaN where undefined.
    """

    substances: tuple[str, ...]
    scores: FloatArray
    second_scores: FloatArray | None = None

    def __post_init__(self) -> None:
        scores = np.asarray(self.scores, dtype=np.float64)
        object.__setattr__(self, "scores", scores)
        if scores.shape != (len(self.substances),):
            raise SpectrumError(
                f"{len(self.substances)} substances and scores of shape {scores.shape}"
            )
        if len(set(self.substances)) != len(self.substances):
            raise SpectrumError("a substance is listed twice: collapse replicates first")
        if np.isnan(scores).any() or (np.diff(scores) > 0).any():
            raise SpectrumError("substance scores must be numbers, best first")
        if self.second_scores is not None and self.second_scores.shape != scores.shape:
            raise SpectrumError("second scores do not fit the substances")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFit:
    """How well one and several library substances together explain a query.

    Parameters
    ----------
    substances : tuple of str
        The best set, largest share first.
    shares : tuple of float
        Of the explained signal, summing to 1.
    residual : float
        Unexplained share of the query, 0 to 1, with the best set.
    gain : float
        Share of what one substance leaves that the further ones explain, 0 to 1.
    agreed : bool
        A second, differently treated fit names the same set.
    """

    substances: tuple[str, ...]
    shares: tuple[float, ...]
    residual: float
    gain: float
    agreed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the evidence supports, with the numbers behind it.

    Parameters
    ----------
    state : DecisionState
    substances : tuple of str
        What is named; empty unless the state is a match, a group or a mixture.
    isomer_group : tuple of str
        Substances the technique cannot tell from the first, the first included; empty if none.
    alpha : float
        False-accept rate the threshold promises.
    n_calibration : int
        Leave-substance-out queries behind it; 0 without calibration.
    threshold, statistic : float or None
    instrument_class : str
        Kind of instrument that measured the query; empty where it was not asked.
    calibrated_on : str
        Kind of instrument whose spectra the threshold was learned from; empty for all together.
    likelihood_ratio : float or None
        How much more often such a contrast is reached when the first substance or its group is
        there; never above the number of comparisons. None where it was not learned.
    reasons : tuple of str
    """

    state: DecisionState
    substances: tuple[str, ...] = ()
    isomer_group: tuple[str, ...] = ()
    alpha: float = DEFAULT_ALPHA
    n_calibration: int = 0
    threshold: float | None = None
    statistic: float | None = None
    likelihood_ratio: float | None = None
    instrument_class: str = ""
    calibrated_on: str = ""
    reasons: tuple[str, ...] = field(default_factory=tuple)


def collapse(
    rows: npt.ArrayLike,
    scores: npt.ArrayLike,
    row_substances: Sequence[str],
    second_scores: npt.ArrayLike | None = None,
) -> SubstanceHits:
    """Return hits by substance: each substance takes its best row.

    Parameters
    ----------
    rows : array of int, shape (n_hits,)
        Library rows, any order.
    scores : array of float, shape (n_hits,)
    row_substances : sequence of str
        Substance of each library row, indexed by row.
    second_scores : array of float, shape (n_hits,), optional
    """
    number = np.asarray(rows, dtype=np.int64)
    value = np.asarray(scores, dtype=np.float64)
    order = np.lexsort((number, -value))
    best: dict[str, int] = {}
    for place in order:
        best.setdefault(row_substances[int(number[place])], int(place))
    places = np.fromiter(best.values(), dtype=np.int64, count=len(best))
    second = None if second_scores is None else np.asarray(second_scores, dtype=np.float64)[places]
    return SubstanceHits(substances=tuple(best), scores=value[places], second_scores=second)


def decide(
    hits: SubstanceHits,
    calibration: Calibration | None,
    *,
    isomers: Callable[[str], str] | None = None,
    quality: Quality | None = None,
    fit: ComponentFit | None = None,
    veto: Callable[[str], str] | None = None,
    beside: npt.ArrayLike = (),
) -> Decision:
    """Return what a hit list supports.

    Parameters
    ----------
    hits : SubstanceHits
        Replicates collapsed, see `collapse`.
    calibration : Calibration or None
        Of this library version, technique and pretreatment.
    isomers : callable, optional
        Maps a substance to the family of those the technique cannot exclude; a substance without
        such isomers maps to itself. Families must be those the calibration was made with.
    quality : Quality, optional
        A failed one ends the matter: *insufficient*, never *no match*.
    fit : ComponentFit, optional
        Enables the residual gate and *mixture*, where the calibration has limits for them.

    veto : callable, optional
        Tells of a substance why other evidence (its retention index) rules it out, or an empty
        text. What would be named and is ruled out is taken off the list, and the rest decided
        anew; nothing ever gains by it.
    beside : array of float
        Scores of substances that cannot be the answer (their precursor is another) and only tell
        how ordinary the first one's score is.

    Returns
    -------
    Decision

    Notes
    -----
    The statistic of a substance contrasts it with substances outside its isomer family and its
    tie; otherwise every salt pair would look like no match.
    """
    if veto is not None:
        return _with_veto(
            hits, calibration, veto, isomers=isomers, quality=quality, fit=fit, beside=beside
        )
    if quality is not None and not quality.ok:
        return _decision(DecisionState.INSUFFICIENT, calibration, quality.reasons)
    if not hits.substances:
        reason = "nothing in the library can be compared with this measurement"
        return _decision(DecisionState.INSUFFICIENT, calibration, (reason,))
    group, outside = _group(hits, calibration, isomers)
    rest = np.concatenate([hits.scores[outside], np.asarray(beside, dtype=np.float64)])
    value = statistic(float(hits.scores[0]), rest)
    if calibration is None or calibration.threshold is None:
        # "No match" would say that it is not in the library; that is just what cannot be told.
        reasons = (_uncalibrated(calibration),)
        return _decision(DecisionState.INSUFFICIENT, calibration, reasons, value)
    mixed = _component_verdict(fit, calibration, value)
    if mixed is not None:
        return mixed
    threshold = calibration.threshold
    if not value > threshold:
        reason = (
            f"contrast {value:.2f} does not exceed {threshold:.2f}, which "
            f"{calibration.alpha:.0%} of absent substances reach"
        )
        return _decision(DecisionState.NO_MATCH, calibration, (reason,), value)
    named = [at for at in group if statistic(float(hits.scores[at]), rest) > threshold]
    return _match(hits, named, calibration, value)


def _with_veto(
    hits: SubstanceHits,
    calibration: Calibration | None,
    veto: Callable[[str], str],
    *,
    isomers: Callable[[str], str] | None,
    quality: Quality | None,
    fit: ComponentFit | None,
    beside: npt.ArrayLike,
) -> Decision:
    """Decide, take away what is named and ruled out, and decide again on what is left."""
    ruled_out: list[str] = []
    while True:
        found = decide(hits, calibration, isomers=isomers, quality=quality, fit=fit, beside=beside)
        reasons = {name: veto(name) for name in found.substances}
        vetoed = [name for name, reason in reasons.items() if reason]
        if not vetoed:
            return replace(found, reasons=(*ruled_out, *found.reasons)) if ruled_out else found
        ruled_out += [f"{name} is ruled out: {reasons[name]}" for name in vetoed]
        kept = [at for at, name in enumerate(hits.substances) if name not in vetoed]
        if not kept or found.state is DecisionState.MIXTURE:
            # A fit to several substances says nothing of what is left of them.
            return _decision(DecisionState.NO_MATCH, calibration, tuple(ruled_out), found.statistic)
        second = hits.second_scores
        hits = SubstanceHits(
            substances=tuple(hits.substances[at] for at in kept),
            scores=hits.scores[kept],
            second_scores=None if second is None else second[kept],
        )


def _group(
    hits: SubstanceHits, calibration: Calibration | None, isomers: Callable[[str], str] | None
) -> tuple[list[int], npt.NDArray[np.int64]]:
    """Return the places of the first's isomers and ties, itself first, and of all others."""
    z = fisher_z(hits.scores)
    delta = 0.0 if calibration is None else calibration.tie_delta_z
    tied = z >= z[0] - delta
    if isomers is not None:
        family = isomers(hits.substances[0])
        tied |= np.array([isomers(name) == family for name in hits.substances])
    return [int(at) for at in np.flatnonzero(tied)], np.flatnonzero(~tied)


def _match(
    hits: SubstanceHits, named: list[int], calibration: Calibration, value: float
) -> Decision:
    names = tuple(hits.substances[at] for at in named)
    reasons = [
        f"contrast {value:.2f} exceeds {calibration.threshold:.2f}; "
        f"{calibration.alpha:.0%} of absent substances do"
    ]
    if len(names) > 1:
        reasons.append(f"not told apart: {', '.join(names)}")
    second = hits.second_scores
    if second is not None and np.isfinite(second).any():
        best = int(np.nanargmax(second))
        if best not in named:
            reasons.append(f"the second metric prefers {hits.substances[best]}")
    likelihood = calibration.likelihood
    if likelihood is not None:
        reasons.append(likelihood.words(value))
    state = DecisionState.MATCH_GROUP if len(names) > 1 else DecisionState.MATCH
    return Decision(
        state=state,
        substances=names,
        isomer_group=names if len(names) > 1 else (),
        alpha=calibration.alpha,
        n_calibration=calibration.n,
        threshold=calibration.threshold,
        statistic=value,
        likelihood_ratio=None if likelihood is None else likelihood.ratio(value),
        reasons=tuple(reasons),
    )


def _component_verdict(
    fit: ComponentFit | None, calibration: Calibration, value: float
) -> Decision | None:
    """Return *unexplained* or *mixture* where the calibrated gates say so, else None."""
    if fit is None or calibration.residual_limit is None:
        return None
    if fit.residual > calibration.residual_limit:
        reason = (
            f"{fit.residual:.0%} of the signal stays unexplained, known substances leave at most "
            f"{calibration.residual_limit:.0%}; shares features with {', '.join(fit.substances)}"
        )
        return _decision(DecisionState.UNEXPLAINED, calibration, (reason,), value)
    if calibration.gain_limit is None or len(fit.substances) < 2:
        return None
    if fit.gain <= calibration.gain_limit or not fit.agreed:
        return None
    shares = ", ".join(
        f"{name} {share:.0%}" for name, share in zip(fit.substances, fit.shares, strict=True)
    )
    return Decision(
        state=DecisionState.MIXTURE,
        substances=fit.substances,
        alpha=calibration.alpha,
        n_calibration=calibration.n,
        threshold=calibration.threshold,
        statistic=value,
        reasons=(f"shares of the explained signal, not of mass: {shares}",),
    )


def _uncalibrated(calibration: Calibration | None) -> str:
    if calibration is None:
        return "this library has no calibration, so nothing is called a match or no match"
    return (
        f"this library is too small to be calibrated: {calibration.n} substances, "
        f"{needed_queries(calibration.alpha)} are needed for {calibration.alpha:.0%} false accepts"
    )


def _decision(
    state: DecisionState,
    calibration: Calibration | None,
    reasons: tuple[str, ...],
    value: float | None = None,
) -> Decision:
    return Decision(
        state=state,
        alpha=DEFAULT_ALPHA if calibration is None else calibration.alpha,
        n_calibration=0 if calibration is None else calibration.n,
        threshold=None if calibration is None else calibration.threshold,
        statistic=value,
        reasons=reasons,
    )


__all__ = [
    "DEFAULT_ALPHA",
    "Calibration",
    "ComponentFit",
    "Decision",
    "DecisionState",
    "SubstanceHits",
    "absent_contrasts",
    "calibrate",
    "calibrate_curves",
    "calibrate_peaks",
    "collapse",
    "decide",
    "needed_queries",
    "present_contrasts",
    "statistic",
]
