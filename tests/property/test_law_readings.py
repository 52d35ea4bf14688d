"""A legal reading is one of the substance, not of how its structure was written down."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from libraries import legal, legal_rules, substances
from libraries.legal import Outcome

ROWS = tuple(substances.table())
SALTS = ("", ".Cl", "Cl.", ".OS(=O)(=O)O", ".OC(=O)C=CC(=O)O", ".O.O", ".[Na+].[Cl-]", ".CCO")
DAYS = sorted({v.valid_from for rule in legal_rules.packaged() for v in rule.versions})


def said(smiles: str, day: str = "") -> list[tuple[str, Outcome, tuple[str, ...]]]:
    return [(r.id, r.outcome, r.letters) for r in legal.classify(smiles, day=day).rules]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ROWS), st.integers(0, 10**6), st.sampled_from(SALTS), st.booleans())
def test_writing_order_salts_and_labels_do_not_matter(
    row: substances.Substance, seed: int, salt: str, labelled: bool
) -> None:
    molecule = Chem.MolFromSmiles(row.smiles)
    order = list(range(molecule.GetNumAtoms()))
    random.Random(seed).shuffle(order)
    shuffled = Chem.RenumberAtoms(molecule, order)
    if labelled:
        shuffled.GetAtomWithIdx(seed % len(order)).SetIsotope(0)
        for atom in shuffled.GetAtoms():
            if atom.GetAtomicNum() == 6:
                atom.SetIsotope(13)
                break
    text = Chem.MolToSmiles(shuffled, canonical=False)
    if not any(atom.GetAtomicNum() == 6 for atom in molecule.GetAtoms()):
        return  # an inorganic salt is not told from the salt beside it
    whole = f"{salt}{text}" if salt.endswith(".") else f"{text}{salt}"
    if "." in text:
        return  # a row that is a salt itself
    assert said(whole) == said(row.smiles)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ROWS), st.sampled_from(DAYS))
def test_applies_is_the_outcome_and_dates_bound_it(row: substances.Substance, day: str) -> None:
    for rule in legal.classify(row.smiles, day=day).rules:
        assert rule.applies is (rule.outcome in (Outcome.APPLIES, Outcome.MAY_APPLY))
        assert rule.reasons
        if rule.applies:
            assert rule.valid_from <= day
            assert not rule.valid_to or day < rule.valid_to
        if rule.outcome is Outcome.NOT_YET:
            assert rule.valid_from > day


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(ROWS), min_size=2, max_size=3, unique=True))
def test_a_mixture_falls_under_what_any_of_its_parts_does(
    rows: list[substances.Substance],
) -> None:
    alone = [
        {r.id for r in legal.classify(row.smiles).rules if r.applies}
        for row in rows
        if "." not in row.smiles and "C" in row.formula
    ]
    together = legal.classify(".".join(row.smiles for row in rows))
    expected = set().union(*alone) if alone else set()
    found = {rule.id for rule in together.rules if rule.applies}
    partners = {"citric acid"}  # left out as a counter-ion beside a drug
    if not partners & {row.name for row in rows}:
        assert found >= expected
