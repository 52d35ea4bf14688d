"""What is asked of a search of unit-mass spectra and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from spectra.axis import FloatArray, IntArray
from spectra.errors import SearchCancelledError, SpectrumError


class PeakScore(StrEnum):
    """How a query is compared with a library row; each runs from 0 to 1."""

    COSINE = "cosine"
    ENTROPY = "entropy"
    IDENTITY = "identity"
    SIMPLE = "simple"
    HYBRID = "hybrid"


REVERSIBLE = (PeakScore.IDENTITY, PeakScore.SIMPLE)
"""Scores that can leave the query's own extra peaks out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeakHits:
    """The best rows, best first. Scores are given to twelve decimals; equal ones in row order.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_hits,)
        Places in the sequence the index was built from.
    scores : ndarray of float64, shape (n_hits,)
        0 to 1, 1 best.
    mass_shifts : ndarray of int64, shape (n_hits,)
        Da by which the query is heavier than the row, as the hybrid score used it; else 0.
    matched : ndarray of int64, shape (n_hits,)
        Peaks of the query that found a partner.
    """

    rows: IntArray
    scores: FloatArray
    mass_shifts: IntArray
    matched: IntArray


Check = Callable[[], bool]
"""Asked between blocks of rows; False ends the search."""


def always() -> bool:
    """Return True: nothing cancels the search."""
    return True


def go_on(check: Check) -> None:
    """Raise where the caller wants no more.

    Raises
    ------
    SearchCancelledError
    """
    if not check():
        raise SearchCancelledError("the search was cancelled")


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Stored rows with their exact scores, best first; each array has shape (n,)."""

    rows: IntArray
    scores: FloatArray
    shifts: IntArray
    matched: IntArray


def ranked(order: IntArray, rows: IntArray, scores: FloatArray, top: int) -> IntArray:
    """Return the places of the best: score falling, of equal scores the caller's first row."""
    return np.lexsort((order[rows], -scores))[:top]


def rounded(scores: FloatArray) -> FloatArray:
    """Return scores to twelve decimals: what differs by less is equal."""
    return np.asarray(np.rint(scores * 1e12) / 1e12, dtype=np.float64)


def kind_of(score: str, *, reverse: bool = False) -> PeakScore:
    """Return the score by its name.

    Raises
    ------
    SpectrumError
        There is none of that name, or it has no reverse form.
    """
    try:
        kind = PeakScore(score)
    except ValueError:
        raise SpectrumError(
            f"there is no mass-spectral score {score!r}", hint=f"Use {', '.join(PeakScore)}."
        ) from None
    if reverse and kind not in REVERSIBLE:
        raise SpectrumError(
            f"the {kind} score has no reverse form", hint=f"Use {' or '.join(REVERSIBLE)}."
        )
    return kind


def check_top(top: int) -> None:
    """Raise where no hit is asked for.

    Raises
    ------
    SpectrumError
    """
    if top < 1:
        raise SpectrumError(f"the number of hits must be at least 1, found {top}")


def checked_mass(mass: float | None) -> float | None:
    """Return a molecular mass in Da that can be one.

    Raises
    ------
    SpectrumError
    """
    if mass is not None and not (np.isfinite(mass) and 0 < mass <= 10_000):
        raise SpectrumError(f"a molecular mass of {mass} Da is not possible", hint="Leave it out.")
    return mass
