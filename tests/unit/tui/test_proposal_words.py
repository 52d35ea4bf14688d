from __future__ import annotations

import pytest

from reports.sections import PROPOSED, _checks, _proposed
from tui.proposal_words import MARK, cells, details, law, summary


def some(count: int, **more: object) -> dict[str, object]:
    structures = [{"rank": at + 1, "smiles": "C", "formula": "CH4"} for at in range(count)]
    return {"mass": 16, "complete": True, "candidates": count, "structures": structures} | more


def test_every_count_says_that_nothing_is_identified():
    assert summary(some(1)) == f"1 structure of mass 16, {MARK}"
    assert summary(some(2, candidates=9)) == (
        f"2 structures of mass 16, {MARK}; the first of 9 candidates"
    )
    assert summary(some(2, complete=False)).endswith("more were not looked at")
    assert summary(some(0, reason="no structure is known")) == (
        "nothing proposed: no structure is known"
    )


def test_the_first_line_of_a_detail_is_the_mark():
    assert details({"rank": 3, "smiles": "C"})[0] == f"{MARK}: structure 3"


def test_law_is_worded_as_what_would_be():
    rule = {"would_be": "a rule", "outcome": "applies", "letters": ["D", "E"], "schedule": "I"}
    assert law({"legal": [rule]}) == ["would be a rule (I, DE)"]
    assert law({"legal": [rule | {"letters": ["iv", "vi"]}]}) == ["would be a rule (I, iv, vi)"]
    assert law({"legal": [rule | {"outcome": "may apply"}]})[0].startswith("may be")
    assert law({}) == ["no legal rule here would apply to it"]


@pytest.mark.parametrize("odd", [{}, {"edits": "x", "legal": 3, "ions": None, "agreement": "9"}])
def test_odd_values_of_an_old_record_are_no_fault(odd):
    assert len(cells(odd)) == 5
    assert details(odd)


@pytest.mark.parametrize("odd", [None, 3, "text", [], {}, {"structures": "x"}, {"structures": [1]}])
def test_a_report_takes_only_what_is_a_list_of_structures(odd):
    assert _proposed(odd) == ()
    assert _checks(odd) == ()


def test_each_structure_of_a_report_carries_the_mark():
    found = _proposed(some(9))
    assert len(found) == 5
    assert all(text.startswith(f"{PROPOSED}: ") for text in found)
