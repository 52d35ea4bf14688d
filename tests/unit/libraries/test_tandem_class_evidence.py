from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from libraries import build, nearest, tandem_class_models
from libraries.answer import LibraryAnswer
from libraries.entry import EntryDraft, Section
from libraries.library import Library, open_library
from lims import match_hazard, matching
from spectra.decision import DecisionState
from spectra.spectrum import MassSpectrum, Technique
from tests.unit.libraries.reference_builders import SOURCE
from tests.unit.lims.test_matching import an_export
from tests.unit.spectra.test_tandem_class import a_member, another

MEMBERS, OTHERS = 20, 140


def a_spectrum(seed: int, *, member: bool, mode: str = "POSITIVE") -> MassSpectrum:
    (mz, height), precursor = a_member(seed) if member else another(seed)
    kept = np.argsort(mz)
    name = f"{'member' if member else 'other'} {seed}"
    return MassSpectrum(
        title=name,
        mz=mz[kept],
        intensity=height[kept],
        precursor_mz=precursor,
        ionization="ESI",
        metadata={"Name": name, "Ion_mode": mode, "Precursor_type": "[M+H]+"},
    )


def drafts(n_members: int, n_others: int, label: str = "fentanyl") -> list[EntryDraft]:
    made = []
    for at in range(n_members + n_others):
        member = at < n_members
        draft = build.draft(a_spectrum(at, member=member), SOURCE, {})
        stated = label if member else ""
        made.append(replace(draft, identity=replace(draft.identity, compound_class=stated)))
    return made


def built(folder: Path, entries: list[EntryDraft], name: str = "made") -> Library:
    build.build_library(folder, name, "1", "CC0", entries)
    return open_library(name, folder=folder)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with built(tmp_path_factory.mktemp("classes"), drafts(MEMBERS, OTHERS)) as made:
        yield made


def asked(*libraries: Library, seed: int, member: bool, mode: str = "POSITIVE") -> LibraryAnswer:
    from libraries.search import search

    return search(list(libraries), a_spectrum(seed, member=member, mode=mode), Technique.MS)


def unnamed(*libraries: Library, member: bool) -> list[LibraryAnswer]:
    return [asked(*libraries, seed=seed, member=member) for seed in range(300, 320)]


def test_a_new_member_is_given_its_class_and_no_name(library: Library) -> None:
    answers = unnamed(library, member=True)
    of_class = [each for each in answers if each.decision.state is DecisionState.CLASS_ONLY]
    assert len(of_class) >= 18
    for each in of_class:
        assert each.decision.substances == ()
        assert each.analogue is not None
        assert each.analogue["class"] == "fentanyl"
        assert each.analogue["candidate_grade"] is None
        assert "grade_if_supported" not in each.analogue
        assert json.loads(json.dumps(each.analogue)) == each.analogue


def test_the_evidence_says_lead_level_n_and_which_fragments_moved(library: Library) -> None:
    answer = asked(library, seed=301, member=True)
    assert answer.analogue is not None
    said = " ".join(answer.analogue["evidence"])
    assert "held-out substances outside the class reach it" in said
    assert f"of {OTHERS} held-out" in said
    assert "level" in said
    assert {round(mz, 2) for mz in answer.analogue["shared_ions"]} >= {105.07, 134.10, 188.14}
    precursor = a_member(301)[1]
    moved = {round(precursor - 91.054, 2), round(precursor - 149.12, 2)}
    assert {round(mz, 2) for mz in answer.analogue["shifted_ions"]} >= moved
    first = answer.analogue["nearest"][0]
    own = a_member(int(first["name"].split()[-1]))[1]
    assert first["mass_shift"] == answer.analogue["mass_shift"] == round(precursor - own)


def test_what_is_outside_gets_no_class(library: Library) -> None:
    answers = unnamed(library, member=False)
    assert not any(each.analogue for each in answers)
    assert not any(each.decision.state is DecisionState.CLASS_ONLY for each in answers)


