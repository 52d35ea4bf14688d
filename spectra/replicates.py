"""Cosmic rays found by comparing three or more acquisitions of one portion, and their mean.

The surest way: what only one of several repeats shows is no property of the portion. Measured on
simulated repeats: every spike found, no other channel touched (`benchmarks.preprocessing`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.despike import (
    MAD_TO_SIGMA,
    MIN_PROMINENCE,
    Despiked,
    Spike,
    one_row,
    rescaled,
)
from spectra.errors import GridMismatchError, SpectrumError

# Fewer repeats cannot say which of them is struck.
FEWEST_REPLICATES = 3
_FEWEST_CHANNELS = 8
_MOST_READINGS = 500_000
# A running median over 51 channels follows a background and ignores a spike.
_SMOOTH_REACH = 25


def by_replicates(
    acquisitions: Sequence[npt.ArrayLike] | npt.NDArray[np.floating],
    *,
    min_height: float = MIN_PROMINENCE,
) -> Despiked:
    """Return the mean of three or more repeats without what only one of them shows.

    Parameters
    ----------
    acquisitions : sequence of array-like of float, shape (n_repeats, n_points)
        The same portion, instrument, axis and settings. The light may differ between them: each
        is first brought to the scale and the broad background of one of them.
    min_height : float
        Height above the median of all, in standard deviations of the noise at that level.

    Returns
    -------
    Despiked
        A struck channel of one repeat takes the median of all; then the repeats are averaged. The
        outermost channels are not judged.

    Raises
    ------
    SpectrumError
        Fewer than three repeats, or infinite values.
    GridMismatchError
        The repeats differ in length.

    Notes
    -----
    Noise grows with light: its variance is fitted as read noise plus a share of the level
    (photon counting), from the spread between repeats.
    """
    rows = [one_row(each) for each in acquisitions]
    if len(rows) < FEWEST_REPLICATES:
        raise SpectrumError(
            f"{len(rows)} acquisitions; comparing needs at least {FEWEST_REPLICATES}",
            hint="Take more acquisitions of the same portion, or despike by shape.",
        )
    if len({row.size for row in rows}) > 1:
        raise GridMismatchError("the repeats differ in their number of points")
    if len(rows) * rows[0].size > _MOST_READINGS:
        raise SpectrumError(f"{len(rows)} acquisitions of {rows[0].size} channels are too many")
    stack = np.array(rows)
    scale = int(np.frexp(np.nanmax(np.abs(stack), initial=0.0))[1])
    stack = np.ldexp(stack, -scale)
    if stack.shape[1] == 0:
        return Despiked(y=stack[0], spikes=())
    good = ~np.isnan(stack).any(axis=0)
    if np.count_nonzero(good) < _FEWEST_CHANNELS:
        raise SpectrumError(f"{np.count_nonzero(good)} channels were measured in every repeat")
    inside = stack[:, good]
    excess = _excess(inside)
    noise = _level_noise(excess, np.median(inside, axis=0))
    struck = excess > min_height * noise
    # Where two repeats rise together the portion has changed; that is no cosmic ray.
    struck &= np.count_nonzero(struck, axis=0) == 1
    cleaned = np.where(struck, inside - excess, inside)
    y = np.full(stack.shape[1], np.nan)
    y[good] = cleaned.mean(axis=0)
    return rescaled(y, _runs(struck, excess, np.flatnonzero(good)), scale)


def _excess(inside: FloatArray) -> FloatArray:
    """Return what each repeat has above the median of all, shape (n_repeats, n_points).

    Each is first brought to the band scale and the broad background of one of them: fluorescence
    fades between repeats and the laser wanders.
    """
    totals = np.median(inside, axis=1)
    reference = inside[int(np.argsort(totals, kind="stable")[totals.size // 2])]
    sharp = reference - _running_median(reference)
    scales = np.ones(len(inside))
    aligned = inside.copy()
    for number, row in enumerate(inside):
        # Twice: the first scale still feels the difference of the backgrounds, which then goes.
        for _ in range(2):
            here = aligned[number]
            scales[number] *= _scale(here - _running_median(here), sharp)
            left = row - scales[number] * reference
            aligned[number] = (row - _running_median(left)) / scales[number]
    return np.asarray((aligned - np.median(aligned, axis=0)) * scales[:, None], dtype=np.float64)


def _scale(mine: FloatArray, theirs: FloatArray) -> float:
    """Return the scale of one curve to another by least absolute deviations.

    That is the median of their ratios weighted by size, which spikes do not bend. Only the
    strongest fifth of the channels is asked: the others hold noise.
    """
    size = np.abs(theirs)
    asked = (size >= np.quantile(size, 0.8)) & (size > 0)
    if not asked.any():
        return 1.0
    with np.errstate(over="ignore"):
        ratios, weights = mine[asked] / theirs[asked], size[asked]
    order = np.argsort(ratios, kind="stable")
    below = np.cumsum(weights[order])
    found = float(ratios[order][int(np.searchsorted(below, 0.5 * below[-1]))])
    return found if 0.05 < found < 20.0 else 1.0


def _running_median(y: FloatArray) -> FloatArray:
    """Return the median around each point; at the ends of a window that shrinks on both sides.

    So a slope passes through.
    """
    reach = min(_SMOOTH_REACH, (y.size - 1) // 2)
    made = y.copy()
    windows = np.lib.stride_tricks.sliding_window_view(y, 2 * reach + 1)
    made[reach : y.size - reach] = np.partition(windows, reach, axis=1)[:, reach]
    for at in range(1, reach):
        made[at] = np.sort(y[: 2 * at + 1])[at]
        made[-1 - at] = np.sort(y[-2 * at - 1 :])[at]
    return made


def _level_noise(excess: FloatArray, level: FloatArray) -> FloatArray:
    """Return the noise of one repeat at each channel: read noise plus a share of the level."""
    # Distances from the median of few repeats are short: one of three is even zero. The factors are
    # those of Gaussian noise, from a million draws each.
    n_repeats = excess.shape[0]
    widen = MAD_TO_SIGMA * (2.15 if n_repeats == 3 else 1.0 + 1.6 / n_repeats)
    spread = np.median(np.abs(excess), axis=0) * widen
    order = np.argsort(level, kind="stable")
    n_bins = int(np.clip(level.size // 40, 1, 12))
    levels, variances = [], []
    for part in np.array_split(order, n_bins):
        levels.append(float(np.median(level[part])))
        variances.append(float(np.median(np.abs(excess[:, part]) * widen)) ** 2)
    base = min(variances)
    floor = max(base, (1e-9 * float(np.abs(level).max(initial=0.0))) ** 2)
    rise = np.array(levels) - min(levels)
    gain = float(rise @ (np.array(variances) - base)) / float(rise @ rise) if rise.any() else 0.0
    modelled = np.sqrt(floor + max(gain, 0.0) * np.maximum(level - min(levels), 0.0))
    # Beside steep bands the axis moves between repeats: what all of them scatter is no spike.
    smooth = _running_median(spread) if spread.size > 2 else spread
    return np.asarray(np.maximum(modelled, smooth), dtype=np.float64)


def _runs(
    struck: npt.NDArray[np.bool_], excess: FloatArray, channels: IntArray
) -> tuple[Spike, ...]:
    spikes = []
    for row, marks in enumerate(struck):
        at = np.flatnonzero(marks)
        if not at.size:
            continue
        runs = np.split(at, np.flatnonzero(np.diff(channels[at]) > 1) + 1)
        spikes += [
            Spike(
                first=int(channels[run[0]]),
                last=int(channels[run[-1]]),
                height=float(excess[row, run].max()),
                acquisition=row,
            )
            for run in runs
        ]
    return tuple(sorted(spikes, key=lambda s: (s.first, s.acquisition)))
