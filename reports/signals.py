"""Statistics that say "new" or "more than before", as pure functions of counts and days.

Days are plain dates. Nothing here knows the record, a clock or a document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import exp, lgamma, log10

REEMERGENCE_WEEKS = 104
"""Unseen for at least this long, then seen: re-emergence."""
DAYS_PER_MONTH = 30.436875
"""Mean Gregorian month (365.2425 / 12), for gaps told in months."""
ORIGIN_PRIOR = 0.5 / 20
"""Prior weight of an origin never seen before: half a sample spread over twenty origins."""
ORIGIN_THRESHOLD = 3.0
"""-log10 of the tail probability at which a shift of origin becomes a signal (1 in 1,000)."""
LARGEST_SCORE = 308.0
"""Given where the tail probability is below the smallest float."""
ORIGIN_MINIMUM = 10
"""With fewer earlier samples of the substance a new origin is only a notice."""


class Novelty(StrEnum):
    """How a substance relates to what was seen before."""

    FIRST_SEEN = "first_seen"
    FIRST_HERE = "first_here"
    RE_EMERGENCE = "re_emergence"
    KNOWN = "known"


class SignalKind(StrEnum):
    """What made a signal or a notice."""

    FIRST_SEEN = "first_seen"
    FIRST_HERE = "first_here"
    RE_EMERGENCE = "re_emergence"
    INCREASE = "increase"
    SECOND_DETECTION = "second_detection"
    ORIGIN_NEW = "origin_new"
    ORIGIN_SHIFT = "origin_shift"
    NEW_NUMBER_ONE = "new_number_one"
    WATCH_LIST = "watch_list"
    UNKNOWN_NAMED = "unknown_named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The tier B rule with its windows.

    A signal is raised when the Gamma-Poisson score of ``window_days`` against the ``baseline_days``
    before it reaches ``threshold``, or on the second detection inside ``second_within_days`` of a
    substance that was seen at most once before.
    """

    threshold: float
    window_days: int = 28
    baseline_days: int = 364
    second_within_days: int = 91


TIER_B = Rule(threshold=3.0)
"""For one series looked at once a week."""
LAB_DAILY = Rule(threshold=4.0)
"""For a laboratory's daily look. In a 14-lab simulation (98 substances, 10 samples a lab and day)
the Gamma-Poisson part raised about 5 false episodes a year over all laboratories."""
POOLED_DAILY = Rule(threshold=3.5)
"""For the daily look at all laboratories together: about 4 false episodes a year there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoveltyResult:
    """The answer of `novelty` with what it rests on."""

    kind: Novelty
    last_seen: date | None
    gap_months: int | None
    earlier_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TierB:
    """The answer of `tier_b`: the counts, the score, and which of the two parts held."""

    score: float
    window_count: int
    window_total: int
    baseline_count: int
    baseline_total: int
    increase: bool
    second_detection: bool

    @property
    def raised(self) -> bool:
        """Whether either part of the rule holds."""
        return self.increase or self.second_detection


def gamma_poisson_score(z: int, n: int, k: int, m: int) -> float:
    """Return -log10 P(Z >= z) for ``z`` detections among ``n`` after ``k`` among ``m`` before.

    The rate per sample has the posterior Gamma(k + 1/2, m) under Jeffreys' prior, so the number of
    detections among ``n`` new samples is negative binomial with size k + 1/2 and success
    probability m / (m + n). Defined at k = 0, and a busier laboratory alone raises nothing.

    Parameters
    ----------
    z, n : int
        Detections and tested samples in the window.
    k, m : int
        Detections and tested samples in the baseline before the window.

    Returns
    -------
    float
        0.0 (nothing unusual) upwards; 3.0 is one in a thousand. 0.0 when there is no baseline
        (m = 0) or nothing was tested (n = 0): without either there is nothing to compare.

    Raises
    ------
    ValueError
        A count is negative.

    References
    ----------
    Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6 (Gamma-Poisson predictive).
    """
    if min(z, n, k, m) < 0:
        raise ValueError(f"counts must not be negative: z={z}, n={n}, k={k}, m={m}")
    if z == 0 or n == 0 or m == 0:
        return 0.0
    from scipy.special import betainc

    # P(Z >= z) of this negative binomial is the regularised incomplete beta function, which spares
    # a front end the second that importing scipy.stats takes.
    tail = float(betainc(z, k + 0.5, n / (m + n)))
    return _minus_log10(tail)


def origin_score(z: int, n: int, earlier_from: int, earlier: int) -> float:
    """Return -log10 P(Z >= z) that ``z`` of ``n`` new samples come from one origin.

    Beta-binomial tail with alpha = 0.5/20 + samples from that origin before and
    beta = 0.5 - 0.5/20 + the other samples before.

    Parameters
    ----------
    z, n : int
        Samples of the substance in the window from the origin, and from any origin.
    earlier_from, earlier : int
        The same two before the window.
    """
    if min(z, n, earlier_from, earlier) < 0 or z > n or earlier_from > earlier:
        raise ValueError("counts must not be negative nor exceed their totals")
    if z == 0:
        return 0.0
    alpha = ORIGIN_PRIOR + earlier_from
    beta = (0.5 - ORIGIN_PRIOR) + (earlier - earlier_from)
    whole = _log_beta(alpha, beta)
    tail = sum(
        exp(
            lgamma(n + 1) - lgamma(j + 1) - lgamma(n - j + 1)
            + _log_beta(j + alpha, n - j + beta) - whole
        )
        for j in range(z, n + 1)
    )  # fmt: skip
    return _minus_log10(tail)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _minus_log10(tail: float) -> float:
    """-log10 of a probability, never negative; what underflows is as good as 308."""
    return max(0.0, -log10(tail)) if tail > 0 else LARGEST_SCORE


def months_between(earlier: date, later: date) -> int:
    """Return whole calendar months between two days (2024-01-31 to 2024-02-29 is 0)."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months - (1 if later.day < earlier.day else 0)


