"""Cosmic rays found by their shape in one acquisition and taken out; see also `spectra.replicates`.

A cosmic ray strikes one or two detector channels. Works on the detector's own channels, before any
resampling. Every edited channel is reported; nothing else is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import SpectrumError

# One struck channel is 1.0 wide between its half heights, two equal ones 2.0. A band sampled by two
# channels is as narrow as that, so width alone must not decide: see the spill.
MAX_WIDTH_POINTS = 2.2
# A band of 1.75 channels or wider, less than any spectrograph is built for, leaves 0.16 of its two
# tallest channels in the others; a ray that strikes one or two channels leaves none.
_MOST_SPILL = 0.15
# Where the resolution is known: as wide as this share of it is no band (a band is at least 1).
WIDTH_SHARE = 0.45
# Prominence over noise. Noise alone reaches 5 in ten thousand channels; smaller spikes do no harm.
MIN_PROMINENCE = 8.0
# A spike must rise above every step of the curve around it by this factor, else it may be the
# shoulder of a band, or correlated noise of a resampled file.
_STEEPNESS = 2.0
_AROUND = 4
_REACH = 4
_NOISE_REACH = 40
_EQUAL_SHARE = 0.2
_FEW_SHARE = 0.02
MAD_TO_SIGMA = 1.0 / 0.6745


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """One run of edited channels.

    Parameters
    ----------
    first, last : int
        Channels, from 0, both included.
    height : float
        What was taken off at the top, in the unit of the curve.
    acquisition : int
        Which repeat it was in, from 0.
    """

    first: int
    last: int
    height: float
    acquisition: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Despiked:
    """A curve without cosmic rays.

    Parameters
    ----------
    y : ndarray of float, shape (n_points,)
    spikes : tuple of Spike
        Everything that was edited, in axis order.
    """

    y: FloatArray
    spikes: tuple[Spike, ...]

    @property
    def n_channels(self) -> int:
        """Number of edited channels."""
        return sum(spike.last - spike.first + 1 for spike in self.spikes)


def by_shape(
    y: npt.ArrayLike,
    *,
    max_width_points: float = MAX_WIDTH_POINTS,
    min_prominence: float = MIN_PROMINENCE,
) -> Despiked:
    """Return one acquisition without what is too narrow and too tall to be a band.

    Parameters
    ----------
    y : array-like of float, shape (n_points,)
        Counts by detector channel, in either direction; NaN marks missing channels.
    max_width_points : float
        Full width at half prominence, in channels, up to which a maximum is a spike.
    min_prominence : float
        In standard deviations of the noise around it.

    Returns
    -------
    Despiked
        Edited channels lie on a straight line between their neighbours. The two channels at
        either end and beside missing ones have no two flanks and are left alone.

    Raises
    ------
    SpectrumError
        Not one row, infinite values, or a limit that is not positive.

    Notes
    -----
    Width and prominence as proposed by Coca-Lopez, Anal. Chim. Acta 1295 (2024) 342312. The noise
    is the median absolute second difference within 40 channels, or of the whole curve if larger.
    """
    curve = one_row(y)
    if not 0 < max_width_points <= 2 * _REACH or not 0 < min_prominence < np.inf:
        raise SpectrumError(
            f"spikes up to {max_width_points:g} channels wide and {min_prominence:g} noise tall",
            hint="Widths go up to 8 channels; both limits must be positive.",
        )
    scale = int(np.frexp(np.nanmax(np.abs(curve), initial=0.0))[1])
    made = np.ldexp(curve, -scale)
    spikes: list[Spike] = []
    noise = _noise(made)
    for at in _candidates(made, noise, min_prominence):
        found = _spike_at(made, at, min_prominence * noise[at], max_width_points, noise[at])
        if found is not None and (not spikes or found.first > spikes[-1].last):
            spikes.append(found)
    for spike in spikes:
        _bridge(made, spike)
    return rescaled(made, spikes, scale)


def width_for(resolution_cm1: float, step_cm1: float) -> float:
    """Return the widest spike in channels for an instrument of known resolution, 1.2 to 4."""
    if not (0 < resolution_cm1 < np.inf and 0 < step_cm1 < np.inf):
        raise SpectrumError(f"a resolution of {resolution_cm1:g} at a step of {step_cm1:g} cm⁻¹")
    return float(np.clip(WIDTH_SHARE * resolution_cm1 / step_cm1, 1.2, _REACH))


def one_row(y: npt.ArrayLike) -> FloatArray:
    """Return a copy of one acquisition; errors as `by_shape`."""
    curve = np.array(y, dtype=np.float64)
    if curve.ndim != 1:
        raise SpectrumError(f"despiking needs one row of numbers, found shape {curve.shape}")
    if np.isinf(curve).any():
        raise SpectrumError("an infinite reading cannot be told from a spike")
    return curve


def rescaled(y: FloatArray, spikes: Sequence[Spike], scale: int) -> Despiked:
    """Return a result worked out on a curve divided by 2**scale in the curve's own unit."""
    sized = tuple(replace(each, height=float(np.ldexp(each.height, scale))) for each in spikes)
    return Despiked(y=np.ldexp(y, scale), spikes=sized)


