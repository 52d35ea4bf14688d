from datetime import UTC, datetime, timedelta

import pytest

from lims import clock, custody_settings, intake, quota, records, scan_intake, seals, waiting
from lims.confirmations import BADGE
from lims.errors import RecordError, StateError
from lims.model import SampleDraft, ShipmentDraft
from tests.lims_builders import a_finding, a_sample, a_shipment, an_entry

S10, AWB = "RR473124829GB", "020-81140743"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
)
def test_three_scans_in_any_order_are_badge_parcel_and_seal(lab, order):
    parcel = a_shipment(lab, tracking=S10).number
    codes = ["olga", S10, "FB000123"]
    found = scan_intake.sort_out(lab, [codes[i] for i in order])
    assert (found.officer, found.shipment, found.seal) == ("olga", parcel, "FB000123")
    assert found.missing == ()


@pytest.mark.parametrize("badge", ["olga", "BADGE:olga", "badge: olga"])
@pytest.mark.parametrize("how", ["number", "short", "tracking", "spaced"])
def test_a_parcel_is_known_by_its_number_or_its_tracking(lab, badge, how):
    parcel = a_shipment(lab, tracking=S10).number
    code = {
        "number": parcel.lower(),
        "short": parcel.split("-", 2)[2],
        "tracking": S10,
        "spaced": "RR 473 124 829 GB",
    }[how]
    shipment, sample, found = scan_intake.take_in(lab, "cus", (badge, code, "X1"))
    assert (shipment.number, found.shipment) == (parcel, parcel)
    assert (sample.draft.officer, sample.seal, sample.holder) == ("olga", "X1", "cus")
    step = records.transfers(lab.db, sample.number)[0]
    assert (step.giver, step.confirmed["olga"]) == ("olga", BADGE)


def test_an_unknown_parcel_is_registered_when_it_is_said_what_it_is(lab):
    codes = ("olga", AWB, "X1")
    with pytest.raises(RecordError, match=f"no parcel {AWB} is registered"):
        scan_intake.take_in(lab, "cus", codes)
    first = scan_intake.take_in(lab, "cus", codes, declared_goods="salt", key="k")
    again = scan_intake.take_in(lab, "cus", codes, declared_goods="salt", key="k")
    assert again[1].number == first[1].number
    assert first[0].draft.tracking == AWB


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        (("olga", S10), "the seal not scanned"),
        (("olga",), "bar code and the seal not scanned"),
        (("olga", "X1", "X2"), "'X2' is a second seal"),
        (("olga", S10, AWB), "is a second parcel"),
        (("olga", "BADGE:olga", "X"), "is a second badge"),
        (("ana", S10, "X"), "not an officer"),
        (("BADGE:nobody", S10, "X"), "no badge of this lab"),
        (("olga", S10, "X", "Y"), "4 scans"),
        (("olga", S10, "X\x1b[2J"), "hidden character"),
        (("olga", S10, ""), "missing"),
    ],
)
def test_scans_that_do_not_make_an_intake_are_refused(lab, codes, why):
    with pytest.raises(RecordError, match=why):
        scan_intake.take_in(lab, "cus", codes, declared_goods="salt")
    assert quota.backlog(lab).registered == 0


def test_the_same_code_twice_is_a_finger_on_the_trigger(lab):
    a_shipment(lab, tracking=S10)
    assert scan_intake.sort_out(lab, ("olga", S10, S10, "olga", "X1")).missing == ()


def test_digits_of_an_issued_seal_are_a_seal_even_when_they_look_like_a_waybill(lab):
    # Eleven digits are an air waybill by their shape, unless the lab was issued that very seal.
    seals.issue(lab, "cus", prefix="", first="10000000000", last="10000000099")
    found = scan_intake.sort_out(lab, ("10000000055",))
    assert (found.seal, found.tracking) == ("10000000055", "")
    assert scan_intake.sort_out(lab, ("20000000055",)).tracking


def test_a_seal_used_before_is_warned_about(lab):
    used = a_sample(lab, seal="X1").number
    assert scan_intake.sort_out(lab, ("X1",)).warnings == (
        f"seal X1: on record already, on {used}",
    )


