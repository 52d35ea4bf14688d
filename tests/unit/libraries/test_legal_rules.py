from __future__ import annotations

import copy
import json
from datetime import date
from typing import Any

import pytest

from libraries import legal, legal_rules, substances
from libraries.errors import LibraryError

RULES = legal_rules.packaged()


def a_rule(**changes: Any) -> dict[str, Any]:
    """A small rule in the shape of its file; a change of None takes a field out."""
    whole: dict[str, Any] = {
        "schema": "fol.law/1",
        "id": "xx-xylazine",
        "jurisdiction": "Utopia",
        "rule": "xylazine and its kin",
        "classes": ["sedative/adulterant (alpha-2 agonist)"],
        "schedule": "List 1",
        "pointer": "Utopia: alpha-2 agonists",
        "version": [
            {
                "valid_from": "2024-01-01",
                "valid_to": "",
                "source": "Act 1",
                "text": "Xylazine.",
                "text_status": "paraphrase",
                "sure": "invented for a test",
            }
        ],
        "test": {
            "kind": "screen",
            "patterns": ["C1CSC(=N1)N"],
            "reason_met": "a 2-aminothiazine or thiazoline",
            "reason_not_met": "no 2-aminothiazoline",
        },
    }
    whole.update(copy.deepcopy(changes))
    return {name: value for name, value in whole.items() if value is not None}


def a_version(**changes: Any) -> dict[str, Any]:
    one = a_rule()["version"][0] | changes
    return {name: value for name, value in one.items() if value is not None}


def test_rules_carry_dates_source_text_and_how_sure_they_are() -> None:
    assert len(RULES) == 20
    for rule in RULES:
        for version in rule.versions:
            assert date.fromisoformat(version.valid_from)
            assert not version.valid_to or version.valid_to > version.valid_from
            assert version.source
            assert version.sure
            assert version.text_status
            assert len(version.text) > 40, rule.id
        assert set(rule.classes) <= set(substances.table().class_names)


