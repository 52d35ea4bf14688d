from __future__ import annotations

import numpy as np
import pytest

from spectra.calibration import Calibration, calibrate
from spectra.contrast import statistic
from spectra.decision import ComponentFit, DecisionState, SubstanceHits, collapse, decide
from spectra.errors import SpectrumError
from spectra.quality import Quality

CALIBRATION = Calibration(metric="m", alpha=0.05, threshold=1.0, n=120)
OTHERS = [0.3, 0.28, 0.25, 0.2, 0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.1]


def hits(*named, second=None):
    """Named scores first, then eleven unlike substances."""
    listed = [*named, *((f"other {i}", s) for i, s in enumerate(OTHERS))]
    return SubstanceHits(
        substances=tuple(name for name, _ in listed),
        scores=np.array([score for _, score in listed]),
        second_scores=second,
    )


def test_a_clear_hit_is_a_match_and_carries_its_numbers():
    made = decide(hits(("heroin", 0.97)), CALIBRATION)
    assert made.state is DecisionState.MATCH
    assert made.substances == ("heroin",)
    assert (made.alpha, made.n_calibration, made.threshold) == (0.05, 120, 1.0)
    assert made.statistic == pytest.approx(statistic(0.97, OTHERS))
    assert made.isomer_group == ()


def test_a_hit_below_the_threshold_names_nothing():
    made = decide(hits(("heroin", 0.6)), CALIBRATION)
    assert made.state is DecisionState.NO_MATCH
    assert made.substances == ()
    assert "does not exceed" in made.reasons[0]


def test_a_high_score_beside_equally_high_ones_is_no_match():
    crowd = [(f"mineral {i}", 0.9 - 0.01 * i) for i in range(12)]
    assert statistic(0.97, [s for _, s in crowd]) < statistic(0.97, OTHERS)
    strict = Calibration(metric="m", alpha=0.05, threshold=1.6, n=120)
    assert decide(hits(("x", 0.97)), strict).state is DecisionState.MATCH
    assert decide(hits(("x", 0.97), *crowd), strict).state is DecisionState.NO_MATCH


def test_ties_are_reported_as_one_group_and_do_not_count_against_each_other():
    made = decide(hits(("cocaine base", 0.970), ("cocaine hydrochloride", 0.969)), CALIBRATION)
    assert made.state is DecisionState.MATCH_GROUP
    assert made.isomer_group == ("cocaine base", "cocaine hydrochloride")
    assert made.statistic == pytest.approx(statistic(0.97, OTHERS))


def family(name):
    return "fluorofentanyl" if "fluorofentanyl" in name else name


def test_isomers_that_pass_the_threshold_are_named_together():
    listed = hits(("para-fluorofentanyl", 0.98), ("ortho-fluorofentanyl", 0.95))
    made = decide(listed, CALIBRATION, isomers=family)
    assert made.state is DecisionState.MATCH_GROUP
    assert made.substances == ("para-fluorofentanyl", "ortho-fluorofentanyl")


def test_isomers_that_are_unlike_are_not_named():
    listed = hits(("para-fluorofentanyl", 0.98), ("ortho-fluorofentanyl", 0.35))
    made = decide(listed, CALIBRATION, isomers=family)
    assert made.state is DecisionState.MATCH
    assert made.substances == ("para-fluorofentanyl",)


@pytest.mark.parametrize("calibration", [None, calibrate(np.arange(18.0))])
def test_without_calibration_nothing_is_a_match_nor_no_match(calibration):
    made = decide(hits(("heroin", 1.0)), calibration)
    assert made.state is DecisionState.INSUFFICIENT
    assert made.substances == ()
    assert "calibrat" in made.reasons[0]


def test_a_failed_quality_is_insufficient_never_no_match():
    failed = Quality(ok=False, reasons=("flat",))
    made = decide(hits(("heroin", 1.0)), CALIBRATION, quality=failed)
    assert made.state is DecisionState.INSUFFICIENT
    assert made.reasons == ("flat",)
    assert made.n_calibration == 120


def test_no_comparable_reference_is_insufficient_never_no_match():
    empty = SubstanceHits(substances=(), scores=np.empty(0))
    assert decide(empty, CALIBRATION).state is DecisionState.INSUFFICIENT


def test_a_second_metric_that_disagrees_is_said():
    second = np.full(12, 0.5)
    second[4] = 0.9
    made = decide(hits(("heroin", 0.97), second=second), CALIBRATION)
    assert made.state is DecisionState.MATCH
    assert made.reasons[-1] == "the second metric prefers other 3"


GATED = Calibration(
    metric="m", alpha=0.05, threshold=1.0, n=120, residual_limit=0.2, gain_limit=0.4
)


def fit(**changes):
    values = {
        "substances": ("heroin", "caffeine"),
        "shares": (0.8, 0.2),
        "residual": 0.05,
        "gain": 0.7,
        "agreed": True,
    }
    return ComponentFit(**(values | changes))


def test_two_components_that_explain_the_rest_are_a_mixture():
    made = decide(hits(("heroin", 0.9)), GATED, fit=fit())
    assert made.state is DecisionState.MIXTURE
    assert made.substances == ("heroin", "caffeine")
    assert "heroin 80%, caffeine 20%" in made.reasons[0]


@pytest.mark.parametrize(
    "changes", [{"gain": 0.3}, {"agreed": False}, {"substances": ("heroin",), "shares": (1.0,)}]
)
def test_without_gain_or_agreement_it_stays_a_single_match(changes):
    assert decide(hits(("heroin", 0.97)), GATED, fit=fit(**changes)).state is DecisionState.MATCH


def test_signal_no_components_explain_is_unexplained():
    made = decide(hits(("heroin", 0.97)), GATED, fit=fit(residual=0.5))
    assert made.state is DecisionState.UNEXPLAINED
    assert made.substances == ()
    assert "shares features with heroin, caffeine" in made.reasons[0]


def test_gates_that_were_not_learned_do_not_act():
    made = decide(hits(("heroin", 0.97)), CALIBRATION, fit=fit(residual=0.9))
    assert made.state is DecisionState.MATCH


def test_replicates_collapse_to_their_best_row():
    made = collapse([4, 0, 2, 3], [0.9, 0.9, 0.95, 0.2], ["a", "a", "b", "c", "b"], [1, 2, 3, 4])
    assert made.substances == ("b", "a", "c")
    assert list(made.scores) == [0.95, 0.9, 0.2]
    assert list(made.second_scores) == [3, 2, 4]


@pytest.mark.parametrize(
    ("names", "scores"),
    [(("a", "a"), [0.9, 0.8]), (("a", "b"), [0.8, 0.9]), (("a",), [np.nan]), (("a",), [])],
)
def test_hit_lists_that_cannot_be_are_refused(names, scores):
    with pytest.raises(SpectrumError):
        SubstanceHits(substances=names, scores=np.array(scores))