def novelty(
    seen_before: Sequence[date], day: date, *, known_elsewhere: bool = False
) -> NoveltyResult:
    """Say whether a substance found on ``day`` is new, first here, re-emerging or known.

    Parameters
    ----------
    seen_before : sequence of date
        Every earlier detection in this record, in any order; days at or after ``day`` are ignored.
    day : date
        The day of the detection in question.
    known_elsewhere : bool
        Whether another laboratory of the network is known to have found it before.

    Notes
    -----
    First seen: no earlier record anywhere known. First here: none in this record, but another
    laboratory has it. Re-emergence: last seen at least 104 weeks before ``day``.
    """
    earlier = [seen for seen in seen_before if seen < day]
    if not earlier:
        kind = Novelty.FIRST_HERE if known_elsewhere else Novelty.FIRST_SEEN
        return NoveltyResult(kind=kind, last_seen=None, gap_months=None, earlier_count=0)
    last = max(earlier)
    again = (day - last).days >= REEMERGENCE_WEEKS * 7
    return NoveltyResult(
        kind=Novelty.RE_EMERGENCE if again else Novelty.KNOWN,
        last_seen=last,
        gap_months=months_between(last, day) if again else None,
        earlier_count=len(earlier),
    )


def tier_b(detected: Sequence[date], tested: Mapping[date, int], day: date, rule: Rule) -> TierB:
    """Apply the tier B rule to one substance at the end of ``day``.

    Parameters
    ----------
    detected : sequence of date
        One entry per sample in which the substance was found; days after ``day`` are ignored.
    tested : mapping of date to int
        Samples tested per day, whatever was found.
    day : date
        The last day of the window, included.
    rule : Rule
        Windows and threshold.

    Notes
    -----
    GP(4 weeks against the 52 weeks before) >= threshold, **or** the second detection inside 13
    weeks of a substance seen at most once before. The second part holds on the day that detection
    happens and is silent afterwards.
    """
    window, span = rule.window_days, rule.window_days + rule.baseline_days
    ages = sorted((day - seen).days for seen in detected if seen <= day)
    z = sum(1 for age in ages if age < window)
    k = sum(1 for age in ages if window <= age < span)
    n = sum(tested.get(day - timedelta(days=age), 0) for age in range(window))
    m = sum(tested.get(day - timedelta(days=age), 0) for age in range(window, span))
    score = gamma_poisson_score(z, n, k, m)
    today = sum(1 for age in ages if age == 0)
    second = (
        today > 0
        and len(ages) >= 2
        and len(ages) - today <= 1
        and ages[1] < rule.second_within_days
    )
    return TierB(
        score=score,
        window_count=z,
        window_total=n,
        baseline_count=k,
        baseline_total=m,
        increase=score >= rule.threshold,
        second_detection=second,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginChange:
    """A country a substance comes from now, against where it came from before."""

    origin: str
    kind: SignalKind
    count: int
    total: int
    earlier_count: int
    earlier_total: int
    score: float


def origin_changes(now: Mapping[str, int], before: Mapping[str, int]) -> tuple[OriginChange, ...]:
    """Return the origins of one substance that are new or much more frequent than before.

    Under ten earlier samples a never-seen origin is only a notice (``origin_new``); with more,
    a Beta-binomial tail at or under 1 in 1,000 is a signal (``origin_shift``), and a never-seen
    origin above that tail stays a notice. Unknown origins (empty text) take no part.

    Parameters
    ----------
    now, before : mapping of str to int
        Samples of the substance per origin (ISO 3166-1 alpha-2) in the window and before it.
    """
    n = sum(count for origin, count in now.items() if origin)
    earlier = sum(count for origin, count in before.items() if origin)
    if not earlier:
        return ()
    changes = []
    for origin in sorted(origin for origin, count in now.items() if origin and count):
        had = before.get(origin, 0)
        score = origin_score(now[origin], n, had, earlier)
        shifted = earlier >= ORIGIN_MINIMUM and score >= ORIGIN_THRESHOLD
        if not shifted and had:
            continue
        changes.append(
            OriginChange(
                origin=origin,
                kind=SignalKind.ORIGIN_SHIFT if shifted else SignalKind.ORIGIN_NEW,
                count=now[origin],
                total=n,
                earlier_count=had,
                earlier_total=earlier,
                score=score,
            )
        )
    return tuple(changes)
