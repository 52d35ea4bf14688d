"""Two small libraries on disk, and a fake record that stands before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from libraries import build, catalog
from libraries.entry import EntryDraft
from libraries.provenance import Source
from lims.library_care import LabLibrary
from spectra.spectrum import MassSpectrum
from tests.pilot.fake_lab import BANDS, FakeRecord, infrared
from tui.record import Identity

FOLDER = "libraries"
SOURCE = Source(file="bench.msp", sha256="5e" * 32, technique="ms")
ISOMERS = ("butyrylfentanyl", "isobutyrylfentanyl")


def _mass_spectrum(name: str, seed: int, formula: str = "") -> MassSpectrum:
    random = np.random.default_rng(seed)
    mz = np.sort(random.choice(np.arange(40, 300), size=24, replace=False)).astype(float)
    return MassSpectrum(
        title=name,
        mz=mz,
        intensity=random.exponential(100.0, 24) + 1.0,
        ionization="EI",
        metadata={"Name": name, "Formula": formula, "Instrument": "GC-MS 1"},
    )


def _drafts() -> list[EntryDraft]:
    masses = [_mass_spectrum(name, 1 + at, "C23H30N2O") for at, name in enumerate(ISOMERS)]
    masses += [_mass_spectrum(f"substance {n:02d}", 100 + n) for n in range(28)]
    curves = [infrared(*BANDS, title="cocaine base")]
    for n in range(3):
        random = np.random.default_rng(n)
        bands = [(float(random.uniform(600, 1800)), float(random.uniform(0.2, 1))) for _ in "8" * 8]
        curves.append(infrared(*bands, title=f"substance {n:02d}"))
    named = [replace(curve, metadata={"Name": curve.title}) for curve in curves]
    return [build.draft(each, SOURCE, {}) for each in (*masses, *named)]


def write_libraries(folder: Path) -> None:
    """Install ``bench`` in two versions, and ``practice``, whose record is damaged."""
    made = {"created_at": "2026-11-01T08:00:00Z"}
    drafts = _drafts()
    build.build_library(folder, "bench", "1", "CC0", drafts[:5], **made)
    build.build_library(folder, "bench", "2", "CC0", drafts, training=True, **made)
    build.build_library(folder, "practice", "1", "CC0", drafts[:2], **made)
    (folder / "practice" / "1" / "library.db").write_bytes(b"not a database" * 500)


class LibraryRecord(FakeRecord):
    """The fake record with a real libraries folder."""

    def __init__(self, folder: Path, person: str = "ana") -> None:
        super().__init__(person)
        self.folder = folder

    def identity(self) -> Identity:
        return replace(super().identity(), libraries_folder=self.folder)

    def libraries(self) -> Sequence[LabLibrary]:
        return [
            LabLibrary(
                name=each.name,
                version=each.version,
                installed=each,
                content_sha256="",
                imported_by="qm",
                imported_at="2026-11-01T08:00:00Z",
                problem=each.problem.replace(str(self.folder), FOLDER),
            )
            for each in catalog.installed(self.folder)
        ]
