"""The demonstration's instruments: noisy training spectra, as files in real formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spectra.spectrum import MassSpectrum, Measurement, Spectrum, Technique

if TYPE_CHECKING:
    import numpy as np

    from spectra.spectrum import MassRun

LIBRARY_FILES = (
    (Technique.MS, "training-ei.msp", "msp"),
    (Technique.FTIR, "training-ftir.jdx", "jcamp"),
    (Technique.RAMAN, "training-raman.jdx", "jcamp"),
)


def write_library(folder: Path) -> list[Path]:
    """Write the training library as files that any reader takes, and return their paths."""
    from instruments.writers import write
    from libraries.training import entries

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for technique, name, form in LIBRARY_FILES:
        path = folder / name
        path.write_bytes(write([entry.measurement for entry in entries(technique)], form))
        paths.append(path)
    return paths


def write_exports(folder: Path, random: np.random.Generator) -> None:
    """Write what the bench's instruments would export for the night's four parcels."""
    from libraries.training import hidden_analogue

    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "parcel-1-gcms.cdf", _run("parcel 1", "butyrylfentanyl", random), "andi")
    _write(folder / "parcel-2-ftir.jdx", measured("xylazine", Technique.FTIR, random), "jcamp")
    _write(
        folder / "parcel-3-gcms.mzML",
        _run("parcel 3", hidden_analogue().measurement, random),
        "mzml",
    )
    _write(
        folder / "parcel-4-raman.csv", measured("calcium carbonate", Technique.RAMAN, random), "csv"
    )


def measured(substance: str, technique: Technique, random: np.random.Generator) -> Spectrum:
    """Return a training substance as a bench instrument sees it: with noise and drift."""
    from libraries.training import entry
    from libraries.training_bands import rows
    from spectra import simulate

    name = entry(substance, technique).name
    bands = next(row.bands for row in rows(technique) if row.name == name)
    make = simulate.ftir if technique is Technique.FTIR else simulate.raman
    return make("unknown powder", bands, random, shift_cm1=float(random.uniform(-1.5, 1.5)))


def _run(title: str, what: str | Measurement, random: np.random.Generator) -> MassRun:
    from libraries.training import entry
    from spectra import simulate

    drug = entry(what, Technique.MS).measurement if isinstance(what, str) else what
    cut = entry("caffeine", Technique.MS).measurement
    parts = [
        simulate.RunComponent(spectrum=spectrum, retention_time_s=time_s, area=area)
        for spectrum, time_s, area in ((cut, 310.0, 4e5), (drug, 452.0, 2e6))
        if isinstance(spectrum, MassSpectrum)
    ]
    return simulate.gcms_run(title, parts, random, duration_s=480.0)


def _write(path: Path, measurement: Measurement, form: str) -> None:
    from instruments.writers import write

    path.write_bytes(write([measurement], form))
