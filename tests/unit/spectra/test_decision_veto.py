from __future__ import annotations

import numpy as np
import pytest

from spectra.decision import DecisionState, SubstanceHits, decide

NAMES = ("butyryl", "isobutyryl", *(f"other {n}" for n in range(12)))
SCORES = np.array([0.97, 0.965, *np.linspace(0.5, 0.4, 12)])
HITS = SubstanceHits(substances=NAMES, scores=SCORES)
FAMILY = {name: "isomers" if "butyryl" in name else name for name in NAMES}


@pytest.fixture
def calibration(request):
    from spectra.calibration import calibrate

    rng = np.random.default_rng(1)
    return calibrate(rng.normal(0.3, 0.2, 400), alpha=0.05)


def decided(calibration, *ruled_out):
    return decide(
        HITS,
        calibration,
        isomers=FAMILY.__getitem__,
        veto=lambda name: "index 2100 against 2300" if name in ruled_out else "",
    )


def test_without_a_reason_nothing_changes(calibration):
    plain = decide(HITS, calibration, isomers=FAMILY.__getitem__)
    assert plain.state is DecisionState.MATCH_GROUP
    assert decided(calibration) == plain


def test_a_ruled_out_isomer_leaves_the_other(calibration):
    found = decided(calibration, "butyryl")
    assert found.state is DecisionState.MATCH
    assert found.substances == ("isobutyryl",)
    assert found.isomer_group == ()
    assert found.reasons[0] == "butyryl is ruled out: index 2100 against 2300"


def test_all_ruled_out_is_no_match_with_the_reasons(calibration):
    found = decided(calibration, *NAMES)
    assert found.state is DecisionState.NO_MATCH
    assert found.substances == ()
    assert sum("is ruled out" in reason for reason in found.reasons) == 2


def test_what_is_not_named_is_not_asked_about(calibration):
    assert decided(calibration, "other 3") == decided(calibration)


def test_a_single_candidate_ruled_out_is_no_match(calibration):
    alone = SubstanceHits(substances=("a", *NAMES[2:]), scores=np.array([0.99, *SCORES[2:]]))
    found = decide(alone, calibration, veto=lambda name: "why" if name == "a" else "")
    assert found.state is DecisionState.NO_MATCH
