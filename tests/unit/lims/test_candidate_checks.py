from __future__ import annotations

import pytest

from libraries.other_explanations import BLANK, SAME_RUN, Outcome
from lims import candidate_checks
from tests.lims_builders import an_entry


def a_candidate(mass: int | None = 408, **more: object) -> dict[str, object]:
    entry = an_entry("analogue_candidate", class_name="fentanyl", **more)
    entry["analogue"] = {
        "class": "fentanyl",
        "mass": {"nominal": mass},
        "checks": [
            {"check": name, "outcome": Outcome.NOT_CHECKED.value, "words": ""}
            for name in ("another", SAME_RUN, BLANK)
        ],
    }
    return entry


def outcomes(*entries: dict[str, object], has_blank: bool = False) -> dict[str, tuple[str, str]]:
    (found, *_) = candidate_checks.in_run(list(entries), has_blank=has_blank)
    return {c["check"]: (c["outcome"], c["words"]) for c in found["analogue"]["checks"]}


def test_without_a_blank_carry_over_is_said_to_be_not_excluded():
    outcome, words = outcomes(a_candidate())[BLANK]
    assert outcome == Outcome.NOT_CHECKED.value
    assert "not excluded" in words


def test_a_blank_without_it_speaks_for_the_candidate_and_one_with_it_against():
    assert outcomes(a_candidate(), has_blank=True)[BLANK][0] == Outcome.NOTHING_FOUND.value
    held = a_candidate(blank={"area_ratio": 7.4})
    outcome, words = outcomes(held, has_blank=True)[BLANK]
    assert outcome == Outcome.POSSIBLE.value
    assert words.startswith("7 times")


def test_a_derivative_of_something_named_in_the_run_is_possible():
    # Fentanyl is 336: 408 is its trimethylsilyl derivative, if it had one.
    outcome, words = outcomes(a_candidate(), an_entry("match", "fentanyl"))[SAME_RUN]
    assert outcome == Outcome.POSSIBLE.value
    assert "+72 from fentanyl" in words


@pytest.mark.parametrize(
    ("mass", "others", "expected"),
    [
        (351, [an_entry("match", "fentanyl")], Outcome.NOTHING_FOUND),
        (408, [], Outcome.NOTHING_FOUND),
        (408, [an_entry("match", "no such substance")], Outcome.NOTHING_FOUND),
        (None, [an_entry("match", "fentanyl")], Outcome.NOT_CHECKED),
    ],
)
def test_nothing_found_and_not_checked_are_two_things(mass, others, expected):
    assert outcomes(a_candidate(mass), *others)[SAME_RUN][0] == expected.value


def test_what_the_run_cannot_say_stays_as_it_was_and_other_answers_too():
    assert outcomes(a_candidate())["another"] == (Outcome.NOT_CHECKED.value, "")
    plain = [an_entry("match", "fentanyl"), an_entry("class_only", class_name="nitazene")]
    assert candidate_checks.in_run(plain, has_blank=True) == plain


def test_the_answer_that_was_given_in_is_not_changed():
    entry = a_candidate()
    before = repr(entry)
    candidate_checks.in_run([entry], has_blank=True)
    assert repr(entry) == before
