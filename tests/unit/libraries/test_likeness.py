"""Two references against each other, beside the plain formulas and the rule of a tie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from libraries.browse import Listing
from libraries.entry import Entry, Section
from libraries.errors import LibraryError
from libraries.library import Library
from libraries.likeness import Apart, Verdict, apart, between
from libraries.section_index import prepared
from spectra.contrast import TIE_DELTA_Z, fisher_z
from spectra.mass_scores import KIM, unit_mass
from spectra.similarity import derivative_correlation
from spectra.spectrum import MassSpectrum, Spectrum, Technique
from tests.unit.libraries.reference_builders import a_curve, a_library, a_mass_spectrum

ISOMERS = {"Formula": "C22H28N2O"}


def listing(folder: Path, made: list[MassSpectrum | Spectrum], name: str = "made") -> Listing:
    return Listing(a_library(folder, made, name=name).folder)


def verdicts(of: Listing, first: str, second: str) -> dict[Section, Verdict]:
    one, other = of.resolve(first), of.resolve(second)
    return {each.section: each for each in apart(one, other, of, of)}


def pair(of: Listing, first: str, second: str) -> tuple[Entry, Entry]:
    return of.resolve(first), of.resolve(second)


def test_curves_score_as_the_plain_formula_does(tmp_path: Path) -> None:
    found = listing(tmp_path, [a_curve(1), a_curve(2), a_curve(3)])
    one, other = pair(found, "mineral 1", "mineral 2")
    plain = derivative_correlation(*(np.asarray(prepared(e.draft), float) for e in (one, other)))
    like = between(one, other)
    # Sliding along the axis can only raise it.
    assert like.hqi >= max(plain, 0.0) - 1e-6
    assert abs(like.measures["shift_cm1"]) <= 20
    assert between(one, one).hqi == pytest.approx(1.0, abs=1e-6)
    assert between(one, one).measures["shift_cm1"] == 0


def _weighted_cosine(a: MassSpectrum, b: MassSpectrum) -> float:
    """The squared cosine of weighted unit-mass peaks, one mass at a time."""

    def weights(of: MassSpectrum) -> dict[int, float]:
        unit = unit_mass(of.mz, of.intensity)
        return {
            int(mz): float(mz) ** KIM.mz_power * float(height) ** KIM.intensity_power
            for mz, height in zip(unit.mz, unit.intensity, strict=True)
        }

    x, y = weights(a), weights(b)
    top = sum(x[mz] * y[mz] for mz in x.keys() & y.keys())
    return float(top**2 / (sum(v * v for v in x.values()) * sum(v * v for v in y.values())))


def test_mass_spectra_score_as_the_plain_formula_does(tmp_path: Path) -> None:
    made = [a_mass_spectrum(1), a_mass_spectrum(1, name="shaken", noise=0.3), a_mass_spectrum(2)]
    found = listing(tmp_path, [*made])
    like = between(*pair(found, "substance 1", "shaken"))
    assert like.measures["cosine"] == pytest.approx(_weighted_cosine(made[0], made[1]), abs=1e-6)
    both = {int(m) for m in made[0].mz} & {int(m) for m in made[1].mz}
    assert like.measures["matched_peaks"] == len(both)
    assert (like.measures["peaks"], like.measures["reference_peaks"]) == (30, 30)


@pytest.mark.parametrize("make", [a_mass_spectrum, a_curve])
def test_the_score_is_the_one_a_hit_list_shows(
    tmp_path: Path, make: Callable[[int], MassSpectrum | Spectrum]
) -> None:
    report = a_library(tmp_path, [make(seed) for seed in range(5)])
    library, found = Library(report.folder), Listing(report.folder)
    one, *others = [found.entry(each.id) for each in found.page(0, 9)]
    technique = Technique.MS if one.draft.section.is_mass else Technique.FTIR
    hits = {hit.entry: hit.hqi for hit in library.search(one.draft.measurement(), technique).hits}
    for other in others:
        assert between(one, other).hqi == pytest.approx(hits[other.id], abs=1e-6)


def test_two_techniques_are_not_compared(tmp_path: Path) -> None:
    found = listing(tmp_path, [a_curve(1), a_mass_spectrum(2)])
    one, other = pair(found, "mineral 1", "substance 2")
    with pytest.raises(LibraryError, match="ftir and ei spectra cannot be compared"):
        between(one, other)


def test_repeats_that_score_higher_with_their_own_are_told_apart(tmp_path: Path) -> None:
    made = [a_curve(1, name=f"left#{at}", noise=0.002 * (at + 1)) for at in range(3)]
    made += [a_curve(2, name=f"right#{at}", noise=0.002 * (at + 1)) for at in range(3)]
    found = _grouped(tmp_path, made)
    told = verdicts(found, "left#0", "right#0")[Section.FTIR]
    assert told.state is Apart.TOLD_APART
    assert "6 repeats" in told.reason
    assert told.hqi is not None
    assert told.hqi < 0.9


def test_a_substance_that_scores_as_high_as_its_own_repeat_is_not_told_apart(
    tmp_path: Path,
) -> None:
    made = [a_mass_spectrum(1, name=f"left#{at}", noise=0.3 * at) for at in range(2)]
    made += [a_mass_spectrum(1, name=f"right#{at}", noise=0.05 * (at + 1)) for at in range(2)]
    found = _grouped(tmp_path, [*made])
    told = verdicts(found, "left#0", "right#0")[Section.EI]
    assert told.state is Apart.NOT_TOLD_APART
    # The plain rule: a spectrum whose best own score is not ahead by more than a tie is mistaken.
    spectra = {e.name: e for e in (found.entry(each.id) for each in found.page(0, 9))}
    mistaken = 0
    for name, query in spectra.items():
        scores = {n: between(query, s).hqi for n, s in spectra.items() if n != name}
        own = max(score for n, score in scores.items() if n[0] == name[0])
        other = max(score for n, score in scores.items() if n[0] != name[0])
        mistaken += bool(fisher_z(other) >= fisher_z(own) - TIE_DELTA_Z)
    assert told.reason == f"{mistaken} of 4 repeats score as high with the other substance"


def test_mass_spectra_of_isomers_are_never_told_apart(tmp_path: Path) -> None:
    made = [a_mass_spectrum(seed, name=f"isomer {seed}", **ISOMERS) for seed in (1, 2)]
    told = verdicts(listing(tmp_path, [*made]), "isomer 1", "isomer 2")[Section.EI]
    assert told.state is Apart.NOT_TOLD_APART
    assert "isomers (C22H28N2O)" in told.reason


def test_one_spectrum_of_each_tests_nothing(tmp_path: Path) -> None:
    told = verdicts(listing(tmp_path, [a_curve(1), a_curve(2)]), "mineral 1", "mineral 2")
    assert told[Section.FTIR].state is Apart.UNTESTED
    assert told[Section.EI].state is Apart.NOT_MEASURED
    assert "no spectrum of mineral 1" in told[Section.EI].reason


def test_spectra_of_one_substance_are_not_called_two(tmp_path: Path) -> None:
    made = [a_curve(1, name=f"left#{at}", noise=0.01 * (at + 1)) for at in range(2)]
    found = _grouped(tmp_path, made)
    assert {v.state for v in verdicts(found, "left#0", "left#1").values()} == {Apart.SAME}


def test_substances_of_two_libraries_are_compared_by_the_spectra_of_both(tmp_path: Path) -> None:
    ours = _grouped(
        tmp_path, [a_curve(1, name=f"left#{n}", noise=0.002 * (n + 1)) for n in range(2)]
    )
    theirs = _grouped(
        tmp_path, [a_curve(2, name=f"right#{n}", noise=0.002 * (n + 1)) for n in range(2)], "other"
    )
    one, other = ours.resolve("left#0"), theirs.resolve("right#0")
    told = {each.section: each for each in apart(one, other, ours, theirs)}
    assert told[Section.FTIR].state is Apart.TOLD_APART


def _grouped(folder: Path, made: list[MassSpectrum | Spectrum], name: str = "made") -> Listing:
    """A library in which ``left#0`` and ``left#1`` are replicates of one substance."""
    from dataclasses import replace

    from libraries import build
    from tests.unit.libraries.reference_builders import drafts

    grouped = []
    for draft in drafts(made):
        who = draft.identity
        group = who.name.partition("#")[0]
        grouped.append(replace(draft, identity=replace(who, group=group)))
    return Listing(build.build_library(folder, name, None, "CC0", grouped).folder)
