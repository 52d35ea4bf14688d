"""Simulated measurements: bands to curves, sticks to noisy mass spectra, components to a GC-MS run.

For training, demonstration and tests. Pure: every random number comes from the generator that is
passed in, so the same seed gives the same spectrum. Nothing here knows a substance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spectra.axis import UNIT_CM1, UNIT_COUNTS, UNIT_ONE, FloatArray, XKind, YKind
from spectra.errors import SpectrumError
from spectra.spectrum import MassRun, MassSpectrum, Spectrum

# More cells than this is a slip of the caller's units, not a chromatogram.
_MOST_CELLS = 50_000_000

# Column bleed of a methyl or phenyl-methyl polysiloxane: m/z and relative height.
_BLEED = ((73, 45.0), (96, 12.0), (133, 18.0), (147, 12.0), (177, 14.0), (191, 18.0), (207, 100.0))
_BLEED_HEAVY = ((208, 20.0), (209, 13.0), (253, 12.0), (281, 45.0), (282, 12.0), (355, 9.0))
_AIR = ((40, 8.0), (44, 20.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One band of a Raman or infrared spectrum.

    Parameters
    ----------
    position_cm1, width_cm1 : float
        Centre and full width at half maximum in cm⁻¹.
    height : float
        Relative; the tallest band of a spectrum is usually 100.
    lorentz : float
        Share of Lorentzian in the profile, 0 (Gaussian: broad, hydrogen-bonded) to 1.
    """

    position_cm1: float
    width_cm1: float
    height: float
    lorentz: float = 0.7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunComponent:
    """One substance leaving the column.

    Parameters
    ----------
    spectrum : MassSpectrum
    retention_time_s : float
        Of the peak's apex without tailing.
    area : float
        Ion counts summed over the whole peak and all ions.
    sigma_s, tau_s : float
        Width of the Gaussian part and time constant of the tail, both in seconds.
    """

    spectrum: MassSpectrum
    retention_time_s: float
    area: float
    sigma_s: float = 1.2
    tau_s: float = 0.6


def grid(first: float, last: float, step: float) -> FloatArray:
    """Return an axis from ``first`` to ``last``, both included, shape (n_points,)."""
    if not step > 0 or not last > first or not math.isfinite(last - first):
        raise SpectrumError(f"no axis from {first:g} to {last:g} in steps of {step:g}")
    return first + step * np.arange(round((last - first) / step) + 1, dtype=np.float64)


def curve(bands: Sequence[Band], x: FloatArray) -> FloatArray:
    """Return the sum of pseudo-Voigt bands on an axis.

    Parameters
    ----------
    bands : sequence of Band
    x : ndarray of float, shape (n_points,)
        In cm⁻¹, any order.

    Returns
    -------
    ndarray of float, shape (n_points,)
        In the units of the bands' heights; zeros for no band.

    Raises
    ------
    SpectrumError
        A band has no width.
    """
    total = np.zeros_like(x)
    for band in bands:
        if not band.width_cm1 > 0:
            raise SpectrumError(f"a band at {band.position_cm1:g} cm⁻¹ is {band.width_cm1:g} wide")
        distance = (x - band.position_cm1) / band.width_cm1
        lorentz = 1.0 / (1.0 + 4.0 * distance**2)
        gauss = np.exp(-4.0 * math.log(2.0) * distance**2)
        total += band.height * (band.lorentz * lorentz + (1.0 - band.lorentz) * gauss)
    return total


def ftir(
    title: str,
    bands: Sequence[Band],
    random: np.random.Generator,
    *,
    x: FloatArray | None = None,
    height: float = 0.6,
    noise: float = 0.002,
    baseline: float = 0.03,
    shift_cm1: float = 0.0,
) -> Spectrum:
    """Return an infrared absorbance spectrum as a bench instrument would give it.

    Noise grows where little light comes through (below 600 and above 3500 cm⁻¹); the baseline
    slopes and bends, as scattering in an uneven powder makes it.

    Parameters
    ----------
    bands : sequence of Band
    random : numpy.random.Generator
    x : ndarray of float or None
        In cm⁻¹; 4000 to 400 in steps of 2, falling, if None.
    height : float
        Absorbance of the tallest band.
    noise, baseline : float
        Standard deviation of the noise, and the baseline's rise over the whole range, as shares
        of ``height``.
    shift_cm1 : float
        Error of the wavenumber calibration.
    """
    axis = grid(400.0, 4000.0, 2.0)[::-1] if x is None else x
    y = _to_height(curve(bands, axis - shift_cm1), height)
    position = _unit(axis)
    edges = 1.0 + 3.0 * np.exp(-(axis - 400.0) / 80.0) + np.exp((axis - 4000.0) / 200.0)
    y += height * noise * edges * random.standard_normal(axis.size)
    slope, bend = random.uniform(0.3, 1.0), random.uniform(-0.5, 0.5)
    y += height * baseline * (slope * position + bend * (position - 0.5) ** 2)
    return Spectrum(
        title=title,
        x=axis,
        y=y,
        x_kind=XKind.WAVENUMBER,
        x_unit=UNIT_CM1,
        y_kind=YKind.ABSORBANCE,
        y_unit=UNIT_ONE,
    )


