"""References that a test can say in one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from libraries import build
from libraries.build import ImportReport
from libraries.entry import EntryDraft
from libraries.provenance import Source
from spectra.axis import UNIT_CM1, UNIT_ONE, FloatArray, XKind, YKind
from spectra.spectrum import MassSpectrum, Spectrum

SOURCE = Source(file="made.msp", sha256="0" * 64)


def a_mass_spectrum(
    seed: int, *, name: str = "", noise: float = 0.0, **metadata: str
) -> MassSpectrum:
    """Thirty peaks that depend on the seed alone, with a share of noise on their heights."""
    random = np.random.default_rng(seed)
    mz = np.sort(random.choice(np.arange(40, 300), size=30, replace=False)).astype(float)
    intensity = random.exponential(100.0, 30) + 1.0
    shaken = intensity * (1 + noise * np.random.default_rng(seed + 9_000).normal(size=30))
    title = name or f"substance {seed}"
    return MassSpectrum(
        title=title,
        mz=mz,
        intensity=np.abs(shaken),
        ionization="EI",
        metadata={"Name": title, **metadata},
    )


def a_curve(seed: int, *, name: str = "", noise: float = 0.0, descending: bool = False) -> Spectrum:
    """An infrared absorbance spectrum with a dozen bands that depend on the seed alone."""
    random = np.random.default_rng(seed)
    x = np.linspace(4000.0, 400.0, 1801) if descending else np.linspace(400.0, 4000.0, 1801)
    y: FloatArray = np.zeros_like(x)
    for centre, height, width in zip(
        random.uniform(450, 3900, 12),
        random.uniform(0.1, 1.0, 12),
        random.uniform(8, 30, 12),
        strict=True,
    ):
        y = y + height * np.exp(-0.5 * ((x - centre) / width) ** 2)
    y = y + noise * np.random.default_rng(seed + 9_000).normal(size=x.size) + 1e-4 * np.sin(x)
    title = name or f"mineral {seed}"
    return Spectrum(
        title=title,
        x=x,
        y=y,
        x_kind=XKind.WAVENUMBER,
        x_unit=UNIT_CM1,
        y_kind=YKind.ABSORBANCE,
        y_unit=UNIT_ONE,
        metadata={"Name": title},
    )


def drafts(measurements: Sequence[MassSpectrum | Spectrum]) -> list[EntryDraft]:
    """The measurements as library drafts."""
    return [build.draft(each, SOURCE, {}) for each in measurements]


def a_library(
    folder: Path,
    measurements: Sequence[MassSpectrum | Spectrum],
    *,
    name: str = "made",
    version: str | None = None,
    training: bool = False,
) -> ImportReport:
    """Install the measurements as a library."""
    return build.build_library(
        folder, name, version, "CC0", drafts(measurements), training=training
    )
