"""The shipped rules on sites, and what structures say of them."""

from __future__ import annotations

import pytest

from libraries import (
    change_parts,
    class_members,
    legal_rules,
    legal_sites,
    structure,
    substances,
)
from libraries.errors import LibraryError
from libraries.site_rules import parse_site_rules, site_rules

RULES = site_rules().rules
BY_CLASS = {each.rule.class_name: each for each in RULES}
GOOD = """
as_of = 2026-11-24
[[rule]]
class = "made"
labels = ["made"]
parent = "p"
parent_mass = 100
parent_smiles = "CCN"
core = ["[C:1][N:2]"]
source = "s"
measured = true
site = [
  { id = "a", words = "a", atoms = [1], changes = [14] },
  { id = "b", words = "b", atoms = [2], changes = [14] },
]
ion = [{ words = "i", mz = 50, holds = ["a"], seen = 0.5, min_relative = 0.1 }]
"""


@pytest.mark.parametrize("each", RULES, ids=lambda each: each.rule.class_name)
def test_every_rule_is_dated_sourced_and_about_a_parent_it_can_read(each):
    assert site_rules().as_of
    assert each.rule.source
    parent = structure.parse(each.core.parent_smiles)
    assert change_parts.changes_of(each.core, parent) == {}
    assert change_parts.nominal_mass(parent) == each.rule.parent_mass
    known = substances.table().find(each.rule.parent)
    assert known is None or known.nominal_mass == each.rule.parent_mass
    assert each.rule.class_name in substances.table().class_names
    assert site_rules().of_class(each.rule.class_name) is each


@pytest.mark.parametrize("each", RULES, ids=lambda each: each.rule.class_name)
def test_no_ion_is_heavier_than_its_molecule_and_every_change_is_some(each):
    for ion in each.rule.ions:
        assert ion.mz <= each.rule.parent_mass
    for site in each.rule.sites:
        assert site.changes
        assert 0 not in site.changes


def test_the_parts_of_a_structure_add_up_to_its_mass():
    seen = 0
    for row in substances.table():
        sites = site_rules().of_class(row.class_name)
        if sites is None:
            continue
        changes = change_parts.changes_of(sites.core, structure.parse(row.smiles))
        if changes is not None:
            seen += 1
            assert sum(changes.values()) == row.nominal_mass - sites.rule.parent_mass, row.name
    assert seen >= 290


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("acetylfentanyl", {"acyl": -14}),
        ("para-fluorofentanyl", {"aniline": 18}),
        ("3-methylfentanyl", {"piperidine": 14}),
        ("alpha-methylfentanyl", {"alpha": 14}),
        ("thiofentanyl", {"tail": 6}),
        ("carfentanil", {"piperidine": 58}),
        ("mephedrone", {"ring": 14}),
        ("ethcathinone", {"amine": 14}),
        ("buphedrone", {"chain": 14}),
        ("AM-2201", {"tail": 18}),
        ("metonitazene", {"benzyl": -14}),
        ("isotonitazene", {"benzyl": 14}),
    ],
)
def test_a_known_change_is_put_at_its_site(name, changes):
    substance = substances.table().find(name)
    assert substance is not None
    sites = BY_CLASS[substance.class_name]
    found = change_parts.changes_of(sites.core, structure.parse(substance.smiles))
    assert found is not None
    assert {sites.rule.sites[at].id: change for at, change in found.items()} == changes


def test_the_letters_of_changed_sites_are_those_of_the_legal_reading():
    """Two codings of the same five sites, written apart: sites by mass, and the legal test."""
    (rule,) = [r for r in legal_rules.packaged() if r.rule == "fentanyl-related substances"]
    sites = BY_CLASS["fentanyl"]
    compared = 0
    for each in class_members.members():
        if each.substance.class_name != "fentanyl":
            continue
        reading = legal_sites.read_sites(
            rule.versions[-1].test, structure.parse(each.substance.smiles)
        )
        if not reading.met:
            continue
        compared += 1
        changed = [set(sites.rule.sites[at].letters) for at in each.by_site(sites)]
        assert set(reading.letters) <= set().union(*changed), each.substance.name
        assert all(letters & set(reading.letters) for letters in changed), each.substance.name
    assert compared >= 110


def test_a_structure_without_the_core_has_no_sites():
    caffeine = structure.parse("Cn1cnc2c1c(=O)n(C)c(=O)n2C")
    assert all(change_parts.changes_of(each.core, caffeine) is None for each in RULES)


def test_the_shipped_changes_of_the_table_are_what_its_structures_say():
    assert class_members.members() == tuple(class_members.computed())


def test_a_member_is_found_by_name_and_by_inchikey():
    fentanyl = substances.table().find("fentanyl")
    assert fentanyl is not None
    by_name = class_members.member("fentanyl")
    assert by_name is not None
    assert by_name.changes == ()
    assert class_members.member("anything", fentanyl.inchikey) is by_name
    assert class_members.member("no such substance") is None
    found = class_members.of_mass("fentanyls", 354)
    assert "para-fluorofentanyl" in {each.substance.name for each in found}
    assert class_members.of_mass("no class", 354) == ()


def test_a_good_text_is_read():
    (each,) = parse_site_rules(GOOD).rules
    assert each.rule.ions[0].sites == {0}
    assert each.core.atoms == ((1,), (2,))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[[rule]]", "[rule"),
        ("parent_mass = 100", "parent_mass = 'x'"),
        ('holds = ["a"]', 'holds = ["z"]'),
        ("seen = 0.5", "seen = 1.5"),
        ("mz = 50", "mz = 5000"),
        ("atoms = [2]", "atoms = [1]"),
        ('id = "b"', 'id = "a"'),
        ('source = "s"', ""),
        ("measured = true", "measured = 'yes'"),
        ("changes = [14] },\n  {", "changes = ['x'] },\n  {"),
    ],
)
def test_a_damaged_text_says_what_is_wrong(before, after):
    assert before in GOOD
    with pytest.raises(LibraryError, match=r"site_rules\.toml"):
        parse_site_rules(GOOD.replace(before, after, 1))
