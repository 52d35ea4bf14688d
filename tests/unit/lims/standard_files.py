"""Files of standards and substances as an instrument writes them, on an axis that may lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from instruments import writers
from spectra.axis_standards import standard
from spectra.simulate import Band, ftir, grid, raman
from spectra.spectrum import Spectrum

BANDS = (
    Band(position_cm1=555.0, width_cm1=9.0, height=60),
    Band(position_cm1=741.0, width_cm1=8.0, height=35),
    Band(position_cm1=1328.0, width_cm1=11.0, height=100),
    Band(position_cm1=1600.0, width_cm1=10.0, height=45),
    Band(position_cm1=1698.0, width_cm1=9.0, height=50),
)


def of_standard(name: str, *, off_cm1: float = 0.0, seed: int = 0) -> Spectrum:
    """A run of an axis standard whose axis reads ``off_cm1`` too high."""
    known = standard(name)
    bands = [Band(position_cm1=b, width_cm1=7.0, height=40) for b in known.bands_cm1]
    rng = np.random.default_rng(seed)
    if known.x_kind.value == "wavenumber":
        return ftir(f"{name} {seed}", bands, rng, x=grid(500.0, 3500.0, 1.0), shift_cm1=off_cm1)
    axis = grid(150.0, 3300.0, 1.5)
    return raman(f"{name} {seed}", bands, rng, x=axis, shift_cm1=off_cm1, laser_line=0.0)


def of_bands(seed: int, *, off_cm1: float = 0.0, title: str = "x") -> Spectrum:
    """A Raman spectrum of some bands; ``seed`` is the noise's."""
    rng = np.random.default_rng(seed)
    made = raman(title, BANDS, rng, x=grid(150.0, 3300.0, 1.5), shift_cm1=off_cm1, laser_line=0.0)
    return replace(made, title=title)


def written(folder: Path, name: str, measurement: object, to: str = "jcamp") -> Path:
    """Write a measurement as a file of an instrument."""
    path = folder / name
    path.write_bytes(writers.write([measurement], to))  # type: ignore[list-item]
    return path
