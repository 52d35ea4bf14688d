"""Bands that the members of a class of substances share, and which of them a curve shows. Pure.

Works on prepared curves of one grid; knows no names and no library.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.grid import Grid

Flags = npt.NDArray[np.bool_]

REACH_CM1 = 10.0
"""How far a band may lie from where the class has it: neighbours in the molecule move it so far."""

_TOP_CM1 = 10.0
_FOOT_CM1 = 40.0
_LEAST_HEIGHT = 0.03
# A band is the class's where most members show it and clearly more of them than of other curves:
# the methylene band at 2920 cm⁻¹ says nothing.
_LEAST_SHARE = 0.6
_LEAST_AHEAD = 0.2
_MOST_BANDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassBand:
    """A band that most members of a class show.

    Parameters
    ----------
    position_cm1 : float
    shown, of : int
        Members that show it, of those measured there.
    elsewhere : float
        Share of curves outside the class that show one there, 0 to 1.
    """

    position_cm1: float
    shown: int
    of: int
    elsewhere: float


def tops(curves: npt.NDArray[np.floating], grid: Grid) -> Flags:
    """Return where curves have a band: the highest of ±10 cm⁻¹, standing out of both feet.

    Parameters
    ----------
    curves : ndarray of float, shape (n, n_points)
        Prepared, NaN where not measured.

    Returns
    -------
    ndarray of bool, shape (n, n_points)
        True at the top of each band that rises at least 3 % of the curve's span above the lowest
        point within 40 cm⁻¹ on either side. Nothing is a band where a foot was not measured.
    """
    values = np.asarray(curves, dtype=np.float32)
    top, foot = (max(1, round(w / grid.step_cm1)) for w in (_TOP_CM1, _FOOT_CM1))
    filled = np.where(np.isfinite(values), values, -np.inf)
    highest = _running(filled, top, np.maximum, both=True)
    low = np.where(np.isfinite(values), values, np.inf)
    left = _running(low, foot, np.minimum, both=False)
    right = _running(low[:, ::-1], foot, np.minimum, both=False)[:, ::-1]
    feet = np.maximum(left, right)
    measured = np.isfinite(values) & np.isfinite(feet)
    span = highest.max(axis=1) - low.min(axis=1)
    span = np.where(np.isfinite(span) & (span > 0), span, np.inf)[:, None]
    rise = np.where(measured, values, 0.0) - np.where(measured, feet, 0.0)
    return np.asarray(measured & (filled >= highest) & (rise >= _LEAST_HEIGHT * span))


def _running(values: FloatArray, reach: int, kind: np.ufunc, *, both: bool) -> FloatArray:
    """Return the running extreme over ``reach`` points before each (and after, if ``both``)."""
    found = values.copy()
    for step in range(1, reach + 1):
        kind(found[:, step:], values[:, :-step], out=found[:, step:])
        if both:
            kind(found[:, :-step], values[:, step:], out=found[:, :-step])
    return found


def within_reach(marked: Flags, grid: Grid, reach_cm1: float = REACH_CM1) -> Flags:
    """Return where a band lies within reach, shape of ``marked``."""
    steps = round(max(reach_cm1, grid.max_shift_cm1) / grid.step_cm1)
    found = marked.copy()
    for step in range(1, steps + 1):
        found[:, step:] |= marked[:, :-step]
        found[:, :-step] |= marked[:, step:]
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandCounts:
    """How many curves were measured at each grid point, and show a band within reach of it."""

    shown: FloatArray
    measured: FloatArray
    n: int

    @classmethod
    def of(cls, near: Flags, measured: Flags) -> BandCounts:
        """Return the counts of curves, one row each."""
        return cls(
            shown=(near & measured).sum(axis=0).astype(np.float64),
            measured=measured.sum(axis=0).astype(np.float64),
            n=near.shape[0],
        )

    def without(self, near: Flags, measured: Flags) -> BandCounts:
        """Return the counts with one curve left out."""
        return BandCounts(
            shown=self.shown - (near & measured), measured=self.measured - measured, n=self.n - 1
        )

    @property
    def share(self) -> FloatArray:
        """Share of those measured; 0 where under half of the curves were measured."""
        enough = self.measured * 2 >= max(self.n, 1)
        return np.where(enough, self.shown / np.maximum(self.measured, 1.0), 0.0)


def common(inside: BandCounts, outside: BandCounts, grid: Grid) -> tuple[ClassBand, ...]:
    """Return the bands that most members show and clearly fewer others, by share.

    Parameters
    ----------
    inside, outside : BandCounts
        Of the members (one curve each) and of curves outside the class.
    """
    share, elsewhere = inside.share, outside.share
    rank = np.where(
        (share >= _LEAST_SHARE) & (share - elsewhere >= _LEAST_AHEAD), share - elsewhere, 0.0
    )
    apart = round(2 * max(REACH_CM1, grid.max_shift_cm1) / grid.step_cm1)
    found: list[ClassBand] = []
    while len(found) < _MOST_BANDS and rank.max(initial=0.0) > 0:
        at = _middle(rank)
        found.append(
            ClassBand(
                position_cm1=float(grid.start_cm1 + at * grid.step_cm1),
                shown=int(inside.shown[at]),
                of=int(inside.measured[at]),
                elsewhere=float(elsewhere[at]),
            )
        )
        rank[max(0, at - apart) : at + apart + 1] = 0.0
    return tuple(found)


def _middle(rank: FloatArray) -> int:
    """Return the middle of the first stretch of the highest values."""
    first = last = int(np.argmax(rank))
    while last + 1 < rank.size and rank[last + 1] == rank[first]:
        last += 1
    return (first + last) // 2


def shown_of(
    bands: tuple[ClassBand, ...], near: Flags, measured: Flags, grid: Grid
) -> tuple[tuple[ClassBand, ...], tuple[ClassBand, ...]]:
    """Return the bands one curve shows and those it lacks; what it did not measure is neither.

    Parameters
    ----------
    near, measured : ndarray of bool, shape (n_points,)
    """
    shown: list[ClassBand] = []
    lacking: list[ClassBand] = []
    for band in bands:
        at = round((band.position_cm1 - grid.start_cm1) / grid.step_cm1)
        if measured[at]:
            (shown if near[at] else lacking).append(band)
    return tuple(shown), tuple(lacking)
