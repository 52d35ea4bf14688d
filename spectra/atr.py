"""Attenuated total reflection brought to what transmission would show; the optics are recorded.

Three degrees of care: depth only (`depth_corrected`), effective thickness for weak absorption
(`weak_absorption`), and the Fresnel equations inverted with dispersion (`fresnel`), which alone
moves the band positions back. Never guesses the accessory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.errors import GridMismatchError, SpectrumError

ComplexArray = npt.NDArray[np.complex128]

# Refractive indices in the mid-infrared: diamond, ZnSe, Ge; organic solids lie near 1.5.
DIAMOND = 2.40
ZINC_SELENIDE = 2.40
GERMANIUM = 4.00
_MOST_PASSES = 1000
# Of the highest absorbance: far below what a bench resolves.
_SETTLED = 1e-7
# Organic bands reach 0.5, the strongest of salts 3.
_LARGEST_ABSORPTION = 20.0
_HIGHEST_ABSORBANCE = 10.0
_HIGHEST_ORDINATE = 1e100
_MOST_POINTS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Optics:
    """An ATR accessory and the index of what lies on it.

    Parameters
    ----------
    crystal_index, sample_index : float
        Refractive indices away from bands, real.
    angle_deg : float
        Of incidence within the crystal.
    reflections : int
        At the sample.

    Raises
    ------
    SpectrumError
        A value is out of range, or the light is not totally reflected.
    """

    crystal_index: float = DIAMOND
    sample_index: float = 1.5
    angle_deg: float = 45.0
    reflections: int = 1

    def __post_init__(self) -> None:
        sound = (
            1.0 < self.crystal_index < 6.0
            and 1.0 <= self.sample_index < self.crystal_index
            and 0.0 < self.angle_deg < 90.0
            and 1 <= self.reflections <= 100
        )
        if not sound:
            raise SpectrumError(
                f"ATR with crystal {self.crystal_index:g}, sample {self.sample_index:g}, "
                f"{self.angle_deg:g}°, {self.reflections} reflections",
                hint="Diamond is 2.40, germanium 4.00; most organic samples 1.4 to 1.6.",
            )
        if self.sine <= self.ratio:
            critical = math.degrees(math.asin(self.ratio))
            raise SpectrumError(
                f"at {self.angle_deg:g}° the light leaves the crystal: total reflection begins at "
                f"{critical:.1f}°",
                hint="Use a crystal of higher index or a steeper angle.",
            )

    @property
    def sine(self) -> float:
        """Sine of the angle of incidence."""
        return math.sin(math.radians(self.angle_deg))

    @property
    def ratio(self) -> float:
        """Index of the sample over that of the crystal."""
        return self.sample_index / self.crystal_index


def penetration_depth_um(x: npt.ArrayLike, optics: Optics) -> FloatArray:
    """Return where the field has fallen to 1/e, in µm, shape (n_points,).

    Parameters
    ----------
    x : array-like of float, shape (n_points,)
        Wavenumbers above 0, in cm⁻¹.

    Notes
    -----
    d_p = λ / (2π·n₁·√(sin²θ − (n₂/n₁)²)) (Harrick, Internal Reflection Spectroscopy, 1967).
    """
    under = optics.crystal_index * math.sqrt(optics.sine**2 - optics.ratio**2)
    return np.asarray(1e4 / _wavenumbers(x) / (2 * math.pi * under), dtype=np.float64)


def effective_thickness_um(x: npt.ArrayLike, optics: Optics) -> FloatArray:
    """Return the film that would absorb as much in transmission, per reflection, in µm.

    For unpolarised light (mean of both polarisations), a thick sample and weak absorption.

    References
    ----------
    Harrick and du Pré, Appl. Opt. 5 (1966) 1739, doi:10.1364/AO.5.001739.
    """
    sine2, ratio2 = optics.sine**2, optics.ratio**2
    cosine = math.cos(math.radians(optics.angle_deg))
    shared = optics.ratio * cosine / (math.pi * (1 - ratio2) * math.sqrt(sine2 - ratio2))
    parallel = (2 * sine2 - ratio2) / ((1 + ratio2) * sine2 - ratio2)
    in_crystal = 1e4 / _wavenumbers(x) / optics.crystal_index
    return np.asarray(in_crystal * shared * (1 + parallel) / 2, dtype=np.float64)


def depth_corrected(
    y: npt.ArrayLike, x: npt.ArrayLike, *, reference_cm1: float = 1000.0
) -> FloatArray:
    """Return ATR absorbance with the growth of depth towards low wavenumbers taken out.

    y·ν/ν_ref: heights at ``reference_cm1`` stay. Band positions stay too, so strong bands remain
    a few cm⁻¹ lower than in transmission.
    """
    curve, axis = _pair(y, x)
    if not 0 < reference_cm1 < math.inf:
        raise SpectrumError(f"a reference wavenumber of {reference_cm1:g} cm⁻¹")
    return curve * (axis / reference_cm1)


def weak_absorption(
    y: npt.ArrayLike, x: npt.ArrayLike, optics: Optics, *, thickness_um: float = 1.0
) -> FloatArray:
    """Return the absorbance of a film of given thickness, shape (n_points,).

    ATR absorbance over reflections times effective thickness; good while it is below about 0.1.
    """
    curve, axis = _pair(y, x)
    _check_thickness(thickness_um)
    depth = optics.reflections * effective_thickness_um(axis, optics)
    return np.asarray(curve * thickness_um / depth, dtype=np.float64)


def fresnel(
    y: npt.ArrayLike,
    x: npt.ArrayLike,
    optics: Optics,
    *,
    thickness_um: float = 1.0,
    dispersion: bool = True,
) -> FloatArray:
    """Return the absorbance of a film from ATR absorbance, by the Fresnel equations.

    Parameters
    ----------
    y : array-like of float, shape (n_points,)
        ATR absorbance −log₁₀ R of unpolarised light; every point measured.
    x : array-like of float, shape (n_points,)
        Wavenumbers above 0, equally spaced, in either direction.
    optics : Optics
        ``sample_index`` is that above the highest band.
    thickness_um : float
        Of the film that is returned; its reflection losses are left out.
    dispersion : bool
        True finds the index along with the absorption (Kramers-Kronig), which moves bands to where
        transmission has them; False keeps it constant.

    Raises
    ------
    SpectrumError
        Missing points, unequal steps, or no optical constants that give this spectrum.

    References
    ----------
    Bertie and Eysel, Appl. Spectrosc. 39 (1985) 392 (the iteration); Ohta and Ishida, Appl.
    Spectrosc. 42 (1988) 952 (the sum that replaces the integral).
    """
    curve, axis = _pair(y, x)
    _check_thickness(thickness_um)
    if np.isnan(curve).any():
        raise SpectrumError(
            f"{np.count_nonzero(np.isnan(curve))} points were not measured; dispersion needs all",
            hint="Use the depth correction, or a range without gaps.",
        )
    if not 8 <= curve.size <= _MOST_POINTS:
        raise SpectrumError(f"{curve.size} points; 8 to {_MOST_POINTS} are needed")
    falling = axis[0] > axis[-1]
    if falling:
        curve, axis = curve[::-1], axis[::-1]
    if float(np.abs(curve).max()) > _HIGHEST_ABSORBANCE:
        raise SpectrumError(
            f"an ATR absorbance of {float(np.abs(curve).max()):.3g}",
            hint="Is this transmittance in percent? Convert it to absorbance first.",
        )
    steps = np.diff(axis)
    if np.abs(steps - steps.mean()).max() > 1e-4 * steps.mean():
        raise SpectrumError("dispersion needs equal steps", hint="Resample first.")
    absorption = _optical_constants(curve, axis, optics, dispersion=dispersion)
    made = 4e-4 * math.pi / math.log(10) * thickness_um * axis * absorption
    return np.asarray(made[::-1] if falling else made, dtype=np.float64)


def reflected(
    index: npt.ArrayLike, absorption: npt.ArrayLike, optics: Optics
) -> tuple[FloatArray, FloatArray]:
    """Return the reflectances of one reflection for both polarisations, s and p.

    Parameters
    ----------
    index, absorption : array-like of float, shape (n_points,)
        Real and imaginary part of the sample's refractive index.
    """
    whole = np.asarray(index, dtype=np.float64) + 1j * np.asarray(absorption, dtype=np.float64)
    n1, cosine = optics.crystal_index, math.cos(math.radians(optics.angle_deg))
    square = whole**2
    root = np.sqrt(square - (n1 * optics.sine) ** 2)
    # The wave decays into the sample, also where noise makes the absorption slightly negative.
    root = np.where(root.imag < 0, -root, root)
    s = (n1 * cosine - root) / (n1 * cosine + root)
    p = (square * cosine - n1 * root) / (square * cosine + n1 * root)
    return np.abs(s) ** 2, np.abs(p) ** 2


def _attenuated(index: FloatArray, absorption: FloatArray, optics: Optics) -> FloatArray:
    """Return the ATR absorbance of unpolarised light."""
    s, p = reflected(index, absorption, optics)
    total = 0.5 * (s**optics.reflections + p**optics.reflections)
    return np.asarray(-np.log10(np.maximum(total, 1e-300)), dtype=np.float64)


def _optical_constants(
    curve: FloatArray, axis: FloatArray, optics: Optics, *, dispersion: bool
) -> FloatArray:
    """Return the imaginary index that gives the measured absorbance, shape (n_points,).

    What is still missing is divided by the slope of weak absorption and added. That slope is the
    steepest without dispersion, so the steps never swing; with dispersion they are halved.
    """
    depth_cm = 1e-4 * optics.reflections * effective_thickness_um(axis, optics)
    slope = 4 * math.pi * axis * depth_cm / math.log(10)
    share = 0.5 if dispersion else 1.0
    index = np.full(axis.size, optics.sample_index)
    absorption = curve / slope
    enough = _SETTLED * max(float(np.abs(curve).max()), _SETTLED)
    for _ in range(_MOST_PASSES):
        if dispersion:
            index = np.maximum(optics.sample_index + kramers_kronig(absorption, axis), 0.1)
        missing = curve - _attenuated(index, absorption, optics)
        if not np.isfinite(missing).all() or float(np.abs(absorption).max()) > _LARGEST_ABSORPTION:
            break
        if float(np.abs(missing).max()) <= enough:
            return absorption
        absorption = absorption + share * missing / slope
    raise SpectrumError(
        "no optical constants give this spectrum with these optics",
        hint="Check crystal, angle and reflections, or use the depth correction.",
    )


def kramers_kronig(absorption: FloatArray, x: FloatArray) -> FloatArray:
    """Return what absorption adds to the refractive index, shape (n_points,).

    Parameters
    ----------
    absorption : ndarray of float, shape (n_points,)
        Imaginary index on equal, ascending steps; what lies outside counts as none.
    x : ndarray of float, shape (n_points,)
        In cm⁻¹.

    Notes
    -----
    (2/π)·P∫ν′k/(ν′² − ν²)dν′ as the sum over every second neighbour, split into 1/(ν′ − ν) and
    1/(ν′ + ν), each a convolution.
    """
    n = absorption.size
    step = float(x[-1] - x[0]) / (n - 1)
    apart = np.arange(-(n - 1), n)
    odd = apart % 2 == 1
    near = np.where(odd, 1.0 / np.where(odd, apart * step, 1.0), 0.0)
    sums = np.arange(2 * n - 1)
    far = np.where(sums % 2 == 1, 1.0 / (2 * float(x[0]) + sums * step), 0.0)
    size = 1 << (3 * n).bit_length()
    ahead = np.fft.rfft(absorption, size)
    back = np.fft.rfft(absorption[::-1], size)
    first = np.fft.irfft(ahead * np.fft.rfft(near[::-1], size), size)[n - 1 : 2 * n - 1]
    second = np.fft.irfft(back * np.fft.rfft(far, size), size)[n - 1 : 2 * n - 1]
    return np.asarray((2.0 / math.pi) * step * (first + second), dtype=np.float64)


def _pair(y: npt.ArrayLike, x: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    curve = np.array(y, dtype=np.float64)
    axis = _wavenumbers(x)
    if curve.shape != axis.shape:
        raise GridMismatchError(f"{axis.size} x values and {curve.size} y values")
    if float(np.nanmax(np.abs(curve), initial=0.0)) > _HIGHEST_ORDINATE:
        raise SpectrumError("an absorbance that large, or infinite, cannot be corrected")
    return curve, axis


def _wavenumbers(x: npt.ArrayLike) -> FloatArray:
    axis = np.array(x, dtype=np.float64)
    if axis.ndim != 1 or axis.size == 0 or not (np.isfinite(axis).all() and axis.min() > 0):
        raise SpectrumError(
            "ATR needs wavenumbers above zero in one row", hint="Export with wavenumbers in cm⁻¹."
        )
    return axis


def _check_thickness(thickness_um: float) -> None:
    if not 0 < thickness_um < 1e6:
        raise SpectrumError(f"a film of {thickness_um:g} µm")
