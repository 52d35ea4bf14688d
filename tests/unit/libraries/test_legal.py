from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from libraries import legal, structure, substances
from libraries.errors import LibraryError

TABLE = substances.table()
CORE = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"


def _us(smiles: str) -> legal.RuleResult:
    found = [r for r in legal.classify(smiles).rules if r.jurisdiction == "United States"]
    assert [rule.rule for rule in found] == ["fentanyl-related substances"]
    return found[0]


@pytest.fixture(scope="module")
def read() -> dict[str, legal.Classification]:
    return {row.name: legal.classify(row.smiles) for row in TABLE}


def test_119_of_129_fentanyls_meet_the_united_states_test(
    read: dict[str, legal.Classification],
) -> None:
    rules = {row.name: read[row.name].rules[0] for row in TABLE.members("fentanyl")}
    assert sum(rule.meets_structure for rule in rules.values()) == 119
    listed = {name for name, rule in rules.items() if rule.meets_structure and not rule.applies}
    assert listed == {"alfentanil", "sufentanil", "carfentanil", "thiafentanil"}


def test_the_ten_refused_are_refused_for_their_reason(
    read: dict[str, legal.Classification],
) -> None:
    no_core = "no 4-(N-acyl-N-aryl)amino-1-(2-ring-ethyl)piperidine core"
    on_ring = "substituent on piperidine not in list C"
    expected = {
        "benzylfentanyl": no_core,
        "benzylacetylfentanyl": no_core,
        "benzylacrylfentanyl": no_core,
        "benzylfuranylfentanyl": no_core,
        "para-fluorobutyryl benzylfentanyl": no_core,
        "phenylpropylfentanyl": no_core,
        "remifentanil": no_core,
        "4-phenylfentanyl": on_ring,
        "trefentanil": on_ring,
        "fentanyl": "no modification: this is fentanyl's own skeleton",
    }
    refused = {
        row.name: read[row.name].rules[0].reasons[0]
        for row in TABLE.members("fentanyl")
        if not read[row.name].rules[0].meets_structure
    }
    assert refused == expected


def test_nothing_outside_the_fentanyls_is_accepted(read: dict[str, legal.Classification]) -> None:
    others = [row for row in TABLE if row.class_name != "fentanyl"]
    assert len(others) == 398
    assert [row.name for row in others if read[row.name].rules[0].meets_structure] == []


def test_letters_agree_with_the_independent_reading_of_the_table(
    read: dict[str, legal.Classification],
) -> None:
    for row in TABLE.members("fentanyl"):
        if "FRS " in row.us_schedule:
            expected = row.us_schedule.split("FRS ")[1].rstrip(")")
            assert "".join(read[row.name].rules[0].letters) == expected, row.name
    counts = Counter("".join(read[row.name].rules[0].letters) for row in TABLE.members("fentanyl"))
    assert [counts[k] for k in ("DE", "E", "D", "B", "C")] == [38, 32, 13, 8, 6]


@pytest.mark.parametrize(
    ("smiles", "letters"),
    [
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2cccs2)CC1", "A"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCC2CCCCC2)CC1", "A"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccc(F)cc2)CC1", "B"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccc([N+](=O)[O-])cc2)CC1", "B"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CC(O)c2ccccc2)CC1", "B"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccc(C#N)cc2)CC1", "A"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1C", "C"),
        ("CCC(=O)N(c1ccccc1)C1(C(=O)OCC)CCN(CCc2ccccc2)CC1", "C"),
        ("CCC(=O)N(c1ccncc1)C1CCN(CCc2ccccc2)CC1", "D"),
        ("CCC(=O)N(c1ccc(C#N)cc1)C1CCN(CCc2ccccc2)CC1", "D"),
        ("CC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "E"),
        ("COCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1", "DE"),
        ("C=CC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "E"),
        ("CC(C)C(=O)N(c1ccccc1)C1(COC)CCN(CCc2cccs2)CC1", "ACE"),
    ],
)
def test_each_site_gives_its_letter(smiles: str, letters: str) -> None:
    rule = _us(smiles)
    assert rule.applies
    assert "".join(rule.letters) == letters
    assert len(rule.reasons) == len(letters)


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("CCC(=O)N(c1ccccc1)C1CCN(Cc2ccccc2)CC1", "core"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCCc2ccccc2)CC1", "core"),
        ("CCC(=O)N(c1ccccc1)C1CCNCC1", "core"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2cccc3ccccc23)CC1", "monocycle"),
        ("CCC(=O)N(c1cccc2ccccc12)C1CCN(CCc2ccccc2)CC1", "monocycle"),
        ("CCC(=O)N(C1CCCCC1)C1CCN(CCc2ccccc2)CC1", "core"),
        ("CCC(=O)N(c1ccccc1)C1(C#N)CCN(CCc2ccccc2)CC1", "list C"),
        ("CCC(=O)N(c1ccccc1)C1CCN(CC(C#N)c2ccccc2)CC1", "list B"),
    ],
)
def test_a_change_the_text_does_not_list_is_refused(smiles: str, reason: str) -> None:
    rule = _us(smiles)
    assert not rule.applies
    assert rule.letters == ()
    assert reason in " ".join(rule.reasons)


