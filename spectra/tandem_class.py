"""Which class of substances an unidentified MS/MS spectrum is built like. Pure.

Learns from a library, one formula and precursor left out at a time, how far chance carries a class;
judges a spectrum by that. Knows class numbers and scores; a name of a substance never comes out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.contrast import fisher_z
from spectra.peak_tandem import TandemIndex
from spectra.tandem_rank import ROUNDED_DA, TandemRows

MODEL_VERSION = 1

NEAREST = 3
"""Members whose mean likeness is the class's score: one alike by chance does not carry it."""

FEWEST_MEMBERS = 10
"""Substances of a class below which it is not calibrated."""

FEWEST_OUTSIDE = 99
"""Substances outside a class below which no 99th percentile exists: of n held-out spectra and the
next one the next is the highest in 1 of n + 1 cases."""

_LEVEL = 0.99
# Equal spectra (1.0) would make any distance infinite.
_LARGEST = 0.999
# Learning costs one comparison with the whole library for each spectrum asked.
_ASKED_OF_CLASS, _ASKED_OF_NONE = 60, 600
_SHOWN = 5

Kin = Mapping[int, frozenset[int]]
"""Class to what is no rival of it, such as the precursors of its members (numbers below 0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TandemClass:
    """What is known of one class in one library.

    Parameters
    ----------
    code : int
        Number of the class, as the library counts.
    n_members, n_outside : int
        Substances in it, and held-out substances outside it that set the level.
    level : float
        Lead that at most one in a hundred held-out spectra outside exceeds, at least 0; infinite
        where not calibrated.
    found, asked, false : int
        Held-out members that gave evidence, of those asked, and held-out others that did.
    """

    code: int
    n_members: int
    n_outside: int = 0
    level: float = math.inf
    found: int = 0
    asked: int = 0
    false: int = 0

    @property
    def calibrated(self) -> bool:
        """Whether the class can give evidence at all."""
        return math.isfinite(self.level)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Substances:
    """The best row of each substance for one spectrum.

    Parameters
    ----------
    scores : ndarray of float, shape (n_substances,)
        0 where nothing may be compared.
    rows : ndarray of int64, shape (n_substances,)
    """

    scores: FloatArray
    rows: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """How one spectrum stands to the class in front.

    Parameters
    ----------
    code : int
    lead : float
        Of the nearest members over the best outside, on the scale of Fisher's z.
    score, outside : float
        Mean likeness of the nearest members, and the best outside, back as similarities.
    nearest : ndarray of float, shape (n,)
        Hybrid scores of the nearest members, best first; `NEAREST` or more.
    rows : ndarray of int64, shape (n,)
        Their best rows.
    speaks : bool
        The lead exceeds the level of the class.
    """

    code: int
    lead: float
    score: float
    outside: float
    nearest: FloatArray
    rows: IntArray
    speaks: bool

    def beside(self, outside: float, known: TandemClass) -> Standing:
        """Return the same with a rival of another library."""
        if outside <= self.outside:
            return self
        lead = lead_of(self.nearest, [outside])
        speaks = known.calibrated and lead > known.level
        return replace(self, outside=outside, lead=lead, speaks=speaks)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """Rows sorted by substance, with the class of each substance.

    A substance is of the class that any of its rows states; sources that leave it out say nothing.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_rows,)
        By substance.
    starts : ndarray of int64, shape (n_substances,)
        Where each begins in ``rows``.
    classes : ndarray of int64, shape (n_substances,)
        0 for none; below 0 for what is no class but may be kin of one.
    kin : mapping
    """

    rows: IntArray
    starts: IntArray
    classes: IntArray
    kin: Kin = field(default_factory=dict)

    @classmethod
    def of(cls, classes: IntArray, groups: IntArray, kin: Kin | None = None) -> Known:
        """Return what is known of rows with a class and a substance each, shape (n_rows,)."""
        rows = np.argsort(groups, kind="stable").astype(np.int64)
        starts = np.unique(groups[rows], return_index=True)[1].astype(np.int64)
        of_group = np.maximum.reduceat(classes[rows], starts) if rows.size else classes[:0]
        return cls(rows=rows, starts=starts, classes=of_group.astype(np.int64), kin=kin or {})

    def best(self, scores: FloatArray) -> Substances:
        """Return the best row of each substance, the first of equals."""
        values = scores[self.rows]
        best = np.maximum.reduceat(values, self.starts) if values.size else values
        sizes = np.diff(np.append(self.starts, self.rows.size))
        is_best = np.flatnonzero(values == np.repeat(best, sizes))
        first = is_best[np.searchsorted(is_best, self.starts)] if values.size else is_best
        return Substances(scores=best, rows=self.rows[first])

    def front(self, best: Substances, classes: Sequence[TandemClass]) -> Standing | None:
        """Return the class whose nearest members lead what is outside it, None where none does.

        Parameters
        ----------
        best : Substances
        classes : sequence of TandemClass
            By code from 1.
        """
        found = [
            (
                lead_of(
                    best.scores[self.classes == each.code], best.scores[self.rivals(each.code)]
                ),
                each,
            )
            for each in classes
        ]
        lead, first = max(found, key=lambda each: each[0], default=(-math.inf, None))
        if first is None or lead <= 0:
            return None
        members = np.flatnonzero((self.classes == first.code) & (best.scores > 0))
        members = members[np.argsort(-best.scores[members], kind="stable")][:_SHOWN]
        nearest = best.scores[members]
        outside = float(best.scores[self.rivals(first.code)].max(initial=0.0))
        return Standing(
            code=first.code,
            lead=lead,
            score=float(np.tanh(_z(nearest[:NEAREST]).mean())),
            outside=outside,
            nearest=nearest,
            rows=best.rows[members],
            speaks=first.calibrated and lead > first.level,
        )

    def rivals(self, code: int) -> npt.NDArray[np.bool_]:
        """Return which substances speak against a class: all outside it but its kin."""
        own = (code, *self.kin.get(code, ()))
        return np.asarray(~np.isin(self.classes, own), dtype=np.bool_)


def comparable(
    facts: TandemRows, precursor_mz: float, polarity: int, without: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return the rows left when all of one nominal precursor and another polarity is left out.

    Parameters
    ----------
    without : ndarray of bool, shape (n_rows,)
        What is left out besides: the formula in question.
    """
    every = np.arange(facts.groups.size)
    apart = np.abs(facts.precursors - precursor_mz) > ROUNDED_DA
    return np.asarray(facts.comparable(every, polarity) & apart & ~without, dtype=np.bool_)


