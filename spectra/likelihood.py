"""How much more often a contrast is seen when the substance is there than when it is not.

A score-based likelihood ratio from a logistic calibration, never above the number of comparisons
it was learned from. Knows contrast statistics only, not spectra.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.errors import SpectrumError

FEWEST = 30
"""Contrasts of each kind, present and absent, below which no ratio is stated."""

# Keeps the slope finite where the two kinds do not overlap; small against 0.5 + 0.5 of weight.
_RIDGE = 1e-3
_NEWTON_STEPS = 50

# Words of a scale in use for reporting likelihood ratios of forensic comparisons; ENFSI Guideline
# for Evaluative Reporting (2015) recommends such a scale with the figure.
_WORDS = (
    (10.0, "weak"),
    (100.0, "moderate"),
    (1_000.0, "moderately strong"),
    (10_000.0, "strong"),
    (1_000_000.0, "very strong"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodModel:
    """ln LR = intercept + slope · contrast, cut off where the data end.

    Parameters
    ----------
    intercept, slope : float
        The slope is greater than 0.
    n_present, n_absent : int
        Contrasts of substances that were there (another specimen's spectrum in the library) and
        of substances that were not.
    """

    intercept: float
    slope: float
    n_present: int
    n_absent: int

    def ratio(self, contrast: float) -> float:
        """Return the likelihood ratio of a contrast, within 1/n_present and n_absent.

        A collection of 450 comparisons cannot support "one in a million".
        """
        log = self.intercept + self.slope * contrast
        low, high = -math.log(self.n_present), math.log(self.n_absent)
        return math.exp(min(max(log, low), high))

    def words(self, contrast: float) -> str:
        """Return the ratio in words, with the number of comparisons it rests on."""
        value = self.ratio(contrast)
        capped = self.intercept + self.slope * contrast >= math.log(self.n_absent)
        if value >= 1.0:
            strength = next((word for top, word in _WORDS if value < top), "extremely strong")
            bound = "at least " if capped else ""
            return (
                f"likelihood ratio {bound}{value:.0f} ({strength} support), "
                f"learned from {self.n_present} present and {self.n_absent} absent substances"
            )
        return (
            f"likelihood ratio 1/{1 / value:.0f} (speaks against it), "
            f"learned from {self.n_present} present and {self.n_absent} absent substances"
        )

    def to_facts(self) -> dict[str, float | int]:
        """Return plain values for storage."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_facts(cls, facts: Mapping[str, object]) -> LikelihoodModel:
        """Return the model that `to_facts` described.

        Raises
        ------
        SpectrumError
            A value is missing or not of its kind.
        """
        values: dict[str, float] = {}
        for name in cls.__slots__:
            value = facts.get(name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise SpectrumError(f"likelihood model holds {value!r} as {name}")
            values[name] = float(value)
        sizes = (values["n_present"], values["n_absent"])
        if not (
            np.isfinite(list(values.values())).all() and values["slope"] > 0 and min(sizes) > 0
        ):
            raise SpectrumError("the likelihood model is not one that can be learned")
        return cls(
            intercept=values["intercept"],
            slope=values["slope"],
            n_present=int(values["n_present"]),
            n_absent=int(values["n_absent"]),
        )


def fit(present: npt.ArrayLike, absent: npt.ArrayLike) -> LikelihoodModel | None:
    """Return the logistic calibration of contrasts, or None where it cannot be learned.

    Both kinds weigh the same, so that the fitted log odds are the log likelihood ratio.

    Parameters
    ----------
    present, absent : array of float
        Infinite values teach nothing and are left out.

    Returns
    -------
    LikelihoodModel or None
        None with fewer than `FEWEST` of either kind, or where higher contrasts do not speak for
        the substance.

    References
    ----------
    Brümmer and du Preez, Computer Speech & Language 20 (2006) 230; Morrison, Australian Journal of
    Forensic Sciences 45 (2013) 173.
    """
    yes, no = _finite(present), _finite(absent)
    if min(yes.size, no.size) < FEWEST:
        return None
    x = np.concatenate([yes, no])
    centre, spread = float(x.mean()), float(x.std())
    if spread == 0:
        return None
    design = np.stack([np.ones_like(x), (x - centre) / spread], axis=1)
    target = np.concatenate([np.ones(yes.size), np.zeros(no.size)])
    weight = np.concatenate([np.full(yes.size, 0.5 / yes.size), np.full(no.size, 0.5 / no.size)])
    beta = np.zeros(2)
    penalty = np.diag([0.0, _RIDGE])
    for _ in range(_NEWTON_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -500, 500)))
        slope = design.T @ (weight * (chance - target)) + penalty @ beta
        curvature = (design.T * (weight * chance * (1 - chance))) @ design + penalty
        step = np.linalg.solve(curvature + 1e-12 * np.eye(2), slope)
        beta = beta - np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-10:
            break
    if beta[1] <= 0:
        return None
    return LikelihoodModel(
        intercept=float(beta[0] - beta[1] * centre / spread),
        slope=float(beta[1] / spread),
        n_present=int(yes.size),
        n_absent=int(no.size),
    )


def log_likelihood_ratio_cost(present: npt.ArrayLike, absent: npt.ArrayLike) -> float:
    """Return Cllr of likelihood ratios: 0 is perfect, 1 is knowing nothing.

    Parameters
    ----------
    present, absent : array of float
        Likelihood ratios of contrasts of each kind, greater than 0.

    References
    ----------
    Brümmer and du Preez, Computer Speech & Language 20 (2006) 230.
    """
    yes, no = np.asarray(present, dtype=np.float64), np.asarray(absent, dtype=np.float64)
    return float(0.5 * (np.log2(1 + 1 / yes).mean() + np.log2(1 + no).mean()))


def _finite(values: npt.ArrayLike) -> FloatArray:
    found = np.asarray(values, dtype=np.float64).ravel()
    kept: FloatArray = found[np.isfinite(found)]
    return kept
