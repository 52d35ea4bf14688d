"""Any table, written in any layout a mapping can say, reads back to the same numbers."""

from contextlib import suppress

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from instruments.errors import FormatError
from instruments.formats.text import read_text
from instruments.mapping import DELIMITERS, TextMapping, from_json, to_json
from instruments.mapping_proposal import Choices, propose
from spectra.axis import XKind, YKind
from spectra.spectrum import Technique

ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "latin-1")
STATED = {"utf-8-sig": "utf-8", "utf-16": ""}
THOUSANDS = {"": "", ".": ".", ",": ",", " ": "\u00a0", "'": "'"}
NAMES = ("Verschiebung µ", "Intensität", "Dunkel", "Pixel", "Rohdaten", "Zeit °")
HEADERS = ("", "Gerät: X\n", "Seriennr\t7\nLaser 785\n\n", "Datum;01.02.2026\n# Größe,µ\n")


@st.composite
def layouts(draw):
    """A delimiter, a decimal and a thousands sign that can stand together."""
    delimiter = draw(st.sampled_from(DELIMITERS))
    decimal = draw(st.sampled_from(".,"))
    thousands = draw(st.sampled_from(list(THOUSANDS)))
    assume(thousands != decimal)
    assume(not (delimiter == decimal and thousands))
    assume(not (thousands == " " and delimiter == " "))
    assume(thousands != delimiter)
    return delimiter, decimal, thousands


@st.composite
def tables(draw):
    """Rows of numbers with a fixed count of decimals, as instruments print them."""
    n_columns = draw(st.integers(2, 6))
    n_rows = draw(st.integers(10, 30))
    seed = draw(st.integers(0, 2**32 - 1))
    decimals = draw(st.integers(1, 6))
    scale = draw(st.sampled_from([1.0, 1e3, 1e6]))
    values = np.random.default_rng(seed).normal(0.0, scale, (n_rows, n_columns))
    return np.round(values, decimals), decimals


def spelled(value, decimals, decimal, thousands):
    text = f"{value:,.{decimals}f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", THOUSANDS[thousands])


@st.composite
def files(draw):
    """The bytes of a text, its mapping, and the numbers x and y in it."""
    delimiter, decimal, thousands = draw(layouts())
    values, decimals = draw(tables())
    encoding = draw(st.sampled_from(ENCODINGS))
    n_columns = values.shape[1]
    x, y = draw(st.permutations(range(n_columns)))[:2]
    names = NAMES[:n_columns] if draw(st.booleans()) and delimiter != " " else ()
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    rows = [delimiter.join(spelled(v, decimals, decimal, thousands) for v in row) for row in values]
    lines = [*([delimiter.join(names)] if names else []), *rows]
    text = draw(st.sampled_from(HEADERS)).replace("\n", ends) + ends.join(lines) + ends
    stated = draw(st.booleans()) or encoding in ("utf-16-le", "utf-16-be")
    mapping = TextMapping(
        x_column=x,
        y_column=y,
        x_header=names[x] if names else "",
        y_header=names[y] if names else "",
        x_kind=XKind.RAMAN_SHIFT,
        x_unit="cm-1",
        y_kind=YKind.RAMAN_INTENSITY,
        y_unit="counts",
        technique=Technique.RAMAN,
        delimiter=delimiter,
        decimal=decimal,
        thousands=thousands,
        n_columns=n_columns,
        encoding=STATED.get(encoding, encoding) if stated else "",
    )
    return text.encode(encoding), mapping, values[:, x], values[:, y]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(files())
def test_written_table_reads_back_by_its_mapping(file):
    data, mapping, x, y = file
    again = from_json(to_json(mapping))
    (curve,) = read_text(data, "a.txt", again).spectra
    np.testing.assert_array_equal(curve.x, x)
    np.testing.assert_array_equal(curve.y, y)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(files())
def test_proposal_with_every_choice_given_reads_the_same_numbers(file):
    data, mapping, x, y = file
    choices = Choices(
        delimiter=mapping.delimiter,
        decimal=mapping.decimal,
        thousands=mapping.thousands,
        encoding=mapping.encoding,
        columns=mapping.n_columns,
        x_column=str(mapping.x_column + 1),
        y_column=str(mapping.y_column + 1),
        x_unit="cm-1",
        y_unit="counts",
        technique=Technique.RAMAN,
    )
    proposed = propose(data, "a.txt", choices)
    assert not proposed.guessed
    (curve,) = read_text(data, "a.txt", proposed.mapping).spectra
    np.testing.assert_array_equal(curve.x, x)
    np.testing.assert_array_equal(curve.y, y)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(files(), st.integers(0, 2**32 - 1))
def test_any_byte_flipped_is_a_spectrum_or_our_error(file, seed):
    data, mapping, _, _ = file
    dice = np.random.default_rng(seed)
    broken = bytearray(data)
    broken[int(dice.integers(0, len(broken)))] ^= int(dice.integers(1, 256))
    for by in (mapping, None):
        with suppress(FormatError):
            assert read_text(bytes(broken), "a.txt", by).spectra


PLAIN = TextMapping(
    x_column=0,
    y_column=1,
    x_kind=XKind.PIXEL,
    x_unit="1",
    y_kind=YKind.UNKNOWN,
    y_unit="counts",
    technique=Technique.OTHER,
    delimiter=";",
    decimal=".",
    n_columns=2,
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(ANYTHING, st.sampled_from(sorted(to_json(PLAIN))))
def test_any_value_in_a_mapping_is_taken_or_our_error(value, field):
    with suppress(FormatError):
        assert from_json(to_json(PLAIN) | {field: value}).n_columns >= 2
