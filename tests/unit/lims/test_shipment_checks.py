"""A parcel on a balance, and its mismatches as the record knows them."""

import pytest

from lims import alerts, audit, records, shipment_checks, weighing
from lims.errors import NotFoundError, PermissionDenied, RecordError
from lims.mismatch import Kind
from lims.queries import HIDDEN
from tests.lims_builders import a_finding, a_lab, a_sample, a_shipment, an_entry


@pytest.fixture
def lab(tmp_path):
    made = a_lab(tmp_path / "lab")
    weighing.record_balance(
        made, "ana", "parcel scale", serial="7", repeatability_ug=10**6, calibration_ug=10**6,
        certificate="C-1",
    )  # fmt: skip
    yield made
    made.close()


def kinds(lab, number):
    return [each.kind for each in shipment_checks.mismatches(lab, number)]


def test_parcel_that_weighs_what_its_papers_say_is_not_odd(lab):
    parcel = a_shipment(lab, gross_weight="1.5 kg").number
    made = shipment_checks.weigh(
        lab, "ana", parcel, of="gross", mass_ug=1_510_000_000, balance="parcel scale"
    )
    assert made.u_ug == 1_414_214  # root of two gram², rounded up
    assert kinds(lab, parcel) == []
    assert records.shipment(lab.db, parcel).notes == ()


def test_weight_gap_is_noted_once_and_listed_with_its_figures(lab):
    parcel = a_shipment(lab, gross_weight="1.50 kg", declared_value="10 USD").number
    for _ in range(2):
        shipment_checks.weigh(
            lab, "cus", parcel, of="gross", mass_ug=1_620_000_000, balance="parcel scale"
        )
    notes = records.shipment(lab.db, parcel).notes
    assert len([note for note in notes if note.startswith("weighed gross 1.62 kg")]) == 1
    value, weight = shipment_checks.mismatches(lab, parcel)
    assert (value.kind, weight.kind) == (Kind.VALUE_PER_KG, Kind.WEIGHT)
    assert weight.figures["standard_uncertainty"] == "0.001414214 kg"
    assert len(shipment_checks.weighings(lab, parcel)) == 2


def test_net_weight_carries_the_uncertainty_of_two_readings(lab):
    parcel = a_shipment(lab).number
    made = shipment_checks.weigh(
        lab, "ana", parcel, of="net", mass_ug=10**9, balance="parcel scale"
    )
    assert made.u_ug == 2_000_001


def test_samples_that_weigh_more_than_the_parcel_are_odd(lab):
    parcel = a_shipment(lab, declared_weight="10 g").number
    a_sample(lab, shipment=parcel, gross_ug=8_000_000)
    assert kinds(lab, parcel) == []
    a_sample(lab, shipment=parcel, gross_ug=8_000_000)
    assert kinds(lab, parcel) == [Kind.WEIGHT]


def test_weighing_again_with_the_same_key_is_one_weighing(lab):
    parcel = a_shipment(lab).number
    for _ in range(2):
        shipment_checks.weigh(
            lab, "ana", parcel, of="gross", mass_ug=10**9, balance="parcel scale", key="w1"
        )
    assert len(shipment_checks.weighings(lab, parcel)) == 1


def test_weighing_needs_a_hand_a_balance_and_a_mass(lab):
    parcel = a_shipment(lab).number
    good = {"of": "gross", "mass_ug": 10**9, "balance": "parcel scale"}
    with pytest.raises(PermissionDenied):
        shipment_checks.weigh(lab, "rex", parcel, **good)
    with pytest.raises(NotFoundError):
        shipment_checks.weigh(lab, "ana", parcel, **{**good, "balance": "kitchen"})
    with pytest.raises(RecordError):
        shipment_checks.weigh(lab, "ana", parcel, **{**good, "of": "tare"})
    with pytest.raises(RecordError):
        shipment_checks.weigh(lab, "ana", parcel, **{**good, "mass_ug": 0})
    assert shipment_checks.weighings(lab, parcel) == ()


def test_what_was_found_is_a_mismatch_and_hidden_until_the_notice_is_seen(lab, tmp_path):
    parcel = a_shipment(lab, declared_goods="silicon dioxide", hs_code="2811.22").number
    sample = a_sample(lab, shipment=parcel).number
    a_finding(lab, tmp_path, sample, an_entry("match", "fentanyl", hazard="H1"))
    found = shipment_checks.mismatches(lab, parcel)
    assert [each.says for each in found] == [HIDDEN, HIDDEN]
    (alert,) = records.rows(lab.db, "SELECT id FROM alert")
    alerts.acknowledge(lab, "ana", alert["id"])
    goods, heading = shipment_checks.mismatches(lab, parcel)
    assert goods.says == "declared silicon dioxide, found fentanyl (drug)"
    assert heading.says.startswith("declared HS 2811.22 (Silicon dioxide), found fentanyl")
    assert {goods.says, heading.says} <= set(records.shipment(lab.db, parcel).notes)


def test_weighings_and_unverified_codes_replay_to_the_same_rows(lab):
    parcel = a_shipment(lab, tracking="176-12345676", hs_code="9999.99").number
    shipment_checks.weigh(lab, "ana", parcel, of="gross", mass_ug=10**9, balance="parcel scale")
    unsure = records.shipment(lab.db, parcel).unverified
    assert {each.field for each in unsure} == {"tracking", "hs_code"}
    assert audit.verify(lab).problems == ()
