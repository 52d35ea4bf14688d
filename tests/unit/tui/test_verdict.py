"""Which answer of a run a reviewer sees first."""

from tui.verdict import answers, decisive


def peak(state, group=None):
    return {
        "title": state,
        "decision": {"state": state, "substances": [], "isomer_group": [], "reasons": []},
        "hits": [],
        "hazard": {"group": group, "text": "handle with care"} if group else None,
    }


def test_the_dangerous_answer_is_shown_before_the_sure_one():
    found = answers({"peaks": [peak("match", "H5"), peak("analogue_candidate", "H1")]})
    assert decisive(found, "match") == 1


def test_without_danger_the_level_of_the_finding_decides():
    found = answers({"peaks": [peak("no_match", "H1"), peak("match_group"), peak("match")]})
    assert decisive(found, "match") == 2
    assert decisive(()) == 0
