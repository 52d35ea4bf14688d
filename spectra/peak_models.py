"""The elution shape of each place where ions peak together: the models of model-peak deconvolution.

Works on ions times scans; positions are in scans. Knows no times, no masses and no files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.ion_peaks import Apexes, smoothed
from spectra.scan_skew import catmull_rom

Float32Array = npt.NDArray[np.float32]

APEX_SPREAD = 0.3
"""Apexes of one substance scatter by about this many scans."""

_BINS_PER_SCAN = 10
_MODEL_IONS = 6
_MAX_HALF_WIDTH = 40
# From here on the readings themselves are a better shape than the smoothed ones.
_CLEAR_SHAPE = 40.0


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The elution shape of one component: 1 at its apex.

    It begins at scan ``start`` and is ``width`` scans wide at half height; ``ions`` are the rows
    it was made from, the best first.
    """

    position: float
    start: int
    shape: FloatArray
    width: int
    signal_to_noise: float
    n_ions: int
    ions: tuple[int, ...]

    @property
    def stop(self) -> int:
        """One past its last scan."""
        return self.start + self.shape.size

    def over(self, start: int, stop: int) -> FloatArray:
        """Return the shape on the scans ``start:stop``."""
        out = np.zeros(stop - start)
        low, high = max(start, self.start), min(stop, self.start + self.shape.size)
        if low < high:
            out[low - start : high - start] = self.shape[low - self.start : high - self.start]
        return out

    def shaped_as(self, other: Model, position: float) -> Model:
        """Return this component with the shape of another, moved to a position of its own."""
        back = other.position - position
        whole = int(np.floor(back))
        padded = np.pad(other.shape, 4)
        n = other.shape.size + 4
        weights = catmull_rom(np.array(back - whole))
        moved = sum(w * padded[1 + q : 1 + q + n] for q, w in enumerate(weights))
        shape = np.maximum(np.asarray(moved, dtype=np.float64), 0.0)
        start = other.start - whole - 2
        if start < 0:
            shape, start = shape[-start:], 0
        top = float(shape.max(initial=0.0))
        if top <= 0:
            return self
        return replace(self, position=position, start=start, shape=shape / top, width=other.width)


def peak_models(
    values: Float32Array, baseline: Float32Array, apexes: Apexes, min_ions: int
) -> list[Model]:
    """Return a model for every place at which enough ions reach their apex together.

    Parameters
    ----------
    values, baseline : ndarray of float32, shape (n_ions, n_scans)
    apexes : Apexes
        In order of position.
    min_ions : int
    """
    if apexes.position.size == 0:
        return []
    models = []
    centres = _coincidences(values.shape[1], apexes)
    first = np.searchsorted(apexes.position, centres - 2 * APEX_SPREAD)
    last = np.searchsorted(apexes.position, centres + 2 * APEX_SPREAD, side="right")
    for centre, a, b in zip(centres.tolist(), first.tolist(), last.tolist(), strict=True):
        if b - a >= min_ions and np.unique(apexes.row[a:b]).size >= min_ions:
            models.append(_model(values, baseline, apexes, slice(a, b), centre))
    return models


def _coincidences(n_scans: int, apexes: Apexes) -> FloatArray:
    """Return the positions at which apexes of several ions gather."""
    n_bins = n_scans * _BINS_PER_SCAN
    bins = np.clip((apexes.position * _BINS_PER_SCAN).astype(np.int64), 0, n_bins - 1)
    # A root keeps a few giant ions from deciding, noise from adding up.
    counts = np.bincount(bins, weights=np.sqrt(apexes.signal_to_noise), minlength=n_bins)
    reach = int(3 * APEX_SPREAD * _BINS_PER_SCAN)
    at = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (at / (APEX_SPREAD * _BINS_PER_SCAN)) ** 2)
    density = np.convolve(counts, kernel, mode="same")
    rises = density[1:-1] > density[:-2]
    falls = density[1:-1] >= density[2:]
    peaks = np.flatnonzero(rises & falls) + 1
    return (peaks + 0.5) / _BINS_PER_SCAN


def _model(
    values: Float32Array, baseline: Float32Array, apexes: Apexes, near: slice, centre: float
) -> Model:
    """Return the shape of the sharpest tall ions at one place, falling on both sides of it."""
    best = _sharpest(apexes, near, centre)
    strength = apexes.signal_to_noise[best]
    position = float(np.average(apexes.position[best], weights=strength))
    middle = min(max(int(position + 0.5), 0), values.shape[1] - 1)
    start = max(middle - _MAX_HALF_WIDTH, 0)
    stop = min(middle + _MAX_HALF_WIDTH + 1, values.shape[1])
    rows = apexes.row[best]
    raw = values[rows, start:stop]
    ions = raw if strength[0] >= _CLEAR_SHAPE else smoothed(raw)
    over = np.maximum(ions - baseline[rows, start:stop], 0).astype(np.float64)
    weights = np.sqrt(strength) / np.maximum(over[:, middle - start], 1e-12)
    shape = weights @ over
    # Smoothing draws the apex of a steep front or tail aside; the readings have the true one.
    first = max(middle - start - 1, 0)
    top_at = first + int(np.argmax(shape[first : middle - start + 2]))
    left = _falling(shape[: top_at + 1][::-1])[::-1]
    right = _falling(shape[top_at:])
    shape = np.concatenate((left[:-1], right))
    kept = np.flatnonzero(shape > 0)
    a, b = (int(kept[0]), int(kept[-1]) + 1) if kept.size else (top_at, top_at + 1)
    top = float(shape.max())
    return Model(
        position=position,
        start=start + a,
        shape=shape[a:b] / top if top > 0 else np.ones(b - a),
        width=max(int((shape >= 0.5 * top).sum()), 1),
        signal_to_noise=float(apexes.signal_to_noise[near].max()),
        n_ions=int(np.unique(apexes.row[near]).size),
        ions=tuple(rows.tolist()),
    )


def _sharpest(apexes: Apexes, near: slice, centre: float) -> IntArray:
    height = apexes.height[near]
    tall = np.flatnonzero(height >= 0.05 * height.max()) + near.start
    # A shared ion is blunter and its apex is drawn towards the neighbour.
    strength = np.sqrt(np.minimum(apexes.signal_to_noise[tall], 400.0))
    off_centre = np.exp(-0.5 * ((apexes.position[tall] - centre) / APEX_SPREAD) ** 2)
    merit = apexes.sharpness[tall] * strength * off_centre
    best: IntArray = tall[np.argsort(-merit, kind="stable")[:_MODEL_IONS]]
    return best


def _falling(side: FloatArray) -> FloatArray:
    """Return one side of a peak from its apex outwards, cut at its foot or its first valley."""
    lowest = np.minimum.accumulate(side)
    climbs = side > lowest + 0.05 * side[0]
    ended = climbs | (lowest < 0.01 * side[0])
    out = lowest.copy()
    if ended.any():
        first = int(np.argmax(ended))
        if climbs[first]:
            # Back to the valley itself: what lies behind it belongs to the next peak.
            first = int(np.argmin(side[:first])) + 1
        out[first:] = 0
    return out
