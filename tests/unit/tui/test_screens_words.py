"""Verdicts, forms, ages and actions as the screens word them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import actions
from tui.intake_form import drafts, micrograms
from tui.moments import age, local
from tui.verdict import answers, decisive, evidence, statement, strength

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "spectra",
                    "peaks",
                    "decision",
                    "hits",
                    "analogue",
                    "mixture",
                    "quality",
                    "state",
                    "reasons",
                    "components",
                    "hazard",
                    "rank",
                    "hqi",
                    "name",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def answer(state: str, **more: object):
    decision = {
        "state": state,
        "substances": more.pop("substances", []),
        "isomer_group": more.pop("isomers", []),
        "alpha": 0.05,
        "n_calibration": 312,
        "reasons": [],
    }
    return answers({"spectra": [{"title": "t", "decision": decision, "hits": [], **more}]})[0]


@given(JSON)
def test_any_stored_match_is_worded_without_a_crash(stored) -> None:
    for found in answers({"spectra": [stored], "peaks": None}):
        assert isinstance(statement(found) + strength(found) + "".join(evidence(found)), str)


def test_a_candidate_is_never_given_the_parents_name() -> None:
    found = answer("analogue_candidate", substances=["fentanyl"], analogue={"class": "fentanyls"})
    assert statement(found) == "Not in any library: candidate analogue of fentanyls"


@pytest.mark.parametrize("state", ["no_match", "insufficient", "unexplained", "class_only"])
def test_states_without_identification_show_no_substance(state: str) -> None:
    assert "cocaine" not in statement(answer(state, substances=["cocaine"]))


def test_a_match_says_that_it_confirms_nothing_and_what_it_cannot_exclude() -> None:
    found = answer("match", substances=["butyryl fentanyl"], isomers=["isobutyryl fentanyl"])
    assert statement(found) == "Presumptive: butyryl fentanyl"
    lines = evidence(found)
    assert "! cannot exclude: isobutyryl fentanyl" in lines
    assert any("Not a confirmation" in line for line in lines)


def test_the_decisive_answer_is_the_one_the_finding_rests_on() -> None:
    found = answers(
        {"peaks": [{"decision": {"state": s}} for s in ("no_match", "class_only", "match")]}
    )
    assert decisive(found) == 2
    assert decisive(found, "class_only") == 1
    assert decisive(()) == 0


def test_an_uncalibrated_decision_says_so() -> None:
    found = answers({"spectra": [{"decision": {"state": "match"}}]})[0]
    assert strength(found) == "not calibrated"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("0.42 g", 420_000), ("1,5 kg", 1_500_000_000), ("3 mg", 3_000), ("7 ug", 7), ("7 µg", 7)],
)
def test_masses_are_whole_micrograms(typed: str, expected: int) -> None:
    assert micrograms(typed) == expected


@pytest.mark.parametrize("typed", ["", "g", "1", "1 lb", "1.5 ug", "-1 g", "1e3 g", "9" * 40])
def test_what_is_no_mass_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"number|microgram"):
        micrograms(typed)


def test_all_errors_of_the_form_come_at_once() -> None:
    made = drafts({"origin": "CHN", "gross": "a lot", "lane": "fast"})
    assert set(made.errors) == {"declared_goods", "description", "origin", "gross", "lane"}
    assert made.shipment is None


def test_declared_figures_stay_exactly_as_typed() -> None:
    made = drafts(
        {
            "declared_goods": "sand",
            "declared_value": "10,00 usd",
            "description": "bag",
            "declared_weight": "1.5kg",
            "origin": "cn",
        }
    )
    assert made.shipment is not None
    assert made.shipment.declared_value == "10,00 usd"
    assert made.shipment.declared_weight == "1.5kg"
    assert made.shipment.origin == "CN"


@given(
    st.dictionaries(
        st.sampled_from(["declared_goods", "description", "gross", "origin", "lane", "seal"]),
        st.text(max_size=20),
    )
)
def test_any_form_gives_drafts_or_errors(typed) -> None:
    made = drafts(typed)
    assert bool(made.errors) == (made.shipment is None)


def test_ages_read_as_a_person_says_them() -> None:
    assert [age(m) for m in (-1, 12.9, 185, 3000)] == ["0 min", "12 min", "3 h 05", "2 d"]


def test_moments_carry_their_offset() -> None:
    at = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert local(at, "America/Phoenix") == "2026-11-24 01:30 -07:00"
    assert local(at, "no/such zone") == "2026-11-24 08:30 +00:00"


UNSAFE = ("ctrl+m", "ctrl+i", "ctrl+j", "ctrl+h", "ctrl+c", "ctrl+b", "ctrl+enter")
SAFE = re.compile(
    r"f[1-9]|f10|[a-z0-9]|enter|escape|left|right|up|down|shift\+(left|right)|ctrl\+[a-z]|slash|comma"
    r"|full_stop|question_mark|space|plus|minus|less_than_sign|greater_than_sign"
)


def test_only_keys_every_terminal_sends_are_bound() -> None:
    for action in actions.ACTIONS:
        for key in action.key.split(","):
            assert SAFE.fullmatch(key), action.id
            assert key not in UNSAFE, action.id


@pytest.mark.parametrize("place", sorted({p for a in actions.ACTIONS for p in a.where}))
def test_no_key_means_two_things_in_one_place(place: str) -> None:
    together = (place, "app") if place not in ("app", "plot") else (place, "app", "review")[:2]
    keys = [k for a in actions.here(*together) for k in a.key.split(",")]
    assert len(keys) == len(set(keys))


def test_the_review_and_its_plot_share_no_key() -> None:
    keys = [k for a in actions.here("review", "plot", "app") for k in a.key.split(",")]
    assert len(keys) == len(set(keys))


def test_action_ids_are_unique() -> None:
    names = [action.id for action in actions.ACTIONS]
    assert len(names) == len(set(names))