def test_the_hazard_of_the_class_is_told(library: Library) -> None:
    notice = match_hazard.notice(asked(library, seed=301, member=True))
    assert notice is not None
    assert notice["group"] == "H1"
    assert notice["acknowledge"]


def test_a_file_is_answered_with_the_class_from_end_to_end(library: Library) -> None:
    result = matching.match_export(an_export(a_spectrum(301, member=True)), [library])
    assert result["spectra"][0]["decision"]["state"] == "class_only"
    assert result["spectra"][0]["compared_as"] == "msms"
    assert matching.headline(result).startswith("class indicated: fentanyl")


def test_the_other_polarity_gives_no_class(library: Library) -> None:
    answer = asked(library, seed=301, member=True, mode="NEGATIVE")
    assert answer.analogue is None


def test_a_class_of_few_says_that_it_is_not_calibrated(tmp_path: Path) -> None:
    with built(tmp_path, drafts(8, OTHERS)) as small:
        answers = unnamed(small, member=True)
    assert not any(each.analogue for each in answers)
    said = [reason for each in answers for reason in each.decision.reasons]
    assert any("not calibrated, n=8 (10 needed)" in reason for reason in said)


def test_a_class_by_role_gives_no_evidence(tmp_path: Path) -> None:
    with built(tmp_path, drafts(MEMBERS, OTHERS, "diluent")) as by_role:
        answers = unnamed(by_role, member=True)
    assert not any(each.analogue for each in answers)


def test_a_rival_in_another_library_takes_the_class_away(library: Library, tmp_path: Path) -> None:
    """What a second library holds without a class is as near as the members: no evidence."""
    twin = a_spectrum(302, member=True)
    rival = replace(twin, precursor_mz=(twin.precursor_mz or 0) + 40.0)
    with built(tmp_path, [build.draft(rival, SOURCE, {}), *drafts(0, OTHERS)], "other") as second:
        alone = asked(library, seed=302, member=True)
        both = asked(library, second, seed=302, member=True)
    assert alone.analogue is not None
    assert both.analogue is None
    assert any("does not exceed" in reason for reason in both.decision.reasons)


def test_the_order_of_libraries_changes_nothing(library: Library, tmp_path: Path) -> None:
    with built(tmp_path, drafts(0, OTHERS), "other") as second:
        one = asked(library, second, seed=303, member=True)
        other = asked(second, library, seed=303, member=True)
    assert one.analogue == other.analogue


def test_the_levels_are_kept_read_again_and_learned_again_when_damaged(library: Library) -> None:
    index = library.section(Section.MSMS)
    assert index is not None
    made = tandem_class_models.of_index(library, index)
    assert made is not None
    tandem_class_models.forget()
    again = tandem_class_models.of_index(library, index)
    assert again is not None
    assert again is not made
    assert again.classes == made.classes
    path = library.folder / "class-model-msms" / "levels.npy"
    path.write_bytes(path.read_bytes()[:-8] + b"damaged!")
    tandem_class_models.forget()
    mended = tandem_class_models.of_index(library, index)
    assert mended is not None
    assert mended.classes == made.classes
    assert library.faults() == []


def test_an_entry_is_no_relative_of_itself(library: Library) -> None:
    """A reference looked at among the others of its library does not find itself in place."""
    entry = next(e for e in library.entries(Section.MSMS) if e.draft.identity.name == "member 4")
    found = nearest.nearest(library, entry)
    assert not found.names_itself
    index = library.section(Section.MSMS)
    assert index is not None
    assert index.fragments is not None
    without = nearest._LibraryWithout(library, entry).section(Section.MSMS)
    assert without is not None
    assert without.fragments is not None
    spectrum = a_spectrum(4, member=True)
    scores = without.fragments.index.hybrid.scores(spectrum, spectrum.precursor_mz or 0.0)
    whole = index.fragments.index.hybrid.scores(spectrum, spectrum.precursor_mz or 0.0)
    assert whole.max() == pytest.approx(1.0)
    assert scores.max() < 0.99
    assert (scores != whole).sum() == 1
