import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from lims import canonical
from lims.errors import RecordError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="utf-8"))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@given(JSON)
def test_same_value_has_one_spelling_and_survives_it(value):
    text = canonical.dumps(value)
    assert text == rfc8785.dumps(value)
    assert canonical.dumps(canonical.loads(text)) == text


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**53, {1: 2}, {"a": object()}, "\ud800"]
)
def test_what_has_no_one_spelling_is_refused(value):
    with pytest.raises(RecordError):
        canonical.dumps(value)


@pytest.mark.parametrize(
    "text", ['{"a":1,"a":2}', "NaN", "[Infinity]", "{", "[" * 100 + "]" * 100, "[" * 200_000]
)
def test_text_that_two_readers_read_differently_is_refused(text):
    with pytest.raises(RecordError):
        canonical.loads(text)


def test_numbers_of_other_libraries_are_spelled_as_numbers():
    numpy = pytest.importorskip("numpy")
    assert canonical.dumps({"a": numpy.float64(0.5)}) == b'{"a":0.5}'


@pytest.mark.parametrize("text", ["9007199254740993", "1" * 400, "-9007199254740993"])
def test_whole_number_no_double_can_hold_is_refused(text):
    with pytest.raises(RecordError):
        canonical.loads(text)
