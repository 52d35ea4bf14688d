"""The tune of a mass spectrometer judged by the spectrum of a standard, ion by ion.

Finds the standard among the components of a run; says of each ion what it is and should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spectra.axis import FloatArray
from spectra.errors import SpectrumError
from spectra.spectrum import MassSpectrum
from spectra.tune_standards import IonCriterion, TuneStandard

# Below this share of the base peak a marking ion is noise, whatever the tune.
_LEAST_MARK = 0.05
_MOST_MZ = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IonAbundance:
    """One criterion and what was measured.

    Parameters
    ----------
    criterion : IonCriterion
    percent : float
        Measured, in per cent of the ion the criterion names; infinite where that one is missing.
    """

    criterion: IonCriterion
    percent: float

    @property
    def ok(self) -> bool:
        """Whether the criterion is met."""
        low, high = self.criterion.lowest, self.criterion.highest
        if low == high:
            return self.percent == low
        return low <= self.percent < high


def abundances(spectrum: MassSpectrum, standard: TuneStandard) -> tuple[IonAbundance, ...]:
    """Return what each ion of a tune standard is, in the order of its criteria.

    Parameters
    ----------
    spectrum : MassSpectrum
        Of the standard, full scan.
    standard : TuneStandard

    Raises
    ------
    SpectrumError
        The marking ions are not all there: it is no spectrum of the standard.
    """
    ions = _whole(spectrum)
    if not _is_marked(ions, standard):
        raise SpectrumError(
            f"this is no spectrum of {standard.name}: m/z "
            f"{', '.join(map(str, standard.marks))} are not all there",
            hint=f"Is this a run of {standard.substance}, in full scan?",
        )
    base = float(ions.max())
    found = []
    for each in standard.criteria:
        against = base if each.of_mz == 0 else float(ions[each.of_mz])
        height = float(ions[each.mz])
        # In this order: an ion against itself is 100 exactly.
        percent = 100.0 * (height / against) if against > 0 else float("inf")
        found.append(IonAbundance(criterion=each, percent=percent))
    return tuple(found)


def find_standard(spectra: Sequence[MassSpectrum], standard: TuneStandard) -> MassSpectrum:
    """Return the spectrum of a run in which most ions are those of the standard's marks.

    Raises
    ------
    SpectrumError
        None shows all marks.
    """
    best, most = None, 0.0
    for each in spectra:
        ions = _whole(each)
        total = float(ions.sum())
        if total <= 0 or not _is_marked(ions, standard):
            continue
        share = float(ions[list(standard.marks)].sum()) / total
        if share > most:
            best, most = each, share
    if best is None:
        raise SpectrumError(
            f"{standard.name} was not found among {len(spectra)} components: none shows m/z "
            f"{', '.join(map(str, standard.marks))}",
            hint=f"Is this a run of {standard.substance}, in full scan?",
        )
    return best


def _is_marked(ions: FloatArray, standard: TuneStandard) -> bool:
    return bool((ions[list(standard.marks)] >= _LEAST_MARK * max(float(ions.max()), 1e-300)).all())


def _whole(spectrum: MassSpectrum) -> FloatArray:
    """Return the height of each whole mass, shape (2001,); the tallest peak of each."""
    heights = np.zeros(_MOST_MZ + 1)
    mass = np.floor(spectrum.mz + 0.5)
    inside = (mass >= 0) & (mass <= _MOST_MZ) & np.isfinite(spectrum.intensity)
    np.maximum.at(heights, mass[inside].astype(np.int64), spectrum.intensity[inside])
    return heights
