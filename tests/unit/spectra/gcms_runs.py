"""Runs made for the tests of GC-MS: alkanes and blanks. No real spectrum is in them."""

from __future__ import annotations

import numpy as np

from spectra.chromatography import Component
from spectra.simulate import RunComponent, gcms_run
from spectra.spectrum import MassRun, MassSpectrum

SCAN_S = 0.5


def alkane(n: int) -> MassSpectrum:
    """An n-alkane as textbooks draw it: alkyl series, weaker alkenyl series, molecular ion."""
    heights: dict[int, float] = {}
    size = {43: 900.0, 57: 999.0, 71: 620.0, 85: 380.0}
    for carbons in range(3, n - 1):
        mass = 14 * carbons + 1
        heights[mass] = size.get(mass, 110.0 * 0.82 ** (carbons - 7))
        heights[mass - 2] = 0.25 * heights[mass]
        heights[mass - 1] = 0.2 * heights[mass]
    heights[14 * n + 2] = 40.0
    return spectrum(heights, f"C{n}")


def spectrum(heights: dict[int, float], title: str = "") -> MassSpectrum:
    mz = np.array(sorted(heights), dtype=float)
    return MassSpectrum(
        title=title, mz=mz, intensity=np.array([heights[int(m)] for m in mz]), ionization="EI"
    )


def random_spectrum(rng: np.random.Generator, n_ions: int = 40) -> MassSpectrum:
    mz = np.sort(rng.choice(np.arange(41, 400), n_ions, replace=False)).astype(float)
    return MassSpectrum(title="", mz=mz, intensity=np.ceil(999 * rng.beta(0.4, 2.5, n_ions)))


def ladder_run(carbons: list[int], seconds_a_carbon: float = 40.0, seed: int = 3) -> MassRun:
    parts = [
        RunComponent(
            spectrum=alkane(n),
            retention_time_s=100 + seconds_a_carbon * (n - carbons[0]),
            area=2e6,
            tau_s=0.0,
        )
        for n in carbons
    ]
    length = seconds_a_carbon * (carbons[-1] - carbons[0]) + 120
    return gcms_run(
        "ladder",
        parts,
        np.random.default_rng(seed),
        duration_s=length,
        start_s=50.0,
        scan_s=SCAN_S,
        mz_last=620,
    )


def run_of(
    parts: list[tuple[MassSpectrum, float, float]], *, seed: int = 1, length_s: float = 600.0
) -> MassRun:
    """A run of (spectrum, time in s, area)."""
    made = [
        RunComponent(spectrum=s, retention_time_s=t, area=area, tau_s=0.2) for s, t, area in parts
    ]
    return gcms_run(
        "run", made, np.random.default_rng(seed), duration_s=length_s, scan_s=SCAN_S, start_s=0.0
    )


def component(
    mass_spectrum: MassSpectrum, retention_time_s: float, area: float, width_s: float = 3.0
) -> Component:
    return Component(
        retention_time_s=retention_time_s,
        area=area,
        area_fraction=0.1,
        spectrum=mass_spectrum,
        n_scans=6,
        purity=1.0,
        signal_to_noise=100.0,
        n_ions=10,
        width_s=width_s,
    )


def likeness(a: MassSpectrum, b: MassSpectrum) -> float:
    """Cosine over m/z times the root of the intensity, on whole masses."""
    rows = []
    for each in (a, b):
        row = np.zeros(800)
        np.add.at(row, np.floor(each.mz + 0.5).astype(int), each.intensity)
        rows.append(np.arange(800) * np.sqrt(row))
    norm = np.linalg.norm(rows[0]) * np.linalg.norm(rows[1])
    return float(rows[0] @ rows[1] / norm) if norm else 0.0
