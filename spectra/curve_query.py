"""One query made ready for a scan: its derivative at every allowed shift over one fixed region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.derivative import BoolArray, first_derivative
from spectra.errors import FlatSpectrumError, GridMismatchError

# Fewer points than this (60 cm⁻¹ at a step of 2) hold no more than one band.
MIN_POINTS = 30

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CurveQuery:
    """A query as a scan needs it.

    Parameters
    ----------
    curve : ndarray of float, shape (n_points,)
        The query as given, NaN where not measured.
    vectors : ndarray of float, shape (n_shifts, n_points)
        First derivative moved by each shift, centred and of unit length over ``region``, 0 outside.
    shifts : ndarray of int, shape (n_shifts,)
        In grid steps, nearest to zero first, so that the smallest shift wins a tie.
    region : ndarray of bool, shape (n_points,)
        Points that hold the query's derivative at every shift; the same for all shifts, so that
        all are compared over the same part of the references.
    """

    curve: FloatArray
    vectors: FloatArray
    shifts: IntArray
    region: BoolArray

    @property
    def n_points(self) -> int:
        """Number of points in the region."""
        return int(np.count_nonzero(self.region))

    def shifted_curve(self, shift: int) -> FloatArray:
        """Return the query as measured, moved by ``shift`` grid steps, shape (n_points,)."""
        return _moved(self.curve, shift, np.nan)


def make_query(curve: FloatArray, half: int, max_shift: int) -> CurveQuery:
    """Return a query ready for scanning.

    Parameters
    ----------
    curve : ndarray of float, shape (n_points,)
        On the grid of the index; NaN where not measured.
    half : int
        Half window of the derivative, in grid steps.
    max_shift : int
        Largest shift either way, in grid steps.

    Raises
    ------
    GridMismatchError
        Too little of the grid was measured.
    FlatSpectrumError
        The derivative has no variance.
    """
    slope, exists = first_derivative(curve, half)
    shifts = np.array(sorted(range(-max_shift, max_shift + 1), key=abs), dtype=np.int64)
    region = exists.copy()
    for shift in shifts:
        region &= _moved(exists, int(shift), False)
    if np.count_nonzero(region) < MIN_POINTS:
        raise GridMismatchError(
            f"only {np.count_nonzero(region)} of {region.size} grid points of the query "
            f"can be compared, {MIN_POINTS} are needed",
            hint="Measure a wider range without gaps.",
        )
    vectors = np.zeros((shifts.size, curve.size))
    # Below this the slope is rounding: about the resolution of double precision on the curve.
    noise = 1e-12 * float(np.nanmax(np.abs(curve)))
    for row, shift in enumerate(shifts):
        inside = _moved(slope, int(shift), 0.0)[region]
        inside = inside - inside.mean()
        norm = float(np.linalg.norm(inside))
        if not norm > noise * np.sqrt(inside.size):
            raise FlatSpectrumError("the query is flat or a straight line: nothing to compare")
        vectors[row, region] = inside / norm
    return CurveQuery(
        curve=np.asarray(curve, dtype=np.float64), vectors=vectors, shifts=shifts, region=region
    )


def _moved(values: npt.NDArray[T], shift: int, fill: float | bool) -> npt.NDArray[T]:
    moved = np.full_like(values, fill)
    if shift > 0:
        moved[shift:] = values[:-shift]
    elif shift < 0:
        moved[:shift] = values[-shift:]
    else:
        moved[:] = values
    return moved
