from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from libraries import build, nearest
from libraries.entry import Section
from libraries.errors import LibraryError
from libraries.library import Library
from libraries.provenance import Source
from libraries.tandem import facts_of
from spectra.errors import NotComparableError
from spectra.spectrum import MassSpectrum, Technique

SOURCE = Source(file="made.mgf", sha256="0" * 64)


def a_fragment_spectrum(
    seed: int, *, precursor: float | None = None, noise: float = 0.0, mode: str = "POSITIVE"
) -> MassSpectrum:
    """Fourteen fragments that depend on the seed alone; every four seeds share a precursor."""
    random = np.random.default_rng(seed)
    mz = np.sort(random.uniform(60.0, 240.0, 14))
    height = random.exponential(100.0, 14) + 5.0
    shaken = np.abs(height * (1 + noise * np.random.default_rng(seed + 7).normal(size=14)))
    name = f"fragmented {seed}"
    return MassSpectrum(
        title=name,
        mz=mz,
        intensity=shaken,
        precursor_mz=260.1234 + seed // 4 if precursor is None else precursor,
        ionization="ESI+" if mode == "POSITIVE" else "ESI-",
        metadata={"Name": name, "Ion_mode": mode, "Collision_energy": "20 eV"},
    )


def an_electron_impact_spectrum(seed: int) -> MassSpectrum:
    whole = a_fragment_spectrum(seed)
    return replace(whole, precursor_mz=None, ionization="EI", metadata={"Name": f"hit {seed}"})


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    spectra = [a_fragment_spectrum(seed) for seed in range(80)]
    spectra += [a_fragment_spectrum(seed, noise=0.1) for seed in range(40)]
    spectra += [an_electron_impact_spectrum(seed) for seed in range(40)]
    drafts = [build.draft(each, SOURCE, {}) for each in spectra]
    report = build.build_library(tmp_path_factory.mktemp("tandem"), "tandem", None, "CC0", drafts)
    with Library(report.folder) as opened:
        yield opened


def test_a_library_holds_fragments_apart_from_electron_impact(library: Library) -> None:
    assert library.sections() == {Section.MSMS: 120, Section.EI: 40}
    index = library.section(Section.MSMS)
    assert index is not None
    assert index.peaks is None
    assert index.fragments is not None
    assert index.n_calibration >= 19


def test_the_substance_of_the_precursor_is_named(library: Library) -> None:
    answer = library.search(a_fragment_spectrum(9, noise=0.05), Technique.MS, 6)
    assert answer.section is Section.MSMS
    assert answer.decision.state.value == "match"
    assert answer.decision.substances == ("fragmented 9",)
    assert answer.hits[0].measures["precursor_shift"] == pytest.approx(0.0)


def test_no_query_meets_the_other_section(library: Library) -> None:
    tandem = library.search(a_fragment_spectrum(3), Technique.MS, 30)
    impact = library.search(an_electron_impact_spectrum(3), Technique.MS, 30)
    assert not any("hit" in hit.name for hit in tandem.hits)
    assert not any("fragmented" in hit.name for hit in impact.hits)


def test_another_precursor_is_never_named_and_says_so(library: Library) -> None:
    answer = library.search(a_fragment_spectrum(9, precursor=274.139), Technique.MS, 12)
    assert answer.decision.state.value == "no_match"
    assert answer.decision.substances == ()
    other = next(hit for hit in answer.hits if "fragmented 9," in hit.name)
    assert other.relation is not None
    assert other.relation.kind == "other precursor"
    assert "of another precursor" in other.substance


def test_a_precursor_that_no_entry_has_is_not_in_the_library(library: Library) -> None:
    answer = library.search(a_fragment_spectrum(9, precursor=777.7777), Technique.MS)
    assert answer.decision.state.value == "no_match"
    assert "777.7777" in answer.decision.reasons[0]


def test_the_other_polarity_does_not_compete(library: Library) -> None:
    answer = library.search(a_fragment_spectrum(9, mode="NEGATIVE"), Technique.MS)
    assert answer.decision.state.value == "no_match"
    assert answer.hits == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"precursor_mz": None}, "not evaluable"),
        ({"precursor_mz": 62.0}, "fragments"),
        ({"mz": [100.0, 110.0], "intensity": [1.0, 1.0]}, "2 fragments"),
        ({"mz": [np.inf, 110.0], "intensity": [1.0, 1.0]}, "not a number"),
    ],
)
def test_what_cannot_be_evaluated_is_insufficient(
    library: Library, change: dict[str, object], reason: str
) -> None:
    query = replace(a_fragment_spectrum(9), **change)  # type: ignore[arg-type]
    answer = library.search(query, Technique.MS)
    assert answer.decision.state.value == "insufficient"
    assert any(reason in each for each in answer.decision.reasons)


def test_the_stored_index_and_the_record_agree_and_keep_how_the_ions_were_made(
    library: Library,
) -> None:
    assert library.verify() == []
    entry = next(library.entries(Section.MSMS))
    made = entry.draft.tandem
    assert made is not None
    assert (made.polarity, made.collision_energy) == ("+", "20 eV")
    assert entry.draft.record_hash() == entry.record_hash


def test_an_altered_precursor_is_found_out(library: Library) -> None:
    entry = next(library.entries(Section.MSMS))
    made = entry.draft.tandem
    assert made is not None
    draft = replace(entry.draft, tandem=replace(made, precursor_mz=made.precursor_mz + 1))
    with pytest.raises(LibraryError, match="does not match"):
        replace(entry, draft=draft).verified()


def test_an_entry_is_searched_with_itself_left_out(library: Library) -> None:
    entries = [e for e in library.entries(Section.MSMS) if e.substance == "fragmented 5"]
    found = nearest.nearest(library, entries[0])
    assert found.hits[0].entry == entries[1].id
    assert found.names_itself


def test_a_reference_without_precursor_or_fragments_is_turned_away(tmp_path: Path) -> None:
    with pytest.raises(NotComparableError, match="precursor"):
        build.draft(replace(a_fragment_spectrum(1), precursor_mz=None), SOURCE, {})
    bare = a_fragment_spectrum(1, precursor=50.0)
    drafts = [build.draft(each, SOURCE, {}) for each in (bare, a_fragment_spectrum(2))]
    report = build.build_library(tmp_path, "few", None, "CC0", drafts)
    assert report.accepted == 1
    assert "below its precursor" in report.rejected[0].reason


@pytest.mark.parametrize(
    ("ionization", "metadata", "polarity"),
    [
        ("ESI+", {}, "+"),
        ("ESI", {"Ion_mode": "NEGATIVE"}, "-"),
        ("", {"Precursor_type": "[M-H]-"}, "-"),
        ("", {"CHARGE": "1+"}, "+"),
        ("ESI", {}, ""),
    ],
)
def test_the_polarity_is_taken_from_what_states_it(
    ionization: str, metadata: dict[str, str], polarity: str
) -> None:
    from libraries import harmonise

    spectrum = replace(a_fragment_spectrum(1), ionization=ionization, metadata=metadata)
    made = facts_of(spectrum, harmonise.facts(metadata))
    assert made is not None
    assert made.polarity == polarity
