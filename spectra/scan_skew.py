"""The skew of a scanning mass spectrometer: one scan takes time, so its masses differ in time.

Estimated from the run itself and taken out, so that all ions of a substance peak together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.deconvolution import Apexes, coincidence_density

Float32Array = npt.NDArray[np.float32]

# A scan cannot be skewed by more than itself.
_TRIALS = np.linspace(-1.0, 1.0, 21)
# Apexes must gather this much better before a skew is believed.
_MIN_GAIN = 1.1
_MAX_APEXES = 20_000
# One overlapping pair looks like a skew; several places in the run do not overlap all alike.
_PLACE_SCANS = 20
_MIN_PLACES = 5


def scan_skew(apexes: Apexes, n_scans: int, n_ions: int) -> float:
    """Return the delay of the heaviest ion against the lightest in scans, 0.0 when none is seen.

    The delay is chosen under which apexes of different ions gather most tightly.

    References
    ----------
    Stein, J. Am. Soc. Mass Spectrom. 10 (1999) 770, doi:10.1016/S1044-0305(99)00047-1, corrects
    the same skew from the known scan direction.
    """
    crowd = np.bincount((apexes.position // _PLACE_SCANS).astype(np.int64), minlength=1)
    if n_ions < 2 or int((crowd >= 3).sum()) < _MIN_PLACES:
        return 0.0
    strongest = np.argsort(-apexes.signal_to_noise, kind="stable")[:_MAX_APEXES]
    position, weight = apexes.position[strongest], np.sqrt(apexes.signal_to_noise[strongest])
    place = _places(n_ions)[apexes.column[strongest]]
    tightness = np.array(
        [
            np.sum(coincidence_density(position - skew * place, weight, n_scans) ** 2)
            for skew in _TRIALS
        ]
    )
    best = int(np.argmax(tightness))
    straight = float(tightness[_TRIALS.size // 2])
    return float(_TRIALS[best]) if tightness[best] > _MIN_GAIN * straight else 0.0


def straightened(values: Float32Array, skew: float) -> Float32Array:
    """Return the matrix with each ion moved back by its own delay (four-point interpolation)."""
    if skew == 0:
        return values
    delay = skew * _places(values.shape[1])
    whole = np.floor(delay).astype(np.int64)
    out = np.empty_like(values)
    for base in np.unique(whole):
        columns = np.flatnonzero(whole == base)
        padded = np.pad(values[:, columns], ((3, 3), (0, 0)), mode="edge")
        part = delay[columns] - base
        total = np.zeros((values.shape[0], columns.size), dtype=np.float32)
        for step, weight in zip(range(-1, 3), _catmull_rom(part), strict=True):
            first = 3 + int(base) + step
            total += weight.astype(np.float32) * padded[first : first + values.shape[0]]
        out[:, columns] = np.maximum(total, 0)
    return out


def straightened_apexes(apexes: Apexes, skew: float, n_ions: int) -> Apexes:
    """Return the apexes at the times at which all masses were read at once."""
    return replace(apexes, position=apexes.position - skew * _places(n_ions)[apexes.column])


def _places(n_ions: int) -> FloatArray:
    """Return the place of each ion in a scan, -0.5 for the lightest to 0.5 for the heaviest."""
    return np.arange(n_ions) / max(n_ions - 1, 1) - 0.5


def _catmull_rom(part: FloatArray) -> tuple[FloatArray, ...]:
    """Return the weights of the four points around a place between the middle two."""
    square, cube = part**2, part**3
    return (
        (-part + 2 * square - cube) / 2,
        (2 - 5 * square + 3 * cube) / 2,
        (part + 4 * square - 3 * cube) / 2,
        (cube - square) / 2,
    )
