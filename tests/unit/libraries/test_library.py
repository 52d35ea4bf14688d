from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import libraries
from libraries import catalog, store
from libraries.entry import Section
from libraries.errors import LibraryError, LibraryNotFoundError, LibraryVersionError
from libraries.library import Library
from spectra.spectrum import Technique
from tests.unit.libraries.reference_builders import a_curve, a_library, a_mass_spectrum


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = [a_mass_spectrum(seed) for seed in range(30)] + [a_curve(seed) for seed in range(30)]
    return a_library(tmp_path, made).folder


def _change(folder: Path, statement: str, *values: object) -> None:
    """As an enemy with another program would: past the triggers."""
    connection = sqlite3.connect(folder / store.FILE)
    for trigger in ("entry_nu", "entry_nd"):
        connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def test_a_sound_library_has_no_problems(folder: Path) -> None:
    with Library(folder) as library:
        assert library.verify() == []
        assert len(library) == 60
        assert library.sections() == {Section.EI: 30, Section.FTIR: 30}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE entry SET formula='C2H6O' WHERE row=3", "does not match its recorded hash"),
        ("UPDATE entry SET licence='stolen' WHERE row=3", "does not match its recorded hash"),
        ("UPDATE entry SET x=y, y=x WHERE row=3", "does not match its recorded hash"),
        ("UPDATE entry SET substance='fentanyl' WHERE row=3", "was built as"),
        ("DELETE FROM entry WHERE row=3", "missing: entry"),
        ("UPDATE entry SET row = row + 1000 WHERE row=0", "swapped"),
        ("UPDATE entry SET x_kind='sideways' WHERE row=3", "unknown axis kind"),
    ],
)
def test_an_altered_missing_or_swapped_entry_is_told(
    folder: Path, statement: str, told: str
) -> None:
    _change(folder, statement)
    with Library(folder) as library:
        assert any(told in problem for problem in library.verify())


def test_an_altered_hit_is_an_error_never_an_answer(folder: Path) -> None:
    _change(folder, "UPDATE entry SET name='harmless' WHERE name='substance 7'")
    with Library(folder) as library, pytest.raises(LibraryError, match="recorded hash"):
        library.search(a_mass_spectrum(7), Technique.MS)


def _arrays(folder: Path) -> Path:
    return folder / "index" / "ei"


def _flip(folder: Path) -> None:
    path = _arrays(folder) / "intensity.npy"
    data = bytearray(path.read_bytes())
    data[-5] ^= 0x40
    path.write_bytes(data)


def _cut(folder: Path) -> None:
    path = _arrays(folder) / "mz.npy"
    path.write_bytes(path.read_bytes()[:-8])


def _swap_rows(folder: Path) -> None:
    rows = np.load(_arrays(folder) / "row_number.npy")
    np.save(_arrays(folder) / "row_number.npy", rows[::-1])


def _header(folder: Path) -> None:
    path = _arrays(folder) / "header.json"
    path.write_text(path.read_text().replace('"threshold"', '"threshhold"'))


def _lost(folder: Path) -> None:
    shutil.rmtree(_arrays(folder))


def _garbage(folder: Path) -> None:
    (_arrays(folder) / "header.json").write_text("[" * 100_000)


@pytest.mark.parametrize("harm", [_flip, _cut, _swap_rows, _header, _lost, _garbage])
def test_a_damaged_index_is_told_and_built_again(
    folder: Path, harm: Callable[[Path], None]
) -> None:
    with Library(folder) as sound:
        expected = [
            (hit.entry, hit.hqi) for hit in sound.search(a_mass_spectrum(5), Technique.MS).hits
        ]
    harm(folder)
    with Library(folder) as library:
        assert any(problem.startswith("index ei") for problem in library.verify())
        found = library.search(a_mass_spectrum(5), Technique.MS)
        assert [(hit.entry, hit.hqi) for hit in found.hits] == expected
        assert library.verify() == []


def test_a_stale_index_of_other_content_is_not_used(folder: Path, tmp_path: Path) -> None:
    other = a_library(tmp_path / "other", [a_mass_spectrum(seed) for seed in range(100, 130)])
    shutil.rmtree(_arrays(folder))
    shutil.copytree(_arrays(other.folder), _arrays(folder))
    with Library(folder) as library:
        assert any("another content" in problem for problem in library.verify())
        assert library.search(a_mass_spectrum(5), Technique.MS).hits[0].name == "substance 5"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_medium_still_answers(folder: Path) -> None:
    shutil.rmtree(_arrays(folder))
    (folder / "index").chmod(0o555)
    with Library(folder) as library:
        assert library.search(a_mass_spectrum(5), Technique.MS).hits[0].name == "substance 5"


def test_a_broken_record_is_never_indexed_again(folder: Path) -> None:
    _lost(folder)
    _change(folder, "UPDATE entry SET substance='fentanyl' WHERE row=3")
    with Library(folder) as library, pytest.raises(LibraryError, match="cannot be indexed"):
        library.section(Section.EI)


def test_a_file_that_is_no_library_is_told_and_listed(folder: Path, tmp_path: Path) -> None:
    for content in (b"", b"hello", b"SQLite format 3\x00" + b"\x00" * 200):
        (folder / store.FILE).write_bytes(content)
        with pytest.raises(LibraryError):
            Library(folder)
        (listed,) = catalog.installed(tmp_path)
        assert listed.problem


def test_a_library_of_newer_software_is_refused(folder: Path) -> None:
    connection = sqlite3.connect(folder / store.FILE)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(LibraryVersionError, match="newer software"):
        Library(folder)


def test_entries_are_found_by_id_and_by_text(folder: Path) -> None:
    with Library(folder) as library:
        found = library.find("substance 12")
        assert [entry.draft.identity.name for entry in found] == ["substance 12"]
        assert library.entry(found[0].id).draft.identity.name == "substance 12"
        assert library.find("100%") == []
        assert library.find("substance_12") == []
        with pytest.raises(LibraryNotFoundError):
            library.entry("nothing' OR 1=1")


def test_a_missing_library_names_those_that_are_there(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFoundError) as missing:
        libraries.open("mode", folder=tmp_path)
    assert "made" in missing.value.hint
    with pytest.raises(LibraryNotFoundError):
        libraries.open("made", folder=tmp_path, version="7")
