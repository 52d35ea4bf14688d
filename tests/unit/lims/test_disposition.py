import pytest

from lims import alerts, conclusion, custody, disposition
from lims.errors import CustodyError, PermissionDenied, RecordError, StateError
from lims.model import ShipmentState
from tests.lims_builders import a_finding, a_sample, a_shipment, an_entry


def parcel_with(lab, bench, goods, *entries, conclude=True):
    parcel = a_shipment(lab, declared_goods=goods).number
    sample = a_sample(lab, shipment=parcel).number
    a_finding(lab, bench, sample, *entries, reviewed=True)
    if conclude:
        conclusion.conclude(lab, "ana", sample)
    return parcel


def test_honest_goods_leave(lab, bench):
    parcel = parcel_with(lab, bench, "lactose", an_entry("match", "lactose", hazard="H6"))
    done = disposition.release(lab, "olga", parcel, "found as declared", key="k")
    assert done.state is ShipmentState.RELEASED
    assert disposition.release(lab, "olga", parcel, "found as declared", key="k") == done
    with pytest.raises(StateError, match="already"):
        disposition.seize(lab, "olga", parcel, "changed my mind")


@pytest.mark.parametrize(
    ("entry", "conclude", "why"),
    [
        (an_entry("match", "fentanyl", hazard="H1"), True, "nobody acknowledged"),
        (an_entry("match", "lactose"), False, "to conclude"),
        (an_entry("no_match"), True, "no answer that names it"),
        (an_entry("analogue_candidate", class_name="fentanyl"), True, "no answer that names it"),
        (an_entry("match", "xylazine", hazard="H3"), True, "not as declared"),
    ],
)
def test_what_is_not_answered_or_not_safe_stays(lab, bench, entry, conclude, why):
    parcel = parcel_with(lab, bench, "lactose", entry, conclude=conclude)
    with pytest.raises(StateError, match=why):
        disposition.release(lab, "olga", parcel, "please")


def test_dangerous_goods_stay_even_when_seen_and_declared(lab, bench):
    parcel = parcel_with(lab, bench, "fentanyl", an_entry("match", "fentanyl", hazard="H1"))
    alerts.acknowledge(lab, "olga", alerts.open_alerts(lab)[0].id)
    with pytest.raises(StateError, match="hazard group H1"):
        disposition.release(lab, "olga", parcel, "declared")


def test_untested_and_disputed_parcels_stay(lab):
    parcel = a_shipment(lab).number
    with pytest.raises(StateError, match="nothing was tested"):
        disposition.release(lab, "olga", parcel, "in a hurry")
    sample = a_sample(lab, shipment=parcel, seal="A1").number
    with pytest.raises(CustodyError):
        custody.open_sample(lab, "ana", sample, seal="A2")
    with pytest.raises(StateError, match="open discrepancy"):
        disposition.release(lab, "olga", parcel, "in a hurry")


def test_reason_and_role_are_needed(lab):
    parcel = a_shipment(lab).number
    with pytest.raises(RecordError, match="reason is missing"):
        disposition.seize(lab, "olga", parcel, " ")
    with pytest.raises(PermissionDenied, match="seize a shipment"):
        disposition.seize(lab, "ana", parcel, "presumptive")