def test_a_deuterated_standard_is_still_fentanyls_skeleton() -> None:
    labelled = "[2H]C([2H])([2H])CC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
    assert not _us(labelled).meets_structure


def test_salts_are_included() -> None:
    assert _us("CC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1.Cl").applies


def test_writing_order_does_not_matter() -> None:
    from rdkit import Chem

    ocfentanil = TABLE.find("ocfentanil")
    assert ocfentanil is not None
    molecule = Chem.MolFromSmiles(ocfentanil.smiles)
    expected = _us(ocfentanil.smiles).letters
    for root in range(0, molecule.GetNumAtoms(), 5):
        assert _us(Chem.MolToSmiles(molecule, rootedAtAtom=root)).letters == expected


@pytest.mark.parametrize(
    ("jurisdiction", "word", "class_name", "expected"),
    [
        ("United Kingdom", "nitazenes", "nitazene", 37),
        ("United Kingdom", "cathinones", "synthetic cathinone", 54),
    ],
)
def test_class_screens_apply_to_their_class_only(
    read: dict[str, legal.Classification],
    jurisdiction: str,
    word: str,
    class_name: str,
    expected: int,
) -> None:
    hits = [
        row
        for row in TABLE
        for rule in read[row.name].rules
        if rule.jurisdiction == jurisdiction and word in rule.rule and rule.applies
    ]
    assert len(hits) == expected
    assert {row.class_name for row in hits} == {class_name}


def test_bupropion_is_a_cathinone_taken_out_by_name(read: dict[str, legal.Classification]) -> None:
    (rule,) = [r for r in read["bupropion"].rules if "cathinones" in r.rule]
    assert (rule.meets_structure, rule.applies) == (True, False)
    assert "excepted" in rule.reasons[-1]


def test_definitions_carry_their_date_source_and_text() -> None:
    for one in legal.definitions():
        assert date.fromisoformat(one.valid_from)
        assert not one.valid_to or one.valid_to > one.valid_from
        assert one.source
        assert len(one.text) > 80
        assert set(one.classes) <= set(TABLE.class_names)


def test_a_definition_is_read_only_from_the_day_it_is_in_force() -> None:
    nitazene = TABLE.find("isotonitazene")
    assert nitazene is not None
    before = legal.classify(nitazene.smiles, day="2024-12-31")
    after = legal.classify(nitazene.smiles, day="2025-01-15")
    assert not any("nitazenes" in rule.rule for rule in before.rules)
    assert any("nitazenes" in rule.rule and rule.applies for rule in after.rules)


def test_a_candidate_gets_a_pointer_without_a_structure() -> None:
    assert "fentanyl-related substances" in legal.pointer("fentanyl")
    assert "Not legal advice" in legal.pointer("nitazene")
    assert legal.pointer("diluent") == ""


def test_every_classification_says_it_is_no_advice() -> None:
    assert "Not legal advice" in legal.classify("C").advice


def test_a_bad_structure_is_refused() -> None:
    with pytest.raises(LibraryError):
        legal.classify("((((")


def test_data_patterns_compile() -> None:
    for screen in structure.screens():
        for smarts in (*screen.patterns, *screen.unless):
            assert structure.pattern(smarts) is not None


def test_the_core_is_not_read_from_its_text_alone() -> None:
    # The parent must be told from a hydroxy acid amide and from a carbonate look-alike.
    assert _us("OCCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1").letters == ("E",)
    assert _us(CORE).letters == ()
