"""From a GC-MS run to its components: where something eluted, how much, and its own spectrum.

Ion by ion: smooth, find apexes above the run's own noise, gather apexes that coincide, separate
overlapping neighbours by their peak shapes (`spectra.deconvolution`). Knows no libraries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.deconvolution import Apexes, Resolved, resolve
from spectra.errors import AxisError, SpectrumError
from spectra.mass_scores import MZ_MAX
from spectra.scan_skew import scan_skew, straightened, straightened_apexes
from spectra.spectrum import MassRun, MassSpectrum

Float32Array = npt.NDArray[np.float32]

# A run this large (scans times masses) needs 0.6 GB while it is worked on.
MAX_CELLS = 64_000_000
# Ions lower than this many noise units at their apex are not evidence of a peak.
MIN_SIGNAL_TO_NOISE = 6.0
# Savitzky and Golay, Anal. Chem. 36 (1964) 1627: quadratic over five points.
_SMOOTHING = np.array([-3, 12, 17, 12, -3], dtype=np.float32) / np.float32(35)
_APEX_REACH = 3
_SEGMENT = 13
_BASELINE_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Component:
    """One substance that eluted.

    Parameters
    ----------
    retention_time_s : float
        Of the apex, in s, refined between scans.
    area : float
        Sum over its ions and scans, in the file's abundance unit times s.
    area_fraction : float
        Share of the area of all components found, 0 to 1.
    spectrum : MassSpectrum
        Its ions at the apex, background and neighbours taken off, unit masses.
    n_scans : int
        Scans across the peak at half height, at least 1.
    purity : float
        Share of the ion current at the apex, over the background, that is its own, 0 to 1.
    signal_to_noise : float
        Of its tallest ion.
    n_ions : int
        Ions that reach their apex together with it.
    """

    retention_time_s: float
    area: float
    area_fraction: float
    spectrum: MassSpectrum
    n_scans: int
    purity: float
    signal_to_noise: float
    n_ions: int


@dataclass(frozen=True, slots=True, eq=False)
class IntensityMatrix:
    """A run on whole masses: ``values`` (n_scans, n_mz) float32, masses ``mz_first`` and up."""

    values: Float32Array
    mz_first: int

    @property
    def mz(self) -> IntArray:
        """Whole masses of the columns, shape (n_mz,)."""
        return np.arange(self.mz_first, self.mz_first + self.values.shape[1])


def intensity_matrix(run: MassRun) -> IntensityMatrix:
    """Return the run as scans times whole masses; peaks that fall on one mass are added.

    Raises
    ------
    SpectrumError
        A value is not a number, or the matrix would be too large.
    """
    if not (np.isfinite(run.mz).all() and np.isfinite(run.intensity).all()):
        raise SpectrumError(
            "the run holds a peak that is not a number", hint="Export the run again."
        )
    keep = (run.intensity > 0) & (run.mz >= 0.5) & (run.mz < MZ_MAX + 0.5)
    if not keep.any():
        return IntensityMatrix(np.zeros((run.n_scans, 0), dtype=np.float32), 1)
    whole = np.floor(run.mz[keep] + 0.5).astype(np.int64)
    first, last = int(whole.min()), int(whole.max())
    n_mz = last - first + 1
    if run.n_scans * n_mz > MAX_CELLS:
        raise SpectrumError(
            f"{run.n_scans} scans over {n_mz} masses are more than {MAX_CELLS:,} cells",
            hint="Cut the run to the time of interest.",
        )
    scans = np.repeat(np.arange(run.n_scans), np.diff(run.offsets))[keep]
    cells = np.bincount(
        scans * n_mz + (whole - first), weights=run.intensity[keep], minlength=run.n_scans * n_mz
    )
    return IntensityMatrix(cells.astype(np.float32).reshape(run.n_scans, n_mz), first)


def find_components(
    run: MassRun, *, min_signal_to_noise: float = MIN_SIGNAL_TO_NOISE, min_ions: int = 3
) -> list[Component]:
    """Return the substances that eluted, in order of time; empty when there is none.

    Parameters
    ----------
    run : MassRun
        Scans of one kind (full scan); at least 7 are needed for a peak.
    min_signal_to_noise : float
        An ion counts from this many noise units over its baseline.
    min_ions : int
        Ions that must reach their apex together.

    Raises
    ------
    AxisError
        Scan times that are not finite or do not rise.
    SpectrumError
        Values that are not numbers, or a run too large.
    """
    times = run.scan_time_s
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise AxisError("the scan times of the run do not rise", hint="Export the run again.")
    if run.n_scans < 2 * _APEX_REACH + 1 or run.mz.size == 0:
        return []
    matrix = intensity_matrix(run)
    if matrix.values.shape[1] == 0:
        return []
    smooth = smoothed(matrix.values)
    noise = noise_factor(matrix.values)
    signal = over_baseline(smooth, _baseline_scans(times))
    apexes = _ion_apexes(signal, smooth, noise, min_signal_to_noise)
    skew = scan_skew(apexes, run.n_scans, signal.shape[1])
    # A run of a few selected ions cannot show more of them at a time.
    most_ions = max(int(np.percentile(np.diff(run.offsets), 90)), 1)
    found = resolve(
        straightened(matrix.values, skew),
        straightened(signal, skew),
        straightened_apexes(apexes, skew, signal.shape[1]),
        noise=noise,
        min_ions=min(min_ions, most_ions),
    )
    return _as_components(run, matrix, found)


def smoothed(values: Float32Array) -> Float32Array:
    """Return the columns smoothed over five scans; the two scans at each end stay as they are."""
    out = values.copy()
    n = values.shape[0]
    if n >= _SMOOTHING.size:
        middle = out[2:-2]
        middle[...] = 0
        for step, weight in enumerate(_SMOOTHING):
            middle += weight * values[step : n - 4 + step]
        np.maximum(middle, 0, out=middle)
    return out


def noise_factor(values: Float32Array) -> float:
    """Return the noise of the run: the typical deviation at an intensity is this times its root.

    Taken from stretches of 13 scans of one ion in which the signal crosses its own mean at least
    six times and is never absent, so that no peak and no cut-off lies in them. Where there are
    none the smallest intensity found is taken for one ion on the detector.

    References
    ----------
    Stein, J. Am. Soc. Mass Spectrom. 10 (1999) 770, doi:10.1016/S1044-0305(99)00047-1.
    """
    positive = values[values > 0]
    if positive.size == 0:
        return 1.0
    single_ion = float(np.sqrt(positive.min()))
    n_segments = values.shape[0] // _SEGMENT
    if n_segments == 0:
        return single_ion
    pieces = values[: n_segments * _SEGMENT].reshape(n_segments, _SEGMENT, -1)
    whole = (pieces > 0).all(axis=1)
    segments = pieces.transpose(0, 2, 1)[whole]
    if segments.shape[0] == 0:
        return single_ion
    mean = segments.mean(axis=1, keepdims=True)
    above = segments > mean
    crossings = (above[:, 1:] != above[:, :-1]).sum(axis=1)
    quiet = crossings >= 6
    if quiet.sum() < 10:
        return single_ion
    deviation = np.median(np.abs(segments[quiet] - mean[quiet]), axis=1)
    factor = np.median(deviation / np.sqrt(mean[quiet, 0]))
    # 1.4826 makes a median absolute deviation a standard deviation.
    return max(float(factor) * 1.4826, 1e-6)


def over_baseline(smooth: Float32Array, n_scans: int) -> Float32Array:
    """Return the columns over their lower envelope of a given width (a morphological top-hat)."""
    from scipy import ndimage  # lazy: 60 ms that only a run needs

    size = max(3, min(n_scans | 1, smooth.shape[0] | 1))
    low = ndimage.minimum_filter1d(smooth, size, axis=0, mode="nearest")
    envelope = ndimage.maximum_filter1d(low, size, axis=0, mode="nearest")
    return np.asarray(smooth - np.minimum(envelope, smooth), dtype=np.float32)


def _baseline_scans(times: FloatArray) -> int:
    step = float(np.median(np.diff(times)))
    return int(_BASELINE_S / step) if step > 0 else 151


def _ion_apexes(
    signal: Float32Array, smooth: Float32Array, noise: float, min_signal_to_noise: float
) -> Apexes:
    """Local maxima of every ion over three scans each way, refined by a parabola."""
    from scipy import ndimage

    width = 2 * _APEX_REACH + 1
    highest = ndimage.maximum_filter1d(signal, width, axis=0, mode="nearest")
    threshold = noise * np.sqrt(np.maximum(smooth, 1e-12)) * min_signal_to_noise
    is_apex = (signal == highest) & (signal > threshold)
    is_apex[:2] = False
    is_apex[-2:] = False
    # Of a flat top only the first scan is the apex.
    is_apex[1:] &= ~is_apex[:-1]
    scan, column = np.nonzero(is_apex)
    middle = signal[scan, column].astype(np.float64)
    left = signal[scan - 1, column].astype(np.float64)
    right = signal[scan + 1, column].astype(np.float64)
    bend = left - 2 * middle + right
    shift = np.divide(0.5 * (left - right), bend, out=np.zeros_like(middle), where=bend < 0)
    # An apex must stand out of its own neighbourhood, not ride on a neighbour's flank.
    edge = np.maximum(
        signal[np.maximum(scan - _APEX_REACH, 0), column],
        signal[np.minimum(scan + _APEX_REACH, signal.shape[0] - 1), column],
    ).astype(np.float64)
    local_noise = noise * np.sqrt(np.maximum(smooth[scan, column].astype(np.float64), 1e-12))
    stands_out = (middle - edge) > 2 * local_noise
    return Apexes(
        position=(scan + np.clip(shift, -0.5, 0.5))[stands_out],
        column=column[stands_out],
        height=middle[stands_out],
        signal_to_noise=(middle / local_noise)[stands_out],
        sharpness=np.divide(-bend, middle)[stands_out],
    )


def _as_components(run: MassRun, matrix: IntensityMatrix, found: list[Resolved]) -> list[Component]:
    times = run.scan_time_s
    step = float(np.median(np.diff(times))) or 1.0
    total = sum(peak.area for peak in found)
    scans = np.arange(times.size, dtype=np.float64)
    out = []
    for peak in sorted(found, key=lambda peak: peak.position):
        when = float(np.interp(peak.position, scans, times))
        kept = peak.intensity > 0
        spectrum = MassSpectrum(
            title=f"{run.title} {when / 60:.3f} min".strip(),
            mz=matrix.mz[kept].astype(np.float64),
            intensity=peak.intensity[kept],
            retention_time_s=when,
            ionization=run.ionization,
        )
        out.append(
            Component(
                retention_time_s=when,
                area=peak.area * step,
                area_fraction=peak.area / total,
                spectrum=spectrum,
                n_scans=peak.n_scans,
                purity=peak.purity,
                signal_to_noise=peak.signal_to_noise,
                n_ions=peak.n_ions,
            )
        )
    return out
