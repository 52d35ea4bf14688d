"""A text read by the forms of its lines holds what it holds read line by line, on junk too."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from instruments import decoding
from instruments.errors import FormatError
from instruments.formats import text_digits, text_table, text_values
from instruments.formats.text_lines import TextLines
from instruments.formats.text_rows import TextLayout
from instruments.mapping import DELIMITERS
from tests.property import slow_tables

FORMS = (
    "{:.2f}",
    "{:.5f}",
    "{:+.3e}",
    "{:.6E}",
    "{:.15g}",
    "{!r}",
    "{:.20f}",
    "{:09.4f}",
    "{:.0f}",
    "{:.12e}",
    "{:g}.",
)
ODD_CELLS = (
    "",
    "n.a.",
    "NaN",
    "--",
    '"4,1"',
    '"1.5"',
    "1.5D+02",
    "1e999",
    "-1e-400",
    "-0",
    ".5",
    "+5.",
    "\u22123.5",
    "\u0663",
    "\u00a07",
    "1 000,5",
    "1.000",
    "12345678901234567890.25",
    "1" * 45,
    "x",
    "1e12345",
    "2,5",
    "0.1234567890123456789",
)
ODD_LINES = ("", "  ", "note", "# 3", "x;y", "wave,int", "a\tb", "1 2 3 4 5", "7", ";;", "\x0c1 2")


@st.composite
def texts(draw):
    """A table or two as instruments write them, then what befalls some of their lines."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    delimiter = draw(st.sampled_from([*DELIMITERS, " \t", ", ", ";;"]))
    decimal = draw(st.sampled_from(".,"))
    form = [draw(st.sampled_from(FORMS)) for _ in range(draw(st.integers(1, 4)))]
    scale = draw(st.sampled_from([1e-9, 0.01, 1.0, 998.0, 1e6, 1e17]))
    n_rows = draw(st.sampled_from([3, 12, 40, 120]))
    lines = []
    for row in range(n_rows):
        values = [
            row * 1.0 if at == 0 and scale > 1 else v
            for at, v in enumerate(random.normal(0, scale, len(form)).tolist())
        ]
        cells = [each.format(v).replace(".", decimal) for each, v in zip(form, values, strict=True)]
        lines.append(delimiter.join(cells))
    for _ in range(draw(st.integers(0, 4))):
        at = int(random.integers(0, len(lines)))
        if draw(st.booleans()):
            lines.insert(at, draw(st.sampled_from(ODD_LINES)))
        else:
            cells = lines[at].split(delimiter)
            cells[int(random.integers(0, len(cells)))] = draw(st.sampled_from(ODD_CELLS))
            lines[at] = delimiter.join(cells)
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines)
    return text[: int(random.integers(0, len(text) + 1))] if draw(st.booleans()) else text


def outcome(find_layout, tables, lines, min_rows, *, keep_blank):
    try:
        layout = find_layout(lines, min_rows)
        found, footer = (
            tables(lines, layout, min_rows, keep_blank=keep_blank) if layout else ([], ())
        )
    except FormatError as error:
        return type(error), error.message, error.hint
    shown = [
        (t.names, t.header, t.values.shape, np.nan_to_num(t.values, nan=-7.5).tobytes())
        for t in found
    ]
    return layout, shown, footer


@settings(deadline=None, max_examples=100)
@given(texts(), st.sampled_from([1, 10]), st.booleans())
@example("1;2\n" * 9 + "1.5;3\n", 10, False)
@example("998 1\n999 2\n1.000 3\n1.001 4\n" * 3, 10, False)
@example("".join(f"{at}.250;0\n" for at in range(990, 1010)), 10, False)
def test_a_text_read_by_forms_is_the_text_read_line_by_line(text, min_rows, keep_blank):
    lines = decoding.lines(text)
    assert lines == slow_tables.lines(text)
    quick = outcome(
        text_table.find_layout,
        text_table.tables,
        TextLines.of(lines),
        min_rows,
        keep_blank=keep_blank,
    )
    slow = outcome(
        slow_tables.find_layout, slow_tables.tables, lines, min_rows, keep_blank=keep_blank
    )
    assert quick == slow


