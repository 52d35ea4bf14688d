"""The canonical grids that curves of one technique are compared on: equal steps, ascending.

Holds ranges, steps and the shift each technique may need; knows nothing of spectra or libraries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray
from spectra.errors import GridMismatchError, NotComparableError
from spectra.spectrum import Technique


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Equal steps from ``start_cm1`` to ``stop_cm1``, both included.

    Parameters
    ----------
    start_cm1, stop_cm1, step_cm1 : float
        In cm⁻¹; the range is a whole number of steps.
    max_shift_cm1 : float
        How far a search may slide a query along the axis to meet a reference.
    """

    start_cm1: float
    stop_cm1: float
    step_cm1: float
    max_shift_cm1: float = 0.0

    def __post_init__(self) -> None:
        steps = (self.stop_cm1 - self.start_cm1) / self.step_cm1 if self.step_cm1 > 0 else -1.0
        if not 1 <= steps <= 1_000_000 or abs(steps - round(steps)) > 1e-6:
            raise GridMismatchError(
                f"{self.start_cm1:g} to {self.stop_cm1:g} is not a whole number of steps "
                f"of {self.step_cm1:g} cm⁻¹"
            )

    @property
    def n_points(self) -> int:
        """Number of grid points."""
        return round((self.stop_cm1 - self.start_cm1) / self.step_cm1) + 1

    @property
    def x(self) -> FloatArray:
        """The grid in cm⁻¹, ascending, shape (n_points,)."""
        return self.start_cm1 + self.step_cm1 * np.arange(self.n_points, dtype=np.float64)

    @classmethod
    def from_axis(cls, x: FloatArray, *, max_shift_cm1: float = 0.0) -> Grid:
        """Return the grid that an ascending axis of equal steps stands for.

        Raises
        ------
        GridMismatchError
            The steps differ by more than 1 part in 10⁴ or the axis descends.
        """
        axis = np.asarray(x, dtype=np.float64)
        if axis.ndim != 1 or axis.size < 2 or not np.isfinite(axis).all():
            raise GridMismatchError("a grid needs at least two finite points in one row")
        step = float(axis[-1] - axis[0]) / (axis.size - 1)
        if step <= 0 or np.abs(np.diff(axis) - step).max() > 1e-4 * step:
            raise GridMismatchError("the points of a grid must ascend in equal steps")
        stop = float(axis[0]) + step * (axis.size - 1)
        return cls(
            start_cm1=float(axis[0]), stop_cm1=stop, step_cm1=step, max_shift_cm1=max_shift_cm1
        )


# Mid-infrared benches cover 400-4000 at 4 cm⁻¹ resolution; a step of 2 is half of that, so nothing
# a bench resolves is lost. Their axis hangs on a HeNe laser, so 4 cm⁻¹ of slide is ample (it makes
# up for interpolation and matrix effects).
FTIR_GRID = Grid(start_cm1=400.0, stop_cm1=4000.0, step_cm1=2.0, max_shift_cm1=4.0)

# Field Raman covers the fingerprint and the nitrile band, and its edge filter passes from about
# 200 upwards. Axes of uncalibrated instruments differ: silicon (520.5) was seen from 518.7 to
# 524.9 and the acetonitrile band from 2252 to 2261.5, hence 10 cm⁻¹.
RAMAN_GRID = Grid(start_cm1=200.0, stop_cm1=2400.0, step_cm1=2.0, max_shift_cm1=10.0)


def canonical(technique: Technique) -> Grid:
    """Return the grid on which spectra of a technique are compared.

    Raises
    ------
    NotComparableError
        Only Raman and FTIR have one.
    """
    if technique is Technique.FTIR:
        return FTIR_GRID
    if technique is Technique.RAMAN:
        return RAMAN_GRID
    raise NotComparableError(
        f"{technique.value} has no common wavenumber grid",
        hint="Only Raman and FTIR spectra are compared as curves.",
    )
