"""Band positions of the materials that wavenumber and Raman shift axes are checked with.

Facts with their sources; knows nothing of spectra.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from spectra.axis import XKind
from spectra.errors import SpectrumError

_E1840 = "ASTM E1840-96 (2022), mean of seven laboratories"


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisStandard:
    """A material whose bands are known.

    Parameters
    ----------
    name : str
    x_kind : XKind
        ``RAMAN_SHIFT`` or ``WAVENUMBER``.
    bands_cm1 : tuple of float
        Band maxima, ascending.
    tolerance_cm1 : float
        Largest root-mean-square residual of a calibration that is believed.
    source : str
    """

    name: str
    x_kind: XKind
    bands_cm1: tuple[float, ...]
    tolerance_cm1: float
    source: str


def _raman(name: str, bands: tuple[float, ...], source: str = _E1840) -> AxisStandard:
    return AxisStandard(
        name=name,
        x_kind=XKind.RAMAN_SHIFT,
        bands_cm1=bands,
        tolerance_cm1=2.0,
        source=source,
    )


_ALL = (
    _raman(
        "polystyrene",
        (620.9, 795.8, 1001.4, 1031.8, 1155.3, 1450.5, 1583.1, 1602.3, 2852.4, 2904.5, 3054.3),
    ),
    _raman(
        "cyclohexane",
        (384.1, 426.3, 801.3, 1028.3, 1157.6, 1266.4, 1444.4, 2664.4, 2852.9, 2923.8, 2938.3),
    ),
    _raman(
        "paracetamol",
        (
            213.3,
            329.2,
            390.9,
            465.1,
            504.0,
            651.6,
            710.8,
            797.2,
            834.5,
            857.9,
            968.7,
            1105.5,
            1168.5,
            1236.8,
            1278.5,
            1323.9,
            1371.5,
            1515.1,
            1561.6,
            1648.4,
            2931.1,
            3064.6,
            3102.4,
            3326.6,
        ),
    ),
    # E1840 gives these for the equal mixture with toluene, which moves them by less than 1 cm⁻¹.
    _raman("acetonitrile", (378.5, 919.0, 2253.7, 2940.8), f"{_E1840} (acetonitrile in toluene)"),
    _raman(
        "silicon",
        (520.7,),
        "customary value of Raman laboratories; certified wafers lie 0.3 cm-1 lower",
    ),
    AxisStandard(
        name="polystyrene-film",
        x_kind=XKind.WAVENUMBER,
        bands_cm1=(1028.3, 1154.5, 1583.0, 1601.2, 1942.9, 2849.5, 3060.0),
        tolerance_cm1=1.0,
        source="European Pharmacopoeia 2.2.24 and Japanese Pharmacopoeia 2.25",
    ),
)
STANDARDS: Mapping[str, AxisStandard] = MappingProxyType({each.name: each for each in _ALL})
"""By name."""


def standard(name: str) -> AxisStandard:
    """Return a standard by its name.

    Raises
    ------
    SpectrumError
        No such standard is known.
    """
    if name not in STANDARDS:
        raise SpectrumError(
            f"no axis standard {name[:40]!r}", hint=f"Known: {', '.join(sorted(STANDARDS))}."
        )
    return STANDARDS[name]
