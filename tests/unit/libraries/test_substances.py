from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libraries import names, substances
from libraries.substance_search import search

TABLE = substances.table()


def test_the_table_is_whole() -> None:
    assert len(TABLE) == 527
    assert len(TABLE.members("fentanyl")) == 129
    assert len(TABLE.members("nitazene")) == 37
    assert len(TABLE.members("synthetic cathinone")) == 55
    assert TABLE.members("no such class") == ()


def test_every_row_is_found_by_each_of_its_names() -> None:
    for row in TABLE:
        assert TABLE.find(row.name) is row
        assert TABLE.find(row.name.upper()) is row
        for synonym in row.synonyms:
            assert TABLE.find(synonym) is not None, synonym


def test_no_synonym_hides_another_substances_name() -> None:
    keys = [names.key(row.name) for row in TABLE]
    assert len(keys) == len(set(keys))


def test_further_synonyms_point_at_rows_of_the_table() -> None:
    for row in substances._rows_of("substance_synonyms.csv"):
        found = TABLE.find(row["synonym"])
        assert found is not None
        assert found.name == row["name"], row["synonym"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Cocaine HCl", "cocaine"),
        ("FENTANYL CITRATE", "fentanyl"),
        ("d-Methamphetamine hydrochloride", "methamphetamine"),
        ("p-Fluoro fentanyl", "para-fluorofentanyl"),
        ("β-hydroxyfentanyl", "beta-hydroxyfentanyl"),
        ("Δ9-THC", "delta-9-THC"),
        ("(±)-MDMA", "MDMA"),
        ("heroin base", "heroin"),
        ("calcium carbonate", "calcium carbonate"),
        ("sodium chloride", "sodium chloride"),
        ("vitamin E acetate", "vitamin E acetate"),
        ("50-36-2", "cocaine"),
        ("BQJCRHHNABKAKU-KBQPJGBKSA-N", "morphine"),
        ("paracetamol", "acetaminophen"),
    ],
)
def test_spelling_does_not_hide_a_substance(typed: str, name: str) -> None:
    found = TABLE.find(typed)
    assert found is not None
    assert found.name == name


def test_a_prime_is_part_of_the_name() -> None:
    ring = TABLE.find("4'-fluorofentanyl")
    aniline = TABLE.find("4-fluorofentanyl")
    assert ring is not None
    assert aniline is not None
    assert ring is not aniline


@pytest.mark.parametrize("typed", ["", "   ", "hydrochloride", "green tea", "00-00-0", "'", "()"])
def test_what_is_not_there_is_not_found(typed: str) -> None:
    assert TABLE.find(typed) is None


def test_an_inchikey_answers_by_its_first_block() -> None:
    fentanyl = TABLE.by_inchikey("PJMPHNIQZUBGLI")
    assert fentanyl is not None
    assert fentanyl.name == "fentanyl"
    assert TABLE.by_inchikey("pjmphniqzubgli-uhfffaoysa-n") is fentanyl
    assert TABLE.by_inchikey("ZZZZZZZZZZZZZZ-UHFFFAOYSA-N") is None


def test_stereoisomers_keep_their_own_full_key() -> None:
    for name in ("ephedrine", "pseudoephedrine"):
        row = TABLE.find(name)
        assert row is not None
        assert TABLE.by_inchikey(row.inchikey) is row


def test_isomers_share_the_formula_and_leave_the_substance_out() -> None:
    butyryl = TABLE.find("butyrylfentanyl")
    assert butyryl is not None
    group = {row.name for row in TABLE.same_formula(butyryl)}
    assert {"isobutyrylfentanyl", "3-methylfentanyl"} <= group
    assert "butyrylfentanyl" not in group
    assert "fentanyl" not in group


def test_the_number_of_substances_with_an_isomer_is_the_published_one() -> None:
    assert sum(bool(TABLE.same_formula(row)) for row in TABLE) == 224


def test_formula_order_does_not_matter() -> None:
    assert TABLE.by_formula("H28C22ON2") == TABLE.by_formula("C22H28N2O")
    assert substances.hill("H3BO3") == "BH3O3"
    assert substances.hill("not a formula") == "not a formula"


def test_by_mass_gives_the_nearest_first() -> None:
    found = TABLE.by_mass(336.2202, 0.001)
    assert "fentanyl" in {row.name for row in found}
    assert TABLE.by_mass(1.0) == ()


@given(st.text(max_size=80))
def test_any_text_is_answered(text: str) -> None:
    found = TABLE.find(text)
    assert found is None or found in {each.substance for each in search(text, 5).found}


def test_a_huge_text_is_no_burden() -> None:
    assert TABLE.find("(d)-" * 200_000) is None


@pytest.mark.parametrize(
    ("number", "valid"),
    [("50-36-2", True), ("50-36-3", False), ("437-38-7", True), ("x", False), ("1-2-3", False)],
)
def test_cas_check_digit(number: str, valid: bool) -> None:
    assert substances.is_valid_cas(number) is valid


def test_every_cas_in_the_table_has_its_check_digit() -> None:
    assert all(substances.is_valid_cas(row.cas) for row in TABLE if row.cas)


def test_confidence_never_claims_more_than_the_table() -> None:
    fentanyl = TABLE.find("fentanyl")
    assert fentanyl is not None
    assert "from memory" in fentanyl.confidence["us_schedule"]
    boric = TABLE.find("boric acid")
    assert boric is not None
    assert boric.is_controlled is None


def test_salt_words_are_told_from_the_name() -> None:
    assert names.salt_form("cocaine hydrochloride") == "hydrochloride"
    assert names.salt_form("heroin hydrochloride monohydrate") == "hydrochloride monohydrate"
    assert names.salt_form("caffeine") == ""
    assert names.salt_form("hydrochloride") == ""


def test_the_table_needs_no_chemistry_toolkit() -> None:
    code = (
        "import sys; from libraries import substances, hazards, legal;"
        "substances.table().find('fentanyl'); hazards.of_name('fentanyl');"
        "legal.pointer('fentanyl');"
        "sys.exit(any(m.split('.')[0] in {'rdkit', 'numpy', 'matchms'} for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
