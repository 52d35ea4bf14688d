"""A measured curve brought to what libraries hold: absorbance or Raman intensity over cm⁻¹.

Refuses what no arithmetic can make comparable, and says which step it took in words. Point order
is kept; it does not resample.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from spectra.axis import UNIT_CM1, UNIT_NM, UNIT_ONE, UNIT_UM, FloatArray, XKind, YKind, check_axis
from spectra.errors import NotComparableError
from spectra.spectrum import Spectrum

# Transmittance is 0..1 by definition, yet files that say TRANSMITTANCE often hold 0..100. Above
# this 99th percentile it cannot be a fraction.
_PERCENT_ABOVE = 2.0
# A detector's zero wanders by less than this share of full transmission; a deeper minimum is an
# offset fault and says nothing about the noise.
_LARGEST_ZERO_NOISE = 0.05
_SHORTEST_MID_INFRARED_NM = 2500.0
# An axis that starts above this is absolute wavenumber of visible or near-infrared light.
_ABSOLUTE_WAVENUMBER_ABOVE = 7000.0
_LASER_RANGE_NM = (200.0, 2000.0)
_LASER_KEYS = re.compile(r"laser|excitation", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])(\d{3,4}(?:[.,]\d+)?)\s*(?:nm)?", re.IGNORECASE)

_REFUSED_Y: Mapping[YKind, str] = {
    YKind.SINGLE_BEAM: "a single beam needs its background before it is a spectrum",
    YKind.INTERFEROGRAM: "an interferogram needs a Fourier transform and a background",
    YKind.REFLECTANCE: "reflectance differs with the accessory (ATR, specular, diffuse)",
    YKind.KUBELKA_MUNK: "Kubelka-Munk units compare only with Kubelka-Munk units",
    YKind.PHOTOACOUSTIC: "photoacoustic signal compares only with photoacoustic signal",
    YKind.ABUNDANCE: "an abundance belongs to a mass spectrum",
}
_RAMAN_Y = (YKind.RAMAN_INTENSITY, YKind.DETECTOR_SIGNAL, YKind.UNKNOWN)
_INFRARED_Y = (YKind.ABSORBANCE, YKind.TRANSMITTANCE, YKind.LOG_1_OVER_R)


def to_absorbance(spectrum: Spectrum) -> tuple[Spectrum, str]:
    """Return a spectrum in absorbance over wavenumber, or Raman intensity over Raman shift.

    Parameters
    ----------
    spectrum : Spectrum
        In file order and the file's own units.

    Returns
    -------
    spectrum : Spectrum
        Same points in the same order. Transmittance at or below zero, or lost in the detector's
        zero noise, is saturated and becomes NaN: no number is made up for it.
    step : str
        What was done, in words, for the record.

    Raises
    ------
    NotComparableError
        Single beam, interferogram, reflectance, Kubelka-Munk, photoacoustic; pixel, time and
        unknown axes; nanometres without a laser line.
    AxisError
        The axis is not finite or changes direction.

    Notes
    -----
    A = −log10 T; wavenumber = 10⁴/µm; Raman shift = 10⁷/laser − 10⁷/nm (ASTM E131 terms).
    """
    check_axis(spectrum.x)
    over, axis_step = _axis(spectrum)
    if over.x_kind is XKind.RAMAN_SHIFT:
        converted, step = _raman_ordinate(over)
    else:
        converted, step = _infrared_ordinate(over)
    return converted, "; ".join(part for part in (axis_step, step) if part)


def from_reflectance(spectrum: Spectrum, *, kubelka_munk: bool = False) -> tuple[Spectrum, str]:
    """Return log₁₀(1/R), or the Kubelka-Munk function, of a reflectance spectrum.

    Not part of `to_absorbance`: which of the two suits depends on the accessory, so a person says.

    Parameters
    ----------
    spectrum : Spectrum
        Reflectance, as a fraction or in percent; told apart as transmittance is.
    kubelka_munk : bool
        True for (1 − R)²/2R, which suits powders diluted in a white salt; False for log₁₀(1/R),
        which suits transflection and thin layers.

    Returns
    -------
    spectrum : Spectrum
        Same points in the same order; reflectance at or below zero becomes NaN.
    step : str
        What was done, in words.

    Raises
    ------
    NotComparableError
        The ordinate is not reflectance, or none of it is a number.

    References
    ----------
    Kubelka and Munk, Z. Tech. Phys. 12 (1931) 593.
    """
    if spectrum.y_kind is not YKind.REFLECTANCE:
        raise NotComparableError(
            f"{spectrum.y_kind.value} is no reflectance", hint="Leave this step out."
        )
    finite = spectrum.y[np.isfinite(spectrum.y)]
    if not finite.size:
        raise NotComparableError("no ordinate value is a number", hint="Export it again.")
    percent = float(np.percentile(finite, 99)) > _PERCENT_ABOVE
    fraction = spectrum.y / 100.0 if percent else spectrum.y
    scale = "%R" if percent else "R (0..1)"
    if not kubelka_munk:
        made, lost = _minus_log10(fraction)
        words = f"{scale} to log(1/R), as declared by a person"
        if lost:
            words += f"; {lost} saturated points masked"
        kind = YKind.LOG_1_OVER_R
    else:
        usable = np.isfinite(fraction) & (fraction > 0)
        made = np.full(fraction.shape, np.nan)
        made[usable] = (1.0 - fraction[usable]) ** 2 / (2.0 * fraction[usable])
        words, kind = f"{scale} to Kubelka-Munk, as declared by a person", YKind.KUBELKA_MUNK
    return replace(spectrum, y=made, y_kind=kind, y_unit=UNIT_ONE), words


def laser_nm(metadata: Mapping[str, str]) -> float | None:
    """Return the laser line in nm that the metadata states, or None.

    Reads values of keys naming a laser or an excitation. Two different lines give None: a wrong
    line moves every band (0.1 nm is 1.6 cm⁻¹ at 785 nm), so none is guessed.
    """
    found: set[float] = set()
    for key, value in metadata.items():
        if not _LASER_KEYS.search(key) or re.search(r"power|time|id\b|serial", key, re.IGNORECASE):
            continue
        for number in _NUMBER.findall(value[:200]):
            line = float(number.replace(",", "."))
            if _LASER_RANGE_NM[0] <= line <= _LASER_RANGE_NM[1]:
                found.add(line)
    return found.pop() if len(found) == 1 else None


def _axis(spectrum: Spectrum) -> tuple[Spectrum, str]:
    if spectrum.x_kind is XKind.RAMAN_SHIFT:
        return spectrum, ""
    if spectrum.x_kind is XKind.WAVENUMBER:
        return _wavenumber(spectrum)
    if spectrum.x_kind is XKind.WAVELENGTH:
        return _wavelength(spectrum)
    raise NotComparableError(
        f"the x axis is {spectrum.x_kind.value} ({spectrum.x_unit}), not wavenumber or Raman shift",
        hint="Calibrate the instrument, or export with wavenumbers or Raman shift in cm⁻¹.",
    )


def _wavenumber(spectrum: Spectrum) -> tuple[Spectrum, str]:
    if spectrum.y_kind is not YKind.RAMAN_INTENSITY:
        return spectrum, ""
    if float(spectrum.x.min()) < _ABSOLUTE_WAVENUMBER_ABOVE:
        shifted = replace(spectrum, x_kind=XKind.RAMAN_SHIFT)
        return shifted, "wavenumber axis of a Raman intensity read as Raman shift"
    line = _required_laser(spectrum, "absolute wavenumbers")
    return (
        replace(spectrum, x=1e7 / line - spectrum.x, x_kind=XKind.RAMAN_SHIFT, x_unit=UNIT_CM1),
        f"absolute wavenumber to Raman shift with the laser at {line:g} nm",
    )


def _wavelength(spectrum: Spectrum) -> tuple[Spectrum, str]:
    if spectrum.x_unit not in (UNIT_UM, UNIT_NM):
        raise NotComparableError(
            f"wavelength in {spectrum.x_unit!r}; nanometres or micrometres are understood",
            hint="Export with wavenumbers in cm⁻¹.",
        )
    per_cm = 1e4 if spectrum.x_unit == UNIT_UM else 1e7
    if float(spectrum.x.min()) <= 0:
        raise NotComparableError("a wavelength of zero or less", hint="Export the spectrum again.")
    wavenumber = per_cm / spectrum.x
    infrared = spectrum.y_kind in _INFRARED_Y
    if infrared and 1e7 / float(wavenumber.min()) >= _SHORTEST_MID_INFRARED_NM:
        over = replace(spectrum, x=wavenumber, x_kind=XKind.WAVENUMBER, x_unit=UNIT_CM1)
        return over, f"{spectrum.x_unit} to wavenumber"
    if infrared:
        raise NotComparableError(
            f"the spectrum ends at {1e7 / float(wavenumber.min()):.0f} nm, short of the "
            f"mid-infrared ({_SHORTEST_MID_INFRARED_NM:.0f} nm and longer)",
            hint="Ultraviolet, visible and near-infrared spectra are kept but not matched.",
        )
    line = _required_laser(spectrum, "wavelength")
    over = replace(spectrum, x=1e7 / line - wavenumber, x_kind=XKind.RAMAN_SHIFT, x_unit=UNIT_CM1)
    return over, f"{spectrum.x_unit} to Raman shift with the laser at {line:g} nm"


def _required_laser(spectrum: Spectrum, axis: str) -> float:
    line = laser_nm(spectrum.metadata)
    if line is None:
        raise NotComparableError(
            f"{axis} without one stated laser line cannot become Raman shift",
            hint="Export with Raman shift, or state the laser wavelength in nm in the file.",
        )
    return line


def _raman_ordinate(spectrum: Spectrum) -> tuple[Spectrum, str]:
    if spectrum.y_kind in _RAMAN_Y:
        return replace(spectrum, y_kind=YKind.RAMAN_INTENSITY), ""
    raise NotComparableError(
        f"{spectrum.y_kind.value} on a Raman shift axis",
        hint=_REFUSED_Y.get(spectrum.y_kind, "Export counts or intensity."),
    )


def _infrared_ordinate(spectrum: Spectrum) -> tuple[Spectrum, str]:
    if spectrum.y_kind is YKind.ABSORBANCE:
        return spectrum, ""
    if spectrum.y_kind is YKind.LOG_1_OVER_R:
        as_absorbance = replace(spectrum, y_kind=YKind.ABSORBANCE)
        return as_absorbance, "log(1/R) compared as absorbance: relative heights may differ"
    if spectrum.y_kind is YKind.TRANSMITTANCE:
        return _from_transmittance(spectrum)
    reason = _REFUSED_Y.get(spectrum.y_kind, "it is not known what the ordinate measures")
    raise NotComparableError(
        f"{spectrum.y_kind.value} over wavenumber cannot become absorbance: {reason}",
        hint="Export the spectrum as absorbance or transmittance.",
    )


def _from_transmittance(spectrum: Spectrum) -> tuple[Spectrum, str]:
    finite = spectrum.y[np.isfinite(spectrum.y)]
    if not finite.size:
        raise NotComparableError("no ordinate value is a number", hint="Export it again.")
    high = float(np.percentile(finite, 99))
    percent = high > _PERCENT_ABOVE
    absorbance, lost = _minus_log10(spectrum.y / 100.0 if percent else spectrum.y)
    words = "%T to absorbance" if percent else "T (0..1) to absorbance"
    words += f" (99th percentile {high:.3g})"
    if (spectrum.y_unit == "%") is not percent and spectrum.y_unit in ("%", UNIT_ONE):
        words += f", although the file gives the unit {spectrum.y_unit!r}"
    if lost:
        words += f"; {lost} saturated points masked"
    made = replace(spectrum, y=absorbance, y_kind=YKind.ABSORBANCE, y_unit=UNIT_ONE)
    return made, words


def _minus_log10(transmittance: FloatArray) -> tuple[FloatArray, int]:
    """Return −log10 T with saturated points as NaN, and how many there are.

    Where T goes below zero, the depth of the lowest point is the noise of the detector's zero;
    what lies within that noise is saturated too.
    """
    finite = np.isfinite(transmittance)
    lowest = float(transmittance[finite].min())
    floor = -lowest if -_LARGEST_ZERO_NOISE <= lowest < 0 else 0.0
    usable = finite & (transmittance > floor)
    absorbance = np.full(transmittance.shape, np.nan)
    absorbance[usable] = -np.log10(transmittance[usable])
    return absorbance, int(np.count_nonzero(finite & ~usable))
