"""Which class of substances an unidentified infrared or Raman curve is built like. Pure.

Learns from a library, one substance left out at a time, how far chance carries a class; judges a
curve by that. Knows class numbers and scores; a name of a substance never comes out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.class_bands import (
    BandCounts,
    ClassBand,
    Flags,
    common,
    shown_of,
    tops,
    within_reach,
)
from spectra.contrast import fisher_z
from spectra.curve_index import CurveIndex
from spectra.grid import Grid

MODEL_VERSION = 1

NEAREST = 3
"""Members whose mean likeness is the class's score: one alike by chance does not carry it."""

FEWEST_MEMBERS = 10
"""Substances of a class below which it is not calibrated."""

FEWEST_OUTSIDE = 99
"""Substances outside a class below which no 99th percentile exists: of n held-out spectra and the
next one the next is the highest in 1 of n + 1 cases."""

_LEVEL = 0.99
_FEWEST_BANDS = 2
# Nine members in ten show at least this many of the class's bands, and never under half of them.
_MEMBERS_BELOW = 0.1
_LEAST_SHOWN = 0.5
# Equal curves (1.0) would make any distance infinite.
_LARGEST = 0.999
# Learning costs one comparison with the whole library for each spectrum asked.
_ASKED_OF_CLASS, _ASKED_OF_NONE = 60, 400
_MOST_COMPARED, _FEWEST_ASKED = 40_000_000, 400
_BANDS_OF_CLASS, _BANDS_OF_OTHERS = 200, 400
_BLOCK = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveClass:
    """What is known of one class in one library.

    Parameters
    ----------
    code : int
        Number of the class, as the library counts.
    n_members, n_outside : int
        Substances in it, and held-out substances outside it that set the level.
    level : float
        Lead that at most one in a hundred held-out spectra outside reaches; infinite where not
        calibrated.
    bands : tuple of ClassBand
    least_shown : float
        Share of ``bands`` (of those measured) that a member must show.
    found, asked, false : int
        Held-out members that gave evidence, of those asked, and held-out others that did.
    """

    code: int
    n_members: int
    n_outside: int = 0
    level: float = math.inf
    bands: tuple[ClassBand, ...] = ()
    least_shown: float = 1.0
    found: int = 0
    asked: int = 0
    false: int = 0

    @property
    def calibrated(self) -> bool:
        """Whether the class can give evidence at all."""
        return math.isfinite(self.level) and len(self.bands) >= _FEWEST_BANDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one curve stands to one class.

    Parameters
    ----------
    score, outside : float
        Mean likeness of the nearest members and of the best outside, back as a correlation.
    lead : float
        Their distance on the scale of Fisher's z.
    shown, lacking : tuple of ClassBand
    speaks : bool
        Lead and bands both say the class.
    """

    score: float
    outside: float
    lead: float
    shown: tuple[ClassBand, ...] = ()
    lacking: tuple[ClassBand, ...] = ()
    speaks: bool = False


def learn(index: CurveIndex, classes: IntArray, groups: IntArray) -> tuple[CurveClass, ...]:
    """Return what a library says of its classes, each substance judged without itself.

    Parameters
    ----------
    index : CurveIndex
    classes : ndarray of int, shape (n,)
        Class of each row; 0 for none.
    groups : ndarray of int, shape (n,)
        Substance of each row.
    """
    known = _Known.of(classes, groups)
    codes = [int(code) for code in np.unique(known.of_group) if code]
    sizes = {code: int((known.of_group == code).sum()) for code in codes}
    large = [code for code in codes if sizes[code] >= FEWEST_MEMBERS]
    if not large:
        return tuple(CurveClass(code=code, n_members=sizes[code]) for code in codes)
    asked = _asked(known, large)
    leads = np.concatenate(list(_leads(index, known, asked, large)))
    faces = _Faces.of(index, known.rows[asked])
    learned = {
        code: _of_class(index, known, code, faces, asked, leads[:, at])
        for at, code in enumerate(large)
    }
    return tuple(
        learned.get(code) or CurveClass(code=code, n_members=sizes[code]) for code in codes
    )


def lead_of(members: npt.ArrayLike, outside: npt.ArrayLike) -> float:
    """Return how far the nearest members are ahead of the best outside, on Fisher's scale.

    Parameters
    ----------
    members, outside : array of float
        Correlations, one for each substance, any order.

    Returns
    -------
    float
        Minus infinity with fewer than `NEAREST` members.
    """
    inside = np.sort(_z(members))[::-1][:NEAREST]
    if inside.size < NEAREST:
        return -math.inf
    return float(inside.mean() - _z(outside).max(initial=0.0))


def judge(
    known: CurveClass,
    curve: FloatArray,
    grid: Grid,
    members: Sequence[float],
    outside: Sequence[float],
) -> Standing:
    """Return how a curve stands to a class.

    Parameters
    ----------
    curve : ndarray of float, shape (n_points,)
        Prepared, on the grid.
    members, outside : sequence of float
        Correlations with the substances of the class and with others.
    """
    lead = lead_of(members, outside)
    nearest = np.sort(_z(members))[::-1][:NEAREST]
    score = float(np.tanh(nearest.mean())) if nearest.size else 0.0
    best = float(np.tanh(_z(outside).max(initial=0.0)))
    if not known.calibrated:
        return Standing(score=score, outside=best, lead=lead)
    rows = np.asarray(curve, dtype=np.float64)[None]
    near = within_reach(tops(rows, grid), grid)[0]
    shown, lacking = shown_of(known.bands, near, np.isfinite(rows[0]), grid)
    speaks = lead > max(known.level, 0.0) and _enough(known, shown, lacking)
    return Standing(
        score=score, outside=best, lead=lead, shown=shown, lacking=lacking, speaks=speaks
    )


def _enough(
    known: CurveClass, shown: tuple[ClassBand, ...], lacking: tuple[ClassBand, ...]
) -> bool:
    of = len(shown) + len(lacking)
    return of >= _FEWEST_BANDS and len(shown) >= known.least_shown * of


def _z(scores: npt.ArrayLike) -> FloatArray:
    """Return Fisher's z of correlations; what is unlike counts as 0."""
    return fisher_z(np.clip(np.asarray(scores, dtype=np.float64), 0.0, _LARGEST))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Known:
    """Rows sorted by substance, with the class of each substance.

    A substance is of the class that any of its rows states; sources that leave it out say nothing.
    """

    rows: IntArray
    group: IntArray
    starts: IntArray
    of_group: IntArray

    @classmethod
    def of(cls, classes: IntArray, groups: IntArray) -> _Known:
        rows = np.argsort(groups, kind="stable").astype(np.int64)
        _, starts, place = np.unique(groups[rows], return_index=True, return_inverse=True)
        of_group = np.maximum.reduceat(classes[rows], starts) if rows.size else classes[:0]
        return cls(rows=rows, group=place, starts=starts, of_group=of_group.astype(np.int64))

    def by_substance(self, scores: npt.NDArray[np.floating]) -> FloatArray:
        """Return the best score of each substance, shape (n_queries, n_substances)."""
        best = np.maximum.reduceat(scores[:, self.rows], self.starts, axis=1)
        return np.asarray(best, dtype=np.float64)


