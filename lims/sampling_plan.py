"""How many of a population's units to test, and what the tested ones prove. Pure.

Formulas after UNODC/ENFSI "Guidelines on representative drug sampling" (ST/NAR/38) and SWGDRUG
Part IIIA. Knows no sample and no record.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from lims.errors import RecordError

MAX_UNITS = 1_000_000
ALGORITHM = "sha256-rank/1"
"""Units in ascending order of SHA-256 over ``<seed>:<unit number>``, the first n of them."""


class Method(StrEnum):
    """How the number of units is found."""

    HYPERGEOMETRIC = "hypergeometric"
    BINOMIAL = "binomial"
    BAYES = "bayes"
    SQUARE_ROOT = "square root"
    SINGLE_UNIT = "single unit"


STATISTICAL = frozenset((Method.HYPERGEOMETRIC, Method.BINOMIAL, Method.BAYES))
"""Methods that support a statement on units nobody tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a plan is to prove: at least ``proportion`` of ``population`` units, at 1 - ``alpha``.

    ``negatives`` is how many negative units the plan allows for; ``prior`` are the two parameters
    of the Beta distribution of Bayes' method, (1, 1) for "nothing known".
    """

    population: int
    proportion: Fraction
    alpha: Fraction
    method: Method = Method.HYPERGEOMETRIC
    negatives: int = 0
    prior: tuple[float, float] = (1.0, 1.0)

    @property
    def claimed(self) -> int:
        """How many positive units are claimed: the smallest whole number not below k·N."""
        return math.ceil(self.proportion * self.population)


def aim(
    population: int,
    *,
    proportion: str | Fraction = "0.9",
    alpha: str | Fraction = "0.05",
    method: Method | str = Method.HYPERGEOMETRIC,
    negatives: int = 0,
    prior: tuple[float, float] = (1.0, 1.0),
) -> Aim:
    """Return a checked aim.

    Raises
    ------
    RecordError
        A figure is out of its range; the text says which and what range.
    """
    if not 1 <= population <= MAX_UNITS:
        raise RecordError(f"a population has 1 to {MAX_UNITS:,} units, found {population}")
    share = _fraction(proportion, "the proportion")
    risk = _fraction(alpha, "alpha")
    if risk > Fraction(1, 2):
        raise RecordError(f"alpha is at most 0.5, found {float(risk):g}", hint="Usual: 0.05, 0.01.")
    if not 0 <= negatives < population:
        raise RecordError(f"0 to {population - 1} negatives can be allowed for, found {negatives}")
    if any(not (math.isfinite(part) and 0 < part <= 1e6) for part in prior):
        raise RecordError(f"a Beta prior has two positive parameters, found {prior}")
    try:
        chosen = Method(method)
    except ValueError as error:
        raise RecordError(
            f"{str(method)[:40]!r} is no sampling method", hint=f"One of {', '.join(Method)}."
        ) from error
    return Aim(
        population=population,
        proportion=share,
        alpha=risk,
        method=chosen,
        negatives=negatives,
        prior=prior,
    )


def units_to_test(of: Aim) -> int:
    """Return the smallest number of units that proves the aim; the whole population at most.

    Raises
    ------
    RecordError
        So many negatives contradict the claim itself.
    """
    if of.method is Method.SINGLE_UNIT:
        return 1
    if of.method is Method.SQUARE_ROOT:
        root = math.isqrt(of.population)
        return root + (root * root < of.population)
    if of.negatives > of.population - of.claimed:
        raise RecordError(
            f"with {of.negatives} negative units, {of.claimed} of {of.population} cannot be "
            "positive",
            hint="Claim a smaller proportion.",
        )
    low, high = of.negatives + 1, of.population
    if not proves(of, high, of.negatives):
        return high  # every unit tested needs no statistics
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if proves(of, middle, of.negatives) else (middle + 1, high)
    return low


def proves(of: Aim, tested: int, negatives: int) -> bool:
    """Whether ``tested`` random units with ``negatives`` negative ones prove the aim."""
    if of.method not in STATISTICAL:
        return False
    if tested >= of.population:
        return tested - negatives >= of.claimed
    return risk(of, tested, negatives) <= float(of.alpha) * (1 + 1e-12)


def risk(of: Aim, tested: int, negatives: int) -> float:
    """Return the probability of so few negatives although the claim is false.

    For Bayes' method it is the posterior probability that the claim is false.
    """
    if of.method is Method.BAYES:
        from scipy.special import betainc

        first, second = of.prior
        positives = tested - negatives
        return float(betainc(positives + first, negatives + second, float(of.proportion)))
    if of.method is Method.BINOMIAL:
        share = float(of.proportion)
        terms = (
            _log_comb(tested, each) + each * _log(1 - share) + (tested - each) * _log(share)
            for each in range(negatives + 1)
        )
        return min(1.0, math.fsum(math.exp(term) for term in terms))
    return _hypergeometric_risk(of.population, of.claimed - 1, tested, negatives)


def proven(of: Aim, tested: int, negatives: int) -> int:
    """Return the largest number of positive units that the tested ones prove at 1 - alpha."""
    positives = tested - negatives
    if of.method not in STATISTICAL or tested >= of.population:
        return positives
    low, high = positives, of.population - negatives
    while low < high:
        middle = (low + high + 1) // 2
        share = Fraction(middle, of.population)
        trial = Aim(
            population=of.population,
            proportion=share,
            alpha=of.alpha,
            method=of.method,
            prior=of.prior,
        )
        low, high = (middle, high) if proves(trial, tested, negatives) else (low, middle - 1)
    return low


def drawn(seed: str, population: int, number: int) -> tuple[int, ...]:
    """Return the unit numbers to test, from 1, in the order of the draw.

    A larger draw with the same seed begins with a smaller one, so a plan can be enlarged.
    """
    ranked = sorted(
        range(1, population + 1),
        key=lambda unit: hashlib.sha256(f"{seed}:{unit}".encode()).digest(),
    )
    return tuple(ranked[:number])


def _hypergeometric_risk(population: int, positives: int, tested: int, negatives: int) -> float:
    """P(at most ``negatives`` negatives among ``tested``) when only ``positives`` are positive."""
    most = min(negatives, population - positives)
    whole = _log_comb(population, tested)
    terms = (
        _log_comb(positives, tested - each) + _log_comb(population - positives, each) - whole
        for each in range(most + 1)
        if tested - each <= positives
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def _log_comb(n: int, k: int) -> float:
    if not 0 <= k <= n:
        return -math.inf
    if n < 500:  # exact whole numbers where they are small enough
        return math.log(math.comb(n, k))
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _fraction(value: str | Fraction, name: str) -> Fraction:
    text = str(value)
    # An exponent could name a denominator of a million digits, so none is read.
    if not re.fullmatch(r"[0-9]{1,12}(?:[./][0-9]{1,12})?|\.[0-9]{1,12}", text):
        raise RecordError(f"{name} {text[:30]!r} is not a number", hint="For example 0.9 or 9/10.")
    try:
        found = Fraction(text)
    except ZeroDivisionError as error:
        raise RecordError(f"{name} {text!r} is not a number", hint="For example 0.9.") from error
    if not 0 < found <= 1:
        raise RecordError(f"{name} is above 0 and at most 1, found {text}")
    return found
