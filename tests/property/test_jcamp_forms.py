"""Any series of integers, in any ASDF form, decodes to itself."""

from hypothesis import given
from hypothesis import strategies as st

from instruments.formats.asdf import decode, encode_difdup

SERIES = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=200) | st.lists(
    st.integers(-3, 3), min_size=1, max_size=200
)
_SQZ = "@ABCDEFGHI"


def affn(values):
    return " " + " ".join(str(value) for value in values)


def pac(values):
    return "".join(f"{value:+d}" for value in values)


def sqz(values):
    parts = []
    for value in values:
        digits = str(abs(value))
        letters = "@abcdefghi" if value < 0 else _SQZ
        parts.append(letters[int(digits[0])] + digits[1:])
    return "".join(parts)


def lines_of(values, form, per_line):
    starts = range(0, len(values), per_line)
    return [f"{at}{form(values[at : at + per_line])}" for at in starts]


@given(SERIES, st.sampled_from([affn, pac, sqz]), st.integers(1, 50))
def test_plain_forms_decode_to_themselves(values, form, per_line):
    found = decode(lines_of(values, form, per_line), 10_000)
    assert found.values == values
    assert [index for index, _ in found.line_x] == list(range(0, len(values), per_line))


@given(SERIES, st.integers(1, 50))
def test_difdup_decodes_to_itself_with_every_check_point_right(values, per_line):
    lines = [f"{at}{line}" for at, line in enumerate(encode_difdup(values, per_line))]
    found = decode(lines, 10_000)
    assert found.values == values
    assert not found.bad_checks


@given(st.lists(st.integers(-99, 99), min_size=8, max_size=80), st.data())
def test_a_changed_check_point_is_never_silent(values, data):
    per_line = 4
    lines = [f"{at}{line}" for at, line in enumerate(encode_difdup(values, per_line))]
    at = data.draw(st.integers(1, len(lines) - 1))
    bumped = values[min(at * per_line, len(values)) - 1] + 1
    rest = lines[at][len(str(at)) :]
    end = next((i for i, char in enumerate(rest) if i and not char.isdigit()), len(rest))
    lines[at] = f"{at}{sqz([bumped])}{rest[end:]}"
    found = decode(lines, 10_000)
    assert found.bad_checks or found.values != values