def registered(lab, count):
    drafts = [ShipmentDraft(declared_goods=f"goods {i}", tracking=f"T{i}") for i in range(count)]
    return [each.number for each in intake.add_shipments(lab, "olga", drafts)]


def test_300_registered_20_submitted_280_waiting_none_lost(lab):
    custody_settings.change(lab, "lee", "quota_per_submitter", 20, reason="two analysts")
    parcels = registered(lab, 300)
    draft = SampleDraft(description="bag", officer="olga")
    for parcel in parcels[:20]:
        intake.add_sample(lab, "olga", parcel, draft)
    for parcel in parcels[20:23]:
        with pytest.raises(StateError, match="quota is 20") as refused:
            intake.add_sample(lab, "olga", parcel, draft)
        assert "stays registered and waits" in refused.value.hint
    counts = quota.backlog(lab)
    assert (counts.registered, counts.submitted, counts.waiting) == (300, 20, 280)
    assert counts.by_officer == {"olga": 20}
    assert quota.room(lab, "olga").left == 0
    assert quota.room(lab, "off").left == 20
    orders = {order: waiting.waiting(lab, order=order) for order in waiting.ORDERS}
    for found in orders.values():
        assert {parcel.shipment for parcel in found} == set(parcels[20:])
        assert len(found) == 280


def test_quota_is_by_the_lab_s_day_and_a_lead_may_go_beyond_it_with_a_reason(lab):
    custody_settings.change(lab, "lee", "quota_per_submitter", 1, reason="x")
    draft = SampleDraft(description="bag", officer="olga")
    parcel = a_shipment(lab).number
    with clock.running_from(lambda: NOW):
        intake.add_sample(lab, "olga", parcel, draft)
        with pytest.raises(StateError, match="quota is 1"):
            intake.add_sample(lab, "cus", parcel, draft, beyond_quota="hazard")
        with pytest.raises(StateError):
            intake.add_sample(lab, "lee", parcel, draft, beyond_quota=" ")
        intake.add_sample(lab, "lee", parcel, draft, beyond_quota="leaking")
    with clock.running_from(lambda: NOW + timedelta(days=1)):
        intake.add_sample(lab, "olga", parcel, draft)


def test_a_batch_over_the_quota_registers_nothing(lab):
    custody_settings.change(lab, "lee", "quota_per_submitter", 9, reason="x")
    ten = [
        (ShipmentDraft(declared_goods="x"), SampleDraft(description="y", officer="olga"))
        for _ in range(10)
    ]
    with pytest.raises(StateError, match="quota is 9"):
        intake.add_batch(lab, "olga", ten)
    assert quota.backlog(lab).registered == 0
    assert len(intake.add_batch(lab, "olga", ten[:9])) == 9


def test_backlog_is_ordered_by_hazard_mismatch_and_window(lab, bench):
    with clock.running_from(lambda: NOW):
        dangerous = a_shipment(lab, consignor="Evil Ltd").number
        sample = a_sample(lab, shipment=dangerous).number
        a_finding(lab, bench, sample, an_entry("match", "fentanyl", hazard="H1"))
        late = a_shipment(lab).number
    with clock.running_from(lambda: NOW + timedelta(hours=4)):
        odd = a_shipment(lab, declared_value="10 USD", freight="38 USD").number
        same_sender = a_shipment(lab, consignor="EVIL LTD.").number
    with clock.running_from(lambda: NOW + timedelta(hours=6)):
        first = {order: waiting.waiting(lab, order=order)[0] for order in waiting.ORDERS}
    assert (first["hazard"].shipment, first["hazard"].sender_hazard) == (same_sender, "H1")
    assert first["mismatch"].shipment == odd
    assert first["mismatch"].mismatches == ("freight above goods value",)
    assert first["age"].shipment == late
    # Its window of five hours is over; the one that can still be answered comes first.
    assert first["window"].shipment == odd
    with pytest.raises(RecordError, match="unknown order"):
        waiting.waiting(lab, order="; DROP TABLE sample")
