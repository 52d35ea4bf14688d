"""The skew of a scanning mass spectrometer: one scan takes time, so its masses differ in time.

Estimated from the run itself and taken out, so that all ions of a substance peak together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.ion_peaks import Apexes

Float32Array = npt.NDArray[np.float32]

# Weaker apexes scatter by more than a skew moves them; in a weak run the next best are taken.
_SIGNAL_TO_NOISE = (30.0, 15.0)
# Apexes of one substance lie within this many scans of each other, skew included.
_REACH = 1.2
_MIN_IONS = 8
# One overlapping pair looks like a skew; several places in the run do not overlap all alike.
_MIN_PLACES = 5
_MIN_SKEW = 0.03
_MOST_PASSES = 8
_SETTLED = 0.005
_REWEIGHTED = 6
# Apexes of strong ions of one substance agree to about this many scans.
_ON_LINE = 0.05
_BLOCK_VALUES = 200_000
# A slope within so many of its standard errors is none.
_MIN_CERTAINTY = 3.0


def scan_skew(apexes: Apexes, n_ions: int) -> float:
    """Return the delay of the heaviest ion against the lightest in scans, 0.0 when none is seen.

    At every place where apexes of many ions gather, their positions are fitted by a line over the
    place of the ion in the scan; the run's skew is the weighted median of the slopes.

    References
    ----------
    Stein, J. Am. Soc. Mass Spectrom. 10 (1999) 770, doi:10.1016/S1044-0305(99)00047-1, corrects
    the same skew from the known scan direction.
    """
    if n_ions < 2:
        return 0.0
    for least in _SIGNAL_TO_NOISE:
        strong = np.flatnonzero(apexes.signal_to_noise >= least)
        found = _settled(apexes.position[strong], _places(n_ions)[apexes.row[strong]])
        if found is not None:
            return found
    return 0.0


def _settled(apex: FloatArray, place: FloatArray) -> float | None:
    """Return the skew that strong apexes show, 0.0 for one that is not sure, None for too few."""
    if apex.size < _MIN_IONS * _MIN_PLACES:
        return None
    total = error = 0.0
    # What is moved back gathers more tightly and shows the rest of the skew better.
    for _ in range(_MOST_PASSES):
        position = apex - total * place
        order = np.argsort(position, kind="stable")
        found = _slope(position[order], place[order])
        if found is None:
            return None
        step, error = found
        total += step
        if abs(step) < _SETTLED:
            break
    sure = abs(total) >= max(_MIN_SKEW, _MIN_CERTAINTY * error)
    return total if sure and abs(total) <= 1.0 else 0.0


def _slope(position: FloatArray, place: FloatArray) -> tuple[float, float] | None:
    """Return the weighted median slope over all gatherings and its standard error."""
    first = np.searchsorted(position, position - _REACH)
    last = np.searchsorted(position, position + _REACH, side="right")
    crowd = last - first
    # The fullest window of each scan stands for it.
    scan = position.astype(np.int64)
    order = np.lexsort((-crowd, scan))
    fullest = order[np.unique(scan[order], return_index=True)[1]]
    fullest = fullest[crowd[fullest] >= _MIN_IONS]
    if fullest.size < _MIN_PLACES:
        return None
    size = crowd[fullest]
    group = np.repeat(np.arange(fullest.size), size)
    member = np.arange(group.size) + np.repeat(first[fullest] - np.cumsum(size) + size, size)
    slopes, weight = _lines(group, position[member], place[member])
    middle = _weighted_median(slopes, weight)
    # By how many gatherings it holds, not by how much one of them weighs.
    scatter = 1.4826 * float(np.median(np.abs(slopes - middle)))
    return middle, scatter / float(np.sqrt(slopes.size))


def _lines(
    group: npt.NDArray[np.int64], position: FloatArray, place: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the slope of each gathering and what it is worth, by reweighted least squares.

    Ions that a neighbour draws away lie off the line of those that belong to one substance alone,
    and lose their weight.
    """
    near: FloatArray = np.ones(position.size)
    spread: FloatArray = np.zeros(0)
    slopes = left = n = spread
    for _ in range(_REWEIGHTED):
        n = np.bincount(group, near).astype(np.float64)
        x = place - (np.bincount(group, near * place) / n)[group]
        y = position - (np.bincount(group, near * position) / n)[group]
        spread = np.bincount(group, near * x * x).astype(np.float64)
        product = np.bincount(group, near * x * y)
        slopes = np.divide(product, spread, out=np.zeros_like(n), where=spread > 1e-6)
        rest = y - slopes[group] * x
        left = np.bincount(group, near * rest**2) / n
        near = 1 / (1 + (rest / _ON_LINE) ** 2)
    return slopes, np.where(spread > 1e-6, spread / (left + _ON_LINE**2), 0.0)


def _weighted_median(values: FloatArray, weight: FloatArray) -> float:
    order = np.argsort(values, kind="stable")
    running = np.cumsum(weight[order])
    return float(values[order[min(int(np.searchsorted(running, running[-1] / 2)), order.size - 1)]])


def straightened(values: Float32Array, skew: float) -> Float32Array:
    """Return the ions each moved back by its own delay (four-point interpolation).

    Parameters
    ----------
    values : ndarray of float32, shape (n_ions, n_scans)
    skew : float
        As `scan_skew` returns it.
    """
    if skew == 0:
        return values
    delay = skew * _places(values.shape[0])
    whole = np.floor(delay).astype(np.int64)
    weights = np.stack(catmull_rom(delay - whole)).astype(np.float32)[:, :, None]
    out = np.zeros_like(values)
    n = values.shape[1]
    step = max(1, _BLOCK_VALUES // max(n, 1))
    filled = np.flatnonzero(values.any(axis=1))
    for base in np.unique(whole).tolist():
        rows = filled[whole[filled] == base]
        for part in (rows[at : at + step] for at in range(0, rows.size, step)):
            padded = np.pad(values[part], ((0, 0), (3, 3)), mode="edge")
            moved = weights[0, part] * padded[:, 2 + base : 2 + base + n]
            for tap in range(1, 4):
                moved += weights[tap, part] * padded[:, 2 + base + tap : 2 + base + tap + n]
            out[part] = np.maximum(moved, 0)
    return out


def straightened_apexes(apexes: Apexes, skew: float, n_ions: int) -> Apexes:
    """Return the apexes at the times at which all masses were read at once, in that order."""
    if skew == 0:
        return apexes
    moved = replace(apexes, position=apexes.position - skew * _places(n_ions)[apexes.row])
    return Apexes.joined([moved])


def _places(n_ions: int) -> FloatArray:
    """Return the place of each ion in a scan, -0.5 for the lightest to 0.5 for the heaviest."""
    return np.arange(n_ions) / max(n_ions - 1, 1) - 0.5


def catmull_rom(part: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the weights of the four points around a place between the middle two.

    Parameters
    ----------
    part : ndarray of float
        How far the place lies from the second point towards the third, 0 to 1.
    """
    square, cube = part**2, part**3
    return (
        (-part + 2 * square - cube) / 2,
        (2 - 5 * square + 3 * cube) / 2,
        (part + 4 * square - 3 * cube) / 2,
        (cube - square) / 2,
    )
