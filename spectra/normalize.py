"""Curves brought to one scale: standard normal variate, unit vector, maximum or area.

Each leaves NaN where nothing was measured. None changes a correlation; they serve display,
subtraction and quantities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.errors import FlatSpectrumError, GridMismatchError, SpectrumError


def standard_normal_variate(y: npt.ArrayLike) -> FloatArray:
    """Return a curve with mean 0 and standard deviation 1 (n − 1) over its measured points.

    Parameters
    ----------
    y : array-like of float, shape (n_points,)

    Raises
    ------
    FlatSpectrumError
        The curve does not vary.
    SpectrumError
        Not one row, infinite values, or fewer than two measured points.

    References
    ----------
    Barnes, Dhanoa and Lister, Appl. Spectrosc. 43 (1989) 772.
    """
    curve = _scaled(y, 2)
    centred = curve - np.nanmean(curve)
    deviation = float(np.nanstd(centred, ddof=1))
    if not deviation > 1e-12:
        raise FlatSpectrumError("the curve is flat: it has no standard deviation to divide by")
    return np.asarray(centred / deviation, dtype=np.float64)


def unit_vector(y: npt.ArrayLike) -> FloatArray:
    """Return a curve whose squares sum to 1 over its measured points; errors as above."""
    curve = _scaled(y, 1)
    return np.asarray(curve / np.sqrt(np.nansum(curve**2)), dtype=np.float64)


def maximum(y: npt.ArrayLike) -> FloatArray:
    """Return a curve whose highest point is 1.

    One spike rescales everything: remove spikes and baseline first.

    Raises
    ------
    FlatSpectrumError
        Nothing rises above zero.
    SpectrumError
        Not one row, infinite values, or nothing measured.
    """
    curve = _scaled(y, 1)
    top = float(np.nanmax(curve))
    if not top > 0:
        raise FlatSpectrumError("no point lies above zero, so there is no maximum to divide by")
    with np.errstate(over="ignore"):
        made = curve / top
    return _finite(made, curve)


def area(y: npt.ArrayLike, x: npt.ArrayLike) -> FloatArray:
    """Return a curve whose integral over its measured points is 1, by the trapezoidal rule.

    Parameters
    ----------
    y, x : array-like of float, shape (n_points,)
        ``x`` strictly monotonic in either direction. Gaps count as nothing.

    Raises
    ------
    FlatSpectrumError
        The area is not positive: remove the baseline, which may be negative, first.
    GridMismatchError
        ``x`` and ``y`` differ in length.
    SpectrumError
        Not one row, infinite values, or fewer than two measured points.
    """
    curve = _scaled(y, 2)
    axis = np.array(x, dtype=np.float64)
    if axis.shape != curve.shape:
        raise GridMismatchError(f"{axis.size} x values and {curve.size} y values")
    pieces = 0.5 * (curve[1:] + curve[:-1]) * np.abs(np.diff(axis))
    total = float(np.nansum(pieces))
    if not total > 1e-12 * float(np.nansum(np.abs(pieces))):
        raise FlatSpectrumError("the area is not positive", hint="Remove the baseline first.")
    return _finite(curve / total, curve)


METHODS: Mapping[str, Callable[[FloatArray, FloatArray], FloatArray]] = MappingProxyType(
    {
        "snv": lambda y, _x: standard_normal_variate(y),
        "unit_vector": lambda y, _x: unit_vector(y),
        "maximum": lambda y, _x: maximum(y),
        "area": area,
    }
)
"""By name: functions of ordinate and axis."""


def _scaled(y: npt.ArrayLike, fewest: int) -> FloatArray:
    """Return a curve with its largest size at 1, so that no square overflows."""
    curve = np.array(y, dtype=np.float64)
    if curve.ndim != 1:
        raise SpectrumError(f"normalising needs one row of numbers, found shape {curve.shape}")
    if np.isinf(curve).any():
        raise SpectrumError("a curve with an infinite reading has no scale")
    if np.count_nonzero(~np.isnan(curve)) < fewest:
        raise SpectrumError("too few measured points to normalise", hint="Measure a wider range.")
    largest = float(np.nanmax(np.abs(curve)))
    if not largest > 0:
        raise FlatSpectrumError("every measured point is zero, so there is no scale")
    return np.asarray(curve / largest, dtype=np.float64)


def _finite(made: FloatArray, curve: FloatArray) -> FloatArray:
    if not np.isfinite(made[~np.isnan(curve)]).all():
        raise FlatSpectrumError("what would be divided by is next to nothing")
    return np.asarray(made, dtype=np.float64)
