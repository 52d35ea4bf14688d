from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from libraries import build
from libraries.build import ImportReport
from libraries.entry import Section
from libraries.library import Library
from lims import library_care
from spectra.spectrum import MassSpectrum, Technique
from tests.real.library_data import data

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def swgdrug(tmp_path_factory: pytest.TempPathFactory) -> ImportReport:
    path = data("ms", "ei_swgdrug_dev.msp")
    return library_care.install(tmp_path_factory.mktemp("ei"), [path], "swgdrug")


@pytest.fixture(scope="module")
def rruff(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Library, list[build.EntryDraft]]]:
    """A library that lacks one specimen of every mineral with several, and those specimens."""
    drafts, rejected = library_care.references(
        [data("libraries", "ir", "rruff-infrared.zip")], Technique.FTIR
    )
    specimens: dict[str, set[str]] = {}
    for each in drafts:
        specimens.setdefault(each.identity.group, set()).add(each.provenance.accession)
    left_out = {(group, min(found)) for group, found in specimens.items() if len(found) > 1}
    marked = [(each.identity.group, each.provenance.accession) in left_out for each in drafts]
    held_out = [each for each, out in zip(drafts, marked, strict=True) if out]
    report = build.build_library(
        tmp_path_factory.mktemp("ir"),
        "rruff",
        None,
        "RRUFF",
        [each for each, out in zip(drafts, marked, strict=True) if not out],
        rejected,
    )
    with Library(report.folder) as library:
        yield library, held_out


def test_every_swgdrug_spectrum_is_taken_or_named(swgdrug: ImportReport) -> None:
    assert swgdrug.accepted + swgdrug.merged + swgdrug.rejected_count == 2553
    assert swgdrug.rejected_count == 0
    report = swgdrug.techniques[Section.EI]
    assert report.n_calibration == 2000
    assert report.note == ""
    with Library(swgdrug.folder) as library:
        assert library.verify() == []
        assert "SWGDRUG" in library.find("Epiandrosterone")[0].draft.provenance.licence


def test_the_order_of_a_real_library_changes_nothing(swgdrug: ImportReport, tmp_path: Path) -> None:
    drafts, _ = library_care.references([data("ms", "ei_swgdrug_dev.msp")])
    random.Random(7).shuffle(drafts)
    shuffled = build.build_library(tmp_path, "swgdrug", "1", "", drafts)
    assert shuffled.content_sha256 == swgdrug.content_sha256
    with Library(swgdrug.folder) as one, Library(shuffled.folder) as two:
        first, second = one.section(Section.EI), two.section(Section.EI)
        assert first is not None
        assert second is not None
        assert first.calibration == second.calibration


def test_the_labs_fentanyls_are_found_by_substance(swgdrug: ImportReport) -> None:
    """Spectra of one laboratory against the library of others, the same spectra left aside."""
    from libraries.search import search_many

    queries, _ = library_care.references([data("ms", "ei_nist_fentanyl_dev.msp")])
    with Library(swgdrug.folder) as library:
        held = {entry.draft.identity.group for entry in library.entries()}
        spectra = [each.measurement() for each in queries]
        answers = search_many(
            [library], [each for each in spectra if isinstance(each, MassSpectrum)], Technique.MS
        )
    known = own = named = wrong = 0
    for query, answer in zip(queries, answers, strict=True):
        group = query.identity.group
        if group not in held or answer.hits[0].hqi > 0.9999:
            continue
        known += 1
        own += answer.hits[0].group == group
        if answer.decision.substances:
            groups = {hit.substance: hit.group for hit in answer.hits}
            found = {groups.get(name) for name in answer.decision.substances}
            named += group in found
            wrong += group not in found
    assert known >= 10
    assert own >= 0.6 * known
    assert named >= 1
    assert wrong <= 0.1 * known


def test_another_specimen_of_a_mineral_is_found(
    rruff: tuple[Library, list[build.EntryDraft]],
) -> None:
    library, held_out = rruff
    first = named = wrong = 0
    for specimen in held_out:
        answer = library.search(specimen.measurement(), Technique.FTIR)
        assert answer.section is Section.FTIR
        if not answer.hits:
            continue
        same = answer.hits[0].group == specimen.identity.group
        first += same
        if answer.decision.substances:
            groups = {hit.substance: hit.group for hit in answer.hits}
            found = {groups[name] for name in answer.decision.substances if name in groups}
            named += specimen.identity.group in found
            wrong += specimen.identity.group not in found
    # 75 % of the specimens of this collection have another of their mineral first when each is
    # left out alone; solid-solution series and a few mislabelled files are the rest.
    assert len(held_out) == 80
    assert first >= 0.68 * len(held_out)
    assert named >= 0.45 * len(held_out)
    assert wrong <= 0.06 * len(held_out)


def test_a_mixed_folder_tells_what_it_took_and_why_not(tmp_path: Path) -> None:
    report = library_care.install(
        tmp_path, [data("libraries", "ir", "nist-webbook-jcamp")], "webbook"
    )
    assert report.accepted >= 40
    assert all(each.reason and each.source for each in report.rejected)
