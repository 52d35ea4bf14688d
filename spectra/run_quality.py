"""What a GC-MS run is, before anything is looked for in it: scan mode, profile data, saturation.

Each fact is a sentence for the person who reads the answer. Knows no peaks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectra.axis import IntArray
from spectra.ion_matrix import Float32Array, IntensityMatrix
from spectra.spectrum import MassRun

FEWEST_SCANS = 7
"""An apex needs three scans on each side."""

# Selected ion monitoring: few masses, each in nearly every scan from its first to its last.
_MOST_SELECTED = 40
_RECORDED = 0.8
# A profile spectrum has many points to a mass; a list of centroids rarely has more than two.
_PROFILE_POINTS = 4.0
# A detector at its end shows one highest reading again and again, far above its noise.
_FLAT_SCANS = 3
_FAR_ABOVE_NOISE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuality:
    """What kind of data a run holds.

    Parameters
    ----------
    selected_mz : tuple of int
        The masses of a selected-ion run; empty for full scans. Its spectra are fragments of
        spectra: no full-scan library may be searched with them.
    profile : bool
        Points of a profile, which are added up within each whole mass.
    ceiling : float or None
        Reading at which the detector gave up, in the file's abundance unit.
    """

    selected_mz: tuple[int, ...] = ()
    profile: bool = False
    ceiling: float | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What has to be said with every answer from this run."""
        said = []
        if self.selected_mz:
            said.append(
                f"selected ions only ({', '.join(map(str, self.selected_mz[:12]))}"
                f"{' …' if len(self.selected_mz) > 12 else ''}), not full scans: "
                "not comparable with a library of full spectra"
            )
        if self.profile:
            said.append("profile data: the points within each whole mass were added up")
        if self.ceiling is not None:
            said.append(f"the detector was saturated in places (at {self.ceiling:.4g})")
        return tuple(said)


def examine(run: MassRun, matrix: IntensityMatrix, noise: float) -> RunQuality:
    """Return what kind of data a run holds.

    Parameters
    ----------
    run : MassRun
    matrix : IntensityMatrix
        Of the same run.
    noise : float
        Deviation at an intensity divided by its root (`spectra.ion_peaks.noise_factor`).
    """
    recorded = np.count_nonzero(matrix.values, axis=1)
    filled = int(recorded.sum())
    return RunQuality(
        selected_mz=_selected(matrix, recorded),
        profile=filled > 0 and run.mz.size > _PROFILE_POINTS * filled,
        ceiling=_ceiling(matrix.values, noise),
    )


def _selected(matrix: IntensityMatrix, recorded: IntArray) -> tuple[int, ...]:
    rows = np.flatnonzero(recorded)
    if not 0 < rows.size <= _MOST_SELECTED:
        return ()
    present = matrix.values[rows] > 0
    first = present.argmax(axis=1)
    last = present.shape[1] - present[:, ::-1].argmax(axis=1)
    steady = recorded[rows] >= _RECORDED * (last - first)
    # A single stray reading is steady too.
    steady &= last - first >= FEWEST_SCANS
    return tuple(matrix.mz[rows].tolist()) if steady.mean() >= _RECORDED else ()


def _ceiling(values: Float32Array, noise: float) -> float | None:
    top = float(values.max(initial=0.0))
    if top <= 0 or top < (_FAR_ABOVE_NOISE * noise) ** 2:
        return None
    rows = np.flatnonzero((values == top).any(axis=1))
    at_top = values[rows] == top
    run_length = np.ones((rows.size, max(at_top.shape[1] - _FLAT_SCANS + 1, 0)), dtype=bool)
    for step in range(_FLAT_SCANS):
        run_length &= at_top[:, step : step + run_length.shape[1]]
    return top if run_length.any() else None
