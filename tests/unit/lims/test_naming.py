"""Sample numbers in file names and comments: every way people write them, and the slips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims import ids, naming

NUMBER = ids.make("NOG", 2026, ids.SAMPLE, 1)
LAST = NUMBER[-1]


def found(text: str, site: str = "NOG") -> naming.Named:
    return naming.find([("file name", text)], site)


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        NUMBER.lower(),
        f"nog26s000001{LAST}",
        f"nog_26_s000001_{LAST}_run2.jdx",
        f"NOG 26 S000001 {LAST}",
        f"powder (NOG.26.S000001.{LAST}) 785 nm",
        f"{NUMBER}_{NUMBER}.D",
        f"{NUMBER}.D",
        f"20261124_{NUMBER}-neat",
    ],
)
def test_a_number_is_found_however_it_is_written(text):
    assert found(text).numbers == {NUMBER: "file name"}
    assert not found(text).mistyped


@pytest.mark.parametrize("text", [f"S000001-{LAST}", f"jar s000001{LAST}.spc", f"a_S000001_{LAST}"])
def test_a_short_number_is_found_with_its_check_character(text):
    assert found(text).numbers == {f"S000001-{LAST}": "file name"}


@pytest.mark.parametrize(
    "text", ["", "run 12", "S000001", "PS10000012", f"x{NUMBER}", f"{NUMBER}RUN", "IMG-26-1234567"]
)
def test_what_is_no_number_is_none(text):
    assert found(text) == naming.Named()


@pytest.mark.parametrize(
    ("text", "portion"),
    [
        (f"{NUMBER}.1.jdx", 1),
        (f"{NUMBER}.12", 12),
        (f"{NUMBER} p2 neat", 2),
        (f"{NUMBER}_portion_3", 3),
    ],
)
def test_a_portion_is_found_behind_its_number(text, portion):
    assert found(text).portions == {NUMBER: (portion,)}


@pytest.mark.parametrize(
    "text", [f"{NUMBER}_1.jdx", f"{NUMBER}-2", f"{NUMBER}.2026", f"{NUMBER}.0001"]
)
def test_a_repeat_of_a_measurement_is_no_portion(text):
    assert found(text).portions == {}
    assert NUMBER in found(text).numbers


def test_a_wrong_check_character_is_told_with_what_was_typed():
    wrong = NUMBER[:-1] + ("X" if LAST != "X" else "Y")
    named = found(wrong.lower())
    assert named.numbers == {}
    assert named.mistyped == {wrong: "file name"}
    assert NUMBER in naming.neighbours(wrong, "NOG")


def test_letters_typed_for_digits_are_a_mistake_with_the_number_meant():
    typed = NUMBER.replace("000001", "OOOOOI")
    (wrong,) = found(typed).mistyped
    assert NUMBER in naming.neighbours(wrong, "NOG")


def test_what_looks_like_another_labs_number_is_not_called_mistyped():
    assert found("XYZ-26-S000001-A").mistyped == {}
    assert found(ids.make("XYZ", 2026, ids.SAMPLE, 7)).numbers != {}


def test_every_place_a_number_stood_is_told_once():
    other = ids.make("NOG", 2026, ids.SAMPLE, 2)
    named = naming.find([("file name", NUMBER), ("title", other), ("title", NUMBER)], "NOG")
    assert named.numbers == {NUMBER: "file name", other: "title"}


def test_a_huge_text_is_looked_at_only_so_far():
    assert found(" " * 5_000 + NUMBER).numbers == {}
    assert found("NOG26S" * 100_000) == naming.Named()


@given(
    st.integers(1, ids.MAX_SERIAL),
    st.integers(0, 14),
    st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
)
def test_one_wrong_character_never_gives_another_number_and_the_right_one_is_near(serial, at, new):
    number = ids.make("NOG", 2026, ids.SAMPLE, serial)
    letters = number.replace("-", "")
    at = min(at, len(letters) - 1)
    typed = letters[:at] + new + letters[at + 1 :]
    numbers = set(found(typed).numbers)
    assert numbers <= {number}
    for wrong in found(typed).mistyped:
        assert number in naming.neighbours(wrong, "NOG")


@given(st.text(max_size=60))
def test_any_text_is_an_answer(text):
    named = found(text)
    for number in named.numbers:
        assert ids.short_ending(number, ids.SAMPLE) or ids.normal(number, ids.SAMPLE) == number
