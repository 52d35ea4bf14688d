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


@given(JSON)
def test_value_read_back_is_spelled_as_it_was_written(value):
    text = canonical.dumps(value).decode()
    assert canonical.spelled(canonical.parsed(text)) == text


@pytest.mark.parametrize(
    "number",
    [
        *(0.0, -0.0, 1.0, -7.0, 1e-4, 9.99e-5, 1e-6, 9.99e-7, 5e-324, 0.1, 1.05, 2.0**53 - 2),
        *(2.0**53, 1e16, 9999999999999998.0, 1e20, 1e21, 1.7976931348623157e308),
    ],
)
def test_numbers_about_the_edges_are_spelled_as_the_standard_does(number):
    text = canonical.dumps({"a": [number]})
    assert text == rfc8785.dumps({"a": [number]})
    assert canonical.spelled(canonical.parsed(text.decode())) == text.decode()


@pytest.mark.parametrize("key", ["é", "\ufb33", "\U0001f600"])
def test_keys_are_sorted_as_the_standard_does(key):
    value = {key: 1, "\ufb33x": 2, "a": 3}
    assert canonical.spelled(value).encode() == canonical.dumps(value) == rfc8785.dumps(value)


def test_text_kept_as_it_is_spelled_reads_as_the_mapping_it_is():
    text = '{"a":[1,2.5],"b":{"c":"e-1"}}'
    kept = canonical.Spelled(text)
    assert canonical.spelled(kept) == text
    assert canonical.dumps({"x": kept}) == f'{{"x":{text}}}'.encode()
    assert dict(kept) == canonical.parsed(text)
    assert (kept["b"]["c"], len(kept), list(kept)) == ("e-1", 2, ["a", "b"])
    with pytest.raises(RecordError):
        canonical.Spelled("[1]")["a"]


@pytest.mark.parametrize("text", ["", "{", '{"a":1}x', "nope", "[" * 100_000])
def test_damaged_row_is_an_error_with_a_hint(text):
    with pytest.raises(RecordError):
        canonical.parsed(text)
