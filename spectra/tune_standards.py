"""Ion abundance criteria by which the tuning of a quadrupole mass spectrometer is judged.

Facts with their sources; knows nothing of spectra.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from spectra.errors import SpectrumError


@dataclass(frozen=True, slots=True, kw_only=True)
class IonCriterion:
    """What one ion's abundance must be, in per cent of another ion.

    Parameters
    ----------
    mz : int
    of_mz : int
        The ion that is 100 %; 0 for the base peak.
    lowest, highest : float
        In per cent. The lowest must be reached, the highest must not be reached, except 100 %.
    """

    mz: int
    of_mz: int
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneStandard:
    """A substance by whose mass spectrum a tune is judged.

    Parameters
    ----------
    name, substance : str
    marks : tuple of int
        Ions that together are found in no other component of its run.
    criteria : tuple of IonCriterion
    source : str
    """

    name: str
    substance: str
    marks: tuple[int, ...]
    criteria: tuple[IonCriterion, ...]
    source: str


def _of(mz: int, of_mz: int, lowest: float, highest: float) -> IonCriterion:
    return IonCriterion(mz=mz, of_mz=of_mz, lowest=lowest, highest=highest)


_ALL = (
    TuneStandard(
        name="dftpp",
        substance="decafluorotriphenylphosphine",
        marks=(198, 255, 442),
        criteria=(
            _of(51, 0, 10.0, 80.0),
            _of(68, 69, 0.0, 2.0),
            _of(70, 69, 0.0, 2.0),
            _of(127, 0, 10.0, 80.0),
            _of(197, 198, 0.0, 2.0),
            # The base peak, or more than half of the other heavy ion.
            _of(198, 442, 50.0, 1e9),
            _of(199, 198, 5.0, 9.0),
            _of(275, 0, 10.0, 60.0),
            _of(365, 198, 1.0, 1e9),
            _of(441, 442, 1e-6, 24.0),
            _of(442, 198, 50.0, 1e9),
            _of(443, 442, 15.0, 24.0),
        ),
        source="EPA SW-846 method 8270D (2014), table 3",
    ),
    TuneStandard(
        name="bfb",
        substance="4-bromofluorobenzene",
        marks=(95, 174, 176),
        criteria=(
            _of(50, 95, 15.0, 40.0),
            _of(75, 95, 30.0, 60.0),
            _of(95, 0, 100.0, 100.0),
            _of(96, 95, 5.0, 9.0),
            _of(173, 174, 0.0, 2.0),
            _of(174, 95, 50.0, 1e9),
            _of(175, 174, 5.0, 9.0),
            _of(176, 174, 95.0, 101.0),
            _of(177, 176, 5.0, 9.0),
        ),
        source="EPA SW-846 method 8260B (1996), table 4",
    ),
)
TUNE_STANDARDS: Mapping[str, TuneStandard] = MappingProxyType({each.name: each for each in _ALL})
"""By name."""


def tune_standard(name: str) -> TuneStandard:
    """Return a tune standard by its name.

    Raises
    ------
    SpectrumError
        No such standard is known.
    """
    if name not in TUNE_STANDARDS:
        raise SpectrumError(
            f"no tune standard {name[:40]!r}", hint=f"Known: {', '.join(sorted(TUNE_STANDARDS))}."
        )
    return TUNE_STANDARDS[name]
