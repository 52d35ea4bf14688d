from __future__ import annotations

from importlib import resources

import pytest

from libraries.errors import LibraryError
from libraries.ion_rules import ion_rules, mass_changes, parse_ion_rules, parse_mass_changes

TEXT = resources.files("libraries").joinpath("data", "ion_rules.toml").read_text("utf-8")
NITAZENE_LABELS = 'labels = ["nitazene", "nitazenes", "benzimidazole opioid"]'


def test_the_shipped_rules_are_complete_and_dated():
    rules = ion_rules()
    assert rules.as_of
    names = {rule.class_name for rule in rules.rules}
    assert {"fentanyl", "nitazene", "synthetic cathinone", "tryptamine"} <= names
    for rule in rules.rules:
        assert rule.source
        assert rule.labels
        assert not rule.labels & rules.no_class
        assert not rule.labels & rule.kin


def test_what_was_never_tried_says_so():
    (nitazene,) = [rule for rule in ion_rules().rules if rule.class_name == "nitazene"]
    assert not nitazene.measured


def test_labels_that_are_no_class_become_none():
    rules = ion_rules()
    assert rules.class_label(" Fentanyl ") == "fentanyl"
    for label in ("", "other", "Background", "pharmaceutical adulterant"):
        assert rules.class_label(label) is None


def test_a_label_by_role_is_no_rule_of_its_own():
    rules = ion_rules()
    assert "fentanyl precursor/impurity" in rules.by_role
    for rule in rules.rules:
        assert not rule.labels & rules.by_role


def test_every_mass_change_is_whole_and_sourced():
    changes = mass_changes()
    deltas = {change.delta_da for change in changes}
    assert {14, -14, 28, 18, 34, 78, 30, 38, 12, -2, 6, -10, -45} <= deltas
    assert all(change.change for change in changes)
    text = resources.files("libraries").joinpath("data", "mass_changes.csv").read_text("utf-8")
    for line in text.splitlines()[1:]:
        assert len(line.split(",")) == 6
        assert line.split(",")[4]
        assert line.split(",")[5][:2] == "20"


def test_a_deuterated_standard_is_a_caution():
    assert any(c.delta_da == 5 and "standard" in c.caution for c in mass_changes())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[rule]]", "[rule", "no TOML"),
        (NITAZENE_LABELS, 'labels = "nitazene"', "labels"),
        (NITAZENE_LABELS, 'labels = ["fentanyl"]', "two rules"),
        ("min_groups = 4", "min_groups = 9", "min_groups"),
        ("min_relative = 0.20", "min_relative = 20", "min_relative"),
        ("measured = false", "", "measured"),
        ("core_loss = 43", "core_loss = 44", "core_loss"),
        ("unchanged = [336, 245, 189, 146]", "unchanged = [336, 245]", "chain needs"),
        ('{ mass = 91, of = "phenethyl" }', '{ mass = "x", of = "phenethyl" }', "mass"),
        ("mz = [107]", "mz = []", "mz"),
    ],
)
def test_a_damaged_rule_is_refused_with_its_place(old, new, said):
    assert old in TEXT
    with pytest.raises(LibraryError, match=said):
        parse_ion_rules(TEXT.replace(old, new))


def test_an_empty_file_is_refused():
    with pytest.raises(LibraryError, match="no \\[\\[rule\\]\\]"):
        parse_ion_rules("as_of = 2026-01-01")


@pytest.mark.parametrize(
    "row", ["x,CH2,,s,2026", "0,nothing,,s,2026", "14,,,s,2026", ",CH2,,s,2026"]
)
def test_a_damaged_mass_change_is_refused_with_its_line(row):
    with pytest.raises(LibraryError, match="line 2"):
        parse_mass_changes(f"delta_da,change,caution,source,as_of\n{row}\n")
