from __future__ import annotations

from dataclasses import replace

import pytest

from libraries import naming
from tests.unit.libraries.reference_builders import a_mass_spectrum, drafts


def test_a_known_name_is_known_whatever_the_spelling_and_salt() -> None:
    found = naming.known("Fentanyl Hydrochloride")
    assert found is not None
    assert found.name == "fentanyl"


@pytest.mark.parametrize("name", ["fentanyl (ortho-methyl)", "Fentanyl-d5", "fentanyl HFBA"])
def test_a_note_label_or_derivative_is_not_the_parent(name: str) -> None:
    assert naming.known(name) is None


def test_replicates_go_by_the_name_of_the_table_else_by_the_commonest() -> None:
    made = drafts(
        [
            a_mass_spectrum(1, name="Xylazine HCl"),
            a_mass_spectrum(2, name="Zorbium B", InChIKey="AAAAAAAAAAAAAA-BBBBBBBBBB-N"),
            a_mass_spectrum(3, name="Zorbium A", InChIKey="AAAAAAAAAAAAAA-BBBBBBBBBB-N"),
            a_mass_spectrum(4, name="Zorbium A", InChIKey="AAAAAAAAAAAAAA-BBBBBBBBBB-N"),
        ]
    )
    names = naming.substance_names(made)
    assert names[made[0].identity.group] == "xylazine"
    assert names["AAAAAAAAAAAAAA"] == "Zorbium A"
    assert naming.substance_names(reversed(made)) == names


def test_classes_are_spelled_as_in_the_substances_table() -> None:
    (known,) = drafts([a_mass_spectrum(1, name="fentanyl", CompoundClass="other")])
    assert naming.class_of(known) == "fentanyl"
    (stated,) = drafts([a_mass_spectrum(1, name="Zorbium", CompoundClass="cathinone")])
    assert naming.class_of(stated) == "synthetic cathinone"
    other = replace(stated, identity=replace(stated.identity, compound_class="other"))
    assert naming.class_of(other) == ""
