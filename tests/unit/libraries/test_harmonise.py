from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libraries import harmonise

FENTANYL = "PJMPHNIQZUBGLI-UHFFFAOYSA-N"


def test_keys_of_every_dialect_fall_together() -> None:
    found = harmonise.facts({"CAS REGISTRY NO": "71-55-6", "##NAMES": "Talc", "$NIST SOURCE": "x"})
    assert found == {"casregistryno": "71-55-6", "names": "Talc", "nistsource": "x"}


def test_pairs_in_a_comment_count_unless_the_field_is_stated() -> None:
    found = harmonise.facts(
        {"Comments": '"SMILES=CCO" "InChIKey=X" MW=46 "bad"', "InChIKey": FENTANYL}
    )
    assert found["smiles"] == "CCO"
    assert found["mw"] == "46"
    assert found["inchikey"] == FENTANYL


@pytest.mark.parametrize(
    ("written", "hill"),
    [
        ("C H3 C Cl3", "C2H3Cl3"),
        ("C22H28N2O", "C22H28N2O"),
        ("C22H28N2O.HCl", "C22H28N2O"),
        ("NaCl", "ClNa"),
        ("H2O", "H2O"),
        ("Ca_2_(Mg_4.5-2.5_Fe^2+^_0.5-2.5_)Si_8_O_22_(OH)_2_", ""),
        ("", ""),
        ("C" * 500, ""),
    ],
)
def test_formula_is_hill_ordered_or_not_guessed(written: str, hill: str) -> None:
    assert harmonise.formula(written) == hill


def test_monoisotopic_masses_agree_with_published_ones() -> None:
    # PubChem: fentanyl (CID 3345), 1,1,1-trichloroethane (CID 6278), xylazine (CID 5707).
    published = (("C22H28N2O", 336.2202), ("C2H3Cl3", 131.9300), ("C12H16N2S", 220.1034))
    for formula, mass in published:
        found = harmonise.monoisotopic_mass(formula)
        assert found is not None
        assert found == pytest.approx(mass, abs=2e-4)
    assert harmonise.monoisotopic_mass("Xx2") is None


def test_salt_and_base_are_apart_in_solids_and_together_in_the_vapour() -> None:
    assert harmonise.group("Cocaine hydrochloride", "", with_salt=True) == "cocaine+hydrochloride"
    assert harmonise.group("Cocaine HCl", "", with_salt=True) == "cocaine+hydrochloride"
    assert harmonise.group("cocaine base", "", with_salt=True) == "cocaine"
    assert harmonise.group("Cocaine HCl", "", with_salt=False) == "cocaine"
    assert harmonise.group("vinyl acetate", "", with_salt=True) == "vinylacetate"


def test_stereoisomers_and_spellings_share_a_group() -> None:
    first = harmonise.group("Para-Fluoro Fentanyl", "", with_salt=False)
    assert first == harmonise.group("p-fluorofentanyl", "", with_salt=False)
    by_key = harmonise.group("anything", FENTANYL, with_salt=False)
    assert by_key == harmonise.group("Fentanyl", FENTANYL, with_salt=False) == "PJMPHNIQZUBGLI"


@pytest.mark.parametrize(
    "name", ["Fentanyl-d5", "Fentanyl (D5)", "Fentanyl TMS derivative", "fentanyl, 2TMS"]
)
def test_labelled_and_derivatised_are_never_replicates_of_the_parent(name: str) -> None:
    assert harmonise.group(name, FENTANYL, with_salt=False) != "PJMPHNIQZUBGLI"


@pytest.mark.parametrize("name", ["2C-D", "1,6-Anhydro-beta-D-Glucose", "Vitamin D3", "LSD"])
def test_other_letters_d_are_no_isotope_label(name: str) -> None:
    assert harmonise.variant(name) == ""


def test_massbank_titles_give_the_name_alone() -> None:
    assert harmonise.display_name("Sarcosine; GC-EI-TOF; MS; 2 TMS") == "Sarcosine"


@given(st.text(max_size=400))
def test_no_text_breaks_harmonising(text: str) -> None:
    harmonise.facts({text: text, "Comment": text})
    harmonise.formula(text)
    harmonise.number(text)
    harmonise.inchikey(text)
    shown = harmonise.display_name(text)
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert harmonise.group(text, "", with_salt=True)
