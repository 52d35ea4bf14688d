from __future__ import annotations

from collections.abc import Iterator

import pytest

from libraries.answer import LibraryAnswer
from libraries.library import Library
from libraries.search import search_many
from spectra.decision import DecisionState
from spectra.retention import Phase, RetentionIndex
from spectra.spectrum import Technique
from tests.unit.libraries.reference_builders import a_library, a_mass_spectrum

ISOMER = {"Formula": "C23H30N2O"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    made = [a_mass_spectrum(seed) for seed in range(60)]
    made += [
        a_mass_spectrum(70, name="early", Retention_index="SemiStdNP=2300", **ISOMER),
        a_mass_spectrum(70, name="late", noise=0.004, Retention_index="SemiStdNP=2400", **ISOMER),
        a_mass_spectrum(71, name="alone", Retention_index="SemiStdNP=1500"),
        a_mass_spectrum(71, name="alone", noise=0.1, Retention_index="SemiStdNP=1900"),
        a_mass_spectrum(72, name="polar only", Retention_index="StdPolar=1500"),
        a_mass_spectrum(73, name="no phase", RI="1500"),
    ]
    with Library(a_library(tmp_path_factory.mktemp("made"), made).folder) as opened:
        yield opened


def answer(library: Library, seed: int, index: float | None) -> LibraryAnswer:
    measured = None
    if index is not None:
        measured = RetentionIndex(value=index, uncertainty=2.0, phase=Phase.SEMI_STANDARD_NON_POLAR)
    query = a_mass_spectrum(seed, name="query")
    return search_many([library], [query], Technique.GCMS, 5, indices=[measured])[0]


def test_isomers_the_spectrum_cannot_part_are_parted_by_their_index(library: Library) -> None:
    assert answer(library, 70, None).decision.state is DecisionState.MATCH_GROUP
    found = answer(library, 70, 2402.0)
    assert found.decision.state is DecisionState.MATCH
    assert found.decision.substances == ("late",)
    assert any("early is ruled out" in reason for reason in found.decision.reasons)
    # The list is for the person: what is ruled out stays on it.
    assert {hit.substance for hit in found.hits} >= {"early", "late"}


def test_an_index_between_two_isomers_rules_out_none_that_is_near_enough(library: Library) -> None:
    found = answer(library, 70, 2320.0).decision
    assert found.substances == ("early",)


def test_any_replicate_that_agrees_keeps_the_name(library: Library) -> None:
    for index in (1500.0, 1905.0):
        found = answer(library, 71, index)
        assert found.decision.substances == ("alone",)
        assert any("does not rule out" in reason for reason in found.decision.reasons)
    assert answer(library, 71, 1700.0).decision.state is DecisionState.NO_MATCH


@pytest.mark.parametrize(
    ("seed", "word"),
    [(5, "no retention index"), (72, "no retention index"), (73, "without its column's phase")],
)
def test_a_missing_index_is_said_and_changes_nothing(
    library: Library, seed: int, word: str
) -> None:
    plain, found = answer(library, seed, None), answer(library, seed, 3000.0)
    assert found.decision.substances == plain.decision.substances
    assert found.decision.statistic == plain.decision.statistic
    assert any(word in reason for reason in found.decision.reasons)


def test_a_hit_shows_how_far_its_own_index_lies(library: Library) -> None:
    hits = {hit.substance: hit for hit in answer(library, 70, 2402.0).hits}
    assert hits["early"].measures["retention_index"] == 2300.0
    assert hits["early"].measures["retention_index_difference"] == pytest.approx(102.0)
    others = [hit for name, hit in hits.items() if name not in ("early", "late")]
    assert others
    assert all("retention_index" not in hit.measures for hit in others)