def _noise(y: FloatArray) -> FloatArray:
    """Return the noise around each channel, shape (n_points,), never 0 where the curve varies."""
    if y.size < 3:
        return np.zeros(y.size)
    second = np.abs(y[:-2] - 2 * y[1:-1] + y[2:])
    known = second[np.isfinite(second)]
    if not known.size:
        return np.zeros(y.size)
    overall = float(np.median(known))
    # Whole counts of a dim spectrum are mostly equal: the steps between the others tell the noise.
    unequal = known[known > 1e-6 * np.nanmax(np.abs(y))]
    if _FEW_SHARE * known.size < unequal.size < (1 - _EQUAL_SHARE) * known.size:
        overall = max(overall, float(known.mean()), float(np.median(unequal)))
    floor = 1e-9 * float(np.nanmax(np.abs(y)))
    # A missing step counts as a usual one.
    local = _local_medians(np.where(np.isfinite(second), second, overall), overall)
    sigma = np.maximum(local, overall) * MAD_TO_SIGMA / np.sqrt(6.0)
    whole = np.concatenate((sigma[:1], sigma, sigma[-1:]))
    return np.asarray(np.maximum(whole, floor), dtype=np.float64)


def _local_medians(second: FloatArray, overall: float) -> FloatArray:
    """Return the median of the 81 values around each, worked out for some and joined by lines.

    Every eighth is enough, and 4,000 of a long curve: the noise changes slowly.
    """
    if second.size <= _NOISE_REACH:
        return np.full(second.size, overall)
    padded = np.pad(second, _NOISE_REACH, mode="reflect")
    every = max(8, second.size // 4000)
    # The same places from either end, so that the direction of the axis does not matter.
    from_one_end = np.arange(0, (second.size + 1) // 2, every)
    asked = np.unique(np.concatenate((from_one_end, second.size - 1 - from_one_end)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NOISE_REACH + 1)[asked]
    some = np.partition(windows, _NOISE_REACH, axis=1)[:, _NOISE_REACH]
    return np.asarray(np.interp(np.arange(second.size), asked, some), dtype=np.float64)


def _candidates(y: FloatArray, noise: FloatArray, min_prominence: float) -> IntArray:
    """Return channels that stand out from both neighbours or, as a pair, from theirs."""
    if y.size < 5:
        return np.empty(0, dtype=np.int64)
    at: IntArray = np.arange(2, y.size - 2)
    here, left, right = y[at], y[at - 1], y[at + 1]
    with np.errstate(invalid="ignore"):
        top = (here >= left) & (here >= right) & ((here > left) | (here > right))
        flank = np.maximum(np.minimum(left, y[at - 2]), np.minimum(right, y[at + 2]))
        tall = here - flank > min_prominence * noise[at]
    return np.asarray(at[top & tall], dtype=np.int64)


def _spike_at(y: FloatArray, at: int, least: float, max_width: float, noise: float) -> Spike | None:
    """Return the spike whose top is ``at``, or None when it is a band, noise or has no flank."""
    first, last = max(at - _REACH, 0), min(at + _REACH, y.size - 1)
    left, right = y[first:at][::-1], y[at + 1 : last + 1]
    if np.isnan(y[at - 2 : at + 3]).any():
        return None
    foot = max(float(np.nanmin(left)), float(np.nanmin(right)))
    height = float(y[at]) - foot
    if height < least:
        return None
    half = float(y[at]) - 0.5 * height
    before, after = _crossing(left, float(y[at]), half), _crossing(right, float(y[at]), half)
    if before is None or after is None or before + after > max_width:
        return None
    edge = foot + max(3.0 * noise, 0.05 * height)
    spike = Spike(
        first=at - _steps_above(left, edge), last=at + _steps_above(right, edge), height=height
    )
    if spike.first < 2 or spike.last > y.size - 3 or not _alone(y, spike):
        return None
    if max_width <= MAX_WIDTH_POINTS and _spill(y, at) > _MOST_SPILL:
        return None
    return spike


def _alone(y: FloatArray, spike: Spike) -> bool:
    """Return whether a spike rises far above every step of the curve around it."""
    before = y[max(spike.first - _AROUND, 0) : spike.first]
    after = y[spike.last + 1 : spike.last + 1 + _AROUND]
    if np.isnan([before[-1], after[0]]).any():
        return False
    steps = np.abs(np.concatenate((np.diff(before), np.diff(after))))
    steps = steps[np.isfinite(steps)]
    return bool(steps.size >= 2 and spike.height > _STEEPNESS * steps.max())


def _spill(y: FloatArray, at: int) -> float:
    """Return what lies beside the two tallest channels as a share of what lies in them.

    Measured above the straight line between the channels three away, or the nearest there are.
    """
    first, last = max(at - 3, 0), min(at + 3, y.size - 1)
    part = y[first : last + 1]
    above = np.maximum(part - np.linspace(part[0], part[-1], part.size), 0.0)
    top = at - first
    pair = float(above[top] + max(above[top - 1], above[top + 1]))
    rest = float(np.nansum(above[top - 2 : top + 3])) - pair
    return rest / pair if pair > 0 else np.inf


def _crossing(flank: FloatArray, top: float, half: float) -> float | None:
    """Return how far from the top a flank falls to half, by straight lines between channels."""
    above = top
    for steps, value in enumerate(flank):
        if np.isnan(value):
            return None
        if value <= half:
            return steps + (above - half) / (above - float(value))
        above = float(value)
    return None


def _steps_above(flank: FloatArray, edge: float) -> int:
    """Return how many channels next to the top belong to the spike: falling, and above ``edge``."""
    previous = np.inf
    for steps, value in enumerate(flank):
        if not value > edge or value >= previous:
            return steps
        previous = float(value)
    return int(flank.size)


def _bridge(y: FloatArray, spike: Spike) -> None:
    first, last = spike.first - 1, spike.last + 1
    y[first : last + 1] = np.linspace(y[first], y[last], last - first + 1)