@settings(deadline=None)
@given(texts(), st.sampled_from(DELIMITERS), st.sampled_from(".,"), st.sampled_from(["", " ", "."]))
def test_a_stated_layout_reads_the_same_either_way(text, delimiter, decimal, thousands):
    layout = TextLayout(
        delimiter=delimiter,
        decimal=decimal,
        thousands="" if thousands in (decimal, delimiter) or delimiter == decimal else thousands,
        n_columns=2,
    )
    lines = decoding.lines(text)

    def stated(*_):
        return layout

    assert outcome(stated, text_table.tables, TextLines.of(lines), 3, keep_blank=True) == outcome(
        stated, slow_tables.tables, lines, 3, keep_blank=True
    )


@settings(deadline=None)
@given(st.text(alphabet="a0\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028", max_size=30))
def test_lines_end_at_carriage_return_and_line_feed_only(text):
    assert decoding.lines(text) == slow_tables.lines(text)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(FORMS[:-1]), st.integers(-30, 30))
def test_numbers_written_alike_are_those_that_float_gives(seed, form, exponent):
    drawn = np.random.default_rng(seed).uniform(0.5, 10.0, 200)
    values = (drawn * 10.0**exponent).tolist()
    lines = [f"{form.format(value)}\t{form.format(-value)}" for value in values]
    layout = TextLayout(delimiter="\t", decimal=".")
    text = TextLines.of(lines)
    found = text_values.row_values(text, np.arange(len(lines)), layout)
    assert found.tolist() == [[float(cell) for cell in line.split("\t")] for line in lines]


@pytest.mark.parametrize("lines", [[], [""], ["a"]])
def test_a_text_of_no_line_or_one_has_a_form_for_each(lines):
    text = TextLines.of(lines)
    assert text.samples == lines
    assert text_table.find_layout(text) is None
    assert text_table.tables(text, TextLayout(delimiter=";", decimal=".")) == ([], tuple(lines))


def test_a_usual_table_does_take_the_quick_way(monkeypatch):
    monkeypatch.setattr(text_values, "careful", None)
    monkeypatch.setattr(text_values, "_in_order", None)
    lines = [f"{at}.5\t{at / 7:.14f}\t{at / 3:.5e}" for at in range(100, 400)]
    table, _ = text_table.tables(TextLines.of(lines), TextLayout(delimiter="\t", decimal="."))
    assert table[0].values.tolist() == [[float(cell) for cell in row.split()] for row in lines]


@pytest.mark.parametrize(
    "cell", ["12345678901234567.5", "0.12345678901234567890", "1e400", "7e-99"]
)
def test_a_number_too_long_to_be_exact_is_read_one_by_one(cell):
    lines = [f"{at}.5\t{cell}" for at in range(100, 200)]
    text = TextLines.of(lines)
    layout = TextLayout(delimiter="\t", decimal=".")
    found = text_values.row_values(text, np.arange(len(lines)), layout)
    wanted = float(cell) if np.isfinite(float(cell)) else np.nan
    np.testing.assert_array_equal(found[:, 1], np.full(100, wanted))


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "+", "-"]),
            st.integers(0, 10**18 - 1),
            st.integers(0, 17),
            st.one_of(st.none(), st.integers(-40, 30)),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_digits_taken_eight_at_a_time_are_those_that_float_gives(parts):
    cells = []
    for sign, digits, behind, exponent in parts:
        whole = str(digits).rjust(behind + 1, "0")
        text = f"{whole[: len(whole) - behind]}.{whole[len(whole) - behind :]}"
        cells.append(sign + text + ("" if exponent is None else f"e{exponent:+03d}"))
    rows = [f"{cell};{cell}" for cell in cells] * 4
    shapes = [list(re.finditer(r"[^;]+", row)) for row in rows]
    raw, found = "\n".join(rows).encode(), text_digits.places(shapes)
    starts = np.cumsum([0, *(len(row) + 1 for row in rows[:-1])])
    values = found and text_digits.numbers(raw, starts, np.arange(len(rows)), found)
    if values is not None:
        assert values.tolist() == [[float(cell) for cell in row.split(";")] for row in rows]
