from datetime import UTC, date, datetime, timedelta

import pytest

from lims import (
    audit,
    clock,
    containers,
    custody,
    custody_settings,
    disposal,
    disposition,
    irregular,
    legal_hold,
    people,
    queries,
    records,
)
from lims.confirmations import here
from lims.errors import CustodyError, PermissionDenied, RecordError, StateError
from tests.lims_builders import a_sample, handed

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def sample(lab):
    return a_sample(lab, held_by="cus", seal="A1").number


def order(lab, sample, actor="lee", **more):
    return disposal.order(lab, actor, sample, document="C-5", reason="case closed", **more)


def destroy(lab, sample, *witnesses, actor="cus", seal="A1", **more):
    return disposal.destroy(
        lab, actor, sample, place="plant 2", method="incineration",
        witnesses=here(*witnesses), seal=seal, **more,
    )  # fmt: skip


def hold(lab, subject, document="C-1"):
    return legal_hold.set_hold(lab, "lee", subject, document=document, reason="trial")


def test_destruction_needs_an_order_and_two_witnesses_apart(lab, sample):
    with pytest.raises(StateError, match="nobody ordered"):
        destroy(lab, sample, "rex", "qm")
    with pytest.raises(PermissionDenied):
        order(lab, sample, actor="cus")
    order(lab, sample)
    for witnesses, why in (
        ((), "two witnesses, found 0"),
        (("rex",), "found 1"),
        (("rex", "rex"), "confirms twice"),
        (("rex", "cus"), "confirms twice"),
        (("rex", "lee"), "gave the order"),
        (("rex", "nobody"), "not a person"),
    ):
        with pytest.raises(CustodyError, match=why):
            destroy(lab, sample, *witnesses)
    made = destroy(lab, sample, "rex", "qm", gross_ug=5)
    assert (made.state, made.witnesses, made.gross_ug) == ("destroyed", ("rex", "qm"), 5)
    assert records.sample(lab.db, sample).state == "destroyed"
    with pytest.raises(StateError, match="was destroyed"):
        handed(lab, sample, "cus", "ana", seal="A1")
    assert audit.replay(lab) == audit.projected(lab)


def test_an_order_waits_for_its_day_and_the_lab_s_retention(lab, sample):
    with clock.running_from(lambda: NOW):
        kept = a_sample(lab, held_by="cus").number
        custody_settings.change(lab, "lee", "retention_days", 90, reason="rule 4")
        with pytest.raises(StateError, match="kept until 2027-02-22"):
            order(lab, kept)
    with clock.running_from(lambda: NOW + timedelta(days=90)):
        order(lab, kept, not_before=date(2027, 3, 1))
        with pytest.raises(StateError, match="from 2027-03-01 on"):
            destroy(lab, kept, "rex", "qm", seal="")
    with clock.running_from(lambda: NOW + timedelta(days=100)):
        assert destroy(lab, kept, "rex", "qm", seal="").state == "destroyed"


def test_what_is_to_be_destroyed_is_neither_opened_nor_given_back(lab, sample):
    order(lab, sample)
    with pytest.raises(StateError, match="to be destroyed by order"):
        handed(lab, sample, "cus", "olga", seal="A1")
    assert handed(lab, sample, "cus", "ana", seal="A1").state == "disposal_pending"
    with pytest.raises(StateError, match="to be destroyed by order"):
        custody.open_sample(lab, "ana", sample, seal="A1")
    disposal.cancel(lab, "lee", sample, reason="appeal")
    assert records.sample(lab.db, sample).state == "checked_out"
    assert custody.open_sample(lab, "ana", sample, seal="A1").state == "opened"


def test_a_hold_blocks_order_destruction_and_return_until_another_lifts_it(lab, sample):
    hold(lab, sample)
    with pytest.raises(CustodyError, match="cannot be destroyed: legal hold C-1"):
        order(lab, sample)
    with pytest.raises(CustodyError, match="cannot be returned: legal hold C-1"):
        handed(lab, sample, "cus", "olga", seal="A1")
    with pytest.raises(StateError, match="already"):
        hold(lab, sample)
    with pytest.raises(CustodyError, match="may not lift it"):
        legal_hold.lift_hold(lab, "lee", sample, document="C-2", reason="final")
    with pytest.raises(PermissionDenied):
        legal_hold.lift_hold(lab, "ana", sample, document="C-2", reason="final")
    legal_hold.lift_hold(lab, "qm", sample, document="C-2", reason="final")
    assert legal_hold.holds(lab) == ()
    assert legal_hold.holds(lab, everything=True)[0].lift_document == "C-2"
    order(lab, sample)
    hold(lab, sample, "C-3")
    with pytest.raises(CustodyError, match="legal hold C-3"):
        destroy(lab, sample, "rex", "qm")


