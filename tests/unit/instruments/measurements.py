"""Measurements as a bench gives them, for tests of writers and readers."""

import numpy as np

from spectra.axis import XKind, YKind
from spectra.spectrum import Chromatogram, MassRun, MassSpectrum, Spectrum


def a_raman(**changes):
    x = np.linspace(200.0, 1800.0, 161)
    facts = {
        "title": "powder, =1+1",
        "x": x,
        "y": 100.0 + 900.0 * np.exp(-(((x - 1001.3) / 8.0) ** 2)) + np.sin(x),
        "x_kind": XKind.RAMAN_SHIFT,
        "x_unit": "cm-1",
        "y_kind": YKind.RAMAN_INTENSITY,
        "y_unit": "counts",
        "metadata": {"laser_nm": "785", "operator": "=cmd|' /C calc'!A0"},
    }
    return Spectrum(**(facts | changes))


def an_infrared(**changes):
    x = np.linspace(4000.0, 400.0, 301)
    facts = {
        "title": "tablet",
        "x": x,
        "y": 0.02 + np.exp(-(((x - 1730.0) / 20.0) ** 2)),
        "x_kind": XKind.WAVENUMBER,
        "x_unit": "cm-1",
        "y_kind": YKind.ABSORBANCE,
        "y_unit": "1",
    }
    return Spectrum(**(facts | changes))


def a_mass_spectrum(**changes):
    facts = {
        "title": "Fentanyl",
        "mz": np.array([42.0, 105.1, 146.0, 189.0, 245.2]),
        "intensity": np.array([27.7, 23.2, 66.5, 37.7, 99.9]),
        "molecular_mass": 336.2202,
        "retention_time_s": 452.125,
        "retention_index": 2700.5,
        "ionization": "EI",
    }
    return MassSpectrum(**(facts | changes))


def a_run(n_scans=25, **changes):
    random = np.random.default_rng(5)
    sizes = random.integers(1, 9, n_scans)
    total = int(sizes.sum())
    intensity = np.round(random.uniform(1.0, 1e6, total), 3)
    facts = {
        "title": "parcel 7",
        "scan_time_s": 120.0 + 0.31 * np.arange(n_scans),
        "offsets": np.concatenate(([0], np.cumsum(sizes))),
        "mz": np.round(random.uniform(35.0, 450.0, total), 4),
        "intensity": intensity,
        "ionization": "EI",
    }
    return MassRun(**(facts | changes))


def a_chromatogram(**changes):
    x = np.linspace(0.0, 12.0, 601)
    facts = {"title": "FID", "x": x, "y": np.exp(-((x - 4.2) ** 2)) * 1e4, "x_unit": "min"}
    return Chromatogram(**(facts | changes))
