"""What is checked after every read: finite, count as announced, axis monotonic and plausible.

What breaks a check is kept and shown as *read with faults*; it is not matched before a person
accepts it. A fault never changes a number.
"""

from __future__ import annotations

import numpy as np

from spectra.axis import FloatArray, XKind, check_axis
from spectra.errors import AxisError

# Widest ranges an instrument of the kind can cover; what lies beyond is not what it claims.
_PLAUSIBLE: dict[XKind, tuple[float, float]] = {
    XKind.WAVENUMBER: (-20_000.0, 60_000.0),
    XKind.RAMAN_SHIFT: (-20_000.0, 30_000.0),
    XKind.WAVELENGTH: (0.0, 1_000_000.0),
    XKind.MZ: (-1.0, 100_000.0),
    XKind.TIME: (-1e5, 1e7),
}
_LARGEST = 1e30


def curve_faults(
    x: FloatArray, y: FloatArray, x_kind: XKind, announced: int | None = None
) -> tuple[str, ...]:
    """Return what is wrong with a curve, in words; empty when it passed.

    Parameters
    ----------
    x, y : ndarray of float, shape (n_points,)
    x_kind : XKind
    announced : int or None
        The number of points the file's header states.
    """
    faults: list[str] = []
    if announced is not None and announced != x.size:
        faults.append(f"the header announces {announced} points, {x.size} were found")
    try:
        check_axis(x)
    except AxisError as error:
        faults.append(error.message)
    faults.extend(_value_faults(y, "ordinate"))
    finite = x[np.isfinite(x)]
    low, high = _PLAUSIBLE.get(x_kind, (-np.inf, np.inf))
    if finite.size and (finite.min() < low or finite.max() > high):
        faults.append(f"x from {finite.min():g} to {finite.max():g} is not a plausible {x_kind}")
    return tuple(faults)


def peak_faults(
    mz: FloatArray, intensity: FloatArray, announced: int | None = None
) -> tuple[str, ...]:
    """Return what is wrong with a peak list, in words; order is not a fault."""
    faults: list[str] = []
    if announced is not None and announced != mz.size:
        faults.append(f"{announced} peaks announced, {mz.size} were found")
    faults.extend(_value_faults(mz, "m/z"))
    faults.extend(_value_faults(intensity, "intensity"))
    finite = mz[np.isfinite(mz)]
    low, high = _PLAUSIBLE[XKind.MZ]
    if finite.size and (finite.min() < low or finite.max() > high):
        faults.append(f"m/z from {finite.min():g} to {finite.max():g} is not plausible")
    if intensity.size and float(np.min(intensity)) < 0:
        faults.append("negative intensities")
    return tuple(faults)


def time_faults(time_s: FloatArray) -> tuple[str, ...]:
    """Return what is wrong with the scan times of a run; two scans may share a time."""
    faults = list(_value_faults(time_s, "scan time"))
    if not faults and time_s.size > 1 and (np.diff(time_s) < 0).any():
        at = int(np.flatnonzero(np.diff(time_s) < 0)[0])
        faults.append(f"scan times run backwards at scan {at + 2} of {time_s.size}")
    return tuple(faults)


def _value_faults(values: FloatArray, what: str) -> list[str]:
    bad = ~np.isfinite(values)
    if bad.any():
        at = int(np.flatnonzero(bad)[0]) + 1
        return [f"{what} is missing or not a number at {int(bad.sum())} points, first at {at}"]
    if values.size and float(np.abs(values).max()) > _LARGEST:
        return [f"{what} reaches {np.abs(values).max():.3g}: not a measurement"]
    return []
