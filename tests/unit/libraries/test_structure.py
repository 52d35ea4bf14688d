from __future__ import annotations

import pytest

from libraries import structure, substances
from libraries.errors import LibraryError

TABLE = substances.table()
FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"


def _classes(smiles: str) -> tuple[str, ...]:
    return structure.classes_of(structure.parse(smiles))


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[str, ...]]:
    return {row.name: _classes(row.smiles) for row in TABLE}


@pytest.mark.parametrize(
    ("class_name", "members", "hits"),
    [
        ("fentanyl", 129, 129),
        ("nitazene", 37, 37),
        ("synthetic cathinone", 55, 55),
        ("synthetic cannabinoid", 45, 44),
        ("tryptamine", 13, 13),
        ("arylcyclohexylamine", 18, 16),
        ("lysergamide", 4, 4),
        ("cocaine family", 7, 7),
        ("cannabinoid", 5, 5),
    ],
)
def test_class_screens_find_their_members_and_nothing_else(
    found: dict[str, tuple[str, ...]], class_name: str, members: int, hits: int
) -> None:
    rows = TABLE.members(class_name)
    assert len(rows) == members
    assert sum(class_name in found[row.name] for row in rows) == hits
    outside = [n.name for n in TABLE if class_name in found[n.name] and n.class_name != class_name]
    assert outside == []


def test_all_benzodiazepines_are_found_designer_ones_included(
    found: dict[str, tuple[str, ...]],
) -> None:
    rows = (*TABLE.members("benzodiazepine"), *TABLE.members("designer benzodiazepine"))
    assert len(rows) == 36
    assert all(found[row.name] == ("benzodiazepine",) for row in rows)


def test_the_one_cannabinoid_outside_the_screen_is_the_acetamide(
    found: dict[str, tuple[str, ...]],
) -> None:
    missed = [r.name for r in TABLE.members("synthetic cannabinoid") if not found[r.name]]
    assert missed == ["CH-PIATA"]


def test_a_precursor_is_not_called_a_fentanyl(found: dict[str, tuple[str, ...]]) -> None:
    for name in ("norfentanyl", "4-ANPP", "4-anilinopiperidine", "NPP", "N-propionylnorfentanyl"):
        assert found[name] == ("fentanyl precursor/impurity",), name


def test_phenethylamine_is_asked_last(found: dict[str, tuple[str, ...]]) -> None:
    assert found["fentanyl"] == ("fentanyl",)
    assert found["mephedrone"] == ("synthetic cathinone",)
    assert found["methamphetamine"] == ("phenethylamine/amphetamine",)


def test_a_new_fentanyl_outside_the_table_is_a_fentanyl() -> None:
    assert _classes("O=C(C1CCCCCC1)N(c1ccc(I)cc1)C1CCN(CCc2ccco2)CC1") == ("fentanyl",)


@pytest.mark.parametrize("salt", ["Cl", "OC(=O)CC(O)(C(=O)O)CC(=O)O"])
def test_salts_are_read_as_their_base(salt: str) -> None:
    assert _classes(f"{FENTANYL}.{salt}") == ("fentanyl",)


def test_a_protonated_structure_is_neutralised() -> None:
    charged = FENTANYL.replace("CCN(CC", "CC[NH+](CC")
    assert structure.inchikey(structure.parse(charged)).startswith("PJMPHNIQZUBGLI")


@pytest.mark.parametrize(
    "bad",
    ["", "  ", "not a smiles", "C1CC", "C" * 501, "C(C)(C)(C)(C)C", "C\nC", "[" * 400, "Xx"],
)
def test_what_is_no_structure_is_refused_with_a_hint(
    bad: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LibraryError) as caught:
        structure.parse(bad)
    assert caught.value.hint
    assert capfd.readouterr().err == ""


def test_a_molecule_larger_than_any_drug_is_refused() -> None:
    with pytest.raises(LibraryError, match="atoms"):
        structure.parse("C" * 300)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("fentanyl", "fentanyl"),
        ("cathinone", "synthetic cathinone"),
        ("Phenethylamine", "phenethylamine/amphetamine"),
        ("morphinan", "opiate/opioid"),
        ("synthetic  cathinone", "synthetic cathinone"),
        ("Cannabinoid", "cannabinoid"),
        ("other", ""),
        ("piperazine", ""),
        ("", ""),
    ],
)
def test_labels_of_other_collections_become_the_tables(label: str, expected: str) -> None:
    assert structure.harmonise_class(label) == expected


def test_cannabinoid_is_decided_by_the_structure() -> None:
    plant = TABLE.find("delta-9-THC")
    synthetic = TABLE.find("JWH-018")
    assert plant is not None
    assert synthetic is not None
    assert structure.harmonise_class("cannabinoid", plant.smiles) == "cannabinoid"
    assert structure.harmonise_class("cannabinoid", synthetic.smiles) == "synthetic cannabinoid"
    assert structure.harmonise_class("cannabinoid", "not a smiles") == "synthetic cannabinoid"
