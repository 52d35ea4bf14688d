import pytest

from lims import identifiers


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (identifiers.air_waybill, "176-12345675"),
        (identifiers.air_waybill, "020-81140743"),
        (identifiers.postal_s10, "RR473124829GB"),
        (identifiers.container, "CSQU3054383"),
        (identifiers.vessel, "IMO 9319466"),
        (identifiers.cas, "437-38-7"),
        (identifiers.cas, "7361-61-7"),
        (identifiers.hs_code, "3204.17"),
    ],
)
def test_published_identifiers_pass_and_a_slip_only_warns(check, text):
    assert check(text).ok
    slipped = text[:-2] + ("7" if text[-2] != "7" else "8") + text[-1]
    if check is identifiers.hs_code:
        slipped = "77"
    found = check(slipped)
    assert not found.ok
    assert "unverified" in found.warning


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("176 1234 5675", "air waybill"),
        ("rr473124829gb", "postal item"),
        ("CSQU 305438 3", "container"),
        ("1Z999AA10123456784", None),
        ("", None),
        ("１７６１２３４５６７５", None),
    ],
)
def test_tracking_number_is_recognised_by_its_shape(text, kind):
    found = identifiers.tracking(text)
    assert (found.kind if found else None) == kind
