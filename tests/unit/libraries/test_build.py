from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import libraries
from libraries import build, catalog, section_index, store
from libraries.entry import Section
from libraries.errors import LibraryError, LibraryNotFoundError, LibraryVersionError
from libraries.section_index import Reference, SectionIndex
from spectra.axis import XKind, YKind
from spectra.spectrum import Technique
from tests.unit.libraries.reference_builders import (
    a_curve,
    a_library,
    a_mass_spectrum,
    drafts,
)


def test_versions_count_up_and_never_change(tmp_path: Path) -> None:
    spectra = [a_mass_spectrum(seed) for seed in range(3)]
    assert a_library(tmp_path, spectra).version == "1"
    assert a_library(tmp_path, spectra[:2]).version == "2"
    before = (tmp_path / "made" / "2" / store.FILE).read_bytes()
    with pytest.raises(LibraryVersionError, match="already installed"):
        a_library(tmp_path, spectra, version="2")
    assert (tmp_path / "made" / "2" / store.FILE).read_bytes() == before
    assert a_library(tmp_path, spectra, version="2026-11-24").version == "2026-11-24"
    with libraries.open("made", folder=tmp_path) as newest:
        assert newest.version == "2026-11-24"
    assert [each.version for each in catalog.installed(tmp_path)] == ["1", "2", "2026-11-24"]


def test_versions_are_ordered_as_numbers(tmp_path: Path) -> None:
    for version in ("10", "9", "1"):
        a_library(tmp_path, [a_mass_spectrum(1)], version=version)
    assert catalog.versions(tmp_path, "made") == ["1", "9", "10"]


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "con", "x" * 65, "a\n", "NUL.db"])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(LibraryError):
        a_library(tmp_path, [a_mass_spectrum(1)], name=name)
    assert list(tmp_path.iterdir()) == []


def test_true_duplicates_are_merged_and_replicates_kept(tmp_path: Path) -> None:
    first = a_mass_spectrum(1, name="Xylazine")
    again = a_mass_spectrum(1, name="xylazine HCl", Accession="other copy")
    replicate = a_mass_spectrum(1, name="xylazine", noise=0.1)
    report = a_library(tmp_path, [first, again, replicate, a_mass_spectrum(2)])
    assert (report.accepted, report.merged) == (3, 1)
    assert report.techniques[Section.EI].substances == 2


def test_what_cannot_be_compared_is_in_the_report_and_not_in_the_library(tmp_path: Path) -> None:
    single_beam = replace(a_curve(2, name="beam"), y_kind=YKind.SINGLE_BEAM)
    elsewhere = replace(a_curve(3, name="elsewhere"), x=a_curve(3).x + 90_000)
    report = a_library(tmp_path, [a_curve(1), single_beam, elsewhere])
    assert report.accepted == 1
    reasons = {each.title: each.reason for each in report.rejected}
    assert "background" in reasons["beam"] or "single beam" in reasons["beam"]
    assert "points lie on the ftir grid" in reasons["elsewhere"]


