from __future__ import annotations

import pytest

from libraries import salts, substances
from libraries.errors import LibraryError

TABLE = substances.table()


def test_the_mass_of_every_formula_of_the_table_is_the_computed_one() -> None:
    # Two ways to one number: RDKit from the structure (the table), atomic masses from the formula.
    for row in TABLE:
        mass = salts.monoisotopic_mass(row.formula)
        assert mass == pytest.approx(row.monoisotopic_mass, abs=2e-4), row.name


@pytest.mark.parametrize(
    ("base", "words", "formula", "molar_mass"),
    [
        # Published molar masses of the salts.
        ("fentanyl", "hydrochloride", "C22H29ClN2O", 372.93),
        ("fentanyl", "citrate", "C28H36N2O8", 528.60),
        ("cocaine", "hydrochloride", "C17H22ClNO4", 339.81),
        ("methamphetamine", "hydrochloride", "C10H16ClN", 185.69),
        ("morphine", "sulfate", "C34H40N2O10S", 668.76),
        ("amphetamine", "sulfate", "C18H28N2O4S", 368.49),
        ("xylazine", "hydrochloride", "C12H17ClN2S", 256.80),
    ],
)
def test_salts_weigh_what_is_published(
    base: str, words: str, formula: str, molar_mass: float
) -> None:
    row = TABLE.find(base)
    assert row is not None
    (salt,) = [each for each in salts.salts_of(row) if each.words == words]
    assert salt.formula == formula
    assert salt.molar_mass == pytest.approx(molar_mass, abs=0.03)
    assert 0 < salt.base_fraction < 1


def test_what_holds_no_nitrogen_forms_no_such_salt() -> None:
    sucrose = TABLE.find("sucrose")
    assert sucrose is not None
    assert salts.salts_of(sucrose) == ()


def test_an_element_of_no_substance_is_refused() -> None:
    with pytest.raises(LibraryError, match="Xe"):
        salts.molar_mass("XeF2")
