from __future__ import annotations

import pytest

from libraries import hazards, substances
from libraries.errors import LibraryError


def test_every_class_of_the_table_has_a_group() -> None:
    for class_name in substances.table().class_names:
        assert hazards.of_class(class_name) is not None, class_name


def test_a_class_is_as_dangerous_as_most_of_its_members() -> None:
    for class_name in substances.table().class_names:
        members = substances.table().members(class_name)
        whole = hazards.of_class(class_name)
        assert whole is not None
        assert whole.rank <= min(hazards.of_substance(row).rank for row in members), (
            f"{class_name} warns less than one of its members deserves"
        )


@pytest.mark.parametrize("class_name", ["fentanyl", "nitazene"])
def test_ultra_potent_classes_are_h1_before_any_identity(class_name: str) -> None:
    found = hazards.of_class(class_name)
    assert found is not None
    assert (found.group, found.acknowledge, found.two_persons, found.naloxone) == (
        "H1",
        True,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("carfentanil", "H1"),
        ("Fentanyl HCl", "H1"),
        ("3-thienyl neverseen fentanyl", "H1"),
        ("N-cyclobutyl etonitazene", "H1"),
        ("caffeine", "H5"),
        ("norfentanyl", "H3"),
        ("lactose", "H6"),
    ],
)
def test_a_name_brings_its_group(name: str, expected: str) -> None:
    found = hazards.of_name(name)
    assert found is not None
    assert found.group == expected


def test_an_unknown_name_has_no_group() -> None:
    assert hazards.of_name("green tea") is None


def test_the_most_dangerous_wins_and_none_is_passed_over() -> None:
    found = hazards.highest(["H5", None, hazards.group("H2"), "H6"])
    assert found is not None
    assert found.group == "H2"
    assert hazards.highest([]) is None
    assert hazards.highest([None]) is None


def test_an_unknown_group_says_which_exist() -> None:
    with pytest.raises(LibraryError, match="H9") as caught:
        hazards.group("H9")
    assert "H1" in caught.value.hint


def test_every_group_speaks_to_officers_and_bench_and_says_it_is_policy() -> None:
    for name in hazards.GROUPS:
        found = hazards.group(name)
        assert found.officers
        assert found.bench
        assert "to be confirmed" in found.status
        assert name in found.headline


def test_the_ultra_potent_group_names_naloxone_and_gloves() -> None:
    found = hazards.group("H1")
    text = " ".join((*found.officers, *found.bench, *found.protection)).lower()
    for word in ("do not open", "naloxone", "gloves", "never alone"):
        assert word in text