def raman(
    title: str,
    bands: Sequence[Band],
    random: np.random.Generator,
    *,
    x: FloatArray | None = None,
    counts: float = 20_000.0,
    fluorescence: float = 0.5,
    laser_line: float = 0.3,
    read_noise: float = 8.0,
    shift_cm1: float = 0.0,
) -> Spectrum:
    """Return a Raman spectrum in detector counts, with shot noise and fluorescence.

    Parameters
    ----------
    bands : sequence of Band
    random : numpy.random.Generator
    x : ndarray of float or None
        Raman shift in cm⁻¹; 150 to 3200 in steps of 2 if None.
    counts : float
        Of the tallest band.
    fluorescence, laser_line : float
        Height of the broad background, and of the laser line's wing at 150 cm⁻¹, as shares of
        ``counts``.
    read_noise : float
        Of the detector, in counts.
    shift_cm1 : float
        Error of the shift calibration.
    """
    axis = grid(150.0, 3200.0, 2.0) if x is None else x
    y = _to_height(curve(bands, axis - shift_cm1), counts)
    centre, width = random.uniform(900.0, 1700.0), random.uniform(900.0, 1500.0)
    y += counts * fluorescence * np.exp(-0.5 * ((axis - centre) / width) ** 2)
    y += counts * laser_line * np.exp(-(axis - 150.0) / 60.0)
    y = random.poisson(np.maximum(y, 0.0)) + read_noise * random.standard_normal(axis.size)
    return Spectrum(
        title=title,
        x=axis,
        y=y,
        x_kind=XKind.RAMAN_SHIFT,
        x_unit=UNIT_CM1,
        y_kind=YKind.RAMAN_INTENSITY,
        y_unit=UNIT_COUNTS,
    )


def mass_spectrum(
    title: str,
    sticks: MassSpectrum,
    random: np.random.Generator,
    *,
    ions: float = 200_000.0,
    tilt: float = 0.1,
    noise_peaks: int = 15,
) -> MassSpectrum:
    """Return one noisy electron-ionisation spectrum of sticks.

    Parameters
    ----------
    sticks : MassSpectrum
        m/z and relative intensity; taken at nominal mass.
    random : numpy.random.Generator
    ions : float
        Counted in all; their number sets the noise.
    tilt : float
        Standard deviation of the tune: how much the heavy end is raised or lowered.
    noise_peaks : int
        Stray single ions.
    """
    mz = np.rint(sticks.mz)
    wanted = sticks.intensity * np.exp(random.normal(0.0, tilt) * _unit(mz))
    counted = random.poisson(ions * wanted / wanted.sum()).astype(np.float64)
    stray = np.rint(random.uniform(40.0, max(float(mz.max()), 41.0), noise_peaks))
    places, back = np.unique(np.concatenate([mz, stray]), return_inverse=True)
    heights = np.bincount(
        back, np.concatenate([counted, random.integers(1, 4, noise_peaks).astype(np.float64)])
    )
    seen = heights > 0
    return MassSpectrum(
        title=title, mz=places[seen], intensity=heights[seen].astype(np.float64), ionization="EI"
    )


def exponentially_modified_gaussian(
    time_s: FloatArray, centre_s: float, sigma_s: float, tau_s: float
) -> FloatArray:
    """Return a chromatographic peak of area 1 over time, in 1/s, shape (n_times,).

    References
    ----------
    Kalambet et al., J. Chemometrics 25 (2011) 352, doi:10.1002/cem.1343 (the two forms and where
    each is stable).
    """
    if not sigma_s > 0 or tau_s < 0:
        raise SpectrumError(f"a peak of width {sigma_s:g} s and tail {tau_s:g} s")
    reduced = (time_s - centre_s) / sigma_s
    gauss = np.exp(-0.5 * reduced**2)
    if tau_s < 0.02 * sigma_s:
        return np.asarray(gauss / (sigma_s * math.sqrt(2.0 * math.pi)), dtype=np.float64)
    from scipy.special import erfc, erfcx

    ratio = sigma_s / tau_s
    z = (ratio - reduced) / math.sqrt(2.0)
    # erfcx overflows far out on the tail, where the plain form is exact and cannot overflow.
    head = gauss * erfcx(np.maximum(z, 0.0))
    tail = np.exp(np.minimum(0.5 * ratio**2 - ratio * reduced, 0.0)) * erfc(np.minimum(z, 0.0))
    return np.asarray(np.where(z >= 0.0, head, tail) / (2.0 * tau_s), dtype=np.float64)


