"""What is checked after every read: finite, count as announced, axis monotonic and plausible.

What breaks a check is kept and shown as *read with faults*; it is not matched before a person
accepts it. A fault never changes a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

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
# No detector, integrator or unit reaches these; bytes that slipped by one do.
_LARGEST = 1e15
_SMALLEST = 1e-12
# A single point this far above all but one in a hundred others; a laser line reaches 1e3.
_SPIKE = 1e5
_LOWEST_MZ = 0.5
_NO_CONTROL = bytes([*range(9, 14), 0x1A, *range(32, 256)])
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f\ufffd]")


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
    if announced in (None, x.size) and _is_sound_curve(x, y, x_kind):
        return ()
    return _described_curve(x, y, x_kind, announced)


def faults_of_curves(x: FloatArray, y: FloatArray, x_kind: XKind) -> list[tuple[str, ...]]:
    """Return what `curve_faults` says of each of many curves over one axis.

    Parameters
    ----------
    x : ndarray of float, shape (n_points,)
    y : ndarray of float of four or eight bytes, shape (n_curves, n_points)
    x_kind : XKind
    """
    n_curves, n_points = y.shape
    if n_curves == 1 or n_points < 2 or not _is_sound_axis(x, x_kind):
        return [curve_faults(x, each.astype(np.float64), x_kind) for each in y]
    low = np.minimum.reduce(y, axis=1).astype(np.float64)
    high = np.maximum.reduce(y, axis=1).astype(np.float64)
    largest = np.maximum(high, -low)
    limit = (largest / _SPIKE)[:, np.newaxis]
    enough = n_points // 100 + 1
    near = np.count_nonzero(y > limit, axis=1)
    if not (near > enough).all():
        near += np.count_nonzero(y < -limit, axis=1)
    sound = (largest >= _SMALLEST) & (largest <= _LARGEST) & (near > enough)
    sound |= (low == 0.0) & (high == 0.0)
    return [
        () if is_sound else curve_faults(x, each.astype(np.float64), x_kind)
        for each, is_sound in zip(y, sound.tolist(), strict=True)
    ]


def _is_sound_curve(x: FloatArray, y: FloatArray, x_kind: XKind) -> bool:
    """Return whether a few numbers show that there is no fault; a missing value shows in them."""
    if x.ndim != 1 or x.size < 2 or x.size != y.size:
        return False
    if not _is_sound_axis(x, x_kind):
        return False
    low, high = float(np.minimum.reduce(y)), float(np.maximum.reduce(y))
    largest = max(high, -low)
    if not _SMALLEST <= largest <= _LARGEST:
        return low == high == 0.0
    # So many ordinates near the largest that the percentile of the spike test is among them.
    limit, enough = largest / _SPIKE, y.size // 100 + 1
    near = int(np.count_nonzero(y > limit))
    return near > enough or near + int(np.count_nonzero(y < -limit)) > enough


def _is_sound_axis(x: FloatArray, x_kind: XKind) -> bool:
    """Return whether x, of two points or more, runs one way within what its kind can cover."""
    first, last = float(x[0]), float(x[-1])
    low, high = _PLAUSIBLE.get(x_kind, (-np.inf, np.inf))
    if not (low <= first <= high and low <= last <= high and first != last):
        return False
    if not (math.isfinite(first) and math.isfinite(last)):
        return False
    if first < last:
        return bool((x[1:] > x[:-1]).all())
    return bool((x[1:] < x[:-1]).all())


def _described_curve(
    x: FloatArray, y: FloatArray, x_kind: XKind, announced: int | None
) -> tuple[str, ...]:
    faults: list[str] = []
    if announced is not None and announced != x.size:
        faults.append(f"the header announces {announced} points, {x.size} were found")
    try:
        check_axis(x)
    except AxisError as error:
        faults.append(error.message)
    faults.extend(_value_faults(y, "ordinate") or _range_faults(y))
    finite = x[np.isfinite(x)]
    low, high = _PLAUSIBLE.get(x_kind, (-np.inf, np.inf))
    if finite.size and (finite.min() < low or finite.max() > high):
        faults.append(f"x from {finite.min():g} to {finite.max():g} is not a plausible {x_kind}")
    return tuple(faults)


def peak_faults(
    mz: FloatArray, intensity: FloatArray, announced: int | None = None
) -> tuple[str, ...]:
    """Return what is wrong with a peak list, in words; order is not a fault."""
    if announced in (None, mz.size) and _is_sound(mz, intensity):
        return ()
    return _described(mz, intensity, announced)


def faults_of_peak_lists(
    mz: FloatArray, intensity: FloatArray, bounds: Sequence[int]
) -> list[tuple[str, ...]]:
    """Return what `peak_faults` says of each of many peak lists.

    Parameters
    ----------
    mz, intensity : ndarray of float, shape (n_peaks,)
        The lists, one behind the other.
    bounds : sequence of int, length n_lists + 1
        List ``i`` holds the peaks ``bounds[i]:bounds[i + 1]``, one at least.
    """
    starts = np.asarray(bounds[:-1], dtype=np.int64)
    sound = (
        (np.minimum.reduceat(mz, starts) >= _LOWEST_MZ)
        & (np.maximum.reduceat(mz, starts) <= _PLAUSIBLE[XKind.MZ][1])
        & (np.minimum.reduceat(intensity, starts) >= 0)
        & (np.maximum.reduceat(intensity, starts) <= _LARGEST)
    )
    if sound.all():
        return [()] * starts.size
    return [
        () if is_sound else peak_faults(mz[start:stop], intensity[start:stop])
        for start, stop, is_sound in zip(bounds, bounds[1:], sound.tolist(), strict=False)
    ]


def _is_sound(mz: FloatArray, intensity: FloatArray) -> bool:
    """Return whether four numbers show that there is no fault; a missing value shows in them."""
    if not mz.size or mz.size != intensity.size:
        return False
    return bool(
        np.minimum.reduce(mz) >= _LOWEST_MZ
        and np.maximum.reduce(mz) <= _PLAUSIBLE[XKind.MZ][1]
        and np.minimum.reduce(intensity) >= 0
        and np.maximum.reduce(intensity) <= _LARGEST
    )


def _described(mz: FloatArray, intensity: FloatArray, announced: int | None) -> tuple[str, ...]:
    faults: list[str] = []
    if announced is not None and announced != mz.size:
        faults.append(f"{announced} peaks announced, {mz.size} were found")
    faults.extend(_value_faults(mz, "m/z"))
    faults.extend(_value_faults(intensity, "intensity"))
    finite = mz[np.isfinite(mz)]
    low, high = _PLAUSIBLE[XKind.MZ]
    if finite.size and (finite.min() < low or finite.max() > high):
        faults.append(f"m/z from {finite.min():g} to {finite.max():g} is not plausible")
    elif ((finite > 0) & (finite < _LOWEST_MZ)).any():
        faults.append(f"m/z between 0 and {_LOWEST_MZ:g}: no ion is that light")
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


def text_notes(text: str) -> tuple[str, ...]:
    """Return what shows that a text was damaged: bytes no program writes into one."""
    plain = not text.encode("utf-8", "surrogatepass").translate(None, _NO_CONTROL)
    if plain and "\ufffd" not in text:
        return ()
    odd = _CONTROL.findall(text.rstrip("\x00\x1a\r\n"))
    if not odd:
        return ()
    return (f"{len(odd)} bytes that are no text (first {odd[0]!a}): the file may be damaged",)


def _range_faults(y: FloatArray) -> list[str]:
    size = np.abs(y[y != 0])
    if not size.size:
        return []
    largest = float(size.max())
    if largest < _SMALLEST:
        return [f"no ordinate is larger than {largest:.3g}: not a measurement"]
    if size.size < 100 or np.count_nonzero(size > largest / _SPIKE) > size.size // 100 + 1:
        return []  # so many are not far below it that the percentile cannot be
    usual = float(np.percentile(size, 99))
    if largest > _SPIKE * usual:
        return [f"one ordinate is {largest:.3g}, nearly all others stay below {usual:.3g}: damaged"]
    return []


def _value_faults(values: FloatArray, what: str) -> list[str]:
    bad = ~np.isfinite(values)
    if bad.any():
        at = int(np.flatnonzero(bad)[0]) + 1
        return [f"{what} is missing or not a number at {int(bad.sum())} points, first at {at}"]
    if values.size and float(np.abs(values).max()) > _LARGEST:
        return [f"{what} reaches {np.abs(values).max():.3g}: not a measurement"]
    return []
