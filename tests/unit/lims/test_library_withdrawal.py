"""A version that a finding rests on is withdrawn and stays; any other is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from libraries import catalog, withdrawal
from libraries.errors import LibraryNotFoundError
from libraries.library import open_library
from lims import audit, examination, library_care
from lims.lab import Lab
from tests.lims_builders import a_file, a_match, a_sample, an_entry
from tests.unit.libraries.reference_builders import a_library, a_mass_spectrum

FOUND = an_entry("match", "fentanyl")


def street(lab: Lab, version: str) -> Path:
    made = [a_mass_spectrum(seed) for seed in range(int(version), int(version) + 22)]
    return a_library(lab.libraries_folder, made, name="street", version=version).folder


@pytest.fixture
def rested_on(lab: Lab, bench: Path) -> Path:
    """Version 3 of a library, with one finding made with it (see `a_match`), and version 2."""
    street(lab, "2")
    place = street(lab, "3")
    examination.ingest(lab, "ana", a_file(bench), a_sample(lab).number, match=a_match(FOUND))
    return place


def test_a_version_with_findings_is_withdrawn_and_its_record_stays(
    lab: Lab, rested_on: Path
) -> None:
    (gone,) = library_care.remove_library(lab, "lee", "street", "3", "two labels were swapped")
    assert (gone.version, gone.findings) == ("3", 1)
    assert withdrawal.reason(rested_on) == "two labels were swapped"
    with pytest.raises(LibraryNotFoundError, match="withdrawn: two labels were swapped"):
        open_library("street", folder=lab.libraries_folder, version="3")
    with open_library(
        "street", folder=lab.libraries_folder, version="3", withdrawn=True
    ) as library:
        assert library.faults() == []


def test_a_withdrawn_version_is_nobodys_newest(lab: Lab, rested_on: Path) -> None:
    library_care.remove_library(lab, "lee", "street", "3", "swapped")
    with open_library("street", folder=lab.libraries_folder) as library:
        assert library.version == "2"
    newest = {(e.version, e.newest) for e in catalog.installed(lab.libraries_folder)}
    assert newest == {("2", True), ("3", False)}
    problems = {each.version: each.problem for each in library_care.libraries(lab)}
    assert "not in the lab's record" in problems["3"] or "withdrawn" in problems["3"]


def test_a_version_without_findings_is_deleted(lab: Lab, rested_on: Path) -> None:
    (gone,) = library_care.remove_library(lab, "lee", "street", "2", "too old")
    assert (gone.version, gone.findings) == ("2", 0)
    assert catalog.versions(lab.libraries_folder, "street") == ["3"]
    assert audit.verify(lab).ok


def test_all_versions_withdrawn_leave_nothing_to_answer(lab: Lab, rested_on: Path) -> None:
    library_care.remove_library(lab, "lee", "street", None, "licence ended")
    with pytest.raises(LibraryNotFoundError):
        open_library("street", folder=lab.libraries_folder)
    with pytest.raises(LibraryNotFoundError):
        library_care.remove_library(lab, "lee", "street", None, "again")


@pytest.mark.parametrize("text", ["", "[" * 50_000, "3", "{}"])
def test_a_damaged_mark_still_keeps_a_version_from_answering(
    lab: Lab, rested_on: Path, text: str
) -> None:
    (rested_on / "WITHDRAWN.json").write_text(text)
    with pytest.raises(LibraryNotFoundError, match="withdrawn"):
        open_library("street", folder=lab.libraries_folder, version="3")
