"""An MS/MS spectrum made ready to be compared: merged within a tolerance, noise cut, sum 1.

Queries and references go through the same steps, so that within the tolerance one peak can meet
only one peak. Knows no index.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray
from spectra.errors import GridMismatchError, SpectrumError
from spectra.peak_compiled import tandem_kernels
from spectra.spectrum import MassSpectrum

TandemPeaks = MassSpectrum | tuple[FloatArray, FloatArray]
"""A mass spectrum, or its ``(mz, intensity)``."""

LARGEST_MZ = 4000.0
"""Peaks above this m/z are dropped."""

GAP = 2.5
"""Tolerances by which peaks must be apart to stay two: two windows may touch, never overlap."""

ROUNDING_DA = 4e-6
"""The two ends of a window are rounded to a millionth of a Da each."""

_MOST_PEAKS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far apart two m/z may be and still be one.

    Parameters
    ----------
    da, ppm : float
        One of them is greater than 0, the other is 0.
    """

    da: float = 0.0
    ppm: float = 0.0

    def __post_init__(self) -> None:
        given = [value for value in (self.da, self.ppm) if value != 0]
        if len(given) != 1 or not 0 < given[0] < np.inf:
            raise SpectrumError(
                f"an m/z tolerance of {self.da} Da and {self.ppm} ppm is not possible",
                hint="Give either Da or ppm.",
            )

    def at(self, mz: FloatArray) -> FloatArray:
        """Return the tolerance in Da at some m/z."""
        return np.asarray(self.da + self.ppm * 1e-6 * mz, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """What is done to a spectrum before it is compared.

    Parameters
    ----------
    tolerance : Tolerance
        Peaks nearer than two and a half tolerances are merged into one.
    noise : float
        Peaks below this share of the tallest are dropped, after merging.
    precursor_da : float or None
        Where the precursor is known, peaks above it less this are dropped; None keeps them.

    References
    ----------
    Li et al., Nature Methods 18 (2021) 1524, doi:10.1038/s41592-021-01331-z: the precursor less
    1.6 Da, merging within 0.05 Da for a tolerance of 0.02, and 1 % of the base peak.
    """

    tolerance: Tolerance
    noise: float = 0.01
    precursor_da: float | None = 1.6

    def __post_init__(self) -> None:
        if self.tolerance.da > 1 or self.tolerance.ppm > 1000:
            raise SpectrumError(
                f"a tolerance of {self.tolerance.da} Da or {self.tolerance.ppm} ppm is too wide",
                hint="Give up to 1 Da or 1000 ppm.",
            )
        if not 0 <= self.noise < 1:
            raise SpectrumError(f"a noise share of {self.noise} is not between 0 and 1")

    def gap(self, mz: float) -> float:
        """Return how far apart two peaks stay separate, in Da."""
        tolerance = self.tolerance
        return GAP * (tolerance.da + tolerance.ppm * 1e-6 * mz) + ROUNDING_DA

    def highest(self, precursor_mz: float | None) -> float:
        """Return the m/z above which peaks are dropped."""
        if precursor_mz is None or self.precursor_da is None or not np.isfinite(precursor_mz):
            return LARGEST_MZ
        return min(precursor_mz - self.precursor_da, LARGEST_MZ)


def peaks_and_precursor(spectrum: TandemPeaks) -> tuple[FloatArray, FloatArray, float | None]:
    """Return m/z, intensity and precursor of a spectrum.

    Raises
    ------
    SpectrumError
        A value is not a number, or there are more than 100,000 peaks.
    GridMismatchError
        The two arrays differ in length.
    """
    precursor = None
    if isinstance(spectrum, MassSpectrum):
        mz, intensity, precursor = spectrum.mz, spectrum.intensity, spectrum.precursor_mz
    else:
        mz, intensity = (np.asarray(part, dtype=np.float64) for part in spectrum)
    if mz.shape != intensity.shape or mz.ndim != 1:
        raise GridMismatchError(f"{mz.size} m/z and {intensity.size} intensities")
    if mz.size > _MOST_PEAKS:
        raise SpectrumError(
            f"the mass spectrum has {mz.size} peaks; at most {_MOST_PEAKS} are compared",
            hint="Export centroids, not a profile.",
        )
    if not (np.isfinite(mz).all() and np.isfinite(intensity).all()):
        raise SpectrumError(
            "a mass spectrum holds a value that is not a number", hint="Export the spectrum again."
        )
    return mz, intensity, precursor


def clean(
    mz: FloatArray, intensity: FloatArray, cleaning: Cleaning, precursor_mz: float | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the peaks that are compared: ascending, apart, above noise, intensities of sum 1.

    Parameters
    ----------
    mz, intensity : ndarray of float, shape (n_peaks,)
        In any order.
    """
    keep = (intensity > 0) & (mz > 0) & (mz <= cleaning.highest(precursor_mz))
    order = np.argsort(mz[keep], kind="stable")
    x, y = mz[keep][order], intensity[keep][order]
    if not x.size:
        return x, y
    y = y / y.max()
    while True:
        limits = GAP * cleaning.tolerance.at(x[1:]) + ROUNDING_DA
        if not (np.diff(x) <= limits).any():
            break
        x, y = _merged(x, y, cleaning)
    kept = y >= cleaning.noise * y.max()
    return x[kept], y[kept] / y[kept].sum()


def _merged(x: FloatArray, y: FloatArray, cleaning: Cleaning) -> tuple[FloatArray, FloatArray]:
    """Return peaks after each, from the tallest down, took in what lies within the gap."""
    free = np.ones(x.size, dtype=np.bool_)
    out_x, out_y = [], []
    for at in np.argsort(-y, kind="stable"):
        if not free[at]:
            continue
        gap = cleaning.gap(float(x[at]))
        low, high = at, at + 1
        while low > 0 and free[low - 1] and x[at] - x[low - 1] <= gap:
            low -= 1
        while high < x.size and free[high] and x[high] - x[at] <= gap:
            high += 1
        free[low:high] = False
        height = float(y[low:high].sum())
        out_x.append(float(x[low:high] @ y[low:high]) / height)
        out_y.append(height)
    order = np.argsort(out_x, kind="stable")
    return np.array(out_x)[order], np.array(out_y)[order]


Cleaner = Callable[[FloatArray, FloatArray, Cleaning, float | None], tuple[FloatArray, FloatArray]]


def cleaner(*, compiled: bool) -> Cleaner:
    """Return what cleans one spectrum."""
    kernels = tandem_kernels() if compiled else None
    if kernels is None:
        return clean

    def quickly(
        mz: FloatArray, intensity: FloatArray, cleaning: Cleaning, precursor_mz: float | None
    ) -> tuple[FloatArray, FloatArray]:
        tolerance, highest = cleaning.tolerance, cleaning.highest(precursor_mz)
        x, y = kernels.clean_peaks(
            _read_only(mz),
            _read_only(intensity),
            float(highest),
            tolerance.da,
            tolerance.ppm,
            cleaning.noise,
        )
        return x, y

    return quickly


def _read_only(values: FloatArray) -> FloatArray:
    # As spectra hold them: numba compiles once more for arrays that may be written.
    view = np.ascontiguousarray(values, dtype=np.float64).view()
    view.flags.writeable = False
    return view
