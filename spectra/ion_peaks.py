"""Single ions of a run: noise, baseline and every place where one of them reaches an apex.

Works on blocks of ions that stay in the processor's cache. Knows no substances; positions are in
scans.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray

Float32Array = npt.NDArray[np.float32]

APEX_REACH = 3
"""An apex is the highest of its ion over so many scans each way."""

# Savitzky and Golay, Anal. Chem. 36 (1964) 1627: quadratic over five points.
_SMOOTHING = np.array([-3, 12, 17, 12, -3], dtype=np.float32) / np.float32(35)
_SEGMENT = 13
# So many quiet stretches settle the noise; more only cost time.
_MOST_SEGMENTS = 40_000
_BLOCK_VALUES = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Apexes:
    """Apexes of single ions, each array of shape (n_apexes,).

    ``position`` in scans, ``row`` the ion, ``height`` over the baseline, ``signal_to_noise``,
    ``sharpness`` the curvature at the apex as a share of the height.
    """

    position: FloatArray
    row: IntArray
    height: FloatArray
    signal_to_noise: FloatArray
    sharpness: FloatArray

    @classmethod
    def joined(cls, parts: list[Apexes]) -> Apexes:
        """Return the apexes of several blocks of ions as one, in order of position."""
        names = ("position", "row", "height", "signal_to_noise", "sharpness")
        whole = [np.concatenate([getattr(part, name) for part in parts]) for name in names]
        order = np.argsort(whole[0], kind="stable")
        return cls(*(values[order] for values in whole))


def unsaturated(apexes: Apexes, values: Float32Array, ceiling: float) -> Apexes:
    """Return the apexes at which the detector had not reached its end.

    A flat top has no apex: what smoothing makes of its two edges would look like two substances.
    """
    middle = np.rint(apexes.position).astype(np.int64)
    keep = np.ones(middle.size, dtype=bool)
    for step in range(-APEX_REACH, APEX_REACH + 1):
        scan = np.clip(middle + step, 0, values.shape[1] - 1)
        keep &= values[apexes.row, scan] < ceiling
    names = ("position", "row", "height", "signal_to_noise", "sharpness")
    return Apexes(*(getattr(apexes, name)[keep] for name in names))


def smoothed(values: Float32Array) -> Float32Array:
    """Return rows smoothed over five scans; the two scans at each end stay as they are.

    Parameters
    ----------
    values : ndarray of float32, shape (n_ions, n_scans)
    """
    out = values.copy()
    n = values.shape[1]
    if n >= _SMOOTHING.size:
        middle = out[:, 2:-2]
        np.multiply(values[:, 2:-2], _SMOOTHING[2], out=middle)
        middle += _SMOOTHING[1] * (values[:, 1:-3] + values[:, 3:-1])
        middle += _SMOOTHING[0] * (values[:, :-4] + values[:, 4:])
        np.maximum(middle, 0, out=middle)
    return out


def noise_factor(values: Float32Array) -> float:
    """Return the noise of the run: the typical deviation at an intensity is this times its root.

    Taken from stretches of 13 scans of one ion in which the signal crosses its own mean at least
    six times and is never absent, so that no peak and no cut-off lies in them. Where there are
    none the smallest intensity found is taken for one ion on the detector.

    Parameters
    ----------
    values : ndarray of float32, shape (n_ions, n_scans)

    References
    ----------
    Stein, J. Am. Soc. Mass Spectrom. 10 (1999) 770, doi:10.1016/S1044-0305(99)00047-1.
    """
    segments = _whole_segments(values)
    if segments.shape[0]:
        mean = segments.mean(axis=1, keepdims=True)
        above = segments > mean
        crossings = (above[:, 1:] != above[:, :-1]).sum(axis=1)
        quiet = crossings >= 6
        if quiet.sum() >= 10:
            deviation = np.median(np.abs(segments[quiet] - mean[quiet]), axis=1)
            factor = np.median(deviation / np.sqrt(mean[quiet, 0]))
            # 1.4826 makes a median absolute deviation a standard deviation.
            return max(float(factor) * 1.4826, 1e-6)
    smallest = np.min(values, initial=np.inf, where=values > 0)
    return float(np.sqrt(smallest)) if np.isfinite(smallest) else 1.0


def _whole_segments(values: Float32Array) -> Float32Array:
    """Return stretches of one ion without an absent reading, evenly thinned, shape (n, 13)."""
    n_ions, n_segments = values.shape[0], values.shape[1] // _SEGMENT
    if n_segments == 0 or n_ions == 0:
        return np.zeros((0, _SEGMENT), dtype=np.float32)
    pieces = values[:, : n_segments * _SEGMENT].reshape(n_ions, n_segments, _SEGMENT)
    # Two readings of a stretch tell most of the empty ones apart.
    whole = np.flatnonzero((pieces[:, :, 0] > 0) & (pieces[:, :, _SEGMENT // 2] > 0))
    thin = whole[:: max(1, -(-whole.size // (2 * _MOST_SEGMENTS)))]
    found = pieces[np.divmod(thin, n_segments)]
    found = found[(found > 0).all(axis=1)]
    return np.asarray(found[:_MOST_SEGMENTS], dtype=np.float32)


def find_apexes(
    values: Float32Array, *, noise: float, baseline_scans: int, min_signal_to_noise: float
) -> tuple[Float32Array, Apexes]:
    """Return the baseline of every ion and its apexes over that.

    Parameters
    ----------
    values : ndarray of float32, shape (n_ions, n_scans)
    noise : float
        Deviation at an intensity divided by its root.
    baseline_scans : int
        What is wider than this is background.
    min_signal_to_noise : float
        Height of an apex over the baseline in units of the noise at its intensity.

    Returns
    -------
    ndarray of float32, shape (n_ions, n_scans)
        Lower envelope of each smoothed ion (morphological opening).
    Apexes
    """
    n_ions, n_scans = values.shape
    baseline = np.zeros_like(values)
    if n_scans <= 2 * APEX_REACH or n_ions == 0:
        nothing = np.zeros(0)
        return baseline, Apexes(nothing, nothing.astype(np.int64), nothing, nothing, nothing)
    step = max(1, _BLOCK_VALUES // max(n_scans, 1))
    parts = []
    for first in range(0, n_ions, step):
        smooth = smoothed(values[first : first + step])
        rows = _continuous(smooth, baseline_scans)
        signal = smooth
        if rows.size:
            below = np.minimum(opened(smooth[rows], baseline_scans), smooth[rows])
            baseline[first + rows] = below
            signal = smooth.copy()
            signal[rows] -= below
        parts.append(_apexes(signal, smooth, first, noise, min_signal_to_noise))
    return baseline, Apexes.joined(parts)


def _continuous(smooth: Float32Array, n_scans: int) -> IntArray:
    """Return the ions that are present over a whole baseline window; others have none."""
    half = max(n_scans // 2, 1)
    n_blocks = smooth.shape[1] // half
    if n_blocks == 0:
        return np.arange(smooth.shape[0])
    blocks = smooth[:, : n_blocks * half].reshape(smooth.shape[0], n_blocks, half)
    # Every window of the full width holds one whole block of half its width, or a run's end.
    return np.flatnonzero((blocks.min(axis=2) > 0).any(axis=1))


def opened(values: Float32Array, n_scans: int) -> Float32Array:
    """Return the lower envelope of rows: the highest level a window this wide fits under.

    Parameters
    ----------
    values : ndarray of float32, shape (n_ions, n_scans)
    n_scans : int
        Width of the window; an even one is taken one wider.
    """
    size = max(3, min(n_scans | 1, values.shape[1] | 1))
    return _running(np.maximum, _running(np.minimum, values, size), size)


def _running(extreme: np.ufunc, values: Float32Array, size: int) -> Float32Array:
    """Return the extreme of a centred window, by doubling: windows of 2, 4, 8 … scans."""
    reach = size // 2
    out: Float32Array = np.pad(values, ((0, 0), (reach, reach)), mode="edge")
    width = 1
    while 2 * width <= size:
        out = extreme(out[:, :-width], out[:, width:])
        width *= 2
    rest = size - width
    return out if rest == 0 else extreme(out[:, :-rest], out[:, rest:])


def _apexes(
    signal: Float32Array,
    smooth: Float32Array,
    first_row: int,
    noise: float,
    min_signal_to_noise: float,
) -> Apexes:
    """Local maxima of each ion over three scans each way, refined by a parabola."""
    n_scans = signal.shape[1]
    inner = signal[:, 2:-2]
    limit = np.float32((noise * min_signal_to_noise) ** 2)
    # Where neighbours are equal the first of them is the apex.
    is_apex = inner > signal[:, 1:-3]
    is_apex &= inner >= signal[:, 3:-1]
    is_apex &= np.square(inner) > limit * smooth[:, 2:-2]
    row, scan = np.divmod(np.flatnonzero(is_apex), max(inner.shape[1], 1))
    scan += 2
    top = signal[row, scan]
    highest = np.ones(row.size, dtype=bool)
    for step in (-3, -2, 2, 3):
        beside = signal[row, np.clip(scan + step, 0, n_scans - 1)]
        highest &= (beside < top) if step < 0 else (beside <= top)
    row, scan = row[highest], scan[highest]
    middle = top[highest].astype(np.float64)
    left = signal[row, scan - 1].astype(np.float64)
    right = signal[row, scan + 1].astype(np.float64)
    bend = left - 2 * middle + right
    shift = np.divide(0.5 * (left - right), bend, out=np.zeros_like(middle), where=bend < 0)
    # An apex must stand out of its own neighbourhood, not ride on a neighbour's flank.
    edge = np.maximum(
        signal[row, np.maximum(scan - APEX_REACH, 0)],
        signal[row, np.minimum(scan + APEX_REACH, n_scans - 1)],
    )
    local_noise = noise * np.sqrt(smooth[row, scan].astype(np.float64))
    keep = np.flatnonzero((middle - edge) > 2 * local_noise)
    return Apexes(
        position=(scan + np.clip(shift, -0.5, 0.5))[keep],
        row=row[keep] + first_row,
        height=middle[keep],
        signal_to_noise=np.asarray(middle[keep] / local_noise[keep], dtype=np.float64),
        sharpness=np.asarray(-bend[keep] / middle[keep], dtype=np.float64),
    )