def test_nothing_acceptable_installs_nothing(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="none of 1 spectra"):
        a_library(tmp_path, [replace(a_curve(2), y_kind=YKind.SINGLE_BEAM)])
    with pytest.raises(LibraryError, match="nothing to import"):
        a_library(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_too_few_substances_are_said_and_never_match(tmp_path: Path) -> None:
    report = a_library(tmp_path, [a_mass_spectrum(seed) for seed in range(5)])
    assert "too few" in report.techniques[Section.EI].note
    with libraries.open("made", folder=tmp_path) as library:
        answer = library.search(a_mass_spectrum(1), Technique.MS)
    assert answer.hits[0].hqi == pytest.approx(1.0)
    assert answer.decision.state.value == "insufficient"
    assert "calibrat" in answer.decision.reasons[0]


class _PowerCutError(Exception):
    pass


@pytest.mark.parametrize("moment", ["record", "index", "rename"])
def test_a_crash_in_the_middle_leaves_no_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    a_library(tmp_path, [a_mass_spectrum(1)])

    def cut(*_: object, **__: object) -> None:
        raise _PowerCutError

    if moment == "record":
        monkeypatch.setattr(store, "_insert", cut)
    elif moment == "index":
        monkeypatch.setattr(SectionIndex, "write", cut)
    else:
        monkeypatch.setattr(catalog, "_put", cut)
    with pytest.raises(_PowerCutError):
        a_library(tmp_path, [a_mass_spectrum(2)])
    assert catalog.versions(tmp_path, "made") == ["1"]
    assert [each.name for each in (tmp_path / "made").iterdir()] == ["1"]


def test_what_a_killed_build_left_is_no_version_and_is_cleaned(tmp_path: Path) -> None:
    a_library(tmp_path, [a_mass_spectrum(1)])
    left = tmp_path / "made" / ".building-0123"
    left.mkdir()
    (left / store.FILE).write_bytes(b"half")
    assert catalog.versions(tmp_path, "made") == ["1"]
    assert catalog.clean(tmp_path) == 1
    assert not left.exists()


def test_removing_takes_one_version_or_all(tmp_path: Path) -> None:
    for _ in range(3):
        a_library(tmp_path, [a_mass_spectrum(1)])
    assert catalog.remove(tmp_path, "made", "2") == ["2"]
    assert catalog.versions(tmp_path, "made") == ["1", "3"]
    assert catalog.remove(tmp_path, "made") == ["1", "3"]
    assert not (tmp_path / "made").exists()
    with pytest.raises(LibraryNotFoundError):
        catalog.remove(tmp_path, "made")


def _fingerprint(report_folder: Path) -> tuple[str, list[tuple[str, str, str]]]:
    with libraries.Library(report_folder) as library:
        facts = [(e.id, e.substance, e.draft.identity.name) for e in library.entries()]
        return library.header.content_sha256, facts


@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(24)))
def test_the_order_of_entries_changes_no_answer(
    tmp_path_factory: pytest.TempPathFactory, order: Sequence[int]
) -> None:
    folder = tmp_path_factory.mktemp("permuted")
    spectra = [a_mass_spectrum(seed, noise=0.05 * (seed % 2)) for seed in range(20)]
    spectra += [a_mass_spectrum(seed, noise=0.2) for seed in range(3)] + [a_mass_spectrum(7)]
    plain = a_library(folder, spectra, name="plain")
    mixed = a_library(folder, [spectra[at] for at in order], name="mixed")
    assert _fingerprint(plain.folder) == _fingerprint(mixed.folder)
    query = a_mass_spectrum(5, noise=0.3)
    answers = []
    for report in (plain, mixed):
        with libraries.Library(report.folder) as library:
            found = library.search(query, Technique.MS)
            answers.append(
                ([(h.entry, h.substance, h.hqi) for h in found.hits], found.decision.state)
            )
    assert answers[0] == answers[1]


def test_an_index_row_is_its_own_record(tmp_path: Path) -> None:
    """Each reference, searched, finds itself: no join between index and record is shuffled."""
    made = [a_mass_spectrum(seed) for seed in range(40)]
    random.Random(3).shuffle(made)
    report = a_library(tmp_path, made)
    with libraries.Library(report.folder) as library:
        for spectrum in made:
            assert library.search(spectrum, Technique.MS, 1).hits[0].name == spectrum.title


def test_references_are_prepared_as_queries_are() -> None:
    (one,) = drafts([a_curve(1, descending=True)])
    forward = section_index.prepared(one)
    (other,) = drafts([a_curve(1)])
    backward = section_index.prepared(other)
    assert forward is not None
    assert backward is not None
    assert forward.shape == backward.shape
    reference = Reference(row=0, draft=one, record_hash=one.record_hash(), prepared=forward)
    built = section_index.build(Section.FTIR, [reference])
    assert built.n_groups == 1
    assert one.x_kind is XKind.WAVENUMBER


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    build.build_library(
        tmp_path,
        "made",
        None,
        "",
        drafts([a_mass_spectrum(1)]),
        progress=lambda what, done, of: told.append((what, done, of)),
    )
    assert ("indexing ei", 0, 1) in told
