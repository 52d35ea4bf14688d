"""The net weight of a whole population from units weighed one by one, with its interval. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from lims.errors import RecordError

SPREAD_LIMIT = 0.10
"""Above this relative standard deviation the sample is too small (UNODC ST/NAR/38)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetWeight:
    """An estimate in micrograms: ``total_ug`` ± ``half_width_ug`` at 1 - alpha.

    ``spread`` is standard deviation over mean; ``enough`` whether it is below the limit.
    ``at_least_ug`` is the weight of the units proven positive at the lower end of the mean.
    """

    weighed: int
    mean_ug: int
    total_ug: int
    half_width_ug: int
    spread: float
    enough: bool
    at_least_ug: int


def extrapolated(
    weights_ug: Sequence[int], population: int, *, alpha: Fraction, proven_units: int
) -> NetWeight:
    """Extrapolate from some units to all, with Student's t and the finite population correction.

    Parameters
    ----------
    weights_ug : sequence of int
        Net weights of the units drawn, micrograms.
    population : int
    alpha : Fraction
        Two-sided.
    proven_units : int
        How many units the sampling plan proves positive.

    Raises
    ------
    RecordError
        Fewer than two weights, more weights than units, or a weight that is not positive.

    References
    ----------
    UNODC/ENFSI, Guidelines on representative drug sampling (ST/NAR/38), weight estimation;
    W = N·x ± t·N·s/√n·√((N-n)/N).
    """
    number = len(weights_ug)
    if number < 2:
        raise RecordError(f"at least two weighed units are needed, found {number}")
    if number > population or min(weights_ug) <= 0:
        raise RecordError(
            f"{number} weights of {population} units, the smallest {min(weights_ug)} ug",
            hint="Each unit drawn is weighed once, and weighs something.",
        )
    from scipy.special import stdtrit

    mean = Fraction(sum(weights_ug), number)
    variance = sum((Fraction(w) - mean) ** 2 for w in weights_ug) / (number - 1)
    deviation = math.sqrt(variance)
    t = float(stdtrit(number - 1, 1 - float(alpha) / 2))
    error = t * deviation / math.sqrt(number) * math.sqrt((population - number) / population)
    spread = deviation / float(mean)
    return NetWeight(
        weighed=number,
        mean_ug=round(mean),
        total_ug=round(mean * population),
        half_width_ug=math.ceil(error * population),
        spread=spread,
        enough=spread < SPREAD_LIMIT,
        at_least_ug=max(0, math.floor(proven_units * (float(mean) - error))),
    )
