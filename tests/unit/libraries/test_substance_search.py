from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libraries import names, stereo, substances
from libraries.slips import slips
from libraries.substance_search import ReadAs, search

TABLE = substances.table()


def first(text: str) -> str:
    found = search(text, 1).found
    return found[0].substance.name if found else ""


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("fentanly", "fentanyl"),
        ("fentynal", "fentanyl"),
        ("fentanil", "fentanyl"),
        ("carfentanyll", "carfentanil"),
        ("para fluoro fentanil", "para-fluorofentanyl"),
        ("p-fluorofentanyl", "para-fluorofentanyl"),
        ("parafluorofentanyl", "para-fluorofentanyl"),
        ("metamphetamin", "methamphetamine"),
        ("alfa pvp", "alpha-PVP"),
        ("αPVP", "alpha-PVP"),
        ("a-pvp", "alpha-PVP"),
        ("isotonitazen", "isotonitazene"),
        ("cocain hcl", "cocaine"),
        ("ketamin hydrochlorid", "ketamine"),
        ("xilazine", "xylazine"),
        ("bromazolan", "bromazolam"),
        ("Crystal Meth", "methamphetamine"),
        ("OxyContin", "oxycodone"),
        ("tranq", "xylazine"),
        ("4mmc", "mephedrone"),
        ("delta9thc", "delta-9-THC"),
    ],
)
def test_names_with_slips_trade_names_and_other_spellings_are_found(typed: str, name: str) -> None:
    assert first(typed) == name


def test_every_name_and_synonym_of_the_table_finds_its_substance_first() -> None:
    for row in list(TABLE)[::4]:
        for text in (row.name.upper(), *row.synonyms):
            found = search(text, 3)
            assert found.found, text
            # "AM-678" may read as a formula or the like; a name is never lost for that.
            assert found.found[0].substance is (TABLE.find(text) or row), text


def test_another_number_is_another_substance_not_a_slip() -> None:
    found = {each.substance.name for each in search("4-MMC", 20).found if "slip" in each.why}
    assert not found & {"2-methylmethcathinone", "3-methylmethcathinone"}


def test_an_ambiguous_street_name_gives_both() -> None:
    found = [each.substance.name for each in search("china white", 5).found[:2]]
    assert set(found) == {"fentanyl", "alpha-methylfentanyl"}


def test_street_names_never_name_a_declared_or_matched_substance() -> None:
    # `find` answers for matches and declared goods: "ice" in a parcel is frozen water.
    for text in ("ice", "speed", "acid", "crack", "molly", "gravel"):
        assert TABLE.find(text) is None, text
        assert search(text, 1).found[0].why == "street name"


@pytest.mark.parametrize(
    ("text", "read_as", "name"),
    [
        ("437-38-7", ReadAs.CAS, "fentanyl"),
        ("PJMPHNIQZUBGLI-UHFFFAOYSA-N", ReadAs.INCHIKEY, "fentanyl"),
        ("pjmphniqzubgli-uhfffaoysa-n", ReadAs.INCHIKEY, "fentanyl"),
        ("PJMPHNIQZUBGLI", ReadAs.INCHIKEY, "fentanyl"),
        ("AMINOPHENAZONE", ReadAs.NAME, "aminophenazone"),
        ("C11H11NO2", ReadAs.FORMULA, ""),
        ("CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1.Cl", ReadAs.STRUCTURE, "fentanyl"),
        ("CNC(C)C(=O)c1ccc(C)cc1", ReadAs.STRUCTURE, "mephedrone"),
    ],
)
def test_numbers_keys_formulas_and_structures_are_taken_as_such(
    text: str, read_as: ReadAs, name: str
) -> None:
    found = search(text, 1)
    assert found.read_as is read_as
    assert first(text) == name


def test_a_wrong_check_digit_is_told_with_the_right_one_and_the_near_numbers() -> None:
    found = search("437-38-8")
    assert "check digit would be 7" in found.notes[0]
    assert [each.substance.name for each in found.found] == ["fentanyl"]
    swapped = search("437-83-7")
    assert [each.substance.name for each in swapped.found] == ["fentanyl"]


def test_a_valid_number_of_no_row_is_said_to_be_in_no_row() -> None:
    found = search("7732-18-5")
    assert found.found == ()
    assert "stands in no row" in found.notes[0]


def test_one_skeleton_is_a_named_group_not_a_substance() -> None:
    found = search("KWGRBVOPPLSCSI")
    assert {each.substance.name for each in found.found} == {"ephedrine", "pseudoephedrine"}
    assert found.notes[0] == "ephedrine or pseudoephedrine (not distinguished)"
    either = search("CNC(C)C(O)c1ccccc1")
    assert either.notes[0] == found.notes[0]
    assert {each.substance.name for each in either.found} == {"ephedrine", "pseudoephedrine"}


def test_substances_of_the_table_that_share_a_skeleton_have_a_named_group() -> None:
    for row in TABLE:
        if TABLE.same_skeleton(row):
            group = stereo.stereo_group(row.inchikey)
            assert group is not None, row.name
            assert row.name in group.members


