"""The two indexes of the package by their public names, imported when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spectra.curve_index import CurveIndex
    from spectra.curve_rescore import Hits
    from spectra.peak_index import PeakHits, PeakIndex

_HOMES = {
    "CurveIndex": "spectra.curve_index",
    "Hits": "spectra.curve_rescore",
    "PeakIndex": "spectra.peak_index",
    "PeakHits": "spectra.peak_index",
}

__all__ = ["CurveIndex", "Hits", "PeakHits", "PeakIndex"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
