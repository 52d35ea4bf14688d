"""What an installed version holds and promises, read without changing anything."""

from __future__ import annotations

from pathlib import Path

from libraries import catalog, overview
from libraries.entry import Section
from libraries.library import Library
from tests.unit.libraries.reference_builders import a_curve, a_library, a_mass_spectrum


def facts(folder: Path) -> dict[Section, overview.SectionFacts]:
    (installed,) = catalog.installed(folder)
    return {each.section: each for each in overview.sections(installed)}


def test_counts_and_promises_are_those_of_the_index(tmp_path: Path) -> None:
    made = [a_mass_spectrum(seed) for seed in range(30)]
    made.append(a_mass_spectrum(3, name="substance 3", noise=0.01))
    folder = a_library(tmp_path, [*made, *(a_curve(seed) for seed in range(4))]).folder
    found = facts(tmp_path)
    index = Library(folder).section(Section.EI)
    assert index is not None
    assert (found[Section.EI].entries, found[Section.EI].substances) == (31, 30)
    assert found[Section.EI].n_calibration == index.n_calibration
    assert found[Section.EI].alpha == 0.05
    assert found[Section.FTIR].alpha is None
    assert "too few" in found[Section.FTIR].note
    assert Section.RAMAN not in found


def test_a_damaged_index_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    folder = a_library(tmp_path, [a_mass_spectrum(seed) for seed in range(4)]).folder
    broken = folder / "index" / "ei" / "row_group.npy"
    data = broken.read_bytes()
    broken.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found = facts(tmp_path)[Section.EI]
    assert any("row_group.npy" in problem for problem in found.problems)
    assert (found.substances, found.alpha) == (None, None)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_version_that_cannot_be_read_promises_nothing(tmp_path: Path) -> None:
    folder = a_library(tmp_path, [a_mass_spectrum(1)]).folder
    (folder / "library.db").write_bytes(b"not a database" * 300)
    assert facts(tmp_path) == {}
