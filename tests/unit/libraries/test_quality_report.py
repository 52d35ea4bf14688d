"""Each fault that is put into a sound library is found, and a sound library has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from libraries import inseparable, quality_report
from libraries.entry import Section
from libraries.library import Library
from libraries.quality_marks import MarkKind
from libraries.quality_report import QualityReport
from spectra.spectrum import MassSpectrum, Spectrum, Technique
from tests.unit.libraries.reference_builders import a_curve, a_library, a_mass_spectrum


def replicated(n: int = 12) -> list[MassSpectrum]:
    return [
        a_mass_spectrum(seed, noise=noise, Formula=f"C{40 + seed}H{20 + seed}")
        for seed in range(n)
        for noise in (0.0, 0.05)
    ]


def curves(n: int = 12) -> list[Spectrum]:
    return [
        replace(a_curve(seed, noise=noise), title=f"mineral {seed}")
        for seed in range(n)
        for noise in (0.0, 0.002)
    ]


def checked(folder: Path, measurements: Sequence[MassSpectrum | Spectrum]) -> QualityReport:
    made = a_library(folder, measurements)
    with Library(made.folder) as library:
        return quality_report.check(library)


def kinds(report: QualityReport) -> set[tuple[MarkKind, str]]:
    return {(m.kind, m.name) for each in report.sections.values() for m in each.marks}


def test_a_sound_library_has_nothing_to_look_at(tmp_path: Path) -> None:
    report = checked(tmp_path, [*replicated(), *curves()])
    assert kinds(report) == set()
    assert {s: (q.entries, q.substances, q.single) for s, q in report.sections.items()} == {
        Section.EI: (24, 12, 0),
        Section.FTIR: (24, 12, 0),
    }
    assert all(q.inseparable == () for q in report.sections.values())


def swapped(spectrum: MassSpectrum) -> MassSpectrum:
    """The spectrum of substance 3 under the name of substance 1."""
    wrong = a_mass_spectrum(3, noise=0.03)
    return replace(wrong, title=spectrum.title, metadata=spectrum.metadata)


def bleeding(spectrum: MassSpectrum) -> MassSpectrum:
    height = float(spectrum.intensity.max())
    more = {73: 0.2, 147: 0.1, 207: 0.3, 281: 0.1, 355: 0.05}
    kept = ~np.isin(spectrum.mz, list(more))
    mz = np.concatenate([spectrum.mz[kept], [float(m) for m in more]])
    y = np.concatenate([spectrum.intensity[kept], [height * v for v in more.values()]])
    order = np.argsort(mz)
    return replace(spectrum, mz=mz[order], intensity=y[order])


def airy(spectrum: MassSpectrum) -> MassSpectrum:
    height = float(spectrum.intensity.max())
    mz = np.concatenate([[18.0, 28.0, 32.0], spectrum.mz])
    return replace(
        spectrum, mz=mz, intensity=np.concatenate([[5.0, height * 0.6, height * 0.15],
                                                   spectrum.intensity]),
    )  # fmt: skip


def single_peak(spectrum: MassSpectrum) -> MassSpectrum:
    return replace(spectrum, mz=spectrum.mz[:1], intensity=spectrum.intensity[:1])


def moved(spectrum: MassSpectrum) -> MassSpectrum:
    return replace(spectrum, mz=spectrum.mz + 1.0)


def half_masses(spectrum: MassSpectrum) -> MassSpectrum:
    return replace(spectrum, mz=spectrum.mz + 0.5)


def clipped(spectrum: MassSpectrum) -> MassSpectrum:
    top = float(np.sort(spectrum.intensity)[-6])
    return replace(spectrum, intensity=np.minimum(spectrum.intensity, top))


def wrong_formula(spectrum: MassSpectrum) -> MassSpectrum:
    facts = {**spectrum.metadata, "ExactMass": "777.5"}
    return replace(spectrum, metadata=facts, molecular_mass=777.5)


def wrong_key(spectrum: MassSpectrum) -> MassSpectrum:
    facts = {**spectrum.metadata, "SMILES": "CCO", "InChIKey": "AAAAAAAAAAAAAA-UHFFFAOYSA-N"}
    return replace(spectrum, metadata=facts)


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (swapped, MarkKind.MISLABELLED),
        (bleeding, MarkKind.COLUMN_BLEED),
        (airy, MarkKind.AIR),
        (single_peak, MarkKind.FEW_PEAKS),
        (moved, MarkKind.OFF_AXIS),
        (half_masses, MarkKind.OFF_AXIS),
        (clipped, MarkKind.SATURATED),
        (wrong_formula, MarkKind.IDENTITY),
        (wrong_key, MarkKind.IDENTITY),
    ],
)
def test_a_harmed_mass_spectrum_is_marked(
    tmp_path: Path, harm: Callable[[MassSpectrum], MassSpectrum], kind: MarkKind
) -> None:
    made = [*replicated(), a_mass_spectrum(1, noise=0.02, Formula="C41H21")]
    made[-1] = harm(made[-1])
    found = kinds(checked(tmp_path, made))
    assert (kind, "substance 1") in found
    assert {name for _, name in found} == {"substance 1"}


def stretched(curve: Spectrum) -> Spectrum:
    return replace(curve, x=curve.x + 8.0)


def coarse(curve: Spectrum) -> Spectrum:
    x = np.arange(400.0, 4000.0, 5.0)
    return replace(curve, x=x, y=np.interp(x, curve.x, curve.y))


def interpolated(curve: Spectrum) -> Spectrum:
    return replace(curve, y=np.interp(curve.x, curve.x[::8], curve.y[::8]))


def upside_down(curve: Spectrum) -> Spectrum:
    return replace(curve, y=1.0 - 0.9 * curve.y / curve.y.max())


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (stretched, MarkKind.OFF_AXIS),
        (coarse, MarkKind.COARSE),
        (interpolated, MarkKind.INTERPOLATED),
        (upside_down, MarkKind.ORDINATE),
    ],
)
def test_a_harmed_curve_is_marked(
    tmp_path: Path, harm: Callable[[Spectrum], Spectrum], kind: MarkKind
) -> None:
    found = kinds(checked(tmp_path, [*curves(), harm(a_curve(1))]))
    assert (kind, "mineral 1") in found


def test_the_same_numbers_under_two_names_are_told(tmp_path: Path) -> None:
    copy = replace(a_mass_spectrum(1), title="another name", metadata={"Name": "another name"})
    report = checked(tmp_path, [*replicated(), copy])
    (quality,) = report.sections.values()
    assert [m.kind for m in quality.marks] == [MarkKind.TWO_NAMES]
    assert [each.substances for each in quality.inseparable] == [("another name", "substance 1")]


def test_substances_that_cannot_be_told_apart_are_named_with_the_answer(tmp_path: Path) -> None:
    twin = a_mass_spectrum(1, noise=0.02)
    twin = replace(twin, title="twin", metadata={"Name": "twin", "Formula": "C99H20"})
    made = a_library(tmp_path, [*replicated(40), twin])
    with Library(made.folder) as library:
        before = library.search(a_mass_spectrum(1), Technique.MS).decision
        assert not any("as alike as replicates" in reason for reason in before.reasons)
        quality = quality_report.check(library).sections[Section.EI]
        assert ("substance 1", "twin") in [each.substances for each in quality.inseparable]
        others = inseparable.read(made.folder, Section.EI, library.header.content_sha256)
        assert "twin" in others["substance1"]
    with Library(made.folder) as library:
        decision = library.search(a_mass_spectrum(1), Technique.MS).decision
        assert decision.state is before.state
        named = [*decision.substances, *decision.reasons]
        assert any("twin" in each for each in named)


def test_a_list_learned_from_other_content_says_nothing(tmp_path: Path) -> None:
    pair = inseparable.Pair(groups=("a", "b"), substances=("A", "B"), score=0.99)
    inseparable.write(tmp_path, Section.EI, "0" * 64, [pair])
    assert inseparable.read(tmp_path, Section.EI, "0" * 64) == {"a": ("B",), "b": ("A",)}
    assert inseparable.read(tmp_path, Section.EI, "1" * 64) == {}
    inseparable.path_of(tmp_path, Section.EI).write_text("[" * 50_000)
    assert inseparable.read(tmp_path, Section.EI, "0" * 64) == {}


def test_the_order_of_import_changes_nothing(tmp_path: Path) -> None:
    made = [*replicated(), swapped(a_mass_spectrum(1, Formula="C41H21"))]
    one = checked(tmp_path / "a", made)
    two = checked(tmp_path / "b", made[::-1])
    assert one.sections == two.sections
