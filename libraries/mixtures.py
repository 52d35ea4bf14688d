"""Whether a curve is explained by a few substances of one library together.

Brings index rows and the names of the record together for `spectra.mixture`; what may be called a
mixture is decided in `spectra.decision`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from libraries.candidates import Place
from libraries.entry import Section
from libraries.masking import DETECTION_LIMIT
from spectra.axis import FloatArray
from spectra.calibration import Calibration
from spectra.decision import ComponentFit
from spectra.errors import SpectrumError
from spectra.mixture import Explanation, explain


def of_curve(
    place: Place, query: FloatArray, calibration: Calibration
) -> tuple[ComponentFit | None, Calibration]:
    """Return how few substances of a library together explain a query.

    Parameters
    ----------
    place : (Library, SectionIndex)
        The library of the first hit: components are sought in one library, whose replicates have
        taught what a known substance leaves unexplained.
    query : ndarray of float, shape (n_points,)
        On the grid, NaN where not measured.
    calibration : Calibration
        Of the single match.

    Returns
    -------
    fit : ComponentFit or None
        None where the library has too few replicates to judge one, or nothing fits.
    calibration : Calibration
        The same with the limits of this library.
    """
    library, index = place
    own = index.calibration
    if index.curves is None or own is None or own.residual_limit is None:
        return None, replace(calibration, residual_limit=None, gain_limit=None)
    limited = replace(calibration, residual_limit=own.residual_limit, gain_limit=own.gain_limit)
    try:
        found = explain(index.curves, query, index.groups)
    except SpectrumError:
        return None, limited

    def name(row: int) -> str:
        return library.entries_at([int(index.rows[row])])[0].substance

    return _above_detection(found, name, own.gain_limit, DETECTION_LIMIT[index.section]), limited


def _above_detection(
    found: Explanation, name: Callable[[int], str], gain_limit: float | None, least: float
) -> ComponentFit | None:
    """Return the fit of most components that each hold a share one can detect."""
    for count in range(len(found.fits), 0, -1):
        fewer = replace(found, fits=found.fits[:count], agreed=found.agreed[:count])
        fit = fewer.component_fit(name, gain_limit)
        if fit is not None and (len(fit.substances) == 1 or min(fit.shares) >= least):
            return replace(fit, residual=found.residual)
    return None


def facts(fit: ComponentFit, section: Section) -> dict[str, object]:
    """Return a mixture as plain values for the document of a match."""
    return {
        "substances": list(fit.substances),
        "shares": [round(share, 4) for share in fit.shares],
        "shares_of": "the explained signal, not mass",
        "detection_limit": DETECTION_LIMIT[section],
        "residual": round(fit.residual, 4),
        "gain": round(fit.gain, 4),
        "agreed": fit.agreed,
    }
