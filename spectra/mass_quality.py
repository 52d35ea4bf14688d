"""Whether a mass spectrum is good enough to be searched, with every reason it is not.

A spectrum that fails gives *insufficient data*, never *no match*.
"""

from __future__ import annotations

import numpy as np

from spectra.axis import FloatArray
from spectra.errors import SpectrumError
from spectra.mass_scores import unit_mass
from spectra.quality import Quality
from spectra.spectrum import MassSpectrum

# Fewer ions than this tell hardly anything apart: amines of one dominant iminium ion abound.
MIN_PEAKS = 5
# At or above a hundredth of the base peak.
_COUNTED = 0.01
# A detector that gave up shows the same highest reading at several masses.
_MAX_AT_TOP = 3
# One ion with this share of everything leaves nothing to compare.
_DOMINANT_SHARE = 0.95
# Below this many ions of signal a component is not told from noise.
MIN_SIGNAL_TO_NOISE = 10.0
# Component purity below which what is left may be a neighbour's.
MIN_PURITY = 0.10


def check(
    spectrum: MassSpectrum,
    *,
    signal_to_noise: float | None = None,
    purity: float | None = None,
) -> Quality:
    """Return whether a mass spectrum can be searched.

    Parameters
    ----------
    spectrum : MassSpectrum
    signal_to_noise : float or None
        Of the chromatographic component it comes from.
    purity : float or None
        Its share of the ion current at the apex, 0 to 1.

    Returns
    -------
    Quality
        ``coverage`` is the share of its peaks on whole masses 1 to 1000.
    """
    reasons = list(spectrum.faults)
    try:
        peaks = unit_mass(spectrum.mz, spectrum.intensity)
    except SpectrumError as error:
        return Quality(ok=False, reasons=(*reasons, error.message), coverage=0.0)
    if peaks.mz.size == 0:
        return Quality(ok=False, reasons=(*reasons, "it has no peaks"), coverage=0.0)
    shares = peaks.intensity / peaks.intensity.max()
    n_counted = int((shares >= _COUNTED).sum())
    if n_counted < MIN_PEAKS:
        reasons.append(
            f"{n_counted} peaks of at least 1 % of the base peak, {MIN_PEAKS} are needed"
        )
    dominant = float(shares.max() / shares.sum())
    if n_counted >= MIN_PEAKS and dominant > _DOMINANT_SHARE:
        reasons.append(f"m/z {peaks.mz[int(np.argmax(shares))]} holds {dominant:.0%} of all ions")
    saturated = _saturated(spectrum.intensity)
    if saturated:
        reasons.append("several peaks stand at the same highest reading: dilute and repeat")
    if signal_to_noise is not None and signal_to_noise < MIN_SIGNAL_TO_NOISE:
        reasons.append(
            f"signal to noise {signal_to_noise:.1f}, at least {MIN_SIGNAL_TO_NOISE:.0f} is needed"
        )
    if purity is not None and purity < MIN_PURITY:
        reasons.append(f"only {purity:.0%} of the ions at its apex are its own")
    inside = (spectrum.mz >= 0.5) & (spectrum.mz < 1000.5)
    return Quality(
        ok=not reasons,
        reasons=tuple(reasons),
        signal_to_noise=signal_to_noise,
        saturated=saturated,
        coverage=float(inside.mean()),
    )


def _saturated(intensity: FloatArray) -> bool:
    """Tell whether several peaks share the very highest reading.

    Two equal base peaks happen in tables of whole numbers, four do not.
    """
    top = float(intensity.max(initial=0.0))
    return top > 0 and int((intensity == top).sum()) > _MAX_AT_TOP
