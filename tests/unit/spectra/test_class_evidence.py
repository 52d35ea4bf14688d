from __future__ import annotations

import pytest

from libraries.ion_rules import ion_rules
from spectra.analogue import ReferenceHit
from spectra.class_evidence import HANDICAP, MODEL_WEIGHT, rank

RULES = ion_rules().rules
BY_ROLE = ion_rules().by_role


def hit(score: float, class_name: str | None) -> ReferenceHit:
    return ReferenceHit(
        name=f"{class_name} {score}", substance=str(score), class_name=class_name, score=score
    )


def test_nothing_found_puts_no_class_first():
    assert rank((), RULES).first is None
    assert rank((hit(0.9, None),), RULES).first is None


def test_what_is_outside_must_be_better_by_the_handicap():
    near = (hit(0.90, None), hit(0.90 - HANDICAP + 0.01, "cathinone"))
    assert rank(near, RULES).first.label == "cathinone"
    assert rank(near, RULES).ahead_of_outside < 0
    far = (hit(0.90, None), hit(0.90 - HANDICAP - 0.01, "cathinone"))
    assert rank(far, RULES).first is None


def test_a_vote_moves_a_class_by_its_weight():
    hits = (hit(0.80, "cathinone"), hit(0.78, "tryptamine"))
    made = rank(hits, RULES, votes={"tryptamine": 0.4, "cathinone": 0.0})
    assert made.first.label == "tryptamine"
    assert made.first.score == pytest.approx(0.78 + 0.4 * MODEL_WEIGHT)
    assert made.lead == pytest.approx(0.4 * MODEL_WEIGHT - 0.02)


def test_two_labels_of_one_class_are_no_rivals():
    made = rank((hit(0.9, "cathinone"), hit(0.89, "synthetic cathinone")), RULES)
    assert len(made.classes) == 1
    assert made.lead == pytest.approx(0.9)


def test_kin_is_no_rival_and_a_role_is_no_class():
    (role,) = (each for each in BY_ROLE if each.startswith("fentanyl"))
    made = rank((hit(0.95, role), hit(0.9, "fentanyl")), RULES, BY_ROLE)
    assert made.first.label == "fentanyl"
    assert made.outside == pytest.approx(-HANDICAP)
    foreign = rank((hit(0.95, role), hit(0.7, "cathinone")), RULES, BY_ROLE)
    assert foreign.first is None
