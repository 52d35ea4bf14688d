from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libraries import legal_derived, legal_groups, structure
from libraries.errors import LibraryError
from libraries.legal_groups import Around

# Benzylamine: methyl or more on nitrogen (i), halogen or alkyl up to two carbons on the ring (ii),
# nothing on the methylene.
TEST: dict[str, Any] = {
    "kind": "derived",
    "reason_no_core": "no benzylamine",
    "largest_mass": 300.0,
    "cores": [{"smarts": "[c:1]1[c:2][c:3][c:4][c:5][c:6]1[CX4:7][NX3:8]"}],
    "sites": [
        {"name": "nitrogen", "atoms": [8], "letter": "i", "may": ["alkyl"], "cycle": True},
        {
            "name": "ring",
            "atoms": [1, 2, 3, 4, 5],
            "letter": "ii",
            "may": ["halo", "alkyl:2"],
            "open": ["nitro"],
            "bridges": ["alkylenedioxy"],
        },
    ],
}


def read(smiles: str, **changes: Any) -> Any:
    return legal_derived.read_derived(TEST | changes, structure.parse(smiles))


@pytest.mark.parametrize(
    ("smiles", "letters"),
    [
        ("CNCc1ccccc1", ("i",)),
        ("CN(C)Cc1ccccc1", ("i",)),
        ("C1CCN(C1)Cc1ccccc1", ("i",)),
        ("NCc1ccc(F)cc1", ("ii",)),
        ("NCc1ccc(CC)cc1", ("ii",)),
        ("CNCc1ccc2OCOc2c1", ("i", "ii")),
        ("CC(C)(C)NCc1cc(Br)ccc1Cl", ("i", "ii")),
    ],
)
def test_listed_changes_are_found_by_their_clause(smiles: str, letters: tuple[str, ...]) -> None:
    found = read(smiles)
    assert (found.met, found.letters) == (True, letters)


@pytest.mark.parametrize(
    ("smiles", "word"),
    [
        ("NCc1ccccc1", "no modification"),
        ("NCCc1ccccc1", "no benzylamine"),
        ("NCc1ccc(CCC)cc1", "ring"),
        ("CNC(C)c1ccccc1", "unchanged"),
        ("CC(=O)NCc1ccccc1", "nitrogen"),
        ("NCc1ccc2ccccc2c1", "fused ring"),
        ("C1NCc2ccccc21", "ring to another part"),
        ("CNCc1ccc(O)cc1", "ring"),
        ("CNCc1c(Br)c(Br)c(Br)cc1", "above 300"),
    ],
)
def test_what_is_not_listed_is_refused_and_told_where(smiles: str, word: str) -> None:
    found = read(smiles)
    assert (found.met, found.open, found.letters) == (False, False, ())
    assert word in found.reasons[0]


def test_what_the_text_leaves_open_is_neither_yes_nor_no() -> None:
    found = read("CNCc1ccc([N+](=O)[O-])cc1")
    assert (found.met, found.open) == (False, True)
    assert "not settled" in found.reasons[0]


def test_a_refusal_is_stronger_than_an_open_question() -> None:
    assert not read("CC(=O)NCc1ccc([N+](=O)[O-])cc1").open


def test_a_molecule_that_holds_the_core_twice_is_met_by_the_better_place() -> None:
    # One benzylamine bears an acyl group, the other is N-methylated and lies on a listed chain only
    # if the first is a substituent, which it is not: refused either way.
    assert not read("CNCc1ccc(CNC(C)=O)cc1").met


def test_groups_beside_a_listed_one_are_allowed_only_with_it() -> None:
    ring = {**TEST["sites"][1], "anything": True, "open": []}
    sites = [TEST["sites"][0], ring]
    assert read("CNCc1cc(F)c(O)cc1", sites=sites).met
    assert not read("CNCc1ccc(O)cc1", sites=sites).met


