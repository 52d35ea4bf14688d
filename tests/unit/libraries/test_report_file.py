"""What an import turned away can be asked for later."""

from __future__ import annotations

from pathlib import Path

import pytest

from libraries import build, report_file
from libraries.build import Rejection
from libraries.errors import LibraryError, LibraryNotFoundError, NothingAcceptedError
from tests.unit.libraries.reference_builders import SOURCE, a_mass_spectrum, drafts


def test_a_version_keeps_what_its_import_turned_away_and_merged(tmp_path: Path) -> None:
    rejected = [Rejection(source="bad.msp", title="x", reason="no peaks")]
    made = drafts([a_mass_spectrum(1), a_mass_spectrum(2)])
    copy = build.draft(a_mass_spectrum(1, Accession="A7"), SOURCE, {})
    report = build.build_library(tmp_path, "own", None, "CC0", [*made, copy], rejected)
    kept = report_file.read(report.folder)
    assert kept.rejected == tuple(rejected) == report.rejected
    assert kept.accepted == 2
    (merged,) = kept.duplicates
    assert merged.title == "substance 1"
    assert "the same numbers of the same substance" in merged.reason


def test_a_library_from_before_says_that_it_has_no_report(tmp_path: Path) -> None:
    (tmp_path / "own" / "1").mkdir(parents=True)
    with pytest.raises(LibraryNotFoundError, match="no report"):
        report_file.read(tmp_path / "own" / "1")


@pytest.mark.parametrize(
    "text", ["", "[" * 50_000, "{}", '{"schema": "fol.library.report/1", "rejected": 3}', "\x00"]
)
def test_a_damaged_report_is_an_error_with_words(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "own" / "1"
    folder.mkdir(parents=True)
    (folder / report_file.FILE).write_text(text)
    with pytest.raises(LibraryError, match="damaged"):
        report_file.read(folder)


def test_an_import_that_takes_nothing_carries_every_reason(tmp_path: Path) -> None:
    rejected = [Rejection(source=f"{n}.msp", title="", reason="no peaks") for n in range(30)]
    with pytest.raises(NothingAcceptedError) as nothing:
        build.build_library(tmp_path, "own", None, "", [], rejected)
    assert nothing.value.rejected == tuple(rejected)
    assert list(tmp_path.iterdir()) == []
