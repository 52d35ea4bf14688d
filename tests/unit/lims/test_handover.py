from datetime import UTC, datetime, timedelta

import pytest

from lims import audit, clock, confirmations, custody, custody_settings, handover, records
from lims.errors import CustodyError, PermissionDenied, RecordError, StateError
from lims.model import SampleState
from tests.lims_builders import a_sample, handed

START = datetime(2026, 11, 24, 8, tzinfo=UTC)


def at(minutes):
    return clock.running_from(lambda: START + timedelta(minutes=minutes))


def kinds(lab):
    return [event.kind for event in audit.events(lab, 0, 1_000)]


def test_transfer_needs_both_people(lab):
    sample = a_sample(lab, held_by="ana").number
    for actor in ("ana", "cus"):
        with pytest.raises(CustodyError, match="did not confirm") as refused:
            custody.transfer(lab, sample, giver="ana", taker="cus", actor=actor)
        assert "propose" in refused.value.hint
    assert handed(lab, sample, "ana", "cus").holder == "cus"
    step = records.transfers(lab.db, sample)[-1]
    assert step.confirmed == {"ana": confirmations.SIGNED_IN, "cus": confirmations.NAMED}


def test_a_place_needs_one_person(lab):
    sample = a_sample(lab, held_by="ana").number
    kept = custody.transfer(lab, sample, giver="ana", taker="place:safe", actor="ana")
    assert kept.holder == "place:safe"
    with pytest.raises(CustodyError, match="did not confirm"):
        custody.transfer(lab, sample, giver="place:safe", taker="ana", actor="cus")


@pytest.mark.parametrize(
    ("confirmed", "why"),
    [
        (("ana",), "confirms twice"),
        (("cus", "cus"), "confirms twice"),
        (("nobody",), "not a person"),
        (("rex",), "cus did not confirm"),
    ],
)
def test_nobody_confirms_for_somebody_else(lab, confirmed, why):
    sample = a_sample(lab, held_by="ana").number
    with pytest.raises(CustodyError, match=why):
        custody.transfer(
            lab,
            sample,
            giver="ana",
            taker="cus",
            actor="ana",
            confirmed=confirmations.here(*confirmed),
        )
    assert records.sample(lab.db, sample).holder == "ana"


def test_recorded_on_behalf_needs_a_clerk_apart_and_a_reason_and_is_marked(lab):
    sample = a_sample(lab, held_by="ana").number

    def record(actor, reason="both in hospital", **more):
        return custody.transfer(
            lab,
            sample,
            giver="ana",
            taker="abe",
            actor=actor,
            reason=reason,
            on_behalf=True,
            **more,
        )

    for actor, reason, why in (
        ("olga", "x", "may not record"),
        ("cus", "", "needs a reason"),
        ("ana", "x", "may not record"),
    ):
        with pytest.raises(CustodyError, match=why):
            record(actor, reason)
    with pytest.raises(CustodyError, match="both confirmed"):
        record("cus", confirmed=confirmations.here("ana", "abe"))
    assert record("cus").holder == "abe"
    step = records.transfers(lab.db, sample)[-1]
    assert step.on_behalf
    assert step.reason == "both in hospital"
    assert not records.transfers(lab.db, sample)[0].on_behalf


def test_a_clerk_who_takes_the_sample_does_not_act_for_the_giver(lab):
    sample = a_sample(lab, held_by="ana").number
    with pytest.raises(CustodyError, match="may not act for the other side"):
        custody.transfer(
            lab, sample, giver="ana", taker="cus", actor="cus", reason="x", on_behalf=True
        )