def gcms_run(
    title: str,
    components: Sequence[RunComponent],
    random: np.random.Generator,
    *,
    duration_s: float = 600.0,
    start_s: float = 60.0,
    scan_s: float = 0.3,
    mz_first: int = 40,
    mz_last: int = 550,
    bleed: float = 300.0,
    electronic_noise: float = 0.15,
    threshold: float = 2.0,
) -> MassRun:
    """Return a GC-MS run: peaks of each component, column bleed, air, counting noise.

    Parameters
    ----------
    components : sequence of RunComponent
    random : numpy.random.Generator
    duration_s, start_s, scan_s : float
        Length after the solvent delay, the delay, and the time of one scan.
    mz_first, mz_last : int
        Scan range; ions outside it are not seen.
    bleed : float
        Counts of m/z 207 in a scan at the end of the run; it rises with the oven.
    electronic_noise : float
        Stray counts for each m/z of a scan, on average.
    threshold : float
        Counts at and below which a peak is not written, as acquisition software does.

    Raises
    ------
    SpectrumError
        The run has no scans, or would need more memory than a run has.
    """
    n_scans = round(duration_s / scan_s) if scan_s > 0 and math.isfinite(duration_s) else 0
    n_mz = mz_last - mz_first + 1
    if n_scans < 1 or n_mz < 1 or n_scans * n_mz > _MOST_CELLS:
        raise SpectrumError(f"no run of {n_scans} scans over {n_mz} masses")
    time_s = start_s + scan_s * np.arange(n_scans, dtype=np.float64)
    expected = np.full((n_scans, n_mz), max(electronic_noise, 0.0), dtype=np.float64)
    _add_background(expected, mz_first, bleed)
    for component in components:
        _add_component(expected, component, time_s, scan_s, mz_first)
    counted = random.poisson(expected)
    scans, columns = np.nonzero(counted > threshold)
    offsets = np.searchsorted(scans, np.arange(n_scans + 1))
    return MassRun(
        title=title,
        scan_time_s=time_s,
        offsets=offsets,
        mz=(columns + mz_first).astype(np.float64),
        intensity=counted[scans, columns].astype(np.float64),
        ionization="EI",
    )


def _add_background(expected: FloatArray, mz_first: int, bleed: float) -> None:
    oven = np.linspace(0.0, 1.0, expected.shape[0]) ** 2
    profiles = (
        (_BLEED + _BLEED_HEAVY, bleed / 100.0 * (0.05 + 0.95 * oven)),
        (_AIR, np.full(expected.shape[0], 0.5)),
    )
    for ions, profile in profiles:
        for mz, height in ions:
            if 0 <= mz - mz_first < expected.shape[1]:
                expected[:, mz - mz_first] += height * profile


def _add_component(
    expected: FloatArray,
    component: RunComponent,
    time_s: FloatArray,
    scan_s: float,
    mz_first: int,
) -> None:
    profile = exponentially_modified_gaussian(
        time_s, component.retention_time_s, component.sigma_s, component.tau_s
    )
    spectrum = component.spectrum
    columns = np.rint(spectrum.mz).astype(np.int64) - mz_first
    inside = (columns >= 0) & (columns < expected.shape[1])
    total = float(spectrum.intensity.sum())
    if not total > 0:
        raise SpectrumError(f"{spectrum.title} has no ions to simulate")
    sticks = np.bincount(
        columns[inside], spectrum.intensity[inside] / total, minlength=expected.shape[1]
    )
    near = np.flatnonzero(profile * scan_s * component.area > 1e-6)
    if near.size:
        rows = slice(int(near[0]), int(near[-1]) + 1)
        expected[rows] += component.area * scan_s * np.outer(profile[rows], sticks)


def _to_height(y: FloatArray, height: float) -> FloatArray:
    top = float(y.max(initial=0.0))
    return y * (height / top) if top > 0 else y


def _unit(x: FloatArray) -> FloatArray:
    span = float(np.ptp(x))
    return (x - x.min()) / span if span > 0 else np.zeros_like(x)