def test_the_united_states_come_first_and_ids_are_unique() -> None:
    assert RULES.rules[0].id == "us-fentanyl-related"
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_a_rule_is_read_with_its_versions() -> None:
    rule = legal_rules.parse(a_rule(), "a.json")
    legal.check(rule)
    assert rule.on("2024-06-01") == (rule.versions[0], True)
    assert rule.on("2023-12-31") == (rule.versions[0], False)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"schema": "fol.law/2"}, "schema"),
        ({"schema": None}, "lacks schema"),
        ({"id": "Über"}, "id"),
        ({"id": "../../etc"}, "id"),
        ({"classes": ["no such class"]}, "does not know"),
        ({"classes": "nitazene"}, "list of texts"),
        ({"unknown": 1}, "unknown field: unknown"),
        ({"version": []}, "version must be"),
        ({"version": [a_version()] * 41}, "version must be"),
        ({"version": "2024"}, "version must be"),
        ({"version": [a_version(valid_from="2024-02-30")]}, "valid_from"),
        ({"version": [a_version(valid_from=20240101)]}, "valid_from"),
        ({"version": [a_version(valid_to="2023-01-01")]}, "not after its start"),
        ({"version": [a_version(), a_version(valid_from="2025-01-01")]}, "is not over"),
        ({"version": [a_version(text="")]}, "text must be"),
        ({"version": [a_version(text="x" * 7_000)]}, "at most 6000"),
        ({"version": [a_version(source=None)]}, "lacks source"),
        ({"test": None}, "no test"),
        ({"schedule": None}, "no schedule"),
        ({"test": {"kind": "python"}}, "kind must be one of"),
        ({"test": ["screen"]}, "kind must be one of"),
        ({"excepted": [{"name": "nosuchthing", "reason": "r"}]}, "stands in no substances table"),
        ({"excepted": [{"name": "x", "reason": "r", "inchikey_block": "abc"}]}, "no first block"),
        ({"excepted": "all"}, "excepted must be"),
    ],
)
def test_a_rule_with_a_fault_is_refused_by_name(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(LibraryError) as caught:
        legal_rules.parse(a_rule(**changes), "bad.json")
    assert "bad.json" in caught.value.message
    assert word in caught.value.message


@pytest.mark.parametrize("data", [None, [], "x", 3, {}])
def test_what_is_no_table_is_no_rule(data: object) -> None:
    with pytest.raises(LibraryError, match=r"bad\.json"):
        legal_rules.parse(data, "bad.json")


@pytest.mark.parametrize(
    "test",
    [
        {"kind": "screen", "patterns": ["C("], "reason_met": "a", "reason_not_met": "b"},
        {"kind": "screen", "patterns": [], "reason_met": "a", "reason_not_met": "b"},
        {"kind": "screen", "patterns": ["C"], "reason_met": "a"},
        {"kind": "derived", "cores": [{"smarts": "[C:1]"}], "sites": []},
        {
            "kind": "derived",
            "reason_no_core": "no",
            "cores": [{"smarts": "[C:1]"}],
            "sites": [{"name": "s", "atoms": [1], "may": ["plutonyl"]}],
        },
        {
            "kind": "derived",
            "reason_no_core": "no",
            "cores": [{"smarts": "[C:1]"}],
            "sites": [{"name": "s", "atoms": [7], "may": ["alkyl"]}],
        },
        {
            "kind": "derived",
            "reason_no_core": "no",
            "cores": [{"smarts": "[C:1]"}],
            "sites": [{"name": "s", "atoms": [1], "eval": "x"}],
        },
        {
            "kind": "derived",
            "reason_no_core": "no",
            "cores": [{"smarts": "[C:1]"}],
            "sites": [{"name": "s", "atoms": [1], "may": ["alkylenedioxy"]}],
        },
        {"kind": "derived", "reason_no_core": "no", "cores": [], "sites": []},
        {"kind": "sites", "core": "[C:1]"},
        {"kind": "sites", "core": 5, "letters": 5, "lists": 5, "starts": 5},
        {"kind": "screen", "patterns": ["C"], "reason_met": "a", "reason_not_met": "b", "x": 1},
        {"kind": "screen", "patterns": 5, "reason_met": "a", "reason_not_met": "b"},
        {
            "kind": "screen",
            "patterns": ["C"],
            "reason_met": "a",
            "reason_not_met": "b",
            "largest_mass": "500",
        },
        {
            "kind": "derived",
            "reason_no_core": "n",
            "cores": [{"smarts": "[C:1]", "y": 1}],
            "sites": [],
        },
        {
            "kind": "derived",
            "reason_no_core": "n",
            "cores": [{"smarts": "[C:1]", "letters": 5}],
            "sites": [],
        },
        {
            "kind": "derived",
            "reason_no_core": "n",
            "modifications": "one",
            "cores": [{"smarts": "[C:1]"}],
            "sites": [],
        },
        {
            "kind": "derived",
            "reason_no_core": "n",
            "cores": [{"smarts": "[C:1]", "sites": 5}],
            "sites": [],
        },
        {"kind": "listed", "entries": [{"name": "xylazine"}]},
        {"kind": "listed", "as_of": "2024-01-01", "entries": []},
        {"kind": "listed", "entries": [{"name": "nosuchthing"}]},
        {"kind": "listed", "entries": [{"name": "xylazine", "since": "soon"}]},
        {"kind": "listed", "entries": [{"name": "xylazine", "colour": "red"}]},
        {"kind": "listed", "entries": [{"name": "xylazine", "since": 2024}]},
    ],
)
def test_a_test_that_cannot_be_asked_is_found_when_it_is_checked(test: dict[str, Any]) -> None:
    rule = legal_rules.parse(a_rule(test=test), "bad.json")
    with pytest.raises(LibraryError):
        legal.check(rule)


def test_a_change_of_any_field_changes_the_digest_of_rule_and_set() -> None:
    one = legal_rules.parse(a_rule(), "a.json")
    other = legal_rules.parse(a_rule(pointer="Utopia: kin"), "a.json")
    assert one.digest != other.digest
    assert legal_rules.RuleSet((one,)).digest != legal_rules.RuleSet((other,)).digest
    assert legal_rules.parse(json.loads(json.dumps(a_rule())), "b.json").digest == one.digest


def test_a_rule_of_the_same_id_takes_the_others_place() -> None:
    mine = legal_rules.parse(a_rule(id="uk-nitazenes"), "a.json", revision=1)
    new = legal_rules.parse(a_rule(), "a.json", revision=1)
    found = RULES.replaced((mine, new))
    assert len(found) == len(RULES) + 1
    assert found.get("uk-nitazenes").jurisdiction == "Utopia"
    assert found.digest != RULES.digest
    assert RULES.get("uk-nitazenes").jurisdiction == "United Kingdom"


def test_an_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(LibraryError) as caught:
        RULES.get("uk-nitazens")
    assert "uk-nitazenes" in caught.value.hint


def test_a_labs_rule_answers_like_any_other() -> None:
    rules = RULES.replaced((legal_rules.parse(a_rule(), "a.json", revision=3),))
    found = legal.classify("Cc1cccc(C)c1NC1=NCCS1", rules=rules, day="2024-05-01")
    (mine,) = [each for each in found.rules if each.id == "xx-xylazine"]
    assert (mine.applies, mine.revision) == (True, 3)
