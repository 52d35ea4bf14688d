from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from libraries.library import Library
from lims import matching
from spectra.spectrum import Technique
from tests.unit.libraries.reference_builders import a_library, a_mass_spectrum
from tests.unit.lims.test_matching import a_run, an_export

QUADRUPOLE, SECTOR = "Agilent 5975 MSD", "JMS-700 (EB)"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Enough quadrupole spectra for a threshold of their own, too few of a sector instrument."""
    made = [a_mass_spectrum(seed, Instrument=QUADRUPOLE) for seed in range(110)]
    made += [a_mass_spectrum(seed, Instrument=SECTOR) for seed in range(200, 230)]
    report = a_library(tmp_path_factory.mktemp("instruments"), made)
    with Library(report.folder) as opened:
        yield opened


def decisions(library: Library, **stated: str) -> list[dict[str, object]]:
    run = replace(a_run(8, 900), metadata=stated)
    result = matching.match_export(an_export(run, technique=Technique.GCMS), [library])
    assert len(result["peaks"]) >= 2
    return [peak["decision"] for peak in result["peaks"]]


def test_every_peak_of_a_run_is_judged_by_the_kind_of_instrument_the_run_states(
    library: Library,
) -> None:
    for decision in decisions(library, instrument=QUADRUPOLE):
        assert decision["instrument_class"] == "quadrupole"
        assert decision["calibrated_on"] == "quadrupole"
        assert decision["n_calibration"] == 110


def test_too_few_of_its_kind_fall_back_to_all_and_say_so(library: Library) -> None:
    for decision in decisions(library, instrument=SECTOR):
        assert decision["instrument_class"] == "sector"
        assert decision["calibrated_on"] == ""
        assert decision["n_calibration"] == 140
        assert any("too few sector spectra" in reason for reason in decision["reasons"])


def test_a_run_that_states_no_instrument_is_of_no_kind(library: Library) -> None:
    for decision in decisions(library):
        assert decision["instrument_class"] == "unknown"
        assert any("not stated" in reason for reason in decision["reasons"])


def test_the_path_of_a_file_is_no_instrument(library: Library, tmp_path: Path) -> None:
    """A folder named after an instrument says nothing of what measured the run."""
    for decision in decisions(library, path=str(tmp_path / "5975 orbitrap")):
        assert decision["instrument_class"] == "unknown"
