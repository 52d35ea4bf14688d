"""What a source leaves out follows from the structure it gives."""

from __future__ import annotations

import subprocess
import sys

import pytest

from libraries.drafting import draft
from libraries.identifiers import of_structure
from tests.unit.libraries.reference_builders import SOURCE, a_curve, a_mass_spectrum

FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"


def test_key_and_formula_follow_from_smiles() -> None:
    found = of_structure(FENTANYL)
    assert found is not None
    assert (found.inchikey, found.formula) == ("PJMPHNIQZUBGLI-UHFFFAOYSA-N", "C22H28N2O")


def test_key_and_formula_follow_from_inchi() -> None:
    found = of_structure("", "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3")
    assert found is not None
    assert (found.inchikey, found.smiles) == ("LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "CCO")


@pytest.mark.parametrize("smiles", ["", "C1CC", "not a structure", "C" * 5_000, "\x1b[2J"])
def test_what_is_no_structure_gives_nothing(smiles: str) -> None:
    assert of_structure(smiles) is None


def test_a_draft_is_completed_and_grouped_by_its_structure() -> None:
    bare = draft(a_mass_spectrum(1, name="an odd name", SMILES=FENTANYL), SOURCE, {})
    assert bare.identity.inchikey == "PJMPHNIQZUBGLI-UHFFFAOYSA-N"
    assert bare.identity.group == "PJMPHNIQZUBGLI"
    assert bare.identity.formula == "C22H28N2O"


def test_a_stated_key_is_never_replaced() -> None:
    stated = "AAAAAAAAAAAAAA-UHFFFAOYSA-N"
    found = draft(
        a_mass_spectrum(1, name="x", SMILES="CCO", InChIKey=stated, Formula="C30H40O2"), SOURCE, {}
    )
    assert (found.identity.inchikey, found.identity.formula) == (stated, "C30H40O2")


def test_the_toolkit_is_not_loaded_for_entries_that_need_nothing() -> None:
    code = (
        "import sys\n"
        "from libraries import build\n"
        "from libraries.provenance import Source\n"
        "from tests.unit.libraries.reference_builders import a_mass_spectrum\n"
        "made = a_mass_spectrum(1, InChIKey='PJMPHNIQZUBGLI-UHFFFAOYSA-N', Formula='C22H28N2O')\n"
        "build.draft(made, Source(file='a', sha256='0' * 64), {})\n"
        "assert not {'rdkit', 'matchms'} & set(sys.modules), 'loaded'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("scale", "unit", "told"),
    [(100.0, "absorbance", "transmittance"), (1.0, "micrometres", "micrometres")],
)
def test_an_axis_or_ordinate_that_cannot_be_what_it_says_is_turned_away(
    scale: float, unit: str, told: str
) -> None:
    from dataclasses import replace

    from spectra.errors import NotComparableError

    curve = a_curve(1)
    broken = (
        replace(curve, y=scale * (1.0 - 0.3 * curve.y / curve.y.max()))
        if unit == "absorbance"
        else replace(curve, x=1e4 / curve.x)
    )
    with pytest.raises(NotComparableError, match=told):
        draft(broken, SOURCE, {})
