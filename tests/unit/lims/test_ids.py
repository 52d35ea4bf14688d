import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from lims import ids
from lims.errors import NotFoundError, RecordError

SITES = st.from_regex(r"[A-Z][A-Z0-9]{1,5}", fullmatch=True)
NUMBERS = st.builds(
    ids.make, SITES, st.integers(2020, 2099), st.sampled_from("PSA"), st.integers(1, ids.MAX_SERIAL)
)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1))
def test_check_character_is_that_of_iso_7064(body):
    assert ids.check_character(body) == mod_37_36.calc_check_digit(body)


@given(NUMBERS)
def test_number_survives_how_people_type_it(number):
    kind = ids.parse(number).kind
    for typed in (
        number.lower(),
        number.replace("-", ""),
        f"  {number} ",
        number.replace("-", " "),
    ):
        assert ids.normal(typed, kind) == number


@given(NUMBERS, st.data())
def test_every_single_slip_in_the_digits_is_caught(number, data):
    places = [at for at, character in enumerate(number) if character.isdigit()]
    at = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != number[at]]))
    with pytest.raises(NotFoundError) as slip:
        ids.parse(number[:at] + other + number[at + 1 :])
    assert slip.value.hint


def test_mistyped_number_says_what_is_wrong():
    with pytest.raises(NotFoundError, match="mistyped") as slip:
        ids.parse("NOG-26-S000001-A")
    assert "label" in slip.value.hint
    with pytest.raises(NotFoundError, match="not a number"):
        ids.parse("jar of powder")
    with pytest.raises(NotFoundError, match="of a shipment, not of a sample"):
        ids.normal(ids.make("NOG", 2026, ids.SHIPMENT, 1), ids.SAMPLE)


def test_serial_never_outgrows_its_place():
    with pytest.raises(RecordError):
        ids.make("NOG", 2026, ids.SAMPLE, ids.MAX_SERIAL + 1)


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_a_clear_error(text):
    try:
        ids.parse(text)
    except NotFoundError as error:
        said = error.message
    else:
        said = "read"
    assert said
