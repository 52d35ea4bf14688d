"""Sampling plans on record: who draws, what is refused, and what a negative unit does."""

import pytest

from lims import audit, sampling
from lims.errors import CustodyError, NotFoundError, PermissionDenied, RecordError, StateError
from lims.sampling_plan import aim
from tests.lims_builders import a_sample

SEEN = {"counted": "by hand, twice", "look": "alike in shape and colour"}


def planned(lab, population=50, **more):
    sample = a_sample(lab).number
    return sampling.plan(lab, "ana", sample, aim(population, **more), **SEEN)


def after_testing(lab, plan, *, negatives=0, weigh=0):
    waiting = [u for u in plan.drawn if u not in {r.unit for r in plan.results}]
    for at, unit in enumerate(waiting):
        plan = sampling.record_unit(
            lab,
            "ana",
            plan.id,
            unit,
            positive=at >= negatives,
            net_ug=weigh + at if weigh else None,
        )
    return plan


def test_plan_is_drawn_and_its_words_name_no_substance(lab):
    plan = planned(lab)
    assert (plan.units, plan.claimed, len(set(plan.drawn))) == (19, 45, 19)
    assert "none is tested yet" in plan.wording
    done = after_testing(lab, plan)
    assert done.holds
    assert done.proven == 45
    assert "95 % confidence at least 45 of the 50 units" in done.wording
    assert done.seed in done.wording


def test_negative_unit_asks_for_more_and_the_first_draw_stays(lab):
    plan = after_testing(lab, planned(lab), negatives=1)
    assert (plan.holds, plan.more, plan.proven) == (False, 10, 41)
    grown = sampling.enlarge(lab, "ana", plan.id)
    assert grown.drawn[:19] == plan.drawn
    assert len(grown.drawn) == 29
    done = after_testing(lab, grown)
    assert done.holds
    assert (done.tested, done.negatives, done.more) == (29, 1, 0)


def test_claim_that_negatives_have_refuted_cannot_be_saved_by_more_units(lab):
    plan = after_testing(lab, planned(lab, 10), negatives=2)
    assert plan.more is None
    with pytest.raises(StateError, match="can be positive"):
        sampling.enlarge(lab, "ana", plan.id)


def test_plan_that_asks_for_nothing_is_not_enlarged(lab):
    with pytest.raises(StateError, match="no further unit"):
        sampling.enlarge(lab, "ana", planned(lab).id)


def test_only_drawn_units_are_recorded(lab):
    plan = planned(lab)
    other = next(u for u in range(1, 51) if u not in plan.drawn)
    with pytest.raises(StateError, match="not drawn"):
        sampling.record_unit(lab, "ana", plan.id, other, positive=True)


def test_second_record_of_a_unit_needs_a_reason_and_keeps_the_first(lab):
    plan = planned(lab)
    unit = plan.drawn[0]
    sampling.record_unit(lab, "ana", plan.id, unit, positive=False)
    with pytest.raises(RecordError, match="has a result already"):
        sampling.record_unit(lab, "ana", plan.id, unit, positive=True)
    after = sampling.record_unit(lab, "ana", plan.id, unit, positive=True, reason="wrong vial")
    assert (after.tested, after.negatives) == (1, 0)
    rows = lab.db.execute("SELECT positive FROM sampling_unit ORDER BY seq").fetchall()
    assert [row[0] for row in rows] == [0, 1]


def test_only_the_holding_analyst_draws(lab):
    sample = a_sample(lab).number
    with pytest.raises(CustodyError):
        sampling.plan(lab, "abe", sample, aim(10), **SEEN)
    with pytest.raises(PermissionDenied):
        sampling.plan(lab, "rex", sample, aim(10), **SEEN)


def test_method_that_proves_nothing_needs_its_reason(lab):
    sample = a_sample(lab).number
    with pytest.raises(RecordError, match="proves nothing"):
        sampling.plan(lab, "ana", sample, aim(100, method="square root"), **SEEN)
    plan = sampling.plan(
        lab, "ana", sample, aim(100, method="square root"), **SEEN, reason="court order 7"
    )
    done = after_testing(lab, plan)
    assert not done.holds
    assert done.more == 0
    assert "nothing is said of the others" in done.wording


def test_weights_of_the_drawn_units_are_extrapolated(lab):
    done = after_testing(lab, planned(lab), weigh=100_000)
    assert done.weight.weighed == 19
    assert done.weight.total_ug == 50 * done.weight.mean_ug
    assert done.weight.half_width_ug > 0
    assert done.weight.enough


def test_same_key_draws_once(lab):
    sample = a_sample(lab).number
    first = sampling.plan(lab, "ana", sample, aim(30), **SEEN, key="k")
    assert sampling.plan(lab, "ana", sample, aim(30), **SEEN, key="k") == first
    assert sampling.plans(lab, sample) == (first,)


def test_unknown_plan_is_said(lab):
    with pytest.raises(NotFoundError):
        sampling.record_unit(lab, "ana", "\x1b[2Jx", 1, positive=True)


def test_plans_replay_to_the_same_rows(lab):
    plan = after_testing(lab, planned(lab), negatives=1)
    sampling.enlarge(lab, "ana", plan.id)
    assert audit.replay(lab) == audit.projected(lab)