def test_a_site_can_be_free_and_hold_at_most_so_many_groups() -> None:
    nitrogen = {"name": "nitrogen", "atoms": [8], "free": ["alkyl"], "at_most": 1}
    sites = [nitrogen, TEST["sites"][1]]
    assert read("CNCc1ccc(F)cc1", sites=sites).letters == ("ii",)
    assert not read("CNCc1ccccc1", sites=sites).met
    assert "2 groups" in read("CN(C)Cc1ccc(F)cc1", sites=sites).reasons[0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["F", "Cl", "Br", "I", "C", "CC", "CCC", "O"]), min_size=5, max_size=5
    ),
    st.sampled_from(["", "C", "CC", "CC(C)"]),
)
def test_the_clauses_are_those_of_the_pieces(ring: list[str], on_nitrogen: str) -> None:
    atoms = "".join(f"c({piece})" for piece in ring[:4])
    smiles = f"{on_nitrogen}NCc1{atoms}c1{ring[4]}"
    found = read(smiles, largest_mass=0)
    listed = all(piece not in ("CCC", "O") for piece in ring)
    assert found.met is listed
    if listed:
        assert found.letters == (("i", "ii") if on_nitrogen else ("ii",))


@pytest.mark.parametrize(
    ("smiles", "group", "yes"),
    [
        ("C", "alkyl", True),
        ("CC(C)C", "alkyl", True),
        ("C1CC1", "alkyl", False),
        ("C1CC1", "cycloalkyl", True),
        ("CC=C", "alkenyl", True),
        ("CC", "alkenyl", False),
        ("C(F)(F)F", "haloalkyl", True),
        ("C(F)(F)F", "alkyl", False),
        ("C(F)(F)F", "trifluoromethyl", True),
        ("OC", "alkoxy", True),
        ("OCCOC", "alkoxy", False),
        ("OCC(F)F", "haloalkoxy", True),
        ("OC(C)=O", "alkoxy", False),
        ("OC(C)=O", "acetyloxy", True),
        ("OC(=O)CC", "acetyloxy", False),
        ("OC(=O)CC", "acyloxy", True),
        ("O", "hydroxy", True),
        ("OC", "hydroxy", False),
        ("F", "halo", True),
        ("[N+](=O)[O-]", "nitro", True),
        ("N", "amino", True),
        ("NC(C)=O", "amino", False),
        ("C#N", "cyano", True),
        ("C(C)=O", "acetyl", True),
        ("SC", "alkylthio", True),
        ("SCC", "alkylthio:1", False),
        ("S(=O)(=O)C", "alkylsulfonyl", True),
        ("C(=O)OC", "alkoxycarbonyl", True),
        ("COC", "alkoxyalkyl", True),
        ("Cc1ccccc1", "arylalkyl", True),
        ("CCCCCC", "alkyl:6", True),
        ("CCCCCCC", "alkyl:6", False),
        ("OP(=O)(O)O", "phosphate", True),
        ("CCN", "any", True),
        ("CCO", "hydroxyalkyl", True),
        ("CC", "hydroxyalkyl", False),
    ],
)
def test_groups_are_what_their_names_say(smiles: str, group: str, yes: bool) -> None:
    molecule = structure.parse(f"[SiH3]{smiles}")
    silicon = next(a.GetIdx() for a in molecule.GetAtoms() if a.GetSymbol() == "Si")
    around = Around(molecule=molecule, core=frozenset((silicon,)))
    (branch,) = around.branches(silicon)
    assert around.is_a(branch, group) is yes


def test_every_group_of_the_data_compiles() -> None:
    for group in legal_groups.groups().values():
        for smarts in (group.start, *group.only, *group.needs):
            assert structure.pattern(smarts) is not None


@pytest.mark.parametrize("text", ["plutonyl", "alkyl:", "alkyl:x", "alkyl:100", "", "alkyl:-1"])
def test_an_unknown_group_is_refused(text: str) -> None:
    with pytest.raises(LibraryError):
        legal_groups.named(text)
