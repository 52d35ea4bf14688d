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


@pytest.mark.parametrize(
    ("text", "airline", "warned"),
    [
        ("176-12345675", "Emirates", ""),
        ("020-81140743", "Lufthansa Cargo", ""),
        ("176-12345676", "Emirates", "check digit does not fit"),
        ("555-12345675", "", "airline prefix 555 is not in the short list"),
    ],
)
def test_air_waybill_says_its_airline_where_the_prefix_is_known(text, airline, warned):
    found = identifiers.air_waybill(text)
    assert found.means == airline
    assert warned in found.warning
    assert found.ok == (not warned)


def test_warning_never_repeats_the_tracking_number():
    for text in ("176-12345676", "RR473124820GB", "RR473124829ZZ", "CSQU3054384"):
        found = identifiers.tracking(text)
        assert found is not None
        assert found.warning.endswith("unverified")
        assert not any(part in found.warning for part in (found.text, text[4:10]))


def test_postal_item_names_the_country_it_was_posted_in():
    assert identifiers.postal_s10("RR473124829GB").means == "United Kingdom"
    assert "ZZ is no country" in identifiers.postal_s10("RR473124829ZZ").warning


@pytest.mark.parametrize(
    ("code", "edition", "warned"),
    [
        ("2811.22", "", ""),
        ("2811.22", "2022", ""),
        ("2811.22", "HS 2022", ""),
        ("2811.22.50", "2022", ""),
        ("2811", "2022", ""),
        ("2939.71", "", "2939.71 is not in HS 2022"),
        ("2939.71", "2017", "the list of HS 2017 is not at hand"),
        ("2933.34", "2017", "it came with HS 2022"),
        ("2404.11", "2012", "it came with HS 2022"),
        ("2811.99", "2022", "not in HS 2022"),
        ("9505", "2021", "no edition of the HS"),
        ("9505", "22", "no edition of the HS"),
        ("7701", "", "is not one"),
        ("28112", "", "is not one"),
        ("９５０５", "", "is not one"),
    ],
)
def test_heading_is_looked_up_in_the_edition_it_is_declared_by(code, edition, warned):
    found = identifiers.hs_code(code, edition)
    assert warned in found.warning
    assert found.ok == (not warned)
    assert found.ok or "unverified" in found.warning


def test_list_at_hand_is_of_the_edition_it_is_said_to_be():
    # Came with HS 2022, and left with it: WCO correlation tables HS 2017 - HS 2022.
    from lims import code_lists

    assert all(code_lists.hs(code)[0] == "yes" for code in code_lists.NEW_IN_2022)
    assert all(code_lists.hs(code)[0] == "no" for code in ("293971", "300220"))
    # 1,228 headings and 5,612 subheadings, and the list's own code for what is not specified.
    codes = [code for code in code_lists._hs() if code[:2] != "99"]
    assert [sum(len(code) == n for code in codes) for n in (2, 4, 6)] == [96, 1228, 5612]


@pytest.mark.parametrize(
    ("text", "spelled", "warned"),
    [
        ("CNSHA", "CN SHA", ""),
        ("US NOG", "US NOG", ""),
        ("QQABC", "QQ ABC", "QQ is no country"),
        ("Shanghai", None, ""),
        ("Paris", None, ""),
        ("CN S1A", None, ""),
        ("", None, ""),
    ],
)
def test_place_code_is_checked_for_shape_and_country_and_words_are_left(text, spelled, warned):
    found = identifiers.location(text)
    assert (found.text if found else None) == spelled
    assert found is None or warned in found.warning
    assert found is None or found.ok == (not warned)


def test_country_and_subdivision_are_looked_up():
    assert identifiers.country("mx").means == "Mexico"
    assert not identifiers.country("ZZ").ok
    found = identifiers.subdivision("US-NJ")
    assert found is not None
    assert found.means == "New Jersey"
    assert identifiers.subdivision("New Jersey") is None
    wrong = identifiers.subdivision("US-QQ")
    assert wrong is not None
    assert "unverified" in wrong.warning


def test_list_that_is_not_at_hand_is_no_slip_of_the_keys():
    assert not identifiers.air_waybill("555-12345675").is_slip
    assert identifiers.air_waybill("555-12345676").is_slip
    assert not identifiers.hs_code("2811.22", "2017").is_slip
    assert identifiers.hs_code("2939.71").is_slip
    assert identifiers.hs_code("7701").is_slip
    assert not identifiers.air_waybill("176-12345675").is_slip
