"""Each way of tampering has its own word and names the entry; the index is never believed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from libraries import index_files, section_index, store
from libraries.entry import Section
from libraries.library import Library
from libraries.verification import FaultKind
from spectra.spectrum import Technique
from tests.unit.libraries.reference_builders import a_curve, a_library, a_mass_spectrum


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = [a_mass_spectrum(seed) for seed in range(25)] + [a_curve(seed) for seed in range(3)]
    return a_library(tmp_path_factory.mktemp("sound"), made).folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sound, tmp_path / "made" / "1")


def change(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / store.FILE)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


SWAP_NUMBERS = (
    "CREATE TEMP TABLE held AS SELECT row, x, y FROM entry WHERE row IN (2, 5)",
    "UPDATE entry SET x=(SELECT x FROM held WHERE row=7-entry.row), "
    "y=(SELECT y FROM held WHERE row=7-entry.row) WHERE row IN (2, 5)",
)
SWAP_ROWS = (
    "UPDATE entry SET row=-1 WHERE row=2",
    "UPDATE entry SET row=2 WHERE row=5",
    "UPDATE entry SET row=5 WHERE row=-1",
)
ADD_ONE = (
    "CREATE TEMP TABLE one AS SELECT * FROM entry WHERE row=4",
    "UPDATE one SET row=9000, id='0123456789abcdef', name='smuggled'",
    "INSERT INTO entry SELECT * FROM one",
)


@pytest.mark.parametrize(
    ("statements", "kind", "rows"),
    [
        (("UPDATE entry SET formula='C2H6O' WHERE row=3",), FaultKind.ALTERED, {3}),
        (("UPDATE entry SET measured='yesterday' WHERE row=3",), FaultKind.ALTERED, {3}),
        (("UPDATE entry SET record_hash=lower(hex(zeroblob(32))) WHERE row=3",),
         FaultKind.ALTERED, {3}),
        (("DELETE FROM entry WHERE row IN (3, 8)",), FaultKind.MISSING, {3, 8}),
        (("UPDATE entry SET substance='fentanyl' WHERE row=3",), FaultKind.RENAMED, {3}),
        (SWAP_NUMBERS, FaultKind.SWAPPED, {2, 5}),
        (SWAP_ROWS, FaultKind.SWAPPED, {2, 5}),
        (ADD_ONE, FaultKind.FOREIGN, set()),
        (("UPDATE entry SET x_kind='sideways' WHERE row=3",), FaultKind.ALTERED, {3}),
        (("UPDATE entry SET molecular_mass=9e999 WHERE row=3",), FaultKind.ALTERED, {3}),
        (("UPDATE entry SET x=zeroblob(16), y=zeroblob(16) WHERE row=3",), FaultKind.ALTERED, {3}),
    ],
)  # fmt: skip
def test_each_tampering_has_its_word_and_its_entry(
    folder: Path, statements: tuple[str, ...], kind: FaultKind, rows: set[int]
) -> None:
    with Library(folder) as sound:
        ids = {entry.row: entry.id for entry in sound.entries()}
    change(folder, *statements)
    with Library(folder) as library:
        faults = library.faults()
    assert {fault.kind for fault in faults} == {kind}
    named = {fault.entry for fault in faults}
    assert named == {ids[row] for row in rows} if rows else len(named) == 1


def test_a_seal_that_was_altered_is_told_and_nothing_is_held_against_it(folder: Path) -> None:
    change(
        folder,
        "UPDATE entry SET substance='fentanyl' WHERE row=3",
        "UPDATE seal SET substance='fentanyl' WHERE row=3",
    )
    with Library(folder) as library:
        assert [fault.kind for fault in library.faults()] == [FaultKind.SEAL_BROKEN]


def test_a_record_with_faults_is_not_indexed_again(folder: Path) -> None:
    change(folder, "UPDATE entry SET formula='C2H6O' WHERE row=3")
    with Library(folder) as library, pytest.raises(store.LibraryError):
        library.reindex()


def forge_index(folder: Path) -> None:
    """An index that hides a substance and whose own checksums are all right."""
    place = folder / "index" / "ei"
    header = json.loads((place / "header.json").read_text())
    arrays = {name: np.array(np.load(place / f"{name}.npy")) for name in header["arrays"]}
    arrays["intensity"][:40] = arrays["intensity"][40:80]
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    index_files.write(
        place,
        content_sha256=header["content_sha256"],
        pipeline=header["pipeline"],
        arrays=arrays,
        facts=header["facts"],
    )


def cut_index(folder: Path) -> None:
    path = folder / "index" / "ei" / "mz.npy"
    path.write_bytes(path.read_bytes()[:-8])


def older_index(folder: Path) -> None:
    path = folder / "index" / "ei" / "header.json"
    header = json.loads(path.read_text())
    header["pipeline"] = "ei/unit-mass/1"
    del header["header_sha256"]
    header["header_sha256"] = index_files._header_sha256(header)
    path.write_text(json.dumps(header))


def lost_index(folder: Path) -> None:
    (folder / "index" / "ei" / "header.json").unlink()


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (forge_index, FaultKind.INDEX_FOREIGN),
        (cut_index, FaultKind.INDEX_DAMAGED),
        (older_index, FaultKind.INDEX_STALE),
        (lost_index, FaultKind.INDEX_MISSING),
    ],
)
def test_an_index_has_its_own_words_and_one_command_mends_it(
    folder: Path, harm: object, kind: FaultKind
) -> None:
    assert callable(harm)
    harm(folder)
    with Library(folder) as library:
        assert {fault.kind for fault in library.faults()} == {kind}
        library.reindex()
        assert library.faults() == []
        assert library.search(a_mass_spectrum(5), Technique.MS).hits[0].name == "substance 5"


def test_the_curves_of_an_index_are_held_against_the_record_too(folder: Path) -> None:
    with Library(folder) as library:
        index = library.section(Section.FTIR)
        assert index is not None
        entries = library.entries_of(index)
        again = section_index.arrays_of(
            Section.FTIR, [section_index.Reference.of_entry(entry) for entry in entries]
        )
        held = index.arrays()
        for name, array in again.items():
            np.testing.assert_array_equal(held[name], array)


OLD_SCHEMA = (
    "DROP TABLE seal",
    "ALTER TABLE entry DROP COLUMN measured",
    "PRAGMA user_version=1",
)


def test_a_library_of_the_schema_before_is_read_and_verified(folder: Path) -> None:
    change(folder, *OLD_SCHEMA)
    with Library(folder) as library:
        assert library.faults() == []
        assert library.search(a_mass_spectrum(5), Technique.MS).hits[0].name == "substance 5"


def test_a_missing_entry_of_the_schema_before_is_counted(folder: Path) -> None:
    change(folder, *OLD_SCHEMA, "DELETE FROM entry WHERE row=3")
    with Library(folder) as library:
        assert [fault.kind for fault in library.faults()] == [FaultKind.MISSING]


LOOSE = (
    "CREATE TABLE loose AS SELECT * FROM entry",
    "DROP TABLE entry",
    "ALTER TABLE loose RENAME TO entry",
)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE entry SET name=NULL WHERE row=3",
        "UPDATE entry SET x='text' WHERE row=3",
        "UPDATE entry SET section='xray' WHERE row=3",
        "UPDATE entry SET molecular_mass='heavy' WHERE row=3",
        "UPDATE entry SET record_hash=5 WHERE row=3",
        "UPDATE entry SET row='third' WHERE row=3",
        "DROP TABLE seal",
    ],
)
def test_a_record_made_over_by_hand_gives_words_and_no_crash(folder: Path, harm: str) -> None:
    change(folder, *LOOSE, harm)
    with Library(folder) as library:
        assert library.verify()