def test_offer_changes_nothing_until_it_is_accepted_with_the_seal_read_twice(lab):
    sample = a_sample(lab, held_by="cus", seal="A1").number
    offer = handover.propose(lab, "cus", sample, taker="ana", seal="A1", reason="to test")
    assert records.sample(lab.db, sample).holder == "cus"
    assert [each.seq for each in handover.handovers(lab)] == [offer.seq]
    with pytest.raises(CustodyError, match="must be read"):
        handover.accept(lab, "ana", sample)
    taken = handover.accept(lab, "ana", sample, seal="A1", key="k")
    assert (taken.holder, taken.state) == ("ana", SampleState.CHECKED_OUT)
    assert handover.accept(lab, "ana", sample, seal="A1", key="k") == taken
    step = records.transfers(lab.db, sample)[-1]
    assert step.confirmed == {"cus": confirmations.PROPOSED, "ana": confirmations.SIGNED_IN}
    assert handover.handovers(lab) == ()
    assert handover.handovers(lab, everything=True)[0].state == "accepted"


def test_only_the_person_it_was_offered_to_accepts(lab):
    sample = a_sample(lab, held_by="cus").number
    handover.propose(lab, "cus", sample, taker="ana")
    with pytest.raises(CustodyError, match="offered to ana"):
        handover.accept(lab, "abe", sample)
    with pytest.raises(PermissionDenied):
        handover.accept(lab, "rex", sample)


def test_what_is_offered_is_not_touched_meanwhile(lab):
    sample = a_sample(lab, held_by="ana").number
    handover.propose(lab, "ana", sample, taker="cus")
    for attempt in (
        lambda: custody.open_sample(lab, "ana", sample),
        lambda: custody.weigh(lab, "ana", sample, gross_ug=1),
        lambda: handed(lab, sample, "ana", "abe"),
        lambda: handover.propose(lab, "ana", sample, taker="abe"),
    ):
        with pytest.raises(CustodyError, match="waits for an answer"):
            attempt()
    assert handover.decline(lab, "ana", sample, reason="wrong bag").state == "withdrawn"
    assert handed(lab, sample, "ana", "abe").holder == "abe"


def test_offer_lapses_and_an_event_says_so(lab):
    with at(0):
        sample = a_sample(lab, held_by="cus").number
        offer = handover.propose(lab, "cus", sample, taker="ana")
        assert offer.expires_at == START + timedelta(minutes=30)
    with at(30):
        assert handover.handovers(lab) == ()
        assert "handover.lapsed" not in kinds(lab)
        with pytest.raises(StateError, match="the last one was lapsed"):
            handover.accept(lab, "ana", sample)
    assert kinds(lab)[-1] == "handover.lapsed"
    ended = handover.handovers(lab, everything=True)[0]
    assert (ended.state, ended.closed_by) == ("lapsed", "ana")
    with at(31):
        handover.propose(lab, "cus", sample, taker="ana")
        assert handover.accept(lab, "ana", sample).holder == "ana"


def test_the_lab_sets_how_long_an_offer_waits(lab):
    with pytest.raises(PermissionDenied):
        custody_settings.change(lab, "ana", "handover_minutes", 5, reason="x")
    with pytest.raises(RecordError, match="between 1 and"):
        custody_settings.change(lab, "lee", "handover_minutes", 0, reason="x")
    custody_settings.change(lab, "lee", "handover_minutes", 5, reason="day shift")
    with at(0):
        sample = a_sample(lab, held_by="cus").number
        offer = handover.propose(lab, "cus", sample, taker="ana")
    assert offer.expires_at == START + timedelta(minutes=5)


def test_seal_that_differs_at_acceptance_freezes(lab):
    sample = a_sample(lab, held_by="cus", seal="A1").number
    handover.propose(lab, "cus", sample, taker="ana", seal="A1")
    with pytest.raises(CustodyError, match="B7 was read"):
        handover.accept(lab, "ana", sample, seal="B7")
    assert records.sample_row(lab.db, sample)["frozen"]
    assert records.sample(lab.db, sample).holder == "cus"
    assert audit.replay(lab) == audit.projected(lab)


def test_a_place_cannot_accept(lab):
    sample = a_sample(lab, held_by="cus").number
    with pytest.raises(CustodyError, match="cannot accept"):
        handover.propose(lab, "cus", sample, taker="place:safe")
