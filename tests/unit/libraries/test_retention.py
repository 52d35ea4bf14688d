from __future__ import annotations

import pytest

from libraries import drafting, harmonise, retention
from libraries.provenance import Source
from spectra.retention import Phase, StatedIndex
from tests.unit.libraries.reference_builders import a_mass_spectrum

SEMI, STANDARD, POLAR = (
    Phase.SEMI_STANDARD_NON_POLAR,
    Phase.STANDARD_NON_POLAR,
    Phase.POLAR,
)
NIST = "SemiStdNP=1272/2/44 StdNP=1241/5/7 StdPolar=1885"


def stated(**facts: str) -> tuple[StatedIndex, ...]:
    return retention.stated(harmonise.facts(facts))


def test_the_three_phases_of_a_nist_line_are_told_apart() -> None:
    assert stated(**{"Retention_index": NIST}) == (
        StatedIndex(value=1272.0, phase=SEMI, deviation=2.0),
        StatedIndex(value=1241.0, phase=STANDARD, deviation=5.0),
        StatedIndex(value=1885.0, phase=POLAR),
    )


@pytest.mark.parametrize("field", ["RI", "RetentionIndex", "RETENTION_INDEX", "Kovats_RI"])
def test_a_bare_index_has_no_phase_until_its_column_is_named(field: str) -> None:
    assert stated(**{field: "2284.06"}) == (StatedIndex(value=2284.06, phase=Phase.UNKNOWN),)
    assert stated(**{field: "2284.06", "Column": "DB-5MS"}) == (
        StatedIndex(value=2284.06, phase=SEMI),
    )


def test_a_field_of_the_phase_itself_needs_no_column() -> None:
    assert stated(**{"Semi-std-np": "1500"}) == (StatedIndex(value=1500.0, phase=SEMI),)


@pytest.mark.parametrize("text", ["0", "-1", "n/a", "", "99999", "12 min"])
def test_what_is_no_index_is_none(text: str) -> None:
    assert stated(RI=text) == ()


@pytest.mark.parametrize(
    ("column", "phase"),
    [
        ("DB-5MS", SEMI),
        ("HP-5ms 30 m x 0.25 mm", SEMI),
        ("Restek Rxi-5Sil MS", SEMI),
        ("DB-1", STANDARD),
        ("OV-101", STANDARD),
        ("HP-INNOWax", POLAR),
        ("DB-17", Phase.UNKNOWN),
        ("DB-1701", Phase.UNKNOWN),
        ("", Phase.UNKNOWN),
    ],
)
def test_columns_are_known_by_their_names(column: str, phase: Phase) -> None:
    assert retention.phase_of(column) is phase


def test_what_is_kept_in_words_is_read_back() -> None:
    found = stated(**{"Retention_index": NIST})
    assert retention.kept(1272.0, f"ion energy=70 eV; {retention.words(found)}") == found
    assert retention.kept(None, "ion energy=70 eV") == ()
    assert retention.kept(1500.0, "") == (StatedIndex(value=1500.0, phase=Phase.UNKNOWN),)


def test_words_that_only_look_like_an_index_are_passed_over() -> None:
    assert retention.kept(None, "retention index (made up)=1500") == ()
    assert retention.kept(None, "retention index (polar)=99999999") == ()


def test_an_entry_carries_its_indices_into_the_library() -> None:
    made = a_mass_spectrum(1, Retention_index="StdPolar=1885/9/3 SemiStdNP=1272/2/44")
    draft = drafting.draft(made, Source(file="a.msp", sha256="0" * 64), {})
    assert draft.retention_index == 1272.0
    assert set(retention.kept(draft.retention_index, draft.provenance.conditions)) == {
        StatedIndex(value=1885.0, phase=POLAR, deviation=9.0),
        StatedIndex(value=1272.0, phase=SEMI, deviation=2.0),
    }