def test_a_result_prints_one_skeleton_as_one() -> None:
    together = ("ephedrine or pseudoephedrine (not distinguished)",)
    assert stereo.printed(["pseudoephedrine", "ephedrine"]) == together
    assert stereo.printed(["cocaine", "unobtainium", "cocaine"]) == ("cocaine", "unobtainium")
    assert stereo.printed([]) == ()


def test_groups_of_stereoisomers_are_of_the_tables_skeletons() -> None:
    for block in stereo.stereo_groups():
        assert TABLE.by_inchikey(block) is not None, block


@pytest.mark.parametrize("text", ["C22H28N2O", "c22h28n2o", "H28C22ON2", "N2OC22H28"])
def test_a_formula_in_any_order_gives_its_isomers(text: str) -> None:
    found = search(text, 20)
    assert found.read_as is ReadAs.FORMULA
    assert {each.substance.formula for each in found.found} == {"C22H28N2O"}
    assert len(found.found) == 7
    assert "7 substances" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "tolerance", "names_in", "names_out"),
    [
        ("336", None, {"fentanyl"}, {"butyrylfentanyl"}),
        ("336.2202", None, {"fentanyl"}, {"carfentanil"}),
        ("336,2202", None, {"fentanyl"}, set()),
        ("336.22 ± 0.01", None, {"fentanyl"}, set()),
        ("336.22 +/- 0.01 Da", None, {"fentanyl"}, set()),
        ("336.3", 0.1, {"fentanyl"}, set()),
        ("336.3", 0.01, set(), {"fentanyl"}),
        ("[M+H]+ 337.2274", None, {"fentanyl"}, set()),
        ("M+H 337.2274", None, {"fentanyl"}, set()),
    ],
)
def test_a_mass_is_compared_within_its_tolerance(
    text: str, tolerance: float | None, names_in: set[str], names_out: set[str]
) -> None:
    found = search(text, 50, tolerance_da=tolerance)
    assert found.read_as is ReadAs.MASS
    got = {each.substance.name for each in found.found}
    assert names_in <= got
    assert not names_out & got


def test_a_structure_of_no_row_says_its_class_and_gives_isomers_as_such() -> None:
    found = search("CCCCC(=O)N(c1ccccc1C)C1CCN(CCc2ccccc2)CC1")
    assert "built like: fentanyl" in found.notes[0]
    assert found.found
    assert all(each.why.startswith("isomer") for each in found.found)


def test_every_answer_says_why_and_ranks_by_it() -> None:
    for text in ("fent", "336", "C22H28N2O", "nitazen"):
        found = search(text, 30).found
        assert all(each.why for each in found)
        assert [each.score for each in found] == sorted((e.score for e in found), reverse=True)
        assert len({each.substance.name for each in found}) == len(found)
        assert all(0 < each.score <= 1 for each in found)


@pytest.mark.parametrize("text", ["", "   ", "zzzzqqqq", "x" * 100_000, "\0", "((((", "%%%", "-"])
def test_nonsense_finds_nothing_and_raises_nothing(text: str) -> None:
    assert search(text).found == ()


def test_a_limit_is_kept() -> None:
    assert len(search("fentanyl", 7).found) == 7
    assert search("fentanyl", 0).found == ()
    assert search("fentanyl", -1).found == ()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    assert len(search(text, 5).found) <= 5


def _distance(first_word: str, second: str) -> int:
    """Optimal string alignment, the plain recursion written out as a full table."""
    table = {(i, 0): i for i in range(len(first_word) + 1)}
    table |= {(0, j): j for j in range(len(second) + 1)}
    for i in range(1, len(first_word) + 1):
        for j in range(1, len(second) + 1):
            same = first_word[i - 1] == second[j - 1]
            table[i, j] = min(
                table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (not same)
            )
            if i > 1 and j > 1 and first_word[i - 2 : i] == second[j - 2 : j][::-1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(first_word), len(second)]


@settings(max_examples=300, deadline=None)
@given(st.text("abc", max_size=9), st.text("abc", max_size=9), st.integers(0, 4))
def test_slips_are_the_distance_of_the_slow_table(a: str, b: str, most: int) -> None:
    true = _distance(a, b)
    assert slips(a, b, most) == (true if true <= most else most + 1)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_one_slip_in_a_long_name_still_finds_it_near_the_top(data: st.DataObject) -> None:
    rows = [row for row in TABLE if len(names.key(row.name)) >= 10]
    row = data.draw(st.sampled_from(rows))
    key = names.key(row.name)
    letters = [at for at in range(1, len(key) - 1) if key[at].isalpha()]
    at = data.draw(st.sampled_from(letters))
    slipped = key[:at] + key[at + 1 :]
    assert row.name in {each.substance.name for each in search(slipped, 8).found}


def test_text_is_answered_without_rdkit() -> None:
    code = (
        "import sys; from libraries.substance_search import search;"
        "[search(t) for t in ('fentanly', '437-38-7', 'PJMPHNIQZUBGLI', 'C22H28N2O', '336.22')];"
        "assert 'rdkit' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
