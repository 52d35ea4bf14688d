"""Proposed structures: the dictionary of edits, and what is made with it."""

from __future__ import annotations

import numpy as np
import pytest

from libraries import proposal_edits, structure
from libraries.change_parts import changes_of, nominal_mass
from libraries.errors import LibraryError
from libraries.fragment_fit import cleavages, explained
from libraries.proposals import (
    MARK,
    MOST_CANDIDATES,
    ProposalQuestion,
    Relative,
    propose,
)
from libraries.site_rules import site_rules
from spectra.mass_scores import UnitSpectrum

FENTANYL = "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"
PARA_FLUORO = "CCC(=O)N(c1ccc(F)cc1)C1CCN(CCc2ccccc2)CC1"
ETONITAZENE = "CCOc1ccc(Cc2nc3cc([N+](=O)[O-])ccc3n2CCN(CC)CC)cc1"
BUTYRYL = "CCCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"


def a_spectrum_of(smiles: str, class_name: str = "fentanyl") -> UnitSpectrum:
    """Return a spectrum with every ion that the class's rule predicts for a structure."""
    sites = site_rules().of_class(class_name)
    assert sites is not None
    changes = changes_of(sites.core, structure.parse(smiles))
    assert changes is not None
    mz = np.array(sorted(set(sites.rule.moved(changes))), dtype=np.int64)
    return UnitSpectrum(mz=mz, intensity=np.linspace(300.0, 999.0, mz.size))


def a_question(truth: str, *known: str, class_name: str = "fentanyl") -> ProposalQuestion:
    return ProposalQuestion(
        class_name=class_name,
        spectrum=a_spectrum_of(truth, class_name),
        mass=nominal_mass(structure.parse(truth)),
        relatives=[Relative(name=f"known {at}", smiles=s, score=0.9) for at, s in enumerate(known)],
    )


def canonical(smiles: str) -> str:
    from rdkit import Chem

    return str(Chem.MolToSmiles(Chem.MolFromSmiles(smiles)))


def test_every_edit_is_a_reaction_that_can_be_run():
    molecule = structure.parse(FENTANYL)
    names = [edit.text for edit in proposal_edits.edits()]
    assert len(names) > 1000
    for edit in proposal_edits.edits():
        list(proposal_edits.apply(edit, molecule))


@pytest.mark.parametrize(
    ("name", "start", "product"),
    [
        ("fluoro for hydrogen", FENTANYL, PARA_FLUORO),
        ("hydrogen for fluoro", PARA_FLUORO, FENTANYL),
        ("butyryl as acyl group", FENTANYL, BUTYRYL),
        ("2-thienyl as ring of the phenethyl group", FENTANYL,
         "CCC(=O)N(c1ccccc1)C1CCN(CCc2cccs2)CC1"),
        ("pyrrolidinyl as amine", "CNC(C)C(=O)c1ccccc1", "CC(C(=O)c1ccccc1)N1CCCC1"),
        ("methylenedioxy for two hydrogens", "CNC(C)C(=O)c1ccccc1",
         "CNC(C)C(=O)c1ccc2OCOc2c1"),
        ("5-fluoropentyl as tail on the core's nitrogen",
         "CCCCCn1cc(C(=O)c2cccc3ccccc23)c2ccccc12", "FCCCCCn1cc(C(=O)c2cccc3ccccc23)c2ccccc12"),
        ("isopropoxy for ethoxy", ETONITAZENE,
         "CC(C)Oc1ccc(Cc2nc3cc([N+](=O)[O-])ccc3n2CCN(CC)CC)cc1"),
        ("a group moved to the next position", "CNC(C)C(=O)c1ccc(Cl)cc1",
         "CNC(C)C(=O)c1cccc(Cl)c1"),
    ],
)  # fmt: skip
def test_a_named_edit_makes_what_it_says(name, start, product):
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(start)
    made = {
        Chem.MolToSmiles(each)
        for edit in proposal_edits.edits()
        if edit.name == name
        for each in proposal_edits.apply(edit, molecule)
    }
    assert canonical(product) in made


@pytest.mark.parametrize("smiles", ["OC(N)CC", "C=C(O)CC", "CNF", "OC(O)CC", "COOC"])
def test_what_falls_apart_is_known(smiles):
    from rdkit import Chem

    assert proposal_edits.falls_apart(Chem.MolFromSmiles(smiles))


@pytest.mark.parametrize("smiles", [FENTANYL, "CC(=O)Nc1ccc(O)cc1", "CNC(C)C(=O)c1ccc2OCOc2c1"])
def test_drugs_do_not_fall_apart(smiles):
    assert not proposal_edits.falls_apart(structure.parse(smiles))


@pytest.mark.parametrize(
    ("truth", "known", "class_name"),
    [
        (PARA_FLUORO, FENTANYL, "fentanyl"),
        (BUTYRYL, FENTANYL, "fentanyl"),
        ("CCNC(C)C(=O)c1ccc(C)cc1", "CNC(C)C(=O)c1ccccc1", "synthetic cathinone"),
        (ETONITAZENE.replace("CCO", "CC(C)O", 1), ETONITAZENE, "nitazene"),
        (ETONITAZENE.replace("N(CC)CC", "N4CCCC4"), ETONITAZENE, "nitazene"),
        ("COC(=O)C(NC(=O)c1nn(CCCCF)c2ccccc12)C(C)(C)C",
         "COC(=O)C(NC(=O)c1nn(CCCCCF)c2ccccc12)C(C)(C)C", "synthetic cannabinoid"),
        ("CN(CC)CCc1c[nH]c2ccc(OC)cc12", "CN(C)CCc1c[nH]c2ccccc12", "tryptamine"),
        ("CC(NC)Cc1ccc2OCOc2c1", "CC(N)Cc1ccc2OCOc2c1", "phenethylamine/amphetamine"),
    ],
)  # fmt: skip
def test_a_hidden_structure_is_among_the_first_five(truth, known, class_name):
    found = propose(a_question(truth, known, class_name=class_name))
    smiles = [each.smiles for each in found.proposals]
    assert canonical(truth) in smiles[:5]
    assert canonical(known) not in smiles


