"""From a GC-MS run to its components: where something eluted, how much, and its own spectrum.

Ion by ion: smooth, find apexes above the run's own noise, gather apexes that coincide, separate
overlapping neighbours by their peak shapes (`spectra.deconvolution`). Knows no libraries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray, IntArray
from spectra.deconvolution import Resolved, resolve
from spectra.errors import AxisError
from spectra.ion_matrix import IntensityMatrix, intensity_matrix
from spectra.ion_peaks import find_apexes, noise_factor, unsaturated
from spectra.mass_scores import MZ_MAX
from spectra.run_quality import FEWEST_SCANS, RunQuality, examine
from spectra.scan_skew import scan_skew, straightened, straightened_apexes
from spectra.spectrum import MassRun, MassSpectrum

# Ions lower than this many noise units at their apex are not evidence of a peak.
MIN_SIGNAL_TO_NOISE = 6.0
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
    apex_error_s, width_s : float
        Standard uncertainty of the retention time within this run, and the full width at half
        height, in s.
    model_mz : tuple of int
        Masses its elution shape was taken from, the best first.
    saturated_mz : tuple of int
        Masses at which the detector had reached its end: their heights are too low.
    """

    retention_time_s: float
    area: float
    area_fraction: float
    spectrum: MassSpectrum
    n_scans: int
    purity: float
    signal_to_noise: float
    n_ions: int
    apex_error_s: float = 0.0
    width_s: float = 0.0
    model_mz: tuple[int, ...] = ()
    saturated_mz: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunReading:
    """Everything found in one run.

    Parameters
    ----------
    components : tuple of Component
        In order of time.
    quality : RunQuality
        What kind of data it is.
    skew_scans : float
        Delay of the heaviest ion against the lightest that was taken out, in scans.
    noise : float
        Typical deviation at an intensity divided by the root of that intensity.
    reason : str
        Why there are no components; empty when there are.
    """

    components: tuple[Component, ...]
    quality: RunQuality
    skew_scans: float = 0.0
    noise: float = 0.0
    reason: str = ""


NOTHING = RunReading(components=(), quality=RunQuality(), reason="the run was not read")
"""Of a run that must not be read."""


def find_components(
    run: MassRun, *, min_signal_to_noise: float = MIN_SIGNAL_TO_NOISE, min_ions: int = 3
) -> list[Component]:
    """Return the substances that eluted, in order of time; empty when there is none.

    As `read_run`, without what else is known of the run.
    """
    found = read_run(run, min_signal_to_noise=min_signal_to_noise, min_ions=min_ions)
    return list(found.components)


def read_run(
    run: MassRun, *, min_signal_to_noise: float = MIN_SIGNAL_TO_NOISE, min_ions: int = 3
) -> RunReading:
    """Return the substances that eluted and what kind of run it is.

    Parameters
    ----------
    run : MassRun
        Scans of one kind; at least 7 are needed for a peak.
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
    if run.n_scans < FEWEST_SCANS:
        return _nothing(f"{run.n_scans} scans cannot show a peak, {FEWEST_SCANS} are needed")
    matrix = intensity_matrix(run)
    if matrix.values.shape[0] == 0:
        return _nothing(f"none of its {run.n_scans} scans holds an ion between m/z 1 and {MZ_MAX}")
    return _read(run, matrix, min_signal_to_noise, min_ions)


def _read(
    run: MassRun, matrix: IntensityMatrix, min_signal_to_noise: float, min_ions: int
) -> RunReading:
    noise = noise_factor(matrix.values)
    baseline, apexes = find_apexes(
        matrix.values,
        noise=noise,
        baseline_scans=_baseline_scans(run.scan_time_s),
        min_signal_to_noise=min_signal_to_noise,
    )
    quality = examine(run, matrix, noise)
    if quality.ceiling is not None:
        apexes = unsaturated(apexes, matrix.values, quality.ceiling)
    n_ions = matrix.values.shape[0]
    skew = scan_skew(apexes, n_ions)
    # A run of a few selected ions cannot show more of them at a time.
    most_ions = max(int(np.percentile(np.diff(run.offsets), 90)), 1)
    found = resolve(
        straightened(matrix.values, skew),
        straightened(baseline, skew),
        straightened_apexes(apexes, skew, n_ions),
        noise=noise,
        min_ions=min(min_ions, most_ions),
        ceiling=np.inf if quality.ceiling is None else quality.ceiling,
    )
    return RunReading(
        components=tuple(_as_components(run, matrix, found, quality.ceiling)),
        quality=quality,
        skew_scans=skew,
        noise=noise,
        reason="" if found else _no_peak(run, min_signal_to_noise),
    )


def _nothing(reason: str) -> RunReading:
    return RunReading(components=(), quality=RunQuality(), reason=reason)


def _no_peak(run: MassRun, min_signal_to_noise: float) -> str:
    first, last = float(run.scan_time_s[0]) / 60, float(run.scan_time_s[-1]) / 60
    return (
        f"no peak stands {min_signal_to_noise:g} times above the noise in {run.n_scans} scans, "
        f"{first:.2f} to {last:.2f} min"
    )


def _baseline_scans(times: FloatArray) -> int:
    step = float(np.median(np.diff(times)))
    return int(_BASELINE_S / step) if step > 0 else 151


def _as_components(
    run: MassRun, matrix: IntensityMatrix, found: list[Resolved], ceiling: float | None
) -> list[Component]:
    times = run.scan_time_s
    step = float(np.median(np.diff(times))) or 1.0
    total = sum(peak.area for peak in found)
    scans = np.arange(times.size, dtype=np.float64)
    at_end = np.zeros((2, 0), dtype=np.int64)
    if ceiling is not None:
        at_end = np.stack(np.nonzero(matrix.values >= ceiling))
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
                apex_error_s=step * float(np.hypot(0.1, peak.n_scans / peak.signal_to_noise)),
                width_s=peak.n_scans * step,
                model_mz=tuple(matrix.mz[list(peak.model_ions)].tolist()),
                saturated_mz=_saturated(matrix, peak, at_end),
            )
        )
    return out


def _saturated(matrix: IntensityMatrix, peak: Resolved, at_end: IntArray) -> tuple[int, ...]:
    """Return the masses of a component that stand at the detector's end around its apex.

    ``at_end`` holds rows and scans of all such readings, shape (2, n).
    """
    near = np.abs(at_end[1] - round(peak.position)) <= max(peak.n_scans // 2, 1)
    rows = np.unique(at_end[0, near])
    return tuple(matrix.mz[rows[peak.intensity[rows] > 0]].tolist())
