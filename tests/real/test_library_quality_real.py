"""What the quality report finds in a collection that laboratories use, and what it leaves alone."""

from __future__ import annotations

import pytest

from libraries import quality_report
from libraries.entry import Section
from libraries.library import Library
from libraries.quality_marks import MarkKind
from libraries.quality_report import SectionQuality
from lims import library_care
from tests.real.library_data import data

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def swgdrug(tmp_path_factory: pytest.TempPathFactory) -> SectionQuality:
    folder = tmp_path_factory.mktemp("ei")
    report = library_care.install(folder, [data("ms", "ei_swgdrug_dev.msp")], "swgdrug")
    assert report.derivatives == 0, "this collection names its derivatives"
    with Library(report.folder) as library:
        return quality_report.check(library, keep=False).sections[Section.EI]


def test_known_errors_are_found(swgdrug: SectionQuality) -> None:
    marked = {(each.kind, each.name) for each in swgdrug.marks}
    # A bile acid with the ions of a fentanyl (287, 146, 189, 105).
    assert (MarkKind.MISLABELLED, "Taurohyocholate") in marked
    assert (MarkKind.MISLABELLED, "3,4-Dichlormethylphenidate") in marked
    for name in ("4-AcO-DALT", "Oxytetracycline", "Methyl-(3,4-dichlorophenyl)acetate"):
        assert (MarkKind.IDENTITY, name) in marked


def test_marks_are_few_beside_the_entries(swgdrug: SectionQuality) -> None:
    counts = swgdrug.counts()
    assert counts[MarkKind.MISLABELLED] <= 10
    assert counts[MarkKind.IDENTITY] <= 10
    assert sum(counts.values()) <= 0.05 * swgdrug.entries


def test_positional_isomers_are_told_to_be_inseparable(swgdrug: SectionQuality) -> None:
    pairs = {frozenset(each.substances) for each in swgdrug.inseparable}
    assert any({"RCS-8", "RCS-8 4-methoxy isomer"} <= pair for pair in pairs)
    assert swgdrug.inseparable
    assert all(each.score >= swgdrug.alike for each in swgdrug.inseparable)


def test_more_than_half_of_the_open_massbank_spectra_are_unnamed_derivatives(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("mb")
    report = library_care.install(folder, [data("libraries", "ms", "massbank-ei.msp")], "mb")
    assert report.derivatives > report.accepted / 2
    with Library(report.folder) as library:
        (cysteine,) = library.find("L-Cysteine", 1)
        assert "derivative" in cysteine.substance
        assert cysteine.inchikey == ""