def test_every_proposal_has_the_mass_a_mark_and_a_place_of_its_own():
    found = propose(a_question(PARA_FLUORO, FENTANYL, BUTYRYL))
    assert 0 < len(found.proposals) <= 20
    assert found.candidates <= MOST_CANDIDATES
    assert [each.rank for each in found.proposals] == list(range(1, len(found.proposals) + 1))
    assert len({each.inchikey for each in found.proposals}) == len(found.proposals)
    for each in found.proposals:
        molecule = structure.parse(each.smiles)
        assert nominal_mass(molecule) == 354
        assert structure.formula(molecule) == each.formula
        assert structure.inchikey(molecule) == each.inchikey
        assert each.mark == MARK
        assert 1 <= len(each.edits) <= 2
        assert not proposal_edits.falls_apart(molecule)


def test_those_that_explain_the_ions_better_come_first():
    found = propose(a_question(PARA_FLUORO, FENTANYL))
    assert "aniline" in found.proposals[0].site
    assert found.proposals[0].agreement == max(each.agreement for each in found.proposals)
    assert found.proposals[0].ions


def test_the_same_question_has_the_same_answer():
    question = a_question(BUTYRYL, FENTANYL)
    assert propose(question) == propose(question)


def test_a_person_can_end_it_and_is_told_how_far_it_is():
    told: list[tuple[int, int]] = []
    found = propose(
        a_question(PARA_FLUORO, FENTANYL),
        progress=lambda done, of: told.append((done, of)),
        is_cancelled=lambda: True,
    )
    assert not found.complete
    assert found.tried <= 200
    assert told
    assert all(0 < done <= of for done, of in told)


@pytest.mark.parametrize("smiles", ["", "not a structure", "C" * 200])
def test_without_a_structure_nothing_is_proposed_and_the_reason_said(smiles):
    question = a_question(PARA_FLUORO, smiles)
    found = propose(question)
    assert found.proposals == ()
    assert found.reason


def test_a_mass_that_no_edit_reaches_gives_nothing():
    question = ProposalQuestion(
        class_name="fentanyl",
        spectrum=a_spectrum_of(FENTANYL),
        mass=999,
        relatives=[Relative(name="known", smiles=FENTANYL, score=0.9)],
    )
    found = propose(question)
    assert found.proposals == ()
    assert "makes this mass" in found.reason


def test_a_class_without_rules_is_ranked_by_its_cleavages_alone():
    diazepam = "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc12"
    question = ProposalQuestion(
        class_name="benzodiazepine",
        spectrum=UnitSpectrum(
            mz=np.array([77, 239, 267, 268]), intensity=np.array([200.0, 300, 999, 500])
        ),
        mass=nominal_mass(structure.parse(diazepam)) - 16,
        relatives=[Relative(name="known", smiles=diazepam, score=0.9)],
    )
    found = propose(question)
    assert "CN1C(=O)CN=C(c2ccccc2)c2cc(F)ccc21" in [each.smiles for each in found.proposals]
    assert all(each.agreement == 0 and each.site == "" for each in found.proposals)


def test_cleavages_are_those_of_each_bond_by_hand():
    ethylbenzene = structure.parse("CCc1ccccc1")
    # CH3 | CH2-phenyl, CH3-CH2 | phenyl: 15 + 91, 29 + 77, each with a hydrogen either way.
    expected = {m + h for m in (15, 91, 29, 77) for h in (-1, 0, 1)} | {106}
    assert cleavages(ethylbenzene) == expected
    spectrum = UnitSpectrum(mz=np.array([91, 106, 200]), intensity=np.array([999.0, 300, 50]))
    weights = np.sqrt([999.0, 300, 50]) * np.array([91, 106, 200])
    assert explained(ethylbenzene, spectrum) == pytest.approx(weights[:2].sum() / weights.sum())


GOOD = """
[[group]]
name = "methyl"
smiles = "C"
has = "[CH3]"
[[place]]
words = "w"
at = "[cH:1]"
bare = "[c:1]"
groups = { methyl = 1 }
[[swap]]
part = "p"
at = "[c:1][Cl]"
product = "[c:1]{}"
with = [{ name = "n", smiles = "F", ordinary = 2 }]
"""


def test_a_dictionary_is_read_in_the_order_of_how_ordinary_it_is():
    found = proposal_edits.parse_edits(GOOD)
    assert [edit.ordinary for edit in found] == [1, 1, 2]
    assert {edit.name for edit in found} == {"methyl for hydrogen", "hydrogen for methyl", "n as p"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("methyl = 1", "methyl = 9"),
        ("methyl = 1", "propyl = 1"),
        ("[c:1]{}", "[c:1]"),
        ("[[swap]]", "[swap"),
        ('has = "[CH3]"', ""),
    ],
)
def test_a_damaged_dictionary_says_what_is_wrong(before, after):
    with pytest.raises(LibraryError, match=r"proposal_edits\.toml"):
        proposal_edits.parse_edits(GOOD.replace(before, after, 1))
    with pytest.raises(LibraryError):
        proposal_edits.parse_edits("")
