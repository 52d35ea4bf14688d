import pytest

from lims import alerts
from lims.errors import NotFoundError, PermissionDenied
from tests.lims_builders import a_finding, a_sample, a_shipment, an_entry

H1 = an_entry("no_match", hazard="H1")


def test_second_hit_of_a_dangerous_class_is_warned_of_without_a_match(lab, bench):
    a_finding(lab, bench, a_sample(lab).number, H1)
    assert alerts.open_alerts(lab)[0].kind == "hazard"


@pytest.mark.parametrize(("hazard", "count"), [("H1", 1), ("H2", 1), ("H3", 0), ("H6", 0), ("", 0)])
def test_only_high_groups_raise_a_notice(lab, bench, hazard, count):
    a_finding(lab, bench, a_sample(lab).number, an_entry("no_match", hazard=hazard))
    assert len(alerts.open_alerts(lab)) == count


def test_first_named_person_who_saw_it_stays_on_record(lab, bench):
    a_finding(lab, bench, a_sample(lab).number, H1)
    number = alerts.open_alerts(lab)[0].id
    seen = alerts.acknowledge(lab, "olga", number)
    assert alerts.acknowledge(lab, "ana", number) == seen
    assert seen.acknowledged_by == "olga"
    assert alerts.open_alerts(lab) == ()
    assert alerts.open_alerts(lab, include_acknowledged=True) == (seen,)


@pytest.mark.parametrize("person", ["root", "lia"])
def test_who_is_not_near_evidence_does_not_acknowledge(lab, bench, person):
    a_finding(lab, bench, a_sample(lab).number, H1)
    with pytest.raises(PermissionDenied):
        alerts.acknowledge(lab, person, alerts.open_alerts(lab)[0].id)


def test_unknown_notice_is_not_found(lab):
    with pytest.raises(NotFoundError):
        alerts.acknowledge(lab, "olga", "NOG-26-A000001-3")


def test_officers_with_parcels_of_the_same_shipper_or_shipment_are_told(lab, bench):
    parcel = a_shipment(lab, consignor="Blue Sky Trading, Ltd.")
    dangerous = a_sample(lab, shipment=parcel.number).number
    a_sample(lab, held_by="abe", shipment=parcel.number)
    same = a_shipment(lab, consignor="BLUE SKY TRADING LTD").number
    a_sample(lab, held_by="cus", shipment=same, officer="olga")
    a_sample(lab, held_by="lee", shipment=a_shipment(lab, consignor="Other").number)
    a_finding(lab, bench, dangerous, H1)
    told = {p: len(alerts.alerts_for(lab, p)) for p in ("ana", "abe", "cus", "olga", "lee", "rex")}
    assert told == {"ana": 1, "abe": 1, "cus": 1, "olga": 1, "lee": 0, "rex": 0}


def test_parcels_without_a_sender_are_not_thrown_together(lab, bench):
    a_finding(lab, bench, a_sample(lab).number, H1)
    a_sample(lab, held_by="abe")
    assert alerts.alerts_for(lab, "abe") == ()
