"""A GC-MS run on whole masses: one row of scans for each ion, and what its detector could not show.

Built from the ragged scans of a run; knows no peaks and no substances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import SpectrumError
from spectra.mass_scores import MZ_MAX
from spectra.spectrum import MassRun

Float32Array = npt.NDArray[np.float32]

MAX_CELLS = 40_000_000
"""A run this large (scans times masses) needs 0.7 GB while it is worked on."""

MAX_INTENSITY = 1e15
"""No detector counts this far; single precision, in which a run is worked on, squares no more."""


@dataclass(frozen=True, slots=True, eq=False)
class IntensityMatrix:
    """A run on whole masses.

    ``values`` has shape (n_mz, n_scans), float32, masses ``mz_first`` and up: an ion's scans lie
    side by side, since all work on a run goes ion by ion or over a few neighbouring scans.
    """

    values: Float32Array
    mz_first: int

    @property
    def mz(self) -> IntArray:
        """Whole masses of the rows, shape (n_mz,)."""
        return np.arange(self.mz_first, self.mz_first + self.values.shape[0])


def intensity_matrix(run: MassRun) -> IntensityMatrix:
    """Return the run as whole masses times scans; peaks that fall on one mass are added.

    Raises
    ------
    SpectrumError
        A value is not a number or no reading, or the matrix would be too large.
    """
    if not (np.isfinite(run.mz).all() and np.isfinite(run.intensity).all()):
        raise SpectrumError(
            "the run holds a peak that is not a number", hint="Export the run again."
        )
    highest = float(run.intensity.max(initial=0.0))
    if highest > MAX_INTENSITY:
        raise SpectrumError(
            f"an intensity of {highest:.3g} is no reading of a detector",
            hint="Export the run again.",
        )
    keep = (run.intensity > 0) & (run.mz >= 0.5) & (run.mz < MZ_MAX + 0.5)
    if not keep.any():
        return IntensityMatrix(np.zeros((0, run.n_scans), dtype=np.float32), 1)
    scans = np.repeat(np.arange(run.n_scans, dtype=np.int32), np.diff(run.offsets))
    mz, height = run.mz, run.intensity
    if not keep.all():
        scans, mz, height = scans[keep], mz[keep], height[keep]
    whole = (mz + 0.5).astype(np.int32)
    first, last = int(whole.min()), int(whole.max())
    n_mz = last - first + 1
    if run.n_scans * n_mz > MAX_CELLS:
        raise SpectrumError(
            f"{run.n_scans} scans over {n_mz} masses are more than {MAX_CELLS:,} cells",
            hint="Cut the run to the time of interest.",
        )
    cells = (whole - first) * run.n_scans + scans
    return IntensityMatrix(_summed(cells, height, (n_mz, run.n_scans)), first)


def _summed(
    cells: npt.NDArray[np.int32], height: FloatArray, shape: tuple[int, int]
) -> Float32Array:
    """Add up what falls into each cell; scans in order of mass need no sorting."""
    new = np.empty(cells.size, dtype=bool)
    new[0] = True
    np.not_equal(cells[1:], cells[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    sums = height if starts.size == cells.size else np.add.reduceat(height, starts)
    where = cells[starts]
    out = np.zeros(shape, dtype=np.float32)
    np.add.at(out.reshape(-1), where, sums.astype(np.float32))
    return out
