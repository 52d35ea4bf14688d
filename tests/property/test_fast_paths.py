"""Every fast way of reading numbers gives what the slow way gives, on junk too."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import checks, decoding, read_bytes, units
from instruments.decoding import number, numbers
from instruments.errors import CorruptFileError, FormatError
from instruments.formats import asdf, chemstation, msp, peak_numbers, text_rows
from spectra import axis

DIGITS = st.text(alphabet="0123456789. ;:,\t\n", max_size=60)
JUNK = st.text(alphabet='0123456789.+-eE \n;:,\t()"aN_\u0663\u00a0', max_size=40)
LONG = st.decimals(allow_nan=False, allow_infinity=False, places=None).map(
    lambda value: format(abs(value), "f")[:30]
)


def same(fast, slow):
    if fast is None or slow is None:
        return fast is None and slow is None
    return np.array_equal(np.asarray(fast), np.asarray(slow), equal_nan=True)


@settings(deadline=None)
@given(st.lists(st.one_of(DIGITS, JUNK, st.lists(LONG, max_size=8).map(" ".join)), max_size=6))
def test_peak_lists_in_bulk_are_those_read_one_by_one(texts):
    for fast, text in zip(peak_numbers.convert(texts), texts, strict=True):
        assert same(fast, peak_numbers.careful(text))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 10**18 - 1), st.integers(0, 31), st.integers(0, 4)), min_size=1
    )
)
def test_bulk_digits_round_as_python_does(parts):
    cells = []
    for whole, point, zeros in parts:
        digits = "0" * zeros + str(whole)
        cells.append(digits if point > len(digits) else f"{digits[:point]}.{digits[point:]}")
    raw = " ".join(cells).encode()
    bulk = peak_numbers.plain_digits(raw, np.array([len(raw)]))
    assert bulk is not None
    assert bulk[0].tolist() == [float(cell) for cell in cells]


@settings(deadline=None)
@given(st.integers(2**52, 2**53 - 1), st.integers(-60, 3))
def test_decimals_half_way_between_two_doubles_round_as_python_does(mantissa, exponent):
    # The worst case for rounding twice: digits cut from the exact middle of two neighbours.
    middle = (2 * mantissa + 1) * 2.0 ** (exponent - 1)
    cell = format(middle, ".30f").lstrip("0")[:19]
    raw = cell.encode()
    bulk = peak_numbers.plain_digits(raw, np.array([len(raw)]))
    if any(letter.isdigit() for letter in cell):
        assert bulk is not None
        assert bulk[0].tolist() == [float(cell)]


def test_decimals_of_a_tie_are_divided_exactly():
    # 2**53 + 1 over a power of two: exactly half-way, so the even neighbour is right.
    whole = np.array([9007199254740993, 9007199254740995], dtype=np.int64)
    found = peak_numbers._long_quotient(whole, 0)
    assert found.tolist() == [float(9007199254740993), float(9007199254740995)]


@settings(deadline=None)
@given(st.lists(st.text(alphabet="0123456789.+-eEdD_nai \u0663", max_size=12), max_size=6))
def test_cells_together_are_numbers_where_each_is(cells):
    one_by_one = [number(cell) for cell in cells]
    slow = None if any(value is None for value in one_by_one) else one_by_one
    assert same(numbers(cells), slow)


def slow_utf16(data):
    head = data[:2000]
    even, odd = head[0::2], head[1::2]
    if len(odd) < 20 or any(byte < 9 for byte in head if byte):
        return ""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ""
    if odd.count(0) > 0.9 * len(odd) and not even.count(0):
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > 0.9 * len(even) and not odd.count(0) else ""


@settings(deadline=None)
@given(
    st.one_of(st.binary(max_size=300), st.text(min_size=30).map(lambda s: s.encode("utf-16-le")))
)
def test_letters_are_judged_together_as_one_by_one(head):
    assert decoding.unmarked_utf16(head) == slow_utf16(head)
    if head and not slow_utf16(head) and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        odd = sum(1 for byte in head if byte < 32 and byte not in (0, 9, 10, 12, 13, 26))
        text = odd <= len(head) // 200 and head.count(0) <= len(head) // 4
        assert decoding.looks_like_text(head) == text


VALUES = st.lists(st.sampled_from([0.0, 1e-9, 0.5, 1.9, 2.1, 60.0, 1e7]), min_size=1, max_size=320)


@settings(deadline=None)
@given(VALUES)
def test_short_cuts_around_the_percentile_decide_as_it_does(values):
    y = np.array(values)
    percent = float(np.percentile(y, 99)) > 2.0
    assert units._fraction_or_percent(y) == (axis.UNIT_PERCENT if percent else axis.UNIT_ONE)
    size = np.abs(y[y != 0])
    spike = size.size >= 100 and float(size.max()) > checks._SPIKE * float(np.percentile(size, 99))
    assert any("nearly all others" in fault for fault in checks._range_faults(y)) == spike


ASDF_LINE = st.text(alphabet="0123456789.+- @ABIJ%RSTsabijre?,$", max_size=30)


def slow_line(rest, *, compressed, limit):
    result = asdf.Ordinates(values=[], line_x=[], bad_checks=[])
    difference = asdf._decode_line(rest, compressed, result, 0, limit)
    return result.values, difference


@settings(deadline=None)
@given(ASDF_LINE, st.booleans(), st.integers(1, 50))
def test_usual_data_lines_decode_as_the_slow_way_does(rest, compressed, limit):
    result = asdf.Ordinates(values=[], line_x=[], bad_checks=[])
    quick = asdf._decode_quick(rest, compressed, result, limit)
    if quick is None:
        assert result.values == []
        return
    values, difference = slow_line(rest, compressed=compressed, limit=limit)
    assert (values, difference) == (result.values, quick)


@pytest.mark.parametrize(
    ("rest", "compressed"), [(" 12 13.5-4+7", False), ("A1J2KT", True), ("@J%S2", True)]
)
def test_the_usual_lines_do_take_the_quick_way(rest, compressed):
    result = asdf.Ordinates(values=[], line_x=[], bad_checks=[])
    assert asdf._decode_quick(rest, compressed, result, 100) is not None
    assert result.values


MSP_LINE = st.sampled_from(
    [
        "Name: a",
        "NAME:b",
        "COMPOUND_NAME: c",
        "Synon: d",
        "Num Peaks: 2",
        "NUM PEAKS: 1",
        "Num Peaks: x",
        "41 9; 43 8;",
        "41\t9",
        '43 8 "note"',
        "(41,9) (43,8)",
        "foo bar",
        'Comments: "exact mass=3" x',
        "",
        "\u00b5 5",
    ]
)


def outcome(data):
    try:
        export = read_bytes(data, "a.msp")
    except FormatError as error:
        return error.message
    spectra = [
        (s.title, s.mz.tolist(), s.intensity.tolist(), dict(s.metadata), s.faults)
        for s in export.spectra
    ]
    return spectra, export.warnings, dict(export.metadata)


@settings(deadline=None)
@given(st.lists(MSP_LINE, max_size=25), st.sampled_from(["\n", "\r\n"]), st.integers(1, 60))
def test_a_library_read_in_pieces_is_the_same_library(lines, newline, piece):
    data = ("Name: first\nNum Peaks: 1\n41 9\n" + "\n".join(lines) + "\n").replace("\n", newline)
    whole = outcome(data.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(msp, "_PIECE_CHARACTERS", piece)
        patch.setattr(peak_numbers, "_BATCH_CHARACTERS", piece)
        assert outcome(data.encode()) == whole


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=12), st.integers(0, 3), st.binary(max_size=9)
)
def test_points_of_all_scans_are_those_of_each(counts, gap, tail):
    rng = np.random.default_rng(sum(counts) + gap)
    data, starts, expected = bytearray(b"\x00\x00"), [], []
    for count in counts:
        data += bytes(chemstation._SCAN_HEAD)
        points = rng.integers(0, 1 << 16, 2 * count)
        starts.append(len(data))
        expected.extend(points.tolist())
        data += struct.pack(f">{2 * count}H", *points.tolist())
        data += bytes(chemstation._SCAN_FOOT + 2 * gap)
    data += tail
    found = chemstation._pairs(bytes(data), np.array(starts), np.array(counts))
    assert found.tolist() == expected


def test_pairs_of_a_table_keep_missing_values():
    pairs, left = asdf.decode_pairs(["1 2", "3 NaN", "? 4"])
    assert not left
    assert math.isnan(pairs[1, 1])
    assert math.isnan(pairs[2, 0])
    with pytest.raises(CorruptFileError):
        asdf.decode_pairs(["1 two"])


LINE = st.one_of(
    st.text(alphabet="0123456789.,;\t +-eEnaN\"#/'x", max_size=24),
    st.lists(st.sampled_from(["1", "2,5", "-3.0", "", "n.a.", '"4,1"', "1.000", "nan", "--"])).map(
        ";".join
    ),
)


@settings(deadline=None)
@given(
    LINE,
    st.sampled_from(["\t", ";", ",", " "]),
    st.sampled_from([".", ",", "any"]),
    st.sampled_from(["", ".", " "]),
)
def test_a_row_is_a_row_by_the_quick_test_too(line, delimiter, decimal, thousands):
    if thousands == decimal or (decimal, delimiter) == (",", ","):
        thousands = ""
    layout = text_rows.TextLayout(
        delimiter=delimiter, decimal=decimal, thousands=thousands, n_columns=2
    )
    assert text_rows.row_test(layout)(line) == text_rows.is_row(line, layout)


MASSES = st.lists(st.sampled_from([0.0, 0.3, 0.5, 41.0, 1e5, 1.1e5, -2.0, math.nan, math.inf]))
HEIGHTS = st.lists(st.sampled_from([0.0, 1.0, -1.0, 1e15, 2e15, math.nan, math.inf]))


@settings(deadline=None)
@given(MASSES, HEIGHTS, st.sampled_from([None, 0, 1, 3]))
def test_a_peak_list_called_sound_at_a_glance_has_no_fault(masses, heights, announced):
    size = min(len(masses), len(heights))
    mz, intensity = np.array(masses[:size]), np.array(heights[:size])
    with np.errstate(invalid="ignore"):
        slow = checks._described(mz, intensity, announced)
        assert checks.peak_faults(mz, intensity, announced) == slow


AXIS = st.one_of(
    st.lists(st.floats(-3e4, 7e4), unique=True, max_size=30).map(sorted),
    st.lists(st.floats(-3e4, 7e4), unique=True, max_size=30).map(lambda v: sorted(v)[::-1]),
    st.lists(st.sampled_from([1.0, 2.0, 3.0, math.nan, math.inf]), max_size=8),
    st.integers(90, 210).map(lambda size: list(range(400, 400 + size))),
)
ORDINATE = st.sampled_from([0.0, 1e-13, 1e-9, 0.5, 1.0, 3.0, 1e6, 1e14, 2e15, math.nan, math.inf])


@settings(deadline=None)
@given(AXIS, st.data(), st.sampled_from(list(axis.XKind)), st.sampled_from([None, 3, 100]))
def test_a_curve_called_sound_at_a_glance_has_no_fault(points, data, x_kind, announced):
    few = data.draw(st.lists(ORDINATE, min_size=1, max_size=4))
    x = np.array(points, dtype=float)
    y = np.resize(np.array(few), x.size)
    with np.errstate(invalid="ignore", over="ignore"):
        slow = checks._described_curve(x, y, x_kind, announced)
    if np.isfinite(y).all():
        assert checks.curve_faults(x, y, x_kind, announced) == slow
