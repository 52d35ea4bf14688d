"""Unresolved mixtures without a drug class, asked of a real library: hardly any is flagged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks import accuracy_mixtures as measured
from benchmarks.accuracy_mixtures import Stock
from libraries.build import build_library
from libraries.library import Library
from tests.real.mass_data import folder

pytestmark = [pytest.mark.real, pytest.mark.slow]

MIXTURES, EACH_OF_BACKGROUND = 200, 8
DRUGS = tuple(name for name in measured.FILES if "background" not in name)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, Stock]]:
    data = folder()
    drafts = measured.drafts_of(data, DRUGS)
    drafts += measured.drafts_of(data, ("ei_massbank_background.msp",))[::EACH_OF_BACKGROUND]
    kept, stock = measured.split(drafts)
    report = build_library(tmp_path_factory.mktemp("mixtures"), "mixtures", "1", "", kept)
    with Library(report.folder) as opened:
        yield opened, stock


def test_mixtures_of_substances_that_no_library_holds_are_rarely_candidates(held) -> None:
    """Whole figures, on more mixtures and a larger library: docs/VALIDATION.md."""
    library, stock = held
    said = measured.answers(library, measured.unresolved(stock.lacking, MIXTURES, 2))
    assert len(said.states) == MIXTURES
    assert said.candidates["fentanyl"] <= 1
    assert said.candidates.total() <= 2


def test_peaks_deconvolved_beside_a_neighbour_are_no_candidates(held) -> None:
    library, stock = held
    runs = [measured.run_of_pairs(stock.held, seed) for seed in range(6)]
    said = measured.answers(library, runs)
    assert len(said.states) >= 6 * measured.PAIRS_EACH
    assert said.candidates.total() == 0
    assert said.count("match", "match_group") >= 0.8 * len(said.states)


def test_the_interval_is_that_of_clopper_and_pearson() -> None:
    """0 of 1,000 leaves up to 3.68 in 1,000; 5 of 1,000 from 1.63 to 11.63."""
    assert measured.upper(0, 1_000) == pytest.approx((0.0, 3.682), abs=0.001)
    assert measured.upper(5, 1_000) == pytest.approx((1.625, 11.629), abs=0.01)