def _asked(known: _Known, large: Sequence[int]) -> IntArray:
    """Return places in ``known.rows`` of the spectra to hold out, spread over the substances."""
    code = known.of_group[known.group]
    parts = [_spread(np.flatnonzero(code == each), _ASKED_OF_CLASS) for each in large]
    parts.append(_spread(np.flatnonzero(~np.isin(code, large)), _ASKED_OF_NONE))
    most = max(_FEWEST_ASKED, _MOST_COMPARED // max(known.rows.size, 1))
    return _spread(np.sort(np.concatenate(parts)), most).astype(np.int64)


def _spread(places: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    if places.size <= most:
        return places
    return places[np.linspace(0, places.size - 1, most).astype(np.int64)]


def _leads(
    index: CurveIndex, known: _Known, asked: IntArray, large: Sequence[int]
) -> Iterator[FloatArray]:
    """Yield the lead of each class for blocks of held-out spectra, shape (n_block, n_classes)."""
    order = np.argsort(known.of_group, kind="stable")
    codes, starts = np.unique(known.of_group[order], return_index=True)
    ends = np.append(starts[1:], order.size)
    stretch = {int(c): slice(a, b) for c, a, b in zip(codes, starts, ends, strict=True)}
    for start in range(0, asked.size, _BLOCK):
        block = asked[start : start + _BLOCK]
        scores = index.scores(index.curves(known.rows[block]))
        best = _z(known.by_substance(scores))
        own = known.group[block]
        best[np.arange(block.size), own] = -math.inf
        best = best[:, order]
        of_class = np.maximum.reduceat(best, starts, axis=1)
        found = np.empty((block.size, len(large)))
        for at, code in enumerate(large):
            inside = np.partition(best[:, stretch[code]], -NEAREST, axis=1)[:, -NEAREST:]
            outside = of_class[:, codes != code].max(axis=1, initial=0.0)
            found[:, at] = inside.mean(axis=1) - outside
        yield found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Faces:
    """Where curves show bands and where they were measured, one row each."""

    near: Flags
    measured: Flags

    @classmethod
    def of(cls, index: CurveIndex, rows: IntArray) -> _Faces:
        curves = index.curves(rows)
        near = within_reach(tops(curves, index.grid), index.grid)
        return cls(near=near, measured=np.isfinite(curves))

    def counts(self, rows: IntArray | Flags) -> BandCounts:
        return BandCounts.of(self.near[rows], self.measured[rows])


def _of_class(
    index: CurveIndex,
    known: _Known,
    code: int,
    faces: _Faces,
    asked: IntArray,
    leads: FloatArray,
) -> CurveClass:
    grid = index.grid
    group = known.group[asked]
    inside = known.of_group[group] == code
    n_outside = int(np.unique(group[~inside]).size)
    members = np.flatnonzero(known.of_group == code)
    level = _percentile(leads[~inside]) if n_outside >= FEWEST_OUTSIDE else math.inf
    # One curve for each member, so that a substance measured often does not set the bands.
    own = _Faces.of(index, known.rows[known.starts[_spread(members, _BANDS_OF_CLASS)]])
    own_group = _spread(members, _BANDS_OF_CLASS)
    counts = own.counts(np.arange(own_group.size))
    outside = faces.counts(_spread(np.flatnonzero(~inside), _BANDS_OF_OTHERS))
    shares = _shares_without(own, counts, outside, grid)
    least = max(_LEAST_SHOWN, float(np.quantile(shares, _MEMBERS_BELOW)) if shares.size else 1.0)
    made = CurveClass(
        code=code,
        n_members=int(members.size),
        n_outside=n_outside,
        level=level,
        bands=common(counts, outside, grid),
        least_shown=least,
    )
    speaks = np.zeros(asked.size, dtype=np.bool_)
    for at in np.flatnonzero(leads > max(level, 0.0)):
        judged = made
        place = np.flatnonzero(own_group == group[at])
        if inside[at] and place.size:
            left = counts.without(own.near[place[0]], own.measured[place[0]])
            judged = replace(made, bands=common(left, outside, grid))
        seen = shown_of(judged.bands, faces.near[at], faces.measured[at], grid)
        speaks[at] = judged.calibrated and _enough(judged, *seen)
    return replace(
        made,
        found=int((speaks & inside).sum()),
        asked=int(inside.sum()),
        false=int((speaks & ~inside).sum()),
    )


def _shares_without(own: _Faces, counts: BandCounts, outside: BandCounts, grid: Grid) -> FloatArray:
    """Return what share of the class's bands each member shows, learned without it."""
    found = []
    for near, measured in zip(own.near, own.measured, strict=True):
        bands = common(counts.without(near, measured), outside, grid)
        shown, lacking = shown_of(bands, near, measured, grid)
        if shown or lacking:
            found.append(len(shown) / (len(shown) + len(lacking)))
    return np.array(found, dtype=np.float64)


def _percentile(leads: FloatArray) -> float:
    """Return the lead that the next spectrum outside exceeds in at most 1 of 100 cases."""
    ranked = np.sort(leads)
    place = math.ceil(_LEVEL * (ranked.size + 1)) - 1
    return float(ranked[place]) if place < ranked.size else math.inf