def lead_of(members: npt.ArrayLike, outside: npt.ArrayLike) -> float:
    """Return how far the nearest members are ahead of the best outside, on Fisher's scale.

    Parameters
    ----------
    members, outside : array of float
        Hybrid scores, one for each substance, any order.

    Returns
    -------
    float
        Minus infinity with fewer than `NEAREST` members that share anything.
    """
    inside = np.sort(_z(members))[::-1][:NEAREST]
    if inside.size < NEAREST or inside[-1] <= 0:
        return -math.inf
    return float(inside.mean() - _z(outside).max(initial=0.0))


def learn(index: TandemIndex, facts: TandemRows, known: Known) -> tuple[TandemClass, ...]:
    """Return what a library says of its classes.

    Each substance is judged as if nothing of it, its formula or its nominal precursor were there.

    Parameters
    ----------
    index : TandemIndex
    facts : TandemRows
    known : Known
        Of the groups of ``facts``.
    """
    codes = [int(code) for code in np.unique(known.classes) if code > 0]
    sizes = {code: int((known.classes == code).sum()) for code in codes}
    large = [code for code in codes if sizes[code] >= FEWEST_MEMBERS]
    learned = _learned(index, facts, known, large) if large else {}
    return tuple(
        learned.get(code) or TandemClass(code=code, n_members=sizes[code]) for code in codes
    )


def _learned(
    index: TandemIndex, facts: TandemRows, known: Known, large: Sequence[int]
) -> dict[int, TandemClass]:
    asked = _asked(known, large)
    leads = np.array([_leads(index, facts, known, int(each), large) for each in asked])
    leads = leads.reshape(asked.size, len(large))
    truth = known.classes[asked]
    return {
        code: _of_class(code, known, truth == code, _apart(known, truth, code), leads[:, at])
        for at, code in enumerate(large)
    }


def _apart(known: Known, truth: IntArray, code: int) -> npt.NDArray[np.bool_]:
    """Return which held-out substances are outside a class; its kin are neither in nor outside."""
    own = (code, *known.kin.get(code, ()))
    return np.asarray(~np.isin(truth, own), dtype=np.bool_)


def _of_class(
    code: int,
    known: Known,
    inside: npt.NDArray[np.bool_],
    outside: npt.NDArray[np.bool_],
    leads: FloatArray,
) -> TandemClass:
    level = math.inf
    if int(outside.sum()) >= FEWEST_OUTSIDE:
        level = max(_percentile(leads[outside]), 0.0)
    return TandemClass(
        code=code,
        n_members=int((known.classes == code).sum()),
        n_outside=int(outside.sum()),
        level=level,
        found=int((leads[inside] > level).sum()),
        asked=int(inside.sum()),
        false=int((leads[outside] > level).sum()),
    )


def _asked(known: Known, large: Sequence[int]) -> IntArray:
    """Return the substances to hold out."""
    parts = [_spread(np.flatnonzero(known.classes == each), _ASKED_OF_CLASS) for each in large]
    parts.append(_spread(np.flatnonzero(~np.isin(known.classes, large)), _ASKED_OF_NONE))
    return np.sort(np.concatenate(parts))


def _spread(places: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    if places.size <= most:
        return places
    return places[np.linspace(0, places.size - 1, most).astype(np.int64)]


def _leads(
    index: TandemIndex, facts: TandemRows, known: Known, substance: int, large: Sequence[int]
) -> list[float]:
    """Return the lead of each class for the middle one of a substance's spectra."""
    ends = np.append(known.starts, known.rows.size)
    own = known.rows[ends[substance] : ends[substance + 1]]
    row = int(own[own.size // 2])
    hidden = facts.families == facts.families[row]
    hidden[own] = True
    precursor, polarity = float(facts.precursors[row]), int(facts.polarities[row])
    left = comparable(facts, precursor, polarity, hidden)
    best = known.best(np.where(left, index.hybrid.scores_of_row(row), 0.0)).scores
    return [lead_of(best[known.classes == code], best[known.rivals(code)]) for code in large]


def _percentile(leads: FloatArray) -> float:
    """Return the lead that the next spectrum outside exceeds in at most 1 of 100 cases."""
    ranked = np.sort(leads)
    place = math.ceil(_LEVEL * (ranked.size + 1)) - 1
    return float(ranked[place]) if place < ranked.size else math.inf


def _z(scores: npt.ArrayLike) -> FloatArray:
    """Return Fisher's z of scores; equal spectra stay finite."""
    return fisher_z(np.clip(np.asarray(scores, dtype=np.float64), 0.0, _LARGEST))
