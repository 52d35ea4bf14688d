"""A carrier says what it may hide; an answer that names none says nothing."""

from __future__ import annotations

import pytest

from libraries.entry import Section
from libraries.masking import told
from spectra.decision import Decision, DecisionState


def a_match(*names: str, state: DecisionState = DecisionState.MATCH) -> Decision:
    return Decision(state=state, substances=names, reasons=("contrast",))


@pytest.mark.parametrize(("section", "limit"), [(Section.FTIR, "5%"), (Section.RAMAN, "10%")])
def test_a_carrier_says_what_it_may_mask_and_what_to_do(section, limit):
    said = told(a_match("lactose"), section).reasons
    assert said[0] == "contrast"
    assert "lactose may mask" in said[1]
    assert limit in said[1]
    assert "extract" in said[1]


def test_the_carrier_of_a_mixture_is_named_and_the_drug_is_not():
    mixed = a_match("sucrose", "cocaine", state=DecisionState.MIXTURE)
    (reason,) = told(mixed, Section.FTIR).reasons[1:]
    assert reason.startswith("sucrose may mask")
    assert "cocaine" not in reason


@pytest.mark.parametrize(
    ("decided", "section"),
    [
        (a_match("cocaine"), Section.FTIR),
        (a_match("no such name"), Section.FTIR),
        (a_match("lactose"), Section.EI),
        (Decision(state=DecisionState.NO_MATCH), Section.FTIR),
    ],
)
def test_nothing_is_said_where_no_carrier_is_named_or_peaks_are_separated(decided, section):
    assert told(decided, section) is decided