def test_a_hold_on_the_shipment_binds_its_samples_and_keeps_it_from_release(lab, sample):
    parcel = records.sample(lab.db, sample).shipment
    hold(lab, parcel)
    assert [each.subject for each in legal_hold.binding(lab.db, sample)] == [parcel]
    with pytest.raises(CustodyError, match=f"legal hold C-1 on {parcel}"):
        order(lab, sample)
    with pytest.raises(StateError):
        disposition.release(lab, "olga", parcel, "fine")
    with pytest.raises(StateError, match="0 open holds"):
        legal_hold.lift_hold(lab, "qm", sample, document="C-2", reason="x")


def test_evidence_is_returned_to_an_officer(lab, sample):
    def give(taker, confirm=("olga",)):
        return disposal.give_back(
            lab, "cus", sample, taker=taker, seal="A1", reason="court", confirmed=here(*confirm)
        )

    with pytest.raises(CustodyError, match="not an officer"):
        give("ana", ("ana",))
    with pytest.raises(CustodyError, match="olga did not confirm"):
        give("olga", ())
    assert give("olga").state == "returned"
    with pytest.raises(CustodyError, match="does not hold it"):
        order(lab, sample)


def test_a_lost_sample_cannot_be_handled_and_comes_back_frozen(lab, sample):
    irregular.report_lost(lab, "cus", sample, circumstances="not on the shelf at 06:00")
    assert queries.board(lab)[0].answer == "lost"
    with pytest.raises(StateError, match="was lost"):
        handed(lab, sample, "cus", "ana", seal="A1")
    with pytest.raises(StateError, match="was lost"):
        irregular.report_lost(lab, "cus", sample, circumstances="still")
    back = irregular.report_found(lab, "ana", sample, where="behind shelf 2", seal="A1")
    assert back.holder == "ana"
    with pytest.raises(CustodyError, match="frozen"):
        custody.open_sample(lab, "ana", sample, seal="A1")
    with pytest.raises(StateError, match="not lost"):
        irregular.report_found(lab, "ana", sample, where="here")
    custody.resolve_discrepancy(lab, "qm", sample, reason="seal whole, camera 4")
    assert custody.open_sample(lab, "ana", sample, seal="A1").state == "opened"


def test_an_order_cancelled_while_lost_does_not_bring_it_back(lab, sample):
    order(lab, sample)
    irregular.report_lost(lab, "cus", sample, circumstances="gone")
    disposal.cancel(lab, "lee", sample, reason="appeal")
    assert records.sample(lab.db, sample).state == "lost"


def late(lab, sample, minutes, **more):
    more = {"giver": "cus", "taker": "place:safe", "seal": "A1", "reason": "power was out"} | more
    at = NOW + timedelta(minutes=minutes)
    return irregular.enter_late(lab, "cus", sample, occurred_at=at, **more)


def test_a_late_entry_keeps_both_times_and_the_order_of_things(lab):
    with clock.running_from(lambda: NOW):
        sample = a_sample(lab, held_by="cus", seal="A1").number
    with clock.running_from(lambda: NOW + timedelta(hours=2)):
        for minutes, why in ((-1, "cannot have happened"), (121, "has not come yet")):
            with pytest.raises(RecordError, match=why):
                late(lab, sample, minutes)
        with pytest.raises(RecordError, match="reason is missing"):
            late(lab, sample, 20, reason="")
        assert late(lab, sample, 20).holder == "place:safe"
    step = records.transfers(lab.db, sample)[-1]
    assert step.kind == "late_entry"
    assert step.occurred_at == NOW + timedelta(minutes=20)
    assert step.at == NOW + timedelta(hours=2)
    with (
        clock.running_from(lambda: NOW + timedelta(hours=3)),
        pytest.raises(CustodyError, match="cannot have happened"),
    ):
        late(lab, sample, 19, giver="place:safe", taker="cus")
    assert audit.replay(lab) == audit.projected(lab)


def test_who_holds_a_container_stays_and_what_was_destroyed_binds_nobody(lab, sample):
    order(lab, sample)
    destroy(lab, sample, "rex", "qm")
    box = containers.make(lab, "cus", "box").number
    with pytest.raises(StateError, match="still holds 1 samples or containers"):
        people.change_person(lab, "lee", "cus", active=False, reason="left")
    containers.move(lab, box, giver="cus", taker="place:safe", actor="cus", reason="end of shift")
    assert not people.change_person(lab, "lee", "cus", active=False, reason="left").active
