"""The three indexes of the package by their public names, imported when first asked for.

`CurveIndex` ranks infrared and Raman curves, `PeakIndex` electron-impact spectra on whole masses,
`TandemIndex` MS/MS spectra within an m/z tolerance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spectra.curve_index import CurveIndex
    from spectra.curve_rescore import Hits
    from spectra.peak_index import PeakHits, PeakIndex
    from spectra.peak_tandem import TandemHits, TandemIndex
    from spectra.peak_tandem_clean import Tolerance

_HOMES = {
    "CurveIndex": "spectra.curve_index",
    "Hits": "spectra.curve_rescore",
    "PeakHits": "spectra.peak_index",
    "PeakIndex": "spectra.peak_index",
    "TandemHits": "spectra.peak_tandem",
    "TandemIndex": "spectra.peak_tandem",
    "Tolerance": "spectra.peak_tandem_clean",
}

__all__ = [
    "CurveIndex",
    "Hits",
    "PeakHits",
    "PeakIndex",
    "TandemHits",
    "TandemIndex",
    "Tolerance",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
